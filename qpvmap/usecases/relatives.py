"""What happens to the relatives of a signalement that moves: its parent, its duplicates."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.labels import STATUS_LABELS
from qpvmap.core.workflow import OPEN_STATUSES, Outcome, Status
from qpvmap.storage.models import Signalement
from qpvmap.storage.relatives import locked
from qpvmap.usecases.journal import Line, write
from qpvmap.usecases.promises import dates_of, promise_of

ALL_PARTS_ENDED = "Toutes les parties de ce signalement sont terminées."
PART_REOPENED = "Une partie de ce signalement est rouverte."


def tell_relatives(
    session: Session, actor: Actor, moved: Signalement, comment: str, now: datetime
) -> None:
    """Let the parent follow its parts, and the reporters of duplicates read what became of theirs.

    Call it in the transaction of the move, once its line is written.
    """
    parent = settle_parent(session, actor, moved, now)
    tell_duplicates(session, actor, moved, comment, now)
    if parent is not None:
        tell_duplicates(session, actor, parent, "", now)


def settle_parent(
    session: Session, actor: Actor, child: Signalement, now: datetime
) -> Signalement | None:
    """Close the parent once all its parts have ended, open it again when one is; return it then.

    The parent is done if one of them was; else it ends as the last one did.
    """
    if child.parent_id is None:
        return None
    parent = locked(session, child.parent_id)
    parts = session.scalars(select(Signalement).where(Signalement.parent_id == parent.id)).all()
    is_open = parent.status in OPEN_STATUSES
    if is_open and not any(part.status in OPEN_STATUSES for part in parts):
        line = _all_ended(child, parts, now)
    elif not is_open and child.status == Status.REOPENED:
        line = _part_reopened(session, parent, now)
    else:
        return None
    write(session, parent, actor, line, now)
    return parent


def tell_duplicates(
    session: Session, actor: Actor, original: Signalement, comment: str, now: datetime
) -> None:
    """Write what became of an original in the journal of each of its duplicates.

    Not once it is confidential and they are not: its words are no longer theirs to read.
    """
    duplicates = session.scalars(
        select(Signalement)
        .where(Signalement.duplicate_of_id == original.id, Signalement.nature == original.nature)
        .order_by(Signalement.id)
        .with_for_update()
    ).all()
    told = f"{STATUS_LABELS[Status(original.status)]}. {comment}".strip()
    for duplicate in duplicates:
        write(session, duplicate, actor, Line("original_moved", comment=told), now)


def _all_ended(child: Signalement, parts: Sequence[Signalement], now: datetime) -> Line:
    done = any(part.outcome == Outcome.DONE for part in parts)
    return Line(
        "children_ended",
        {
            "status": Status.CLOSED,
            "outcome": Outcome.DONE if done else child.outcome,
            "settled_at": now,
            "clock_stopped_at": None,
            "planned_for": None,
            "waiting_on": "",
        },
        ALL_PARTS_ENDED,
    )


def _part_reopened(session: Session, parent: Signalement, now: datetime) -> Line:
    return Line(
        "child_reopened",
        {
            "status": Status.REOPENED,
            "outcome": None,
            "settled_at": None,
            "reopenings": parent.reopenings + 1,
            **dates_of(promise_of(session, parent, now)),
        },
        PART_REOPENED,
    )
