"""Tables for spreadsheets, CSV and XLSX: real dates and numbers, and words that stay words.

The one place where a table becomes a file. Rows are written as they come, so that a long table is
never held in memory; nothing that somebody typed is ever computed, in either format.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import StringIO
from typing import IO, TYPE_CHECKING, Any

from qpvmap.core.deadlines import PARIS

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BOM = "\ufeff"
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""First characters that make a spreadsheet compute a cell, blanks before them or not."""

LINES_AT_ONCE = 500
"""Lines of a CSV that leave together."""

MOST_LINKS = 65_000
"""Links that a sheet of XLSX holds (65 530); the others are left as words."""
MOST_CHARACTERS = 32_767
"""Characters that a cell of XLSX holds."""
SHEET_NAME_MAX = 31

FORMATS = {
    "header": {"bold": True, "bg_color": "#E8ECF4", "bottom": 1, "valign": "vcenter"},
    "instant": {"num_format": "dd/mm/yyyy hh:mm"},
    "day": {"num_format": "dd/mm/yyyy"},
    "link": {"font_color": "#0B3D91", "underline": 1},
}
"""How the cells of an XLSX look."""


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead to an address."""

    words: str
    href: str


Cell = str | int | float | date | datetime | Link | None
Row = Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: what heads it, and how wide it is, in characters."""

    title: str
    width: int = 14


@dataclass(frozen=True, slots=True)
class Table:
    """A table that is written once: `rows` are read as they are written."""

    name: str
    columns: Sequence[Column]
    rows: Iterable[Row]


def csv_parts(table: Table) -> Iterator[str]:
    """Yield a CSV with `;` between cells, decimal commas, and a mark that says it is UTF-8."""
    written = StringIO()
    writer = csv.writer(written, delimiter=";", lineterminator="\r\n")
    written.write(BOM)
    writer.writerow([column.title for column in table.columns])
    for number, row in enumerate(table.rows, 1):
        writer.writerow([_csv_cell(value) for value in row])
        if number % LINES_AT_ONCE == 0:
            yield written.getvalue()
            written.seek(0)
            written.truncate()
    yield written.getvalue()


def plain(value: Cell) -> str | int | float | None:
    """Return a cell where there are neither dates nor links: instants in local time."""
    if isinstance(value, datetime):
        return value.astimezone(PARIS).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    return value.words if isinstance(value, Link) else value


def harmless(text: str) -> str:
    """Return a text that a spreadsheet shows as it is, and never computes."""
    return f"'{text}" if text.lstrip(" \u00a0").startswith(STARTS_A_FORMULA) else text


def write_xlsx(table: Table, into: IO[bytes], now: datetime) -> None:
    """Write a table as a workbook of one sheet, its rows on the disk as they come.

    The header stays in sight and filters; words are written as words, whatever they begin with.
    """
    from xlsxwriter import Workbook

    with Workbook(into, {"constant_memory": True, "strings_to_urls": False}) as workbook:
        workbook.set_properties(
            {"title": table.name, "created": now.astimezone(PARIS).replace(tzinfo=None)}
        )
        formats = {name: workbook.add_format(given) for name, given in FORMATS.items()}
        sheet = workbook.add_worksheet(table.name[:SHEET_NAME_MAX])
        sheet.freeze_panes(1, 1)
        for column, given in enumerate(table.columns):
            sheet.set_column(column, column, given.width)
            sheet.write_string(0, column, given.title, formats["header"])
        last = _write_rows(sheet, table.rows, formats)
        sheet.autofilter(0, 0, last, len(table.columns) - 1)


def _write_rows(sheet: "Worksheet", rows: Iterable[Row], formats: dict[str, "Format"]) -> int:
    """Write the rows under the header and return the number of the last one."""
    number = links = 0
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row):
            if isinstance(value, Link) and links < MOST_LINKS:
                sheet.write_url(number, column, value.href, formats["link"], value.words)
                links += 1
            elif value is not None and value != "":
                _write_cell(sheet, number, column, value, formats)
    return number


def _write_cell(
    sheet: "Worksheet", row: int, column: int, value: Any, formats: dict[str, "Format"]
) -> None:
    """Write a cell by what it is; instants in local time, since a sheet knows of no other."""
    if isinstance(value, datetime):
        local = value.astimezone(PARIS).replace(tzinfo=None)
        sheet.write_datetime(row, column, local, formats["instant"])
    elif isinstance(value, date):
        sheet.write_datetime(row, column, value, formats["day"])
    elif isinstance(value, (int, float)):
        sheet.write_number(row, column, value)
    else:
        sheet.write_string(row, column, str(plain(value))[:MOST_CHARACTERS])


def _csv_cell(value: Cell) -> str:
    cell = plain(value)
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:.6f}".rstrip("0").rstrip(".").replace(".", ",")
    return str(cell) if isinstance(cell, int) else harmless(cell)
