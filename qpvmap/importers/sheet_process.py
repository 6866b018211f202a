"""The reader of workbooks: a file comes in, its cells go out as JSON. A process of its own.

Never imported by a web worker: one cell at the far corner of a sheet makes a reader ask for
gigabytes, and the process is then ended by its limits, alone.
"""

import json
import resource
import sys
from datetime import date, datetime
from io import BytesIO
from typing import Any

from python_calamine import CalamineWorkbook

CPU_S = 20
MEMORY_BYTES = 1_500_000_000
MOST_ROWS = 20_000
MOST_COLUMNS = 200


def plain(cell: Any) -> str | int | float:
    """Return a cell as JSON holds it; a date is written year first."""
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, bool):
        return "oui" if cell else "non"
    if isinstance(cell, str | int | float):
        return cell
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def row_of(cells: list[Any]) -> list[str | int | float]:
    """Return the cells of a row, but the empty ones at its end."""
    row = [plain(cell) for cell in cells[:MOST_COLUMNS]]
    while row and row[-1] == "":
        row.pop()
    return row


def sheets_of(content: bytes) -> list[list[list[str | int | float]]]:
    """Return the rows of each sheet of a workbook."""
    book = CalamineWorkbook.from_filelike(BytesIO(content))
    return [
        [
            row_of(row)
            for row in book.get_sheet_by_name(name).to_python(
                skip_empty_area=False, nrows=MOST_ROWS
            )
        ]
        for name in book.sheet_names
    ]


def main() -> None:
    """Read a workbook from the standard input, write its cells to the standard output."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    json.dump(sheets_of(sys.stdin.buffer.read()), sys.stdout)


if __name__ == "__main__":
    main()
