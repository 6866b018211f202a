"""Before and after a signalement in a view of the inbox: by its keys."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.inbox import InboxFilters
from qpvmap.storage.inbox import plan_for_values
from qpvmap.storage.inbox_conditions import beyond, matching, place_of, sort_parts
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
    parts, descending = sort_parts(filters)
    downwards = descending is forward
    order = [part.desc() if downwards else part for part in parts.values()]
    here = place_of(signalement, filters)
    row = session.execute(
        select(Signalement.reference, Category.name)
        .join(Category, Category.id == Signalement.category_id)
        .where(matching(actor, filters, now), beyond(filters, here, forward=forward))
        .order_by(*order)
        .limit(1)
    ).one_or_none()
    return Step(*row) if row else None
