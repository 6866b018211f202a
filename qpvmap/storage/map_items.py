"""What the list beside the map names: signalements one may see, operations, equipment, places."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from geoalchemy2 import functions as geo
from sqlalchemy import ColumnElement, TextClause, and_, func, or_, select, text
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.geo import WGS84, BBox
from qpvmap.core.permissions import Nature
from qpvmap.core.workflow import OPEN_STATUSES, RUNNING_STATUSES, Outcome, Status
from qpvmap.storage.models import Category, Signalement
from qpvmap.storage.visibility import shown_description, visible_to

SETTLED = (Status.RESOLVED, Status.CLOSED)
MOST_ON_MAP = 2000


@dataclass(frozen=True, slots=True)
class MapSignalement:
    """A signalement as the map and its list show it, without its author. EPSG:4326."""

    reference: str
    category: str
    icon: str
    nature: str
    status: str
    description: str
    is_demo: bool
    due_at: datetime
    counted_from: datetime
    lon: float
    lat: float

    @property
    def is_open(self) -> bool:
        """Whether work is still owed."""
        return self.status in OPEN_STATUSES

    @property
    def is_running(self) -> bool:
        """Whether the promised date counts."""
        return self.status in RUNNING_STATUSES

    @property
    def is_confidential(self) -> bool:
        """Whether it is about people: shown to few."""
        return self.nature == Nature.TRANQUILLITE

    def is_late(self, now: datetime) -> bool:
        """Whether the promised instant is past while the clock runs."""
        return self.is_running and now > self.due_at


@dataclass(frozen=True, slots=True)
class MapScope:
    """Whose map: the reader, the territory, the day from which settled ones are still shown."""

    actor: Actor
    territory_id: int
    settled_since: datetime
    bbox: BBox | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many signalements the reader may see."""

    open: int
    late: int
    settled: int


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A place of the list: its kind, code, name, what it is in words, and where."""

    kind: str
    code: str
    name: str
    detail: str
    lon: float
    lat: float
    theme: str = ""
    status: str = ""
    approximate: bool = False


def _open() -> ColumnElement[bool]:
    return Signalement.status.in_(OPEN_STATUSES)


def _running() -> ColumnElement[bool]:
    return Signalement.status.in_(RUNNING_STATUSES)


def _settled(scope: MapScope) -> ColumnElement[bool]:
    return and_(
        Signalement.status.in_(SETTLED),
        Signalement.outcome == Outcome.DONE,
        func.coalesce(Signalement.settled_at, Signalement.updated_at) >= scope.settled_since,
    )


def _within(scope: MapScope) -> list[ColumnElement[bool]]:
    """Return the conditions of what the reader may see on this map."""
    conditions = [visible_to(scope.actor), Signalement.territory_id == scope.territory_id]
    if scope.bbox:
        box = func.ST_MakeEnvelope(
            scope.bbox.west, scope.bbox.south, scope.bbox.east, scope.bbox.north, WGS84
        )
        conditions.append(func.ST_Intersects(Signalement.location, box))
    return conditions


def map_signalements(
    session: Session, scope: MapScope, limit: int = MOST_ON_MAP, *, is_open: bool | None = None
) -> list[MapSignalement]:
    """Return what the reader may see: what is open first, the most pressing first.

    `is_open` keeps one of the two halves; None keeps both, `limit` of each: much open work
    must not hide what was done.
    """
    if is_open is None:
        return [
            *map_signalements(session, scope, limit, is_open=True),
            *map_signalements(session, scope, limit, is_open=False),
        ]
    rows = session.execute(
        select(
            Signalement.reference,
            Category.name,
            Category.icon,
            Signalement.nature,
            Signalement.status,
            shown_description(scope.actor),
            Signalement.is_demo,
            Signalement.due_at,
            Signalement.counted_from,
            geo.ST_X(Signalement.location),
            geo.ST_Y(Signalement.location),
        )
        .join(Category, Category.id == Signalement.category_id)
        .where(*_within(scope), _open() if is_open else _settled(scope))
        .order_by(Signalement.due_at, Signalement.id)
        .limit(limit)
    )
    return [MapSignalement(*row) for row in rows]


def count_signalements(session: Session, scope: MapScope, now: datetime) -> Counts:
    """Return how many are open, late at `now`, and settled lately."""
    row = session.execute(
        select(
            func.count().filter(_open()),
            func.count().filter(_running(), Signalement.due_at < now),
            func.count().filter(_settled(scope)),
        ).where(*_within(scope), or_(_open(), _settled(scope)))
    ).one()
    return Counts(*row)


PLACES = text("""
    with territory as (select * from territory where id = :territory_id),
    communes as (
        select distinct on (commune.insee_code)
               commune.insee_code, commune.name, commune.perimeter, commune.population
        from commune join territory on commune.insee_code = any (territory.insee_codes)
        order by commune.insee_code, commune.vintage desc
    )
    select 'qpv' as kind, code, name, detail, st_x(label) as lon, st_y(label) as lat
    from (
        select distinct on (qpv.code) qpv.code, qpv.name, qpv.vintage,
               'Quartier prioritaire ' || qpv.vintage as detail,
               st_pointonsurface(qpv.perimeter) as label,
               qpv.code = any (territory.qpv_codes) as main
        from qpv, territory
        where qpv.perimeter && (select st_setsrid(st_extent(perimeter)::geometry, 4326)
                                from communes)
          and qpv.vintage = (select max(vintage) from qpv)
        order by qpv.code, qpv.vintage desc
    ) as quarters
    union all
    select 'commune', insee_code, name, 'Commune', st_x(st_pointonsurface(perimeter)),
           st_y(st_pointonsurface(perimeter))
    from communes
    union all
    select 'iris', code, name, commune_name, st_x(label), st_y(label)
    from (
        select distinct on (iris.code) iris.code, iris.name, communes.name as commune_name,
               st_pointonsurface(iris.perimeter) as label
        from iris join communes on communes.insee_code = iris.insee_code
        order by iris.code, iris.vintage desc
    ) as blocks
