"""The drawing beside the sign-in form."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from qpvmap.storage.statements import statement


@dataclass(frozen=True, slots=True)
class Stroke:
    """A path, or a label at (x, y), with its class of the stylesheet."""

    css: str
    path: str | None
    label: str | None
    x: float
    y: float


def door_drawing(session: Session, territory_code: str) -> tuple[Stroke, ...]:
    """Return the quarter and its surroundings in a square of 800 whose middle is (0, 0).

    Empty when the territory was not loaded.
    """
    rows = session.execute(statement("door"), {"code": territory_code})
    return tuple(Stroke(row.css, row.path, row.label, float(row.x), float(row.y)) for row in rows)
