"""Has anything changed at this desk? One look at an index says no, without reading a row.

What answers is the last few numbers of `beat` for each team that the reader works for, or for their
whole territory. Several, not the last alone: two changes may be committed in the other order than
their numbers were taken in, and the later number must not hide the earlier one.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    exists,
    func,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from qpvmap.core.actors import Actor
from qpvmap.core.inbox import InboxFilters
from qpvmap.core.permissions import Action, Nature, Reach, reach_of, teams_of
from qpvmap.core.workflow import OPEN_STATUSES
from qpvmap.storage.inbox_conditions import STATUSES_OF, matching
from qpvmap.storage.models import Beat, Event, Signalement
from qpvmap.storage.visibility import reached_by, visible_to

LOOKED_AT = 32
"""Last changes that tell whether something is new: more than are ever committed out of order."""
RECENT = 200
"""Last changes among which new arrivals are counted."""


def last_beats(session: Session, actor: Actor) -> list[int]:
    """Return the numbers of the last changes of what `actor` may handle: one statement."""
    looks = [_last(where, Beat.number, LOOKED_AT) for where in _desks(actor)]
    return list(session.scalars(union_all(*looks))) if looks else []


def _desks(actor: Actor) -> Iterator[ColumnElement[bool]]:
    """Yield the condition of each part of an index that holds the actor's work."""
    for nature in Nature:
        reach = reach_of(actor, Action.HANDLE, nature)
        if Reach.TERRITORY in reach:
            for territory_id in sorted(actor.territory_ids):
                yield and_(Beat.territory_id == territory_id, Beat.nature == nature)
        elif Reach.TEAM in reach:
            for team_id in sorted(teams_of(actor, nature)):
                yield and_(Beat.team_id == team_id, Beat.nature == nature)


def _last(
    where: ColumnElement[bool], column: InstrumentedAttribute[int], how_many: int
) -> Select[tuple[int]]:
    """Return the look at the end of one part of an index."""
    rows = select(column).where(where).order_by(Beat.number.desc()).limit(how_many).subquery()
    return select(*rows.c)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a signalement that the reader has on the screen stands now."""

    reference: str
    version: int
    status: str
    nature: str
    outcome: str | None
    priority: str
    created_at: datetime
    updated_at: datetime
    acknowledge_due_at: datetime
    due_at: datetime
    counted_from: datetime
    planned_for: date | None
    here: bool

    @property
    def is_open(self) -> bool:
        """Whether somebody still owes work on it."""
        return self.status in OPEN_STATUSES


def standings(
    session: Session,
    actor: Actor,
    references: Collection[str],
    filters: InboxFilters,
    now: datetime,
) -> list[Standing]:
    """Return how these stand, those that `actor` may still handle alone.

    `here` says whether they still belong to the list under `filters`, which `inbox_search.resolved`
    gave back.
    """
    rows = session.execute(
        select(
            Signalement.reference,
            Signalement.version,
            Signalement.status,
            Signalement.nature,
            Signalement.outcome,
            Signalement.priority,
            Signalement.created_at,
            Signalement.updated_at,
            Signalement.acknowledge_due_at,
            Signalement.due_at,
            Signalement.counted_from,
            Signalement.planned_for,
            matching(actor, filters, now).label("here"),
        ).where(Signalement.reference.in_(references), reached_by(actor, Action.HANDLE))
    )
    return [Standing(**row._mapping) for row in rows]


def count_arrivals(
    session: Session,
    actor: Actor,
    filters: InboxFilters,
    seen: Collection[str],
    since: datetime,
    now: datetime,
) -> int:
    """Return how many came into a list since it was read, by filing, move or change of team.

    Among the last `RECENT` changes of each desk, so that the cost does not grow with the table.
    """
    looks = [_last(where, Beat.signalement_id, RECENT) for where in _desks(actor)]
    if not looks:
        return 0
    came = exists().where(
        Event.signalement_id == Signalement.id,
        Event.at >= since,
        or_(
            Event.from_status.is_(None),
            Event.from_status.not_in(STATUSES_OF[filters.tab]),
            Event.changes["set"].has_key("team_id"),
        ),
    )
    counted: int = session.execute(
        select(func.count())
        .select_from(Signalement)
        .where(
            Signalement.id.in_(union_all(*looks)),
            Signalement.updated_at >= since,
            Signalement.reference.not_in(seen),
            matching(actor, filters, now),
            came,
        )
    ).scalar_one()
    return counted


def visible_version(session: Session, actor: Actor, reference: str) -> int | None:
    """Return the present version of a signalement, None when `actor` may not know of it."""
    return session.scalar(
        select(Signalement.version).where(Signalement.reference == reference, visible_to(actor))
    )
