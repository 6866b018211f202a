"""What was seen and promised on walks. The caller may read the walks it names.

A signalement is shown to those who may see it and to nobody else: a point or a link to one that is
confidential is not there for the others, in no list and in no count.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import functions as geo
from sqlalchemy import Select, and_, case, func, or_, select, union_all
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from qpvmap.core.actors import Actor
from qpvmap.core.geo import LonLat
from qpvmap.core.permissions import Nature
from qpvmap.core.walks import Grade, Remark, Visit, WalkState
from qpvmap.storage.models import (
    Account,
    Category,
    Organisation,
    Signalement,
    SiteWalk,
    Team,
    WalkDecision,
    WalkObservation,
    WalkPhoto,
    WalkPoint,
    WalkStop,
    WalkVisit,
    walk_decision_signalement,
)
from qpvmap.storage.visibility import shown_description, visible_to, walks_of

Remarks = Mapping[int, Mapping[str, Remark]]
"""By the key of a stop, then by item."""


@dataclass(frozen=True, slots=True)
class PointRow:
    """Something noted along the way; what is of a signalement is None for what goes well."""

    id: int
    client_id: UUID
    walk_id: int
    stop_id: int | None
    kind: str
    text: str
    address: str
    captured_at: datetime
    lon: float
    lat: float
    signalement_id: int | None
    reference: str | None
    nature: str | None
    status: str | None
    outcome: str | None
    counted_from: datetime | None
    due_at: datetime | None
    category: str | None
    icon: str | None
    team: str | None
    body: str | None

    @property
    def is_secret(self) -> bool:
        """Whether it must not leave the page of those who may see it."""
        return self.nature == Nature.TRANQUILLITE

    @property
    def point(self) -> LonLat:
        """Where it is."""
        return LonLat(self.lon, self.lat)


@dataclass(frozen=True, slots=True)
class Linked:
    """A signalement that a decision is about."""

    decision_id: int
    reference: str
    nature: str
    status: str
    outcome: str | None
    category: str


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """What was promised, by whom, by when, and what became of it."""

    id: int
    walk_id: int
    what: str
    team_id: int | None
    who: str
    due_on: date | None
    status: str
    settled_at: datetime | None
    settled_by: str | None
    settled_note: str
    linked: Sequence[Linked] = ()


def visit_by_client_id(session: Session, client_id: UUID) -> WalkVisit | None:
    """Return what was sent under this `client_id`, whoever asks: the caller checks."""
    return session.scalar(select(WalkVisit).where(WalkVisit.client_id == client_id))


def point_by_client_id(session: Session, client_id: UUID) -> WalkPoint | None:
    """Return what was sent under this `client_id`, whoever asks: the caller checks."""
    return session.scalar(select(WalkPoint).where(WalkPoint.client_id == client_id))


def photo_by_client_id(session: Session, client_id: UUID) -> WalkPhoto | None:
    """Return what was sent under this `client_id`, whoever asks: the caller checks."""
    return session.scalar(select(WalkPhoto).where(WalkPhoto.client_id == client_id))


def decision_by_client_id(session: Session, client_id: UUID) -> WalkDecision | None:
    """Return what was sent under this `client_id`, whoever asks: the caller checks."""
    return session.scalar(select(WalkDecision).where(WalkDecision.client_id == client_id))


def save_remarks(session: Session, visit: Visit, author_id: int, at: datetime) -> None:
    """Write what was said of items; what somebody saw later stays as it is."""
    if not visit.remarks:
        return
    rows = [
        {
            "stop_id": visit.stop_id,
            "item_code": code,
            "grade": remark.grade,
            "text": remark.text,
            "author_id": author_id,
            "captured_at": at,
        }
        for code, remark in visit.remarks.items()
    ]
    new = insert(WalkObservation).values(rows)
    session.execute(
        new.on_conflict_do_update(
            index_elements=["stop_id", "item_code"],
            set_={name: new.excluded[name] for name in ("grade", "text", "author_id")}
            | {"captured_at": new.excluded.captured_at},
            where=WalkObservation.captured_at <= new.excluded.captured_at,
        )
    )


def remarks_of(session: Session, walk_ids: Sequence[int]) -> Remarks:
    """Return what was said at the stops of walks."""
    rows = session.execute(
        select(
            WalkObservation.stop_id,
            WalkObservation.item_code,
            WalkObservation.grade,
            WalkObservation.text,
        )
        .join(WalkStop, WalkStop.id == WalkObservation.stop_id)
        .where(WalkStop.walk_id.in_(walk_ids))
    )
    found: dict[int, dict[str, Remark]] = {}
    for stop_id, code, grade, text in rows:
        found.setdefault(stop_id, {})[code] = Remark(Grade(grade), text)
    return found


def points_of(session: Session, actor: Actor, walk_ids: Sequence[int]) -> list[PointRow]:
    """Return what was noted on walks, but for the signalements that `actor` may not see."""
    seen = and_(Signalement.id == WalkPoint.signalement_id, visible_to(actor))
    rows = session.execute(
        select(
            WalkPoint.id,
            WalkPoint.client_id,
            WalkPoint.walk_id,
            WalkPoint.stop_id,
            WalkPoint.kind,
            case(
                (Signalement.id.is_not(None), shown_description(actor)), else_=WalkPoint.text
            ).label("text"),
            func.coalesce(Signalement.address, WalkPoint.address).label("address"),
            WalkPoint.captured_at,
            geo.ST_X(WalkPoint.location).label("lon"),
            geo.ST_Y(WalkPoint.location).label("lat"),
            Signalement.id.label("signalement_id"),
            Signalement.reference,
            Signalement.nature,
            Signalement.status,
            Signalement.outcome,
            Signalement.counted_from,
            Signalement.due_at,
            Category.name.label("category"),
            Category.icon,
            Team.name.label("team"),
            Organisation.name.label("body"),
        )
        .select_from(WalkPoint)
        .outerjoin(Signalement, seen)
        .outerjoin(Category, Category.id == Signalement.category_id)
        .outerjoin(Team, Team.id == Signalement.team_id)
        .outerjoin(Organisation, Organisation.id == Team.organisation_id)
        .where(
            WalkPoint.walk_id.in_(walk_ids),
            or_(WalkPoint.signalement_id.is_(None), Signalement.id.is_not(None)),
        )
        .order_by(WalkPoint.walk_id, WalkPoint.captured_at, WalkPoint.id)
    )
    return [PointRow(**row._mapping) for row in rows]


def photos_of(session: Session, walk_ids: Sequence[int]) -> list[WalkPhoto]:
    """Return the photos of walks that are still there, the first taken first."""
    return list(
        session.scalars(
            select(WalkPhoto)
            .where(WalkPhoto.walk_id.in_(walk_ids), WalkPhoto.removed_at.is_(None))
            .order_by(WalkPhoto.walk_id, WalkPhoto.captured_at, WalkPhoto.id)
        )
    )


def count_photos(session: Session, stop_id: int | None, point_id: int | None) -> int:
    """Return how many photos of a stop or of a point are there."""
    place = WalkPhoto.stop_id == stop_id if stop_id else WalkPhoto.point_id == point_id
    counted: int = session.execute(
        select(func.count()).where(place, WalkPhoto.removed_at.is_(None))
    ).scalar_one()
    return counted


def find_photo(
    session: Session, actor: Actor, photo_id: int, *, lock: bool = False
) -> WalkPhoto | None:
    """Return a photo that is still there, of a walk that `actor` may read."""
    query = (
        select(WalkPhoto)
        .join(SiteWalk, SiteWalk.id == WalkPhoto.walk_id)
        .where(WalkPhoto.id == photo_id, WalkPhoto.removed_at.is_(None), walks_of(actor))
    )
    if lock:
        query = query.with_for_update(of=WalkPhoto)
    return session.scalar(query)


def decisions_of(session: Session, actor: Actor, walk_ids: Sequence[int]) -> list[DecisionRow]:
    """Return what was promised on walks, and the signalements it is about that one may see."""
    settler = aliased(Account)
    rows: Select[*tuple[Any, ...]] = (
        select(
            WalkDecision.id,
            WalkDecision.walk_id,
            WalkDecision.what,
            WalkDecision.team_id,
            func.coalesce(Team.name, WalkDecision.owner).label("who"),
            WalkDecision.due_on,
            WalkDecision.status,
            WalkDecision.settled_at,
            settler.name.label("settled_by"),
            WalkDecision.settled_note,
        )
        .outerjoin(Team, Team.id == WalkDecision.team_id)
        .outerjoin(settler, settler.id == WalkDecision.settled_by)
        .where(WalkDecision.walk_id.in_(walk_ids))
        .order_by(WalkDecision.walk_id, WalkDecision.due_on.nulls_last(), WalkDecision.id)
    )
    links = linked_to(session, actor, walk_ids)
    return [
        DecisionRow(**row._mapping, linked=links.get(row.id, ())) for row in session.execute(rows)
    ]


def linked_to(
    session: Session, actor: Actor, walk_ids: Sequence[int]
) -> Mapping[int, Sequence[Linked]]:
    """Return the signalements of decisions that `actor` may see, by decision."""
    link = walk_decision_signalement.c
    rows = session.execute(
        select(
            link.decision_id,
            Signalement.reference,
            Signalement.nature,
            Signalement.status,
            Signalement.outcome,
            Category.name.label("category"),
        )
        .join(WalkDecision, WalkDecision.id == link.decision_id)
        .join(Signalement, Signalement.id == link.signalement_id)
        .join(Category, Category.id == Signalement.category_id)
        .where(WalkDecision.walk_id.in_(walk_ids), visible_to(actor))
        .order_by(link.decision_id, Signalement.id)
    )
    found: dict[int, list[Linked]] = {}
    for row in rows:
        found.setdefault(row.decision_id, []).append(Linked(**row._mapping))
    return found


def find_decision(
    session: Session, walk_id: int, decision_id: int, *, lock: bool = False
) -> WalkDecision | None:
    """Return a decision of a walk that the caller may read."""
    query = select(WalkDecision).where(
        WalkDecision.walk_id == walk_id, WalkDecision.id == decision_id
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalar(query)


def walk_of_signalement(
    session: Session, actor: Actor, signalement: Signalement
) -> SiteWalk | None:
    """Return the walk on which a signalement was seen, if `actor` may read it."""
    if signalement.walk_id is None:
        return None
    return session.scalar(
        select(SiteWalk).where(SiteWalk.id == signalement.walk_id, walks_of(actor))
    )


def is_open(walk: SiteWalk) -> bool:
    """Return whether a walk has not been ended."""
    return walk.state != WalkState.CLOSED


def clocks_off(session: Session, walk: SiteWalk) -> list[int]:
    """Return by how much the clock of the phone was late, for each sending where it was not right.

    Seconds, negative when it was ahead; of what was seen at stops, points, photos and the end.
    """
    told = [
        select(WalkVisit.clock_off_s).join(WalkStop).where(WalkStop.walk_id == walk.id),
        select(WalkPoint.clock_off_s).where(WalkPoint.walk_id == walk.id),
        select(WalkPhoto.clock_off_s).where(
            WalkPhoto.walk_id == walk.id, WalkPhoto.removed_at.is_(None)
        ),
        select(SiteWalk.end_clock_off_s).where(SiteWalk.id == walk.id),
    ]
    return [off for off in session.scalars(union_all(*told)) if off is not None]
