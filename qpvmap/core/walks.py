"""A site walk (diagnostic en marchant): what is looked at, what was seen, what was promised.

A walk holds bodies and counts, never residents' names; its route is the walk's, not a person's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from math import cos, hypot, radians
from uuid import UUID

from qpvmap.core.geo import LonLat

MAX_STOPS = 40
TITLE_MAX = 120
LABEL_MAX = 120
NOTE_MAX = 2000
TEXT_MAX = 500
OWNER_MAX = 120
HEADS_MAX = 500
PHOTOS_PER_PLACE = 8
ROUTE_MAX_POINTS = 2000
ROUTE_TOLERANCE_M = 6.0
CLOCKS_DIFFER = timedelta(minutes=10)
"""A phone's clock may be so far from ours: what was seen just before the end still counts."""
METRES_PER_DEGREE = 111_320.0


class WalkState(StrEnum):
    """Where a walk stands."""

    PREPARED = "prepared"
    UNDER_WAY = "under_way"
    CLOSED = "closed"


class Grade(StrEnum):
    """What is said of one item at one stop."""

    GOOD = "good"
    FAIR = "fair"
    BAD = "bad"
    UNSEEN = "unseen"


class PointKind(StrEnum):
    """What was noted along the way: a defect, that becomes a signalement, or what goes well."""

    DEFECT = "defect"
    SATISFACTION = "satisfaction"


class DecisionStatus(StrEnum):
    """What became of a promise."""

    PROMISED = "promised"
    DONE = "done"
    DROPPED = "dropped"


class RouteSource(StrEnum):
    """How the line of a walk came to be."""

    DRAWN = "drawn"
    RECORDED = "recorded"


class BodyKind(StrEnum):
    """What kind of body walked along."""

    RESIDENTS = "residents"
    MEDIATORS = "mediators"
    BAILLEUR = "bailleur"
    COMMUNE = "commune"
    EPCI = "epci"
    POLICE = "police"
    ASSOCIATION = "association"
    STATE = "state"
    OTHER = "other"


STATE_LABELS: Mapping[WalkState, str] = {
    WalkState.PREPARED: "À venir",
    WalkState.UNDER_WAY: "En cours",
    WalkState.CLOSED: "Terminée",
}

GRADE_LABELS: Mapping[Grade, str] = {
    Grade.GOOD: "Bon",
    Grade.FAIR: "Moyen",
    Grade.BAD: "Mauvais",
    Grade.UNSEEN: "Pas vu",
}

GRADE_POINTS: Mapping[Grade, int] = {Grade.GOOD: 3, Grade.FAIR: 2, Grade.BAD: 1}
"""What counts in a mean. What was not seen counts nowhere."""
BEST = max(GRADE_POINTS.values())

DECISION_LABELS: Mapping[DecisionStatus, str] = {
    DecisionStatus.PROMISED: "Promis",
    DecisionStatus.DONE: "Fait",
    DecisionStatus.DROPPED: "Abandonné",
}

BODY_LABELS: Mapping[BodyKind, str] = {
    BodyKind.RESIDENTS: "Habitants",
    BodyKind.MEDIATORS: "Médiation",
    BodyKind.BAILLEUR: "Bailleur",
    BodyKind.COMMUNE: "Ville",
    BodyKind.EPCI: "Territoire (EPT)",
    BodyKind.POLICE: "Police",
    BodyKind.ASSOCIATION: "Association",
    BodyKind.STATE: "État",
    BodyKind.OTHER: "Autre",
}

NAMELESS = frozenset({BodyKind.RESIDENTS})
"""Bodies that are counted and never named: nothing that is typed about them is kept."""


@dataclass(frozen=True, slots=True)
class BodyCount:
    """How many came from a body; its name is that of the body, never a person's."""

    kind: BodyKind
    name: str
    heads: int

    @property
    def label(self) -> str:
        """The body in words: its own name where it has one."""
        return self.name or BODY_LABELS[self.kind]


