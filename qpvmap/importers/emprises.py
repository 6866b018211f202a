"""Pieces of ground and who owns or manages them, as landlords, towns and departments give them.

Each names its body by its code or its name: a body that the territory does not know is refused,
since nothing could be sent to it. What the coordination drew again by hand stays as it drew it.
"""

from typing import Any

from qpvmap.importers import fields
from qpvmap.importers.cleaning import name, number, text
from qpvmap.importers.fields import bare, require_fields
from qpvmap.importers.gathering import (
    Batch,
    Fields,
    Options,
    Parsed,
    by_role,
    finished,
    first_text,
    make_drafts,
    need_outline,
    outlines,
    source_of,
    without_duplicates,
)
from qpvmap.importers.reading import Layer
from qpvmap.importers.report import FileRefused, ImportReport, RowRefused
from qpvmap.storage.imports import EMPRISE

REQUIRED = ("code", "name", "body")
CODE_MAX = 60
SURE = 1.0

KINDS = {
    "residence": "residence",
    "immeuble": "residence",
    "road": "road",
    "route": "road",
    "voirie": "road",
    "school": "school",
    "ecole": "school",
    "college": "school",
    "lycee": "school",
    "condominium": "condominium",
    "copropriete": "condominium",
    "garden": "garden",
    "jardin": "garden",
    "parc": "garden",
    "square": "garden",
    "other": "other",
    "autre": "other",
    "": "other",
}
"""Our word for a producer's kind of ground, its name without case or accents."""


def parse(layer: Layer, options: Options) -> Parsed:
    """Return the pieces of ground of a layer, repaired, with a report.

    Raises
    ------
    FileRefused
        If the territory that they are of is not loaded.
    """
    if options.territory_id is None:
        raise FileRefused("Le territoire n’est pas chargé : lancez d’abord qpvmap serve.")
    columns = require_fields(fields.EMPRISES, layer.columns, REQUIRED)
    report = ImportReport("emprises", layer.file.name, layer.name, read=len(layer.rows))
    shapes, moved = outlines(layer.geometries)

    def build(row: Fields, geometry: Any) -> dict[str, Any]:
        need_outline(geometry)
        return make(row, options)

    rows = ((number, by_role(row, columns), shapes[number - 1]) for number, row, _ in layer)
    drafts = make_drafts(rows, report, build, first_text("code", "name"))
    drafts = without_duplicates(drafts, EMPRISE, report)
    report.repaired = [draft.label for draft in drafts if moved[draft.number - 1]]
    ours = [draft for draft in drafts if draft.values["code"] not in options.drawn_by_hand]
    if len(ours) < len(drafts):
        kept = len(drafts) - len(ours)
        report.notes.append(f"{kept} terrain(s) corrigés à la main par la coordination, gardés.")
    dataset = source_of(report, layer.sha256, "Gestionnaires des terrains", "Terrains")
    return Parsed(dataset, [Batch(EMPRISE, finished(ours, "perimeter"))], report)


def make(row: Fields, options: Options) -> dict[str, Any]:
    """Return a piece of ground, or refuse it."""
    code = text(row["code"])
    if not code or len(code) > CODE_MAX:
        raise RowRefused("le code est vide ou trop long")
    return {
        "territory_id": options.territory_id,
        "code": code,
        "name": name(row["name"]),
        "kind": _kind(row.get("kind")),
        "organisation_id": _body(row["body"], options),
        "source": text(row.get("source")),
        "confidence": _confidence(row.get("confidence")),
    }


def _kind(value: Any) -> str:
    kind = KINDS.get(bare(text(value)))
    if kind is None:
        raise RowRefused(f"sorte de terrain « {text(value)[:40]} » inconnue")
    return kind


def _body(value: Any, options: Options) -> int:
    key = options.bodies.get(bare(text(value)))
    if key is None:
        raise RowRefused(f"organisme « {text(value)[:60]} » inconnu du territoire")
    return key


def _confidence(value: Any) -> float:
    """Return a confidence 0 to 1; percents are understood, nothing said is sure."""
    told = number(value)
    if told is None:
        return SURE
    share = told / 100 if told > 1 else told
    if not 0 < share <= 1:
        raise RowRefused(f"confiance « {text(value)[:20]} » hors de 0 à 1")
    return share
