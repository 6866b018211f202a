"""A town's own list, by those who keep it: sent, read as they say, started, left, looked at."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.equipment_lists import (
    UNDER_WAY,
    Choices,
    ListState,
)
from qpvmap.core.errors import CannotChange, NotFound
from qpvmap.core.permissions import Action, Target, require
from qpvmap.storage.equipment_lists import (
    due_lists,
    forget_lists,
    found_list,
    locked_list,
    remove_places,
)
from qpvmap.storage.imports import EQUIPMENT, bump_data_version
from qpvmap.storage.models import EquipmentList
from qpvmap.storage.queue import enqueue

JOB = "place_equipment_list"
KEPT_FOR = timedelta(days=31)
STALLED_AFTER = timedelta(minutes=5)
"""A search that has told nothing for so long has been left by its worker."""
OVER = "Cette liste est déjà enregistrée."
BUSY = "Cette liste est en cours d’enregistrement."


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file as it was sent, and its sheets as JSON keeps them."""

    filename: str
    sha256: str
    content: dict[str, Any]


def keep_list(
    session: Session,
    actor: Actor,
    territory_id: int,
    sent: SentFile,
    choices: Choices,
    now: datetime,
) -> UUID:
    """Keep a list that was read, until somebody says which column is what; return its key.

    Raises
    ------
    NotAllowed
        If the actor does not keep the equipment of the territory.
    """
    require(actor, Action.EDIT_EQUIPMENT, Target(territory_id))
    row = EquipmentList(
        id=uuid4(),
        territory_id=territory_id,
        account_id=actor.account_id,
        filename=sent.filename[:200],
        sha256=sent.sha256,
        content=sent.content,
        choices=choices.told(),
        created_at=now,
        advanced_at=now,
    )
    session.add(row)
    session.flush()
    return row.id


def list_shown(session: Session, actor: Actor, territory_id: int, key: UUID) -> EquipmentList:
    """Return a list of the territory.

    Raises
    ------
    NotAllowed, NotFound
        If the actor does not keep the equipment, or there is no such list.
    """
    require(actor, Action.EDIT_EQUIPMENT, Target(territory_id))
    row = found_list(session, territory_id, key)
    if row is None:
        raise NotFound("Liste", str(key))
    return row


def _held(session: Session, actor: Actor, territory_id: int, key: UUID) -> EquipmentList:
    require(actor, Action.EDIT_EQUIPMENT, Target(territory_id))
    row = locked_list(session, key, territory_id)
    if row is None:
        raise NotFound("Liste", str(key))
    return row


def choose(
    session: Session, actor: Actor, territory_id: int, key: UUID, choices: Choices
) -> EquipmentList:
    """Keep what somebody says of a list that is not being written.

    Raises
    ------
    NotAllowed, NotFound
        As `list_shown` does.
    CannotChange
        If the list is being written, or is.
    """
    row = _held(session, actor, territory_id, key)
    if row.state != ListState.READ:
        raise CannotChange(OVER if row.state == ListState.DONE else BUSY)
    row.choices = choices.told()
    session.flush()
    return row


def start_list(
    session: Session, actor: Actor, territory_id: int, key: UUID, source: str, now: datetime
) -> None:
    """Have the places of a list looked for and written, by a job.

    Raises
    ------
    NotAllowed, NotFound, CannotChange
        As `choose` does.
    """
    row = _held(session, actor, territory_id, key)
    if row.state != ListState.READ:
        raise CannotChange(OVER if row.state == ListState.DONE else BUSY)
    row.source = source
    _send(session, row, now)


def go_on(
    session: Session,
    actor: Actor,
    territory_id: int,
    key: UUID,
    now: datetime,
    *,
    without_search: bool = False,
) -> None:
    """Go on with a list that stopped; `without_search`: what is not found yet waits for a person.

    Raises
    ------
    NotAllowed, NotFound
        As `list_shown` does.
    CannotChange
        If it has not stopped.
    """
    row = _held(session, actor, territory_id, key)
    if row.state != ListState.PAUSED and not is_stalled(row, now):
        raise CannotChange(OVER if row.state == ListState.DONE else BUSY)
    row.without_search = without_search
    _send(session, row, now)


def go_on_with_due_lists(session: Session, now: datetime) -> int:
    """Go on with the lists whose search stopped and is to be tried again; return how many."""
    rows = due_lists(session, now)
    for row in rows:
        _send(session, row, now)
    return len(rows)


def _send(session: Session, row: EquipmentList, now: datetime) -> None:
    row.state, row.trouble, row.advanced_at, row.retry_at = ListState.WAITING, "", now, None
    session.flush()
    enqueue(session, JOB, list_id=str(row.id))


def is_stalled(row: EquipmentList, now: datetime) -> bool:
    """Return whether a list that is being written has told nothing for too long."""
    return row.state in UNDER_WAY and now - row.advanced_at > STALLED_AFTER


def drop_list(session: Session, actor: Actor, territory_id: int, key: UUID) -> None:
    """Leave a list: nothing of it is written.

    Raises
    ------
    NotAllowed, NotFound
        As `list_shown` does.
    CannotChange
        If it is written already.
    """
    row = _held(session, actor, territory_id, key)
    if row.state == ListState.DONE:
        raise CannotChange(OVER)
    session.delete(row)
    session.flush()


def remove_gone(session: Session, actor: Actor, territory_id: int, key: UUID, now: datetime) -> int:
    """Take off the map the places that the file of a list has no more; return how many.

    Raises
    ------
    NotAllowed, NotFound
        As `list_shown` does.
    """
    row = _held(session, actor, territory_id, key)
    gone = dict((row.outcome or {}).get("gone", {}))
    removed = remove_places(session, row.source, gone)
    if row.outcome:
        row.outcome = {**row.outcome, "gone": {}}
    if removed:
        bump_data_version(session, EQUIPMENT.family, now)
    session.flush()
    return removed


def forget_old_lists(session: Session, now: datetime) -> int:
    """Forget lists that nobody has brought to an end for a month; return how many."""
    return forget_lists(session, now - KEPT_FOR)
