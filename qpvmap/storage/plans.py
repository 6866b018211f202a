"""The ground of printed plans, from our own perimeters and roads."""

from sqlalchemy.orm import Session

from qpvmap.core.plans import Frame, Shape
from qpvmap.storage.statements import statement


def plan_shapes(session: Session, frame: Frame, emprise_id: int | None = None) -> list[Shape]:
    """Return what is drawn under the stops, from the bottom to the top, in the frame's units."""
    rows = session.execute(
        statement("plan"),
        {
            "left": frame.left,
            "top": frame.top,
            "scale": frame.scale,
            "width": frame.width,
            "height": frame.height,
            "emprise_id": emprise_id,
        },
    ).mappings()
    return [Shape(**row) for row in rows]
