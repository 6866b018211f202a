"""Rounds and their stops, as far as the reader may lead them; metres between places.

A stop whose report the reader does not handle keeps its place in the order and tells nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from geoalchemy2 import functions as geo
from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    delete,
    exists,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import Session, aliased, joinedload

from qpvmap.core.actors import Actor
from qpvmap.core.geo import WGS84, LonLat
from qpvmap.core.permissions import Action
from qpvmap.core.rounds import RoundStatus, StopState
from qpvmap.core.walking import Distances
from qpvmap.core.workflow import OPEN_STATUSES, Status
from qpvmap.storage.models import (
    Account,
    Category,
    Round,
    RoundStop,
    Signalement,
    Team,
    team_member,
)
from qpvmap.storage.statements import statement
from qpvmap.storage.visibility import reached_by, rounds_of, shown_description

PAGE_SIZE = 30
NEAR = 8


@dataclass(frozen=True, slots=True)
class Before:
    """The last round of a page: the next page goes on from it, further back."""

    day: date
    id: int

    def __str__(self) -> str:
        """Return the form that `parse` reads."""
        return f"{self.day.isoformat()}~{self.id}"

    @classmethod
    def parse(cls, text: str) -> "Before":
        """Return what `2026-11-26~12` says.

        Raises
        ------
        ValueError
            If it is anything else.
        """
        day, _, key = text.partition("~")
        number = int(key)
        if not 0 <= number < 2**63:
            raise ValueError("no key of a row")
        return cls(date.fromisoformat(day), number)


@dataclass(frozen=True, slots=True)
class RoundRow:
    """A round as the list shows it."""

    id: int
    title: str
    day: date
    status: str
    team: str
    walker: str | None
    stops: int
    settled: int


@dataclass(frozen=True, slots=True)
class StopRow:
    """A stop; all that is of its report is None when the reader does not handle it. EPSG:4326."""

    id: int
    position: int
    state: str
    reason: str
    settled_at: datetime | None
    settled_by: str | None
    signalement_id: int | None
    reference: str | None
    version: int | None
    nature: str | None
    status: str | None
    outcome: str | None
    priority: str | None
    category: str | None
    icon: str | None
    photo_after: bool | None
    description: str | None
    address: str | None
    insee_code: str | None
    counted_from: datetime | None
    due_at: datetime | None
    planned_for: date | None
    lon: float | None
    lat: float | None
    elsewhere: bool

    @property
    def is_ours(self) -> bool:
        """Whether the reader handles the report."""
        return self.signalement_id is not None

    @property
    def is_left(self) -> bool:
        """Whether the walker still has to go there."""
        waits = self.state in (StopState.TODO, StopState.POSTPONED)
        return self.is_ours and waits and self.status in OPEN_STATUSES

    @property
    def ended_elsewhere(self) -> bool:
        """Whether somebody settled the report without this round."""
        return self.is_ours and self.state == StopState.TODO and self.status not in OPEN_STATUSES

    @property
    def point(self) -> LonLat | None:
        """Where it is, for those who may know."""
        return None if self.lon is None or self.lat is None else LonLat(self.lon, self.lat)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A report that somebody asks to have on a round."""

    id: int
    reference: str
    team_id: int
    territory_id: int
    status: str


@dataclass(frozen=True, slots=True)
class Near:
    """A report that the walker could see to on the way."""

    reference: str
    category: str
    icon: str
    address: str
    nature: str
    distance_m: float


def find_round(
    session: Session, actor: Actor, round_id: int, *, lock: bool = False
) -> Round | None:
    """Return a round that `actor` may lead; held until the transaction ends if `lock`."""
    query = (
        select(Round)
        .options(
            joinedload(Round.team).joinedload(Team.organisation),
            joinedload(Round.author),
            joinedload(Round.walker),
        )
        .where(Round.id == round_id, rounds_of(actor))
    )
    if lock:
        query = query.with_for_update(of=Round).execution_options(populate_existing=True)
    return session.scalar(query)


