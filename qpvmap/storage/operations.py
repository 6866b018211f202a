"""The investment plan."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.storage.imports import Counts, Row, Target, upsert
from qpvmap.storage.models import Operation
from qpvmap.storage.statements import statement

OPERATION = Target(
    Operation,
    "operations",
    ("territory_id", "code"),
    ("insee_code", "title", "theme", "work", "status", "location", "position_quality"),
    edition=("territory_id",),
    sourced=False,
)


def upsert_operations(session: Session, territory_id: int, rows: Sequence[Row]) -> Counts:
    """Write operations as the shipped plan has them, `location` as hexadecimal EWKB.

    One that somebody has changed since (its version says so) is left as it is.
    """
    touched = set(
        session.scalars(
            select(Operation.code).where(
                Operation.territory_id == territory_id, Operation.version > 1
            )
        )
    )
    kept = [{**row, "territory_id": territory_id} for row in rows if row["code"] not in touched]
    counts = upsert(session, OPERATION, kept)
    left = len(rows) - len(kept)
    return Counts(counts.new, counts.changed, counts.unchanged + left, counts.gone)


@dataclass(frozen=True, slots=True)
class PlannedOperation:
    """An item of the plan as its readers see it. EPSG:4326; `distance_m` is 0 in the quarter."""

    code: str
    title: str
    theme: str
    work: str
    status: str
    position_quality: str
    version: int
    commune: str
    lon: float
    lat: float
    distance_m: float | None

    @property
    def is_approximate(self) -> bool:
        """Whether it was only placed plausibly, for want of knowing where."""
        return self.position_quality == "approximate"


def investment_plan(
    session: Session, territory_id: int, code: str | None = None
) -> list[PlannedOperation]:
    """Return the plan of a territory by commune, or the one item of this code."""
    rows = session.execute(
        statement("operations"), {"territory_id": territory_id, "code": code}
    ).mappings()
    return [PlannedOperation(**row) for row in rows]


def locked_operation(session: Session, territory_id: int, code: str) -> Operation | None:
    """Return an operation, held until the transaction ends so that two moves follow each other."""
    return session.scalar(
        select(Operation)
        .where(Operation.territory_id == territory_id, Operation.code == code)
        .with_for_update()
    )
