"""Places of service that producers publish as a table: coordinates are columns, or a geometry.

Rows are read one by one, and those of communes that the database does not know are counted and
left: the BPE has 2.8 million of them.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pyproj
import shapely

from qpvmap.importers.cleaning import insee_code, number, slug, text
from qpvmap.importers.editions import ask_for_vintage, vintage_of, year_in
from qpvmap.importers.equipment_files import (
    POINT,
    Records,
    Wanted,
    layer_records,
    open_records,
)
from qpvmap.importers.equipment_shapes import TableShape, known_shape, shape_of
from qpvmap.importers.finess import is_structures
from qpvmap.importers.gathering import (
    Batch,
    Draft,
    Fields,
    Options,
    Parsed,
    finished,
    first_text,
    make_drafts,
    source_of,
    without_duplicates,
)
from qpvmap.importers.places import readable
from qpvmap.importers.reading import LAMBERT_93, Layer, check_file, sha256_of
from qpvmap.importers.report import ImportReport, RowRefused
from qpvmap.storage.imports import EQUIPMENT

SUFFIXES = frozenset({".csv", ".txt", ".parquet"})


def is_table(path: Path) -> bool:
    """Return whether a file is a table of equipment rather than a layer."""
    return path.suffix.lower() in SUFFIXES or is_structures(path)


def is_table_layer(layer: Layer) -> bool:
    """Return whether a layer has the columns of a producer's table."""
    return known_shape(layer.columns) is not None


def parse(path: Path, options: Options) -> Parsed:
    """Return the places of a producer's table, those of known communes.

    Raises
    ------
    FileRefused
        If it is no table of a known producer.
    """
    check_file(path)
    return _parsed(path, open_records(path), sha256_of(path), options)


def parse_layer(layer: Layer, options: Options) -> Parsed:
    """Return the places of a producer's table that was published as a layer, GeoJSON mostly."""
    return _parsed(layer.file, layer_records(layer), layer.sha256, options)


def _parsed(path: Path, records: Records, sha256: str, options: Options) -> Parsed:
    shape, roles = shape_of(path, records.columns)
    report = ImportReport("equipements", path.name)
    away: Counter[str] = Counter()
    known = frozenset(code for code, _ in options.commune_names)
    left: Counter[str] = Counter()
    rows = records.read(Wanted(roles, known if _is_plain(shape) else frozenset(), left))
    prepared = ((position, shape.prepare(row)) for position, row in rows)
    kept = _known(prepared, known, report, away)
    fallback = year_in(path.stem)

    def build(row: Fields, point: Any) -> dict[str, Any]:
        vintage = vintage_of(row.get("vintage"), options.vintage, fallback)
        if vintage is None:
            raise ask_for_vintage(path)
        if point is None:
            raise RowRefused("pas de position exploitable")
        values = {"source": shape.source, "vintage": vintage} | shape.make(row)
        return values | {"insee_code": readable(insee_code, row.get("commune"))}

    drafts = make_drafts(_placed(kept, away), report, build, first_text(shape.name, "id", "type"))
    drafts = without_duplicates(without_twins(with_keys(drafts), away), EQUIPMENT, report)
    report.read += left["far"]
    away["far"] += left["far"]
    report.vintages = tuple(sorted({draft.values["vintage"] for draft in drafts}))
    report.notes += notes_of(away)
    key = f"equipements-{slug(shape.source)}"
    dataset = source_of(report, sha256, shape.producer, shape.title, key)
    return Parsed(dataset, [Batch(EQUIPMENT, finished(drafts, "location"))], report)


def _is_plain(shape: TableShape) -> bool:
    """Return whether the column of the commune holds its whole code as the file has it."""
    return "department" not in shape.roles


