"""What share of residents has each kind of equipment within reach, in the quarter and around."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, literal_column, select
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


def coverage_of(session: Session, territory_id: int) -> Coverages:
    """Return how residents of a territory are served, in a straight line, theme by theme."""
    reaches = [straight_reach_m(minutes) for minutes in MINUTES]
    given = {"territory_id": territory_id, "reaches": reaches}
    return _read(session.execute(statement("coverage"), given))


def walked_coverage(session: Session, territory_id: int) -> Coverages | None:
    """Return how residents are served, as it was last reckoned; None if it never was."""
    reckoned = reckoned_walks(session, territory_id)
    if reckoned is None:
        return None
    reaches = [walk_reach_m(minutes) for minutes in MINUTES]
    given = {"run_id": reckoned.id, "reaches": reaches}
    return _read(session.execute(statement("coverage_walked"), given), reckoned)


def reckoned_walks(session: Session, territory_id: int) -> Reckoned | None:
    """Return how the walks of a territory were last reckoned."""
    found = session.execute(
        select(
            CoverageRun.id,
            CoverageRun.method,
            CoverageRun.street_file,
            CoverageRun.street_date,
            CoverageRun.grid_vintage,
            CoverageRun.reckoned_at,
            CoverageRun.places_astray,
            CoverageRun.basis != BASIS,
        ).where(CoverageRun.territory_id == territory_id)
    ).one_or_none()
    if found is None:
        return None
    return Reckoned(found[0], _method(found[1]), *found[2:])


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


def _read(rows: Iterable[Any], reckoned: Reckoned | None = None) -> Coverages:
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
    return Coverages(quarter, communes, around, reckoned)


def _coverage(row: Any) -> Coverage:
    def part(name: str) -> float:
        return (getattr(row, name) or 0.0) / float(row.people)

    within = (part("first"), part("second"), part("third"))
    rest = (part(name) for name in ("imputed", "cut_off", "astray"))
    return Coverage(row.people, part("counted"), within, *rest)
