"""Shortest ways along streets, against a brute force that tries every road again and again."""

from itertools import combinations, pairwise
from math import cos, hypot, inf, radians
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qpvmap.street_graph import (
    PER_DEGREE_M,
    SNAP_M,
    SNAP_PLACE_M,
    Network,
    network_of,
    straight_walks,
    walks,
)

LON, LAT = 2.30, 48.78
PER_LON = PER_DEGREE_M * cos(radians(LAT))
Metres = tuple[float, float]


def degrees(points: list[Metres]) -> np.ndarray:
    """Return metres east and north of the middle as degrees."""
    return np.array([(LON + x / PER_LON, LAT + y / PER_DEGREE_M) for x, y in points])


def drawn(nodes: list[Metres], ends: list[tuple[int, int]]) -> Network:
    """Return the network of some straight streets, islands kept."""
    metres = [hypot(nodes[a][0] - nodes[b][0], nodes[a][1] - nodes[b][1]) for a, b in ends]
    return Network(
        degrees(nodes), np.array(ends, dtype=np.int32).reshape(-1, 2), np.array(metres, float)
    )


def foot(point: Metres, a: Metres, b: Metres) -> tuple[float, float]:
    """Return how far off a street a point is, and how far along (0 to 1)."""
    (x, y), (ax, ay), (bx, by) = point, a, b
    length2 = (bx - ax) ** 2 + (by - ay) ** 2
    along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length2 if length2 else 0.0
    along = min(1.0, max(0.0, along))
    return hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay)), along


def brute_walk(
    nodes: list[Metres], ends: list[tuple[int, int]], places: list[Metres], home: Metres
) -> float:
    """Return the shortest walk: streets cut at each foot, roads relaxed till nothing moves."""
    cuts: dict[int, list[tuple[float, str]]] = {edge: [] for edge in range(len(ends))}
    off = {}
    for name, point, within in [
        ("home", home, SNAP_M),
        *((f"place {i}", place, SNAP_PLACE_M) for i, place in enumerate(places)),
    ]:
        feet = [(*foot(point, nodes[a], nodes[b]), edge) for edge, (a, b) in enumerate(ends)]
        metres, along, edge = min(feet)
        if metres <= within:
            cuts[edge].append((along, name))
            off[name] = metres
    if "home" not in off:
        return inf
    roads: list[tuple[str, str, float]] = []
    for edge, (a, b) in enumerate(ends):
        length = hypot(nodes[a][0] - nodes[b][0], nodes[a][1] - nodes[b][1])
        stops = [(0.0, f"node {a}"), *sorted(cuts[edge]), (1.0, f"node {b}")]
        roads += [(u, v, (t - s) * length) for (s, u), (t, v) in pairwise(stops)]
    reached = {"home": off["home"]}
    moved = True
    while moved:
        moved = False
        for u, v, metres in [*roads, *((v, u, m) for u, v, m in roads)]:
            if reached.get(u, inf) + metres < reached.get(v, inf) - 1e-9:
                reached[v] = reached[u] + metres
                moved = True
    return min(
        (reached.get(name, inf) + metres for name, metres in off.items() if name != "home"),
        default=inf,
    )


Town = tuple[list[Metres], list[tuple[int, int]], list[list[Metres]], list[Metres]]


def town_of(chance: Random) -> Town:
    """Return a few streets, often in several pieces, two kinds of place, a few homes."""

    def spots(count: int) -> list[Metres]:
        return [(chance.uniform(-300, 300), chance.uniform(-300, 300)) for _ in range(count)]

    nodes = spots(chance.randint(2, 8))
    pairs = list(combinations(range(len(nodes)), 2))
    ends = chance.sample(pairs, chance.randint(1, min(len(pairs), 12)))
    return nodes, ends, [spots(chance.randint(1, 4)) for _ in range(2)], spots(4)


