"""Figures by IRIS, to colour the map."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

CONTRACT = "contract"
"""The series of the figures as they were signed."""

INDICATORS = text("""
    select indicator.key, indicator.title, indicator.unit, indicator.source, indicator.topic,
           max(figure.vintage) as vintage
    from indicator
    join indicator_value as figure on figure.indicator_key = indicator.key
    join territory on left(figure.place_code, 5) = any (territory.insee_codes)
    where territory.id = :territory_id and figure.place_kind = 'iris'
      and figure.series = :series
    group by indicator.key
    order by indicator.position, indicator.key
""")

FIGURES = text("""
    select distinct on (figure.place_code) figure.place_code, figure.value, figure.suppressed
    from indicator_value as figure
    join territory on left(figure.place_code, 5) = any (territory.insee_codes)
    where territory.id = :territory_id and figure.place_kind = 'iris'
      and figure.series = :series and figure.indicator_key = :key
    order by figure.place_code, figure.vintage desc
""")


@dataclass(frozen=True, slots=True)
class IrisIndicator:
    """An indicator that has values for IRIS of the territory."""

    key: str
    title: str
    unit: str
    source: str
    topic: str
    vintage: int


@dataclass(frozen=True, slots=True)
class IrisFigure:
    """The value of one IRIS; `suppressed` is withheld by statistical secrecy, never 0."""

    code: str
    value: float | None
    suppressed: bool


def iris_indicators(
    session: Session, territory_id: int, series: str = CONTRACT
) -> list[IrisIndicator]:
    """Return the indicators that can colour the IRIS of a territory, in the contract's order."""
    rows = session.execute(INDICATORS, {"territory_id": territory_id, "series": series})
    return [IrisIndicator(*row) for row in rows]


def figures_by_iris(
    session: Session, territory_id: int, key: str, series: str = CONTRACT
) -> list[IrisFigure]:
    """Return the newest value of an indicator for each IRIS of a territory that has one."""
    given = {"territory_id": territory_id, "series": series, "key": key}
    return [IrisFigure(*row) for row in session.execute(FIGURES, given)]
