"""Walks that tests begin with, in the toy territory."""

from datetime import date, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.geo import LonLat
from qpvmap.core.walks import BodyCount, BodyKind, Grade, PointKind, Remark, Visit
from qpvmap.storage.models import SiteWalk, WalkItem, WalkStop, WalkTheme
from qpvmap.usecases.walk_records import NewPoint
from qpvmap.usecases.walk_stops import NewStop, add_stop
from qpvmap.usecases.walks import Details, NewWalk, create_walk
from tests.factories import IN_QUARTER_WEST, Toy, submission

ITEMS = ("proprete", "eclairage", "securite")
DAY = date(2026, 11, 23)
BODIES = (
    BodyCount(BodyKind.RESIDENTS, "", 4),
    BodyCount(BodyKind.BAILLEUR, "Bailleur des Rives", 2),
)


def make_checklist(session: Session, toy: Toy) -> None:
    """Add the items and one theme, unless they are there."""
    if session.scalar(select(WalkTheme).where(WalkTheme.territory_id == toy.territory.id)):
        return
    session.add_all(
        WalkItem(
            territory_id=toy.territory.id,
            code=code,
            name=code.capitalize(),
            hint="",
            position=position,
        )
        for position, code in enumerate(ITEMS, start=1)
    )
    session.add(
        WalkTheme(
            territory_id=toy.territory.id,
            code="cadre",
            name="Cadre de vie",
            item_codes=list(ITEMS),
            position=1,
        )
    )
    session.flush()


def new_walk(**more: Any) -> NewWalk:
    """Return what asks for a walk."""
    details = {"title": "Marche du nord", "day": DAY, "bodies": BODIES}
    given = {key: more.pop(key) for key in tuple(more) if key in Details.__dataclass_fields__}
    return NewWalk(
        **({"client_id": uuid4(), "theme": "cadre", "details": Details(**details | given)} | more)
    )


def make_walk(
    session: Session, toy: Toy, actor: Actor, now: datetime, stops: int = 2, **more: Any
) -> SiteWalk:
    """Prepare a walk with some stops in the quarter."""
    make_checklist(session, toy)
    walk = create_walk(session, actor, toy.territory, new_walk(**more), now).walk
    for number in range(stops):
        point = LonLat(2.2985 + number * 0.0002, 48.7805)
        add_stop(session, actor, walk.id, NewStop(uuid4(), point, f"Arrêt n° {number + 1}"), now)
    return walk


def stop_ids(session: Session, walk: SiteWalk) -> list[int]:
    """Return the keys of its stops, in order."""
    query = select(WalkStop.id).where(WalkStop.walk_id == walk.id).order_by(WalkStop.position)
    return list(session.scalars(query))


def visit(
    stop_id: int, *, at: datetime | None = None, note: str | None = None, **grades: str
) -> Visit:
    """Return what a phone sends of a stop."""
    remarks = {code: Remark(Grade(grade)) for code, grade in grades.items()}
    return Visit(uuid4(), stop_id, at, remarks, note)


def defect(stop_id: int | None = None, category: str = "voirie", **more: Any) -> NewPoint:
    """Return a defect seen along the way."""
    return NewPoint(submission(IN_QUARTER_WEST, category, **more), PointKind.DEFECT, stop_id)


def good_point(stop_id: int | None = None, text: str = "Le jardin est très fréquenté.") -> NewPoint:
    """Return something that goes well."""
    said = submission(IN_QUARTER_WEST, "satisfaction", description=text)
    return NewPoint(said, PointKind.SATISFACTION, stop_id)
