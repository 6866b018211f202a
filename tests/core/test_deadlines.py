"""Promises in working days."""

from datetime import UTC, date, datetime, timedelta

import pytest

from qpvmap.core.deadlines import (
    Lateness,
    Priority,
    after_pause,
    due_at,
    lateness,
    working_days_between,
)
from qpvmap.usecases.calendars import days_off

OFF = days_off(2026)


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("received", "days", "expected"),
    [
        ("2026-11-20T09:00+01:00", 0, "2026-11-20T18:00+01:00"),
        ("2026-11-20T09:00+01:00", 1, "2026-11-23T18:00+01:00"),
        ("2026-11-21T23:59+01:00", 0, "2026-11-23T18:00+01:00"),
        ("2026-11-21T23:59+01:00", 1, "2026-11-23T18:00+01:00"),
        ("2026-04-30T12:00+02:00", 1, "2026-05-04T18:00+02:00"),
        ("2026-07-13T12:00+02:00", 1, "2026-07-15T18:00+02:00"),
        ("2026-12-24T12:00+01:00", 1, "2026-12-28T18:00+01:00"),
        ("2026-12-31T12:00+01:00", 1, "2027-01-04T18:00+01:00"),
        ("2026-10-23T12:00+02:00", 1, "2026-10-26T18:00+01:00"),
        ("2026-03-27T12:00+01:00", 1, "2026-03-30T18:00+02:00"),
        ("2026-11-19T23:30+00:00", 0, "2026-11-20T18:00+01:00"),
    ],
    ids=[
        "same day", "over a weekend", "on a Saturday, same day", "on a Saturday, one day",
        "1 May", "14 July", "Christmas and a weekend", "New Year", "to winter time",
        "to summer time", "the day is the local one",
    ],
)  # fmt: skip
def test_due_at_counts_working_days_of_the_place(received: str, days: int, expected: str) -> None:
    assert due_at(paris(received), days, OFF) == paris(expected)


def test_working_days_between_counts_both_ways() -> None:
    friday, tuesday = date(2026, 11, 20), date(2026, 11, 24)
    assert working_days_between(friday, tuesday, OFF) == 2
    assert working_days_between(tuesday, friday, OFF) == -2
    assert working_days_between(friday, friday, OFF) == 0


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (0, Lateness.IN_TIME),
        (24 * 9 + 1, Lateness.SOON),
        (24 * 10, Lateness.SOON),
        (24 * 10 + 1, Lateness.LATE),
        (24 * 20, Lateness.LATE),
        (24 * 20 + 1, Lateness.TWICE_LATE),
    ],
)
def test_lateness_follows_the_promise(hours: int, expected: Lateness) -> None:
    created = datetime(2026, 11, 2, 9, tzinfo=UTC)
    due = created + timedelta(days=10)
    assert lateness(created, due, created + timedelta(hours=hours)) == expected


@pytest.mark.parametrize(
    ("stopped", "resumed", "expected"),
    [
        ("2026-11-23T23:58+01:00", "2026-11-24T00:03+01:00", "2026-11-27T18:00+01:00"),
        ("2026-11-23T09:00+01:00", "2026-11-23T17:59+01:00", "2026-11-27T18:00+01:00"),
        ("2026-11-23T17:00+01:00", "2026-11-24T09:00+01:00", "2026-11-30T18:00+01:00"),
        ("2026-11-20T19:00+01:00", "2026-11-22T19:00+01:00", "2026-11-27T18:00+01:00"),
        ("2026-11-23T09:00+01:00", "2026-11-25T09:00+01:00", "2026-12-01T18:00+01:00"),
    ],
    ids=["minutes over midnight", "within a day", "over an evening", "a weekend", "two days"],
)
def test_pause_gives_back_the_working_days_that_ended_in_it(
    stopped: str, resumed: str, expected: str
) -> None:
    due = paris("2026-11-27T18:00+01:00")
    pause = (paris(stopped), paris(resumed))
    assert after_pause(due, pause, OFF, Priority.NORMAL) == paris(expected)


def test_pause_of_an_emergency_gives_its_hours_back_even_if_it_ends_with_the_day() -> None:
    due = paris("2026-11-27T18:00+01:00")
    pause = (paris("2026-11-27T10:00+01:00"), paris("2026-11-27T15:00+01:00"))
    assert after_pause(due, pause, OFF, Priority.EMERGENCY) == due + timedelta(hours=5)
