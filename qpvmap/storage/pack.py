"""What a phone keeps of a territory for when it has no network: only what anybody may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from geoalchemy2 import functions as geo
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from qpvmap.core.actors import ANONYMOUS
from qpvmap.core.permissions import Nature
from qpvmap.core.workflow import OPEN_STATUSES
from qpvmap.storage.models import Category, RoutingRuleRow, Signalement, Team
from qpvmap.storage.statements import statement
from qpvmap.storage.visibility import shown_description, visible_to

MOST_OPEN = 1000


@dataclass(frozen=True, slots=True)
class OpenReport:
    """An open signalement as anybody may see it. EPSG:4326."""

    reference: str
    category: str
    description: str
    status: str
    created_at: datetime
    lon: float
    lat: float


def pack_ground(session: Session, territory_id: int) -> dict[str, Any]:
    """Return communes, quarters, emprises and places of a territory, ready for JSON."""
    row = session.execute(statement("pack"), {"territory_id": territory_id}).mappings().one()
    return dict(row)


def pack_categories(session: Session, territory_id: int) -> Sequence[Category]:
    """Return the categories that are not confidential."""
    return session.scalars(
        select(Category)
        .where(Category.territory_id == territory_id, Category.nature != Nature.TRANQUILLITE)
        .order_by(Category.position, Category.id)
    ).all()


def pack_rules(session: Session, territory_id: int) -> Sequence[tuple[RoutingRuleRow, Category]]:
    """Return the rules of competence with their category, but those of what is confidential."""
    rows = session.execute(
        select(RoutingRuleRow, Category)
        .outerjoin(Category, Category.id == RoutingRuleRow.category_id)
        .where(
            RoutingRuleRow.territory_id == territory_id,
            Category.nature.is_distinct_from(Nature.TRANQUILLITE),
        )
        .order_by(RoutingRuleRow.id)
    )
    return [(rule, category) for rule, category in rows]


def pack_teams(session: Session, territory_id: int) -> Sequence[Team]:
    """Return the teams with their body."""
    return session.scalars(
        select(Team)
        .options(joinedload(Team.organisation))
        .where(Team.territory_id == territory_id)
        .order_by(Team.id)
    ).all()


def pack_open(session: Session, territory_id: int) -> list[OpenReport]:
    """Return the newest open signalements that anybody may see, whoever asks."""
    rows = session.execute(
        select(
            Signalement.reference,
            Category.code,
            shown_description(ANONYMOUS),
            Signalement.status,
            Signalement.created_at,
            geo.ST_X(Signalement.location),
            geo.ST_Y(Signalement.location),
        )
        .join(Category, Category.id == Signalement.category_id)
        .where(
            Signalement.territory_id == territory_id,
            Signalement.status.in_(OPEN_STATUSES),
            visible_to(ANONYMOUS),
        )
        .order_by(Signalement.created_at.desc(), Signalement.id.desc())
        .limit(MOST_OPEN)
    )
    return [OpenReport(*row) for row in rows]
