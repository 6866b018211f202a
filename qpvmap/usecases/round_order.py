"""The walking order of a round, and how long the walk is."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.deadlines import Priority
from qpvmap.core.geo import LonLat
from qpvmap.core.rounds import StopState
from qpvmap.core.walking import Distances, tour_length
from qpvmap.storage import rounds as rows
from qpvmap.storage.models import Round
from qpvmap.walking import shortest_order


def put_in_order(session: Session, actor: Actor, round_: Round) -> None:
    """Put first the stops seen to, then a short walk through the others, then what is not ours."""
    stops = rows.stops_of(session, actor, round_.id)
    seen = [stop for stop in stops if stop.state in (StopState.DONE, StopState.BLOCKED)]
    left = [stop for stop in stops if stop not in seen and stop.point]
    others = [stop for stop in stops if stop not in seen and not stop.point]
    start = next((stop.point for stop in reversed(seen) if stop.point), None)
    table = _table(session, start, rows.depot_of(session, round_), left)
    first = [
        place
        for place, stop in enumerate(left, start=1)
        if round_.emergencies_first and stop.priority == Priority.EMERGENCY
    ]
    order = shortest_order(table, first, range(1, len(left) + 1))
    rows.number_stops(session, [s.id for s in (*seen, *(left[i - 1] for i in order), *others)])


def _table(
    session: Session, start: LonLat | None, depot: LonLat | None, stops: Sequence[rows.StopRow]
) -> Distances:
    """Return the metres to order by; once under way the walk goes on from `start`."""
    points = [stop.point for stop in stops if stop.point]
    table = distances_of(session, depot, points)
    if start is None:
        return table
    onward = distances_of(session, start, points)[0]
    return [onward, *table[1:]]


def straight_length(session: Session, depot: LonLat | None, stops: Sequence[rows.StopRow]) -> float:
    """Return the metres in a straight line from the depot through the stops and back."""
    table = distances_of(session, depot, [stop.point for stop in stops if stop.point])
    return tour_length(table, range(1, len(table)))


def distances_of(session: Session, depot: LonLat | None, points: Sequence[LonLat]) -> Distances:
    """Return the metres between the depot, first, and the points; no depot is as near as can be."""
    if depot is not None:
        return rows.distances_between(session, [depot, *points])
    table = rows.distances_between(session, points)
    return [[0.0] * (len(points) + 1), *([0.0, *row] for row in table)]
