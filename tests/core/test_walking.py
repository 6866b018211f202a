"""How long a walk is said to be, and what a table of distances is made to forbid."""

import pytest

from qpvmap.core.walking import (
    exact,
    minutes,
    nearest_neighbour,
    tour_length,
    walk_words,
    walked,
    with_first,
)

SQUARE = [[0, 1, 2, 1], [1, 0, 1, 2], [2, 1, 0, 1], [1, 2, 1, 0]]


@pytest.mark.parametrize(
    ("metres", "words"),
    [
        (0, "Aucune marche"),
        (4, "4\u00a0m, environ 1\u00a0min de marche, hors interventions"),
        (400, "400\u00a0m, environ 6\u00a0min de marche, hors interventions"),
        (2400, "2,4\u00a0km, environ 35\u00a0min de marche, hors interventions"),
        (4000, "4,0\u00a0km, environ 1\u00a0heure de marche, hors interventions"),
        (5000, "5,0\u00a0km, environ 1\u00a0h\u00a015 de marche, hors interventions"),
    ],
)
def test_walk_words_when_metres_are_given_then_say_how_far_and_how_long(
    metres: float, words: str
) -> None:
    assert walk_words(metres) == words


def test_walked_when_streets_turn_then_is_longer_than_the_straight_line() -> None:
    assert walked(1000) == pytest.approx(1300)
    assert minutes(walked(0)) == 0


def test_tour_length_when_there_is_no_stop_then_is_nothing() -> None:
    assert tour_length([[0.0]], []) == 0
    assert exact([[0.0]]) == [] == nearest_neighbour([[0.0]])


def test_exact_when_on_a_square_then_walks_around_it() -> None:
    assert tour_length(SQUARE, exact(SQUARE)) == 4


@pytest.mark.parametrize("first", [{3}, {2}, {1, 3}, {1, 2, 3}, set()])
def test_with_first_when_some_come_first_then_the_shortest_tour_begins_with_them(
    first: set[int],
) -> None:
    order = exact(with_first(SQUARE, first))
    assert set(order[: len(first)]) == first
    assert sorted(order) == [1, 2, 3]
