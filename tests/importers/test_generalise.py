"""Lightening outlines that share borders."""

import numpy as np
import pytest
import shapely
from shapely import MultiPolygon, Polygon, box

from qpvmap.importers.generalise import (
    NotACoverage,
    as_multipolygons,
    displacement_m,
    dissolve,
    generalise_coverage,
    remainder,
    round_coordinates,
    to_metres,
)

WEST = Polygon(
    [
        (2.30, 48.78),
        (2.31, 48.78),
        # a kink of 4 m on the shared border, and one of 70 m
        (2.31005, 48.7825),
        (2.31, 48.785),
        (2.311, 48.7875),
        (2.31, 48.79),
        (2.30, 48.79),
    ]
)
EAST = Polygon(
    [
        (2.32, 48.78),
        (2.32, 48.79),
        (2.31, 48.79),
        (2.311, 48.7875),
        (2.31, 48.785),
        (2.31005, 48.7825),
        (2.31, 48.78),
    ]
)


def test_generalise_coverage_when_neighbours_then_they_still_meet() -> None:
    west, east = generalise_coverage([WEST, EAST], tolerance_m=60)

    assert isinstance(west, MultiPolygon)
    assert shapely.coverage_is_valid([west, east])
    assert shapely.coverage_is_valid(to_metres([west, east]), gap_width=2)
    assert shapely.get_num_coordinates(west) < shapely.get_num_coordinates(WEST)
    assert shapely.intersection(west, east).area == 0


def test_generalise_coverage_when_tolerance_is_small_then_only_small_kinks_go() -> None:
    light = generalise_coverage([WEST, EAST], tolerance_m=40)
    assert 3 < displacement_m([WEST, EAST], light).max() < 10


def test_generalise_coverage_when_neighbours_overlap_then_refused() -> None:
    with pytest.raises(NotACoverage):
        generalise_coverage([box(2.30, 48.78, 2.32, 48.79), box(2.31, 48.78, 2.33, 48.79)])


def test_round_coordinates_when_rounded_then_5_decimals_and_no_repeated_point() -> None:
    shape = Polygon([(2.3000001, 48.78), (2.3000002, 48.78), (2.31, 48.78), (2.31, 48.7912345)])

    (rounded,) = round_coordinates([shape])

    coordinates = shapely.get_coordinates(rounded)
    assert np.array_equal(coordinates, coordinates.round(5))
    assert len(coordinates) == 4


def test_dissolve_when_two_of_three_share_a_key_then_their_border_goes() -> None:
    squares = [box(w, 48.78, e, 48.79) for w, e in ((2.30, 2.31), (2.31, 2.32), (2.32, 2.33))]

    merged = dissolve(as_multipolygons(squares), ["a", "a", "b"])

    assert list(merged) == ["a", "b"]
    assert merged["a"].area == pytest.approx(2 * squares[0].area)
    assert shapely.get_num_geometries(merged["a"]) == 1


def test_remainder_when_parts_leave_something_then_that() -> None:
    whole = Polygon(
        [(2.30, 48.78), (2.31, 48.78), (2.32, 48.78), (2.32, 48.79), (2.31, 48.79), (2.30, 48.79)]
    )

    rest = remainder(whole, [box(2.30, 48.78, 2.31, 48.79)])

    assert rest is not None
    assert shapely.equals(rest, box(2.31, 48.78, 2.32, 48.79))


def test_remainder_when_parts_cover_all_then_none() -> None:
    whole = box(2.30, 48.78, 2.31, 48.79)
    assert remainder(whole, [whole]) is None
