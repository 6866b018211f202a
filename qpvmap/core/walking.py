"""A walk from a depot through stops and back: how long it is, how long it takes, what is first.

Distances are metres. Index 0 of a table of distances is the depot, the stops follow.
"""

from collections.abc import Collection, Sequence
from itertools import pairwise, permutations

from qpvmap.core.french import NBSP, distance, plural

DETOUR = 1.3
"""How much longer streets are than the straight line, in dense French towns."""
WALK_M_PER_MIN = 4000 / 60
"""4 km/h: with tools, kerbs and crossings."""
ROUNDED_FROM_MIN = 10
EXACT_UP_TO = 3
DEPOT = 0

Distances = Sequence[Sequence[float]]


def walked(straight_m: float) -> float:
    """Return the metres walked for metres in a straight line."""
    return straight_m * DETOUR


def minutes(walked_m: float) -> int:
    """Return how long that takes on foot: by 5 minutes from 10 on, since no more is known."""
    exact = walked_m / WALK_M_PER_MIN
    if exact >= ROUNDED_FROM_MIN:
        return 5 * round(exact / 5)
    return max(1, round(exact)) if walked_m > 0 else 0


def walk_words(walked_m: float) -> str:
    """Return `2,4 km, environ 35 min de marche, hors interventions`."""
    if walked_m <= 0:
        return "Aucune marche"
    spent = minutes(walked_m)
    hours, rest = divmod(spent, 60)
    time = f"{spent}{NBSP}min"
    if hours:
        time = f"{hours}{NBSP}h{NBSP}{rest:02}" if rest else plural(hours, "heure")
    return f"{distance(walked_m)}, environ {time} de marche, hors interventions"


def tour_length(distances: Distances, order: Sequence[int]) -> float:
    """Return the metres from the depot through the stops of `order` and back."""
    return sum(distances[a][b] for a, b in pairwise([DEPOT, *order, DEPOT]))


def with_first(distances: Distances, first: Collection[int]) -> Distances:
    """Return distances in which the shortest tour goes to all of `first` before the others.

    A step that breaks this costs more than any tour.
    """
    stops = range(1, len(distances))
    others = [stop for stop in stops if stop not in first]
    if not first or not others:
        return distances
    forbidden = 1.0 + sum(max(row) for row in distances)
    table = [list(row) for row in distances]
    for early in first:
        table[early][DEPOT] = forbidden
        for late in others:
            table[late][early] = forbidden
    for late in others:
        table[DEPOT][late] = forbidden
    return table


def nearest_neighbour(distances: Distances) -> list[int]:
    """Return the stops in the order of who always goes to the nearest one left."""
    left, here, order = set(range(1, len(distances))), DEPOT, []
    while left:
        here = min(left, key=lambda stop: (distances[here][stop], stop))
        left.remove(here)
        order.append(here)
    return order


def exact(distances: Distances) -> list[int]:
    """Return the shortest order by trying them all: for a handful of stops."""
    orders = (list(order) for order in permutations(range(1, len(distances))))
    return min(orders, key=lambda order: tour_length(distances, order))
