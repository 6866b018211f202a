"""Ready-made answers: those of a territory, and those that fit one signalement."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from qpvmap.core.actors import Actor
from qpvmap.core.permissions import Action
from qpvmap.core.replies import Occasion
from qpvmap.core.territories import TerritoryPlan
from qpvmap.storage.imports import Counts, Target, upsert
from qpvmap.storage.models import Category, ReplyTemplate, Signalement
from qpvmap.storage.territory import category_ids, team_ids
from qpvmap.storage.visibility import reached_by

REPLY = Target(
    ReplyTemplate,
    "territory",
    ("territory_id", "code"),
    ("occasion", "category_id", "team_id", "title", "text"),
    edition=("territory_id",),
    sourced=False,
)


@dataclass(frozen=True, slots=True)
class Reply:
    """A ready-made answer that fits a signalement."""

    id: int
    occasion: Occasion
    title: str
    text: str


class Fitted(Protocol):
    """What answers are fitted to; None, of several, is fitted by those for any alone."""

    @property
    def territory_id(self) -> int:
        """Whose answers."""

    @property
    def category_id(self) -> int | None:
        """Which category."""

    @property
    def team_id(self) -> int | None:
        """Which team."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What several signalements have in common."""

    territory_id: int
    category_id: int | None
    team_id: int | None


def shared_by(session: Session, actor: Actor, references: Collection[str]) -> Shared | None:
    """Return what those of them that `actor` may handle have in common; None across territories."""
    rows = session.execute(
        select(Signalement.territory_id, Signalement.category_id, Signalement.team_id)
        .where(Signalement.reference.in_(references), reached_by(actor, Action.HANDLE))
        .distinct()
    ).all()
    territories = {row.territory_id for row in rows}
    if len(territories) != 1:
        return None
    categories, teams = ({row[part] for row in rows} for part in (1, 2))
    return Shared(
        territory_id=territories.pop(),
        category_id=categories.pop() if len(categories) == 1 else None,
        team_id=teams.pop() if len(teams) == 1 else None,
    )


def replies_for(session: Session, signalement: Fitted) -> list[Reply]:
    """Return the answers for its category and its team, the most particular first."""
    rows = session.execute(
        select(
            ReplyTemplate.id,
            ReplyTemplate.occasion,
            ReplyTemplate.title,
            ReplyTemplate.text,
        )
        .where(
            ReplyTemplate.territory_id == signalement.territory_id,
            ReplyTemplate.removed_at.is_(None),
            ReplyTemplate.category_id.is_(None)
            | (ReplyTemplate.category_id == signalement.category_id),
            ReplyTemplate.team_id.is_(None) | (ReplyTemplate.team_id == signalement.team_id),
        )
        .order_by(
            ReplyTemplate.category_id.is_(None),
            ReplyTemplate.team_id.is_(None),
            ReplyTemplate.title,
            ReplyTemplate.id,
        )
    )
    return [Reply(key, Occasion(occasion), title, text) for key, occasion, title, text in rows]


def replies_of(
    session: Session, territory_id: int, teams: Collection[int] | None
) -> list[ReplyTemplate]:
    """Return the answers of a territory: those of all, and of `teams` (None: of every team)."""
    query = (
        select(ReplyTemplate)
        .outerjoin(Category, Category.id == ReplyTemplate.category_id)
        .options(joinedload(ReplyTemplate.category), joinedload(ReplyTemplate.team))
        .where(ReplyTemplate.territory_id == territory_id, ReplyTemplate.removed_at.is_(None))
        .order_by(Category.position.nulls_first(), ReplyTemplate.title, ReplyTemplate.id)
    )
    if teams is not None:
        query = query.where(
            ReplyTemplate.team_id.is_(None) | ReplyTemplate.team_id.in_(sorted(teams))
        )
    return list(session.scalars(query))


def reply_by_id(
    session: Session, territory_id: int, reply_id: int, *, lock: bool = False
) -> ReplyTemplate | None:
    """Return the answer of this key, unless it was removed; locked if asked."""
    query = (
        select(ReplyTemplate)
        .options(joinedload(ReplyTemplate.category), joinedload(ReplyTemplate.team))
        .where(
            ReplyTemplate.id == reply_id,
            ReplyTemplate.territory_id == territory_id,
            ReplyTemplate.removed_at.is_(None),
        )
    )
    if lock:
        query = query.with_for_update(of=ReplyTemplate).execution_options(populate_existing=True)
    return session.scalar(query)


def upsert_replies(session: Session, territory_id: int, plan: TerritoryPlan) -> Counts:
    """Write the answers of the plan; categories and teams must be there.

    One that somebody has changed or removed since (its version says so) is left as it is.
    """
    categories, teams = category_ids(session, territory_id), team_ids(session, territory_id)
    touched = set(
        session.scalars(
            select(ReplyTemplate.code).where(
                ReplyTemplate.territory_id == territory_id, ReplyTemplate.version > 1
            )
        )
    )
    kept = [
        {
            "territory_id": territory_id,
            "code": reply.code,
            "occasion": str(reply.occasion),
            "category_id": categories[reply.category] if reply.category else None,
            "team_id": teams[reply.team] if reply.team else None,
            "title": reply.title,
            "text": reply.text,
        }
        for reply in plan.replies
        if reply.code not in touched
    ]
    counts = upsert(session, REPLY, kept)
    left = len(plan.replies) - len(kept)
    return Counts(counts.new, counts.changed, counts.unchanged + left, counts.gone)
