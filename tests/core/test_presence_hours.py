"""Hours of presence: every slot, both changes of the clock, nobody twice at a time."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qpvmap.core.deadlines import PARIS
from qpvmap.core.presence_hours import Cell, Stretch, count_hours, joined, without
from qpvmap.core.presences import (
    FORGOTTEN_AFTER,
    FORGOTTEN_COUNTS,
    DayKind,
    Slot,
    captured_at,
    cut,
    forgotten_end,
)

FIRST = datetime(2025, 1, 1, tzinfo=UTC)
instants = st.integers(0, 3 * 365 * 24 * 60).map(lambda passed: FIRST + timedelta(minutes=passed))
lengths = st.timedeltas(timedelta(minutes=1), timedelta(hours=12))


def paris(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=PARIS)


def hours(length: timedelta) -> float:
    return length.total_seconds() / 3600


@given(instants, lengths)
def test_cut_when_any_time_then_pieces_make_it_up_without_gap_or_overlap(
    start: datetime, length: timedelta
) -> None:
    pieces = list(cut(start, start + length))
    assert sum((piece.length for piece in pieces), timedelta()) == length
    assert pieces[0].start == start
    assert pieces[-1].end == start + length
    assert all(one.end == other.start for one, other in pairwise(pieces))
    assert all(piece.length > timedelta() for piece in pieces)
    for piece in pieces:
        last = piece.end - timedelta(microseconds=1)
        for instant in (piece.start, last):
            local = instant.astimezone(PARIS)
            assert local.date() == piece.day
            assert piece.slot is slot_of(local.hour)


def slot_of(hour: int) -> Slot:
    if 6 <= hour < 12:
        return Slot.MORNING
    if 12 <= hour < 18:
        return Slot.AFTERNOON
    return Slot.EVENING if 18 <= hour < 22 else Slot.NIGHT


@pytest.mark.parametrize(
    ("start", "end", "night"),
    [
        # the clock goes back: the night from 22 h to 6 h lasts nine hours
        (paris(2026, 10, 24, 22), paris(2026, 10, 25, 6), 9),
        # it goes forward: seven
        (paris(2026, 3, 28, 22), paris(2026, 3, 29, 6), 7),
        (paris(2026, 11, 25, 22), paris(2026, 11, 26, 6), 8),
    ],
)
def test_cut_when_the_clock_changes_then_real_hours_count(
    start: datetime, end: datetime, night: int
) -> None:
    pieces = list(cut(start, end))
    assert {piece.slot for piece in pieces} == {Slot.NIGHT}
    assert sum(hours(piece.length) for piece in pieces) == night


def test_cut_when_over_midnight_then_each_day_and_month_has_its_own() -> None:
    friday, saturday = cut(paris(2026, 7, 31, 23), paris(2026, 8, 1, 2))
    assert (friday.day, friday.day_kind, hours(friday.length)) == (
        date(2026, 7, 31),
        DayKind.WEEKDAY,
        1,
    )
    assert (saturday.month, saturday.day_kind, hours(saturday.length)) == (
        date(2026, 8, 1),
        DayKind.WEEKEND,
        2,
    )


AT = paris(2026, 11, 24, 14)


def stretch(
    begin: float, end: float, walker: str, companion: str | None = None, **more: object
) -> Stretch:
    place = more.get("place", "Q")
    others = int(str(more.get("others", 0)))
    return Stretch(
        place, AT + timedelta(hours=begin), AT + timedelta(hours=end), walker, companion, others
    )


def totals(*stretches: Stretch) -> dict[str, tuple[float, float]]:
    """Return, place by place, hours of presence and person-hours."""
    sums: dict[str, tuple[float, float]] = {}
    for cell, counted in count_hours(stretches).items():
        before = sums.get(str(cell.place), (0.0, 0.0))
        more = (hours(counted.presence), hours(counted.person))
        sums[str(cell.place)] = (before[0] + more[0], before[1] + more[1])
    return sums


def test_pair_when_walking_together_then_present_once_and_two_people() -> None:
    assert totals(stretch(0, 2, "a", "b")) == {"Q": (2, 4)}
    assert totals(stretch(0, 2, "a", others=2)) == {"Q": (2, 6)}


def test_person_when_noted_by_two_then_counts_once() -> None:
    """Both of a pair start a round of their own: nothing doubles."""
    assert totals(stretch(0, 2, "a", "b"), stretch(0, 2, "b", "a")) == {"Q": (2, 4)}
    assert totals(stretch(0, 2, "a", "b"), stretch(1, 3, "b")) == {"Q": (3, 5)}


def test_person_when_elsewhere_by_their_own_word_then_that_one_counts() -> None:
    found = totals(stretch(0, 2, "a", "b"), stretch(1, 3, "b", place="R"))
    assert found == {"Q": (2, 3), "R": (2, 2)}


def test_presence_when_two_cross_then_a_quarter_counts_once_each_person_too() -> None:
    assert totals(stretch(0, 2, "a"), stretch(1, 3, "b")) == {"Q": (3, 4)}


people = st.sampled_from("abc")
stretches = st.builds(
    lambda begin, length, walker, companion: stretch(
        begin / 4, (begin + length) / 4, walker, companion if companion != walker else None
    ),
    st.integers(0, 40),
    st.integers(1, 20),
    people,
    st.none() | people,
)


@given(st.lists(stretches, max_size=12))
def test_hours_when_anything_overlaps_then_presence_and_people_stay_within_bounds(
    noted: list[Stretch],
) -> None:
    found = count_hours(noted)
    presence = sum(hours(one.presence) for one in found.values())
    person = sum(hours(one.person) for one in found.values())
    assert presence == pytest.approx(
        sum(hours(end - start) for start, end in joined((s.start, s.end) for s in noted))
    )
    walkers = {s.walker for s in noted} | {s.companion for s in noted if s.companion}
    expected = sum(
        hours(end - start)
        for who in walkers
        for start, end in joined((s.start, s.end) for s in noted if who in (s.walker, s.companion))
    )
    assert person == pytest.approx(expected)
    assert person >= presence - 1e-9


def test_without_when_the_middle_is_taken_then_both_sides_are_left() -> None:
    at = [AT + timedelta(hours=n) for n in range(5)]
    assert without((at[0], at[4]), [(at[1], at[2])]) == [(at[0], at[1]), (at[2], at[4])]
    assert without((at[1], at[2]), [(at[0], at[3])]) == []
    assert without((at[2], at[4]), [(at[0], at[3])]) == [(at[3], at[4])]


def test_hours_when_a_round_spans_slots_then_each_has_its_part() -> None:
    found = count_hours([Stretch("Q", paris(2026, 11, 24, 17), paris(2026, 11, 24, 19), "a")])
    november = date(2026, 11, 1)
    assert {cell: hours(one.presence) for cell, one in found.items()} == {
        Cell("Q", november, DayKind.WEEKDAY, Slot.AFTERNOON): 1,
        Cell("Q", november, DayKind.WEEKDAY, Slot.EVENING): 1,
    }


def test_forgotten_round_when_something_was_noted_then_ends_there_else_after_a_little() -> None:
    assert forgotten_end(AT, AT + timedelta(hours=3)) == AT + timedelta(hours=3)
    assert forgotten_end(AT, None) == AT + FORGOTTEN_COUNTS
    assert forgotten_end(AT, AT + timedelta(days=2)) == AT + FORGOTTEN_AFTER


def test_captured_when_the_phone_is_wrong_then_now() -> None:
    assert captured_at(AT - timedelta(days=3), AT) == AT - timedelta(days=3)
    assert captured_at(AT + timedelta(minutes=5), AT) == AT
    assert captured_at(AT - timedelta(days=400), AT) == AT
    assert captured_at(None, AT) == AT
