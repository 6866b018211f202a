"""The printed plan: the right places, numbers that can be read, names that cannot be code."""

import re
from math import hypot

import pytest
from pyproj import Transformer

from qpvmap.core.geo import LonLat
from qpvmap.core.plans import Shape, frame_around, mercator
from qpvmap.outputs.plan import APART, Mark, draw_plan, spread

HERE, NORTH_EAST = LonLat(2.30, 48.78), LonLat(2.31, 48.79)


def test_mercator_when_a_place_is_given_then_is_that_of_epsg_3857() -> None:
    exact = Transformer.from_crs(4326, 3857, always_xy=True).transform(HERE.lon, HERE.lat)
    assert mercator(HERE) == pytest.approx(exact, abs=0.01)


def test_frame_when_around_points_then_holds_them_with_a_margin() -> None:
    frame = frame_around([HERE, NORTH_EAST], 1800, 1200)
    for point in (HERE, NORTH_EAST):
        x, y = frame.place(point)
        assert 100 < x < 1700
        assert 100 < y < 1100
    assert frame.place(NORTH_EAST)[1] < frame.place(HERE)[1]


def test_frame_when_around_one_point_then_shows_a_street() -> None:
    frame = frame_around([HERE], 800, 600)
    assert frame.place(HERE) == pytest.approx((400, 300))
    assert frame.units_per_metre == pytest.approx(800 / 260, rel=0.001)


def test_plan_when_drawn_then_numbers_each_stop_and_carries_no_style() -> None:
    frame = frame_around([HERE, NORTH_EAST], 1800, 1200)
    shapes = [
        Shape("commune", "Ouestville", "M0 0L10 0L10 10Z", 400, 300),
        Shape("road", "Avenue <Foch> & fils", "M0 0L900 900", 600, 600, 200.0),
        Shape("qpv", "Les Rives", "M0 0L10 0L10 10Z"),
    ]
    marks = [Mark("1", HERE), Mark("2", NORTH_EAST, passed=True)]
    drawing = draw_plan(frame, shapes, marks, LonLat(2.305, 48.785))
    words = re.findall(r"<text[^>]*>([^<]*)</text>", drawing)
    assert {"1", "2", "Ouestville", "Avenue &lt;Foch&gt; &amp; fils"} <= set(words)
    assert "style" not in drawing
    assert "script" not in drawing
    assert re.search(r'rotate\(20 600 600\)">Avenue', drawing)


def test_spread_when_stops_are_at_one_place_then_each_can_be_read() -> None:
    moved = spread([(500.0, 500.0)] * 6)
    gaps = [hypot(a[0] - b[0], a[1] - b[1]) for n, a in enumerate(moved) for b in moved[:n]]
    assert min(gaps) >= APART - 2
    assert max(hypot(x - 500, y - 500) for x, y in moved) < 250
    assert spread([(0.0, 0.0), (900.0, 0.0)]) == [(0.0, 0.0), (900.0, 0.0)]
    assert moved == spread([(500.0, 500.0)] * 6)


def test_plan_when_there_is_a_route_then_is_drawn_in_the_place_of_the_straight_way() -> None:
    points = [LonLat(2.3, 48.78), LonLat(2.301, 48.781)]
    frame = frame_around(points, 900, 700)
    marks = [Mark(str(n), point) for n, point in enumerate(points, start=1)]
    drawn = draw_plan(frame, [], marks, route=points)
    assert "stroke-dasharray" not in drawn
    assert drawn.count("<polyline") == 2
    assert "stroke-dasharray" in draw_plan(frame, [], marks)
