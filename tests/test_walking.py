"""The solver: exact on small cases, never worse than the obvious walk, the same each time."""

import random
import subprocess
import sys
import time

import pytest

from qpvmap.core.walking import Distances, exact, nearest_neighbour, tour_length
from qpvmap.walking import shortest_order


def scattered(stops: int, seed: int) -> Distances:
    """Return the metres between a depot and stops strewn over a square kilometre."""
    chance = random.Random(seed)
    places = [(chance.uniform(0, 1000), chance.uniform(0, 1000)) for _ in range(stops + 1)]
    return [[((a - c) ** 2 + (b - d) ** 2) ** 0.5 for c, d in places] for a, b in places]


@pytest.mark.parametrize("stops", [0, 1, 2, 3])
def test_shortest_order_when_there_are_few_stops_then_is_exact(stops: int) -> None:
    table = scattered(stops, seed=stops)
    assert shortest_order(table) == exact(table)


@pytest.mark.parametrize("seed", range(6))
def test_shortest_order_when_all_orders_can_be_tried_then_none_is_shorter(seed: int) -> None:
    table = scattered(4 + seed % 5, seed)
    found = tour_length(table, shortest_order(table))
    assert found == pytest.approx(tour_length(table, exact(table)), rel=0.001)


@pytest.mark.parametrize("stops", [10, 25, 60])
def test_shortest_order_when_compared_then_never_worse_than_the_nearest_each_time(
    stops: int,
) -> None:
    for seed in range(5):
        table = scattered(stops, seed)
        order = shortest_order(table)
        assert sorted(order) == list(range(1, stops + 1))
        assert tour_length(table, order) <= tour_length(table, nearest_neighbour(table)) + 0.01


def test_shortest_order_when_given_a_better_order_then_keeps_it() -> None:
    table = scattered(8, seed=3)
    best = exact(table)
    backwards = best[::-1]
    assert shortest_order(table, present=backwards) == backwards


def test_shortest_order_when_asked_again_then_says_the_same() -> None:
    table = scattered(40, seed=7)
    assert shortest_order(table) == shortest_order(table)


def test_shortest_order_when_emergencies_come_first_then_the_walk_begins_with_them() -> None:
    table = scattered(20, seed=5)
    order = shortest_order(table, first={4, 9, 17})
    assert set(order[:3]) == {4, 9, 17}
    assert sorted(order) == list(range(1, 21))


def test_shortest_order_when_stops_are_at_one_point_then_all_are_visited() -> None:
    nowhere = [[0.0] * 13 for _ in range(13)]
    assert sorted(shortest_order(nowhere)) == list(range(1, 13))


def test_shortest_order_when_there_are_sixty_stops_then_takes_less_than_a_second() -> None:
    table = scattered(60, seed=1)
    shortest_order(table)  # the library is loaded once
    spent = []
    for _ in range(3):
        start = time.process_time()
        shortest_order(table)
        spent.append(time.process_time() - start)
    assert min(spent) < 1


def test_web_workers_when_they_start_then_load_no_solver_and_no_printer() -> None:
    code = "import sys, qpvmap.app; print({'pyvrp', 'weasyprint', 'segno'} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "set()"
