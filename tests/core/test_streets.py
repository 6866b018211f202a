"""Where one may walk: what OpenStreetMap's tags say of ways and gates."""

import pytest

from qpvmap.core.streets import lets_through, may_walk, slowness


@pytest.mark.parametrize(
    ("tags", "walked"),
    [
        ({"highway": "residential"}, True),
        ({"highway": "steps"}, True),
        ({"highway": "footway", "access": "private"}, False),
        ({"highway": "service", "access": "private", "foot": "yes"}, True),
        ({"highway": "residential", "foot": "no"}, False),
        ({"highway": "path", "foot": "private"}, False),
        ({"highway": "service", "access": "customers"}, True),
        ({"highway": "motorway"}, False),
        ({"highway": "motorway", "foot": "yes"}, False),
        ({"highway": "trunk"}, False),
        ({"highway": "trunk", "sidewalk": "both"}, True),
        ({"highway": "primary", "motorroad": "yes"}, False),
        ({"highway": "cycleway"}, False),
        ({"highway": "cycleway", "foot": "designated"}, True),
        ({"highway": "construction"}, False),
        ({"highway": "primary", "foot": "use_sidepath"}, False),
        ({"railway": "platform"}, True),
        ({"public_transport": "platform", "access": "no"}, False),
        ({"railway": "rail"}, False),
        ({"barrier": "fence"}, False),
        ({}, False),
    ],
)
def test_way_when_tagged_then_walked_or_not(tags: dict[str, str], walked: bool) -> None:
    assert may_walk(tags) is walked


@pytest.mark.parametrize(
    ("tags", "through"),
    [
        ({"barrier": "bollard"}, True),
        ({"barrier": "gate"}, True),
        ({"barrier": "gate", "locked": "yes"}, False),
        ({"barrier": "gate", "access": "private"}, False),
        ({"barrier": "gate", "access": "private", "foot": "permissive"}, True),
        ({"barrier": "lift_gate", "foot": "no"}, False),
        ({"barrier": "wall"}, False),
    ],
)
def test_gate_when_tagged_then_passed_or_not(tags: dict[str, str], through: bool) -> None:
    assert lets_through(tags) is through


def test_steps_when_walked_then_twice_as_slow() -> None:
    assert slowness({"highway": "steps"}) == 2.0
    assert slowness({"highway": "footway"}) == 1.0
