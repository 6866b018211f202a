"""Take back an action on many, each by itself: what cannot be is kept with its reason."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.errors import NotFound, QpvmapError
from qpvmap.core.undoing import can_be_undone
from qpvmap.storage import bulk as stored
from qpvmap.storage.models import BulkRun
from qpvmap.storage.undoing import lines_made
from qpvmap.usecases.bulk import AT_A_TIME, BUSY, BUSY_STATES, refusal_words
from qpvmap.usecases.undoing import undo


def take_back_run(session: Session, actor: Actor, run_id: UUID, now: datetime) -> int:
    """Take back the next items of a run, each in its own savepoint; return how many are left.

    Raises
    ------
    NotFound
        If the actor asked for no such run.
    """
    run = stored.run_by_id(session, run_id, lock=True)
    if run is None or run.account_id != actor.account_id:
        raise NotFound("Action", str(run_id))
    session.execute(text("set local lock_timeout = '3s'"))
    items = [dict(item) for item in run.items]
    waiting = [item for item in items if is_waiting(item)]
    for item in waiting[:AT_A_TIME]:
        item["stays"] = _reason(session, actor, item, now)
        item["undone"] = not item["stays"]
    run.items = items
    session.flush()
    return max(len(waiting) - AT_A_TIME, 0)


def is_waiting(item: dict[str, Any]) -> bool:
    """Return whether an item was done, and nobody tried to take it back."""
    return item.get("after") is not None and item.get("undone") is None


def can_be_taken_back(session: Session, run: BulkRun) -> bool:
    """Return whether some of a run may be taken back, its minute left aside: one statement."""
    made = {item["reference"]: item["after"] for item in run.items if is_waiting(item)}
    return any(can_be_undone(*line) for line in lines_made(session, made))


def _reason(session: Session, actor: Actor, item: dict[str, Any], now: datetime) -> str:
    """Take one back; return why it could not be, empty when it was."""
    try:
        with session.begin_nested():
            undo(session, actor, item["reference"], item["after"], now)
    except QpvmapError as error:
        return refusal_words(error)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) not in BUSY_STATES:
            raise
        return BUSY
    return ""
