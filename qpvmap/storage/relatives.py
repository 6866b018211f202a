"""Signalements that belong together: parts of one report, duplicates of one defect."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import exists, or_, select, text
from sqlalchemy.orm import Session, aliased, joinedload

from qpvmap.core.actors import Actor
from qpvmap.core.workflow import OPEN_STATUSES
from qpvmap.storage.models import Event, Signalement
from qpvmap.storage.visibility import visible_to

ONE_AT_A_TIME = text("select pg_advisory_xact_lock(hashtextextended('joining', 0))")
"""Held until the transaction ends; joining takes milliseconds and is rare."""

PLACE_COLUMNS = (
    "territory_id",
    "address",
    "location",
    "accuracy_m",
    "position_method",
    "insee_code",
    "iris_code",
    "qpv_code",
    "qpv_vintage",
    "inside_qpv",
    "qpv_distance_m",
    "share_inside",
)


def columns_of_place(signalement: Signalement) -> dict[str, Any]:
    """Return the columns that say where a signalement is."""
    return {name: getattr(signalement, name) for name in PLACE_COLUMNS}


def locked_together(session: Session, references: Sequence[str]) -> dict[str, Signalement]:
    """Return the signalements of these references, whoever asks: the caller checks.

    Originals are locked before duplicates, then in the order of their keys, whatever the order
    asked for: whoever moves an original locks its duplicates after it. Which is which may change
    while one waits, so those who join or part two things take their turn first.
    """
    session.execute(ONE_AT_A_TIME)
    rows = session.scalars(
        select(Signalement)
        .options(joinedload(Signalement.category), joinedload(Signalement.team))
        .where(Signalement.reference.in_(references))
        .order_by(Signalement.duplicate_of_id.is_not(None), Signalement.id)
        .with_for_update(of=Signalement)
        .execution_options(populate_existing=True)
    )
    return {row.reference: row for row in rows}


def original_reference(session: Session, reference: str) -> str | None:
    """Return the reference of what this one duplicates, whoever asks; None when it does not."""
    original = aliased(Signalement)
    return session.scalar(
        select(original.reference)
        .join(Signalement, Signalement.duplicate_of_id == original.id)
        .where(Signalement.reference == reference)
    )


def duplicates_of(session: Session, signalement_id: int) -> Sequence[Signalement]:
    """Return the duplicates of an original that the caller has locked, locked too."""
    return session.scalars(
        select(Signalement)
        .where(Signalement.duplicate_of_id == signalement_id)
        .order_by(Signalement.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def has_parts(session: Session, signalement_id: int) -> bool:
    """Return whether a signalement was split."""
    return bool(session.scalar(select(exists().where(Signalement.parent_id == signalement_id))))


def followers_of(session: Session, duplicate: Signalement) -> Sequence[Signalement]:
    """Return what followed a duplicate to its original when it was merged, locked; oldest first.

    They are duplicates of that original whose last change of it was to follow this one.
    """
    last = (
        select(Event.changes)
        .where(
            Event.signalement_id == Signalement.id,
            Event.changes["set"].has_key("duplicate_of_id"),
        )
        .order_by(Event.sequence.desc())
        .limit(1)
        .scalar_subquery()
    )
    return session.scalars(
        select(Signalement)
        .where(
            Signalement.duplicate_of_id == duplicate.duplicate_of_id,
            last["was"]["duplicate_of_id"].as_integer() == duplicate.id,
        )
        .order_by(Signalement.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def reported_a_duplicate(session: Session, account_id: int, original_id: int) -> bool:
    """Return whether an account filed something that was merged into this original."""
    theirs = exists().where(
        Signalement.duplicate_of_id == original_id, Signalement.reporter_id == account_id
    )
    return bool(session.scalar(select(theirs)))


def locked(session: Session, signalement_id: int) -> Signalement:
    """Return a signalement, locked until the transaction ends, as it is now."""
    return session.scalars(
        select(Signalement)
        .where(Signalement.id == signalement_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def has_open_parts(session: Session, signalement_id: int) -> bool:
    """Return whether a signalement was split and one of its parts has not ended."""
    part = exists().where(
        Signalement.parent_id == signalement_id, Signalement.status.in_(OPEN_STATUSES)
    )
    return bool(session.scalar(select(part)))


def last_merge(session: Session, signalement_id: int) -> Mapping[str, Any]:
    """Return what a duplicate's state was before it was merged, as the journal holds it."""
    changes = session.scalars(
        select(Event.changes)
        .where(Event.signalement_id == signalement_id, Event.kind == "merged")
        .order_by(Event.sequence.desc())
        .limit(1)
    ).one()
    was: Mapping[str, Any] = changes["was"]
    return was


def relatives(session: Session, actor: Actor, signalement: Signalement) -> Sequence[Signalement]:
    """Return its parent, parts, original and duplicates that `actor` may see, oldest first."""
    known = [key for key in (signalement.parent_id, signalement.duplicate_of_id) if key]
    return session.scalars(
        select(Signalement)
        .options(joinedload(Signalement.category), joinedload(Signalement.team))
        .where(
            or_(
                Signalement.id.in_(known),
                Signalement.parent_id == signalement.id,
                Signalement.duplicate_of_id == signalement.id,
            ),
            visible_to(actor),
        )
        .order_by(Signalement.id)
    ).all()
