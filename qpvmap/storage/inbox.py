"""The inbox: pages of what the actor may handle, and how many each tab holds.

Every question is bounded by what the actor may handle; none sends more statements for more rows.
A page is found in an index first, then its fifty rows are read.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from geoalchemy2 import functions as geo
from sqlalchemy import ColumnElement, Select, Subquery, select, text, tuple_
from sqlalchemy.orm import Session, aliased

from qpvmap.core.actors import Actor
from qpvmap.core.inbox import CAPPED, Cursor, InboxFilters, Tab
from qpvmap.core.workflow import OPEN_STATUSES, RUNNING_STATUSES
from qpvmap.storage.inbox_conditions import ORDERS, matching
from qpvmap.storage.inbox_counts import inbox_counts, most_counted
from qpvmap.storage.inbox_search import (
    are_read_last,
    is_everywhere,
    is_said,
    part_of,
    resolved,
)
from qpvmap.storage.models import Account, Category, Signalement, Team
from qpvmap.storage.visibility import shown_description

PAGE_SIZE = 50
BATCH_SIZE = 500


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
    assignee_id: int | None
    assignee: str | None
    share_inside: float
    is_demo: bool
    created_at: datetime
    updated_at: datetime
    acknowledge_due_at: datetime
    due_at: datetime
    counted_from: datetime
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
    """One page of a tab, how many rows each tab holds, and where the next page begins.

    `filters` are those that were applied in the end, slips looked for or not.

    A count of `inbox_counts.capped` over `most_counted` means "more than `most_counted`".
    """

    filters: InboxFilters
    rows: tuple[InboxRow, ...]
    counts: Mapping[Tab, int]
    next: Cursor | None


def inbox(session: Session, actor: Actor, filters: InboxFilters, now: datetime) -> Inbox:
    """Return a page of what `actor` may handle: five statements at most, however many rows.

    Words found nowhere are looked for again as slips: four more.
    """
    plan_for_values(session)
    asked = resolved(session, actor, filters)
    counts = inbox_counts(session, actor, asked, now)
    if filters.search and not filters.slips and not any(counts.values()):
        nearly = resolved(session, actor, replace(filters, slips=True))
        counts = inbox_counts(session, actor, nearly, now)
        asked = nearly if any(counts.values()) else asked
    held = counts[asked.tab]
    if not held:
        return Inbox(asked, (), counts, None)
    few = held <= most_counted(asked) or asked.keeps_few
    rows, following = page(session, actor, asked, now, PAGE_SIZE, found_first=few)
    return Inbox(asked, tuple(rows), counts, following)


def plan_for_values(session: Session) -> None:
    """Have the server plan each question for its own values, until the transaction ends.

    A plan made once for any value reads the whole table for the rare ones: 200 times slower. Nor
    is one shared between processes: a table read whole by three is cheap to the planner alone.
    Where two indexes meet, the rows of each are held apart, which takes more room than a server
    gives by default: without it, whole pages are read again for a few of their rows.
    """
    session.execute(
        text(
            "select set_config('plan_cache_mode', 'force_custom_plan', true),"
            " set_config('max_parallel_workers_per_gather', '0', true),"
            " set_config('work_mem', '16MB', true)"
        )
    )


def page(
    session: Session,
    actor: Actor,
    filters: InboxFilters,
    now: datetime,
    size: int,
    *,
    found_first: bool,
) -> tuple[list[InboxRow], Cursor | None]:
    """Return `size` rows after the filters' mark, and the mark of what follows if anything does.

    `found_first` is for what is known to be few: all of it is found by the filters, then sorted.
    Else rows are walked in order until there are enough, which is quick where many match.
    """
    keys = _keys(actor, filters, now, size + 1, found_first=found_first)
    found = session.execute(_rows(actor, filters, keys)).all()
    rows = [InboxRow(**row._mapping) for row in found[:size]]
    return rows, _mark_of(rows[-1], filters) if len(found) > size else None


def matching_ids(
    session: Session, actor: Actor, filters: InboxFilters, now: datetime, limit: int
) -> list[int]:
    """Return the keys of what a tab holds under the filters, in its order, `limit` at most."""
    plan_for_values(session)
    asked = resolved(session, actor, replace(filters, after=None))
    keys = _keys(actor, asked, now, limit, found_first=asked.keeps_few)
    _, descending = ORDERS[filters.sorting]
    key = keys.c.key.desc() if descending else keys.c.key
    return list(session.scalars(select(keys.c.id).order_by(key)))


def matching_rows(
    session: Session, actor: Actor, filters: InboxFilters, now: datetime
) -> Iterator[InboxRow]:
    """Yield all that a tab holds under the filters, in its order, read in batches."""
    plan_for_values(session)
    asked = resolved(session, actor, filters)
    after: Cursor | None = None
    while True:
        batch = replace(asked, after=after)
        rows, after = page(session, actor, batch, now, BATCH_SIZE, found_first=asked.keeps_few)
        yield from rows
        if after is None:
            return


def _keys(
    actor: Actor, filters: InboxFilters, now: datetime, limit: int, *, found_first: bool
) -> Subquery:
    """Return the keys of a page and what they are sorted by: all of it is in an index."""
    column, descending = ORDERS[filters.sorting]
    part = part_of(filters, filters.tab)
    texts_last = are_read_last(filters, part, found_first=found_first)
    asked = replace(filters, search="") if texts_last else filters
    kept = matching(actor, asked, now, found_first=found_first)
    statement = select(Signalement.id, column.label("key")).where(kept)
    row_id: ColumnElement[int] = Signalement.id.expression
    key: ColumnElement[datetime] = column.expression
    if found_first or _gives_all_at_once(filters):  # `offset 0` holds the server to it
        found = statement.offset(0).subquery("found")
        statement, row_id, key = select(found.c.id, found.c.key), found.c.id, found.c.key
    if filters.after:
        place, last = tuple_(key, row_id), tuple_(filters.after.at, filters.after.id)
        statement = statement.where(place < last if descending else place > last)
    statement = statement.order_by(*(part.desc() if descending else part for part in (key, row_id)))
    if texts_last:  # they are read in that order until there are enough
        found = statement.offset(0).subquery("ordered")
        said = is_said(actor, filters, found.c.id)
        return select(found.c.id, found.c.key).where(said).limit(limit).subquery("page")
    return statement.limit(limit).subquery("page")


def _gives_all_at_once(filters: InboxFilters) -> bool:
    """Return whether what is asked is found by an index that has no order, whatever the tab.

    What is open is: by its words, or in the whole by its dates, which are of several statuses.
    """
    if not filters.search:
        return False
    return filters.keeps_open_alone or (filters.tab not in CAPPED and not is_everywhere(filters))


def _rows(actor: Actor, filters: InboxFilters, keys: Subquery) -> Select[*tuple[Any, ...]]:
    _, descending = ORDERS[filters.sorting]
    assignee = aliased(Account)
    statement = (
        select(
            Signalement.id,
            Signalement.reference,
            Signalement.version,
            Signalement.status,
            Signalement.nature,
            Category.name.label("category"),
            Category.icon,
            shown_description(actor),
            Signalement.address,
            Signalement.insee_code,
            Team.name.label("team"),
            Signalement.assignee_id,
            assignee.name.label("assignee"),
            Signalement.share_inside,
            Signalement.is_demo,
            Signalement.created_at,
            Signalement.updated_at,
            Signalement.acknowledge_due_at,
            Signalement.due_at,
            Signalement.counted_from,
            Signalement.outcome,
            Signalement.priority,
            Signalement.planned_for,
            Signalement.waiting_on,
            Signalement.reopenings,
            Signalement.supports,
            geo.ST_X(Signalement.location).label("lon"),
            geo.ST_Y(Signalement.location).label("lat"),
        )
        .join(keys, keys.c.id == Signalement.id)
        .join(Signalement.category)
        .join(Signalement.team)
        .outerjoin(assignee, assignee.id == Signalement.assignee_id)
    )
    if descending:
        return statement.order_by(keys.c.key.desc(), keys.c.id.desc())
    return statement.order_by(keys.c.key, keys.c.id)


def _mark_of(row: InboxRow, filters: InboxFilters) -> Cursor:
    column, _ = ORDERS[filters.sorting]
    return Cursor(getattr(row, column.key), row.id)
