"""What an import asks of the places known already, and what it completes after it has written."""

from typing import cast

from sqlalchemy import Table, exists, func, select, update
from sqlalchemy.orm import Session

from qpvmap.storage.models import Commune, Equipment, Iris, Territory

LOCK_KEY = 7_110_916
"""Advisory lock held by an import until its transaction ends."""


def commune_names(session: Session) -> list[tuple[str, str]]:
    """Return (INSEE code, name) of every commune known, oldest edition first."""
    statement = select(Commune.insee_code, Commune.name).order_by(Commune.vintage)
    return [(code, name) for code, name in session.execute(statement)]


def lock_imports(session: Session) -> None:
    """Wait for the import that is running, if any, to end: two would write the same rows."""
    session.execute(select(func.pg_advisory_xact_lock(LOCK_KEY)))


def fill_equipment_places(session: Session) -> None:
    """Give the places that lack one the code of their commune and IRIS, where these are known."""
    for known, code, column in (
        (Commune, Commune.insee_code, "insee_code"),
        (Iris, Iris.code, "iris_code"),
    ):
        found = (
            select(code)
            .where(func.ST_Covers(known.perimeter, Equipment.location))
            .order_by(known.vintage.desc(), code)
            .limit(1)
            .scalar_subquery()
        )
        missing = cast(Table, Equipment.__table__).c[column].is_(None)
        covered = exists().where(func.ST_Covers(known.perimeter, Equipment.location))
        session.execute(
            update(Equipment)
            .where(missing, covered)
            .values({column: found})
            .execution_options(synchronize_session=False)
        )


def territory_box(session: Session, code: str) -> tuple[float, float, float, float] | None:
    """Return west, south, east, north of a territory's communes in degrees, None if unknown."""
    ours = Commune.insee_code == func.any(Territory.insee_codes)
    box = func.ST_Extent(Commune.perimeter)
    row = session.execute(
        select(func.ST_XMin(box), func.ST_YMin(box), func.ST_XMax(box), func.ST_YMax(box)).where(
            Territory.code == code, ours
        )
    ).one()
    return None if row[0] is None else (row[0], row[1], row[2], row[3])
