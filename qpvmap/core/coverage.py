"""What is missing where: how many residents have a kind of equipment within a few minutes' walk."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from qpvmap.core.walking import DETOUR, WALK_M_PER_MIN

MINUTES = (5, 10, 15)
FAR_MINUTES = (15, 20, 30)
"""Where the bands of the map begin: beyond them residents walk too far."""
FEWEST_HOUSEHOLDS = 11
"""Households under which INSEE forbids that a place be shown by itself."""
ROUNDED_TO = 10
"""Residents who walk too far are told to ten."""

Method = Literal["streets", "straight"]


def walk_reach_m(minutes: int) -> float:
    """Return how far along the streets one gets in some minutes."""
    return minutes * WALK_M_PER_MIN


def straight_reach_m(minutes: int) -> float:
    """Return how far in a straight line one gets in some minutes: streets are longer than that."""
    return walk_reach_m(minutes) / DETOUR


@dataclass(frozen=True, slots=True)
class Coverage:
    """The part of some residents, 0 to 1, who have an equipment within each of `MINUTES`.

    `counted` is the part of them whose number is known by square or IRIS; the others are spread
    over their commune. `gridded` is the part that INSEE's squares place, `imputed` that of squares
    whose figures INSEE estimated. `cut_off` has no way that leads there; `astray` lives far from
    any street and is reckoned in a straight line.
    """

    people: float
    counted: float
    within: tuple[float, float, float]
    gridded: float = 0.0
    imputed: float = 0.0
    cut_off: float = 0.0
    astray: float = 0.0

    @property
    def too_far(self) -> int:
        """Return how many walk longer than the last of `MINUTES`, to `ROUNDED_TO`."""
        return ROUNDED_TO * round(self.people * (1 - self.within[-1]) / ROUNDED_TO)


@dataclass(frozen=True, slots=True)
class Reckoned:
    """How the walks were reckoned, on what and when; `is_stale` once the data changed since."""

    id: int
    method: Method
    street_file: str
    street_date: datetime | None
    reckoned_at: datetime
    places_astray: int
    is_stale: bool


@dataclass(frozen=True, slots=True)
class Coverages:
    """By theme, for the quarter; by commune and theme; and for the communes together.

    `grid_vintage` is the edition of INSEE's squares, where there are. `reckoned` is None for a
    straight line measured while the page is asked for.
    """

    quarter: Mapping[str, Coverage]
    communes: Mapping[str, Mapping[str, Coverage]]
    around: Mapping[str, Coverage]
    grid_vintage: int | None = None
    reckoned: Reckoned | None = None

    @property
    def method(self) -> Method:
        """Return how the walks were reckoned."""
        return self.reckoned.method if self.reckoned else "straight"

    @property
    def is_stale(self) -> bool:
        """Return whether the data changed since the walks were reckoned."""
        return self.reckoned is not None and self.reckoned.is_stale

    def part(self, name: Literal["counted", "gridded", "imputed", "astray"]) -> float:
        """Return a part of the residents of the communes, 0 to 1: the same for every theme."""
        return next((getattr(found, name) for found in self.around.values()), 0.0)


def together(parts: list[Coverage]) -> Coverage:
    """Return the coverage of several places, each by the number of its residents."""
    people = sum(part.people for part in parts)

    def mean(of: list[float]) -> float:
        weighed = sum(value * part.people for value, part in zip(of, parts, strict=True))
        return weighed / people

    first, second, third = (mean([part.within[at] for part in parts]) for at in range(3))
    return Coverage(
        people,
        mean([part.counted for part in parts]),
        (first, second, third),
        mean([part.gridded for part in parts]),
        mean([part.imputed for part in parts]),
        mean([part.cut_off for part in parts]),
        mean([part.astray for part in parts]),
    )


def gap(quarter: Coverage | None, commune: Coverage | None, at: int = 1) -> float | None:
    """Return how much more of the commune than of the quarter is served, -1 to 1."""
    if quarter is None or commune is None:
        return None
    return commune.within[at] - quarter.within[at]
