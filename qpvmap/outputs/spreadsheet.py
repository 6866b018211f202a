"""Tables for spreadsheets, CSV, XLSX and ODS: real dates and numbers, and words that stay words.

The one place where a table becomes a file. Rows are written as they come, so that a long table is
never held in memory (but for ODS, whose library holds it); nothing that somebody typed is ever
computed, in any format.
"""

import csv
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from io import BytesIO, StringIO
from typing import IO, TYPE_CHECKING

from qpvmap.core.deadlines import PARIS

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
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
NARROWEST, WIDEST = 10, 60
"""Characters of a column that is as wide as what it holds."""

FORMATS = {
    "header": {"bold": True, "bg_color": "#E8ECF4", "bottom": 1, "valign": "vcenter"},
    "instant": {"num_format": "dd/mm/yyyy hh:mm"},
    "day": {"num_format": "dd/mm/yyyy"},
    "link": {"font_color": "#0B3D91", "underline": 1},
    "plain": {},
    "text": {"text_wrap": True, "valign": "top"},
    "euros": {"num_format": "#,##0.00 €", "valign": "top"},
}
"""How the cells of an XLSX look."""


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead to an address."""

    words: str
    href: str


Cell = str | int | float | Decimal | date | datetime | Link | None
Row = Sequence[Cell]


class Kind(StrEnum):
    """What a column holds, when it is not to be shown as it comes."""

    PLAIN = "plain"
    TEXT = "text"
    """Long words, on several lines."""
    EUROS = "euros"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: what heads it, how wide it is, in characters, and what it holds."""

    title: str
    width: int = 14
    kind: Kind = Kind.PLAIN


@dataclass(frozen=True, slots=True)
class Table:
    """A table that is written once: `rows` are read as they are written."""

    name: str
    columns: Sequence[Column]
    rows: Iterable[Row]


def fitted(name: str, header: Sequence[str], rows: Sequence[Row]) -> Table:
    """Return a table whose columns are as wide as what they hold."""
    lines = [header, *([str(plain(cell) or "") for cell in row] for row in rows)]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    columns = [
        Column(title, min(max(width, NARROWEST), WIDEST))
        for title, width in zip(header, widths, strict=True)
    ]
    return Table(name, columns, rows)


def csv_parts(table: Table) -> Generator[str, None, None]:
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


def plain(value: Cell) -> str | int | float | Decimal | None:
    """Return a cell where there are neither dates nor links: instants in local time."""
    if isinstance(value, datetime):
        return value.astimezone(PARIS).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    return value.words if isinstance(value, Link) else value


def harmless(text: str) -> str:
    """Return a text that a spreadsheet shows as it is, and never computes."""
    return f"'{text}" if text.lstrip(" \u00a0").startswith(STARTS_A_FORMULA) else text


def write_xlsx(tables: Sequence[Table], into: IO[bytes], now: datetime) -> None:
    """Write tables as a workbook, a sheet each, their rows on the disk as they come.

    The header stays in sight and filters; words are written as words, whatever they begin with.
    """
    from xlsxwriter import Workbook

    with Workbook(into, {"constant_memory": True, "strings_to_urls": False}) as workbook:
        workbook.set_properties(
            {"title": tables[0].name, "created": now.astimezone(PARIS).replace(tzinfo=None)}
        )
        formats = {name: workbook.add_format(given) for name, given in FORMATS.items()}
        for table in tables:
            _write_sheet(workbook.add_worksheet(table.name[:SHEET_NAME_MAX]), table, formats)


def _write_sheet(sheet: "Worksheet", table: Table, formats: Mapping[str, "Format"]) -> None:
    sheet.freeze_panes(1, 1)
    for number, column in enumerate(table.columns):
        sheet.set_column(number, number, column.width)
        sheet.write_string(0, number, column.title, formats["header"])
    last = _write_rows(sheet, table, formats)
    sheet.autofilter(0, 0, last, len(table.columns) - 1)


def _write_rows(sheet: "Worksheet", table: Table, formats: Mapping[str, "Format"]) -> int:
    """Write the rows under the header and return the number of the last one."""
    number = links = 0
    looks = [formats[column.kind] for column in table.columns]
    for number, row in enumerate(table.rows, 1):
        for column, value in enumerate(row):
            if isinstance(value, Link) and links < MOST_LINKS:
                sheet.write_url(number, column, value.href, formats["link"], value.words)
                links += 1
            elif isinstance(value, date):
                _write_date(sheet, number, column, value, formats)
            elif isinstance(value, (int, float, Decimal)):
                sheet.write_number(number, column, value, looks[column])
            elif value is not None and value != "":
                words = str(plain(value))[:MOST_CHARACTERS]
                sheet.write_string(number, column, words, looks[column])
    return number


def _write_date(
    sheet: "Worksheet", row: int, column: int, value: date, formats: Mapping[str, "Format"]
) -> None:
    """Write a day or an instant; instants in local time, since a sheet knows of no other."""
    if isinstance(value, datetime):
        local = value.astimezone(PARIS).replace(tzinfo=None)
        sheet.write_datetime(row, column, local, formats["instant"])
    else:
        sheet.write_datetime(row, column, value, formats["day"])


def write_ods(tables: Sequence[Table], into: IO[bytes], now: datetime) -> None:
    """Write tables as an OpenDocument spreadsheet, a sheet each."""
    from odfdo import Cell as OdfCell
    from odfdo import Document, Row
    from odfdo import Table as OdfTable

    book = Document("spreadsheet")
    book.body.clear()
    for table in tables:
        sheet = OdfTable(table.name)
        for values in ([column.title for column in table.columns], *table.rows):
            row = Row()
            row.extend_cells([OdfCell(_ods_cell(value)) for value in values])
            sheet.append(row)
        book.body.append(sheet)
    whole = BytesIO()
    book.save(whole)
    into.write(whole.getvalue())


def _ods_cell(value: Cell) -> str | int | float | Decimal | date | None:
    if isinstance(value, datetime):
        return value.astimezone(PARIS).replace(tzinfo=None)
    if isinstance(value, Link):
        return value.words
    return None if value == "" else value


WRITERS: Mapping[str, Callable[[Sequence[Table], IO[bytes], datetime], None]] = {
    "xlsx": write_xlsx,
    "ods": write_ods,
}
"""How tables are written as a workbook, by the ending of its name."""
WORKBOOK_TYPES = {"xlsx": XLSX_TYPE, "ods": ODS_TYPE}


def _csv_cell(value: Cell) -> str:
    cell = plain(value)
    if cell is None:
        return ""
    if isinstance(cell, (float, Decimal)):
        return f"{cell:.6f}".rstrip("0").rstrip(".").replace(".", ",")
    return str(cell) if isinstance(cell, int) else harmless(cell)
