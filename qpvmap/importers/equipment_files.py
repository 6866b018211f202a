"""Rows of a producer's table of equipment, one by one: CSV, FINESS in two sections, Parquet, layer.

A file of millions of rows is never in memory: a CSV is read by lines, a Parquet by batches of
`BATCH` rows and of the columns that are needed; groups of rows whose statistics say that they hold
no commune of ours are not read at all.
"""

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qpvmap.importers.cleaning import text
from qpvmap.importers.finess import COLUMNS, is_structures, structures
from qpvmap.importers.reading import Layer
from qpvmap.importers.report import FileRefused

SAMPLE = 65_536
BATCH = 20_000
"""Rows of a Parquet that are in memory at once."""
POINT = "point"
"""Role of the geometry of a row, for files that have one."""
FINESS_START = "finess;"
FINESS_SECTIONS = ("structureet", "geolocalisation")
FINESS_COLUMNS = (
    "nofinesset",
    "nofinessej",
    "rs",
    "rslongue",
    "complrs",
    "compldistrib",
    "numvoie",
    "typvoie",
    "voie",
    "compvoie",
    "lieuditbp",
    "commune",
    "departement",
    "libdepartement",
    "ligneacheminement",
    "telephone",
    "telecopie",
    "categetab",
    "libcategetab",
    "categagretab",
    "libcategagretab",
)
"""The first columns of a FINESS that has no header, after the name of the section."""
FINESS_PLACE = ("coordxet", "coordyet", "sourcecoordet")

NOT_PARQUET = (
    "{name} est illisible : ce n’est pas un Parquet entier. Téléchargez-le de nouveau, ou prenez "
    "le même fichier en CSV."
)

Row = tuple[int, dict[str, Any]]
"""Number of a row in its file, from 1, and its values by role."""


@dataclass(frozen=True)
class Wanted:
    """What is to be read of a file.

    `roles` gives the column of each role; `communes` those whose rows are kept, all when it is
    empty. Rows that a reader leaves by itself are counted in `left`, as rows that are elsewhere.
    """

    roles: Mapping[str, str]
    communes: Set[str]
    left: Counter[str]


@dataclass(frozen=True)
class Records:
    """A table that is read as it is asked for: its columns, then its rows."""

    columns: Sequence[str]
    read: Callable[[Wanted], Iterator[Row]]


def open_records(path: Path) -> Records:
    """Return the rows of a CSV, of a FINESS in sections or in JSON, or of a Parquet.

    Raises
    ------
    FileRefused
        If it is none of them.
    """
    if path.suffix.lower() == ".parquet":
        return parquet_records(path)
    if is_structures(path):
        return Records(COLUMNS, lambda wanted: _structure_rows(path, wanted))
    encoding = encoding_of(path)
    with path.open(encoding=encoding, newline="") as lines:
        header = lines.read(SAMPLE).partition("\n")[0]
    if header.startswith(FINESS_START):
        sections = (*FINESS_COLUMNS, *FINESS_PLACE)
        return Records(sections, lambda wanted: _finess_rows(path, encoding, wanted))
    delimiter = max(";,\t", key=header.count)
    columns = tuple(next(csv.reader([header.strip("\r")], delimiter=delimiter), []))
    return Records(columns, lambda wanted: _csv_rows(path, encoding, delimiter, wanted))


def layer_records(layer: Layer) -> Records:
    """Return the rows of a layer, each with its own point."""

    def read(wanted: Wanted) -> Iterator[Row]:
        for number, row, geometry in layer:
            values = {role: row.get(column) for role, column in wanted.roles.items()}
            yield number, {**values, POINT: geometry}

    return Records(layer.columns, read)


def encoding_of(path: Path) -> str:
    """Return UTF-8 when the whole file is, else Windows-1252.

    Raises
    ------
    FileRefused
        If it is no text.
    """
    try:
        with path.open(encoding="utf-8-sig") as lines:
            if any("\x00" in line for line in lines):
                raise FileRefused(f"{path.name} n’est pas un fichier texte : un CSV est attendu.")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _csv_rows(path: Path, encoding: str, delimiter: str, wanted: Wanted) -> Iterator[Row]:
    with path.open(encoding=encoding, newline="", errors="replace") as lines:
        try:
            for position, row in enumerate(csv.DictReader(lines, delimiter=delimiter), start=1):
                yield position, {role: row.get(column) for role, column in wanted.roles.items()}
        except csv.Error as error:
            raise FileRefused(f"{path.name} est illisible : {error}.") from error


