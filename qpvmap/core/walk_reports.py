"""What a walk comes to: how each item did, how it went since the walk before."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from qpvmap.core.walks import (
    BEST,
    GRADE_LABELS,
    GRADE_POINTS,
    Change,
    Grade,
    Remark,
    change_between,
    grade_near,
    mean_grade,
)

NOTHING = Remark(Grade.UNSEEN)


@dataclass(frozen=True, slots=True)
class ItemResult:
    """How an item did at the stops where it was seen."""

    code: str
    name: str
    mean: float | None
    counts: Mapping[Grade, int]

    @property
    def seen(self) -> int:
        """At how many stops it was seen."""
        return sum(self.counts[grade] for grade in GRADE_POINTS)

    @property
    def grade(self) -> Grade:
        """The grade nearest to the mean."""
        return Grade.UNSEEN if self.mean is None else grade_near(self.mean)

    @property
    def word(self) -> str:
        """The same, in words."""
        return "Pas vu" if self.mean is None else GRADE_LABELS[self.grade]

    @property
    def part(self) -> float:
        """The mean as a part of the best, 0 to 1: how long a bar is."""
        return 0.0 if self.mean is None else (self.mean - 1) / (BEST - 1)


def item_results(
    names: Mapping[str, str], remarks: Iterable[Mapping[str, Remark]]
) -> list[ItemResult]:
    """Return how each item did; `remarks` are those of each stop."""
    stops = list(remarks)
    results = []
    for code, name in names.items():
        grades = [stop[code].grade for stop in stops if code in stop]
        counted = Counter(grades)
        counts = {grade: counted.get(grade, 0) for grade in Grade}
        results.append(ItemResult(code, name, mean_grade(grades), counts))
    return results


@dataclass(frozen=True, slots=True)
class ItemPair:
    """An item of a stop on two walks."""

    code: str
    name: str
    before: Remark
    after: Remark

    @property
    def change(self) -> Change:
        """How it went."""
        return change_between(self.before.grade, self.after.grade)


def item_pairs(
    names: Mapping[str, str], before: Mapping[str, Remark], after: Mapping[str, Remark]
) -> list[ItemPair]:
    """Return the items of a stop side by side."""
    return [
        ItemPair(code, name, before.get(code, NOTHING), after.get(code, NOTHING))
        for code, name in names.items()
    ]


def change_counts(pairs: Iterable[Sequence[ItemPair]]) -> Mapping[Change, int]:
    """Return how many items went better, the same and worse, over all stops."""
    counted = Counter(pair.change for stop in pairs for pair in stop)
    return {change: counted.get(change, 0) for change in Change}
