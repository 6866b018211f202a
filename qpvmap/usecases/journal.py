"""The one writer of a signalement's state: each change is a line of its journal, or is not made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.journal import STATE_FIELDS, difference, encoded
from qpvmap.storage.models import Event, Signalement
from qpvmap.usecases.telling import announce


@dataclass(frozen=True, slots=True)
class Line:
    """What happens: its kind, what it changes of the state, and what is said of it.

    `internal` lines are for those who handle; the others are for whoever may see the signalement.
    `undoes_id` is the line that this one takes back.
    """

    kind: str
    changes: Mapping[str, object] = field(default_factory=dict)
    comment: str = ""
    internal: bool = False
    undoes_id: int | None = None


def open_journal(session: Session, signalement: Signalement, actor: Actor, now: datetime) -> Event:
    """Write the first line of a signalement that was just inserted: its whole state."""
    state = {name: encoded(getattr(signalement, name)) for name in STATE_FIELDS}
    event = _event(signalement, actor, Line("created"), now)
    event.sequence = 1
    event.changes = {"set": state}
    event.from_status = None
    session.add(event)
    session.flush()
    announce(session, event, signalement, actor)
    return event


def write(
    session: Session, signalement: Signalement, actor: Actor, line: Line, now: datetime
) -> Event:
    """Apply a line to a signalement whose row the caller has locked, and return its event.

    The version rises when the state changes, so that a reader of the former one is told; a mere
    message leaves it.
    """
    changes = {**_consequences(signalement, line), **line.changes}
    before = {name: getattr(signalement, name) for name in changes}
    event = _event(signalement, actor, line, now)
    event.changes = difference(before, changes)
    if event.changes:
        for name, value in changes.items():
            setattr(signalement, name, value)
        signalement.version += 1
        signalement.updated_at = now
    event.version = signalement.version
    event.to_status = signalement.status
    event.sequence = _next_sequence(session, signalement.id)
    session.add(event)
    session.flush()
    announce(session, event, signalement, actor)
    return event


def _consequences(signalement: Signalement, line: Line) -> Mapping[str, object]:
    """Return what goes with a change whatever makes it: another team, another person."""
    team_id = line.changes.get("team_id", signalement.team_id)
    return {} if team_id == signalement.team_id else {"assignee_id": None}


def _event(signalement: Signalement, actor: Actor, line: Line, now: datetime) -> Event:
    return Event(
        signalement_id=signalement.id,
        version=signalement.version,
        kind=line.kind,
        internal=line.internal,
        at=now,
        actor_id=actor.account_id,
        organisation_id=actor.organisation_id,
        from_status=signalement.status,
        to_status=signalement.status,
        comment=line.comment,
        undoes_id=line.undoes_id,
    )


def _next_sequence(session: Session, signalement_id: int) -> int:
    last = session.scalar(
        select(func.max(Event.sequence)).where(Event.signalement_id == signalement_id)
    )
    return (last or 0) + 1
