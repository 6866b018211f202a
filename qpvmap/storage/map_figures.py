"""Figures by IRIS, to colour the map."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

CONTRACT = "contract"
"""The series of the figures as they were signed."""

JOBS = "offres-emploi"
"""The indicator that counts the job offers placed in each IRIS."""

CURRENT = "Insee, à jour"
"""How the official figures are told from those that were signed, in a list."""

INDICATORS = text("""
    select indicator.key, indicator.title, indicator.unit, indicator.source, indicator.topic,
           max(figure.vintage) as vintage, bool_or(figure.series = :signed) as is_signed,
           indicator.position
    from territory
    cross join unnest(territory.insee_codes) as commune (code)
    join indicator_value as figure on figure.place_kind = 'iris'
      and figure.place_code between commune.code || '0000' and commune.code || '9999'
    join indicator on indicator.key = figure.indicator_key
    where territory.id = :territory_id
    group by indicator.key
    union all
    select :jobs, 'Offres d’emploi situées', '', 'France Travail', 'Emploi',
           cast(extract(year from max(job_offer.imported_at)) as bigint), false, 1000
    from job_offer where job_offer.territory_id = :territory_id and iris_code is not null
    having count(*) > 0
    order by is_signed desc, position, key
""")

FIGURES = text("""
    with near as materialized (
        select figure.*
        from territory
        cross join unnest(territory.insee_codes) as commune (code)
        join indicator_value as figure on figure.place_kind = 'iris'
          and figure.place_code between commune.code || '0000' and commune.code || '9999'
        where territory.id = :territory_id
    )
    select distinct on (place_code) place_code, value, suppressed
    from near
    where indicator_key = :key
    order by place_code, vintage desc, suppressed
""")


OFFERS = text("""
    select iris.code, cast(count(distinct job_offer.id) as double precision), false
    from territory
    cross join unnest(territory.insee_codes) as commune (code)
    join iris on iris.insee_code = commune.code
    left join job_offer on job_offer.iris_code = iris.code
      and job_offer.territory_id = territory.id
      and (:rome_code = '' or job_offer.rome_code = :rome_code)
    where territory.id = :territory_id
    group by iris.code
    order by iris.code
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
        if self.key == JOBS:
            return "Offres d’emploi"
        return topic if self.is_signed else f"{topic} ({CURRENT})"


@dataclass(frozen=True, slots=True)
class IrisFigure:
    """The value of one IRIS; `suppressed` is withheld by statistical secrecy, never 0."""

    code: str
    value: float | None
    suppressed: bool


def iris_indicators(session: Session, territory_id: int) -> list[IrisIndicator]:
    """Return the indicators that can colour the IRIS of a territory: the contract's come first."""
    given = {"territory_id": territory_id, "signed": CONTRACT, "jobs": JOBS}
    return [IrisIndicator(*row[:7]) for row in session.execute(INDICATORS, given)]


def figures_by_iris(session: Session, territory_id: int, key: str) -> list[IrisFigure]:
    """Return the newest value of an indicator for each IRIS of a territory that has one."""
    if key == JOBS:
        return offers_by_iris(session, territory_id)
    given = {"territory_id": territory_id, "key": key}
    return [IrisFigure(*row) for row in session.execute(FIGURES, given)]


def offers_by_iris(session: Session, territory_id: int, rome_code: str = "") -> list[IrisFigure]:
    """Return how many job offers are placed in each IRIS, of one trade if asked; none is 0."""
    given = {"territory_id": territory_id, "rome_code": rome_code}
    return [IrisFigure(*row) for row in session.execute(OFFERS, given)]
