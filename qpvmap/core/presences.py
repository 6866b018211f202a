"""A mediation round: when somebody was present, in which sector; how its time falls into slots.

No position is part of it, here or anywhere after: of where somebody is, a phone says a sector.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from qpvmap.core.deadlines import PARIS

LONGEST = timedelta(hours=12)
"""Nobody walks longer in one go: beyond it an hour was mistyped."""
FORGOTTEN_AFTER = timedelta(hours=8)
"""A round still open then was forgotten: it is closed, and its author asked to correct it."""
FORGOTTEN_COUNTS = timedelta(hours=2)
"""What a forgotten round counts when nothing was noted during it, until it is corrected."""
CORRECTED_WITHIN = timedelta(days=62)
"""Figures of a quarter that was reported must not move any more."""
MAX_OTHERS = 9
MAX_LEGS = 12


class Slot(StrEnum):
    """A part of the day, local time."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"
    NIGHT = "night"


class DayKind(StrEnum):
    """Saturdays and Sundays, or the others."""

    WEEKDAY = "weekday"
    WEEKEND = "weekend"


class Entry(StrEnum):
    """How a round was noted: as it went, or afterwards."""

    LIVE = "live"
    AFTER = "after"


SLOT_LABELS: Mapping[Slot, str] = {
    Slot.MORNING: "Matin (6 h à 12 h)",
    Slot.AFTERNOON: "Après-midi (12 h à 18 h)",
    Slot.EVENING: "Soirée (18 h à 22 h)",
    Slot.NIGHT: "Nuit (22 h à 6 h)",
}

DAY_LABELS: Mapping[DayKind, str] = {
    DayKind.WEEKDAY: "Semaine",
    DayKind.WEEKEND: "Week-end",
}

STARTS: tuple[tuple[time, Slot], ...] = (
    (time(0), Slot.NIGHT),
    (time(6), Slot.MORNING),
    (time(12), Slot.AFTERNOON),
    (time(18), Slot.EVENING),
    (time(22), Slot.NIGHT),
)
"""When each slot of a day begins. None of these hours is skipped or repeated by summer time."""

SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a round that lies in one slot of one day."""

    day: date
    slot: Slot
    start: datetime
    end: datetime

    @property
    def day_kind(self) -> DayKind:
        """Whether its day is one of the weekend."""
        return DayKind.WEEKEND if self.day.weekday() >= SATURDAY else DayKind.WEEKDAY

    @property
    def month(self) -> date:
        """First day of its month."""
        return self.day.replace(day=1)

    @property
    def length(self) -> timedelta:
        """How long it really lasted, whatever the clock on the wall did meanwhile."""
        return self.end - self.start


def cut(start: datetime, end: datetime, zone: ZoneInfo = PARIS) -> Iterator[Piece]:
    """Return the pieces of a time that lie in one slot each, in order, without gap or overlap.

    Midnight belongs to the day that begins: a Friday night's hours after it are Saturday's.
    """
    utc = ZoneInfo("UTC")
    start, end = start.astimezone(utc), end.astimezone(utc)
    while start < end:
        local = start.astimezone(zone)
        slot = [slot for at, slot in STARTS if at <= local.time()][-1]
        later = next((at for at, _ in STARTS if at > local.time()), None)
        day = local.date() if later else local.date() + timedelta(days=1)
        border = datetime.combine(day, later or time(0), zone).astimezone(utc)
        until = min(border, end)
        yield Piece(local.date(), slot, start, until)
        start = until


def captured_at(at: datetime | None, now: datetime) -> datetime:
    """Return when it happened by the phone's clock; `now` when that clock is ahead, or far behind.

    Whoever was without network keeps the hour at which the button was pressed.
    """
    return at if at is not None and now - CORRECTED_WITHIN <= at <= now else now


def forgotten_end(start: datetime, last_sign: datetime | None) -> datetime:
    """Return when a forgotten round ended, as far as one can tell.

    `last_sign` is when something was last noted during it; without it a short time is counted.
    """
    latest = start + FORGOTTEN_AFTER
    return min(last_sign or start + FORGOTTEN_COUNTS, latest)


def is_forgotten(start: datetime, now: datetime) -> bool:
    """Return whether a round that is still open was forgotten."""
    return now - start >= FORGOTTEN_AFTER


def can_be_corrected(start: datetime, now: datetime) -> bool:
    """Return whether its author may still correct a round that began then."""
    return now - start <= CORRECTED_WITHIN
