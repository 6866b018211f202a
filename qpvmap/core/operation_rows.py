"""Funding lines and dated states that two people changed: told apart by what they are.

A line is of a funder and a year, a state is of its name. What only one side changed of a row is
kept, cell by cell; a row is asked where both changed one of its cells, or one removed it.
"""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from qpvmap.core.operations import STATUS_LABELS, FundingLine, Step, sorted_steps
from qpvmap.core.plain_words import folded

Row = FundingLine | Step
ROW_KEYS: Mapping[str, Callable[[Any], Hashable]] = {
    "lines": lambda line: (folded(line.funder), line.year),
    "steps": lambda step: step.status,
}
"""What tells a row of an operation from another: a funder and year, a state."""


@dataclass(frozen=True, slots=True)
class RowClash:
    """A row that both changed: as both had read it, and as it is if mine or theirs is kept.

    None where it is not, or where nobody knows what it was.
    """

    key: Hashable
    was: Row | None
    mine: Row | None
    theirs: Row | None

    @property
    def label(self) -> str:
        """What the row is, in words."""
        row = self.theirs or self.mine or self.was
        if isinstance(row, Step):
            return f"État daté, {STATUS_LABELS[row.status].lower()}"
        if row is None:
            return ""
        return f"Financement {row.funder}{f' {row.year}' if row.year else ''}"


@dataclass(frozen=True, slots=True)
class MergedRows:
    """What comes of the rows of two sides; where rows clash, they are as the other wrote them."""

    rows: tuple[Row, ...]
    clashes: tuple[RowClash, ...] = ()


def merged_rows(
    name: str, base: Sequence[Row] | None, mine: Sequence[Row], theirs: Sequence[Row]
) -> MergedRows | None:
    """Return what comes of the rows of a field; None when rows cannot be told from one another.

    `base` is None when nobody knows what both had read: then each row that differs is asked.
    """
    sides = [_by_key(name, side) for side in (base or (), mine, theirs)]
    if any(side is None for side in sides):
        return None
    was, my, their = (side or {} for side in sides)
    kept: list[Row] = []
    clashes: list[RowClash] = []
    for key in dict.fromkeys([*their, *my, *was]):
        found = _merged_row(key, was.get(key), my.get(key), their.get(key), known=base is not None)
        if isinstance(found, RowClash):
            clashes.append(found)
            found = found.theirs
        kept += [found] if found is not None else []
    return MergedRows(_in_order(name, kept), tuple(clashes))


def with_mine(name: str, rows: Sequence[Row], chosen: Collection[RowClash]) -> tuple[Row, ...]:
    """Return rows once those `chosen` are as mine has them."""
    key_of = ROW_KEYS[name]
    mine = {clash.key: clash.mine for clash in chosen}
    kept = [mine.pop(key_of(row), row) for row in rows]
    return _in_order(name, [row for row in (*kept, *mine.values()) if row is not None])


def changed_rows(before: Sequence[Row], after: Sequence[Row]) -> tuple[str, str]:
    """Return in words the rows that are no more, and those that are new or have changed."""
    gone, new = (
        [row for row in one if row not in other]
        for one, other in ((before, after), (after, before))
    )
    return " ; ".join(map(str, gone)), " ; ".join(map(str, new))


def _merged_row(
    key: Hashable, was: Row | None, mine: Row | None, theirs: Row | None, *, known: bool
) -> Row | RowClash | None:
    if mine == theirs or (known and mine == was):
        return theirs
    if known and theirs == was:
        return mine
    if was is None or mine is None or theirs is None:
        return RowClash(key, was, mine, theirs)
    return _merged_cells(key, was, mine, theirs)


def _merged_cells(key: Hashable, was: Row, mine: Row, theirs: Row) -> Row | RowClash:
    """Return a row with the cells that each side changed alone; asked if both changed one."""
    cells = {
        field.name: (getattr(was, field.name), getattr(mine, field.name)) for field in fields(was)
    }
    changed = {name: now for name, (before, now) in cells.items() if now != before}
    asked = [
        name for name, now in changed.items() if getattr(theirs, name) not in (now, cells[name][0])
    ]
    merged = replace(theirs, **changed)
    if not asked:
        return merged
    return RowClash(key, was, merged, replace(merged, **{n: getattr(theirs, n) for n in asked}))


def _by_key(name: str, rows: Sequence[Row]) -> dict[Hashable, Row] | None:
    found = {ROW_KEYS[name](row): row for row in rows}
    return found if len(found) == len(rows) else None


def _in_order(name: str, rows: Sequence[Row]) -> tuple[Row, ...]:
    if name != "steps":
        return tuple(rows)
    return sorted_steps([row for row in rows if isinstance(row, Step)])
