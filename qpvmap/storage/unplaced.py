"""Places of towns' own lists that wait for somebody to say where they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from geoalchemy2 import functions as geo
from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm import Session

from qpvmap.storage.imports import Target
from qpvmap.storage.models import Equipment, UnplacedEquipment

UNPLACED = Target(
    UnplacedEquipment,
    "equipment",
    ("territory_id", "source", "source_key"),
    ("values", "address", "score", "label", "location"),
    edition=(),
    sourced=False,
)
BY_HAND = "placed_by_hand"
"""Mark, in `extra`, of a place that somebody put on the map: no import moves it."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A place that waits, and what was proposed, EPSG:4326."""

    id: int
    name: str
    theme: str
    kind: str
    source: str
    address: str
    score: float | None
    label: str
    lon: float | None
    lat: float | None


def waiting_places(session: Session, territory_id: int, limit: int = 200) -> Sequence[Waiting]:
    """Return the places of a territory that wait, the surest proposals first."""
    row = UnplacedEquipment
    rows = session.execute(
        select(
            row.id,
            row.values["name"].astext,
            row.values["theme"].astext,
            row.values["kind"].astext,
            row.source,
            row.address,
            row.score,
            row.label,
            geo.ST_X(row.location),
            geo.ST_Y(row.location),
        )
        .where(row.territory_id == territory_id)
        .order_by(row.score.desc().nulls_last(), row.id)
        .limit(limit)
    )
    return [Waiting(*values) for values in rows]


def count_waiting(session: Session, territory_id: int) -> int:
    """Return how many places of a territory wait."""
    mine = UnplacedEquipment.territory_id == territory_id
    return session.scalar(select(func.count()).select_from(UnplacedEquipment).where(mine)) or 0


def locked_waiting(session: Session, territory_id: int, key: int) -> UnplacedEquipment | None:
    """Return a place that waits, held until the transaction ends."""
    return session.scalar(
        select(UnplacedEquipment)
        .where(UnplacedEquipment.territory_id == territory_id, UnplacedEquipment.id == key)
        .with_for_update()
    )


def forget_placed(session: Session) -> None:
    """Take off the list the places that have been put on the map since."""
    placed = exists().where(
        Equipment.source == UnplacedEquipment.source,
        Equipment.source_key == UnplacedEquipment.source_key,
    )
    session.execute(
        delete(UnplacedEquipment).where(placed),
        execution_options={"synchronize_session": False},
    )


def placed_by_hand(session: Session) -> set[tuple[str, str]]:
    """Return (source, key) of the equipment that somebody put on the map."""
    rows: Any = session.execute(
        select(Equipment.source, Equipment.source_key).where(Equipment.extra.has_key(BY_HAND))
    )
    return {(source, key) for source, key in rows}
