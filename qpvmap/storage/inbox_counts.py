"""How many rows each tab of the inbox holds: what is open in one pass, the past up to a bound."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ScalarSelect,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from qpvmap.core.actors import Actor
from qpvmap.core.inbox import CAPPED, InboxFilters, Tab
from qpvmap.core.workflow import UNTAKEN_STATUSES
from qpvmap.storage.inbox_conditions import STATUSES_OF, handled, in_tab
from qpvmap.storage.inbox_search import (
    Part,
    are_read_last,
    in_part,
    is_everywhere,
    is_said,
)
from qpvmap.storage.models import Signalement

Counts = Select[*tuple[int, ...]]

MOST_COUNTED = 1000
"""Beyond it a count is "more than": nobody acts on the difference, and counting takes time."""

MOST_READ = 500
"""The same where each text is read to know whether it counts, which takes ten times longer."""

SORTED_BY: Mapping[Part, InstrumentedAttribute[datetime]] = {
    Part.RESOLVED: Signalement.updated_at,
    Part.CLOSED: Signalement.created_at,
}
"""What grows for ever, and the date that sorts the index of what is filtered by."""

OPEN_TABS = tuple(tab for tab in Tab if tab not in CAPPED)
TABS_APART = tuple(tab for tab in OPEN_TABS if tab is not Tab.LATE)
"""Tabs of what is open that have no row in common; together they are all of it."""


def most_counted(filters: InboxFilters) -> int:
    """Return how far the counts go that do not go to the end, under resolved filters."""
    read_last = any(_are_read_last(filters, part) for part in SORTED_BY)
    return MOST_READ if read_last and not is_everywhere(filters) else MOST_COUNTED


def capped(filters: InboxFilters) -> tuple[Tab, ...]:
    """Return the tabs whose count stops at `most_counted`: those that grow for ever.

    And all of them when words are asked that a good part of all texts holds.
    """
    return tuple(Tab) if is_everywhere(filters) else CAPPED


def inbox_counts(
    session: Session, actor: Actor, filters: InboxFilters, now: datetime
) -> dict[Tab, int]:
    """Return how many rows each tab holds under the same filters, in one statement.

    What is open is counted whole, in one pass; what `capped` says, to one more than `most_counted`.
    """
    count = _up_to_most_of_each if is_everywhere(filters) else _by_status
    still_open = count(actor, filters, now).cte("still_open").prefix_with("MATERIALIZED")
    whole = sum((still_open.c[tab.name] for tab in TABS_APART), start=literal(0))
    past = _counts_of_past(actor, filters, now, whole)
    columns = (still_open.c[tab.name] for tab in OPEN_TABS)
    found = session.execute(select(*columns, *(past[tab] for tab in CAPPED))).one()
    counts = dict(zip((*OPEN_TABS, *CAPPED), found, strict=True))
    return {tab: counts[tab] for tab in Tab}


def _by_status(actor: Actor, filters: InboxFilters, now: datetime) -> Counts:
    """Return how many each tab of what is open holds, in one pass.

    Counted by status, then summed: to ask each row for each tab took twice the time.
    """
    late = Signalement.due_at < now
    groups = (
        select(
            Signalement.status,
            func.count().label("whole"),
            func.count().filter(late).label("late"),
            func.count().filter(or_(late, Signalement.acknowledge_due_at < now)).label("missed"),
        )
        .where(*_kept_open(actor, filters, now))
        .group_by(Signalement.status)
        .subquery("by_status")
    )
    untaken = groups.c.status.in_(UNTAKEN_STATUSES)
    counted: Mapping[Tab, ColumnElement[Any]] = {
        Tab.LATE: case((untaken, groups.c.missed), else_=groups.c.late)
    }
    sums = {
        tab: func.sum(counted.get(tab, groups.c.whole)).filter(
            groups.c.status.in_(STATUSES_OF[tab])
        )
        for tab in OPEN_TABS
    }
    columns = (cast(func.coalesce(sums[tab], 0), BigInteger).label(tab.name) for tab in OPEN_TABS)
    return select(*columns)


def _kept_open(actor: Actor, filters: InboxFilters, now: datetime) -> Iterator[ColumnElement[bool]]:
    """Yield the condition on what is open; statuses are said once, or fewer rows are expected."""
    yield handled(actor, filters, now)
    if not filters.keeps_open_alone:
        yield in_part(actor, filters, Part.OPEN)


def _up_to_most_of_each(actor: Actor, filters: InboxFilters, now: datetime) -> Counts:
    """Return how many each tab of what is open holds, looked for as far as is counted."""
    kept = handled(actor, filters, now)
    rows = {tab: select(Signalement.id).where(kept, in_tab(tab, now)) for tab in OPEN_TABS}
    enough = most_counted(filters) + 1
    columns = (_how_many(rows[tab].limit(enough)).label(tab.name) for tab in OPEN_TABS)
    return select(*columns)


def _counts_of_past(
    actor: Actor, filters: InboxFilters, now: datetime, still_open: ColumnElement[int]
) -> Mapping[Tab, ColumnElement[int]]:
    """Return the counts of the tabs that grow for ever, looked for only as far as it is needed.

    The whole is what is open, what is resolved and what is closed: of the last, what lacks until
    it is more than is counted. Filters that keep what is open alone leave nothing else to count.
    """
    if filters.keeps_open_alone:
        return {Tab.RESOLVED: literal(0), Tab.ALL: still_open}
    enough = most_counted(filters) + 1
    ended = {part: _of_past(actor, filters, now, part).limit(enough) for part in SORTED_BY}
    resolved_ones = (
        select(_how_many(ended[Part.RESOLVED]).label("n"))
        .cte("resolved_ones")
        .prefix_with("MATERIALIZED")
    )
    known = select(resolved_ones.c.n).scalar_subquery()
    lacking = func.greatest(enough - still_open - known, 0)
    closed = _how_many(select(ended[Part.CLOSED].subquery("closed_ones").c.id).limit(lacking))
    return {Tab.RESOLVED: known, Tab.ALL: func.least(still_open + known + closed, enough)}


def _of_past(actor: Actor, filters: InboxFilters, now: datetime, part: Part) -> Select[int]:
    """Return the rows of a part that grows for ever; texts are read last where that is quicker.

    In the order of an index that holds what is filtered by, so that the table is never read; words
    are found by theirs, and in no order: sorted, all would be found before the first is counted.
    """
    texts_last = _are_read_last(filters, part)
    asked = replace(filters, search="") if texts_last else filters
    kept = and_(handled(actor, asked, now, part), in_part(actor, filters, part))
    rows = select(Signalement.id).where(kept)
    if not filters.search:
        return rows.order_by(SORTED_BY[part].desc())
    if not texts_last:
        return rows
    found = rows.offset(0).subquery(f"kept_{part.value}")  # `offset 0` holds the server to it
    return select(found.c.id).where(is_said(actor, filters, found.c.id))


def _are_read_last(filters: InboxFilters, part: Part) -> bool:
    """Return whether texts of the past are: those of words everywhere, in a category alone.

    Its index holds whose each row is and how it stands: a team may have none of it.
    """
    everywhere = is_everywhere(filters) and not filters.category
    return are_read_last(filters, part) and not everywhere


def _how_many(rows: Select[int]) -> ScalarSelect[int]:
    return select(func.count()).select_from(rows.subquery()).scalar_subquery()
