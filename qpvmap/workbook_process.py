"""The reader of workbooks: a file comes in, its cells go out as JSON. Run by `workbooks`.

Never imported by a web worker. It bounds itself first: a workbook may ask for more memory than the
machine has.
"""

import json
import re
import resource
import sys
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from zipfile import BadZipFile, ZipFile

from qpvmap.core.workbooks import BOUNDS, MOST_CELL, SENT, Bounds, kept
from qpvmap.processes import die_with_parent

MEMORY = 768 * 1024 * 1024
CPU_S = 15
XLSX_CELL = re.compile(rb"<c\b([^>]*)>(.*?)</c>", re.DOTALL)
XLSX_REFERENCE = re.compile(rb'\br="([A-Z]{1,3}\d{1,7})"')
ODS_ERROR = re.compile(rb'\bcalcext:value-type="error"')
ODS_FORMULA = re.compile(rb"<table:table-cell\b[^>]*\btable:formula=[^>]*>")


def main() -> None:
    """Read a workbook from the standard input, write its cells to the standard output."""
    die_with_parent()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    bounds = BOUNDS[sys.argv[1] if len(sys.argv) > 1 else SENT]
    json.dump(told(sys.stdin.buffer.read(), bounds), sys.stdout)


def told(content: bytes, bounds: Bounds) -> dict[str, Any]:
    """Return the cells of a workbook, or the reason why it is not read."""
    from python_calamine import CalamineError, load_workbook

    try:
        formulas, faulty = formulas_of(content)
        if faulty:
            return faulty
        book = load_workbook(BytesIO(content))
        sheets = [book.get_sheet_by_index(n) for n in range(len(book.sheet_names))]
    except (CalamineError, BadZipFile, ValueError, OSError):
        return {"reason": "broken"}
    wide = any(sheet.total_width > bounds.columns * 4 for sheet in sheets)
    if len(sheets) > bounds.sheets or wide:
        return {"reason": "large"}
    found: list[dict[str, Any]] = []
    rows = 0
    for sheet in sheets:
        held = list(rows_of(sheet))
        rows += len(held)
        if rows > bounds.rows or any(len(cells) > bounds.columns for _, cells in held):
            return {"reason": "large"}
        if any(isinstance(c, str) and len(c) > MOST_CELL for _, cells in held for c in cells):
            return {"reason": "long"}
        found.append({"name": sheet.name, "rows": held})
    return {"sheets": found, "formulas": formulas}


def rows_of(sheet: Any) -> Iterator[tuple[int, list[Any]]]:
    """Yield the rows that hold something, by their number, without what is empty at their end."""
    if sheet.start is None:
        return
    top, left = sheet.start
    for number, row in enumerate(sheet.to_python(skip_empty_area=True), top + 1):
        cells = [None if cell == "" else kept(cell) for cell in row]
        while cells and cells[-1] is None:
            cells.pop()
        if cells:
            yield number, [None] * left + cells


def formulas_of(content: bytes) -> tuple[int, dict[str, str]]:
    """Return how many cells are computed, and the first that nothing has computed, or in error.

    The library would give both as empty cells, and an empty cell erases what is known.
    """
    count = 0
    with ZipFile(BytesIO(content)) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                found, faulty = _xlsx_formulas(archive.read(name))
            elif name == "content.xml":
                found, faulty = _ods_formulas(archive.read(name))
            else:
                continue
            count += found
            if faulty:
                return count, faulty
    return count, {}


def _xlsx_formulas(xml: bytes) -> tuple[int, dict[str, str]]:
    count = 0
    for attributes, inside in XLSX_CELL.findall(xml):
        where = XLSX_REFERENCE.search(attributes)
        cell = where[1].decode() if where else "?"
        if b't="e"' in attributes:
            return count, {"in_error": cell}
        if b"<f" in inside:
            count += 1
            if b"<v>" not in inside and b"<is>" not in inside:
                return count, {"never_computed": cell}
    return count, {}


def _ods_formulas(xml: bytes) -> tuple[int, dict[str, str]]:
    if ODS_ERROR.search(xml):
        return 0, {"in_error": "d’une feuille"}
    cells = ODS_FORMULA.findall(xml)
    if any(b"office:value-type=" not in cell for cell in cells):
        return len(cells), {"never_computed": "d’une feuille"}
    return len(cells), {}


if __name__ == "__main__":
    main()
