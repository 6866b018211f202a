"""Before and after a signalement in a view of the inbox: by its keys."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.inbox import InboxFilters
from qpvmap.storage.inbox import plan_for_values
from qpvmap.storage.inbox_conditions import ORDERS, matching
from qpvmap.storage.inbox_search import resolved
from qpvmap.storage.models import Category, Signalement


@dataclass(frozen=True, slots=True)
class Step:
    """A signalement to go to."""

    reference: str
    category: str


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What comes before and after; None at the ends of the list."""

    previous: Step | None
    next: Step | None


def neighbours(
    session: Session, actor: Actor, filters: InboxFilters, signalement: Signalement, now: datetime
) -> Neighbours:
    """Return what comes before and after in the view that `filters` describe.

    The signalement itself need not be in it any more: its place there is enough.
    """
    plan_for_values(session)
    asked = resolved(session, actor, filters)
    return Neighbours(
        previous=_step(session, actor, asked, signalement, now, forward=False),
        next=_step(session, actor, asked, signalement, now, forward=True),
    )


def _step(
    session: Session,
    actor: Actor,
    filters: InboxFilters,
    signalement: Signalement,
    now: datetime,
    *,
    forward: bool,
) -> Step | None:
    column, newest_first = ORDERS[filters.sorting]
    key = tuple_(column, Signalement.id)
    here = tuple_(getattr(signalement, column.key), signalement.id)
    downwards = newest_first is forward
    order = (column.desc(), Signalement.id.desc()) if downwards else (column, Signalement.id)
    row = session.execute(
        select(Signalement.reference, Category.name)
        .join(Category, Category.id == Signalement.category_id)
        .where(
            matching(actor, filters, now),
            key < here if downwards else key > here,
        )
        .order_by(*order)
        .limit(1)
    ).one_or_none()
    return Step(*row) if row else None
