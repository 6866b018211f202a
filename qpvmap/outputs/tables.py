"""Tables as a workbook that any spreadsheet program opens: no cell of it computes anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from qpvmap.outputs.spreadsheet import Cell

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST_TITLE = 31
WIDEST, NARROWEST = 60, 10


@dataclass(frozen=True, slots=True)
class SheetOfCells:
    """A sheet of a workbook: its title, its header, its rows."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def workbook(sheets: Sequence[SheetOfCells]) -> bytes:
    """Return the sheets as an XLSX; texts stay texts, whatever they begin with."""
    import xlsxwriter  # a heavy library, for who asks for a file alone

    written = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(written, options) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        for content in sheets:
            sheet = book.add_worksheet(content.title[:LONGEST_TITLE])
            sheet.freeze_panes(1, 1)
            sheet.write_row(0, 0, content.header, bold)
            for number, row in enumerate(content.rows, start=1):
                sheet.write_row(number, 0, row)
            for column, name in enumerate(content.header):
                cells = [name, *(str(row[column] or "") for row in content.rows)]
                width = max(len(cell) for cell in cells)
                sheet.set_column(column, column, min(max(width, NARROWEST), WIDEST))
    return written.getvalue()
