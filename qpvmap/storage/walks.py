"""Site walks, their stops and who walked along, for those who may read them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from geoalchemy2 import WKTElement
from geoalchemy2 import functions as geo
from sqlalchemy import Select, delete, exists, func, or_, select, tuple_, update
from sqlalchemy.orm import Session, joinedload

from qpvmap.core.actors import Actor
from qpvmap.core.geo import WGS84, LonLat
from qpvmap.core.walks import BodyCount, BodyKind, WalkState
from qpvmap.storage.models import (
    SiteWalk,
    WalkBody,
    WalkPhoto,
    WalkPoint,
    WalkStop,
    WalkTheme,
)
from qpvmap.storage.rounds import Before
from qpvmap.storage.visibility import walks_of

PAGE_SIZE = 20
OFFERED = 50


@dataclass(frozen=True, slots=True)
class WalkRow:
    """A walk as a list shows it."""

    id: int
    title: str
    day: date
    starts_at: time | None
    state: str
    theme: str
    follows_id: int | None
    is_demo: bool
    stops: int
    seen: int
    heads: int


@dataclass(frozen=True, slots=True)
class WalkStopRow:
    """A stop of a walk, EPSG:4326."""

    id: int
    client_id: UUID
    walk_id: int
    position: int
    label: str
    address: str
    before_id: int | None
    note: str
    seen_at: datetime | None
    lon: float
    lat: float

    @property
    def point(self) -> LonLat:
        """Where it is."""
        return LonLat(self.lon, self.lat)


def find_walk(
    session: Session, actor: Actor, walk_id: int, *, lock: bool = False
) -> SiteWalk | None:
    """Return a walk that `actor` may read; held until the transaction ends if `lock`."""
    query = (
        select(SiteWalk)
        .options(
            joinedload(SiteWalk.theme),
            joinedload(SiteWalk.author),
            joinedload(SiteWalk.follows),
        )
        .where(SiteWalk.id == walk_id, walks_of(actor))
    )
    if lock:
        query = query.with_for_update(of=SiteWalk).execution_options(populate_existing=True)
    return session.scalar(query)


def walk_by_client_id(session: Session, client_id: UUID) -> SiteWalk | None:
    """Return what was prepared under this `client_id`, whoever asks: the caller checks."""
    return session.scalar(select(SiteWalk).where(SiteWalk.client_id == client_id))


def walks_page(
    session: Session, actor: Actor, before: Before | None = None, size: int = PAGE_SIZE
) -> tuple[list[WalkRow], Before | None]:
    """Return the walks that `actor` may read, the latest day first, and where to go on."""
    stops = (
        select(
            func.count().label("stops"),
            func.count().filter(WalkStop.seen_at.is_not(None)).label("seen"),
        )
        .where(WalkStop.walk_id == SiteWalk.id)
        .lateral()
    )
    heads = (
        select(func.coalesce(func.sum(WalkBody.heads), 0).label("heads"))
        .where(WalkBody.walk_id == SiteWalk.id)
        .lateral()
    )
    query: Select[*tuple[Any, ...]] = (
        select(
            SiteWalk.id,
            SiteWalk.title,
            SiteWalk.day,
            SiteWalk.starts_at,
            SiteWalk.state,
            WalkTheme.name.label("theme"),
            SiteWalk.follows_id,
            SiteWalk.is_demo,
            stops.c.stops,
            stops.c.seen,
            heads.c.heads,
        )
        .join(SiteWalk.theme)
        .join(stops, SiteWalk.id == SiteWalk.id)
        .join(heads, SiteWalk.id == SiteWalk.id)
        .where(walks_of(actor))
        .order_by(SiteWalk.day.desc(), SiteWalk.id.desc())
        .limit(size + 1)
    )
    if before:
        query = query.where(tuple_(SiteWalk.day, SiteWalk.id) < tuple_(before.day, before.id))
    rows = [WalkRow(**row._mapping) for row in session.execute(query)]
    shown = rows[:size]
    return shown, Before(shown[-1].day, shown[-1].id) if len(rows) > size else None


def walks_to_follow(session: Session, actor: Actor) -> Sequence[SiteWalk]:
    """Return the last walks that were ended: a new one may see their stops again."""
    return session.scalars(
        select(SiteWalk)
        .where(walks_of(actor), SiteWalk.state == WalkState.CLOSED)
        .order_by(SiteWalk.day.desc(), SiteWalk.id.desc())
        .limit(OFFERED)
    ).all()


def followers_of(session: Session, actor: Actor, walk_id: int) -> Sequence[SiteWalk]:
    """Return the walks that saw the stops of this one again, the first of them first."""
    return session.scalars(
        select(SiteWalk)
        .where(SiteWalk.follows_id == walk_id, walks_of(actor))
        .order_by(SiteWalk.day, SiteWalk.id)
    ).all()


def stops_of(session: Session, walk_ids: Sequence[int]) -> list[WalkStopRow]:
    """Return the stops of walks that the caller may read, in order."""
    rows = session.execute(
        select(
            WalkStop.id,
            WalkStop.client_id,
            WalkStop.walk_id,
            WalkStop.position,
            WalkStop.label,
            WalkStop.address,
            WalkStop.before_id,
            WalkStop.note,
            WalkStop.seen_at,
            geo.ST_X(WalkStop.location).label("lon"),
            geo.ST_Y(WalkStop.location).label("lat"),
        )
        .where(WalkStop.walk_id.in_(walk_ids))
        .order_by(WalkStop.walk_id, WalkStop.position, WalkStop.id)
    )
    return [WalkStopRow(**row._mapping) for row in rows]


def find_stop(
    session: Session, walk_id: int, stop_id: int, *, lock: bool = False
) -> WalkStop | None:
    """Return a stop of a walk that the caller may read."""
    query = select(WalkStop).where(WalkStop.walk_id == walk_id, WalkStop.id == stop_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalar(query)


def is_used(session: Session, stop_id: int) -> bool:
    """Return whether something was noted or photographed at a stop."""
    return bool(
        session.scalar(
            select(
                or_(
                    exists().where(WalkPoint.stop_id == stop_id),
                    exists().where(WalkPhoto.stop_id == stop_id),
                )
            )
        )
    )


def stop_by_client_id(session: Session, client_id: UUID) -> WalkStop | None:
    """Return what was added under this `client_id`, whoever asks: the caller checks."""
    return session.scalar(select(WalkStop).where(WalkStop.client_id == client_id))


def stop_keys(session: Session, walk_id: int) -> list[int]:
    """Return the keys of a walk's stops, in order."""
    query = select(WalkStop.id).where(WalkStop.walk_id == walk_id)
    return list(session.scalars(query.order_by(WalkStop.position, WalkStop.id)))


