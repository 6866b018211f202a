"""What lies around a signalement: other open ones, and the ground under it.

Metres are on the ground (geography); the index ix_signalement_location finds the box.
"""

from dataclasses import dataclass
from datetime import datetime

from geoalchemy2 import functions as geo
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.workflow import OPEN_STATUSES, RUNNING_STATUSES
from qpvmap.storage.duplicates import in_box, metres
from qpvmap.storage.models import Category, Emprise, Organisation, Signalement
from qpvmap.storage.visibility import visible_to

AROUND_M = 150
MOST_AROUND = 8
SMOOTHING = 0.000005
"""Degrees, half a metre: what a small map cannot show of an outline."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another open signalement near by. The point is EPSG:4326, the distance metres."""

    reference: str
    category: str
    icon: str
    nature: str
    status: str
    counted_from: datetime
    due_at: datetime
    distance_m: float
    lon: float
    lat: float

    @property
    def is_running(self) -> bool:
        """Whether the promised date counts."""
        return self.status in RUNNING_STATUSES


@dataclass(frozen=True, slots=True)
class GroundUnder:
    """The piece of ground that a signalement names; `outline` is GeoJSON, EPSG:4326."""

    name: str
    kind: str
    body: str
    source: str
    confidence: float
    is_removed: bool
    outline: str


def open_around(session: Session, actor: Actor, signalement: Signalement) -> list[Neighbour]:
    """Return the open signalements within `AROUND_M` that `actor` may see, the nearest first."""
    spot = select(Signalement.location).where(Signalement.id == signalement.id).scalar_subquery()
    distance = metres(Signalement.location, spot)
    rows = session.execute(
        select(
            Signalement.reference,
            Category.name.label("category"),
            Category.icon,
            Signalement.nature,
            Signalement.status,
            Signalement.counted_from,
            Signalement.due_at,
            distance.label("distance_m"),
            geo.ST_X(Signalement.location).label("lon"),
            geo.ST_Y(Signalement.location).label("lat"),
        )
        .join(Category, Category.id == Signalement.category_id)
        .where(
            in_box(spot, AROUND_M),
            distance <= AROUND_M,
            visible_to(actor),
            Signalement.territory_id == signalement.territory_id,
            Signalement.status.in_(OPEN_STATUSES),
            Signalement.id != signalement.id,
        )
        .order_by(distance, Signalement.id)
        .limit(MOST_AROUND)
    )
    return [Neighbour(**row._mapping) for row in rows]


def ground_under(session: Session, emprise_id: int | None) -> GroundUnder | None:
    """Return the piece of ground of this key, even removed since: signalements name it."""
    if emprise_id is None:
        return None
    row = session.execute(
        select(
            Emprise.name,
            Emprise.kind,
            Organisation.name.label("body"),
            Emprise.source,
            Emprise.confidence,
            Emprise.removed_at.is_not(None).label("is_removed"),
            func.ST_AsGeoJSON(
                func.ST_SimplifyPreserveTopology(Emprise.perimeter, SMOOTHING), 6
            ).label("outline"),
        )
        .join(Organisation, Organisation.id == Emprise.organisation_id)
        .where(Emprise.id == emprise_id)
    ).one_or_none()
    return GroundUnder(**row._mapping) if row else None