@dataclass(frozen=True, slots=True)
class Remark:
    """What is said of one item: a grade, and words that may be empty."""

    grade: Grade
    text: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """What a phone sends of one stop; `remarks` holds the items that were touched, no other.

    `clock_off_s` is by how much the clock of that phone is late, when it is not right.
    """

    client_id: UUID
    stop_id: int
    captured_at: datetime | None
    remarks: Mapping[str, Remark]
    note: str | None = None
    clock_off_s: int | None = None


def body_counts(rows: Iterable[BodyCount]) -> list[BodyCount]:
    """Return what is kept of the participants: bodies that came, residents without any name."""
    return [
        BodyCount(row.kind, "" if row.kind in NAMELESS else row.name.strip()[:OWNER_MAX], row.heads)
        for row in rows
        if row.heads > 0
    ]


def takes_what_was_seen(
    state: WalkState, closed_at: datetime | None, captured_at: datetime
) -> bool:
    """Return whether a walk takes something seen at `captured_at`.

    A phone that comes back into signal after somebody ended the walk loses nothing.
    """
    return state is not WalkState.CLOSED or (
        closed_at is not None and captured_at <= closed_at + CLOCKS_DIFFER
    )


def mean_grade(grades: Iterable[Grade]) -> float | None:
    """Return the mean, 1 to 3, of what was seen; None when nothing was."""
    points = [GRADE_POINTS[grade] for grade in grades if grade in GRADE_POINTS]
    return sum(points) / len(points) if points else None


def grade_near(mean: float) -> Grade:
    """Return the grade nearest to a mean."""
    return min(GRADE_POINTS, key=lambda grade: abs(GRADE_POINTS[grade] - mean))


class Change(StrEnum):
    """How an item went from one walk to the next."""

    BETTER = "better"
    SAME = "same"
    WORSE = "worse"
    UNKNOWN = "unknown"


CHANGE_LABELS: Mapping[Change, str] = {
    Change.BETTER: "Mieux",
    Change.SAME: "Pareil",
    Change.WORSE: "Moins bien",
    Change.UNKNOWN: "Sans comparaison",
}


def change_between(before: Grade | None, after: Grade | None) -> Change:
    """Return how an item went; unknown where it was not seen on both walks."""
    then, now = GRADE_POINTS.get(before or Grade.UNSEEN), GRADE_POINTS.get(after or Grade.UNSEEN)
    if then is None or now is None:
        return Change.UNKNOWN
    if then == now:
        return Change.SAME
    return Change.BETTER if now > then else Change.WORSE


def is_late(status: str, due_on: date | None, today: date) -> bool:
    """Return whether a promise has gone past its day without being kept."""
    return status == DecisionStatus.PROMISED and due_on is not None and due_on < today


def simplified(points: Sequence[LonLat], tolerance_m: float = ROUTE_TOLERANCE_M) -> list[LonLat]:
    """Return the line without the points that lie within `tolerance_m` of what is kept.

    What is left shows which streets were walked, not how somebody moved about.
    """
    if len(points) < 3:
        return list(points)
    kept = {0, len(points) - 1}
    spans = [(0, len(points) - 1)]
    while spans:
        first, last = spans.pop()
        far, at = max(
            ((_off(points[i], points[first], points[last]), i) for i in range(first + 1, last)),
            default=(0.0, first),
        )
        if far > tolerance_m:
            kept.add(at)
            spans += [(first, at), (at, last)]
    return [points[i] for i in sorted(kept)]


def _off(point: LonLat, start: LonLat, end: LonLat) -> float:
    """Return how far a point is from a segment, metres; on so little ground the earth is flat."""
    scale = METRES_PER_DEGREE * cos(radians(start.lat))
    ax, ay = (
        (end.lon - start.lon) * scale,
        (end.lat - start.lat) * METRES_PER_DEGREE,
    )
    px, py = (point.lon - start.lon) * scale, (point.lat - start.lat) * METRES_PER_DEGREE
    length = ax * ax + ay * ay
    along = max(0.0, min(1.0, (px * ax + py * ay) / length)) if length else 0.0
    return hypot(px - along * ax, py - along * ay)
