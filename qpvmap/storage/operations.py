"""The investment plan, as it is read."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import RowMapping, TextClause, or_, select, text
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.geo import LonLat
from qpvmap.core.operations import (
    GENERATIONS,
    Draft,
    FundingLine,
    Nearness,
    PlannedOperation,
    Step,
    for_public,
)
from qpvmap.core.periods import Period, Precision
from qpvmap.core.permissions import Action, may
from qpvmap.core.permissions import Target as About
from qpvmap.storage.imports import Counts, Row, Target, upsert
from qpvmap.storage.models import Operation, Territory
from qpvmap.storage.statements import statement

OPERATION = Target(
    Operation,
    "operations",
    ("territory_id", "code"),
    ("insee_code", "title", "theme", "work", "natures", "status", "location", "position_quality"),
    edition=("territory_id",),
    sourced=False,
)
COMMUNES = text("""
    select distinct on (commune.insee_code) commune.insee_code, commune.name
    from commune
    inner join territory on commune.insee_code = any (territory.insee_codes)
    where territory.id = :territory_id
    order by commune.insee_code, commune.vintage desc
""")
MEASURE = """
insert into operation_measure (operation_id, mark, nearness)
select plan.id, plan.mark, plan.nearness
from ({plan}) as plan
where plan.is_measured and plan.nearness is not null
on conflict (operation_id) do update set mark = excluded.mark, nearness = excluded.nearness
returning operation_id
"""
SIMPLE = (
    "title",
    "theme",
    "work",
    "status",
    "owner",
    "equipment_state",
    "equipment_name",
    "equipment_key",
    "cost",
    "riots_2023",
    "description",
    "note",
    "address",
    "position_quality",
)
"""Columns that go into a draft as they are."""


def upsert_operations(session: Session, territory_id: int, rows: Sequence[Row]) -> Counts:
    """Write operations as the shipped plan has them, `location` as hexadecimal EWKB.

    One that somebody has changed since (its version says so) is left as it is.
    """
    touched = set(
        session.scalars(
            select(Operation.code).where(
                Operation.territory_id == territory_id,
                or_(Operation.version > 1, Operation.updated_by.is_not(None)),
            )
        )
    )
    kept = [{**row, "territory_id": territory_id} for row in rows if row["code"] not in touched]
    counts = upsert(session, OPERATION, kept)
    left = len(rows) - len(kept)
    return Counts(counts.new, counts.changed, counts.unchanged + left, counts.gone)


def commune_names(session: Session, territory_id: int) -> dict[str, str]:
    """Return the names of a territory's communes by code, in the order of their names."""
    rows = session.execute(COMMUNES, {"territory_id": territory_id})
    return dict(sorted(((code, name) for code, name in rows), key=lambda pair: pair[1]))


def whole_plan(
    session: Session, territory_id: int, code: str | None = None
) -> list[PlannedOperation]:
    """Return the plan of a territory by commune, or the one item of this code, with all there is.

    Never for a reader: `visible_plan` is. Two statements, whatever the size of the plan.
    """
    rows = session.execute(
        statement("operations"),
        {"territory_id": territory_id, "code": code, "vintages": list(GENERATIONS)},
    ).mappings()
    names = commune_names(session, territory_id)
    return [_planned(row, names) for row in rows]


def measure_plan(session: Session, territory_id: int, code: str | None = None) -> int:
    """Keep how far operations are, where it is not kept or what it was measured to has changed.

    Return how many were measured. A reading is right without it, and slow.
    """
    kept = session.scalars(
        _measured(),
        {"territory_id": territory_id, "code": code, "vintages": list(GENERATIONS)},
    )
    return len(kept.all())


def measure_plans(session: Session) -> int:
    """Keep how far the operations of every territory are; return how many were measured."""
    territories = session.scalars(select(Territory.id)).all()
    return sum(measure_plan(session, territory_id) for territory_id in territories)


@cache
def _measured() -> TextClause:
    return text(MEASURE.format(plan=statement("operations").text))


def visible_plan(
    session: Session, actor: Actor, territory_id: int, code: str | None = None
) -> list[PlannedOperation]:
    """Return the plan as `actor` may read it: what planners keep to themselves is for them."""
    plan = whole_plan(session, territory_id, code)
    if may(actor, Action.EDIT_OPERATION, About(territory_id)):
        return plan
    return [for_public(operation) for operation in plan]


def _planned(row: RowMapping, names: Mapping[str, str]) -> PlannedOperation:
    content = Draft(
        communes=tuple(row["communes"]),
        natures=tuple(row["natures"]),
        starts=_period(row["starts_on"], row["starts_precision"]),
        ends=_period(row["ends_on"], row["ends_precision"]),
        place=None if row["lon"] is None else LonLat(row["lon"], row["lat"]),
        lines=tuple(_line(line) for line in row["lines"] or ()),
        steps=tuple(_step(step) for step in row["steps"] or ()),
        **{name: row[name] for name in SIMPLE},
    )
    near = (Nearness(*found) for found in row["nearness"] or ())
    return PlannedOperation(
        row["code"], row["version"], content, names, {found.vintage: found for found in near}
    )


def _period(first: date | None, precision: str | None) -> Period | None:
    return Period(first, Precision(precision)) if first and precision else None


def _line(line: Sequence[Any]) -> FundingLine:
    name, year, *amounts, note = line
    asked, agreed, paid = (None if a is None else Decimal(a) for a in amounts)
    return FundingLine(name, year, asked, agreed, paid, note)


def _step(step: Sequence[Any]) -> Step:
    status, first, precision, note = step
    return Step(status, _period(date.fromisoformat(first) if first else None, precision), note)


def locked_operation(
    session: Session, territory_id: int, code: str, *, removed: bool = False
) -> Operation | None:
    """Return an operation, held until the transaction ends so that two writes follow each other.

    One of the plan, or with `removed` one that was taken off it.
    """
    off_plan = Operation.removed_at.is_not(None) if removed else Operation.removed_at.is_(None)
    return session.scalar(
        select(Operation)
        .where(Operation.territory_id == territory_id, Operation.code == code, off_plan)
        .with_for_update()
    )
