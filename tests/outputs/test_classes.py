"""Classes of a coloured map: breaks where the figures part, on numbers that people can read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qpvmap.outputs.classes import Classes, classify, natural_groups, round_between

POVERTY = "pauvrete_60_pct"


def test_classify_when_poverty_then_fixed_breaks_whatever_the_values() -> None:
    assert classify(POVERTY, [25.1]).breaks == (10, 15, 20, 25)
    assert classify(POVERTY, [25.1]).of(25.1) == 5
    assert classify(POVERTY, [25.1]).of(25) == 5
    assert classify(POVERTY, [25.1]).of(9.9) == 1


def test_classify_when_five_values_then_three_classes_on_round_numbers() -> None:
    classes = classify("chomage_pct", [23.4, 9.3, 15.1, 22.8, 13.2])
    assert classes.breaks == (10, 20)
    assert [classes.of(v) for v in (9.3, 13.2, 15.1, 22.8, 23.4)] == [1, 3, 3, 5, 5]


def test_classify_when_no_value_or_one_then_one_class() -> None:
    assert classify("chomage_pct", []).breaks == ()
    assert classify("chomage_pct", [3.0]).of(3.0) == 3


def test_legend_when_percent_then_french_words() -> None:
    words = [label for _, label in Classes((10, 22.5)).legend("%")]
    assert words == ["moins de 10\u202f%", "10 à 22,5\u202f%", "22,5\u202f% et plus"]


def test_legend_when_one_class_then_says_so() -> None:
    assert Classes(()).legend("%") == [(3, "toutes les valeurs")]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(9.3, 13.2, 10), (15.1, 22.8, 20), (1951, 2011, 2000), (87.3, 87.4, 87.4), (0.0, 0.3, 0.2)],
)
def test_round_between_when_asked_then_roundest_above_low(
    low: float, high: float, expected: float
) -> None:
    assert round_between(low, high) == expected


@given(st.lists(st.integers(0, 400).map(lambda n: n / 4), max_size=40))
def test_classify_when_any_values_then_each_has_a_tint_and_order_holds(values: list[float]) -> None:
    classes = classify("locataires_pct", values)
    tints = [classes.of(value) for value in sorted(values)]
    assert tints == sorted(tints)
    assert all(1 <= tint <= 5 for tint in tints)
    assert list(classes.breaks) == sorted(set(classes.breaks))


@given(st.lists(st.integers(0, 50).map(float), min_size=1, max_size=40))
def test_natural_groups_when_any_values_then_equal_ones_stay_together(values: list[float]) -> None:
    groups = natural_groups(values, 5)
    assert [v for group in groups for v in group] == sorted(values)
    assert len({v for group in groups for v in set(group)}) == sum(len(set(g)) for g in groups)


def test_classify_when_groups_nearly_touch_then_breaks_stay_round() -> None:
    women_at_work = [31.2, 38.4, 44.1, 46.8, 47.2, 52.9, 58.3, 61.0, 66.6, 71.9, 74.5]
    breaks = classify("emploi_femmes_pct", women_at_work).breaks
    assert breaks
    assert all(edge % 5 == 0 for edge in breaks)


@given(st.lists(st.integers(0, 400).map(lambda n: n / 4), min_size=1, max_size=40))
def test_classify_when_any_values_then_no_class_is_empty(values: list[float]) -> None:
    classes = classify("locataires_pct", values)
    tints = {tint for tint, _ in classes.legend("%")}
    assert tints == {classes.of(value) for value in values}
