"""Which operations of the plan are wanted, and in what order: what the address of a page says."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from qpvmap.core.operations import (
    BANDS,
    GENERATIONS,
    MISSING,
    NATURE_LABELS,
    STATUS_LABELS,
    THEME_LABELS,
    PlannedOperation,
)
from qpvmap.core.periods import FIRST_YEAR, LAST_YEAR
from qpvmap.core.plain_words import folded

FIRST_OF_PLAN, LAST_OF_PLAN = 2024, 2030
"""The years of the contracts « Quartiers 2030 »."""
UNKNOWN = "inconnu"
SORTS: Mapping[str, str] = {
    "commune": "Commune",
    "titre": "Intitulé",
    "cout": "Coût",
    "debut": "Début",
    "fin": "Fin",
    "distance": "Distance au quartier",
    "etat": "État",
}
LAST = date.max


@dataclass(frozen=True, slots=True)
class PlanFilter:
    """What is wanted: the values of each filter, one of which must match; `words` in any text.

    `vintage` is the generation of perimeters that bands are measured to.
    """

    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    words: str = ""
    vintage: int = GENERATIONS[0]
    sort: str = "commune"

    @property
    def is_empty(self) -> bool:
        """Whether everything is wanted."""
        return not self.words and not any(self.chosen.values())

    def one(self, name: str) -> str:
        """Return the first value of a filter, empty when it is not set."""
        return next(iter(self.chosen.get(name, ())), "")


Values = Callable[[PlannedOperation, "PlanFilter", date], Iterable[str]]


def _years(operation: PlannedOperation, *_: object) -> Iterable[str]:
    """Return the years that an operation is about: its dates, and those of its money."""
    starts, ends = operation.content.starts, operation.content.ends
    first, last = starts or ends, ends or starts
    if first and last:
        yield from map(str, range(first.first.year, last.last.year + 1))
    yield from (str(line.year) for line in operation.content.lines if line.year)
    yield from (str(step.at.first.year) for step in operation.content.steps if step.at)


def _missing(operation: PlannedOperation, _: PlanFilter, today: date) -> Iterable[str]:
    return (key for key, (_, test) in MISSING.items() if test(operation, today))


VALUES: Mapping[str, Values] = {
    "commune": lambda o, *_: o.content.communes,
    "theme": lambda o, *_: (o.theme,),
    "etat": lambda o, *_: (o.status,),
    "nature": lambda o, *_: o.content.natures or (UNKNOWN,),
    "zone": lambda o, f, _: (o.band(f.vintage) or UNKNOWN,),
    "maitre": lambda o, *_: (o.content.owner or UNKNOWN,),
    "financeur": lambda o, *_: (line.funder for line in o.content.lines),
    "annee": _years,
    "manque": _missing,
    "ete2023": lambda o, *_: ("oui" if o.content.riots_2023 else "non",),
}
"""What each filter looks at in an operation."""
FIXED: Mapping[str, frozenset[str]] = {
    "theme": frozenset(THEME_LABELS),
    "etat": frozenset(STATUS_LABELS),
    "nature": frozenset({*NATURE_LABELS, UNKNOWN}),
    "zone": frozenset({*BANDS, UNKNOWN}),
    "annee": frozenset(map(str, range(FIRST_YEAR, LAST_YEAR + 1))),
    "manque": frozenset(MISSING),
    "ete2023": frozenset({"oui", "non"}),
}
"""Values that a filter may have, where they are known beforehand; others are left out."""


def read_filter(args: Mapping[str, Sequence[str]]) -> PlanFilter:
    """Return what an address asks for; what it says wrongly is left out."""
    chosen = {}
    for name in VALUES:
        values = (value.strip() for given in args.get(name, ()) for value in given.split(","))
        kept = dict.fromkeys(v for v in values if v and v in FIXED.get(name, {v}))
        if kept:
            chosen[name] = tuple(kept)
    first = {name: values[0] for name, values in args.items() if values}
    vintage = first.get("perimetre", "")
    return PlanFilter(
        chosen,
        first.get("q", "").strip()[:200],
        int(vintage) if vintage in map(str, GENERATIONS) else GENERATIONS[0],
        first.get("tri", "") if first.get("tri", "") in SORTS else "commune",
    )


def parameters(wanted: PlanFilter) -> dict[str, list[str]]:
    """Return what stands in the address of a filter."""
    said = {name: list(values) for name, values in wanted.chosen.items()}
    if wanted.words:
        said["q"] = [wanted.words]
    if wanted.vintage != GENERATIONS[0]:
        said["perimetre"] = [str(wanted.vintage)]
    if wanted.sort != "commune":
        said["tri"] = [wanted.sort]
    return said


def matches(operation: PlannedOperation, wanted: PlanFilter, today: date) -> bool:
    """Return whether an operation is wanted."""
    for name, values in wanted.chosen.items():
        if not set(values).intersection(VALUES[name](operation, wanted, today)):
            return False
    return all(word in _text(operation) for word in folded(wanted.words).split())


def _text(operation: PlannedOperation) -> str:
    content = operation.content
    texts = (operation.code, content.title, content.work, content.description, content.address)
    return folded(" ".join((*texts, content.owner, content.equipment_name, operation.communes)))


Key = Callable[[PlannedOperation, PlanFilter], object]


def _first_day(operation: PlannedOperation, *_: object) -> object:
    return operation.content.starts.first if operation.content.starts else LAST


def _last_day(operation: PlannedOperation, *_: object) -> object:
    return operation.content.ends.last if operation.content.ends else LAST


def _distance(operation: PlannedOperation, wanted: PlanFilter) -> object:
    near = operation.nearness.get(wanted.vintage)
    return near.distance_m if near else float("inf")


KEYS: Mapping[str, Key] = {
    "titre": lambda o, _: folded(o.title),
    "cout": lambda o, _: -(o.content.cost if o.content.cost is not None else Decimal(-1)),
    "debut": _first_day,
    "fin": _last_day,
    "distance": _distance,
    "etat": lambda o, _: list(STATUS_LABELS).index(o.status),
}
"""What each order but the usual one compares; what is unknown comes last."""


def chosen_operations(
    plan: Sequence[PlannedOperation], wanted: PlanFilter, today: date
) -> list[PlannedOperation]:
    """Return what is wanted of a plan, in the order wanted; a plan comes by commune."""
    found = [operation for operation in plan if matches(operation, wanted, today)]
    key = KEYS.get(wanted.sort)
    return sorted(found, key=lambda o: key(o, wanted)) if key else found  # type: ignore[arg-type,return-value]  # keys of one kind


def offered(
    plan: Sequence[PlannedOperation], wanted: PlanFilter, name: str, today: date
) -> dict[str, int]:
    """Return the values that a filter has in a plan, and how many operations have each."""
    counts: dict[str, int] = {}
    for operation in plan:
        for value in set(VALUES[name](operation, wanted, today)):
            counts[value] = counts.get(value, 0) + 1
    return counts
