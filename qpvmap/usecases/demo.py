"""Invented people and signalements, marked as such, for an installation to show itself.

Everything goes through the use cases of real life, at moments of the past: teams, due dates and
journals are true. Twice adds nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy.orm import Session

from qpvmap.core.actors import ANONYMOUS, Actor, Role
from qpvmap.core.deadlines import PARIS, is_working_day
from qpvmap.core.errors import NotFound
from qpvmap.core.signalements import PositionMethod, Submission
from qpvmap.core.territories import PersonPlan
from qpvmap.core.workflow import TRANSITIONS, Request, Status
from qpvmap.storage.accounts import account_by_email, actor_of, demo_addresses
from qpvmap.storage.geodata import (
    DemoSignalement,
    read_demo_signalements,
    read_demo_walks,
    read_plan,
)
from qpvmap.storage.models import Signalement, Territory
from qpvmap.storage.signalements import territory_by_code
from qpvmap.usecases.accounts import (
    NewAccount,
    create_account,
    has_password,
    hash_password,
    set_password,
)
from qpvmap.usecases.calendars import days_off
from qpvmap.usecases.demo_presences import add_presences
from qpvmap.usecases.demo_walks import load_demo_walks
from qpvmap.usecases.handling import change_status
from qpvmap.usecases.signalements import submit
from qpvmap.usecases.telling import untold

OPENING, CLOSING = time(9, 0), time(17, 30)
FRESH = timedelta(days=1)
"""A signalement of less than a day ago is filed at that very moment, whatever the hour."""

Step = tuple[Status, float]
"""A move, and when: how much of the promised delay has gone by (1 is the due date)."""

STORIES: Mapping[str, Sequence[Step]] = {
    "new": (),
    "taken": ((Status.ACKNOWLEDGED, 0.2),),
    "going": ((Status.ACKNOWLEDGED, 0.2), (Status.IN_PROGRESS, 0.4)),
    "late": ((Status.ACKNOWLEDGED, 0.6),),
    "refused": ((Status.CLOSED, 0.5),),
    "resolved": (
        (Status.ACKNOWLEDGED, 0.1),
        (Status.IN_PROGRESS, 0.3),
        (Status.RESOLVED, 0.7),
    ),
    "resolved-late": (
        (Status.ACKNOWLEDGED, 0.5),
        (Status.IN_PROGRESS, 1.0),
        (Status.RESOLVED, 1.6),
    ),
    "closed": (
        (Status.ACKNOWLEDGED, 0.1),
        (Status.IN_PROGRESS, 0.3),
        (Status.RESOLVED, 0.7),
        (Status.CLOSED, 3.0),
    ),
    "closed-late": (
        (Status.ACKNOWLEDGED, 0.5),
        (Status.IN_PROGRESS, 1.1),
        (Status.RESOLVED, 1.9),
        (Status.CLOSED, 4.0),
    ),
    "reopened": (
        (Status.ACKNOWLEDGED, 0.1),
        (Status.IN_PROGRESS, 0.3),
        (Status.RESOLVED, 0.7),
        (Status.REOPENED, 1.2),
        (Status.IN_PROGRESS, 2.5),
    ),
}


@dataclass(frozen=True, slots=True)
class DemoReport:
    """How many invented people, signalements, walks, lines of a mediator's days were added."""

    people: int
    signalements: int
    walks: int = 0
    presences: int = 0


@dataclass(frozen=True, slots=True)
class Cast:
    """The invented people, by address, and whoever stands in where a team has nobody."""

    by_email: Mapping[str, Actor]
    stand_in: Actor

    def reporter(self, email: str) -> Actor:
        """Return who files: nobody in particular when `email` is empty."""
        return self.by_email[email] if email else ANONYMOUS

    def handler(self, team_id: int) -> Actor:
        """Return somebody of the team, else the coordination."""
        members = (actor for actor in self.by_email.values() if team_id in actor.team_ids)
        return next(members, self.stand_in)


def load_demo(session: Session, territory_code: str, password: str, now: datetime) -> DemoReport:
    """Add what is missing of the invented people and signalements of a territory.

    Parameters
    ----------
    password : str
        Of the people who are added; those who are there keep theirs.
    now : datetime
        The present of the demonstration: signalements fill the months before it.

    Raises
    ------
    NotFound
        If the territory was not loaded.
    """
    territory = territory_by_code(session, territory_code)
    if territory is None:
        raise NotFound("Territoire", territory_code)
    plan = read_plan(territory_code)
    people = _add_people(session, territory, plan.people, password, now)
    cast = _cast(session, plan.people)
    mediator = next((a for a in cast.by_email.values() if Role.MEDIATOR in a.roles), None)
    noted = 0
    if plan.demo_presences and mediator:
        noted = add_presences(session, mediator, plan.code, plan.demo_presences, now)
    if not plan.demo_signalements:
        return DemoReport(people, 0, presences=noted)
    rows = read_demo_signalements(plan.demo_signalements)
    rows = sorted(rows, key=lambda row: filed_at(row, now))
    with untold(session):
        filed = sum(_add_signalement(session, territory, cast, row, now) for row in rows)
        walks = 0
        if plan.demo_walks:
            keys = {row.number: demo_client_id(territory.code, row.number) for row in rows}
            invented = read_demo_walks(plan.demo_walks)
            walks = load_demo_walks(session, territory, invented, cast.by_email, keys, now)
    return DemoReport(people, filed, walks, noted)


