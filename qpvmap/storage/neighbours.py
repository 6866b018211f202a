"""Before and after a signalement in a view of the inbox: two statements, by its keys."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select, tuple_
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.permissions import Action
from qpvmap.storage.desk import ORDERS, InboxFilters, asked, in_tab
from qpvmap.storage.models import Category, Signalement
from qpvmap.storage.visibility import reached_by


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
    return Neighbours(
        previous=_step(session, actor, filters, signalement, now, forward=False),
        next=_step(session, actor, filters, signalement, now, forward=True),
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
    column, newest_first = ORDERS[filters.tab]
    key = tuple_(column, Signalement.id)
    here = tuple_(getattr(signalement, column.key), signalement.id)
    downwards = newest_first is forward
    order = (column.desc(), Signalement.id.desc()) if downwards else (column, Signalement.id)
    row = session.execute(
        select(Signalement.reference, Category.name)
        .join(Category, Category.id == Signalement.category_id)
        .where(
            and_(reached_by(actor, Action.HANDLE), asked(filters)),
            in_tab(filters.tab, now),
            key < here if downwards else key > here,
        )
        .order_by(*order)
        .limit(1)
    ).one_or_none()
    return Step(*row) if row else None
