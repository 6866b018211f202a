"""Main roads, drawn when there is no background map. Pieces of one road make one row."""

from collections.abc import Sequence
from typing import Any

import shapely

from qpvmap.importers import fields
from qpvmap.importers.cleaning import on_earth, text
from qpvmap.importers.editions import ask_for_vintage, vintage_of
from qpvmap.importers.fields import require_fields
from qpvmap.importers.gathering import (
    Batch,
    Draft,
    Fields,
    Options,
    Parsed,
    by_role,
    finished,
    first_text,
    make_drafts,
    source_of,
)
from qpvmap.importers.reading import Layer
from qpvmap.importers.report import ImportReport, RowRefused
from qpvmap.storage.imports import ROAD


def parse(layer: Layer, options: Options) -> Parsed:
    """Return the roads of a layer: one row per official key, else per name and class."""
    columns = require_fields(fields.ROUTES, layer.columns, ("name",))
    report = ImportReport("routes", layer.file.name, layer.name, read=len(layer.rows))
    placed = on_earth(layer.geometries)

    def build(row: Fields, geometry: Any) -> dict[str, Any]:
        vintage = vintage_of(row.get("vintage"), options.vintage)
        if vintage is None:
            raise ask_for_vintage(layer.file)
        return make(row, geometry) | {"vintage": vintage}

    rows = (
        (number, by_role(row, columns), shape if placed[number - 1] else None)
        for number, row, shape in layer
    )
    drafts = make_drafts(rows, report, build, first_text("name", "key"))
    roads = merged(drafts)
    if len(roads) < len(drafts):
        report.notes.append(f"les tronçons d’une même route sont réunis : {len(roads)} routes.")
    report.vintages = tuple(sorted({road.values["vintage"] for road in roads}))
    dataset = source_of(report, layer.sha256, "IGN", "Routes principales")
    return Parsed(dataset, [Batch(ROAD, finished(roads, "line"))], report)


def make(row: Fields, geometry: Any) -> dict[str, Any]:
    """Return a piece of road, under its official key, else its name and class."""
    if geometry is None or shapely.length(geometry) == 0:
        raise RowRefused("la géométrie n’est pas une ligne")
    label, kind = text(row["name"]), text(row.get("kind"))
    key = text(row.get("key")) or "-".join(part for part in (label, kind) if part)
    if not key:
        raise RowRefused("ni identifiant ni nom")
    return {"source_key": key, "name": label, "kind": kind}


def merged(drafts: Sequence[Draft]) -> list[Draft]:
    """Return one row per road, its pieces in the order of the file."""
    pieces: dict[tuple[str, int], list[Draft]] = {}
    for draft in drafts:
        key = (draft.values["source_key"], draft.values["vintage"])
        pieces.setdefault(key, []).append(draft)
    return [
        Draft(group[0].number, group[0].label, group[0].values, _lines(group))
        for group in pieces.values()
    ]


def _lines(group: Sequence[Draft]) -> shapely.MultiLineString:
    parts = shapely.get_parts([shapely.force_2d(draft.geometry) for draft in group])
    return shapely.MultiLineString(list(parts))