def _known(
    rows: Iterator[tuple[int, Fields]],
    known: frozenset[str],
    report: ImportReport,
    away: Counter[str],
) -> Iterator[tuple[int, Fields]]:
    """Give the rows of communes that the database knows; count the others and the empty ones."""
    for position, row in rows:
        report.read += 1
        if not any(text(value) for value in row.values()):
            away["empty"] += 1
        elif known and text(row.get("commune")).zfill(5) not in known:
            away["far"] += 1
        else:
            yield position, row


def _placed(
    rows: Iterator[tuple[int, Fields]], away: Counter[str]
) -> Iterator[tuple[int, Fields, Any]]:
    """Give each row with its point, EPSG:4326; one that its producer did not place is counted."""
    for position, row in rows:
        if text(row.get("state")).lower() not in ("", "ouvert"):
            away["closed"] += 1
            continue
        point = point_of_row(row)
        if point is None:
            away["unplaced"] += 1
            continue
        yield position, row, point


def point_of_row(row: Fields) -> shapely.Point | None:
    """Return where a row is: its geometry, its degrees, else the metres of its projection."""
    geometry = row.get(POINT)
    if isinstance(geometry, shapely.Point) and not geometry.is_empty:
        return _on_earth(geometry.x, geometry.y)
    lon, lat = _figure(row.get("lon")), _figure(row.get("lat"))
    both = text(row.get("both")).split(",")
    if (lon is None or lat is None) and len(both) == 2:
        lat, lon = map(_figure, both)
    if lon is not None and lat is not None and (lon, lat) != (0, 0):
        return _on_earth(lon, lat)
    x, y = _figure(row.get("x")), _figure(row.get("y"))
    if x is None or y is None or (x, y) == (0, 0):
        return None
    epsg = _figure(text(row.get("epsg")).upper().removeprefix("EPSG:")) or LAMBERT_93
    return _to_degrees(int(epsg), x, y)


def _on_earth(lon: float, lat: float) -> shapely.Point | None:
    return shapely.Point(lon, lat) if abs(lon) <= 180 and abs(lat) <= 90 else None


def _to_degrees(epsg: int, x: float, y: float) -> shapely.Point | None:
    try:
        lon, lat = _transformer(epsg).transform(x, y)
    except pyproj.exceptions.CRSError:
        return None
    return _on_earth(lon, lat)


@cache
def _transformer(epsg: int) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(epsg, 4326, always_xy=True)


def _figure(value: Any) -> float | None:
    try:
        return number(value)
    except RowRefused:
        return None


def with_keys(drafts: Sequence[Draft]) -> list[Draft]:
    """Return the rows with their key: the producer's own, else what, where and the name."""
    for draft in drafts:
        hint = draft.values.pop("key_hint")
        point = draft.geometry
        draft.values["source_key"] = (
            hint
            if hint and "bpe_type" not in draft.values["extra"]
            else f"{hint} {draft.values['name']} ({point.y:.5f}, {point.x:.5f})"
        )
    return [replace(draft) for draft in drafts]


def without_twins(drafts: Sequence[Draft], away: Counter[str]) -> list[Draft]:
    """Return the rows, those of one type, name and point once: a BPE row has no code of its own.

    Three doctors of one house are three rows that differ by nothing, or by how their address is
    written: one place on the map.
    """
    kept: dict[str, Draft] = {}
    for draft in drafts:
        key = draft.values["source_key"]
        if "bpe_type" in draft.values["extra"] and key in kept:
            away["twins"] += 1
        else:
            kept[key if key not in kept else f"{key} {draft.number}"] = draft
    return list(kept.values())


WORDS = {
    "far": "lignes hors des communes connues ici, laissées",
    "unplaced": "lieux que le producteur n’a pas placés, laissés",
    "closed": "établissements fermés, laissés",
    "twins": "lignes d’un même type au même endroit, réunies avec la première",
    "empty": "lignes vides, laissées",
}


def notes_of(away: Mapping[str, int]) -> list[str]:
    """Return what was left out of a table, and why."""
    return [f"{away[key]} {words}." for key, words in WORDS.items() if away.get(key)]
