"""Take back what was just done, before anybody was told of it: the journal keeps both lines.

What the line changed goes back to what it was: status, clock, promised dates. What it did to
relatives and to the stop of a round goes back with it.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.errors import CannotChange, NotAllowed
from qpvmap.core.permissions import Action, require
from qpvmap.core.undoing import UNDONE, can_be_undone, is_in_time
from qpvmap.core.workflow import OPEN_STATUSES
from qpvmap.storage.models import Event, Signalement
from qpvmap.storage.relatives import locked
from qpvmap.storage.undoing import (
    last_lines,
    last_state_line,
    reopen_stops,
    state_before,
    told_to_duplicates,
    was_told,
)
from qpvmap.usecases.handling import lock_visible, target_of
from qpvmap.usecases.journal import Line, write

NOTHING_TO_UNDO = "Il n’y a rien à annuler ici."
TOO_LATE = (
    "Trop tard pour annuler : la minute est passée, les personnes concernées sont prévenues. "
    "Faites plutôt l’action qui corrige, avec un mot pour elles."
)


def undo(
    session: Session, actor: Actor, reference: str, version: int, now: datetime
) -> Signalement:
    """Take back the actor's last gesture on a signalement, and return it as it was before.

    Raises
    ------
    NotFound, StaleVersion
        As `lock_visible`: somebody did something else since.
    NotAllowed
        If the actor does not handle it, or somebody else did it.
    CannotChange
        If the last gesture is none that can be taken back, or its minute is over.
    """
    signalement = lock_visible(session, actor, reference, version)
    require(actor, Action.HANDLE, target_of(signalement))
    lines = last_lines(session, signalement.id)
    _check(session, actor, lines, now)
    for line in lines:
        take_back(session, actor, signalement, line, now)
        reopen_stops(session, line)
    _reopen_parent(session, actor, signalement, now)
    return signalement


def version_to_undo(session: Session, signalement: Signalement) -> int | None:
    """Return the version that the last gesture made, when it is one that can be taken back."""
    return signalement.version if _can_be(last_lines(session, signalement.id)) else None


def _can_be(lines: Sequence[Event]) -> bool:
    known = [can_be_undone(line.kind, line.from_status, line.to_status) for line in lines]
    return bool(known) and all(known)


def _check(session: Session, actor: Actor, lines: Sequence[Event], now: datetime) -> None:
    if not _can_be(lines):
        raise CannotChange(NOTHING_TO_UNDO)
    if actor.account_id is None or lines[0].actor_id != actor.account_id:
        raise NotAllowed(Action.HANDLE)
    if not is_in_time(lines[0].at, now) or was_told(session, [line.id for line in lines]):
        raise CannotChange(TOO_LATE)


def take_back(
    session: Session, actor: Actor, signalement: Signalement, line: Event, now: datetime
) -> None:
    """Write the line that takes `line` back, and one for each duplicate that was told of it."""
    undone = Line(UNDONE, state_before(line), internal=True, undoes_id=line.id)
    write(session, signalement, actor, undone, now)
    for duplicate, told in told_to_duplicates(session, signalement.id, line):
        taken = Line(UNDONE, internal=True, undoes_id=told.id)
        write(session, duplicate, actor, taken, now)


def _reopen_parent(session: Session, actor: Actor, part: Signalement, now: datetime) -> None:
    """Open the whole again when a part that came back had been the end of it."""
    if part.parent_id is None or part.status not in OPEN_STATUSES:
        return
    parent = locked(session, part.parent_id)
    line = last_state_line(session, parent.id)
    if line is not None and line.kind == "children_ended":
        take_back(session, actor, parent, line, now)
