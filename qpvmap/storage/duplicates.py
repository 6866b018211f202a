"""What was already reported near by: asked while filing, and at the desk with a score.

Metres are on the ground (geography); the box that the index ix_signalement_location finds is a
little larger than the disc. Each question hides by itself what its reader may not see.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from geoalchemy2 import Geography
from sqlalchemy import (
    CTE,
    ColumnElement,
    Row,
    ScalarSelect,
    Select,
    bindparam,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.selectable import LateralFromClause

from qpvmap.core.actors import Actor
from qpvmap.core.geo import WGS84, LonLat
from qpvmap.core.permissions import Action
from qpvmap.core.workflow import OPEN_STATUSES, Outcome
from qpvmap.storage.models import Category, Photo, Signalement
from qpvmap.storage.signalements import point_of
from qpvmap.storage.visibility import reached_by, shown_description, visible_to

RECENTLY = timedelta(days=60)
"""How long something settled is still worth showing to who reports it again."""

MOST_SHOWN = 5
MOST_LIKELY = 5
LIKELY_FROM = 0.55
"""Score from which two signalements may well be one."""

NEAREST = 40
"""Others around one that are compared with it, the nearest first."""

READERS = 256
"""Readers whose question is kept ready by a process."""

FARTHEST = 2
"""Likely duplicates lie within this many times the radius of the category."""

WEIGHTS: Mapping[str, float] = {"distance": 0.4, "time": 0.2, "category": 0.2, "words": 0.2}
KINDRED_COUNTS = 0.5
SILENT_COUNTS = 0.4
"""How alike two texts are when one of them is empty: it says nothing either way."""

METRES_A_DEGREE = 111_000.0
"""Less than any degree of latitude, so that a box made with it is never too small."""

ON_GROUND = Geography(srid=WGS84, spatial_index=False)

Part = aliased(Signalement, name="part")


@dataclass(frozen=True, slots=True)
class Reported:
    """Something already reported, as who is about to report it again sees it."""

    reference: str
    category: str
    icon: str
    description: str
    status: str
    outcome: str | None
    supports: int
    created_at: datetime
    settled_at: datetime | None
    distance_m: float
    photo_id: int | None

    @property
    def is_open(self) -> bool:
        """Whether work is still owed."""
        return self.status in OPEN_STATUSES


@dataclass(frozen=True, slots=True)
class Likely:
    """Another signalement that may be about the same thing; `score` is 0 to 1."""

    id: int
    reference: str
    category: str
    description: str
    status: str
    outcome: str | None
    supports: int
    created_at: datetime
    distance_m: float
    photo_id: int | None
    score: float


def already_reported(
    session: Session, actor: Actor, point: LonLat, category: Category, now: datetime
) -> list[Reported]:
    """Return what `actor` may see of the same or a kindred category near by, the nearest first.

    Open, or settled within `RECENTLY`; within the radius of `category`, metres on the ground. A
    duplicate is left to its original, and something split to its parts.
    """
    spot = point_of(point)
    radius = category.duplicate_radius_m
    distance = metres(Signalement.location, spot)
    rows = session.execute(
        select(
            Signalement.reference,
            Category.name.label("category"),
            Category.icon,
            shown_description(actor),
            Signalement.status,
            Signalement.outcome,
            Signalement.supports,
            Signalement.created_at,
            Signalement.settled_at,
            distance.label("distance_m"),
            _photo().label("photo_id"),
        )
        .join(Category, Category.id == Signalement.category_id)
        .where(
            in_box(spot, radius),
            distance <= radius,
            visible_to(actor),
            Signalement.territory_id == category.territory_id,
            _kindred(Category, category.id, category.kindred),
            _worth_showing(now),
            ~select(Part.id).where(Part.parent_id == Signalement.id).exists(),
        )
        .order_by(distance, Signalement.id)
        .limit(MOST_SHOWN)
    )
    return [Reported(**row._mapping) for row in rows]


def likely_duplicates(session: Session, actor: Actor, signalement: Signalement) -> list[Likely]:
    """Return what may be the same thing among what `actor` handles, the likeliest first."""
    scored = _scored(actor).subquery()
    rows = session.execute(
        select(scored)
        .where(scored.c.score >= LIKELY_FROM)
        .order_by(scored.c.score.desc(), scored.c.id)
        .limit(MOST_LIKELY),
        {"mine": [signalement.id]},
    )
    return [_likely(row) for row in rows]


def with_likely_duplicates(
    session: Session, actor: Actor, signalement_ids: Collection[int]
) -> dict[int, float]:
    """Return the best score of those that have a likely duplicate, in one statement."""
    if not signalement_ids:
        return {}
    rows = session.execute(_best_scores(actor), {"mine": sorted(signalement_ids)})
    return {key: float(score) for key, score in rows}


@lru_cache(maxsize=READERS)
def _best_scores(actor: Actor) -> Select[int, float]:
    """Return the question for the best score of each of `mine`.

    It is kept for each reader: to write it takes longer than to answer it.
    """
    scored = _scored(actor).subquery()
    return (
        select(scored.c.mine_id, func.max(scored.c.score))
        .where(scored.c.score >= LIKELY_FROM)
        .group_by(scored.c.mine_id)
    )


def _scored(actor: Actor) -> Select[*tuple[Any, ...]]:
    """Return the pairs of one of `mine`, a parameter, and another that lies near, with their score.

    These are read first, by their keys; then each looks around itself, at its `NEAREST` alone: a
    corner where a thousand were filed costs no more than another.
    """
    mine = _asked_about()
    near = _around(actor, mine.c)
    return select(
        mine.c.id.label("mine_id"),
        *(column for column in near.c if column.key not in {"same", "words"}),
        _score(mine.c, near.c).label("score"),
    ).join_from(mine, near, true())


def _asked_about() -> CTE:
    """Return the signalements `mine`, held apart: joined at once, the table was read whole.

    `kin` are the categories that theirs may be taken for.
    """
    other = aliased(Category)
    kin = (
        select(func.array_agg(other.id))
        .where(
            other.territory_id == Category.territory_id,
            _kindred(other, Category.id, Category.kindred),
        )
        .correlate(Category)
        .scalar_subquery()
    )
    return (
        select(
            Signalement.id,
            Signalement.territory_id,
            Signalement.nature,
            Signalement.location,
            Signalement.category_id,
            Signalement.parent_id,
            Signalement.description,
            Signalement.created_at,
            (Category.duplicate_radius_m * FARTHEST).label("reach_m"),
            kin.label("kin"),
        )
        .join(Signalement.category)
        .where(
            Signalement.id.in_(bindparam("mine", expanding=True)),
            func.coalesce(Signalement.outcome, "") != Outcome.DUPLICATE,
        )
        .cte("mine")
        .prefix_with("MATERIALIZED")
    )


def _around(actor: Actor, mine: Any) -> LateralFromClause:
    """Return what may be the same thing as one of them, the nearest first.

    The place alone finds it: a category is looked for among what lies there, never in the table.
    """
    category = select(Category.name).where(Category.id == Signalement.category_id)
    distance = metres(Signalement.location, mine.location)
    return (
        select(
            Signalement.id,
            Signalement.reference,
            category.scalar_subquery().label("category"),
            shown_description(actor),
            Signalement.status,
            Signalement.outcome,
            Signalement.supports,
            Signalement.created_at,
            distance.label("distance_m"),
            _photo().label("photo_id"),
            (Signalement.category_id == mine.category_id).label("same"),
            Signalement.description.label("words"),
        )
        .where(
            in_box(mine.location, mine.reach_m),
            distance <= mine.reach_m,
            Signalement.id != mine.id,
            Signalement.territory_id == mine.territory_id,
            Signalement.nature == mine.nature,
            reached_by(actor, Action.HANDLE),
            func.array_position(mine.kin, Signalement.category_id).is_not(None),
            _worth_showing(mine.created_at),
            func.coalesce(Signalement.parent_id, 0) != mine.id,
            func.coalesce(mine.parent_id, 0) != Signalement.id,
            or_(mine.parent_id.is_(None), mine.parent_id.is_distinct_from(Signalement.parent_id)),
        )
        .order_by(Signalement.location.op("<->")(mine.location))
        .limit(NEAREST)
        .lateral("near")
    )


def _score(mine: Any, near: Any) -> ColumnElement[float]:
    """Return 0 to 1: how near, how close in time, how alike in category and in words."""
    gap = func.abs(func.extract("epoch", near.created_at - mine.created_at))
    silent = or_(near.words == "", mine.description == "")
    parts: Mapping[str, ColumnElement[float]] = {
        "distance": 1 - near.distance_m / mine.reach_m,
        "time": 1 - func.least(gap / RECENTLY.total_seconds(), 1),
        "category": case((near.same, 1.0), else_=KINDRED_COUNTS),
        "words": case(
            (silent, SILENT_COUNTS),
            else_=func.similarity(near.words, mine.description),
        ),
    }
    return sum((parts[name] * weight for name, weight in WEIGHTS.items()), start=literal(0.0))


def _kindred(theirs: Any, category_id: Any, kindred: Any) -> ColumnElement[bool]:
    """Return whether a category is this one, or of the same group."""
    return or_(theirs.id == category_id, (theirs.kindred != "") & (theirs.kindred == kindred))


def _worth_showing(now: Any) -> ColumnElement[bool]:
    """Return whether a signalement is open, or was settled lately otherwise than as a duplicate."""
    return or_(
        Signalement.status.in_(OPEN_STATUSES),
        (Signalement.settled_at >= now - RECENTLY) & (Signalement.outcome != Outcome.DUPLICATE),
    )


def in_box(place: Any, radius_m: Any) -> ColumnElement[bool]:
    """Return whether a signalement lies in a box around the disc, EPSG:4326: the index's part."""
    high = radius_m / METRES_A_DEGREE
    wide = high / func.cos(func.radians(func.least(func.abs(func.st_y(place)), 85)))
    return Signalement.location.bool_op("&&")(func.st_expand(place, wide, high))


def metres(place: Any, other: Any) -> ColumnElement[float]:
    """Return the distance between two points, metres on the ground."""
    return func.st_distance(cast(place, ON_GROUND), cast(other, ON_GROUND))


def _photo() -> ScalarSelect[int]:
    """Return its first photo that is still there, else that of what it was split from."""
    owned = Photo.signalement_id.in_((Signalement.id, Signalement.parent_id))
    return (
        select(Photo.id)
        .where(owned, Photo.removed_at.is_(None), Photo.moment == "before")
        .order_by(Photo.signalement_id != Signalement.id, Photo.id)
        .limit(1)
        .scalar_subquery()
    )


def _likely(row: Row[Any]) -> Likely:
    return Likely(**{name: row._mapping[name] for name in Likely.__slots__})
