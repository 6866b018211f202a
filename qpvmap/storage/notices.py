"""Rows of what is sent to people: each step from waiting to sent, taken by one worker at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from qpvmap.core.notices import NewNotice, Sending
from qpvmap.storage.models import Notice

UNDER_WAY = (Sending.WAITING, Sending.SENDING)


def insert_notice(session: Session, notice: NewNotice, now: datetime) -> int | None:
    """Add a notice and return its id; None when there is one under its key already."""
    recipient = notice.recipient
    person = {f"{recipient.kind}_id": recipient.id}
    return session.scalar(
        insert(Notice)
        .values(
            key=notice.key,
            territory_id=notice.territory_id,
            kind=notice.kind,
            channel=notice.channel,
            signalement_id=notice.signalement_id,
            event_id=notice.event_id,
            address=recipient.address,
            payload=dict(notice.payload),
            created_at=now,
            **person,
        )
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(Notice.id)
    )


def locked_notice(session: Session, notice_id: int) -> Notice | None:
    """Return a notice as it is now, locked, whoever asks: the caller checks."""
    return session.scalar(
        select(Notice)
        .where(Notice.id == notice_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


@dataclass(frozen=True, slots=True)
class Turn:
    """Whoever took a notice up, by the number of their attempt: nobody else has it."""

    notice_id: int
    attempt: int


def change_mine(
    session: Session, turn: Turn, states: tuple[Sending, ...], values: Mapping[str, Any]
) -> bool:
    """Change a notice in one of `states` if it is still one's turn; return whether it was."""
    changed = session.scalar(
        update(Notice)
        .where(
            Notice.id == turn.notice_id,
            Notice.attempts == turn.attempt,
            or_(Notice.state.in_(states), Notice.in_doubt & (Notice.state == Sending.FAILED)),
        )
        .values(**values)
        .returning(Notice.id)
    )
    return changed is not None


LOST = text("""
    select notice.id from notice
    where notice.state in ('waiting', 'sending', 'handing') and notice.created_at < :before
        and not exists (
            select from procrastinate_jobs job
            where job.task_name = :task and job.status in ('todo', 'doing')
                and job.args ->> 'notice_id' = notice.id::text
        )
    order by notice.id
    limit 1000
""")


def lost_notices(session: Session, task: str, before: datetime) -> Sequence[int]:
    """Return the notices posted before an instant that no job is going to deliver any more."""
    return session.scalars(LOST, {"task": task, "before": before}).all()


def first_of_thread(session: Session, notice: Notice) -> int:
    """Return the id of the first notice to this person, by this channel, about this report."""
    first = session.scalar(
        select(func.min(Notice.id)).where(
            Notice.signalement_id == notice.signalement_id,
            Notice.channel == notice.channel,
            Notice.account_id.is_not_distinct_from(notice.account_id),
            Notice.contact_id.is_not_distinct_from(notice.contact_id),
            Notice.team_id.is_not_distinct_from(notice.team_id),
        )
    )
    return first or notice.id
