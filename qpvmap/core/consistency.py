"""Does a signed table agree with the official files? What a change of vintage cannot explain.

Each indicator has its tolerance: what two editions of the same census may differ by, and how much
more with each year between them. Columns of one commune whose figures are out of tolerance on
several indicators are tried in every other order: when one of them fits, the columns look
interchanged. Nothing is corrected here: the finding is said beside the figures.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from qpvmap.core.estimates import Figures

LEAST_FAULTS = 2
"""A column must be out of tolerance on so many indicators before it is suspected."""

MOST_SUSPECTS = 7
"""Columns tried in every order: 5 040 orders. Beyond it, the worst ones are."""

MUCH_BETTER = 0.5
"""Another order must leave less than this part of the gaps unexplained."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How far two editions of an indicator may be from one another.

    `tolerance` and `per_year` are in the indicator's unit, or parts of the official figure when
    `is_relative`.
    """

    key: str
    tolerance: float
    per_year: float = 0.0
    is_relative: bool = False

    def allowed(self, official: float, years: int) -> float:
        """Return the gap that `years` between two editions explain."""
        most = self.tolerance + self.per_year * abs(years)
        return most * abs(official) if self.is_relative else most


@dataclass(frozen=True, slots=True)
class Compared:
    """An indicator as signed and as published, by IRIS, `years` apart."""

    rule: Rule
    signed: Figures
    official: Figures
    years: int

    def excess(self, signed_at: str, official_at: str) -> float:
        """Return how many times beyond tolerance the gap is; 0 within it, or when unknown."""
        signed, official = self.signed.get(signed_at), self.official.get(official_at)
        if signed is None or official is None:
            return 0.0
        gap, allowed = abs(signed - official), self.rule.allowed(official, self.years)
        if gap <= allowed:
            return 0.0
        return gap / allowed - 1.0 if allowed else 1.0


@dataclass(frozen=True, slots=True)
class Gap:
    """A signed figure that the official one, `official`, is too far from."""

    key: str
    code: str
    signed: float
    official: float


@dataclass(frozen=True, slots=True)
class Interchange:
    """Columns that look interchanged: the figures signed for a place fit `fits[place]` better."""

    commune_code: str
    fits: Mapping[str, str]
    keys: Sequence[str]

    @property
    def codes(self) -> Sequence[str]:
        """The places concerned, in the order of the table."""
        return tuple(self.fits)


@dataclass(frozen=True, slots=True)
class Findings:
    """What the check found: interchanged columns, and gaps that nothing explains."""

    interchanges: Sequence[Interchange]
    gaps: Sequence[Gap]


def examine(table: Sequence[Compared], columns: Mapping[str, Sequence[str]]) -> Findings:
    """Return what is wrong with a signed table.

    Parameters
    ----------
    table : sequence of Compared
        The indicators that both sides have.
    columns : mapping
        The codes of the table's columns, by commune: columns are not tried across communes.
    """
    found = [
        interchange
        for commune, codes in columns.items()
        for interchange in interchanges(table, commune, codes)
    ]
    fits = {code: at for interchange in found for code, at in interchange.fits.items()}
    codes = [code for group in columns.values() for code in group]
    return Findings(found, gaps_of(table, codes, fits))


def interchanges(
    table: Sequence[Compared], commune: str, codes: Sequence[str]
) -> list[Interchange]:
    """Return the groups of a commune's columns that look interchanged."""
    suspects = suspects_of(table, codes)
    if len(suspects) < 2:
        return []
    costs = {
        (one, other): sum(compared.excess(one, other) for compared in table)
        for one in suspects
        for other in suspects
    }
    best = best_order(suspects, costs)
    return [
        Interchange(commune, {code: best[code] for code in cycle}, better_keys(table, cycle, best))
        for cycle in cycles_of(best)
        if is_much_better(cycle, best, costs)
    ]


def suspects_of(table: Sequence[Compared], codes: Sequence[str]) -> list[str]:
    """Return the columns with enough faults to be suspected, in the order of the table."""
    faults = {code: [c.excess(code, code) for c in table] for code in codes}
    suspected = [code for code in codes if sum(f > 0 for f in faults[code]) >= LEAST_FAULTS]
    worst = sorted(suspected, key=lambda code: -sum(faults[code]))[:MOST_SUSPECTS]
    return [code for code in suspected if code in worst]


def best_order(codes: Sequence[str], costs: Mapping[tuple[str, str], float]) -> dict[str, str]:
    """Return the order that leaves the least unexplained; among equals, the fewest moves."""

    def price(order: tuple[str, ...]) -> tuple[float, int]:
        pairs = list(zip(codes, order, strict=True))
        return round(sum(costs[pair] for pair in pairs), 9), sum(a != b for a, b in pairs)

    orders: Iterator[tuple[str, ...]] = permutations(codes)
    best = min(orders, key=price)
    return dict(zip(codes, best, strict=True))


def cycles_of(order: Mapping[str, str]) -> list[list[str]]:
    """Return the groups of places that changed among themselves, each in the table's order."""
    left, cycles = [code for code, at in order.items() if code != at], []
    while left:
        turn, cycle = left[0], set[str]()
        while turn not in cycle:
            cycle.add(turn)
            turn = order[turn]
        cycles.append([code for code in left if code in cycle])
        left = [code for code in left if code not in cycle]
    return cycles


def is_much_better(
    cycle: Sequence[str], order: Mapping[str, str], costs: Mapping[tuple[str, str], float]
) -> bool:
    """Return whether the other order explains most of what the signed one leaves unexplained."""
    as_signed = sum(costs[code, code] for code in cycle)
    moved = sum(costs[code, order[code]] for code in cycle)
    return moved < as_signed * MUCH_BETTER


def better_keys(
    table: Sequence[Compared], cycle: Sequence[str], order: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the indicators that fit better in the other order, the clearest first."""
    gains = {
        compared.rule.key: sum(
            compared.excess(code, code) - compared.excess(code, order[code]) for code in cycle
        )
        for compared in table
    }
    return tuple(sorted((key for key in gains if gains[key] > 0), key=lambda key: -gains[key]))


def gaps_of(table: Sequence[Compared], codes: Sequence[str], fits: Mapping[str, str]) -> list[Gap]:
    """Return the gaps that neither vintages nor interchanged columns explain."""
    found = []
    for compared in table:
        for code in codes:
            at = fits.get(code, code)
            signed, official = compared.signed.get(code), compared.official.get(at)
            if signed is None or official is None or not compared.excess(code, at):
                continue
            found.append(Gap(compared.rule.key, code, signed, official))
    return found
