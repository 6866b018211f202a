"""Long statements, one per file of `storage/sql`, read once."""

from functools import cache
from pathlib import Path

from sqlalchemy import TextClause, text

FOLDER = Path(__file__).parent / "sql"


@cache
def statement(name: str) -> TextClause:
    """Return the statement kept in `sql/NAME.sql`, with bound parameters written `:name`."""
    return text((FOLDER / f"{name}.sql").read_text(encoding="utf-8"))
