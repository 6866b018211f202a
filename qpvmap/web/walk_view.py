"""What the pages of a walk show, gathered in as many queries for two stops as for forty."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from qpvmap.core.errors import NotFound
from qpvmap.core.french import local_date, plural
from qpvmap.core.geo import LonLat
from qpvmap.core.permissions import Action, Target, may
from qpvmap.core.walk_reports import (
    ItemPair,
    ItemResult,
    change_counts,
    item_pairs,
    item_results,
)
from qpvmap.core.walks import (
    BodyCount,
    Change,
    PointKind,
    Remark,
    WalkState,
    is_late,
)
from qpvmap.storage.models import SiteWalk, WalkItem, WalkPhoto
from qpvmap.storage.walk_checklists import checklist
from qpvmap.storage.walk_records import (
    DecisionRow,
    PointRow,
    decisions_of,
    photos_of,
    points_of,
    remarks_of,
)
from qpvmap.storage.walks import WalkStopRow, bodies_of, find_walk, route_of, stops_of
from qpvmap.web.filters import request_now
from qpvmap.web.security import current_actor
from qpvmap.web.sessions import request_session


@dataclass(frozen=True, slots=True)
class Rights:
    """What the reader may do with a walk."""

    record: bool
    lead: bool


@dataclass(frozen=True, slots=True)
class StopView:
    """A stop: where, what was said there, its photos; the same place on the walk before."""

    row: WalkStopRow
    remarks: Mapping[str, Remark] = field(default_factory=dict)
    photos: Sequence[WalkPhoto] = ()
    before: "StopView | None" = None

    @property
    def is_seen(self) -> bool:
        """Whether somebody was there."""
        return self.row.seen_at is not None


@dataclass(frozen=True, slots=True)
class Owner:
    """A team, and what it was given on the walk."""

    name: str
    points: Sequence[PointRow]


@dataclass(frozen=True)
class WalkView:
    """A walk with all that is shown of it."""

    walk: SiteWalk
    items: Mapping[str, WalkItem]
    stops: Sequence[StopView]
    bodies: Sequence[BodyCount]
    points: Sequence[PointRow]
    point_photos: Mapping[int, Sequence[WalkPhoto]]
    decisions: Sequence[DecisionRow]
    rights: Rights
    today: date

    @property
    def names(self) -> dict[str, str]:
        """The items by their code, in the order of the walk."""
        return {code: item.name for code, item in self.items.items()}

    @property
    def is_open(self) -> bool:
        """Whether it has not been ended."""
        return self.walk.state != WalkState.CLOSED

    @property
    def seen(self) -> int:
        """At how many stops somebody was."""
        return sum(stop.is_seen for stop in self.stops)

    @property
    def results(self) -> list[ItemResult]:
        """How each item did."""
        return item_results(self.names, (stop.remarks for stop in self.stops))

    @property
    def heads(self) -> int:
        """How many walked along."""
        return sum(body.heads for body in self.bodies)

    @property
    def who(self) -> str:
        """Who walked along: `9 personnes : 4 habitants, bailleur (2)…`; empty when nobody said."""
        if not self.bodies:
            return ""
        told = ", ".join(f"{body.label} ({body.heads})" for body in self.bodies)
        return f"{plural(self.heads, 'personne')}\u00a0: {told}"

    @property
    def good_points(self) -> list[PointRow]:
        """What goes well."""
        return [point for point in self.points if point.kind == PointKind.SATISFACTION]

    @property
    def defects(self) -> list[PointRow]:
        """What became signalements."""
        return [point for point in self.points if point.kind == PointKind.DEFECT]

    def owners(self, *, shared: bool = False) -> list[Owner]:
        """Return the defects by who has them; `shared`: without what is confidential."""
        found: dict[str, list[PointRow]] = {}
        for point in self.defects:
            if not (shared and point.is_secret):
                found.setdefault(_owner_words(point), []).append(point)
        return [Owner(name, found[name]) for name in sorted(found)]

    def is_late(self, decision: DecisionRow) -> bool:
        """Return whether a promise was not kept in time."""
        return is_late(decision.status, decision.due_on, self.today)

    def photos_at(self, point: PointRow) -> Sequence[WalkPhoto]:
        """Return the photos of something that goes well."""
        return self.point_photos.get(point.id, ())

    def route(self) -> list[LonLat]:
        """Return the line that was drawn or recorded."""
        return route_of(request_session(), self.walk.id)


def _owner_words(point: PointRow) -> str:
    team, body = point.team or "", point.body or ""
    return team if body in ("", team) else f"{team} ({body})"


def found_walk(walk_id: int) -> SiteWalk:
    """Return a walk that the reader may read.

    Raises
    ------
    NotFound
        If there is none.
    """
    found = find_walk(request_session(), current_actor(), walk_id)
    if found is None:
        raise NotFound("Marche", str(walk_id))
    return found


def rights_on(walk: SiteWalk) -> Rights:
    """Return what the reader may do with a walk."""
    actor, target = current_actor(), Target(walk.territory_id)
    return Rights(may(actor, Action.RECORD_WALK, target), may(actor, Action.LEAD_WALK, target))


def walk_view(walk: SiteWalk) -> WalkView:
    """Return a walk with all that is shown of it, and its stops as they were on the walk before."""
    return gathered(walk)[0]


def gathered(walk: SiteWalk) -> tuple[WalkView, WalkView | None]:
    """Return a walk, and the one it follows."""
    session, actor = request_session(), current_actor()
    walks = [walk, *([walk.follows] if walk.follows else [])]
    keys = [one.id for one in walks]
    stops, remarks = stops_of(session, keys), remarks_of(session, keys)
    photos, bodies = photos_of(session, keys), bodies_of(session, keys)
    points, decisions = points_of(session, actor, keys), decisions_of(session, actor, keys)
    items = checklist(session, walk.territory_id, walk.item_codes)
    views: dict[int, StopView] = {}
    for stop in sorted(stops, key=lambda one: one.walk_id == walk.id):  # those before come first
        views[stop.id] = StopView(
            stop,
            remarks.get(stop.id, {}),
            [photo for photo in photos if photo.stop_id == stop.id],
            views.get(stop.before_id or 0),
        )

    def view(one: SiteWalk) -> WalkView:
        return WalkView(
            walk=one,
            items=items,
            stops=[views[stop.id] for stop in stops if stop.walk_id == one.id],
            bodies=bodies[one.id],
            points=[point for point in points if point.walk_id == one.id],
            point_photos=by_point([photo for photo in photos if photo.walk_id == one.id]),
            decisions=[decision for decision in decisions if decision.walk_id == one.id],
            rights=rights_on(one),
            today=local_date(request_now()),
        )

    return view(walk), view(walk.follows) if walk.follows else None


def by_point(photos: Sequence[WalkPhoto]) -> dict[int, list[WalkPhoto]]:
    """Return photos by the point they are of."""
    found: dict[int, list[WalkPhoto]] = {}
    for photo in photos:
        if photo.point_id is not None:
            found.setdefault(photo.point_id, []).append(photo)
    return found


@dataclass(frozen=True, slots=True)
class ComparedStop:
    """A stop on two walks."""

    after: StopView
    before: StopView | None
    pairs: Sequence[ItemPair]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A walk beside the one it follows."""

    stops: Sequence[ComparedStop]
    changes: Mapping[Change, int]
    results: Sequence[tuple[ItemResult, ItemResult]]


def compared(after: WalkView, before: WalkView) -> Comparison:
    """Return what became of each stop since the walk before."""
    stops = [
        ComparedStop(
            stop,
            stop.before,
            item_pairs(after.names, stop.before.remarks if stop.before else {}, stop.remarks),
        )
        for stop in after.stops
    ]
    pairs = list(zip(before.results, after.results, strict=True))
    return Comparison(stops, change_counts(stop.pairs for stop in stops), pairs)
