"""Figures of a quarter out of those of its IRIS: what they rest on, and when they say nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qpvmap.core.estimates import Part, kept_parts, residents_of, simple_mean, weighted_mean

CODES = ("920070117", "920070115", "920140101", "920320103", "920710107")
SHARES = (0.149, 0.188, 0.267, 0.306, 0.085)
PARTS = [
    Part(code, "", code[:5], "", share, 0.1, 1000.0)
    for code, share in zip(CODES, SHARES, strict=True)
]
U25 = dict(zip(CODES, (35.0, 31.3, 35.7, 35.3, 38.0), strict=True))
UNEMPLOYED = dict(zip(CODES, (23.4, 9.3, 15.1, 22.8, 13.2), strict=True))


@pytest.mark.parametrize(
    ("figures", "mean", "low", "high"),
    [(U25, "35.1", 31.3, 38.0), (UNEMPLOYED, "16.8", 9.3, 23.4)],
)
def test_simple_mean_is_the_contracts_own_to_the_decimal(
    figures: dict[str, float], mean: str, low: float, high: float
) -> None:
    found = simple_mean(PARTS, figures)
    assert f"{found.value:.1f}" == mean
    assert found.low and found.high
    assert (found.low.value, found.high.value) == (low, high)


def test_weighted_mean_counts_the_residents_that_the_overlap_carries() -> None:
    parts = [Part("a", "", "", "", 0.5, 0.5, 1000), Part("b", "", "", "", 0.5, 0.1, 1000)]
    found = weighted_mean(parts, {"a": 10, "b": 40})
    assert found.value == pytest.approx(15.0)
    assert residents_of(parts) == pytest.approx(600)


def test_withheld_figures_are_left_out_and_the_coverage_is_said() -> None:
    found = weighted_mean(PARTS, {**U25, CODES[0]: None})
    assert (found.known, found.total) == (4, 5)
    assert found.coverage == pytest.approx(0.8)
    assert found.value == pytest.approx((31.3 + 35.7 + 35.3 + 38.0) / 4)


def test_under_half_of_the_residents_nothing_is_said() -> None:
    found = simple_mean(PARTS, {CODES[0]: 25.1, CODES[1]: None})
    assert found.value is None
    assert found.is_withheld
    assert found.coverage == pytest.approx(0.2)
    assert found.low and found.low.value == 25.1


def test_exactly_half_of_the_residents_is_enough() -> None:
    parts = [Part(code, "", "", "", 0.5, 0.1, 1000) for code in "ab"]
    assert weighted_mean(parts, {"a": 12.0}).value == 12.0


def test_nothing_known_is_no_estimate() -> None:
    assert simple_mean(PARTS, {}).known == 0
    assert simple_mean([], U25).value is None


def test_slivers_are_left_out() -> None:
    sliver = Part("x", "", "", "", 0.0099, 0.5, 1e6)
    assert kept_parts([*PARTS, sliver]) == PARTS


def test_unknown_populations_fall_back_on_areas() -> None:
    parts = [Part("a", "", "", "", 0.75, 0.5), Part("b", "", "", "", 0.25, 0.1)]
    assert weighted_mean(parts, {"a": 10, "b": 40}).value == pytest.approx(17.5)


@given(st.lists(st.floats(0, 100), min_size=5, max_size=5))
def test_any_mean_lies_between_the_lowest_and_the_highest(values: list[float]) -> None:
    figures = dict(zip(CODES, values, strict=True))
    for found in (simple_mean(PARTS, figures), weighted_mean(PARTS, figures)):
        assert found.value is not None
        assert min(values) - 1e-9 <= found.value <= max(values) + 1e-9
