"""INSEE's squares of 200 m (Filosofi), as it publishes them: CSV or GeoPackage, zipped or not.

The identifier of a square tells its projection and its south-west corner, so that both formats are
read alike and geometries are left alone. Rows pass one by one (or in parts): those outside the
territory are counted and forgotten, since France has 2.3 million squares.
"""

import csv
import io
import re
import shutil
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyogrio
import pyproj
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from qpvmap.core.geo import BBox
from qpvmap.importers.cleaning import number, text
from qpvmap.importers.editions import ask_for_vintage, check_vintage, year_in
from qpvmap.importers.gathering import (
    Batch,
    Fields,
    Options,
    Parsed,
    finished,
    first_text,
    make_drafts,
    source_of,
    without_duplicates,
)
from qpvmap.importers.reading import MAX_BYTES, check_file, sha256_of
from qpvmap.importers.report import FileRefused, ImportReport, RowRefused
from qpvmap.storage.imports import GRID_CELL

NO_TERRITORY = (
    "Le territoire n’a pas encore de communes : chargez-le d’abord (qpvmap demo --territory-only)."
)
ROLES: Mapping[str, tuple[str, ...]] = {
    "code": ("idcar_200m", "idinspire"),
    "people": ("ind",),
    "households": ("men",),
    "imputed": ("i_est_200", "i_est_cr"),
}
"""Columns of the editions 2019 and 2021, 2017, and 2015, whatever their case."""

CODE = re.compile(r"CRS(\d{4,5})RES200mN(-?\d{1,8})E(-?\d{1,8})")
SIDE_M = 200
SUFFIXES = (".csv", ".gpkg")
ROWS_AT_ONCE = 50_000
MOST_FILES = 10
EDITION = re.compile(r"(?:filosofi|carreaux)\D{0,12}((?:20)\d\d)", re.IGNORECASE)


@dataclass(frozen=True)
class Square:
    """Where an identifier says that a square is: EPSG code, and metres of its south-west corner."""

    epsg: int
    north: int
    east: int


def parse(path: Path, options: Options) -> Parsed:
    """Return the squares of the territory's box.

    Raises
    ------
    FileRefused
        If it is no file of squares, or has none in the territory.
    """
    vintage = options.vintage or _edition(path)
    if vintage is None:
        raise ask_for_vintage(path)
    check_vintage(vintage)
    if options.box is None:
        raise FileRefused(NO_TERRITORY)
    report = ImportReport("carreaux", path.name, vintages=(vintage,), things="carreaux")
    with _opened(path) as files:
        rows = chain.from_iterable(_rows(inner, path) for inner in files)
        near = _near(rows, options.box, report)
        drafts = make_drafts(near, report, partial(_build, vintage), first_text("code"))
    if not drafts and not report.refused:
        raise FileRefused(
            f"{path.name} n’a aucun carreau habité dans ce territoire : vérifiez que c’est le "
            "fichier de la bonne région (métropole, Martinique, La Réunion)."
        )
    drafts = without_duplicates(drafts, GRID_CELL, report)
    report.notes += notes_of(report, [draft.values for draft in drafts])
    title = "Carreaux de 200 m, revenus et ménages (Filosofi)"
    dataset = source_of(report, sha256_of(path), "Insee", title)
    return Parsed(dataset, [Batch(GRID_CELL, finished(drafts, "perimeter"))], report)


def notes_of(report: ImportReport, kept: list[dict[str, Any]]) -> list[str]:
    """Return what is to be known of the squares that were kept."""
    people = sum(row["people"] for row in kept)
    estimated = sum(row["people"] for row in kept if row["imputed"])
    share = round(100 * estimated / people) if people else 0
    return [
        f"{report.read - len(kept)} carreaux hors du territoire, laissés.",
        f"{sum(row['imputed'] for row in kept)} carreaux de moins de 11 ménages, dont l’Insee a "
        f"estimé les chiffres ({share} % des habitants) : ils comptent et ne sont jamais montrés "
        "seuls.",
    ]


def square_of(code: str) -> Square | None:
    """Return where the square of an identifier is; None if it is of no square of 200 m."""
    found = CODE.fullmatch(code)
    return Square(*(int(part) for part in found.groups())) if found else None


def _edition(path: Path) -> int | None:
    named = EDITION.search(path.stem)
    return int(named[1]) if named else year_in(path.stem)


@contextmanager
def _opened(path: Path) -> Iterator[list[Path]]:
    """Give the file itself, or those that its archive holds, on disk while they are read."""
    check_file(path)
    if path.suffix.lower() != ".zip":
        yield [path]
        return
    with TemporaryDirectory() as folder:
        try:
            with zipfile.ZipFile(path) as archive:
                inside = _extracted(archive, path, Path(folder))
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error) as error:
            raise FileRefused(f"{path.name} est illisible : téléchargez-le de nouveau.") from error
        yield inside


def _extracted(archive: zipfile.ZipFile, path: Path, folder: Path) -> list[Path]:
    """Write the files of 200 m squares that an archive holds, under names of ours."""
    inside = [
        member
        for member in archive.infolist()
        if Path(member.filename).suffix.lower() in SUFFIXES and "1km" not in member.filename.lower()
    ]
    if not inside:
        raise FileRefused(
            f"{path.name} ne contient ni CSV ni GeoPackage de carreaux de 200 m : s’il contient "
            "un .7z, décompressez-le d’abord."
        )
    if len(inside) > MOST_FILES or sum(member.file_size for member in inside) > MAX_BYTES:
        raise FileRefused(f"{path.name} est trop gros une fois décompressé.")
    return [_written(archive, member, folder, at) for at, member in enumerate(inside)]


