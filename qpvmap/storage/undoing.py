"""Lines of a journal that were taken back, and those that may be."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, select, tuple_, update
from sqlalchemy.orm import Session, aliased

from qpvmap.core.rounds import StopState
from qpvmap.storage.models import Event, Notice, RoundStop, Signalement


def still_stands() -> ColumnElement[bool]:
    """Return the condition on `event` rows that they neither take back nor were taken back."""
    taken_back = aliased(Event)
    return and_(Event.undoes_id.is_(None), ~exists().where(taken_back.undoes_id == Event.id))


def was_undone(session: Session, event_id: int) -> bool:
    """Return whether a line was taken back."""
    return bool(session.scalar(select(exists().where(Event.undoes_id == event_id))))


def held_still(session: Session, signalement_id: int) -> Signalement:
    """Return a signalement whose lines nobody takes back until the transaction ends."""
    return session.scalars(
        select(Signalement)
        .where(Signalement.id == signalement_id)
        .with_for_update(read=True, key_share=True)
    ).one()


def was_told(session: Session, event_ids: Sequence[int]) -> bool:
    """Return whether anybody was written to about one of these lines."""
    return bool(session.scalar(select(exists().where(Notice.event_id.in_(event_ids)))))


def last_lines(session: Session, signalement_id: int) -> Sequence[Event]:
    """Return the lines that changed a signalement in the last gesture on it, newest first.

    One gesture may write several: same author, same instant, one after the other. A line that
    changed nothing counts when it moves.
    """
    lines = session.scalars(
        select(Event)
        .where(
            Event.signalement_id == signalement_id,
            (Event.changes != {}) | (Event.kind == "moved"),
        )
        .order_by(Event.sequence.desc())
        .limit(MOST_LINES)
    ).all()
    if not lines:
        return ()
    same = (lines[0].actor_id, lines[0].at)
    gesture = []
    for line in lines:
        if (line.actor_id, line.at) != same:
            break
        gesture.append(line)
    return gesture


MOST_LINES = 4
"""Lines of one gesture at most: a stop of a round goes through two statuses."""


def lines_made(session: Session, made: Mapping[str, int]) -> Sequence[tuple[str, str | None, str]]:
    """Return the kinds of lines, and their statuses, that made these versions, by reference."""
    rows = session.execute(
        select(Event.kind, Event.from_status, Event.to_status)
        .join(Signalement, Signalement.id == Event.signalement_id)
        .where(tuple_(Signalement.reference, Event.version).in_(list(made.items())))
        .distinct()
    )
    return [(kind, before, after) for kind, before, after in rows]


def last_state_line(session: Session, signalement_id: int) -> Event | None:
    """Return the line that last changed a signalement."""
    return session.scalar(
        select(Event)
        .where(Event.signalement_id == signalement_id, Event.changes != {})
        .order_by(Event.sequence.desc())
        .limit(1)
    )


def told_to_duplicates(
    session: Session, original_id: int, line: Event
) -> Sequence[tuple[Signalement, Event]]:
    """Return what a line of an original wrote in the journals of its duplicates, locked."""
    rows = session.execute(
        select(Signalement, Event)
        .join(Event, Event.signalement_id == Signalement.id)
        .where(
            Signalement.duplicate_of_id == original_id,
            Event.kind == "original_moved",
            Event.at == line.at,
            Event.actor_id.is_not_distinct_from(line.actor_id),
            still_stands(),
        )
        .order_by(Signalement.id, Event.sequence)
        .with_for_update(of=Signalement)
    )
    return [(signalement, event) for signalement, event in rows]


def reopen_stops(session: Session, line: Event) -> None:
    """Give back to their rounds the stops that a line settled."""
    session.execute(
        update(RoundStop)
        .where(
            RoundStop.signalement_id == line.signalement_id,
            RoundStop.settled_at == line.at,
            RoundStop.settled_by == line.actor_id,
        )
        .values(state=StopState.TODO, reason="", settled_at=None, settled_by=None)
    )


def state_before(line: Event) -> Mapping[str, object]:
    """Return the fields that a line changed as they were before it, in the types of the row."""
    was: Mapping[str, Any] = line.changes.get("was", {})
    return {name: _decoded(name, value) for name, value in was.items()}


def _decoded(name: str, value: Any) -> object:
    kind = Signalement.__table__.c[name].type.python_type
    return kind.fromisoformat(value) if value is not None and kind in (date, datetime) else value
