"""When teams and subscribers are told, in local hours: no clock here, `now` is given."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from qpvmap.core.deadlines import (
    END_OF_DAY,
    PARIS,
    is_working_day,
    last_working_day,
    next_working_day,
)

MAX_LINES = 30
"""Lines of a message; what is left over is a number and a link."""

SETTLED_AFTER = timedelta(minutes=1)
"""What was being written at the hour itself is there a minute later."""
ALERTED_AFTER = timedelta(minutes=2)
"""What can still be taken back, or is about to be told at once, is settled by then."""
LATEST = timedelta(hours=5)
"""A digest that is later than this is left to the next one."""
LOOK_BACK = timedelta(days=10)
"""A worker that stood still for longer does not tell the whole past."""

ALERT_TIME = time(17, 30)
"""Local hour of the subscribers' daily alert."""

DESK_OPENS, DESK_CLOSES = time(8, 0), time(19, 0)
"""Reminders of what is no emergency wait for these hours of a working day."""


class Section(StrEnum):
    """Why a signalement is in a digest, the most pressing first."""

    CONTESTED = "contested"
    REOPENED = "reopened"
    ANSWERED = "answered"
    LATE = "late"
    DUE = "due"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Slot:
    """An hour of digest: what it tells began at `since`; `soon` ends the next working day."""

    at: datetime
    since: datetime
    soon: datetime


@dataclass(frozen=True, slots=True)
class Desk:
    """What reminders of a body depend on: is it at work, and which promises are near."""

    is_open: bool
    soon: datetime
    opened: datetime


def digest_slot(
    now: datetime, times: Sequence[time], days_off: Container[date], zone: ZoneInfo = PARIS
) -> Slot | None:
    """Return the digest that is to be sent at `now`; None outside the hours of a working day.

    Parameters
    ----------
    now : datetime
        Aware instant.
    times : sequence of time
        Local hours of the digests of a day.
    days_off : container of date
        Public holidays and closing days; weekends are known.
    """
    today = now.astimezone(zone).date()
    if not is_working_day(today, days_off):
        return None
    hours = sorted(times)
    slots = [datetime.combine(today, hour, zone) for hour in hours]
    begun = [slot for slot in slots if slot + SETTLED_AFTER <= now < slot + LATEST]
    if not begun:
        return None
    at = begun[-1]
    earlier = [slot for slot in slots if slot < at]
    before = datetime.combine(last_working_day(today, days_off), hours[-1], zone)
    return Slot(
        at, earlier[-1] if earlier else before, end_of(next_working_day(today, days_off), zone)
    )


def desk(now: datetime, days_off: Container[date], zone: ZoneInfo = PARIS) -> Desk:
    """Return whether a body works at `now`, and up to when a promise is to be recalled now.

    A promise for a day is recalled on the working day before it, from the desk's opening on:
    `opened` is that moment, `soon` the end of the day which is then promised.
    """
    local = now.astimezone(zone)
    works = is_working_day(local.date(), days_off)
    is_open = works and DESK_OPENS <= local.time() < DESK_CLOSES
    return Desk(
        is_open,
        end_of(next_working_day(local.date(), days_off), zone),
        datetime.combine(local.date(), DESK_OPENS, zone),
    )


def alert_until(now: datetime, zone: ZoneInfo = PARIS) -> datetime:
    """Return the end of the time that the last daily alert due at `now` covers."""
    today = now.astimezone(zone).date()
    at = datetime.combine(today, ALERT_TIME, zone)
    if now >= at + ALERTED_AFTER:
        return at
    return datetime.combine(today - timedelta(days=1), ALERT_TIME, zone)


def end_of(day: date, zone: ZoneInfo = PARIS) -> datetime:
    """Return when a working day ends."""
    return datetime.combine(day, END_OF_DAY, zone)
