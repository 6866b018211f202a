"""The dates promised to people, from the delays of a team and the days on which it works."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from qpvmap.core.deadlines import Priority, Promise, after_pause, promise
from qpvmap.core.journal import waited
from qpvmap.storage.deadlines import closing_days, delays_of
from qpvmap.storage.models import Category, Signalement, Team
from qpvmap.storage.signalements import changes_over_time
from qpvmap.usecases.calendars import days_off


@dataclass(frozen=True, slots=True)
class Terms:
    """What a promise depends on, besides when it was made."""

    category: Category
    team: Team
    priority: Priority


def days_off_of(session: Session, team: Team, now: datetime) -> frozenset[date]:
    """Return the days on which a team does not work, from the year before `now` on."""
    return days_off(now.year - 1) | closing_days(session, team.organisation_id)


def promised(
    session: Session, category: Category, team: Team, priority: Priority, received_at: datetime
) -> Promise:
    """Return what `team` promises on `category` for something received at `received_at`."""
    return promise(
        received_at,
        delays_of(session, category, team.id),
        priority,
        days_off_of(session, team, received_at),
    )


def promise_of(session: Session, signalement: Signalement, received_at: datetime) -> Promise:
    """Return what is promised anew for a signalement that its team receives at `received_at`."""
    return promised(
        session,
        signalement.category,
        signalement.team,
        Priority(signalement.priority),
        received_at,
    )


def promise_kept(
    session: Session, signalement: Signalement, terms: Terms, resumed_at: datetime | None
) -> Promise:
    """Return what would have been promised at reception under other terms.

    The time during which the clock was stopped is given back. A stop that lasts ends at
    `resumed_at`; with None it goes on, and is given back when it ends.
    """
    lines = changes_over_time(session, signalement.id)
    past = waited(signalement.created_at, lines)
    made = promised(session, terms.category, terms.team, terms.priority, past.received_at)
    off = days_off_of(session, terms.team, past.received_at)
    pauses = [*past.pauses]
    if past.paused_at is not None and resumed_at is not None:
        pauses.append((past.paused_at, resumed_at))
    for start, end in pauses:
        made = Promise(
            after_pause(made.acknowledge_due_at, start, end, off),
            after_pause(made.due_at, start, end, off),
        )
    return made
