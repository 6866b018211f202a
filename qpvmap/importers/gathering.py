"""From the rows of a file to rows for a table: refusals, repairs, duplicates, overlaps.

Each kind of place has a function that makes one row out of the fields by role, or refuses it;
everything else is done here, the same way for all.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

from qpvmap.core.geo import BBox
from qpvmap.importers.cleaning import Geometries, ewkb, on_earth, repair_polygons, text
from qpvmap.importers.cleaning import square_metres as area_of
from qpvmap.importers.report import ImportReport, Overlap, Refusal, RowRefused
from qpvmap.storage.imports import DatasetInfo, Row, Target

OPEN_LICENCE = "Licence Ouverte 2.0"
SLIVER_M2 = 0.001
"""Overlaps below it are the rounding of a shared border."""

Fields = Mapping[str, Any]
"""Raw values of a row by role (`code`, `name`...); a role that the file lacks is absent."""

Progress = Callable[[int, str], None]
"""Told how far the work is, in percent, and what is being done, in French."""


def silent(_percent: int, _doing: str) -> None:
    """Show no progress."""


@dataclass(frozen=True)
class Options:
    """What the operator asked for, and what the database knows already.

    `bodies` holds the key of each body of the territory, by code and by name without accents; `box`
    is that of its communes.
    """

    vintage: int | None = None
    commune_names: Sequence[tuple[str, str]] = ()
    territory_id: int | None = None
    territory: str = ""
    bodies: Mapping[str, int] = field(default_factory=dict)
    drawn_by_hand: Set[str] = frozenset()
    placed_by_hand: Set[tuple[str, str]] = frozenset()
    box: BBox | None = None
    progress: Progress = silent


@dataclass(frozen=True)
class Batch:
    """Rows for one table."""

    target: Target
    rows: Sequence[Row]


@dataclass(frozen=True)
class Parsed:
    """All that a file gives: where it comes from, its rows table by table, what to say of it."""

    dataset: DatasetInfo
    batches: Sequence[Batch]
    report: ImportReport


@dataclass
class Draft:
    """A row being made: its number in the file, a name for messages, values, geometry."""

    number: int
    label: str
    values: dict[str, Any]
    geometry: Any = None
    fields: Fields = field(default_factory=dict)


def source_of(
    report: ImportReport, sha256: str, producer: str, title: str, key: str = ""
) -> DatasetInfo:
    """Return what is noted of a file; its edition is the latest of its rows."""
    return DatasetInfo(
        key=key or report.kind,
        vintage=max(report.vintages, default=0),
        title=f"{title} ({report.file})",
        producer=producer,
        licence=OPEN_LICENCE,
        sha256=sha256,
    )


def make_drafts(
    rows: Iterable[tuple[int, Fields, Any]],
    report: ImportReport,
    build: Callable[[Fields, Any], dict[str, Any]],
    label: Callable[[Fields], str],
) -> list[Draft]:
    """Return the rows that `build` accepts; each refusal goes to the report with its reason."""
    drafts = []
    for number, fields, geometry in rows:
        try:
            drafts.append(Draft(number, label(fields), build(fields, geometry), geometry, fields))
        except RowRefused as refusal:
            report.refused.append(Refusal(number, label(fields), str(refusal)))
    return drafts


def by_role(row: Mapping[str, Any], columns: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of a row by role."""
    return {role: row[column] for role, column in columns.items()}


def first_text(*roles: str) -> Callable[[Fields], str]:
    """Return a function that names a row by the first of these roles that it fills."""
    return lambda fields: next((t for role in roles if (t := text(fields.get(role))[:60])), "")


def outlines(geometries: Geometries) -> tuple[Geometries, Sequence[bool]]:
    """Return valid outlines, None where there is no area on Earth, and which were repaired."""
    placed = on_earth(geometries)
    kept = np.array(geometries, dtype=object)
    kept[~placed] = None
    repaired, moved = repair_polygons(kept)
    return repaired, list(moved)


def need_outline(geometry: Any) -> Any:
    """Return an outline.

    Raises
    ------
    RowRefused
        If there is none.
    """
    if geometry is None:
        raise RowRefused(
            "pas de contour exploitable (absent, vide, hors de la Terre, sans surface)"
        )
    return geometry


def without_duplicates(
    drafts: Sequence[Draft], target: Target, report: ImportReport
) -> list[Draft]:
    """Keep the first of the rows that say the same; refuse those that contradict it."""
    known: dict[tuple[Any, ...], Draft] = {}
    for draft in drafts:
        key = tuple(draft.values[name] for name in target.key)
        first = known.setdefault(key, draft)
        if first is draft:
            continue
        if _same(first, draft):
            report.duplicates.append(f"{draft.label}, lignes {first.number} et {draft.number}")
        else:
            why = f"même code que la ligne {first.number}, avec d’autres données"
            report.refused.append(Refusal(draft.number, draft.label, why))
    return list(known.values())


def _same(one: Draft, other: Draft) -> bool:
    return one.values == other.values and bool(
        one.geometry is other.geometry or shapely.equals_identical(one.geometry, other.geometry)
    )


def find_overlaps(drafts: Sequence[Draft]) -> list[Overlap]:
    """Return the pairs of outlines of one edition that share ground, largest first."""
    placed = [draft for draft in drafts if draft.geometry is not None]
    shapes = np.array([draft.geometry for draft in placed], dtype=object)
    if not len(shapes):
        return []
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    once = left < right
    left, right = left[once], right[once]
    shared = shapely.intersection(shapes[left], shapes[right])
    found = []
    for i, j, ground in zip(left, right, shared, strict=True):
        same_edition = placed[i].values["vintage"] == placed[j].values["vintage"]
        if same_edition and ground.area > 0 and (area := area_of(ground)) > SLIVER_M2:
            first, second = sorted((placed[i].label, placed[j].label))
            found.append(Overlap(first, second, area))
    return sorted(found, key=lambda overlap: -overlap.area_m2)


def finished(drafts: Sequence[Draft], geometry: str | None) -> list[Row]:
    """Return the rows with their geometry as EWKB."""
    if geometry is None:
        return [draft.values for draft in drafts]
    return [
        draft.values | {geometry: None if draft.geometry is None else ewkb(draft.geometry)}
        for draft in drafts
    ]