@given(st.integers(0, 2**32))
@settings(max_examples=200)
def test_walks_when_found_then_those_of_the_brute_force(seed: int) -> None:
    nodes, ends, kinds, homes = town_of(Random(seed))
    places = {f"kind {i}": degrees(kind) for i, kind in enumerate(kinds)}
    found = walks(drawn(nodes, ends), places, degrees(homes))
    for row, home in enumerate(homes):
        nearest = min(foot(home, nodes[a], nodes[b])[0] for a, b in ends)
        if abs(nearest - SNAP_M) > 0.5:
            assert found.astray[row] == (nearest > SNAP_M)
        for column, kind in enumerate(kinds):
            walk = found.metres[row, column]
            assert walk >= min(hypot(home[0] - x, home[1] - y) for x, y in kind) - 1
            clear = all(is_clear(point, nodes, ends) for point in [home, *kind])
            if clear and not found.astray[row]:
                assert walk == pytest.approx(brute_walk(nodes, ends, kind, home), abs=1)


def is_clear(point: Metres, nodes: list[Metres], ends: list[tuple[int, int]]) -> bool:
    """Return whether a point has one nearest place on the streets, and no limit nearby."""
    feet = sorted((*foot(point, nodes[a], nodes[b]), a, b) for a, b in ends)
    nearest = feet[0][0]
    at = {
        (round(ax + t * (bx - ax), 1), round(ay + t * (by - ay), 1))
        for metres, t, a, b in feet
        if metres < nearest + 0.5
        for (ax, ay), (bx, by) in [(nodes[a], nodes[b])]
    }
    return len(at) == 1 and all(abs(nearest - limit) > 0.5 for limit in (SNAP_M, SNAP_PLACE_M))


def test_walk_when_a_river_runs_between_then_over_the_bridge() -> None:
    nodes = [(0.0, 100.0), (500.0, 100.0), (500.0, -100.0), (0.0, -100.0)]
    river = drawn(nodes, [(0, 1), (1, 2), (2, 3)])
    found = walks(river, {"education": degrees([(0, -100)])}, degrees([(0, 100), (250, 100)]))
    assert found.metres[:, 0] == pytest.approx([1200, 950], abs=1)
    straight = straight_walks({"education": degrees([(0, -100)])}, degrees([(0, 100)]))
    assert straight[0, 0] == pytest.approx(200 * 1.3, abs=1)


def test_walk_when_no_bridge_then_no_way_and_when_on_one_street_then_along_it() -> None:
    banks = drawn([(0, 100), (500, 100), (0, -100), (500, -100)], [(0, 1), (2, 3)])
    places = {"sport": degrees([(400, 130)]), "culture": degrees([(100, -100)])}
    found = walks(banks, places, degrees([(100, 110), (250, -100)]))
    assert found.metres[0] == pytest.approx([10 + 300 + 30, inf], abs=1)
    assert found.metres[1] == pytest.approx([inf, 150], abs=1)
    assert not found.astray.any()


def test_walk_when_far_from_any_street_then_straight_and_said() -> None:
    street = drawn([(0, 0), (500, 0)], [(0, 1)])
    places = {"sport": degrees([(500, 0)]), "shop": degrees([(0, 0), (0, 2000)])}
    found = walks(street, places, degrees([(0, 99), (0, 101), (0, -1500)]))
    assert list(found.astray) == [False, True, True]
    assert found.metres[0, 0] == pytest.approx(599, abs=1)
    assert found.metres[1, 0] == pytest.approx(hypot(500, 101) * 1.3, abs=2)
    assert found.metres[2, 1] == pytest.approx(1500 * 1.3, abs=3)
    assert found.places_astray == 1


def test_network_when_in_pieces_then_what_is_drawn_apart_is_left() -> None:
    nodes = degrees([(0, 0), (2000, 0), (0, 300), (50, 300), (0, 900), (1200, 900)])
    found = network_of(nodes, [(0, 1), (2, 3), (4, 5)], [1.0, 1.0, 2.0])
    assert found.metres == pytest.approx([2000, 2400], abs=5)
    hamlet = network_of(nodes[2:4], [(0, 1)], [1.0])
    assert len(hamlet.metres) == 1


def test_network_when_packed_then_the_same_again() -> None:
    river = drawn([(0.0, 100.0), (500.0, 100.0), (500.0, -100.0)], [(0, 1), (1, 2)])
    again = Network.unpacked(river.packed())
    assert np.abs(again.nodes - river.nodes).max() < 1e-7
    assert (again.ends == river.ends).all()
    assert again.metres == pytest.approx(river.metres, abs=0.01)
