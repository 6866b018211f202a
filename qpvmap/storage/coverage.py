"""What share of residents has each kind of equipment within reach, in the quarter and around."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, literal_column, select, text
from sqlalchemy.orm import Session

from qpvmap.core.coverage import (
    FAR_MINUTES,
    FEWEST_HOUSEHOLDS,
    MINUTES,
    Coverage,
    Coverages,
    Method,
    Reckoned,
    straight_reach_m,
    together,
    walk_reach_m,
)
from qpvmap.storage.models import CoverageRun
from qpvmap.storage.statements import statement

BASIS: ColumnElement[str] = literal_column("""(
    select coalesce(string_agg(family || version, ',' order by family), '')
    from data_version
    where family in ('equipment', 'grid', 'indicators', 'places', 'streets')
)""")
"""The version of the data that walks are reckoned on."""

GRID = text("""
    select max(cell.vintage)
    from territory
    inner join commune on commune.insee_code = any (territory.insee_codes)
    inner join grid_cell as cell on st_intersects(commune.perimeter, cell.perimeter)
    where territory.id = :territory_id
""")


def coverage_of(session: Session, territory_id: int) -> Coverages:
    """Return how residents of a territory are served, in a straight line, theme by theme."""
    reaches = [straight_reach_m(minutes) for minutes in MINUTES]
    given = {"territory_id": territory_id, "reaches": reaches}
    rows = session.execute(statement("coverage"), given)
    return _read(rows, grid_vintage_of(session, territory_id))


def walked_coverage(session: Session, territory_id: int) -> Coverages | None:
    """Return how residents are served, as it was last reckoned; None if it never was."""
    found = session.execute(
        select(
            CoverageRun.id,
            CoverageRun.method,
            CoverageRun.street_file,
            CoverageRun.street_date,
            CoverageRun.reckoned_at,
            CoverageRun.places_astray,
            CoverageRun.basis != BASIS,
            CoverageRun.grid_vintage,
        ).where(CoverageRun.territory_id == territory_id)
    ).one_or_none()
    if found is None:
        return None
    run_id, method, file, dated, reckoned_at, astray, is_stale, grid_vintage = found
    reckoned = Reckoned(run_id, _method(method), file, dated, reckoned_at, astray, is_stale)
    given = {
        "run_id": reckoned.id,
        "reaches": [walk_reach_m(minutes) for minutes in MINUTES],
    }
    rows = session.execute(statement("coverage_walked"), given)
    return _read(rows, grid_vintage, reckoned)


def grid_vintage_of(session: Session, territory_id: int) -> int | None:
    """Return the newest edition of the squares of a territory."""
    found: int | None = session.scalar(GRID, {"territory_id": territory_id})
    return found


def far_grounds(session: Session, territory_id: int, theme: str) -> str:
    """Return the grounds from which one walks too far to a theme, by band, as GeoJSON text.

    Grounds of fewer than `FEWEST_HOUSEHOLDS` are left out. Band 0 begins at the first of
    `FAR_MINUTES`, and so on; from the one after the last, no way leads there.
    """
    given = {
        "run_id": session.scalar(
            select(CoverageRun.id).where(CoverageRun.territory_id == territory_id)
        ),
        "theme": theme,
        "bounds": [walk_reach_m(minutes) for minutes in FAR_MINUTES],
        "fewest": FEWEST_HOUSEHOLDS,
    }
    return str(session.scalar(statement("coverage_far"), given))


def _method(value: str) -> Method:
    return "streets" if value == "streets" else "straight"


def _read(
    rows: Iterable[Any], grid_vintage: int | None, reckoned: Reckoned | None = None
) -> Coverages:
    quarter: dict[str, Coverage] = {}
    communes: dict[str, dict[str, Coverage]] = {}
    for row in rows:
        found = _coverage(row)
        if row.scope == "qpv":
            quarter[row.theme] = found
        else:
            communes.setdefault(row.place, {})[row.theme] = found
    themes = {theme for own in communes.values() for theme in own}
    around = {
        theme: together([own[theme] for own in communes.values() if theme in own])
        for theme in themes
    }
    return Coverages(quarter, communes, around, grid_vintage, reckoned)


def _coverage(row: Any) -> Coverage:
    def part(name: str) -> float:
        return (getattr(row, name) or 0.0) / float(row.people)

    within = (part("first"), part("second"), part("third"))
    rest = (part(name) for name in ("gridded", "imputed", "cut_off", "astray"))
    return Coverage(row.people, part("counted"), within, *rest)
