"""Sums of the plan, its money by funder and year, its calendar, what new perimeters change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from qpvmap.core.operation_filters import FIRST_OF_PLAN, LAST_OF_PLAN
from qpvmap.core.operations import BANDS, GENERATIONS, STATUS_LABELS, PlannedOperation

ZERO = Decimal(0)
NO_YEAR = 0
"""The column of what has no year."""
AXIS_FIRST, AXIS_LAST = date(FIRST_OF_PLAN, 1, 1), date(LAST_OF_PLAN, 12, 31)
AMOUNTS: Mapping[str, tuple[str, str]] = {
    "accorde": ("agreed", "Accordé"),
    "verse": ("paid", "Versé"),
    "demande": ("asked", "Demandé"),
}
"""What may be summed: key in the address, name in a line, words. What is asked is for planners."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of some operations, in euros. `costed` counts those whose cost is known."""

    count: int
    costed: int
    cost: Decimal
    asked: Decimal
    agreed: Decimal
    paid: Decimal
    agreed_of_costed: Decimal

    @property
    def share(self) -> float | None:
        """The part of the known costs that is agreed, 0 to 1; None without a cost or an amount.

        Nothing agreed is mostly not known yet: it is not said to be 0.
        """
        known = self.cost and self.agreed_of_costed
        return float(self.agreed_of_costed / self.cost) if known else None


def totals(plan: Sequence[PlannedOperation]) -> Totals:
    """Return the sums of a plan, or of a part of it."""
    costed = [operation for operation in plan if operation.content.cost is not None]
    return Totals(
        count=len(plan),
        costed=len(costed),
        cost=sum((o.content.cost or ZERO for o in costed), ZERO),
        asked=sum((o.content.total("asked") for o in plan), ZERO),
        agreed=sum((o.content.total("agreed") for o in plan), ZERO),
        paid=sum((o.content.total("paid") for o in plan), ZERO),
        agreed_of_costed=sum((o.content.total("agreed") for o in costed), ZERO),
    )


@dataclass(frozen=True, slots=True)
class Money:
    """Amounts by funder and year, the largest funder first; the year 0 is what has none."""

    years: Sequence[int]
    funders: Mapping[str, Mapping[int, Decimal]]

    def of_funder(self, funder: str) -> Decimal:
        """Return what a funder pays in all."""
        return sum(self.funders[funder].values(), ZERO)

    def of_year(self, year: int) -> Decimal:
        """Return what all pay in a year."""
        return sum((by_year.get(year, ZERO) for by_year in self.funders.values()), ZERO)

    @property
    def total(self) -> Decimal:
        """Return it all."""
        return sum((self.of_year(year) for year in self.years), ZERO)


