"""What is seen to without anybody: forgotten rounds are closed, old names are taken off."""

from datetime import datetime

from sqlalchemy.orm import Session

from qpvmap.core.presences import FORGOTTEN_AFTER
from qpvmap.storage import presences as rows
from qpvmap.usecases.presences import close_forgotten


def close_forgotten_rounds(session: Session, now: datetime) -> int:
    """Close the rounds that nobody ended; return how many."""
    found = rows.forgotten_since(session, now - FORGOTTEN_AFTER)
    for presence in found:
        close_forgotten(session, presence, now)
    return len(found)


def forget_names(session: Session, now: datetime) -> int:
    """Take the names off what is older than its territory keeps them; return how many rows."""
    return rows.forget_names(session, now)
