"""Hours of presence from rounds, counted in two ways.

*Presence* is the time during which at least one mediator was in a quarter: two who walk together,
or cross each other, count once. *Person-hours* are the working time that it took: two who walk
together count twice, but one person never counts twice at a time, whoever noted the round.
"""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from qpvmap.core.presences import DayKind, Piece, Slot, cut

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time that somebody spent in one place.

    `walker` and `companion` tell people apart and say nothing of who they are. `others` are
    people without an account: they count, but nothing can tell whether they are counted twice.
    """

    place: Hashable
    start: datetime
    end: datetime
    walker: Hashable
    companion: Hashable | None = None
    others: int = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """Where an hour is counted: a place, a month, a kind of day, a slot."""

    place: Hashable
    month: date
    day_kind: DayKind
    slot: Slot


@dataclass(frozen=True, slots=True)
class Hours:
    """What is counted in a cell."""

    presence: timedelta = timedelta()
    person: timedelta = timedelta()


def count_hours(stretches: Sequence[Stretch]) -> Mapping[Cell, Hours]:
    """Return the hours of presence and the person-hours of each cell that has any."""
    presence = _sums(present(stretches))
    person = _sums(spent(stretches))
    return {
        cell: Hours(presence.get(cell, timedelta()), person.get(cell, timedelta()))
        for cell in presence.keys() | person.keys()
    }


def present(stretches: Iterable[Stretch]) -> Iterator[tuple[Hashable, Span]]:
    """Return, place by place, the times during which somebody was there."""
    by_place: dict[Hashable, list[Span]] = defaultdict(list)
    for stretch in stretches:
        by_place[stretch.place].append((stretch.start, stretch.end))
    for place, spans in by_place.items():
        for span in joined(spans):
            yield place, span


def spent(stretches: Sequence[Stretch]) -> Iterator[tuple[Hashable, Span]]:
    """Return the times that each person spent, each moment once, where they say they were.

    What one notes oneself goes before what a colleague notes of one.
    """
    taken: dict[Hashable, list[Span]] = defaultdict(list)
    own = [(0, s.start, s.walker, s) for s in stretches]
    told = [(1, s.start, s.companion, s) for s in stretches if s.companion is not None]
    for _, _, person, stretch in sorted([*own, *told], key=lambda known: known[:2]):
        for span in without((stretch.start, stretch.end), taken[person]):
            insort(taken[person], span)
            yield stretch.place, span
    for stretch in stretches:
        for _ in range(stretch.others):
            yield stretch.place, (stretch.start, stretch.end)


def joined(spans: Iterable[Span]) -> list[Span]:
    """Return the same times without overlap, in order."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        elif start < end:
            found.append((start, end))
    return found


def without(span: Span, taken: Sequence[Span]) -> list[Span]:
    """Return what is left of a time once those taken, in order and apart, are out of it."""
    start, end = span
    left: list[Span] = []
    first = max(bisect_left(taken, (start, start)) - 1, 0)
    for begun, ended in taken[first:]:
        if begun >= end:
            break
        if begun > start:
            left.append((start, begun))
        start = max(start, ended)
    return [*left, (start, end)] if start < end else left


def _sums(times: Iterable[tuple[Hashable, Span]]) -> dict[Cell, timedelta]:
    sums: dict[Cell, timedelta] = defaultdict(timedelta)
    for place, (start, end) in times:
        for piece in cut(start, end):
            sums[_cell(place, piece)] += piece.length
    return sums


def _cell(place: Hashable, piece: Piece) -> Cell:
    return Cell(place, piece.month, piece.day_kind, piece.slot)
