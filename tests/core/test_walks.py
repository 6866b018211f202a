"""Rules of site walks: means, changes, lateness, lines, what is kept of who came."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qpvmap.core.geo import LonLat
from qpvmap.core.walk_reports import change_counts, item_pairs, item_results
from qpvmap.core.walks import (
    CLOCKS_DIFFER,
    ROUTE_TOLERANCE_M,
    BodyCount,
    BodyKind,
    Change,
    DecisionStatus,
    Grade,
    Remark,
    WalkState,
    _off,
    body_counts,
    change_between,
    grade_near,
    is_late,
    mean_grade,
    simplified,
    takes_what_was_seen,
)

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def test_mean_when_some_is_unseen_then_it_counts_nowhere() -> None:
    assert mean_grade([Grade.GOOD, Grade.UNSEEN, Grade.BAD]) == 2.0
    assert mean_grade([Grade.UNSEEN]) is None
    assert grade_near(2.6) is Grade.GOOD


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (Grade.BAD, Grade.GOOD, Change.BETTER),
        (Grade.GOOD, Grade.FAIR, Change.WORSE),
        (Grade.FAIR, Grade.FAIR, Change.SAME),
        (Grade.UNSEEN, Grade.GOOD, Change.UNKNOWN),
        (Grade.GOOD, None, Change.UNKNOWN),
    ],
)
def test_change_when_seen_twice_then_has_a_direction(
    before: Grade, after: Grade | None, change: Change
) -> None:
    assert change_between(before, after) is change


def test_results_when_stops_differ_then_each_item_is_counted_where_seen() -> None:
    stops = [{"a": Remark(Grade.GOOD)}, {"a": Remark(Grade.BAD), "b": Remark(Grade.UNSEEN)}, {}]
    first, second = item_results({"a": "A", "b": "B"}, stops)
    assert (first.mean, first.seen, first.part) == (2.0, 2, 0.5)
    assert (second.mean, second.seen, second.word) == (None, 0, "Pas vu")


def test_pairs_when_an_item_is_missing_then_is_unseen() -> None:
    pairs = item_pairs({"a": "A", "b": "B"}, {"a": Remark(Grade.BAD)}, {"a": Remark(Grade.GOOD)})
    assert [pair.change for pair in pairs] == [Change.BETTER, Change.UNKNOWN]
    assert change_counts([pairs])[Change.BETTER] == 1


def test_bodies_when_nobody_came_or_residents_are_named_then_nothing_of_it_is_kept() -> None:
    rows = [
        BodyCount(BodyKind.RESIDENTS, "Madame Untel", 2),
        BodyCount(BodyKind.STATE, "Préfecture", 0),
    ]
    assert body_counts(rows) == [BodyCount(BodyKind.RESIDENTS, "", 2)]


def test_closed_when_seen_before_or_by_a_slow_clock_then_is_taken() -> None:
    for late, taken in ((timedelta(), True), (CLOCKS_DIFFER, True), (CLOCKS_DIFFER * 2, False)):
        assert takes_what_was_seen(WalkState.CLOSED, NOW, NOW + late) is taken
    assert takes_what_was_seen(WalkState.UNDER_WAY, None, NOW)


def test_late_when_only_promised_and_past_its_day() -> None:
    day = date(2026, 11, 22)
    assert is_late(DecisionStatus.PROMISED, day - timedelta(days=1), day)
    assert not is_late(DecisionStatus.PROMISED, day, day)
    assert not is_late(DecisionStatus.DONE, day - timedelta(days=9), day)
    assert not is_late(DecisionStatus.PROMISED, None, day)


near_blagis = st.builds(
    LonLat, st.floats(2.29, 2.31, allow_nan=False), st.floats(48.78, 48.80, allow_nan=False)
)


@given(st.lists(near_blagis, min_size=2, max_size=40))
def test_simplified_when_any_line_then_ends_stay_and_nothing_is_far(points: list[LonLat]) -> None:
    kept = simplified(points)
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    segments = list(pairwise(kept))
    for point in points:
        assert min(_off(point, a, b) for a, b in segments) <= ROUTE_TOLERANCE_M + 0.5
