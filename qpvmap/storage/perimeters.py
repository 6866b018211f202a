"""The quarters that a plan is measured to, generation by generation."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

COMPARED = text("""
    with scope as (
        select id, qpv_codes, insee_codes from territory where id = :territory_id
    ),
    generation as (
        select unnest(cast(:vintages as bigint[])) as vintage
    ),
    own as (
        select distinct qpv.vintage
        from qpv join scope on qpv.code = any (scope.qpv_codes)
        where qpv.perimeter is not null
    )
    select qpv.vintage, qpv.code, qpv.name, qpv.code = any (scope.qpv_codes) as own,
           st_area(qpv.perimeter::geography) / 10000 as area_ha,
           coalesce(
               (
                   select st_area(st_intersection(qpv.perimeter, other.ground)::geography) / 10000
                   from (
                       select st_union(theirs.perimeter) as ground
                       from qpv as theirs
                       where theirs.vintage = any (:vintages) and theirs.vintage <> qpv.vintage
                         and theirs.perimeter && qpv.perimeter
                   ) as other
               ), 0
           ) as kept_ha
    from qpv
    cross join scope
    join generation on qpv.vintage = generation.vintage
    where qpv.perimeter is not null
      and (
          qpv.code = any (scope.qpv_codes)
          or (
              qpv.insee_codes && scope.insee_codes
              and qpv.vintage not in (select own.vintage from own)
          )
      )
    order by qpv.vintage desc, qpv.code
""")


@dataclass(frozen=True, slots=True)
class ComparedQuarter:
    """A quarter of a generation, its hectares, and how many of them the other one has too."""

    vintage: int
    code: str
    name: str
    own: bool
    area_ha: float
    kept_ha: float


def compared_quarters(
    session: Session, territory_id: int, vintages: Sequence[int]
) -> list[ComparedQuarter]:
    """Return the quarters that operations are measured to, the present generation first."""
    rows = session.execute(COMPARED, {"territory_id": territory_id, "vintages": list(vintages)})
    return [ComparedQuarter(**row) for row in rows.mappings()]
