"""Two people changed one operation: what each changed alone is kept, the rest is for a person.

Three states are compared: what both read, what the one wrote, what the other did meanwhile.
"""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from qpvmap.core.operation_reading import cross_faults
from qpvmap.core.operations import (
    FIELDS,
    Draft,
    FundingLine,
    Step,
    changed_fields,
    comparable,
    sorted_steps,
)
from qpvmap.core.plain_words import folded

TIED: Mapping[str, tuple[str, ...]] = {"place": ("place", "position_quality")}
"""Fields that make no sense apart: chosen together, under the first one's name."""
TOGETHER: Mapping[str, tuple[str, ...]] = {
    "ends": ("starts", "ends"),
    "riots_2023": ("natures", "riots_2023"),
}
"""Fields between which a fault may lie, by the one it is said of."""
SNAPSHOT = TypeAdapter(Draft)


def told_draft(draft: Draft) -> dict[str, Any]:
    """Return an operation as JSON, to be read again by `draft_of`."""
    told: dict[str, Any] = SNAPSHOT.dump_python(draft, mode="json")
    return told


def draft_of(told: object) -> Draft | None:
    """Return the operation that JSON tells; None when it tells none."""
    try:
        return SNAPSHOT.validate_python(told) if told else None
    except ValidationError:
        return None


@dataclass(frozen=True, slots=True)
class Merge:
    """What comes of two changes: `draft` has all that is sure; `clashes` are asked, by field.

    Where fields clash, `draft` holds what the other person wrote.
    """

    draft: Draft
    mine: Draft
    clashes: tuple[str, ...] = ()

    def settled(self, chosen: Collection[str]) -> Draft:
        """Return the operation once the fields `chosen` are taken from mine."""
        names = [n for name in self.clashes if name in chosen for n in TIED.get(name, (name,))]
        return _taken(self.draft, self.mine, names)


def merged(base: Draft | None, mine: Draft, theirs: Draft) -> Merge:
    """Return what comes of `mine` and `theirs`, both made of `base`.

    When nobody knows any more what that was, all that differs is asked.
    """
    if base is None:
        return Merge(theirs, mine, _under_one_name(changed_fields(theirs, mine)))
    mine_changed, theirs_changed = changed_fields(base, mine), changed_fields(base, theirs)
    draft, clashes = theirs, list[str]()
    for name in mine_changed:
        tied = next((fields for fields in TIED.values() if name in fields), (name,))
        rows = _merged_rows(name, base, mine, theirs)
        if not set(tied) & set(theirs_changed):
            draft = _taken(draft, mine, [name])
        elif rows is not None:
            draft = replace(draft, **{name: rows})  # type: ignore[arg-type]  # the type of its field
        elif any(comparable(mine, n) != comparable(theirs, n) for n in tied):
            clashes.append(name)
    for fault in cross_faults(draft, {}):
        apart = [n for n in TOGETHER.get(fault, ()) if comparable(mine, n) != comparable(theirs, n)]
        clashes += apart
        draft = _taken(draft, theirs, apart)
    return Merge(draft, mine, _under_one_name(clashes))


def _under_one_name(names: Collection[str]) -> tuple[str, ...]:
    """Return fields in reading order, those that are tied under one name."""
    owner = {name: first for first, fields in TIED.items() for name in fields}
    found = {owner.get(name, name) for name in names}
    return tuple(name for name in FIELDS if name in found)


def _taken(draft: Draft, other: Draft, names: Sequence[str]) -> Draft:
    return replace(draft, **{name: getattr(other, name) for name in names})


ROW_KEYS: Mapping[str, Callable[[Any], Hashable]] = {
    "lines": lambda line: (folded(line.funder), line.year),
    "steps": lambda step: step.status,
}
"""What tells a row of an operation from another: a funder and year, a state."""


def _merged_rows(name: str, base: Draft, mine: Draft, theirs: Draft) -> object:
    """Return the rows that come of both; None when both changed one row, or none can be told."""
    if name not in ROW_KEYS:
        return None
    key = ROW_KEYS[name]
    sides = [_by_key(getattr(draft, name), key) for draft in (base, mine, theirs)]
    if any(side is None for side in sides):
        return None
    was, my, their = (side or {} for side in sides)
    kept: list[FundingLine | Step] = []
    for row_key in dict.fromkeys([*their, *my, *was]):
        before, one, other = was.get(row_key), my.get(row_key), their.get(row_key)
        if one not in (before, other) and other != before:
            return None
        row = other if one == before else one
        kept += [row] if row is not None else []
    return sorted_steps(kept) if name == "steps" else tuple(kept)  # type: ignore[arg-type]  # all are steps


def _by_key(rows: Sequence[Any], key: Callable[[Any], Hashable]) -> dict[Hashable, Any] | None:
    found = {key(row): row for row in rows}
    return found if len(found) == len(rows) else None