def number_stops(session: Session, ordered: Sequence[int]) -> None:
    """Give the stops the positions 1, 2, 3… in this order."""
    if ordered:
        places = [{"id": key, "position": place} for place, key in enumerate(ordered, start=1)]
        session.execute(update(WalkStop), places)


def bodies_of(session: Session, walk_ids: Sequence[int]) -> dict[int, list[BodyCount]]:
    """Return who walked along, by the key of the walk."""
    found: dict[int, list[BodyCount]] = {key: [] for key in walk_ids}
    rows = session.scalars(
        select(WalkBody)
        .where(WalkBody.walk_id.in_(walk_ids))
        .order_by(WalkBody.walk_id, WalkBody.position)
    )
    for row in rows:
        found[row.walk_id].append(BodyCount(BodyKind(row.kind), row.name, row.heads))
    return found


def replace_bodies(session: Session, walk_id: int, bodies: Sequence[BodyCount]) -> None:
    """Write who walked along, instead of what was written before."""
    session.execute(delete(WalkBody).where(WalkBody.walk_id == walk_id))
    session.add_all(
        WalkBody(
            walk_id=walk_id, kind=body.kind, name=body.name, heads=body.heads, position=position
        )
        for position, body in enumerate(bodies, start=1)
    )
    session.flush()


def line_of(points: Sequence[LonLat]) -> WKTElement:
    """Return a line as PostGIS takes it, EPSG:4326."""
    words = ", ".join(f"{point.lon!r} {point.lat!r}" for point in points)
    return WKTElement(f"LINESTRING({words})", srid=WGS84)


def route_of(session: Session, walk_id: int) -> list[LonLat]:
    """Return the line of a walk; empty when nobody drew or recorded one."""
    drawn = session.scalar(select(func.st_asgeojson(SiteWalk.route)).where(SiteWalk.id == walk_id))
    return [LonLat(lon, lat) for lon, lat in json.loads(drawn)["coordinates"]] if drawn else []


def delete_walk(session: Session, walk_id: int) -> None:
    """Forget a walk that was only prepared, with its stops."""
    session.execute(delete(SiteWalk).where(SiteWalk.id == walk_id))
