"""Figures of a quarter made out of those of its IRIS, and what they rest on.

A withheld figure (None) is never 0: it is left out, and the estimate says what share of the
residents the others stand for. Under half of them, it says nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

SLIVER = 0.01
"""An IRIS that holds less of the quarter only touches it: a difference between two drawings."""

LEAST_COVERAGE = 0.5
"""An estimate that rests on fewer of the residents is not shown."""


@dataclass(frozen=True, slots=True)
class Part:
    """An IRIS of a quarter; shares are of areas, 0 to 1, `population` is of the whole IRIS."""

    code: str
    name: str
    commune_code: str
    commune: str
    share_of_quarter: float
    share_of_iris: float
    population: float | None = None

    @property
    def is_sliver(self) -> bool:
        """Whether the IRIS only touches the quarter."""
        return self.share_of_quarter < SLIVER

    @property
    def carried(self) -> float:
        """Residents that the part stands for, were those of the IRIS spread evenly."""
        return (self.population or 0.0) * self.share_of_iris


@dataclass(frozen=True, slots=True)
class Extreme:
    """The lowest or highest figure known, and the place that has it."""

    value: float
    code: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure of several places together; `value` is None when it rests on too little.

    `coverage` is the share, 0 to 1, of the residents of those places whose figure is known.
    """

    value: float | None
    coverage: float
    known: int
    total: int
    low: Extreme | None = None
    high: Extreme | None = None

    @property
    def is_withheld(self) -> bool:
        """Whether something is known, yet too little to say a figure."""
        return self.value is None and self.known > 0

    @property
    def is_partial(self) -> bool:
        """Whether some places have no figure."""
        return 0 < self.known < self.total


NOTHING = Estimate(None, 0.0, 0, 0)

Figures = Mapping[str, float | None]
"""Figure of each place by its code; None, or absent, is unknown or withheld."""


def kept_parts(parts: Iterable[Part]) -> list[Part]:
    """Return the parts that count: slivers are left out."""
    return [part for part in parts if not part.is_sliver]


def simple_mean(parts: Sequence[Part], figures: Figures) -> Estimate:
    """Return the mean of the IRIS, each counting for one, as a contract reckons."""
    return _estimate(parts, figures, dict.fromkeys((part.code for part in parts), 1.0))


def weighted_mean(parts: Sequence[Part], figures: Figures) -> Estimate:
    """Return the mean of the IRIS, each counting for the residents that its part carries."""
    return _estimate(parts, figures, _weights(parts))


def mean_of_whole(populations: Mapping[str, float], figures: Figures) -> Estimate:
    """Return the mean of whole IRIS, each counting for its residents: that of their commune."""
    parts = [Part(code, "", "", "", 1.0, 1.0, people) for code, people in populations.items()]
    return weighted_mean(parts, figures)


def residents_of(parts: Iterable[Part]) -> float:
    """Return how many residents the parts carry."""
    return sum(part.carried for part in parts)


def _weights(parts: Sequence[Part]) -> dict[str, float]:
    """Return the residents that each part carries; areas when no population is known."""
    carried = {part.code: part.carried for part in parts}
    if any(carried.values()):
        return carried
    return {part.code: part.share_of_quarter for part in parts}


def _estimate(parts: Sequence[Part], figures: Figures, weights: Mapping[str, float]) -> Estimate:
    known = {code: figures[code] for code in weights if figures.get(code) is not None}
    if not known:
        return Estimate(None, 0.0, 0, len(parts))
    residents = _weights(parts)
    whole = sum(residents.values())
    coverage = sum(residents[code] for code in known) / whole if whole else 0.0
    weight = sum(weights[code] for code in known)
    ordered = sorted((value, code) for code, value in known.items() if value is not None)
    value = sum(number * weights[code] for number, code in ordered) / weight if weight else None
    return Estimate(
        value=value if coverage >= LEAST_COVERAGE else None,
        coverage=min(coverage, 1.0),
        known=len(known),
        total=len(parts),
        low=Extreme(*ordered[0]),
        high=Extreme(*ordered[-1]),
    )
