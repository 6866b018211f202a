"""Reading CSV as French producers write it: `;` or `,`, decimal comma, UTF-8 or Windows-1252."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from qpvmap.importers.reading import check_file, sha256_of
from qpvmap.importers.report import FileRefused

DELIMITERS = ";,\t"


@dataclass(frozen=True)
class CsvTable:
    """A CSV in memory: every value is text."""

    file: Path
    columns: list[str]
    rows: list[list[str]]
    sha256: str

    def column(self, name: str) -> list[str]:
        """Return the values of a column, short rows giving an empty text."""
        at = self.columns.index(name)
        return [row[at] if at < len(row) else "" for row in self.rows]


def read_csv(path: Path) -> CsvTable:
    """Read a CSV with a header.

    Raises
    ------
    FileRefused
        If it is no text, has no rows, or names a column twice.
    """
    check_file(path)
    content = _decode(path)
    first = content.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(content, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise FileRefused(f"{path.name} est illisible : {error}.") from error
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if len(rows) < 2:
        raise FileRefused(f"{path.name} n’a pas de lignes sous son en-tête.")
    columns = [cell.strip() for cell in rows[0]]
    twice = {column for column in columns if columns.count(column) > 1}
    if twice:
        raise FileRefused(f"{path.name} a deux colonnes {', '.join(sorted(twice))!r}.")
    return CsvTable(path, columns, rows[1:], sha256_of(path))


def _decode(path: Path) -> str:
    content = path.read_bytes()
    if b"\x00" in content:
        raise FileRefused(f"{path.name} n’est pas un fichier texte : un CSV est attendu.")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FileRefused(f"{path.name} n’est ni en UTF-8 ni en Windows-1252.")
