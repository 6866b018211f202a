"""Workbooks, XLSX and ODS: sheets of typed columns. What people wrote is text, never a formula."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from io import BytesIO

MEDIA_TYPES: Mapping[str, str] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
}
Cell = str | int | float | Decimal | date | None


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    NUMBER = "number"
    EUROS = "euros"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, what it holds, about how many letters wide."""

    name: str
    kind: Kind = Kind.TEXT
    width: int = 16


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: its first row is the headings of its columns."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]


def xlsx_bytes(sheets: Sequence[Sheet]) -> bytes:
    """Return the sheets as an XLSX file: headings stay in sight, columns can be filtered."""
    from xlsxwriter import Workbook

    written = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(written, options) as book:
        heading = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        plain = {"text_wrap": True, "valign": "top"}
        formats = {
            Kind.TEXT: book.add_format(plain),
            Kind.NUMBER: book.add_format({"valign": "top"}),
            Kind.EUROS: book.add_format({"num_format": "#,##0.00 €", "valign": "top"}),
        }
        day = book.add_format({"num_format": "dd/mm/yyyy", "valign": "top", "align": "left"})
        for sheet in sheets:
            page = book.add_worksheet(sheet.name)
            page.freeze_panes(1, 2 if len(sheet.columns) > 8 else 0)
            page.autofilter(0, 0, max(len(sheet.rows), 1), len(sheet.columns) - 1)
            for x, column in enumerate(sheet.columns):
                page.set_column(x, x, column.width)
                page.write_string(0, x, column.name, heading)
            for y, row in enumerate(sheet.rows, 1):
                for x, value in enumerate(row):
                    if isinstance(value, date):
                        page.write_datetime(y, x, value, day)
                    elif isinstance(value, int | float | Decimal):
                        page.write_number(y, x, value, formats[sheet.columns[x].kind])
                    elif value:
                        page.write_string(y, x, value, formats[sheet.columns[x].kind])
    return written.getvalue()


def ods_bytes(sheets: Sequence[Sheet]) -> bytes:
    """Return the sheets as an OpenDocument spreadsheet."""
    from odfdo import Cell as OdfCell
    from odfdo import Document, Row, Table

    book = Document("spreadsheet")
    book.body.clear()
    for sheet in sheets:
        table = Table(sheet.name)
        headings = [column.name for column in sheet.columns]
        for values in (headings, *sheet.rows):
            row = Row()
            row.extend_cells([OdfCell(value if value != "" else None) for value in values])
            table.append(row)
        book.body.append(table)
    written = BytesIO()
    book.save(written)
    return written.getvalue()


WRITERS = {"xlsx": xlsx_bytes, "ods": ods_bytes}
"""How to write a workbook, by the ending of its name."""
