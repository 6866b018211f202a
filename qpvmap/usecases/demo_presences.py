"""A mediator's invented weeks, through the use cases of real life: rounds, requests, actions."""

from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.deadlines import PARIS
from qpvmap.core.outreach import Initiative, Solicitation
from qpvmap.core.presences import FORGOTTEN_AFTER
from qpvmap.storage.geodata import DemoPresence, read_demo_presences
from qpvmap.usecases.initiatives import note_initiative
from qpvmap.usecases.presence_upkeep import close_forgotten_rounds
from qpvmap.usecases.presences import (
    End,
    Move,
    Start,
    end_presence,
    move_presence,
    start_presence,
)
from qpvmap.usecases.solicitations import note_solicitation


def add_presences(
    session: Session, mediator: Actor, territory_code: str, file: str, now: datetime
) -> int:
    """Add what is missing of these weeks, all of it before `now`; return how many lines were."""
    added = 0
    for row in read_demo_presences(file):
        at = _moment(row, now)
        key = uuid5(NAMESPACE_URL, f"urn:qpvmap:demo:{territory_code}:presence:{row.number}")
        if at + timedelta(minutes=row.minutes) < now:
            added += ADDERS[row.kind](session, mediator, row, key, at)
    return added


def _moment(row: DemoPresence, now: datetime) -> datetime:
    day = now.astimezone(PARIS).date() - timedelta(days=row.days_ago)
    return datetime.combine(day, time.fromisoformat(row.at), PARIS)


def _round(session: Session, who: Actor, row: DemoPresence, key: UUID, at: datetime) -> bool:
    start = Start(key, row.sector, at, others=row.others)
    noted = start_presence(session, who, start, at)
    if noted.created:
        half = at + timedelta(minutes=row.minutes // 2)
        move_presence(session, who, Move(uuid5(key, "then"), key, row.then, half), half)
        over = at + timedelta(minutes=row.minutes)
        end_presence(session, who, End(uuid5(key, "end"), key, over), over)
    return noted.created


def _forgotten(session: Session, who: Actor, row: DemoPresence, key: UUID, at: datetime) -> bool:
    noted = start_presence(session, who, Start(key, row.sector, at), at)
    if noted.created:
        close_forgotten_rounds(session, at + FORGOTTEN_AFTER)
    return noted.created


def _asked(session: Session, who: Actor, row: DemoPresence, key: UUID, at: datetime) -> bool:
    asked = Solicitation(key, row.public, row.theme, row.body, row.sector, row.times, at=at)
    return note_solicitation(session, who, asked, at)[1]


def _action(session: Session, who: Actor, row: DemoPresence, key: UUID, at: datetime) -> bool:
    told = Initiative(
        client_id=key,
        kind=row.public,
        title=row.title,
        day=at.date(),
        sector=row.sector,
        place=row.place,
        partners=row.partners,
        people=row.people,
        minutes=row.minutes,
        organised=row.organised,
        story=row.text,
    )
    return note_initiative(session, who, told, at)[1]


ADDERS: Mapping[str, Callable[[Session, Actor, DemoPresence, UUID, datetime], bool]] = {
    "tournee": _round,
    "oubliee": _forgotten,
    "sollicitation": _asked,
    "action": _action,
}
