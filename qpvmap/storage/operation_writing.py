"""The investment plan, as it is written: an operation's row, lines, steps and journal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, or_, select, text
from sqlalchemy.orm import Session

from qpvmap.core.operation_merge import told_draft
from qpvmap.core.operation_reading import Known
from qpvmap.core.operations import Draft
from qpvmap.core.periods import Period
from qpvmap.core.plain_words import folded
from qpvmap.storage.models import (
    Equipment,
    Funder,
    FundingRow,
    Operation,
    OperationChange,
    OperationStep,
    Organisation,
    Territory,
)
from qpvmap.storage.operations import commune_names
from qpvmap.storage.signalements import point_of

PLAIN = (
    "title",
    "theme",
    "work",
    "status",
    "equipment_state",
    "equipment_name",
    "cost",
    "riots_2023",
    "description",
    "note",
    "address",
    "position_quality",
)
"""Fields of a draft that are columns as they are."""


def lock_plan(session: Session, territory_id: int) -> None:
    """Hold the plan of a territory, so that two new operations never get one code."""
    session.execute(select(Territory.id).where(Territory.id == territory_id).with_for_update())


def codes_of(session: Session, territory_id: int) -> dict[str, str]:
    """Return the codes that the plan has, with the commune of each."""
    rows = session.execute(
        select(Operation.code, Operation.insee_code).where(Operation.territory_id == territory_id)
    )
    return {row.code: row.insee_code for row in rows}


def bodies_of(session: Session, territory_id: int) -> dict[str, int]:
    """Return the bodies of a territory by their name, in its order."""
    rows = session.execute(
        select(Organisation.name, Organisation.id)
        .where(Organisation.territory_id == territory_id)
        .order_by(Organisation.name)
    )
    return {row.name: row.id for row in rows}


def known_words(session: Session, territory_id: int) -> Known:
    """Return the words that the plan of a territory is read with."""
    return Known(
        communes=commune_names(session, territory_id),
        bodies={folded(name): name for name in bodies_of(session, territory_id)},
        funders={folded(f.name): f.name for f in funders_of(session, territory_id)},
    )


def funders_of(session: Session, territory_id: int) -> list[Funder]:
    """Return the funders that a territory may name, in the order of menus."""
    return list(
        session.scalars(
            select(Funder)
            .where(or_(Funder.territory_id.is_(None), Funder.territory_id == territory_id))
            .order_by(Funder.position, Funder.name)
        )
    )


def equipment_id(session: Session, key: str) -> int | None:
    """Return the equipment of an identifier `source/key`, or None when there is none."""
    source, _, source_key = key.partition("/")
    return session.scalar(
        select(Equipment.id).where(Equipment.source == source, Equipment.source_key == source_key)
    )


def write_row(
    row: Operation, draft: Draft, bodies: Mapping[str, int], equipment: int | None
) -> None:
    """Write what a draft says into the columns of an operation."""
    for name in PLAIN:
        setattr(row, name, getattr(draft, name))
    row.insee_code, *row.other_insee_codes = draft.communes
    row.natures = list(draft.natures)
    row.owner_id = bodies.get(draft.owner)
    row.owner_name = "" if row.owner_id else draft.owner
    row.equipment_id = equipment
    row.starts_on, row.starts_precision = _columns(draft.starts)
    row.ends_on, row.ends_precision = _columns(draft.ends)
    place = point_of(draft.place) if draft.place else None
    row.location = place  # type: ignore[assignment]  # read back as WKB


def _columns(period: Period | None) -> tuple[date | None, str | None]:
    return (period.first, period.precision) if period else (None, None)


def write_lines(session: Session, row: Operation, draft: Draft) -> None:
    """Write the funding lines of an operation instead of those it has."""
    session.execute(delete(FundingRow).where(FundingRow.operation_id == row.id))
    known = {folded(f.name): f.id for f in funders_of(session, row.territory_id)}
    for position, line in enumerate(draft.lines, 1):
        name = folded(line.funder)
        if name not in known:
            added = Funder(territory_id=row.territory_id, name=line.funder)
            session.add(added)
            session.flush()
            known[name] = added.id
        session.add(
            FundingRow(
                operation_id=row.id,
                position=position,
                funder_id=known[name],
                year=line.year,
                asked=line.asked,
                agreed=line.agreed,
                paid=line.paid,
                note=line.note,
            )
        )


def write_steps(session: Session, row: Operation, draft: Draft) -> None:
    """Write the dated states of an operation instead of those it has."""
    session.execute(delete(OperationStep).where(OperationStep.operation_id == row.id))
    for position, step in enumerate(draft.steps, 1):
        first, precision = _columns(step.at)
        session.add(
            OperationStep(
                operation_id=row.id,
                position=position,
                status=step.status,
                starts_on=first,
                starts_precision=precision,
                note=step.note,
            )
        )


@dataclass(frozen=True, slots=True)
class Told:
    """What the journal tells of a change: `changes` in words, `before` the whole as it was."""

    changes: Mapping[str, list[str]]
    origin: str
    actor_id: int | None
    before: Draft | None = None


def record_change(session: Session, row: Operation, told: Told, at: datetime | None = None) -> None:
    """Add a line to the journal of an operation, at its present version."""
    session.add(
        OperationChange(
            operation_id=row.id,
            at=at or row.updated_at,
            actor_id=told.actor_id,
            origin=told.origin,
            version=row.version,
            changes=dict(told.changes),
            before=told_draft(told.before) if told.before else None,
        )
    )


NEAR_EQUIPMENT = text("""
    select equipment.source || '/' || equipment.source_key as key, equipment.name,
           st_distance(equipment.location::geography, operation.location::geography) as m
    from operation
    join equipment
      on equipment.id = operation.equipment_id
      or (
          equipment.location && st_expand(operation.location, 0.008)
          and st_dwithin(equipment.location::geography, operation.location::geography, 400)
      )
    where operation.territory_id = :territory_id and operation.code = :code
    order by m nulls first, equipment.id
    limit 60
""")


@dataclass(frozen=True, slots=True)
class NearEquipment:
    """An equipment near an operation, or that it is about; `m` is metres, None without a place."""

    key: str
    name: str
    m: float | None


def near_equipment(session: Session, territory_id: int, code: str) -> list[NearEquipment]:
    """Return the equipment around an operation, the nearest first."""
    rows = session.execute(NEAR_EQUIPMENT, {"territory_id": territory_id, "code": code})
    return [NearEquipment(*row) for row in rows]