def find_stop(
    session: Session, round_id: int, stop_id: int, *, lock: bool = False
) -> RoundStop | None:
    """Return a stop of a round that the caller may lead."""
    query = select(RoundStop).where(RoundStop.round_id == round_id, RoundStop.id == stop_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalar(query)


def rounds_page(
    session: Session, actor: Actor, before: Before | None = None
) -> tuple[list[RoundRow], Before | None]:
    """Return the rounds that `actor` may lead, the latest day first, and where to go on."""
    walker = aliased(Account)
    seen = func.count().filter(RoundStop.state.in_((StopState.DONE, StopState.BLOCKED)))
    counts = (
        select(func.count().label("stops"), seen.label("settled"))
        .where(RoundStop.round_id == Round.id)
        .lateral()
    )
    query: Select[*tuple[Any, ...]] = (
        select(
            Round.id,
            Round.title,
            Round.day,
            Round.status,
            Team.name.label("team"),
            walker.name.label("walker"),
            counts.c.stops,
            counts.c.settled,
        )
        .join(Round.team)
        .outerjoin(walker, walker.id == Round.walker_id)
        .join(counts, Round.id == Round.id)
        .where(rounds_of(actor))
        .order_by(Round.day.desc(), Round.id.desc())
        .limit(PAGE_SIZE + 1)
    )
    if before:
        query = query.where(tuple_(Round.day, Round.id) < tuple_(before.day, before.id))
    rows = [RoundRow(**row._mapping) for row in session.execute(query)]
    shown = rows[:PAGE_SIZE]
    more = len(rows) > PAGE_SIZE
    return shown, Before(shown[-1].day, shown[-1].id) if more else None


def stops_of(session: Session, actor: Actor, round_id: int) -> list[StopRow]:
    """Return the stops of a round in order, in one statement."""
    settler = aliased(Account)
    ours = and_(Signalement.id == RoundStop.signalement_id, reached_by(actor, Action.HANDLE))
    rows = session.execute(
        select(
            RoundStop.id,
            RoundStop.position,
            RoundStop.state,
            RoundStop.reason,
            RoundStop.settled_at,
            settler.name.label("settled_by"),
            Signalement.id.label("signalement_id"),
            Signalement.reference,
            Signalement.version,
            Signalement.nature,
            Signalement.status,
            Signalement.outcome,
            Signalement.priority,
            Category.name.label("category"),
            Category.icon,
            Category.photo_after,
            case((Signalement.id.is_not(None), shown_description(actor))).label("description"),
            Signalement.address,
            Signalement.insee_code,
            Signalement.counted_from,
            Signalement.due_at,
            Signalement.planned_for,
            geo.ST_X(Signalement.location).label("lon"),
            geo.ST_Y(Signalement.location).label("lat"),
            _on_another_round().label("elsewhere"),
        )
        .select_from(RoundStop)
        .outerjoin(Signalement, ours)
        .outerjoin(Category, Category.id == Signalement.category_id)
        .outerjoin(settler, settler.id == RoundStop.settled_by)
        .where(RoundStop.round_id == round_id)
        .order_by(RoundStop.position, RoundStop.id)
    )
    return [StopRow(**row._mapping) for row in rows]


def _on_another_round() -> ColumnElement[bool]:
    """Return whether a report is still to be seen to on another round of the same team."""
    here, other, stop = aliased(Round), aliased(Round), aliased(RoundStop)
    return exists().where(
        here.id == RoundStop.round_id,
        stop.signalement_id == Signalement.id,
        stop.round_id != RoundStop.round_id,
        stop.state == StopState.TODO,
        other.id == stop.round_id,
        other.team_id == here.team_id,
        other.status != RoundStatus.DONE,
    )


def depot_of(session: Session, round_: Round) -> LonLat | None:
    """Return where a round sets out from and comes back to, if anybody said."""
    return _point_in(
        session,
        select(geo.ST_X(Round.depot), geo.ST_Y(Round.depot)).where(
            Round.id == round_.id, Round.depot.is_not(None)
        ),
    )


def team_depot(session: Session, team_id: int) -> LonLat | None:
    """Return where a team's rounds set out from, if anybody said."""
    return _point_in(
        session,
        select(geo.ST_X(Team.depot), geo.ST_Y(Team.depot)).where(
            Team.id == team_id, Team.depot.is_not(None)
        ),
    )


def _point_in(session: Session, query: Select[*tuple[Any, ...]]) -> LonLat | None:
    row = session.execute(query).one_or_none()
    return LonLat(row[0], row[1]) if row else None


def candidates(session: Session, actor: Actor, references: Sequence[str]) -> list[Candidate]:
    """Return those of `references` that `actor` handles, in the order given."""
    rows = session.execute(
        select(
            Signalement.id,
            Signalement.reference,
            Signalement.team_id,
            Signalement.territory_id,
            Signalement.status,
        ).where(Signalement.reference.in_(references), reached_by(actor, Action.HANDLE))
    )
    found = {row.reference: Candidate(**row._mapping) for row in rows}
    return [found[reference] for reference in references if reference in found]


def near_by(session: Session, actor: Actor, round_: Round, around: LonLat) -> list[Near]:
    """Return the open reports nearest to a place that `actor` handles and the round leaves out."""
    here = func.st_setsrid(func.st_makepoint(around.lon, around.lat), WGS84)
    inside = select(RoundStop.signalement_id).where(RoundStop.round_id == round_.id)
    metres = func.st_distance(func.geography(Signalement.location), func.geography(here)).label(
        "distance_m"
    )
    rows = session.execute(
        select(
            Signalement.reference,
            Category.name.label("category"),
            Category.icon,
            Signalement.address,
            Signalement.nature,
            metres,
        )
        .join(Signalement.category)
        .where(
            reached_by(actor, Action.HANDLE),
            Signalement.territory_id == round_.territory_id,
            Signalement.status.in_([s for s in OPEN_STATUSES if s is not Status.TO_ARBITRATE]),
            Signalement.id.not_in(inside),
            or_(Signalement.team_id == round_.team_id, Signalement.team_id.in_(actor.team_ids)),
        )
        .order_by(Signalement.location.op("<->")(here), Signalement.id)
        .limit(NEAR)
    )
    return [Near(**row._mapping) for row in rows]


def walkers_of(session: Session, team_id: int) -> dict[int, str]:
    """Return who may walk for a team, key to name."""
    rows = session.execute(
        select(Account.id, Account.name)
        .join(team_member, team_member.c.account_id == Account.id)
        .where(team_member.c.team_id == team_id, Account.active)
        .order_by(Account.name, Account.id)
    )
    return {row[0]: row[1] for row in rows}


def stop_keys(session: Session, round_id: int) -> list[int]:
    """Return the keys of a round's stops, in order."""
    return list(
        session.scalars(
            select(RoundStop.id)
            .where(RoundStop.round_id == round_id)
            .order_by(RoundStop.position, RoundStop.id)
        )
    )


def number_stops(session: Session, ordered: Sequence[int]) -> None:
    """Give the stops the positions 1, 2, 3… in this order."""
    if ordered:
        places = [{"id": key, "position": place} for place, key in enumerate(ordered, start=1)]
        session.execute(update(RoundStop), places)


def signalements_on(session: Session, round_id: int) -> set[int]:
    """Return the keys of the reports of a round."""
    query = select(RoundStop.signalement_id).where(RoundStop.round_id == round_id)
    return set(session.scalars(query))


def delete_round(session: Session, round_id: int) -> None:
    """Forget a round and its stops."""
    session.execute(delete(Round).where(Round.id == round_id))


def distances_between(session: Session, places: Sequence[LonLat]) -> Distances:
    """Return the metres between each two places, on the ellipsoid, in one statement."""
    size = len(places)
    if size == 0:
        return []
    flat = session.scalars(
        statement("round_distances"),
        {"lons": [place.lon for place in places], "lats": [place.lat for place in places]},
    ).all()
    return [flat[row * size : (row + 1) * size] for row in range(size)]