def money(plan: Sequence[PlannedOperation], kind: str) -> Money:
    """Return what is `agreed`, `paid` or `asked`, by funder and year."""
    found: dict[str, dict[int, Decimal]] = {}
    years = set(range(FIRST_OF_PLAN, LAST_OF_PLAN + 1))
    for operation in plan:
        for line in operation.content.lines:
            amount = getattr(line, kind)
            if amount is not None:
                year = line.year or NO_YEAR
                years.add(year)
                by_year = found.setdefault(line.funder, {})
                by_year[year] = by_year.get(year, ZERO) + amount
    order = sorted(found, key=lambda name: (-sum(found[name].values(), ZERO), name))
    dated = sorted(years - {NO_YEAR})
    return Money(dated + [NO_YEAR] * (NO_YEAR in years), {name: found[name] for name in order})


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the calendar: a state, its first and last days; `is_open` has no known end."""

    status: str
    first: date
    last: date
    is_open: bool = False


def spans(operation: PlannedOperation) -> list[Span]:
    """Return the calendar of an operation: its dated states, else its dates alone."""
    content = operation.content
    dated = [(step.status, step.at) for step in content.steps if step.at]
    found = []
    for index, (status, at) in enumerate(dated):
        if index + 1 < len(dated):
            last = max(at.first, dated[index + 1][1].first - timedelta(days=1))
            found.append(Span(status, at.first, last))
        elif status == "delivered":  # it serves from then on
            found.append(Span(status, at.first, max(at.first, AXIS_LAST)))
        elif content.ends and content.ends.last >= at.first:
            found.append(Span(status, at.first, content.ends.last))
        else:
            found.append(Span(status, at.first, at.last, is_open=True))
    if found or not (content.starts or content.ends):
        return found
    starts, ends = content.starts or content.ends, content.ends or content.starts
    if starts is None or ends is None:
        return []
    is_open = not (content.starts and content.ends)
    return [Span(operation.status, starts.first, ends.last, is_open)]


@dataclass(frozen=True, slots=True)
class Bar:
    """A span on the years of the plan: where it begins and how long it is, percent."""

    status: str
    words: str
    left: float
    width: float
    is_open: bool

    @property
    def is_narrow(self) -> bool:
        """Whether its word does not fit in it on a phone."""
        return self.width < 17


AXIS_DAYS = (AXIS_LAST - AXIS_FIRST).days + 1
NARROWEST = 1.2
"""A day is drawn as wide as that, percent, so that it is seen."""


def bars(operation: PlannedOperation) -> list[Bar]:
    """Return the calendar of an operation as drawn; what is out of the plan's years is cut."""
    drawn = []
    for span in spans(operation):
        if span.last < AXIS_FIRST or span.first > AXIS_LAST:
            continue
        left = (max(span.first, AXIS_FIRST) - AXIS_FIRST).days / AXIS_DAYS * 100
        right = ((min(span.last, AXIS_LAST) - AXIS_FIRST).days + 1) / AXIS_DAYS * 100
        width = max(right - left, NARROWEST)
        left = min(left, 100 - width)
        words = STATUS_LABELS[span.status]
        drawn.append(Bar(span.status, words, round(left, 2), round(width, 2), span.is_open))
    return drawn


def year_place(year: int) -> float:
    """Return where a year begins on the axis, percent."""
    return round((date(year, 1, 1) - AXIS_FIRST).days / AXIS_DAYS * 100, 2)


def plan_years() -> list[tuple[int, float]]:
    """Return the years of the axis, and where each begins on it, percent."""
    return [(year, year_place(year)) for year in range(FIRST_OF_PLAN, LAST_OF_PLAN + 1)]


def day_place(day: date) -> float | None:
    """Return where a day is on the axis, percent; None out of it."""
    if not AXIS_FIRST <= day <= AXIS_LAST:
        return None
    return round((day - AXIS_FIRST).days / AXIS_DAYS * 100, 2)


@dataclass(frozen=True, slots=True)
class PerimeterChange:
    """How an operation stands to both generations: `kind` is entered, left, nearer, farther..."""

    operation: PlannedOperation
    kind: str


CHANGES: Mapping[str, str] = {
    "entered": "Entre dans le quartier",
    "left": "Sort du quartier",
    "nearer": "Se rapproche du quartier",
    "farther": "S’éloigne du quartier",
    "same": "Ne change pas de zone",
    "unknown": "Sans lieu, ou sans périmètre à comparer",
}


def perimeter_changes(plan: Sequence[PlannedOperation]) -> dict[str, list[PlannedOperation]]:
    """Return the operations by what the present perimeters change for them, by band."""
    found: dict[str, list[PlannedOperation]] = {kind: [] for kind in CHANGES}
    for operation in plan:
        found[change_of(operation)].append(operation)
    return found


def change_of(operation: PlannedOperation) -> str:
    """Return what the present perimeters change for an operation."""
    now, before = (operation.band(vintage) for vintage in GENERATIONS)
    if not now or not before:
        return "unknown"
    order = list(BANDS)
    if now == before:
        return "same"
    if order[0] in (now, before):
        return "entered" if now == order[0] else "left"
    return "nearer" if order.index(now) < order.index(before) else "farther"
