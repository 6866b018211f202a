"""Counts of attempts by kind, key and window, exact over every worker process."""

from datetime import datetime

from sqlalchemy import delete, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from qpvmap.storage.models import AttemptCount


def count_attempt(session: Session, kind: str, digest: str, window_start: datetime) -> int:
    """Add one attempt and return how many there were in the window, this one included."""
    added = insert(AttemptCount).values(
        kind=kind, key_sha256=digest, window_start=window_start, attempts=1
    )
    attempts: int = session.execute(
        added.on_conflict_do_update(
            index_elements=["kind", "key_sha256", "window_start"],
            set_={"attempts": AttemptCount.attempts + 1},
        ).returning(AttemptCount.attempts)
    ).scalar_one()
    return attempts


def forget_attempts(session: Session, kind: str, digest: str) -> None:
    """Remove the counts of one key."""
    session.execute(
        delete(AttemptCount).where(
            tuple_(AttemptCount.kind, AttemptCount.key_sha256) == (kind, digest)
        )
    )


def delete_attempts_before(session: Session, instant: datetime) -> None:
    """Remove the counts of windows that began before `instant`."""
    session.execute(delete(AttemptCount).where(AttemptCount.window_start < instant))
