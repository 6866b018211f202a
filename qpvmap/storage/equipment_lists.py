"""Towns' own lists that were sent, and the places that they have put on the map."""

import struct
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from geoalchemy2 import functions as geo
from sqlalchemy import cast, delete, func, select, text, type_coerce, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session, defer

from qpvmap.core.equipment_lists import KnownPlace, ListState
from qpvmap.core.geo import WGS84
from qpvmap.storage.models import Equipment, EquipmentList, UnplacedEquipment
from qpvmap.storage.unplaced import BY_HAND

WITH_SRID, POINT = 0x2000_0000, 1
MARKS = text("""
    select source_key, md5(row(
        name, theme, kind, detail, address, capacity, insee_code, opening_hours, access,
        position_quality, st_asbinary(location), extra
    )::text)
    from equipment where source = :source
""")


@dataclass(frozen=True, slots=True)
class ListLine:
    """A list among those that were sent, as their page shows it."""

    id: UUID
    filename: str
    name: str
    state: ListState
    asked: int
    answered: int
    created_at: datetime


def point_ewkb(lon: float, lat: float) -> str:
    """Return a point, EPSG:4326, as PostGIS takes it: hexadecimal EWKB."""
    return struct.pack("<BIIdd", 1, POINT | WITH_SRID, WGS84, lon, lat).hex().upper()


HEAVY = (defer(EquipmentList.content), defer(EquipmentList.found))
"""What a list holds is read when it is asked for: its progress is looked at every few seconds."""


def found_list(session: Session, territory_id: int, key: UUID) -> EquipmentList | None:
    """Return a list of a territory, or None."""
    return session.scalar(
        select(EquipmentList)
        .where(EquipmentList.id == key, EquipmentList.territory_id == territory_id)
        .options(*HEAVY)
    )


def locked_list(
    session: Session, key: UUID, territory_id: int | None = None
) -> EquipmentList | None:
    """Return a list, held until the transaction ends."""
    statement = select(EquipmentList).where(EquipmentList.id == key).with_for_update()
    if territory_id is not None:
        statement = statement.where(EquipmentList.territory_id == territory_id)
    return session.scalar(statement.options(*HEAVY).execution_options(populate_existing=True))


def due_lists(session: Session, now: datetime) -> Sequence[EquipmentList]:
    """Return the lists that are to go on by themselves by now, held until the transaction ends.

    One that somebody else holds is left to them.
    """
    row = EquipmentList
    return session.scalars(
        select(row)
        .where(row.state == ListState.PAUSED, row.retry_at <= now)
        .options(*HEAVY)
        .with_for_update(skip_locked=True)
    ).all()


def lists_of(session: Session, territory_id: int, limit: int = 30) -> Sequence[ListLine]:
    """Return the lists that were sent, the last first, without what they hold."""
    row = EquipmentList
    rows = session.execute(
        select(
            row.id,
            row.filename,
            func.coalesce(row.choices["name"].astext, ""),
            row.state,
            row.asked,
            row.answered,
            row.created_at,
        )
        .where(row.territory_id == territory_id)
        .order_by(row.created_at.desc())
        .limit(limit)
    )
    return [ListLine(r[0], r[1], r[2], ListState(r[3]), *r[4:]) for r in rows]


def add_answers(
    session: Session, row: EquipmentList, answers: Mapping[str, object], now: datetime
) -> None:
    """Add answers of the address search to those of a list."""
    session.execute(
        update(EquipmentList)
        .where(EquipmentList.id == row.id)
        .values(
            found=EquipmentList.found.op("||")(cast(type_coerce(dict(answers), JSONB), JSONB)),
            answered=EquipmentList.answered + len(answers),
            advanced_at=now,
        )
        .execution_options(synchronize_session=False)
    )


def known_places(session: Session, source: str) -> dict[str, KnownPlace]:
    """Return the places of a list that are on the map, by their key."""
    row = Equipment
    rows = session.execute(
        select(
            row.source_key,
            row.name,
            row.address,
            row.extra.has_key(BY_HAND),
            geo.ST_X(row.location),
            geo.ST_Y(row.location),
            row.position_quality,
            row.position_score,
        ).where(row.source == source)
    )
    return {key: KnownPlace(*values) for key, *values in rows}


def waiting_names(session: Session, territory_id: int, source: str) -> dict[str, str]:
    """Return the names of the places of a list that wait for a position, by their key."""
    row = UnplacedEquipment
    rows = session.execute(
        select(row.source_key, row.values["name"].astext).where(
            row.territory_id == territory_id, row.source == source
        )
    )
    return {row[0]: row[1] for row in rows}


def marks_of(session: Session, source: str) -> dict[str, str]:
    """Return what stands for all that the places of a list say, but their edition, by key."""
    return {row[0]: row[1] for row in session.execute(MARKS, {"source": source})}


def remove_places(session: Session, source: str, keys: Collection[str]) -> int:
    """Take places of a list off the map; return how many."""
    gone = session.scalars(
        delete(Equipment)
        .where(Equipment.source == source, Equipment.source_key.in_(keys))
        .returning(Equipment.id)
        .execution_options(synchronize_session=False)
    )
    return len(list(gone))


def forget_waiting(session: Session, territory_id: int, source: str) -> None:
    """Take off the review list the places of a list: its new reading says which wait."""
    session.execute(
        delete(UnplacedEquipment)
        .where(UnplacedEquipment.territory_id == territory_id, UnplacedEquipment.source == source)
        .execution_options(synchronize_session=False)
    )


def forget_lists(session: Session, before: datetime) -> int:
    """Forget the lists that nobody has brought to an end since then; return how many."""
    gone = session.scalars(
        delete(EquipmentList)
        .where(EquipmentList.state != ListState.DONE, EquipmentList.advanced_at < before)
        .returning(EquipmentList.id)
    )
    return len(list(gone))


def forget_reports(session: Session, row: EquipmentList) -> None:
    """Forget the reports of the times before that the same list was sent."""
    session.execute(
        delete(EquipmentList)
        .where(
            EquipmentList.territory_id == row.territory_id,
            EquipmentList.source == row.source,
            EquipmentList.state == ListState.DONE,
            EquipmentList.id != row.id,
        )
        .execution_options(synchronize_session=False)
    )
