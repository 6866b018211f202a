"""Workbooks kept until they are applied, and what their rows are checked against."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from qpvmap.core.geo import LonLat
from qpvmap.storage.models import Equipment, OperationImport

SERVED = text("""
    select exists (
        select from commune
        inner join territory on commune.insee_code = any (territory.insee_codes)
        where territory.id = :territory_id
          and commune.vintage = (
              select max(newest.vintage) from commune as newest
              where newest.insee_code = commune.insee_code
          )
          and st_covers(commune.perimeter, st_setsrid(st_makepoint(point.lon, point.lat), 4326))
    )
    from unnest(cast(:lons as float8[]), cast(:lats as float8[])) with ordinality
        as point (lon, lat, rank)
    order by point.rank
""")


def found_import(
    session: Session, territory_id: int, account_id: int | None, key: UUID
) -> OperationImport | None:
    """Return a workbook that this account sent, or None."""
    return session.scalar(
        select(OperationImport).where(
            OperationImport.id == key,
            OperationImport.territory_id == territory_id,
            OperationImport.account_id == account_id,
        )
    )


def served_points(session: Session, territory_id: int, points: Sequence[LonLat]) -> list[bool]:
    """Return whether each point lies in a commune of the territory."""
    if not points:
        return []
    return list(
        session.scalars(
            SERVED,
            {
                "territory_id": territory_id,
                "lons": [point.lon for point in points],
                "lats": [point.lat for point in points],
            },
        )
    )


def known_equipment(session: Session, keys: Collection[str]) -> set[str]:
    """Return which of these identifiers `source/key` are those of an equipment."""
    if not keys:
        return set()
    name = func.concat(Equipment.source, "/", Equipment.source_key)
    sources = {key.partition("/")[0] for key in keys}
    found = session.scalars(select(name).where(Equipment.source.in_(sources), name.in_(keys)))
    return set(found)


def forget_imports(session: Session, before: datetime) -> int:
    """Forget workbooks sent before then, applied or not; return how many."""
    gone = session.scalars(
        delete(OperationImport)
        .where(OperationImport.created_at < before)
        .returning(OperationImport.id)
    )
    return len(list(gone))
