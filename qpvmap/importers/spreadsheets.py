"""Tables as people keep them: XLSX, ODS or CSV, with a title above, merged cells, empty rows.

The header is the first row, near the top, that names enough of what is looked for. A value is read
as the sheet shows it: a formula gives what it came to, a date its day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from qpvmap.importers.cleaning import text
from qpvmap.importers.fields import bare
from qpvmap.importers.reading import check_file, sha256_of
from qpvmap.importers.report import ChoiceNeeded, FileRefused
from qpvmap.importers.tables import read_csv

SHEETS = frozenset({".xlsx", ".xlsm", ".xls", ".ods"})
HEADER_WITHIN = 30
"""How far down the header may be."""
MOST_ROWS = 100_000


@dataclass(frozen=True)
class Sheet:
    """The rows of a table by role, with their number in the file, empty ones left out."""

    file: Path
    rows: Sequence[tuple[int, Mapping[str, str]]]
    columns: Mapping[str, str]
    sha256: str


def read_sheet(
    path: Path, roles: Mapping[str, Sequence[str]], needed: Sequence[str], name: str | None = None
) -> Sheet:
    """Read a table; `roles` gives the names that each column may bear, `needed` the roles it has.

    Raises
    ------
    FileRefused
        If it cannot be read, or no row near the top is its header.
    ChoiceNeeded
        If several sheets could be meant.
    """
    check_file(path)
    best: tuple[int, dict[str, int]] | None = None
    candidates = _grids(path, name)
    for title, grid in candidates:
        found = _header(grid, roles, needed)
        if found is None:
            continue
        if best is not None:
            names = ", ".join(title for title, _ in candidates)
            raise ChoiceNeeded(
                f"{path.name} a plusieurs feuilles qui conviennent : {names}. Choisissez-en une "
                "avec --layer NOM."
            )
        best, chosen = found, grid
    if best is None:
        wanted = " ; ".join(f"{role} ({', '.join(roles[role])})" for role in needed)
        raise FileRefused(
            f"{path.name} : aucune ligne d’en-tête reconnue parmi les {HEADER_WITHIN} premières. "
            f"Colonnes attendues : {wanted}."
        )
    at, columns = best
    named = {role: text(chosen[at][column]) for role, column in columns.items()}
    return Sheet(path, _rows(chosen, at, columns), named, sha256_of(path))


def _grids(path: Path, name: str | None) -> list[tuple[str, list[list[Any]]]]:
    """Return the sheets of a file, each by its name."""
    if path.suffix.lower() not in SHEETS:
        table = read_csv(path)
        return [(path.stem, [list(table.columns), *table.rows])]
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(path))
        names = book.sheet_names
        if name is not None and name not in names:
            raise FileRefused(f"Pas de feuille « {name} ». Il y a : {', '.join(names)}.")
        wanted = [name] if name is not None else names
        return [
            (one, book.get_sheet_by_name(one).to_python(skip_empty_area=False)[:MOST_ROWS])
            for one in wanted
        ]
    except CalamineError as error:
        raise FileRefused(
            f"{path.name} est illisible : ce n’est pas un tableur valable, ou il a un mot de "
            "passe. Enregistrez-le de nouveau en XLSX ou en ODS."
        ) from error


def _header(
    grid: Sequence[Sequence[Any]], roles: Mapping[str, Sequence[str]], needed: Sequence[str]
) -> tuple[int, dict[str, int]] | None:
    """Return which row is the header, and the column of each role."""
    for at, row in enumerate(grid[:HEADER_WITHIN]):
        names = [bare(shown(cell)) for cell in row]
        columns = {
            role: next((names.index(bare(n)) for n in known if bare(n) in names), None)
            for role, known in roles.items()
        }
        found = {role: column for role, column in columns.items() if column is not None}
        if all(role in found for role in needed):
            return at, found
    return None


def _rows(
    grid: Sequence[Sequence[Any]], header: int, columns: Mapping[str, int]
) -> list[tuple[int, Mapping[str, str]]]:
    rows: list[tuple[int, Mapping[str, str]]] = []
    for number, row in enumerate(grid[header + 1 :], start=1):
        values = {role: shown(row[at]) if at < len(row) else "" for role, at in columns.items()}
        if any(values.values()):
            rows.append((number, values))
    return rows


def shown(value: Any) -> str:
    """Return a cell as one reads it: a day without its midnight, a whole number without `.0`."""
    if isinstance(value, datetime) and value.time() == time.min:
        return f"{value:%d/%m/%Y}"
    if isinstance(value, datetime):
        return f"{value:%d/%m/%Y %H:%M}"
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    if isinstance(value, bool):
        return "oui" if value else "non"
    return text(value)
