"""Signalements as programs read them: lists by filters, and one by its reference.

Two statements at most, however many rows. A row carries who filed it, for the door to hide.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from geoalchemy2 import functions as geo
from sqlalchemy import ColumnElement, Row, ScalarSelect, Select, func, select
from sqlalchemy.orm import Session, aliased

from qpvmap.core.actors import Actor
from qpvmap.core.geo import WGS84, BBox
from qpvmap.core.permissions import Action
from qpvmap.core.privacy import masked
from qpvmap.storage.models import (
    Account,
    Category,
    Commune,
    Emprise,
    Iris,
    Organisation,
    Qpv,
    Signalement,
    Team,
    Territory,
)
from qpvmap.storage.visibility import reached_by, shown_description, visible_to


@dataclass(frozen=True, slots=True)
class Filters:
    """What the reader asked for; empty means any. `since` and `until` bound the filing.

    `qpv` keeps what lies, or may lie by its GPS accuracy, inside these quarters.
    """

    bbox: BBox | None = None
    status: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    team: tuple[str, ...] = ()
    qpv: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """A signalement with the names of what it refers to. The point is EPSG:4326."""

    id: int
    territory_id: int
    reference: str
    status: str
    nature: str
    category: str
    category_name: str
    team_id: int
    team: str
    team_name: str
    organisation_name: str
    description: str
    address: str
    lon: float
    lat: float
    accuracy_m: float | None
    insee_code: str
    commune_name: str
    iris_code: str | None
    iris_name: str | None
    qpv_code: str | None
    qpv_name: str | None
    qpv_vintage: int | None
    inside_qpv: bool
    qpv_distance_m: float | None
    share_inside: float
    reporter_id: int | None
    reporter_name: str | None
    captured_at: datetime
    created_at: datetime
    updated_at: datetime
    acknowledge_due_at: datetime
    due_at: datetime
    outcome: str | None
    priority: str
    planned_for: date | None
    waiting_on: str
    reopenings: int
    supports: int
    version: int
    is_demo: bool
    description_hidden: bool
    routing_ground: str
    routing_doubt: Mapping[str, Any] | None
    emprise_name: str
    emprise_body: str


def list_visible(
    session: Session, actor: Actor, territory: str, filters: Filters, *, offset: int, limit: int
) -> list[Summary]:
    """Return what `actor` may see on the territory of this code, newest filing first."""
    rows = session.execute(
        _summaries(actor)
        .where(*_wanted(actor, territory, filters))
        .order_by(Signalement.created_at.desc(), Signalement.id.desc())
        .offset(offset)
        .limit(limit)
    )
    return [_summary(row) for row in rows]


def count_visible(session: Session, actor: Actor, territory: str, filters: Filters) -> int:
    """Return how many signalements `list_visible` would give without a limit."""
    return session.execute(
        select(func.count())
        .select_from(Signalement)
        .join(Signalement.category)
        .join(Signalement.team)
        .where(*_wanted(actor, territory, filters))
    ).scalar_one()


def find_summary(session: Session, actor: Actor, reference: str) -> Summary | None:
    """Return the signalement of this reference if `actor` may see it."""
    row = session.execute(
        _summaries(actor).where(Signalement.reference == reference, visible_to(actor))
    ).one_or_none()
    return _summary(row) if row else None


def summary_by_id(session: Session, actor: Actor, signalement_id: int) -> Summary:
    """Return a signalement that is known to exist and that `actor` filed: the caller checked."""
    row = session.execute(_summaries(actor).where(Signalement.id == signalement_id)).one()
    return _summary(row)


def _summary(row: Row[Any]) -> Summary:
    """Return a row as its reader may read it: the words that nobody checked are masked."""
    fields = dict(row._mapping)
    if not fields.pop("unchecked"):
        fields |= {name: masked(fields[name]) for name in ("address", "waiting_on")}
    return Summary(**fields)


def _wanted(actor: Actor, territory: str, filters: Filters) -> Iterator[ColumnElement[bool]]:
    yield visible_to(actor)
    yield Signalement.territory_id == (
        select(Territory.id).where(Territory.code == territory).scalar_subquery()
    )
    if filters.bbox:
        box = filters.bbox
        envelope = func.ST_MakeEnvelope(box.west, box.south, box.east, box.north, WGS84)
        yield Signalement.location.bool_op("&&")(envelope)
    for column, values in (
        (Signalement.status, filters.status),
        (Category.code, filters.category),
        (Team.code, filters.team),
        (Signalement.qpv_code, filters.qpv),
    ):
        if values:
            yield column.in_(values)
    if filters.qpv:
        yield Signalement.share_inside > 0
    if filters.since:
        yield Signalement.created_at >= filters.since
    if filters.until:
        yield Signalement.created_at < filters.until


def _summaries(actor: Actor) -> Select[*tuple[Any, ...]]:
    owner = aliased(Organisation)
    return (
        select(
            Signalement.id,
            Signalement.territory_id,
            Signalement.reference,
            Signalement.status,
            Signalement.nature,
            Category.code.label("category"),
            Category.name.label("category_name"),
            Signalement.team_id,
            Team.code.label("team"),
            Team.name.label("team_name"),
            Organisation.name.label("organisation_name"),
            shown_description(actor),
            Signalement.address,
            geo.ST_X(Signalement.location).label("lon"),
            geo.ST_Y(Signalement.location).label("lat"),
            Signalement.accuracy_m,
            Signalement.insee_code,
            func.coalesce(_commune_name(), "").label("commune_name"),
            Signalement.iris_code,
            _iris_name().label("iris_name"),
            Signalement.qpv_code,
            _qpv_name().label("qpv_name"),
            Signalement.qpv_vintage,
            Signalement.inside_qpv,
            Signalement.qpv_distance_m,
            Signalement.share_inside,
            Signalement.reporter_id,
            Account.name.label("reporter_name"),
            Signalement.captured_at,
            Signalement.created_at,
            Signalement.updated_at,
            Signalement.acknowledge_due_at,
            Signalement.due_at,
            Signalement.outcome,
            Signalement.priority,
            Signalement.planned_for,
            Signalement.waiting_on,
            Signalement.reopenings,
            Signalement.supports,
            Signalement.version,
            Signalement.is_demo,
            Signalement.description_hidden,
            Signalement.routing_ground,
            Signalement.routing_doubt,
            func.coalesce(Emprise.name, "").label("emprise_name"),
            func.coalesce(owner.name, "").label("emprise_body"),
            reached_by(actor, Action.VIEW_UNCHECKED).label("unchecked"),
        )
        .join(Signalement.category)
        .join(Signalement.team)
        .join(Team.organisation)
        .outerjoin(Signalement.reporter)
        .outerjoin(Signalement.emprise)
        .outerjoin(owner, owner.id == Emprise.organisation_id)
    )


def _commune_name() -> ScalarSelect[str]:
    return (
        select(Commune.name)
        .where(Commune.insee_code == Signalement.insee_code)
        .order_by(Commune.vintage.desc())
        .limit(1)
        .scalar_subquery()
    )


def _iris_name() -> ScalarSelect[str]:
    return (
        select(Iris.name)
        .where(Iris.code == Signalement.iris_code)
        .order_by(Iris.vintage.desc())
        .limit(1)
        .scalar_subquery()
    )


def _qpv_name() -> ScalarSelect[str]:
    return (
        select(Qpv.name)
        .where(Qpv.code == Signalement.qpv_code, Qpv.vintage == Signalement.qpv_vintage)
        .scalar_subquery()
    )
