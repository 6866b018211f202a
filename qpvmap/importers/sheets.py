"""Reading the spreadsheets that people keep: XLSX, ODS, CSV, whatever their state.

A title above the header, a header on two lines with merged cells, a thousand empty rows, formulas
(their last result counts), dates as text: all that is expected. A file is read in memory, within
limits, and nothing in it is run; a workbook in a process of its own (`qpvmap.workbooks`).
"""

import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from qpvmap.core.workbooks import MOST_BYTES, UnreadableWorkbook, Value
from qpvmap.importers.cleaning import text
from qpvmap.importers.fields import bare
from qpvmap.importers.report import FileRefused
from qpvmap.workbooks import read_workbook

MOST_ROWS = 5_000
HEADER_WITHIN = 30
"""Rows that hold something, among which the header is."""
BOOKS = (".xlsx", ".xlsm", ".ods", ".xls")
TEXTS = (".csv", ".txt", ".tsv")

YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")

Cells = Sequence[Any]
Grid = Sequence[tuple[int, Cells]]
"""Rows with their number in the file; those that are empty may be missing."""


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


def read_book(name: str, content: bytes) -> list[Grid]:
    """Return the rows of each sheet of a workbook that hold something.

    Raises
    ------
    FileRefused
        If it is not a workbook that can be read.
    """
    try:
        book = read_workbook(content)
    except UnreadableWorkbook as error:
        raise FileRefused(f"{name}\u00a0: {error}") from error
    return [
        [(row.number, [as_written(cell) for cell in row.cells]) for row in sheet.rows]
        for sheet in book.sheets
    ]


def as_written(cell: Value) -> str | float:
    """Return a cell of a workbook as a CSV would hold it: a day is written year first."""
    if isinstance(cell, bool):
        return "oui" if cell else "non"
    if isinstance(cell, date):
        return cell.isoformat()
    return "" if cell is None else cell


def read_text(name: str, content: bytes) -> Grid:
    """Return the rows of a CSV."""
    if b"\x00" in content:
        raise FileRefused(f"{name} n’est pas un fichier texte : un CSV est attendu.")
    try:
        decoded = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        decoded = content.decode("cp1252", errors="replace")
    first = max(decoded.splitlines()[:HEADER_WITHIN] or [""], key=len)
    delimiter = max(";,\t", key=first.count)
    rows: list[tuple[int, Cells]] = []
    try:
        lines = csv.reader(io.StringIO(decoded, newline=""), delimiter=delimiter)
        for line, cells in enumerate(lines, 1):
            if any(cells):
                rows.append((line, cells))
            if len(rows) > MOST_ROWS + HEADER_WITHIN:
                raise FileRefused(f"{name} : {MOST_ROWS} lignes remplies au plus à la fois.")
    except csv.Error as error:
        raise FileRefused(f"{name} est illisible : {error}.") from error
    return rows


def find_header(grid: Grid, is_known: Callable[[str], bool]) -> tuple[int, Table]:
    """Return how many names are known in the best header of a sheet, and the table under it."""
    best = (0, Table((), ()))
    for position in range(min(HEADER_WITHIN, len(grid))):
        for columns in (single(grid, position), doubled(grid, position)):
            known = sum(is_known(bare(column)) for column in columns)
            if known > best[0]:
                best = (known, Table(columns, rows_under(grid, position)))
    return best


def single(grid: Grid, position: int) -> list[str]:
    """Return the names of a header on one line."""
    return [text(cell) for cell in grid[position][1]]


def doubled(grid: Grid, position: int) -> list[str]:
    """Return the names of a header on two lines, the upper one merged over several columns."""
    if position == 0:
        return []
    upper, names, group = grid[position - 1][1], [], ""
    for column, cell in enumerate(grid[position][1]):
        above = text(upper[column]) if column < len(upper) else ""
        group = above or group
        below = text(cell)
        names.append(f"{group} {below}".strip() if below else above)
    return names


def rows_under(grid: Grid, position: int) -> list[tuple[int, Cells]]:
    """Return the rows under a header that hold something.

    Raises
    ------
    FileRefused
        If there are more of them than can be shown.
    """
    rows = [
        (number, cells)
        for number, cells in grid[position + 1 :]
        if any(text(cell) for cell in cells)
    ]
    if len(rows) > MOST_ROWS:
        raise FileRefused(f"{len(rows)} lignes : {MOST_ROWS} au plus à la fois.")
    return rows


def year_of(cell: Any) -> int | None:
    """Return the year of a cell: a number, or a text that holds one, such as a date."""
    years = {int(part) for part in YEAR.findall(text(cell))}
    return years.pop() if len(years) == 1 else None
