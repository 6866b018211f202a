"""The dates promised to people, from the delays of a team and the days on which it works."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from qpvmap.core.deadlines import Pause, Priority, Promise, promise, resumed
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


def dates_of(promise: Promise) -> dict[str, object]:
    """Return a promise as fields of a signalement's state."""
    return {
        "acknowledge_due_at": promise.acknowledge_due_at,
        "due_at": promise.due_at,
        "counted_from": promise.counted_from,
    }


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
    session: Session, signalement: Signalement, terms: Terms, now: datetime, *, resumes: bool
) -> Promise:
    """Return what would have been promised at reception under other terms.

    A team that is given it `now` owes to say so from now on; what becomes an emergency `now`
    counts its hours from now on. The time during which the clock was stopped is given back: a
    stop that lasts ends now if the signalement `resumes`, else it is given back when it ends.
    """
    past = waited(signalement.created_at, changes_over_time(session, signalement.id))
    pauses = [*past.pauses]
    if past.paused_at is not None and resumes:
        pauses.append((past.paused_at, now))
    if terms.team.id != signalement.team_id:
        past.team_since = now
    if terms.priority != signalement.priority:
        past.pressing_since = now
    since = past.received_at
    if terms.priority is Priority.EMERGENCY:
        since = max(since, past.pressing_since)
    asked = _counted(session, terms, since, pauses)
    taken = _counted(session, terms, max(since, past.team_since), pauses)
    return replace(asked, acknowledge_due_at=taken.acknowledge_due_at)


def _counted(session: Session, terms: Terms, since: datetime, pauses: Sequence[Pause]) -> Promise:
    """Return what is promised from `since` on, the pauses after it given back."""
    made = promised(session, terms.category, terms.team, terms.priority, since)
    off = days_off_of(session, terms.team, since)
    for start, end in pauses:
        if end > since:
            made = resumed(made, (max(start, since), end), off, terms.priority)
    return made
