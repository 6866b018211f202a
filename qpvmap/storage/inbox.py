"""The inbox: pages of what the actor may handle, and how many each tab holds.

Every question is bounded by what the actor may handle; none sends more statements for more rows.
A page is found in an index first, then its fifty rows are read.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from geoalchemy2 import functions as geo
from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    Subquery,
    case,
    func,
    literal,
    select,
    text,
    tuple_,
)
from sqlalchemy.orm import Session, aliased

from qpvmap.core.actors import Actor
from qpvmap.core.inbox import USUAL_ORDERS, Cursor, InboxFilters, Tab
from qpvmap.core.workflow import OPEN_STATUSES, RUNNING_STATUSES
from qpvmap.storage.inbox_conditions import ORDERS, handled, in_tab, matching
from qpvmap.storage.inbox_search import resolved
from qpvmap.storage.models import Account, Category, Signalement, Team
from qpvmap.storage.visibility import shown_description

PAGE_SIZE = 50
BATCH_SIZE = 500
MOST_COUNTED = 1000
"""Beyond it the past is "more than": nobody acts on the difference, and counting takes time."""

CAPPED = (Tab.RESOLVED, Tab.ALL)
"""Tabs that grow for ever; the others hold the work left."""


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

    A count of `CAPPED` over `MOST_COUNTED` means "more than `MOST_COUNTED`".
    """

    filters: InboxFilters
    rows: tuple[InboxRow, ...]
    counts: Mapping[Tab, int]
    next: Cursor | None


def inbox(session: Session, actor: Actor, filters: InboxFilters, now: datetime) -> Inbox:
    """Return a page of what `actor` may handle: four statements at most, however many rows.

    Words found nowhere are looked for again as slips: three more.
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
    few = asked.keeps_few or held <= MOST_COUNTED
    rows, following = page(session, actor, asked, now, PAGE_SIZE, found_first=few)
    return Inbox(asked, tuple(rows), counts, following)


def plan_for_values(session: Session) -> None:
    """Have the server plan each question for its own values, until the transaction ends.

    A plan made once for any value reads the whole table for the rare ones: 200 times slower. Nor
    is one shared between processes: a table read whole by three is cheap to the planner alone.
    """
    session.execute(
        text(
            "select set_config('plan_cache_mode', 'force_custom_plan', true),"
            " set_config('max_parallel_workers_per_gather', '0', true)"
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


def inbox_counts(
    session: Session, actor: Actor, filters: InboxFilters, now: datetime
) -> dict[Tab, int]:
    """Return how many rows each tab holds under the same filters, in one statement.

    What is open is counted whole, in one pass; the past, up to `MOST_COUNTED` + 1.
    """
    kept = handled(actor, filters, now)
    tabs = [tab for tab in Tab if tab not in CAPPED]
    counted = {tab: func.count().filter(in_tab(tab, now)) for tab in tabs}
    still_open = (
        select(func.count().label("whole"), *(counted[tab].label(tab.name) for tab in tabs))
        .select_from(Signalement)
        .where(kept, Signalement.status.in_(OPEN_STATUSES))
        .subquery("still_open")
    )
    past = _counts_of_past(kept, filters, now, still_open.c.whole)
    columns = (still_open.c[tab.name] for tab in tabs)
    found = session.execute(select(*columns, *(past[tab] for tab in CAPPED))).one()
    counts = dict(zip((*tabs, *CAPPED), found, strict=True))
    return {tab: counts[tab] for tab in Tab}


def _counts_of_past(
    kept: ColumnElement[bool], filters: InboxFilters, now: datetime, still_open: Any
) -> Mapping[Tab, ColumnElement[int]]:
    """Return the counts of the tabs that grow for ever, looked for only as far as it is needed.

    All of it holds at least what is open and what is resolved: where one of these is more than
    is counted, so is the whole. Filters that keep what is open alone leave nothing else to count.
    """
    if filters.keeps_open_alone:
        return {Tab.RESOLVED: literal(0), Tab.ALL: still_open}
    most = {
        tab: _up_to_most(select(Signalement.id).where(kept, in_tab(tab, now)), tab, filters)
        for tab in CAPPED
    }
    resolved_ones = (
        select(most[Tab.RESOLVED].label("n")).cte("resolved_ones").prefix_with("MATERIALIZED")
    )
    known = select(resolved_ones.c.n).scalar_subquery()
    whole = case(
        (func.greatest(still_open, known) > MOST_COUNTED, func.greatest(still_open, known)),
        else_=most[Tab.ALL],
    )
    return {Tab.RESOLVED: known, Tab.ALL: whole}


def _up_to_most(rows: Select[int], tab: Tab, filters: InboxFilters) -> ScalarSelect[int]:
    """Return how many rows there are, `MOST_COUNTED` + 1 at most: the first that an index gives.

    In the order of the tab's own index, so that the table is never read; words are found by
    theirs, and in no order, which would have all of them found before the first is counted.
    """
    if not filters.search:
        rows = rows.order_by(ORDERS[USUAL_ORDERS[tab]][0].desc())
    first = rows.limit(MOST_COUNTED + 1).subquery(f"tab_{tab.name.lower()}")
    return select(func.count()).select_from(first).scalar_subquery()


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
    statement = select(Signalement.id, column.label("key")).where(matching(actor, filters, now))
    if filters.after:
        key = tuple_(column, Signalement.id)
        last = tuple_(filters.after.at, filters.after.id)
        statement = statement.where(key < last if descending else key > last)
    by: tuple[Any, ...] = (column, Signalement.id)
    if found_first:  # `offset 0` holds the server to it
        found = statement.offset(0).subquery("found")
        statement, by = select(found.c.id, found.c.key), (found.c.key, found.c.id)
    order = [part.desc() if descending else part for part in by]
    return statement.order_by(*order).limit(limit).subquery("page")


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
