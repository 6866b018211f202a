"""How often a guarded thing may be tried.

An attempt counts before it is made, so that a hundred at once are not each the first.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from sqlalchemy.orm import Session

from qpvmap.storage import throttle

KEPT_FOR = timedelta(days=2)
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `attempts` in each window of time, for one key."""

    kind: str
    attempts: int
    window: timedelta


def try_once(session: Session, limit: Limit, key: str, now: datetime) -> timedelta | None:
    """Count an attempt; return None when it may be made, else how long to wait."""
    start = window_start(limit, now)
    made = throttle.count_attempt(session, limit.kind, digest(key), start)
    return None if made <= limit.attempts else start + limit.window - now


def forgive(session: Session, limit: Limit, key: str) -> None:
    """Forget the attempts of a key that has proved itself."""
    throttle.forget_attempts(session, limit.kind, digest(key))


def forget_old_attempts(session: Session, now: datetime) -> None:
    """Remove the counts that no limit looks at any more."""
    throttle.delete_attempts_before(session, now - KEPT_FOR)


def window_start(limit: Limit, now: datetime) -> datetime:
    """Return when the present window of `limit` began."""
    return now - (now - EPOCH) % limit.window


def digest(key: str) -> str:
    """Return what is kept of a key: addresses of people are not."""
    return sha256(key.encode()).hexdigest()
