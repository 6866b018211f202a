"""The layers of the map page, bottom first: what the reader is told of each and how it is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass

from qpvmap.outputs.folium_map import LayerSpec

LAYERS_AT = "/carte/couches/{}.geojson"
SIGNALEMENTS_AT = "/carte/signalements.geojson?etat={}"


@dataclass(frozen=True, slots=True)
class PageLayer:
    """A layer with its words. `group` is the heading under which its box stands."""

    group: str
    title: str
    legend: str
    spec: LayerSpec


def _places(key: str, kind: str = "areas", card: str | None = None, show: bool = True) -> LayerSpec:
    return LayerSpec(key, kind, LAYERS_AT.format(key), show, card)


PERIMETERS, PLACES, SIGNALEMENTS = "Périmètres", "Lieux", "Signalements"

OFFERS = "offres"
"""The layer of job offers, which is only there when there are some."""

LAYERS: Sequence[PageLayer] = (
    PageLayer(PERIMETERS, "Communes", "Commune", _places("communes")),
    PageLayer(PERIMETERS, "IRIS", "IRIS", _places("iris", card="iris")),
    PageLayer(PERIMETERS, "À moins de 300 m", "300 m", _places("bande-300")),
    PageLayer(
        PERIMETERS,
        "Quartiers prioritaires 2015",
        "Quartiers 2015",
        _places("qpv-2015", card="qpv", show=False),
    ),
    PageLayer(
        PERIMETERS,
        "Qui gère ce terrain ?",
        "Terrain et gestionnaire",
        _places("emprises", card="emprise", show=False),
    ),
    PageLayer(
        PERIMETERS, "Quartier prioritaire 2024", "Quartier 2024", _places("qpv-2024", card="qpv")
    ),
    PageLayer(PLACES, "Équipements", "Équipement", _places("equipements", "points", "equipement")),
    PageLayer(
        PLACES,
        "Offres d’emploi",
        "Offres, IRIS par IRIS",
        LayerSpec(OFFERS, "offers", "/carte/offres.json", False, None),
    ),
    PageLayer(
        PLACES,
        "Guide des services",
        "Lieu du guide",
        _places("guide", "points", "guide", show=False),
    ),
    PageLayer(
        PLACES,
        "Plan d’investissement",
        "Opération du plan",
        _places("operations", "points", "operation"),
    ),
    PageLayer(
        SIGNALEMENTS,
        "Résolus, 60 jours",
        "Résolu",
        LayerSpec("resolus", "signalements", SIGNALEMENTS_AT.format("resolus"), card="signalement"),
    ),
    PageLayer(
        SIGNALEMENTS,
        "Ouverts",
        "Ouvert",
        LayerSpec("ouverts", "signalements", SIGNALEMENTS_AT.format("ouverts"), card="signalement"),
    ),
)

PANEL_ORDER = (SIGNALEMENTS, PERIMETERS, PLACES)
"""Headings of the layers panel, what people look for first on top."""


def panel_groups(layers: Sequence[PageLayer]) -> list[tuple[str, list[PageLayer]]]:
    """Return the headings of the layers panel with their layers, top of the map first."""
    drawn = tuple(reversed(layers))
    return [(name, [layer for layer in drawn if layer.group == name]) for name in PANEL_ORDER]
