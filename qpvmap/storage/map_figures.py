"""Figures by IRIS, to colour the map."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

CONTRACT = "contract"
"""The series of the figures as they were signed."""

CURRENT = "Insee, à jour"
"""How the official figures are told from those that were signed, in a list."""

INDICATORS = text("""
    select indicator.key, indicator.title, indicator.unit, indicator.source, indicator.topic,
           max(figure.vintage) as vintage, bool_or(figure.series = :signed) as is_signed
    from territory
    cross join unnest(territory.insee_codes) as commune (code)
    join indicator_value as figure on figure.place_kind = 'iris'
      and figure.place_code between commune.code || '0000' and commune.code || '9999'
    join indicator on indicator.key = figure.indicator_key
    where territory.id = :territory_id
    group by indicator.key
    order by is_signed desc, indicator.position, indicator.key
""")

FIGURES = text("""
    select distinct on (figure.place_code) figure.place_code, figure.value, figure.suppressed
    from indicator_value as figure
    join territory on left(figure.place_code, 5) = any (territory.insee_codes)
    where territory.id = :territory_id and figure.place_kind = 'iris'
      and figure.indicator_key = :key
    order by figure.place_code, figure.vintage desc, figure.suppressed
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
    is_signed: bool = True

    @property
    def heading(self) -> str:
        """What it stands under in a list."""
        topic = self.topic or "Indicateurs"
        return topic if self.is_signed else f"{topic} ({CURRENT})"


@dataclass(frozen=True, slots=True)
class IrisFigure:
    """The value of one IRIS; `suppressed` is withheld by statistical secrecy, never 0."""

    code: str
    value: float | None
    suppressed: bool


def iris_indicators(session: Session, territory_id: int) -> list[IrisIndicator]:
    """Return the indicators that can colour the IRIS of a territory: the contract's come first."""
    rows = session.execute(INDICATORS, {"territory_id": territory_id, "signed": CONTRACT})
    return [IrisIndicator(*row) for row in rows]


def figures_by_iris(session: Session, territory_id: int, key: str) -> list[IrisFigure]:
    """Return the newest value of an indicator for each IRIS of a territory that has one."""
    given = {"territory_id": territory_id, "key": key}
    return [IrisFigure(*row) for row in session.execute(FIGURES, given)]
