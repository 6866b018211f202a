"""What the walks are reckoned from, and where they are kept."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from psycopg import Connection
from sqlalchemy import delete, func, or_, select, text
from sqlalchemy.orm import Session

from qpvmap.storage.coverage import BASIS
from qpvmap.storage.models import CoverageRun, StreetNetwork, Territory

RESIDENTS = text("""
    select scope, place, basis, people, households, st_x(location), st_y(location)
    from derived.residents(:territory_id)
    order by scope, place, st_y(location), st_x(location)
""")
SPOTS = text("""
    select theme, st_x(location), st_y(location) from derived.equipment_around(:territory_id)
    order by theme, st_x(location), st_y(location)
""")
COPY = """
    copy coverage_point
    (run_id, scope, place, basis, people, households, astray, metres, location)
    from stdin
"""
LOCK_KEY = 711_091
"""Advisory lock on the walks of a territory, until the transaction ends."""


@dataclass(frozen=True, slots=True)
class Residents:
    """Some residents on a point, EPSG:4326; `households` is None where it is not known."""

    scope: str
    place: str
    basis: str
    people: float
    households: float | None
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class WalksOf:
    """The walks of some residents: `metres` to each theme of the run, None where no way leads."""

    residents: Residents
    metres: Sequence[float | None]
    astray: bool


def lock_reckoning(session: Session, territory_id: int) -> None:
    """Wait for whoever reckons the walks of a territory to end."""
    session.execute(select(func.pg_advisory_xact_lock(LOCK_KEY, territory_id)))


def stale_territories(session: Session) -> list[int]:
    """Return the territories whose walks were never reckoned, or on data that changed since."""
    return list(
        session.scalars(
            select(Territory.id)
            .outerjoin(CoverageRun, CoverageRun.territory_id == Territory.id)
            .where(or_(CoverageRun.id.is_(None), CoverageRun.basis != BASIS))
            .order_by(Territory.id)
        )
    )


def data_basis(session: Session) -> str:
    """Return the version of the data that walks are reckoned on."""
    return str(session.scalar(select(BASIS)))


def residents_of(session: Session, territory_id: int) -> list[Residents]:
    """Return where the residents of a territory live."""
    rows = session.execute(RESIDENTS, {"territory_id": territory_id})
    return [Residents(*row) for row in rows]


def spots_around(session: Session, territory_id: int) -> list[tuple[str, float, float]]:
    """Return theme, longitude and latitude of the equipment that residents may walk to."""
    rows = session.execute(SPOTS, {"territory_id": territory_id})
    return [(theme, lon, lat) for theme, lon, lat in rows]


def streets_of(session: Session, territory_id: int) -> StreetNetwork | None:
    """Return the streets of a territory."""
    return session.scalar(select(StreetNetwork).where(StreetNetwork.territory_id == territory_id))


def forget_streets(session: Session, territory_id: int) -> bool:
    """Remove the streets of a territory; return whether there were any."""
    gone = session.execute(
        delete(StreetNetwork)
        .where(StreetNetwork.territory_id == territory_id)
        .returning(StreetNetwork.id)
    )
    return gone.first() is not None


def replace_run(session: Session, run: CoverageRun, walks: Iterable[WalksOf]) -> int:
    """Keep a run in place of the territory's last one; return how many points it has."""
    session.execute(delete(CoverageRun).where(CoverageRun.territory_id == run.territory_id))
    session.add(run)
    session.flush()
    raw = cast("Connection[Any]", session.connection().connection.driver_connection)
    with raw.cursor() as cursor:
        with cursor.copy(COPY) as copy:
            for one in walks:
                copy.write_row(_row(run.id, one))
        count = cursor.rowcount
    session.execute(text("analyze coverage_point"))
    return count


def _row(run_id: int, walks: WalksOf) -> tuple[Any, ...]:
    home = walks.residents
    return (
        run_id,
        home.scope,
        home.place,
        home.basis,
        home.people,
        home.households,
        walks.astray,
        list(walks.metres),
        f"SRID=4326;POINT({home.lon!r} {home.lat!r})",
    )