def _written(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path, at: int) -> Path:
    """Write one file of an archive: never more than the size that the archive tells."""
    target = folder / f"carreaux-{at}{Path(member.filename).suffix.lower()}"
    with archive.open(member) as source, target.open("wb") as written:
        shutil.copyfileobj(source, written)
    return target


def _rows(inner: Path, path: Path) -> Iterator[dict[str, Any]]:
    suffix = inner.suffix.lower()
    if suffix == ".csv":
        return _csv_rows(inner, path)
    if suffix == ".gpkg":
        return _layer_rows(inner, path)
    raise FileRefused(
        f"{path.name} : un CSV, un GeoPackage (.gpkg) ou un .zip qui en contient un est attendu. "
        "Décompressez d’abord un .7z."
    )


def _csv_rows(inner: Path, path: Path) -> Iterator[dict[str, Any]]:
    with inner.open("rb") as raw:
        lines = io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
        try:
            header = lines.readline()
            delimiter = max(";,\t", key=header.count)
            columns = next(csv.reader([header.strip("\r\n")], delimiter=delimiter), [])
            roles = _roles(columns, path)
            for row in csv.DictReader(lines, fieldnames=columns, delimiter=delimiter):
                yield {role: row.get(column) for role, column in roles.items()}
        except (csv.Error, UnicodeDecodeError) as error:
            raise FileRefused(
                f"{path.name} est illisible : ce n’est pas un CSV valable. Téléchargez-le de "
                "nouveau."
            ) from error


def _layer_rows(inner: Path, path: Path) -> Iterator[dict[str, Any]]:
    try:
        name = str(pyogrio.list_layers(inner)[0][0])
        columns = [str(column) for column in pyogrio.read_info(inner, layer=name)["fields"]]
        roles = _roles(columns, path)
        wanted = list(roles.values())
        start = 0
        while True:
            part = _layer_part(inner, name, wanted, start)
            for row in part.to_dict("records"):
                yield {role: row[column] for role, column in roles.items()}
            if len(part) < ROWS_AT_ONCE:
                return
            start += ROWS_AT_ONCE
    except (DataSourceError, DataLayerError, IndexError) as error:
        raise FileRefused(
            f"{path.name} est illisible : ce n’est pas un GeoPackage valable. Téléchargez-le de "
            "nouveau."
        ) from error


def _layer_part(inner: Path, layer: str, columns: list[str], start: int) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pyogrio.read_dataframe(
            inner,
            layer=layer,
            columns=columns,
            read_geometry=False,
            skip_features=start,
            max_features=ROWS_AT_ONCE,
        )


def _roles(columns: list[str], path: Path) -> dict[str, str]:
    """Return the column of each role.

    Raises
    ------
    FileRefused
        If one is missing.
    """
    by_name = {column.strip().lower(): column for column in columns}
    roles = {
        role: next((by_name[name] for name in names if name in by_name), None)
        for role, names in ROLES.items()
    }
    missing = [ROLES[role][0] for role, column in roles.items() if column is None]
    if missing:
        raise FileRefused(
            f"{path.name} n’est pas un fichier de carreaux de 200 m de l’Insee : il manque "
            f"{', '.join(missing)}."
        )
    return {role: column for role, column in roles.items() if column is not None}


def _near(
    rows: Iterable[dict[str, Any]], box: BBox, report: ImportReport
) -> Iterator[tuple[int, Fields, Any]]:
    """Give the squares that touch the box; those that cannot be placed as well, to refuse them."""
    for position, row in enumerate(rows, 1):
        report.read += 1
        square = square_of(text(row["code"]))
        if square is None:
            yield position, row, None
            continue
        west, south, east, north = _reach(square.epsg, box)
        beside = west > square.east + SIDE_M or square.east > east
        if not beside and south <= square.north + SIDE_M and square.north <= north:
            yield position, row, outline_of(square)


@cache
def _reach(epsg: int, box: BBox) -> tuple[float, float, float, float]:
    """Return a box of degrees in metres of a projection; one of nothing where it is not made."""
    nowhere = (1.0, 1.0, 0.0, 0.0)
    try:
        to_metres = pyproj.Transformer.from_crs(4326, epsg, always_xy=True)
        found = to_metres.transform_bounds(box.west, box.south, box.east, box.north)
    except pyproj.exceptions.ProjError:
        return nowhere
    return found if all(abs(side) < 1e9 for side in found) else nowhere


@cache
def _to_degrees(epsg: int) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(epsg, 4326, always_xy=True)


def _build(vintage: int, row: Fields, outline: Any) -> dict[str, Any]:
    code = text(row["code"])
    if outline is None:
        raise RowRefused(f"identifiant de carreau de 200 m « {code[:40]} » illisible")
    people, households = number(row["people"]), number(row["households"])
    if people is None or households is None or people < 0 or households < 0:
        raise RowRefused("population ou ménages manquants")
    return {
        "code": code,
        "vintage": vintage,
        "people": people,
        "households": households,
        "imputed": text(row["imputed"]) in ("1", "1.0"),
    }


def outline_of(square: Square) -> shapely.Polygon:
    """Return the outline of a square, EPSG:4326."""
    east, north = square.east, square.north
    xs = [east, east + SIDE_M, east + SIDE_M, east]
    ys = [north, north, north + SIDE_M, north + SIDE_M]
    lons, lats = _to_degrees(square.epsg).transform(xs, ys)
    return shapely.Polygon(list(zip(lons, lats, strict=True)))
