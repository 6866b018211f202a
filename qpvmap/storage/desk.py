"""What a team reads at its desk: the inbox, and one signalement with its history.

Every question is bounded by what the actor may handle or see; none depends on the row count.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from geoalchemy2 import functions as geo
from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    func,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from qpvmap.core.actors import Actor
from qpvmap.core.permissions import Action
from qpvmap.core.workflow import OPEN_STATUSES, RUNNING_STATUSES, UNTAKEN_STATUSES, Status
from qpvmap.storage.models import (
    Category,
    Commune,
    Emprise,
    Organisation,
    Signalement,
    Team,
    Territory,
)
from qpvmap.storage.visibility import reached_by

PAGE_SIZE = 50
ONGOING_STATUSES = (Status.ACKNOWLEDGED, Status.SCHEDULED, Status.IN_PROGRESS)


class Tab(StrEnum):
    """A part of the inbox, as its address calls it."""

    NEW = "a-prendre-en-charge"
    LATE = "en-retard"
    ONGOING = "en-cours"
    WAITING = "en-attente"
    TO_ARBITRATE = "a-arbitrer"
    RESOLVED = "resolus"
    ALL = "tous"


ORDERS: Mapping[Tab, tuple[InstrumentedAttribute[datetime], bool]] = {
    Tab.NEW: (Signalement.created_at, True),
    Tab.LATE: (Signalement.due_at, False),
    Tab.ONGOING: (Signalement.due_at, False),
    Tab.WAITING: (Signalement.updated_at, False),
    Tab.TO_ARBITRATE: (Signalement.due_at, False),
    Tab.RESOLVED: (Signalement.updated_at, True),
    Tab.ALL: (Signalement.created_at, True),
}
"""Column that sorts a tab, and whether the greatest comes first."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page: the next page begins after it."""

    at: datetime
    id: int

    def __str__(self) -> str:
        """Return the form that `parse` reads."""
        return f"{self.at.isoformat()}~{self.id}"

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Return the cursor written `2026-11-20T09:00:00+00:00~12`.

        Raises
        ------
        ValueError
            If it is anything else.
        """
        at, _, row_id = text.partition("~")
        instant = datetime.fromisoformat(at)
        if instant.tzinfo is None:
            raise ValueError("instant without its offset")
        number = int(row_id)
        if not 0 <= number < 2**63:
            raise ValueError("no key of a row")
        return cls(instant, number)


@dataclass(frozen=True, slots=True)
class InboxFilters:
    """What the reader asked for; empty means any."""

    tab: Tab = Tab.NEW
    category: str = ""
    insee_code: str = ""
    near_quarter: bool = False
    search: str = ""
    after: Cursor | None = None


@dataclass(frozen=True, slots=True)
class InboxRow:
    """A signalement as the inbox shows it. The point is EPSG:4326."""

    id: int
    reference: str
    version: int
    status: str
    nature: str
    category: str
    icon: str
    description: str
    address: str
    insee_code: str
    team: str
    share_inside: float
    is_demo: bool
    created_at: datetime
    updated_at: datetime
    due_at: datetime
    outcome: str | None
    priority: str
    planned_for: date | None
    waiting_on: str
    reopenings: int
    supports: int
    lon: float
    lat: float

    @property
    def is_open(self) -> bool:
        """Whether the team still owes work."""
        return self.status in OPEN_STATUSES

    @property
    def is_running(self) -> bool:
        """Whether the promised date counts."""
        return self.status in RUNNING_STATUSES


@dataclass(frozen=True, slots=True)
class Inbox:
    """One page of a tab, how many rows each tab holds, and where the next page begins."""

    rows: tuple[InboxRow, ...]
    counts: Mapping[Tab, int]
    next: Cursor | None


def in_tab(tab: Tab, now: datetime) -> ColumnElement[bool]:
    """Return the condition on `signalement` rows that belong to a tab at `now`."""
    conditions: Mapping[Tab, ColumnElement[bool]] = {
        Tab.NEW: Signalement.status.in_(UNTAKEN_STATUSES),
        Tab.LATE: and_(Signalement.status.in_(RUNNING_STATUSES), Signalement.due_at < now),
        Tab.ONGOING: Signalement.status.in_(ONGOING_STATUSES),
        Tab.WAITING: Signalement.status == Status.WAITING,
        Tab.TO_ARBITRATE: Signalement.status == Status.TO_ARBITRATE,
        Tab.RESOLVED: Signalement.status == Status.RESOLVED,
        Tab.ALL: true(),
    }
    return conditions[tab]


def _asked(filters: InboxFilters) -> ColumnElement[bool]:
    """Return the condition of the filters, tab and page left out."""
    wanted: list[ColumnElement[bool]] = []
    if filters.category:
        named = select(Category.id).where(Category.code == filters.category)
        wanted.append(Signalement.category_id.in_(named))
    if filters.insee_code:
        wanted.append(Signalement.insee_code == filters.insee_code)
    if filters.near_quarter:
        wanted.append(Signalement.share_inside > 0)
    if filters.search:
        wanted.append(
            or_(
                *(
                    column.icontains(filters.search, autoescape=True)
                    for column in (
                        Signalement.reference,
                        Signalement.description,
                        Signalement.address,
                    )
                )
            )
        )
    return and_(true(), *wanted)


def _handled_by(actor: Actor, filters: InboxFilters) -> ColumnElement[bool]:
    return and_(reached_by(actor, Action.HANDLE), _asked(filters))


def matching(actor: Actor, filters: InboxFilters, now: datetime) -> ColumnElement[bool]:
    """Return the condition on rows that `actor` may handle and that the filters keep, tab too."""
    return and_(_handled_by(actor, filters), in_tab(filters.tab, now))


def inbox_counts(
    session: Session, actor: Actor, filters: InboxFilters, now: datetime
) -> dict[Tab, int]:
    """Return how many rows each tab holds under the same filters, in one statement."""
    row = session.execute(
        select(*(func.count().filter(in_tab(tab, now)) for tab in Tab))
        .select_from(Signalement)
        .where(_handled_by(actor, filters))
    ).one()
    return dict(zip(Tab, row, strict=True))


def inbox(session: Session, actor: Actor, filters: InboxFilters, now: datetime) -> Inbox:
    """Return a page of what `actor` may handle: two statements, however many rows."""
    rows = session.execute(_page(actor, filters, now)).all()
    shown = tuple(_inbox_row(row) for row in rows[:PAGE_SIZE])
    more = len(rows) > PAGE_SIZE
    return Inbox(
        rows=shown,
        counts=inbox_counts(session, actor, filters, now),
        next=_cursor_of(shown[-1], filters.tab) if more else None,
    )


def _page(actor: Actor, filters: InboxFilters, now: datetime) -> Select[*tuple[Any, ...]]:
    column, descending = ORDERS[filters.tab]
    statement = (
        select(
            Signalement.id,
            Signalement.reference,
            Signalement.version,
            Signalement.status,
            Signalement.nature,
            Category.name.label("category"),
            Category.icon,
            Signalement.description,
            Signalement.address,
            Signalement.insee_code,
            Team.name.label("team"),
            Signalement.share_inside,
            Signalement.is_demo,
            Signalement.created_at,
            Signalement.updated_at,
            Signalement.due_at,
            Signalement.outcome,
            Signalement.priority,
            Signalement.planned_for,
            Signalement.waiting_on,
            Signalement.reopenings,
            Signalement.supports,
            geo.ST_X(Signalement.location).label("lon"),
            geo.ST_Y(Signalement.location).label("lat"),
        )
        .join(Signalement.category)
        .join(Signalement.team)
        .where(_handled_by(actor, filters), in_tab(filters.tab, now))
        .limit(PAGE_SIZE + 1)
    )
    if filters.after:
        key = tuple_(column, Signalement.id)
        last = tuple_(filters.after.at, filters.after.id)
        statement = statement.where(key < last if descending else key > last)
    if descending:
        return statement.order_by(column.desc(), Signalement.id.desc())
    return statement.order_by(column, Signalement.id)


def _inbox_row(row: Row[Any]) -> InboxRow:
    return InboxRow(**row._mapping)


def _cursor_of(row: InboxRow, tab: Tab) -> Cursor:
    column, _ = ORDERS[tab]
    return Cursor(getattr(row, column.key), row.id)


def commune_names(session: Session, territory_ids: Collection[int]) -> dict[str, str]:
    """Return the communes of some territories, INSEE code to name of the newest edition."""
    codes = (
        select(func.unnest(Territory.insee_codes))
        .where(Territory.id.in_(sorted(territory_ids)))
        .scalar_subquery()
    )
    rows = session.execute(
        select(Commune.insee_code, Commune.name)
        .where(Commune.insee_code.in_(codes))
        .order_by(Commune.insee_code, Commune.vintage)
    )
    return {row[0]: row[1] for row in rows}  # of several editions, the last read stays


def category_names(session: Session, territory_ids: Collection[int]) -> dict[str, str]:
    """Return the categories of some territories, code to name, in their own order."""
    rows = session.execute(
        select(Category.code, Category.name)
        .where(Category.territory_id.in_(sorted(territory_ids)))
        .order_by(Category.position, Category.id)
    )
    return {row[0]: row[1] for row in rows}


@dataclass(frozen=True, slots=True)
class TeamChoice:
    """A team as a form names it."""

    code: str
    name: str
    organisation: str


def teams_by_id(session: Session, territory_ids: Collection[int]) -> dict[int, TeamChoice]:
    """Return the teams of some territories, by body then name."""
    rows = session.execute(
        select(Team.id, Team.code, Team.name, Organisation.name)
        .join(Team.organisation)
        .where(Team.territory_id.in_(sorted(territory_ids)))
        .order_by(Organisation.name, Team.name)
    )
    return {key: TeamChoice(code, name, body) for key, code, name, body in rows}


@dataclass(frozen=True, slots=True)
class CategoryChoice:
    """A category as a form names it."""

    code: str
    name: str
    nature: str


def categories_by_id(session: Session, territory_ids: Collection[int]) -> dict[int, CategoryChoice]:
    """Return the categories of some territories, in their own order."""
    rows = session.execute(
        select(Category.id, Category.code, Category.name, Category.nature)
        .where(Category.territory_id.in_(sorted(territory_ids)))
        .order_by(Category.position, Category.id)
    )
    return {key: CategoryChoice(code, name, nature) for key, code, name, nature in rows}


def emprise_names(session: Session, emprise_id: int | None) -> tuple[str, str]:
    """Return the body and the name of a piece of ground; empty when there is none."""
    row = session.execute(
        select(Organisation.name, Emprise.name)
        .join(Emprise.organisation)
        .where(Emprise.id == emprise_id)
    ).one_or_none()
    return (row[0], row[1]) if row else ("", "")
