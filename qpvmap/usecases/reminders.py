"""Reminders of promises: before, at, and at twice the delay, each once for a date that is due."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from hashlib import sha256
from itertools import groupby
from typing import Any

from sqlalchemy.orm import Session

from qpvmap.core.bulletins import (
    CONFIDENTIAL,
    INBOX,
    Bulletin,
    Group,
    Line,
    Link,
    joined,
    others,
    page_of,
)
from qpvmap.core.deadlines import Step
from qpvmap.core.digests import MAX_LINES, desk
from qpvmap.core.french import due_words
from qpvmap.core.labels import STATUS_LABELS
from qpvmap.core.notices import NewNotice, PersonKind, Recipient
from qpvmap.core.permissions import Nature
from qpvmap.core.team_words import ALL_VIEW, OTHER_TEAM, STEP_OPENINGS, reminder_subject
from qpvmap.core.workflow import Status
from qpvmap.storage.accounts import Member, copied_members
from qpvmap.storage.models import Signalement, Team
from qpvmap.storage.reminders import (
    Due,
    closed_days,
    due_reminders,
    overseers,
    still_due,
    take_reminders,
)
from qpvmap.usecases.calendars import days_off
from qpvmap.usecases.digests import sees_confidential
from qpvmap.usecases.notices import post
from qpvmap.usecases.push import on_devices, with_devices

REMINDER = "reminder"
LATE_VIEW = "?vue=en-retard"


def send_reminders(session: Session, now: datetime) -> int:
    """Post the reminders due at `now`, one for each team and step; return how many notices.

    A promise is recalled once at each of its steps: when its date changes, it is another promise.
    """
    holidays = days_off(now.year - 1)
    desks = {key: desk(now, holidays | closed) for key, closed in closed_days(session).items()}
    taken = take_reminders(session, due_reminders(session, desks, now), now)
    return sum(
        _post(session, team_id, step, list(promises), now)
        for (team_id, step), promises in groupby(sorted(taken, key=_by_team), key=_by_team)
    )


def _by_team(due: Due) -> tuple[int, Step]:
    return due.team_id, due.step


def _post(
    session: Session, team_id: int, step: Step, promises: Sequence[Due], now: datetime
) -> int:
    team = session.get_one(Team, team_id)
    people = [Recipient(PersonKind.TEAM, team.id, team.email)]
    if step is Step.TWICE:
        people += [
            Recipient(PersonKind.ACCOUNT, account.id, account.email)
            for account in overseers(session, team.id)
        ]
    pairs = [[one.signalement_id, one.due_at.isoformat()] for one in promises]

    def notice_to(recipient: Recipient) -> NewNotice:
        return NewNotice(
            source=f"reminder:{step}:{digest_of(pairs)}",
            kind=REMINDER,
            territory_id=team.territory_id,
            recipient=recipient,
            signalement_id=promises[0].signalement_id if len(promises) == 1 else None,
            payload={"team_id": team.id, "step": step, "promises": pairs},
        )

    told = with_devices(session, [notice_to(recipient) for recipient in people])
    mailed = {recipient.id for recipient in people if recipient.kind is PersonKind.ACCOUNT}
    told += [
        push
        for member in members_on_browsers(session, team)
        if member.id not in mailed
        for push in on_devices(
            session, notice_to(Recipient(PersonKind.ACCOUNT, member.id, member.email)), member.id
        )
    ]
    return sum(post(session, notice, now) is not None for notice in told)


def members_on_browsers(session: Session, team: Team) -> list[Member]:
    """Return the people of a team who may be told on a browser; the mail goes to its address."""
    return [
        member
        for member in copied_members(session, team.id)
        if not team.confidential or sees_confidential(member.actor)
    ]


def digest_of(pairs: Iterable[Sequence[object]]) -> str:
    """Return a short name for a set of promises, always the same for the same set."""
    said = ";".join(sorted(f"{key}@{due}" for key, due in pairs))
    return sha256(said.encode()).hexdigest()[:16]


def reminder_bulletin(
    session: Session, payload: Mapping[str, Any], now: datetime
) -> Bulletin | None:
    """Return a reminder as it stands when it is sent; None when all of it was seen to meanwhile."""
    step, team = Step(payload["step"]), session.get_one(Team, payload["team_id"])
    pairs = [(key, datetime.fromisoformat(due)) for key, due in payload["promises"]]
    left = still_due(session, pairs, team.id)
    if not left:
        return None
    off = days_off(now.year - 1)
    href = INBOX + (ALL_VIEW if step is Step.BEFORE else LATE_VIEW)
    return Bulletin(
        subject=reminder_subject(team.name, step, len(left)),
        opening=STEP_OPENINGS[step],
        groups=[Group(team.name, [_line(one, now, off) for one in left[:MAX_LINES]])],
        more=others(len(left) - MAX_LINES, href),
        notes=(OTHER_TEAM,),
        action=Link("Ouvrir la corbeille", href),
        why="Ce rappel part une fois pour chaque date promise. Une nouvelle date en fait un autre.",
    )


def _line(signalement: Signalement, now: datetime, off: frozenset[date]) -> Line:
    """Return a promise in a line; of what is confidential, the reference alone."""
    due = due_words(signalement.counted_from, signalement.due_at, now, off)
    status = STATUS_LABELS[Status(signalement.status)].lower()
    if signalement.nature != Nature.TECHNIQUE:
        title = f"{CONFIDENTIAL}, {signalement.reference}"
        return Line(title, due, page_of(signalement.reference))
    return Line(
        f"{signalement.category.name}, {signalement.reference}",
        joined(signalement.address, status, due),
        page_of(signalement.reference),
    )
