"""What is missing where, as tables to keep: the figures, and how they were reckoned."""

from collections.abc import Mapping, Sequence

from qpvmap.core.coverage import MINUTES, Coverage, Coverages
from qpvmap.outputs.spreadsheet import Cell, Table, fitted
from qpvmap.web import map_words
from qpvmap.web.coverage_words import method_words, population_words, reckoned_words

HEADER = (
    "thème",
    "lieu",
    "habitants placés",
    *(f"part à {minutes} min" for minutes in MINUTES),
    "habitants à plus de 15 min (à dix près)",
    "part sans chemin connu",
    "part des habitants comptés par carreau ou IRIS",
)


def themes_table(found: Coverages, themes: Sequence[str], names: Mapping[str, str]) -> Table:
    """Return a row for each theme and place: the quarter, each commune, the communes together."""
    rows = [
        _row(map_words.THEMES.get(theme, theme), place, own)
        for theme in themes
        for place, own in (
            ("Quartier", found.quarter.get(theme)),
            *((names.get(code, code), own.get(theme)) for code, own in found.communes.items()),
            ("Communes ensemble", found.around.get(theme)),
        )
        if own is not None
    ]
    return fitted("Ce qui manque où", HEADER, rows)


def _row(theme: str, place: str, own: Coverage) -> Sequence[Cell]:
    shares = (round(share, 3) for share in own.within)
    cut_off, counted = round(own.cut_off, 3), round(own.counted, 3)
    return (theme, place, round(own.people), *shares, own.too_far, cut_off, counted)


def places_table(found: Coverages) -> Table:
    """Return how the figures came."""
    rows: list[Sequence[Cell]] = [
        ("Marche", method_words(found)),
        ("Vitesse", "4 km/h"),
        ("Population", population_words(found)),
        ("Calculé le", reckoned_words(found) or "à la demande"),
    ]
    return fitted("Comment c’est calculé", ("quoi", "comment"), rows)
