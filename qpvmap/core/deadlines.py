"""Promised dates, in working days. Days off are given by the caller: no clock, no calendar here."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
END_OF_DAY = time(18, 0)
"""A promise made for a day ends with the working day, local time."""


class Priority(StrEnum):
    """How pressing it is. An emergency is a danger to people."""

    NORMAL = "normal"
    HIGH = "high"
    EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True)
class Delays:
    """What is promised for a category by a team: working days, and hours for emergencies."""

    acknowledge_days: int
    resolve_days: int
    emergency_acknowledge_hours: int = 4
    emergency_resolve_hours: int = 24


Pause = tuple[datetime, datetime]
"""When a clock stopped, and when it ran again."""


@dataclass(frozen=True, slots=True)
class Promise:
    """The instants promised: to say that one has it, and to have it done.

    `counted_from` is when the time promised began; it moves with each pause, so that
    `due_at - counted_from` is the time that was given, pauses left out.
    """

    acknowledge_due_at: datetime
    due_at: datetime
    counted_from: datetime


class Step(StrEnum):
    """A moment of a promise at which its team is reminded of it."""

    BEFORE = "before"
    AT = "at"
    TWICE = "twice"


class Lateness(StrEnum):
    """How a promise stands."""

    IN_TIME = "in_time"
    SOON = "soon"
    LATE = "late"
    TWICE_LATE = "late2"


def is_working_day(day: date, days_off: Container[date]) -> bool:
    """Return whether `day` is Monday to Friday and not a day off."""
    return day.weekday() < 5 and day not in days_off


def due_at(
    received_at: datetime, working_days: int, days_off: Container[date], zone: ZoneInfo = PARIS
) -> datetime:
    """Return the end of the `working_days`-th working day after the day of reception.

    Parameters
    ----------
    received_at : datetime
        Aware instant.
    working_days : int
        0 means the same day, or the next working day when it is a day off.
    days_off : container of date
        Public holidays and closing days; weekends are known.
    """
    day = received_at.astimezone(zone).date()
    left = working_days
    while left > 0 or not is_working_day(day, days_off):
        day += timedelta(days=1)
        left -= is_working_day(day, days_off)
    return datetime.combine(day, END_OF_DAY, zone)


def promise(
    received_at: datetime, delays: Delays, priority: Priority, days_off: Container[date]
) -> Promise:
    """Return what is promised for something received at `received_at`.

    An emergency counts hours on the wall clock, nights and Sundays included.
    """
    if priority is Priority.EMERGENCY:
        return Promise(
            received_at + timedelta(hours=delays.emergency_acknowledge_hours),
            received_at + timedelta(hours=delays.emergency_resolve_hours),
            received_at,
        )
    return Promise(
        due_at(received_at, delays.acknowledge_days, days_off),
        due_at(received_at, delays.resolve_days, days_off),
        received_at,
    )


def after_pause(
    due: datetime, pause: Pause, days_off: Container[date], priority: Priority
) -> datetime:
    """Return the promised instant once the clock, stopped meanwhile, runs again.

    The hours of an emergency move by the time on the wall. A promise in working days moves by
    those that ended while the clock was stopped: a break of an hour gives no day.
    """
    stopped_at, resumed_at = pause
    if priority is Priority.EMERGENCY:
        return due + (resumed_at - stopped_at)
    lost = working_days_ended(stopped_at, resumed_at, days_off)
    return due_at(due, lost, days_off) if lost else due


def resumed(
    promise: Promise, pause: Pause, days_off: Container[date], priority: Priority
) -> Promise:
    """Return a promise whose clock was stopped during `pause`."""
    stopped_at, resumed_at = pause
    return Promise(
        after_pause(promise.acknowledge_due_at, pause, days_off, priority),
        after_pause(promise.due_at, pause, days_off, priority),
        promise.counted_from + (resumed_at - stopped_at),
    )


def working_days_ended(start: datetime, end: datetime, days_off: Container[date]) -> int:
    """Return how many working days came to their end, local time, after `start` and until `end`."""
    first, last = start.astimezone(PARIS).date(), end.astimezone(PARIS).date()
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return sum(
        is_working_day(day, days_off) and start < datetime.combine(day, END_OF_DAY, PARIS) <= end
        for day in days
    )


def next_working_day(day: date, days_off: Container[date]) -> date:
    """Return the first working day after `day`."""
    day += timedelta(days=1)
    while not is_working_day(day, days_off):
        day += timedelta(days=1)
    return day


def last_working_day(day: date, days_off: Container[date]) -> date:
    """Return the last working day before `day`."""
    day -= timedelta(days=1)
    while not is_working_day(day, days_off):
        day -= timedelta(days=1)
    return day


def working_days_between(start: date, end: date, days_off: Container[date]) -> int:
    """Return how many working days separate two dates; negative when `end` comes first."""
    sign = 1 if end >= start else -1
    first, last = sorted((start, end))
    days = (first + timedelta(days=n) for n in range(1, (last - first).days + 1))
    return sign * sum(is_working_day(day, days_off) for day in days)


def lateness(counted_from: datetime, due: datetime, now: datetime) -> Lateness:
    """Return how the promise stands at `now`; twice late is past double the promised delay.

    Soon is today or tomorrow, as it is said in words.

    Parameters
    ----------
    counted_from : datetime
        When the promise began, as `Promise` has it.
    """
    if now > due + (due - counted_from):
        return Lateness.TWICE_LATE
    if now > due:
        return Lateness.LATE
    tomorrow = now.astimezone(PARIS).date() + timedelta(days=1)
    return Lateness.SOON if due.astimezone(PARIS).date() <= tomorrow else Lateness.IN_TIME
