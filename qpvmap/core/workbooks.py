"""What a workbook that somebody sends may be: cells by sheet, and the bounds it must keep to."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

MOST_BYTES = 5 * 1024 * 1024
MOST_ROWS = 5000
"""Rows that hold something, over all the sheets."""
MOST_COLUMNS = 80
MOST_SHEETS = 20
MOST_CELL = 10_000
"""Letters in a cell."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large a workbook may be: bytes as it comes and unfolded, rows, columns, sheets."""

    most_bytes: int = MOST_BYTES
    unfolded: int = 60 * 1024 * 1024
    rows: int = MOST_ROWS
    columns: int = MOST_COLUMNS
    sheets: int = MOST_SHEETS


SENT, PUBLISHED = "sent", "published"
BOUNDS = {
    SENT: Bounds(),
    PUBLISHED: Bounds(40 * 1024 * 1024, 400 * 1024 * 1024, 60_000, 600, 60),
}
"""By who makes it: somebody on a page, or a statistical office whose file an operator imports."""

Value = str | float | bool | date | None


class UnreadableWorkbook(ValueError):
    """The file is not a workbook that can be read, with a French sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A row that holds something, by the number that its reader sees beside it."""

    number: int
    cells: Sequence[Value]


@dataclass(frozen=True, slots=True)
class ReadSheet:
    """A sheet as it was read: rows that hold something."""

    name: str
    rows: Sequence[ReadRow]


@dataclass(frozen=True, slots=True)
class ReadWorkbook:
    """A workbook as it was read; `formulas` says how many cells are computed."""

    sheets: Sequence[ReadSheet] = field(default_factory=tuple)
    formulas: int = 0


def kept(cell: object) -> object:
    """Return a cell as JSON can keep it; what is neither text, number nor day is its text."""
    if isinstance(cell, date):  # a datetime is one
        return {"day": cell.isoformat()[:10]}
    return cell if cell is None or isinstance(cell, str | bool | int | float) else str(cell)
