"""What the importers of outlines share: quarters, IRIS, communes, groupings of communes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from qpvmap.importers.editions import ask_for_vintage, vintage_of
from qpvmap.importers.fields import Fields as FieldNames
from qpvmap.importers.fields import require_fields
from qpvmap.importers.gathering import (
    Batch,
    Draft,
    Fields,
    Options,
    Parsed,
    by_role,
    find_overlaps,
    finished,
    first_text,
    make_drafts,
    need_outline,
    outlines,
    source_of,
    without_duplicates,
)
from qpvmap.importers.reading import Layer
from qpvmap.importers.report import ImportReport
from qpvmap.storage.imports import Target


@dataclass(frozen=True)
class PolygonKind:
    """A kind of outline: where it goes, under which names, how a row is made."""

    key: str
    target: Target
    fields: FieldNames
    required: Sequence[str]
    make: Callable[[Fields], dict[str, Any]]
    title: str
    producer: str
    guess: Callable[[Fields], int | None] = lambda fields: None
    outline_required: bool = True
    overlaps: bool = True


def parse_polygons(kind: PolygonKind, layer: Layer, options: Options) -> Parsed:
    """Return the rows of a layer of outlines, repaired, without duplicates, with a report."""
    columns = require_fields(kind.fields, layer.columns, kind.required)
    report = ImportReport(kind.key, layer.file.name, layer.name, read=len(layer.rows))
    options.progress(20, "réparation des contours")
    shapes, moved = outlines(layer.geometries)
    rows = [(number, by_role(row, columns), shapes[number - 1]) for number, row, _geometry in layer]

    def build(fields: Fields, geometry: Any) -> dict[str, Any]:
        values = kind.make(fields)
        vintage = vintage_of(fields.get("vintage"), options.vintage, kind.guess(fields))
        if vintage is None:
            raise ask_for_vintage(layer.file)
        if kind.outline_required:
            need_outline(geometry)
        return values | {"vintage": vintage}

    options.progress(40, "lecture des lignes")
    drafts = make_drafts(rows, report, build, first_text(*kind.required))
    drafts = without_duplicates(drafts, kind.target, report)
    report.repaired = [f"{draft.label}" for draft in drafts if moved[draft.number - 1]]
    if kind.overlaps:
        options.progress(50, "recherche des chevauchements")
        report.overlaps = find_overlaps(drafts)
    return parsed(kind, layer, drafts, report)


def parsed(
    kind: PolygonKind, layer: Layer, drafts: Sequence[Draft], report: ImportReport
) -> Parsed:
    """Return what a file gives, its source included."""
    report.vintages = tuple(sorted({draft.values["vintage"] for draft in drafts}))
    dataset = source_of(report, layer.sha256, kind.producer, kind.title)
    rows = finished(drafts, kind.target.geometry)
    return Parsed(dataset, [Batch(kind.target, rows)], report)
