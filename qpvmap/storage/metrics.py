"""Figures on how the site runs, for its supervisor: counts of everything together, nobody's."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

FIGURES = text("""
    select
        (select count(*) from notice
         where state in ('waiting', 'sending', 'handing')) as under_way,
        (select count(*) from notice where state = 'failed' and not in_doubt) as failed,
        (select count(*) from notice where state = 'failed' and in_doubt) as in_doubt,
        pg_database_size(current_database()) as size_bytes
""")


@dataclass(frozen=True, slots=True)
class Figures:
    """Sendings by what became of them, those that left apart; and how large the database is."""

    under_way: int
    failed: int
    in_doubt: int
    size_bytes: int


def figures(session: Session) -> Figures:
    """Return the figures, in one statement."""
    return Figures(*session.execute(FIGURES).one())
