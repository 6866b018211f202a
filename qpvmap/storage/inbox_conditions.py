"""Which signalements a tab and filters keep: one condition each, in SQL."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, true
from sqlalchemy.orm import InstrumentedAttribute

from qpvmap.core.actors import Actor
from qpvmap.core.deadlines import PARIS
from qpvmap.core.geo import WGS84
from qpvmap.core.inbox import CLOSE_M, InboxFilters, Late, Near, Order, Person, Resolved, Tab
from qpvmap.core.permissions import Action
from qpvmap.core.workflow import RUNNING_STATUSES, UNTAKEN_STATUSES, Status
from qpvmap.storage.inbox_search import Part, part_of, says
from qpvmap.storage.models import Signalement
from qpvmap.storage.visibility import reached_by

ONGOING_STATUSES = (Status.ACKNOWLEDGED, Status.SCHEDULED, Status.IN_PROGRESS)
STATUSES_OF: Mapping[Tab, tuple[Status, ...]] = {
    Tab.NEW: UNTAKEN_STATUSES,
    Tab.LATE: RUNNING_STATUSES,
    Tab.ONGOING: ONGOING_STATUSES,
    Tab.WAITING: (Status.WAITING,),
    Tab.TO_ARBITRATE: (Status.TO_ARBITRATE,),
    Tab.RESOLVED: (Status.RESOLVED,),
    Tab.ALL: tuple(Status),
}
"""What stands in a tab; of what runs, `Tab.LATE` holds what misses a promised date."""

Condition = ColumnElement[bool]

ORDERS: Mapping[Order, tuple[InstrumentedAttribute[datetime], bool]] = {
    Order.DEADLINE: (Signalement.due_at, False),
    Order.NEWEST: (Signalement.created_at, True),
    Order.STALEST: (Signalement.updated_at, False),
    Order.LATEST: (Signalement.updated_at, True),
}
"""Column that sorts, and whether the greatest comes first."""


def in_tab(tab: Tab, now: datetime) -> Condition:
    """Return the condition on `signalement` rows that belong to a tab at `now`."""
    if tab is Tab.LATE:
        return is_late(now)
    return true() if tab is Tab.ALL else Signalement.status.in_(STATUSES_OF[tab])


def is_late(now: datetime) -> Condition:
    """Return the condition on rows that miss a promised date: to be done, or first to be taken."""
    return and_(Signalement.status.in_(RUNNING_STATUSES), _missed(now))


def _missed(now: datetime) -> Condition:
    """Return the condition on rows that run and miss a promised date."""
    untaken = Signalement.status.in_(UNTAKEN_STATUSES)
    return or_(Signalement.due_at < now, and_(untaken, Signalement.acknowledge_due_at < now))


def is_twice_late(now: datetime) -> Condition:
    """Return the condition on rows past double the promised delay, as `core.deadlines` says.

    Said as the length of two times: an instant moved by days is read in a calendar, row by row.
    """
    given, past = Signalement.due_at - Signalement.counted_from, now - Signalement.due_at
    return and_(Signalement.status.in_(RUNNING_STATUSES), given < past)


LATENESS: Mapping[Late, Callable[[datetime], Condition]] = {
    Late.LATE: is_late,
    Late.TWICE: is_twice_late,
}
NEARNESS: Mapping[Near, Condition] = {
    Near.INSIDE: Signalement.share_inside > 0,
    Near.CLOSE: Signalement.qpv_distance_m <= CLOSE_M,
}


def handled(
    actor: Actor,
    filters: InboxFilters,
    now: datetime,
    part: Part = Part.OPEN,
    *,
    found_first: bool = True,
) -> Condition:
    """Return the condition on rows that `actor` may handle and the filters keep.

    It says nothing of the part, but words are looked for as is best in it: among all that match,
    or by looking at rows in their order until there are enough.
    """
    asked = [reached_by(_in_its_team(actor, filters), Action.HANDLE), *_asked(actor, filters, now)]
    if filters.search:
        asked.append(says(actor, filters, part, found_first=found_first))
    return and_(*asked)


def _in_its_team(actor: Actor, filters: InboxFilters) -> Actor:
    """Return the actor as in the one team that the filters keep, where it is of that team.

    It reaches no more, and the server expects what there is: told of three teams and of one of
    them, it expected a seventh of the rows of that one.
    """
    team_id = (filters.resolved or Resolved()).team_id
    if not filters.team or team_id not in actor.team_ids:
        return actor
    return replace(
        actor,
        team_ids=frozenset({team_id}),
        confidential_team_ids=actor.confidential_team_ids & {team_id},
    )


def matching(
    actor: Actor, filters: InboxFilters, now: datetime, *, found_first: bool = False
) -> Condition:
    """Return the condition on rows that `actor` may handle and the filters keep, tab too.

    The filters are those that `inbox_search.resolved` gave back: a code not known keeps nothing.
    """
    part = part_of(filters, filters.tab)
    kept = handled(actor, filters, now, part, found_first=found_first)
    # that it runs is said once: said twice, the server expects a tenth of what there is
    said = filters.late is not None and filters.tab is Tab.LATE
    return and_(kept, _missed(now) if said else in_tab(filters.tab, now))


def _asked(actor: Actor, filters: InboxFilters, now: datetime) -> Iterator[Condition]:
    yield from _of_the_row(filters)
    yield from _of_its_place(filters)
    yield from _of_its_people(actor, filters)
    if filters.late:
        yield LATENESS[filters.late](now)
    if filters.since:
        yield Signalement.created_at >= _midnight(filters.since)
        yield Signalement.updated_at >= _midnight(filters.since)  # where walks by it may begin
    if filters.until:
        yield Signalement.created_at < _midnight(filters.until + timedelta(days=1))


def _of_the_row(filters: InboxFilters) -> Iterator[Condition]:
    known = filters.resolved or Resolved()
    if filters.status:
        yield Signalement.status == filters.status
    if filters.nature:
        yield Signalement.nature == filters.nature
    if filters.category:
        yield Signalement.category_id == known.category_id
    if filters.photo is not None:
        yield Signalement.has_photo == filters.photo


def _of_its_place(filters: InboxFilters) -> Iterator[Condition]:
    if filters.insee_code:
        yield Signalement.insee_code == filters.insee_code
    if filters.iris_code:
        yield Signalement.iris_code == filters.iris_code
    if filters.qpv_code:
        yield Signalement.qpv_code == filters.qpv_code
        if filters.near is None:
            yield NEARNESS[Near.INSIDE]
    if filters.near:
        yield NEARNESS[filters.near]
    if filters.bbox:
        box = filters.bbox
        envelope = func.ST_MakeEnvelope(box.west, box.south, box.east, box.north, WGS84)
        yield Signalement.location.bool_op("&&")(envelope)


def _of_its_people(actor: Actor, filters: InboxFilters) -> Iterator[Condition]:
    if filters.team:
        yield Signalement.team_id == (filters.resolved or Resolved()).team_id
    if filters.person is Person.NOBODY:
        yield Signalement.assignee_id.is_(None)
    elif filters.person is Person.ME:
        yield Signalement.assignee_id == actor.account_id
    elif filters.person is not None:
        yield Signalement.assignee_id == int(filters.person)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), PARIS)
