"""What was already reported near where somebody is filing."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.geo import LonLat
from qpvmap.storage import signalements as rows
from qpvmap.storage.duplicates import Reported, already_reported
from qpvmap.storage.models import Territory
from qpvmap.web.filters import request_now


@dataclass(frozen=True, slots=True)
class Near:
    """What was found, within how many metres on the ground."""

    reported: list[Reported]
    radius_m: float = 0


def near_by(
    session: Session, actor: Actor, territory: Territory, point: LonLat, category_code: str | None
) -> Near:
    """Return what `actor` may see that was reported of this category, or a kindred one, near by."""
    category = rows.category_by_code(session, territory.id, category_code or "")
    if category is None:
        return Near([])
    found = already_reported(session, actor, point, category, request_now())
    return Near(found, category.duplicate_radius_m)
