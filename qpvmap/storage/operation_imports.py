"""Workbooks kept until they are applied, and what their rows are checked and merged with."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from qpvmap.core.geo import LonLat
from qpvmap.core.operation_merge import draft_of
from qpvmap.core.operations import Draft
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


CHANGES_SINCE = text("""
    select operation.code, change.at, coalesce(account.name, '') as name, change.before,
           array(select jsonb_object_keys(change.changes)) as fields
    from unnest(cast(:codes as text[]), cast(:versions as int[])) as read (code, version)
    join operation on operation.territory_id = :territory_id and operation.code = read.code
    join operation_change as change
      on change.operation_id = operation.id
      and change.version > read.version and change.origin <> 'document'
    left join account on account.id = change.actor_id
    order by operation.code, change.version, change.id
""")


@dataclass(frozen=True, slots=True)
class Since:
    """What happened to an operation since a version of it: what it was, who last changed what.

    `before` is None when the journal is older than what it now keeps.
    """

    before: Draft | None
    by: Mapping[str, tuple[str, datetime]]


def changes_since(
    session: Session, territory_id: int, versions: Mapping[str, int]
) -> dict[str, Since]:
    """Return what happened to operations since the versions given by code; one statement."""
    if not versions:
        return {}
    given = {"codes": list(versions), "versions": list(versions.values())}
    rows = session.execute(CHANGES_SINCE, {"territory_id": territory_id, **given}).all()
    found: dict[str, Since] = {}
    for code, changes in groupby(rows, lambda row: row.code):
        told = list(changes)
        by = {name: (row.name, row.at) for row in told for name in row.fields}
        found[code] = Since(draft_of(told[0].before), by)
    return found


def forget_imports(session: Session, before: datetime) -> int:
    """Forget workbooks sent before then, applied or not; return how many."""
    gone = session.scalars(
        delete(OperationImport)
        .where(OperationImport.created_at < before)
        .returning(OperationImport.id)
    )
    return len(list(gone))
