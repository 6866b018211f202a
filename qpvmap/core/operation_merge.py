"""Two people changed one operation: what each changed alone is kept, the rest is for a person.

Three states are compared: what both read, what the one wrote, what the other did meanwhile.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from qpvmap.core.operation_reading import cross_faults
from qpvmap.core.operation_rows import (
    ROW_KEYS,
    MergedRows,
    Row,
    RowClash,
    merged_rows,
    with_mine,
)
from qpvmap.core.operations import FIELDS, Draft, changed_fields, comparable

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
    """What comes of two changes: `draft` has all that is sure; `clashes` are asked.

    A clash is the name of a field or, for a funding line or a dated state, its name in `rows`:
    `lines.0`. Where both clash, `draft` holds what the other person wrote.
    """

    draft: Draft
    mine: Draft
    clashes: tuple[str, ...] = ()
    rows: Mapping[str, RowClash] = field(default_factory=dict)

    def settled(self, chosen: Collection[str]) -> Draft:
        """Return the operation once the clashes `chosen` are taken from mine."""
        whole = [n for n in self.clashes if n in chosen and n not in self.rows]
        names = [n for name in whole for n in TIED.get(name, (name,))]
        draft = _taken(self.draft, self.mine, names)
        for name in ROW_KEYS:
            taken = [c for n, c in self.rows.items() if n in chosen and field_of(n) == name]
            draft = _with_rows(draft, name, with_mine(name, getattr(draft, name), taken))
        return draft


def field_of(clash: str) -> str:
    """Return the field that a clash is of."""
    return clash.partition(".")[0]


def merged(base: Draft | None, mine: Draft, theirs: Draft) -> Merge:
    """Return what comes of `mine` and `theirs`, both made of `base`.

    When nobody knows any more what that was, all that differs is asked.
    """
    mine_changed = changed_fields(base or theirs, mine)
    theirs_changed = changed_fields(base, theirs) if base else list(FIELDS)
    draft, clashes, rows = theirs, list[str](), dict[str, RowClash]()
    for name in mine_changed:
        tied = next((fields for fields in TIED.values() if name in fields), (name,))
        both = _merged_rows(name, base, mine, theirs)
        if not set(tied) & set(theirs_changed):
            draft = _taken(draft, mine, [name])
        elif both is not None:
            draft = _with_rows(draft, name, both.rows)
            rows |= {f"{name}.{n}": clash for n, clash in enumerate(both.clashes)}
        elif any(comparable(mine, n) != comparable(theirs, n) for n in tied):
            clashes.append(name)
    for fault in cross_faults(draft, {}):
        apart = [n for n in TOGETHER.get(fault, ()) if comparable(mine, n) != comparable(theirs, n)]
        clashes += apart
        draft = _taken(draft, theirs, apart)
    return Merge(draft, mine, _under_one_name([*clashes, *rows]), rows)


def with_both_rows(base: Draft, mine: Draft, theirs: Draft) -> Draft:
    """Return `theirs` with the funding lines and dated states of both; what clashes is as in mine.

    So are all of them where they cannot be told apart.
    """
    draft = theirs
    for name in ROW_KEYS:
        both = _merged_rows(name, base, mine, theirs)
        rows = with_mine(name, both.rows, both.clashes) if both else getattr(mine, name)
        draft = _with_rows(draft, name, rows)
    return draft


def _under_one_name(names: Collection[str]) -> tuple[str, ...]:
    """Return fields in reading order, those that are tied under one name."""
    owner = {name: first for first, fields in TIED.items() for name in fields}
    found = dict.fromkeys(owner.get(name, name) for name in names)
    return tuple(name for part in FIELDS for name in found if field_of(name) == part)


def _taken(draft: Draft, other: Draft, names: Sequence[str]) -> Draft:
    return replace(draft, **{name: getattr(other, name) for name in names})


def _merged_rows(name: str, base: Draft | None, mine: Draft, theirs: Draft) -> MergedRows | None:
    if name not in ROW_KEYS:
        return None
    was = getattr(base, name) if base else None
    return merged_rows(name, was, getattr(mine, name), getattr(theirs, name))


def _with_rows(draft: Draft, name: str, rows: Sequence[Row]) -> Draft:
    return replace(draft, **{name: rows})  # type: ignore[arg-type]  # the type of its field