def _finess_rows(path: Path, encoding: str, wanted: Wanted) -> Iterator[Row]:
    """Give the establishments of a file in two sections, with the place that the second says.

    Only the places are held: a number and three short values each.
    """
    places = {
        cells[0]: dict(zip(FINESS_PLACE, cells[1:4], strict=False))
        for _, cells in _section(path, encoding, FINESS_SECTIONS[1])
        if cells
    }
    for position, cells in _section(path, encoding, FINESS_SECTIONS[0]):
        values = dict(zip(FINESS_COLUMNS, cells, strict=False))
        values |= places.get(values.get("nofinesset", ""), {})
        yield position, {role: values.get(column) for role, column in wanted.roles.items()}


def _structure_rows(path: Path, wanted: Wanted) -> Iterator[Row]:
    for position, values in structures(path):
        yield position, {role: values.get(column) for role, column in wanted.roles.items()}


def _section(path: Path, encoding: str, name: str) -> Iterator[tuple[int, list[str]]]:
    with path.open(encoding=encoding, newline="", errors="replace") as lines:
        try:
            rows = csv.reader(lines, delimiter=";", quoting=csv.QUOTE_NONE)
            for position, cells in enumerate(rows):
                if cells and cells[0] == name:
                    yield position, cells[1:]
        except csv.Error as error:
            raise FileRefused(f"{path.name} est illisible : {error}.") from error


def parquet_records(path: Path) -> Records:
    """Return the rows of a Parquet.

    Raises
    ------
    FileRefused
        If it is none, or is cut.
    """
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        file = ParquetFile(path, buffer_size=SAMPLE, pre_buffer=False)
    except (ArrowException, OSError) as error:
        raise FileRefused(NOT_PARQUET.format(name=path.name)) from error

    def read(wanted: Wanted) -> Iterator[Row]:
        try:
            yield from _parquet_rows(file, wanted)
        except (ArrowException, OSError) as error:
            raise FileRefused(NOT_PARQUET.format(name=path.name)) from error
        finally:
            file.close()

    return Records(file.schema_arrow.names, read)


def _parquet_rows(file: Any, wanted: Wanted) -> Iterator[Row]:
    """Give the rows of the communes that are wanted, by their number in the file."""
    commune = wanted.roles.get("commune") if wanted.communes else None
    start = 0
    for group in range(file.num_row_groups):
        told = file.metadata.row_group(group)
        if commune and not _may_hold(told, commune, wanted.communes):
            wanted.left["far"] += told.num_rows
        else:
            yield from _group_rows(file, group, start, wanted, commune)
        start += told.num_rows


def _group_rows(
    file: Any, group: int, start: int, wanted: Wanted, commune: str | None
) -> Iterator[Row]:
    columns = sorted(set(wanted.roles.values()))
    for batch in file.iter_batches(BATCH, row_groups=[group], columns=columns):
        kept = _kept(batch, commune, wanted.communes)
        wanted.left["far"] += batch.num_rows - len(kept)
        found = batch.take(kept).to_pylist() if kept else []
        for position, row in zip(kept, found, strict=True):
            values = {role: row[column] for role, column in wanted.roles.items()}
            yield start + position + 1, values
        start += batch.num_rows


def _kept(batch: Any, commune: str | None, communes: Set[str]) -> list[int]:
    """Return the positions of the rows of a batch that are wanted."""
    if commune is None:
        return list(range(batch.num_rows))
    from pyarrow import array, compute, string

    codes = compute.utf8_trim_whitespace(compute.cast(batch.column(commune), string()))
    wanted = array(sorted(communes | {code.removeprefix("0") for code in communes}), string())
    kept: list[int] = compute.indices_nonzero(compute.is_in(codes, wanted)).to_pylist()
    return kept


def _may_hold(group: Any, commune: str, communes: Set[str]) -> bool:
    """Return whether a group of rows may hold one of the communes, by its own statistics."""
    columns = (group.column(at) for at in range(group.num_columns))
    told = next((column for column in columns if column.path_in_schema == commune), None)
    statistics = told.statistics if told is not None and told.is_stats_set else None
    if statistics is None or not statistics.has_min_max:
        return True
    least, most = (text(bound).zfill(5) for bound in (statistics.min, statistics.max))
    return any(least <= code <= most for code in communes)
