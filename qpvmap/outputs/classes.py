"""Classes of a coloured map: natural breaks moved to round numbers, and their words in French."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from qpvmap.core.french import NARROW, NBSP, number

MOST = 5
POVERTY = (10.0, 15.0, 20.0, 25.0)
FIXED_BREAKS: Mapping[str, tuple[float, ...]] = {
    "pauvrete_60_pct": POVERTY,
    "disp_tp60": POVERTY,
}
"""Breaks that are kept from one territory to another, so that maps can be compared."""

SPREAD: Mapping[int, tuple[int, ...]] = {
    1: (3,),
    2: (2, 4),
    3: (1, 3, 5),
    4: (1, 2, 4, 5),
    5: (1, 2, 3, 4, 5),
}
"""Which of the five tints serve, by number of classes: as far apart as they can be."""

STEPS = (10000, 5000, 2000, 1000, 500, 200, 100, 50, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.01)


@dataclass(frozen=True, slots=True)
class Classes:
    """Breaks in growing order: a value equal to a break belongs to the class above it."""

    breaks: tuple[float, ...]

    def of(self, value: float) -> int:
        """Return the tint, 1 to 5, of a value."""
        return SPREAD[len(self.breaks) + 1][bisect_right(self.breaks, value)]

    def legend(self, unit: str) -> list[tuple[int, str]]:
        """Return each tint with its words, lowest first."""
        tints = SPREAD[len(self.breaks) + 1]
        return list(zip(tints, self._words(unit), strict=True))

    def _words(self, unit: str) -> list[str]:
        if not self.breaks:
            return ["toutes les valeurs"]
        middle = [f"{plain(low)} à {with_unit(high, unit)}" for low, high in pairwise(self.breaks)]
        first = f"moins de {with_unit(self.breaks[0], unit)}"
        return [first, *middle, f"{with_unit(self.breaks[-1], unit)} et plus"]


def plain(value: float) -> str:
    """Return a number with the decimals it needs, two at most."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return number(value, len(text.partition(".")[2]))


def with_unit(value: float, unit: str) -> str:
    """Return a number and its unit, with the space that French wants."""
    if not unit:
        return plain(value)
    return f"{plain(value)}{NARROW if unit == '%' else NBSP}{unit}"


def classify(key: str, values: Sequence[float]) -> Classes:
    """Return the classes of an indicator: fixed ones, else natural breaks on round numbers."""
    if key in FIXED_BREAKS:
        return Classes(FIXED_BREAKS[key])
    groups = natural_groups(values, MOST)
    grain = grain_of(values)
    edges = [round_near(low[-1], high[0], grain) for low, high in pairwise(groups)]
    return Classes(without_empty_classes(edges, sorted(values)))


def grain_of(values: Sequence[float]) -> float:
    """Return the step that breaks are multiples of: a sixth of the spread, on a round number."""
    spread = max(values, default=0.0) - min(values, default=0.0)
    return next((step for step in STEPS if step <= spread / 6), STEPS[-1])


def round_near(low: float, high: float, grain: float) -> float:
    """Return the roundest number between two groups, or the multiple of `grain` nearest to both.

    Where two groups nearly touch, no round number parts them: people read 45 better than 47, and
    the few values between change class.
    """
    between = round_between(low, high)
    if is_multiple(between, grain):
        return between
    return round(round((low + high) / 2 / grain) * grain, 4)


def is_multiple(value: float, grain: float) -> bool:
    """Return whether a number is a whole count of grains."""
    return abs(value / grain - round(value / grain)) < 1e-6


def without_empty_classes(edges: Sequence[float], ordered: Sequence[float]) -> tuple[float, ...]:
    """Return the breaks in order, but those that would leave a class without any value."""
    kept: list[float] = []
    below = 0
    for edge in sorted(set(edges)):
        under = bisect_left(ordered, edge)
        if below < under < len(ordered):
            kept.append(edge)
            below = under
    return tuple(kept)


def round_between(low: float, high: float) -> float:
    """Return the roundest number above `low` and not above `high`."""
    for step in STEPS:
        candidate = (high // step) * step
        if low < candidate <= high:
            return round(candidate, 4)
    return high


def natural_groups(values: Sequence[float], most: int) -> list[list[float]]:
    """Return sorted values in at most `most` groups, each as even as can be (Fisher-Jenks).

    Few values make fewer groups: five values in five classes would say nothing.
    """
    ordered = sorted(values)
    count = min(most, len(set(ordered)), 1 + len(ordered) // 2)
    if count < 2:
        return [ordered] if ordered else []
    cuts = _best_cuts(ordered, count)
    edges = [0, *cuts, len(ordered)]
    return [ordered[start:end] for start, end in pairwise(edges)]


def _best_cuts(ordered: Sequence[float], count: int) -> list[int]:
    """Return where to cut so that the sum of squared deviations is the least.

    A group never parts equal values: such a cut costs infinitely.
    """
    size = len(ordered)
    sums, squares = [0.0], [0.0]
    for value in ordered:
        sums.append(sums[-1] + value)
        squares.append(squares[-1] + value * value)

    def cost(start: int, end: int) -> float:
        total = sums[end] - sums[start]
        return squares[end] - squares[start] - total * total / (end - start)

    best: list[tuple[float, list[int]]] = [(cost(0, end), []) for end in range(1, size + 1)]
    best.insert(0, (float("inf"), []))
    for _ in range(count - 1):
        step: list[tuple[float, list[int]]] = [(float("inf"), [])] * (size + 1)
        for end in range(1, size + 1):
            choices = [
                (best[cut][0] + cost(cut, end), [*best[cut][1], cut])
                for cut in range(1, end)
                if ordered[cut - 1] < ordered[cut]
            ]
            step[end] = min(choices, default=(float("inf"), []))
        best = step
    return best[size][1]