""")

OPERATIONS = text("""
    select 'operation' as kind, operation.code, operation.title as name,
           coalesce((select commune.name from commune
                     where commune.insee_code = operation.insee_code
                     order by commune.vintage desc limit 1), '') as detail,
           st_x(location) as lon, st_y(location) as lat, theme, status,
           position_quality = 'approximate' as approximate
    from operation
    where territory_id = :territory_id and location is not null and removed_at is null
    order by detail, operation.code
""")

EQUIPMENT = text("""
    with quarter as (
        select st_union(qpv.perimeter)::geography as ground
        from qpv join territory on qpv.code = any (territory.qpv_codes)
        where territory.id = :territory_id
    ),
    around as materialized (
        select st_buffer(ground, 1500)::geometry as shape from quarter
    ),
    wanted as (
        select equipment.id
        from territory
        cross join lateral unnest(territory.insee_codes) as commune (code)
        join equipment on equipment.insee_code = commune.code
        where territory.id = :territory_id
        union
        select equipment.id
        from around
        join equipment on st_intersects(around.shape, equipment.location)
    )
    select 'equipement' as kind, equipment.id::text as code, equipment.name,
           equipment.detail, st_x(location) as lon, st_y(location) as lat, theme,
           equipment.kind as status
    from equipment join wanted on wanted.id = equipment.id, quarter
    where not exists (
        select from equipment_match as match
        where match.second_id = equipment.id and match.territory_id = :territory_id
          and match.state = 'same')
    order by equipment.location::geography <-> quarter.ground, equipment.id
    limit :limit
""")


def _rows(session: Session, query: TextClause, **given: int) -> Sequence[PlaceRow]:
    return [PlaceRow(**row) for row in session.execute(query, given).mappings()]


def places(session: Session, territory_id: int) -> Sequence[PlaceRow]:
    """Return the quarters, communes and IRIS of a territory."""
    return _rows(session, PLACES, territory_id=territory_id)


def operations(session: Session, territory_id: int) -> Sequence[PlaceRow]:
    """Return the investment plan, commune by commune."""
    return _rows(session, OPERATIONS, territory_id=territory_id)


def equipment(session: Session, territory_id: int, limit: int = 200) -> Sequence[PlaceRow]:
    """Return the equipment of the layer, the nearest to the quarter first."""
    return _rows(session, EQUIPMENT, territory_id=territory_id, limit=limit)
