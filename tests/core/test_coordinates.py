"""Coordinates as people type them."""

import pytest

from qpvmap.core.coordinates import parse_coordinates
from qpvmap.core.geo import LonLat

BLAGIS = LonLat(2.303, 48.7841)


@pytest.mark.parametrize(
    "text",
    [
        "48.7841, 2.3030",
        "48.7841,2.3030",
        "48,7841 2,3030",
        "48,7841, 2,3030",
        "48,7841;2,3030",
        " 48.7841° N, 2.3030° E ",
        "2,3030 E 48,7841 N",
    ],
)
def test_parse_coordinates_when_latitude_first_or_lettered_then_likeliest(text: str) -> None:
    assert parse_coordinates(text)[0] == BLAGIS


def test_parse_coordinates_when_no_letter_then_both_orders() -> None:
    assert set(parse_coordinates("2.3030 48.7841")) == {BLAGIS, LonLat(48.7841, 2.303)}


def test_parse_coordinates_when_only_one_order_is_on_earth_then_that_one() -> None:
    assert parse_coordinates("165.5, -21.3") == (LonLat(165.5, -21.3),)


@pytest.mark.parametrize("text", ["", "48.7841", "12 rue du Four", "48.78 2.30 7", "12, rue 3"])
def test_parse_coordinates_when_not_a_pair_then_empty(text: str) -> None:
    assert parse_coordinates(text) == ()
