"""Place the structures of the guide that give an address and are not on the map yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, exists, func, select, update
from sqlalchemy.orm import Session

from qpvmap.core.geo import LonLat
from qpvmap.core.guide import Quality
from qpvmap.storage.imports import bump_data_version
from qpvmap.storage.models import Commune, GuideStructure, Territory
from qpvmap.storage.signalements import point_of
from qpvmap.usecases.guide import FAMILY


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A structure to place: its address, and its commune when it is known."""

    id: int
    address: str
    insee_code: str


def unplaced_structures(session: Session, since: datetime | None = None) -> list[Unplaced]:
    """Return the structures of all territories that have an address and no place.

    With `since`, those written since then alone.
    """
    asked = (
        select(GuideStructure.id, GuideStructure.address, GuideStructure.insee_code)
        .where(
            GuideStructure.removed_at.is_(None),
            GuideStructure.location.is_(None),
            GuideStructure.address != "",
        )
        .order_by(GuideStructure.id)
    )
    if since is not None:
        asked = asked.where(GuideStructure.updated_at >= since)
    return [Unplaced(*row) for row in session.execute(asked)]


def place_structures(
    session: Session, found: Sequence[tuple[Unplaced, LonLat]], now: datetime
) -> int:
    """Put structures where their address was found; return how many.

    One whose address changed meanwhile, that somebody placed, or whose address was found out of the
    towns of the territory, is left as it is. It is no change of what the structure says: its
    version stays.
    """
    placed = sum(_place(session, asked, point) for asked, point in found)
    if placed:
        bump_data_version(session, FAMILY, now)
    return placed


def _place(session: Session, asked: Unplaced, point: LonLat) -> int:
    here = point_of(point)
    in_its_towns = exists().where(
        Territory.id == GuideStructure.territory_id,
        Commune.insee_code == func.any(Territory.insee_codes),
        func.ST_Intersects(Commune.perimeter, here),
    )
    done = session.execute(
        update(GuideStructure)
        .where(
            GuideStructure.id == asked.id,
            GuideStructure.address == asked.address,
            GuideStructure.location.is_(None),
            in_its_towns,
        )
        .values(location=here, position_quality=Quality.ADDRESS)
    )
    return cast("CursorResult[Any]", done).rowcount
