"""Rows of runs, and the rows that an action on many, a print or a file bears on."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import functions as geo
from sqlalchemy import Select, delete, func, select, text
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.inbox import InboxFilters
from qpvmap.core.permissions import Action
from qpvmap.core.workflow import OPEN_STATUSES
from qpvmap.storage.inbox import matching_ids
from qpvmap.storage.models import BulkRun, Category, Commune, Organisation, Signalement, Team
from qpvmap.storage.visibility import reached_by, shown_description


def lock_run_key(session: Session, run_id: UUID) -> None:
    """Make a second sending of the same run wait until this transaction ends."""
    session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:key, 1))"), {"key": str(run_id)}
    )


def run_by_id(session: Session, run_id: UUID, *, lock: bool = False) -> BulkRun | None:
    """Return the run of this key, whoever asked for it: the caller checks."""
    query = select(BulkRun).where(BulkRun.id == run_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalar(query)


def forget_runs(session: Session, account_id: int, before: datetime) -> None:
    """Remove the runs of a person that are older than `before`."""
    session.execute(delete(BulkRun).where(BulkRun.account_id == account_id, BulkRun.at < before))


@dataclass(frozen=True, slots=True)
class Match:
    """A row that the filters keep, and when it was filed and last changed."""

    reference: str
    version: int
    created_at: datetime
    updated_at: datetime


def matches(
    session: Session, actor: Actor, filters: InboxFilters, now: datetime, at_most: int
) -> list[Match]:
    """Return the first rows that the filters keep, in the order of the list."""
    ids = matching_ids(session, actor, filters, now, at_most)
    rows = session.execute(
        select(
            Signalement.id,
            Signalement.reference,
            Signalement.version,
            Signalement.created_at,
            Signalement.updated_at,
        ).where(Signalement.id.in_(ids))
    )
    found = {row.id: Match(*row[1:]) for row in rows}
    return [found[row_id] for row_id in ids]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A signalement on paper or in a file: nothing of who reported it. EPSG:4326."""

    reference: str
    version: int
    status: str
    outcome: str | None
    nature: str
    priority: str
    category: str
    icon: str
    team: str
    organisation: str
    insee_code: str
    commune: str
    address: str
    description: str
    description_hidden: bool
    share_inside: float
    lon: float
    lat: float
    created_at: datetime
    updated_at: datetime
    acknowledge_due_at: datetime
    due_at: datetime
    counted_from: datetime
    planned_for: date | None
    waiting_on: str
    reopenings: int
    supports: int
    is_demo: bool

    @property
    def is_open(self) -> bool:
        """Whether somebody still owes work on it."""
        return self.status in OPEN_STATUSES


def sheets(session: Session, actor: Actor, references: Collection[str]) -> list[Sheet]:
    """Return these signalements, those that `actor` may handle alone, in the order given."""
    rows = session.execute(
        _sheets(actor).where(
            Signalement.reference.in_(references), reached_by(actor, Action.HANDLE)
        )
    )
    found = {row.reference: Sheet(**row._mapping) for row in rows}
    return [found[reference] for reference in references if reference in found]


def sheets_by_id(session: Session, actor: Actor, ids: Sequence[int], size: int) -> Iterator[Sheet]:
    """Yield these signalements in the order given, read `size` at a time.

    What `actor` may handle no more is left out: a team may change hands while they are read.
    """
    for start in range(0, len(ids), size):
        some = ids[start : start + size]
        rows = session.execute(
            _sheets(actor)
            .add_columns(Signalement.id)
            .where(Signalement.id.in_(some), reached_by(actor, Action.HANDLE))
        )
        found = {row.id: Sheet(*row[:-1]) for row in rows}
        yield from (found[row_id] for row_id in some if row_id in found)


def _sheets(actor: Actor) -> Select[*tuple[Any, ...]]:
    commune = (
        select(Commune.name)
        .where(Commune.insee_code == Signalement.insee_code)
        .order_by(Commune.vintage.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(
            Signalement.reference,
            Signalement.version,
            Signalement.status,
            Signalement.outcome,
            Signalement.nature,
            Signalement.priority,
            Category.name.label("category"),
            Category.icon,
            Team.name.label("team"),
            Organisation.name.label("organisation"),
            Signalement.insee_code,
            func.coalesce(commune, "").label("commune"),
            Signalement.address,
            shown_description(actor),
            Signalement.description_hidden,
            Signalement.share_inside,
            geo.ST_X(Signalement.location).label("lon"),
            geo.ST_Y(Signalement.location).label("lat"),
            Signalement.created_at,
            Signalement.updated_at,
            Signalement.acknowledge_due_at,
            Signalement.due_at,
            Signalement.counted_from,
            Signalement.planned_for,
            Signalement.waiting_on,
            Signalement.reopenings,
            Signalement.supports,
            Signalement.is_demo,
        )
        .join(Signalement.category)
        .join(Signalement.team)
        .join(Team.organisation)
    )
