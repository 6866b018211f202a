"""Reading the spreadsheets that people keep: XLSX, ODS, XLS, CSV, whatever their state.

A title above the header, a header on two lines with merged cells, a thousand empty rows, formulas
(their last result counts), dates as text: all that is expected. A file is read in memory, within
limits, and nothing in it is run.
"""

import csv
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from qpvmap.importers.cleaning import text
from qpvmap.importers.fields import bare
from qpvmap.importers.report import FileRefused

MOST_BYTES = 5_000_000
MOST_UNZIPPED = 100_000_000
MOST_ROWS = 5_000
PATIENCE_S = 30.0
KEPT = ("PATH", "HOME", "LANG", "PYTHONPATH", "VIRTUAL_ENV")
HEADER_WITHIN = 30
BOOKS = (".xlsx", ".xlsm", ".ods", ".xls", ".xlsb")
TEXTS = (".csv", ".txt", ".tsv")

YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")

Cells = Sequence[Any]

log = structlog.get_logger()


@dataclass(frozen=True)
class Table:
    """A header and the rows under it, numbered as in the file; empty rows are gone."""

    columns: Sequence[str]
    rows: Sequence[tuple[int, Cells]]


def read_table(name: str, content: bytes, is_known: Callable[[str], bool]) -> Table:
    """Return the table of a spreadsheet: the sheet and header that most names are known of.

    Parameters
    ----------
    is_known : callable
        Whether a column of that name (`bare`) is one that is looked for.

    Raises
    ------
    FileRefused
        If it is no spreadsheet, is too large, or has no header that is known.
    """
    if not content:
        raise FileRefused(f"{name} est vide.")
    if len(content) > MOST_BYTES:
        raise FileRefused(f"{name} dépasse 5 Mo : gardez les lignes utiles dans un autre fichier.")
    suffix = f".{name.rpartition('.')[2].lower()}"
    if suffix in BOOKS:
        grids = read_book(name, content)
    elif suffix in TEXTS:
        grids = [read_text(name, content)]
    else:
        raise FileRefused(f"{name} : un tableau XLSX, ODS ou CSV est attendu.")
    found = max((find_header(grid, is_known) for grid in grids), key=lambda f: f[0], default=None)
    if found is None or found[0] < 2:
        raise FileRefused(
            f"{name} : aucune ligne d’en-tête reconnue. Partez du modèle, ou nommez les colonnes "
            "comme lui."
        )
    return found[1]


def read_book(name: str, content: bytes) -> list[list[Cells]]:
    """Return the cells of each sheet of a workbook, read by a process with limits of its own."""
    check_unzipped(name, content)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "qpvmap.importers.sheet_process"],
            input=content,
            capture_output=True,
            timeout=PATIENCE_S,
            check=True,
            env={key: os.environ[key] for key in KEPT if key in os.environ},
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as failed:
        log.info("workbook_refused", said=(failed.stderr or b"").decode(errors="replace")[-300:])
        raise FileRefused(
            f"{name} est illisible ou démesuré : copiez les lignes utiles dans un classeur neuf."
        ) from failed
    sheets: list[list[Cells]] = json.loads(done.stdout)
    return sheets


def check_unzipped(name: str, content: bytes) -> None:
    """Refuse a workbook that would fill the memory once unzipped."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(member.file_size for member in archive.infolist()) > MOST_UNZIPPED:
            raise FileRefused(f"{name} est trop gros une fois décompressé.")


def read_text(name: str, content: bytes) -> list[Cells]:
    """Return the cells of a CSV."""
    if b"\x00" in content:
        raise FileRefused(f"{name} n’est pas un fichier texte : un CSV est attendu.")
    try:
        decoded = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        decoded = content.decode("cp1252", errors="replace")
    first = max(decoded.splitlines()[:HEADER_WITHIN] or [""], key=len)
    delimiter = max(";,\t", key=first.count)
    try:
        return list(csv.reader(io.StringIO(decoded, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise FileRefused(f"{name} est illisible : {error}.") from error


def find_header(grid: Sequence[Cells], is_known: Callable[[str], bool]) -> tuple[int, Table]:
    """Return how many names are known in the best header of a sheet, and the table under it."""
    best = (0, Table((), ()))
    for position in range(min(HEADER_WITHIN, len(grid))):
        for columns in (single(grid, position), doubled(grid, position)):
            known = sum(is_known(bare(column)) for column in columns)
            if known > best[0]:
                best = (known, Table(columns, rows_under(grid, position)))
    return best


def single(grid: Sequence[Cells], position: int) -> list[str]:
    """Return the names of a header on one line."""
    return [text(cell) for cell in grid[position]]


def doubled(grid: Sequence[Cells], position: int) -> list[str]:
    """Return the names of a header on two lines, the upper one merged over several columns."""
    if position == 0:
        return []
    upper, names, group = grid[position - 1], [], ""
    for column, cell in enumerate(grid[position]):
        above = text(upper[column]) if column < len(upper) else ""
        group = above or group
        below = text(cell)
        names.append(f"{group} {below}".strip() if below else above)
    return names


def rows_under(grid: Sequence[Cells], position: int) -> list[tuple[int, Cells]]:
    """Return the rows under a header that hold something.

    Raises
    ------
    FileRefused
        If there are more of them than can be shown.
    """
    rows = [
        (number, cells)
        for number, cells in enumerate(grid[position + 1 :], start=position + 2)
        if any(text(cell) for cell in cells)
    ]
    if len(rows) > MOST_ROWS:
        raise FileRefused(f"{len(rows)} lignes : {MOST_ROWS} au plus à la fois.")
    return rows


def year_of(cell: Any) -> int | None:
    """Return the year of a cell: a number, or a text that holds one, such as a date."""
    years = {int(part) for part in YEAR.findall(text(cell))}
    return years.pop() if len(years) == 1 else None
