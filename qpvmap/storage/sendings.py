"""What was sent and what could not be, for those who look after it; and how the worker is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, or_, select, text
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.notices import Sending
from qpvmap.storage.models import Event, Notice, Signalement
from qpvmap.storage.visibility import visible_to

PAGE = 50


@dataclass(frozen=True, slots=True)
class SendingLine:
    """One notice as a list shows it; `reference` is empty when the reader may not know of it."""

    id: int
    kind: str
    channel: str
    address: str
    reference: str
    about_one: bool
    in_doubt: bool
    attempts: int
    error: str
    created_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Health:
    """How the queue is: what waits, since when, and when a worker last gave a sign of life."""

    waiting: int
    oldest_at: datetime | None
    seen_at: datetime | None
    failed: int


def failed_sendings(
    session: Session, actor: Actor, before: int | None = None
) -> Sequence[SendingLine]:
    """Return the failed sendings of the actor's territories, newest first, one page."""
    return _lines(session, actor, Notice.state == Sending.FAILED, before)


def sent_mails(session: Session, actor: Actor, before: int | None = None) -> Sequence[SendingLine]:
    """Return the mails that were sent on the actor's territories, newest first, one page."""
    sent = and_(Notice.state == Sending.SENT, Notice.channel == "mail")
    return _lines(session, actor, sent, before)


def sending_line(session: Session, actor: Actor, notice_id: int) -> SendingLine | None:
    """Return one sending of the actor's territories."""
    return next(iter(_read(session, _chosen(actor, Notice.id == notice_id))), None)


def failed_about(session: Session, signalement_id: int) -> Sequence[Notice]:
    """Return what could not be sent about a signalement, to its people or its duplicates'."""
    lines = select(Event.id).where(Event.signalement_id == signalement_id)
    return session.scalars(
        select(Notice)
        .where(
            Notice.state == Sending.FAILED,
            or_(Notice.signalement_id == signalement_id, Notice.event_id.in_(lines)),
        )
        .order_by(Notice.id.desc())
        .limit(PAGE)
    ).all()


QUEUE = text("""
    select count(*) as waiting, min(event.at) as oldest_at
    from procrastinate_jobs job
    left join lateral (
        select max(at) as at from procrastinate_events
        where job_id = job.id and type in ('deferred', 'deferred_for_retry', 'scheduled')
    ) event on true
    where job.status = 'todo' and (job.scheduled_at is null or job.scheduled_at <= :now)
""")
FAILED = text("select count(*) from procrastinate_jobs where status = 'failed'")
SEEN = text("select max(last_heartbeat) from procrastinate_workers")


def worker_health(session: Session, now: datetime) -> Health:
    """Return how the queue is at `now`: jobs that are due later do not wait."""
    waiting, oldest_at = session.execute(QUEUE, {"now": now}).one()
    return Health(waiting, oldest_at, session.scalar(SEEN), session.scalar(FAILED) or 0)


def _lines(
    session: Session, actor: Actor, condition: ColumnElement[bool], before: int | None
) -> Sequence[SendingLine]:
    chosen = _chosen(actor, condition).order_by(Notice.id.desc()).limit(PAGE)
    if before is not None:
        chosen = chosen.where(Notice.id < before)
    return _read(session, chosen)


def _chosen(actor: Actor, condition: ColumnElement[bool]) -> Select[Notice, str]:
    return (
        select(Notice, Signalement.reference)
        .outerjoin(Signalement, and_(Signalement.id == Notice.signalement_id, visible_to(actor)))
        .where(Notice.territory_id.in_(sorted(actor.territory_ids)), condition)
    )


def _read(session: Session, chosen: Select[Notice, str]) -> Sequence[SendingLine]:
    return [
        SendingLine(
            id=notice.id,
            kind=notice.kind,
            channel=notice.channel,
            address=notice.address,
            reference=reference or "",
            about_one=notice.signalement_id is not None,
            in_doubt=notice.in_doubt,
            attempts=notice.attempts,
            error=notice.error,
            created_at=notice.created_at,
            sent_at=notice.sent_at,
        )
        for notice, reference in session.execute(chosen)
    ]