def reset_demo_passwords(session: Session, password: str, now: datetime) -> int:
    """Give every invented person this password; return how many had another."""
    accounts = [account_by_email(session, email) for email in demo_addresses(session)]
    others = [account for account in accounts if account and not has_password(account, password)]
    for account in others:
        set_password(session, account, password, now)
    return len(others)


def _add_people(
    session: Session,
    territory: Territory,
    people: Sequence[PersonPlan],
    password: str,
    now: datetime,
) -> int:
    """Add those who have no account; the password is the same, so it is digested once."""
    missing = [person for person in people if account_by_email(session, person.email) is None]
    digest = hash_password(password) if missing else None
    for person in missing:
        account = create_account(session, _new_account(territory, person), now)
        account.password = digest
    session.flush()
    return len(missing)


def _new_account(territory: Territory, person: PersonPlan) -> NewAccount:
    return NewAccount(
        email=person.email,
        name=person.name,
        roles=tuple(person.roles),
        team_codes=tuple(person.teams),
        territory_code=territory.code,
        organisation_code=person.organisation,
        is_demo=True,
    )


def _cast(session: Session, people: Sequence[PersonPlan]) -> Cast:
    found = {person.email: account_by_email(session, person.email) for person in people}
    actors = {email: actor_of(account) for email, account in found.items() if account}
    everywhere = next(actor for actor in actors.values() if Role.COORDINATOR in actor.roles)
    return Cast(actors, everywhere)


def _add_signalement(
    session: Session, territory: Territory, cast: Cast, row: DemoSignalement, now: datetime
) -> bool:
    """File one signalement and play its story up to the present; False when it is there."""
    receipt = submit(
        session,
        cast.reporter(row.author),
        territory,
        _submission(territory, row),
        filed_at(row, now),
        is_demo=True,
    )
    if receipt.created:
        _play(session, cast.handler(receipt.signalement.team_id), receipt.signalement, row, now)
    return receipt.created


def _submission(territory: Territory, row: DemoSignalement) -> Submission:
    return Submission(
        client_id=demo_client_id(territory.code, row.number),
        category=row.category,
        lon=row.lon,
        lat=row.lat,
        accuracy_m=row.accuracy_m,
        position_method=PositionMethod.GPS if row.accuracy_m else PositionMethod.PIN,
        description=row.description,
    )


def demo_client_id(territory_code: str, number: int) -> UUID:
    """Return the identifier under which an invented signalement is filed, always the same."""
    return uuid5(NAMESPACE_URL, f"urn:qpvmap:demo:{territory_code}:{number}")


def _play(
    session: Session, handler: Actor, signalement: Signalement, row: DemoSignalement, now: datetime
) -> None:
    """Make the moves of the story that belong to the past, each at a working hour."""
    answers = iter(row.answers)
    for to, at in _moments(signalement, row, now):
        move = TRANSITIONS[Status(signalement.status)][to]
        request = Request(
            to=to,
            comment=next(answers) if move.comment_required else "",
            outcome=move.outcomes[0] if move.outcomes else None,
        )
        change_status(
            session,
            handler,
            signalement.reference,
            request,
            version=signalement.version,
            now=at,
        )


def _moments(
    signalement: Signalement, row: DemoSignalement, now: datetime
) -> Iterator[tuple[Status, datetime]]:
    delay = signalement.due_at - signalement.created_at
    previous = signalement.created_at
    for to, part in STORIES[row.story]:
        wanted = max(signalement.created_at + part * delay, previous + timedelta(minutes=25))
        at = _working_moment(wanted, row.number)
        if at >= now:
            return
        yield to, at
        previous = at


def filed_at(row: DemoSignalement, now: datetime) -> datetime:
    """Return when it was seen: by day, at a minute of its own."""
    instant = now - timedelta(days=row.days_ago)
    if now - instant < FRESH:
        return instant
    minutes = 8 * 60 + row.number * 97 % (11 * 60)
    day = instant.astimezone(PARIS).date()
    return datetime.combine(day, time(minutes // 60, minutes % 60), PARIS)


def _working_moment(wanted: datetime, number: int) -> datetime:
    """Return `wanted` if it falls in working hours, else the next morning's early hours."""
    local = wanted.astimezone(PARIS)
    off = days_off(local.year)
    if is_working_day(local.date(), off) and OPENING <= local.time() <= CLOSING:
        return local
    day = local.date() if local.time() < OPENING else local.date() + timedelta(days=1)
    while not is_working_day(day, off):
        day += timedelta(days=1)
    return datetime.combine(day, OPENING, PARIS) + timedelta(minutes=number * 7 % 120)
