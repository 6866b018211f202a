"""Tables of figures published as a workbook: several sheets, titles above, sources below.

INSEE writes what a column is in words on one line and by its code on the next: the line of codes is
the header. A sheet whose header nobody knows (a summary, a dictionary) is not read.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from qpvmap.core.workbooks import PUBLISHED, ReadRow, ReadSheet, UnreadableWorkbook
from qpvmap.importers.cleaning import text
from qpvmap.importers.reading import check_file, sha256_of
from qpvmap.importers.report import ChoiceNeeded, FileRefused
from qpvmap.importers.sheets import BOOKS, HEADER_WITHIN, as_written
from qpvmap.importers.tables import CsvTable
from qpvmap.workbooks import read_workbook

IsKnown = Callable[[Sequence[str]], bool]
"""Whether columns are those of a table that is known."""


def is_book(path: Path) -> bool:
    """Return whether a file is a workbook, by its name."""
    return path.suffix.lower() in BOOKS


def read_book_table(path: Path, is_known: IsKnown, layer: str | None = None) -> CsvTable:
    """Return the table of the sheet of a workbook whose header is known.

    Raises
    ------
    FileRefused
        If it cannot be read, or no sheet has such a header.
    ChoiceNeeded
        If several have.
    """
    check_file(path)
    try:
        book = read_workbook(path.read_bytes(), PUBLISHED)
    except UnreadableWorkbook as error:
        raise FileRefused(f"{path.name}\u00a0: {error}") from error
    names = [sheet.name for sheet in book.sheets]
    if layer is not None and layer not in names:
        raise FileRefused(f"Pas de feuille « {layer} ». Il y a : {', '.join(names)}.")
    wanted = [sheet for sheet in book.sheets if layer in (None, sheet.name)]
    tables = [(sheet.name, _table(path, sheet, is_known)) for sheet in wanted]
    found = [(name, table) for name, table in tables if table is not None]
    if not found:
        raise FileRefused(
            f"{path.name} : aucune feuille n’a, parmi ses {HEADER_WITHIN} premières lignes, des "
            f"colonnes connues. Feuilles lues : {', '.join(names)}."
        )
    if len(found) > 1:
        likely = ", ".join(name for name, _ in found)
        raise ChoiceNeeded(
            f"{path.name} a plusieurs feuilles qui conviennent : {likely}. Choisissez-en une avec "
            "--layer NOM."
        )
    return found[0][1]


def _table(path: Path, sheet: ReadSheet, is_known: IsKnown) -> CsvTable | None:
    """Return the table under the header of a sheet, None when it has none."""
    for at, row in enumerate(sheet.rows[:HEADER_WITHIN]):
        written = [text(as_written(cell)) for cell in row.cells]
        for titles in (written, [title.upper() for title in written]):
            if is_known(titles):
                return _under(path, titles, sheet.rows[at + 1 :])
    return None


def _under(path: Path, titles: Sequence[str], rows: Sequence[ReadRow]) -> CsvTable:
    """Return the rows under a header; remarks, which fill one cell, are not of the table."""
    named = [at for at, title in enumerate(titles) if title and title not in titles[:at]]
    columns = [titles[at] for at in named]
    kept = []
    for row in rows:
        cells = [text(as_written(row.cells[at])) if at < len(row.cells) else "" for at in named]
        if sum(map(bool, cells)) > 1:
            kept.append(cells)
    return CsvTable(path, columns, kept, sha256_of(path))
