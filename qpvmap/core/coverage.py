"""What is missing where: how many residents have a kind of equipment within a few minutes' walk."""

from dataclasses import dataclass

from qpvmap.core.walking import DETOUR, WALK_M_PER_MIN

MINUTES = (5, 10, 15)


def straight_reach_m(minutes: int) -> float:
    """Return how far in a straight line one gets in some minutes: streets are longer than that."""
    return minutes * WALK_M_PER_MIN / DETOUR


@dataclass(frozen=True, slots=True)
class Coverage:
    """The part of some residents, 0 to 1, who have an equipment within each of `MINUTES`.

    `counted` is the part of them whose number is known by IRIS; the others are spread over their
    commune.
    """

    people: float
    counted: float
    within: tuple[float, float, float]


def gap(quarter: Coverage | None, commune: Coverage | None, at: int = 1) -> float | None:
    """Return how much more of the commune than of the quarter is served, -1 to 1."""
    if quarter is None or commune is None:
        return None
    return commune.within[at] - quarter.within[at]
