"""Opening hours as OpenStreetMap writes them (`Mo-Fr 09:00-18:00`), read by a library.

The library is imported when hours are read: a web worker that shows none never loads it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Any

from qpvmap.core.deadlines import PARIS
from qpvmap.core.french import NBSP, WEEKDAYS, long_day

MOST = 500
SOON = timedelta(days=6)
"""Further than that, a day of the week alone would not say which."""
NIGHT_ENDS = time(6)
"""What is open past midnight until then counts with the evening before."""
SEASONS = re.compile(
    r"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|week|SH|easter|\d{4})\b"
)
HOLIDAYS_OFF = re.compile(r"\bPH\s+(?:off|closed)\b")
ALL_DAY = "toute la journée"
CLOSED = "fermé"


@dataclass(frozen=True, slots=True)
class Open:
    """Whether a place is open at an instant, and until when it stays so (None: no change is known).

    `unsure`: its hours say "on appointment", or the like. Instants are of the clock of Paris.
    """

    is_open: bool
    until: datetime | None
    at: datetime
    unsure: bool = False

    @property
    def words(self) -> str:
        """How it stands, in French."""
        if self.unsure:
            return "Sur rendez-vous, ou à vérifier"
        state = "Ouvert" if self.is_open else "Fermé"
        if self.until is None:
            return state
        verb = "ferme" if self.is_open else "ouvre"
        return f"{state}, {verb} {when_words(self.until, self.at)}"


@dataclass(frozen=True, slots=True)
class Days:
    """Days of a week that have the same hours, in words."""

    days: str
    hours: str


@dataclass(frozen=True, slots=True)
class Week:
    """The hours of a week in words, and what is to be known beside."""

    days: Sequence[Days]
    remarks: Sequence[str]

    @property
    def words(self) -> str:
        """The whole on one line."""
        told = [f"{one.days}\u00a0: {one.hours}" for one in self.days]
        return " · ".join([*told, *self.remarks])


def clock_words(hour: time) -> str:
    """Return an hour of the day: `9 h`, `13 h 30`; midnight is 0 h."""
    minutes = f"{NBSP}{hour:%M}" if hour.minute else ""
    return f"{hour.hour}{NBSP}h{minutes}"


def when_words(instant: datetime, now: datetime) -> str:
    """Return an instant to come: `à 18 h`, `demain à 9 h`, `lundi à 9 h`, `le 4 janvier à 9 h`."""
    days = (instant.date() - now.date()).days
    hour = f"à {clock_words(instant.time())}"
    if days == 0:
        return hour
    if days == 1:
        return f"demain {hour}"
    if timedelta(days=days) <= SOON:
        return f"{WEEKDAYS[instant.weekday()]} {hour}"
    return f"le {long_day(instant.date(), now.date())} {hour}"


def is_opening_hours(written: str) -> bool:
    """Return whether some words are such hours."""
    if not written or len(written) > MOST:
        return False
    from opening_hours import validate

    return bool(validate(written))


@lru_cache(1024)
def _read(written: str, country: str | None) -> Any:
    from opening_hours import OpeningHours

    return OpeningHours(written, country=country) if country else OpeningHours(written)


def open_at(written: str, instant: datetime) -> Open | None:
    """Return how a place stands at an instant, by the clock of Paris; None without known hours."""
    if not is_opening_hours(written):
        return None
    hours = _read(written, "FR")
    local = instant.astimezone(PARIS).replace(tzinfo=None)
    unsure = bool(hours.is_unknown(local))
    return Open(hours.is_open(local), hours.next_change(local), local, unsure)


def week_of(written: str, instant: datetime) -> Week | None:
    """Return the hours of the week of an instant, holidays aside; None without known hours."""
    if not is_opening_hours(written):
        return None
    local = instant.astimezone(PARIS).date()
    monday = local - timedelta(days=local.weekday())
    open_days = _open_days(written, monday)
    told = [" et ".join(open_days.get(day, [])) or CLOSED for day in range(7)]
    grouped = [list(days) for _, days in groupby(range(7), key=lambda day: told[day])]
    remarks = []
    if SEASONS.search(written):
        remarks.append("cette semaine ; d’autres horaires à d’autres périodes")
    if HOLIDAYS_OFF.search(written):
        remarks.append("fermé les jours fériés")
    return Week([Days(_days_words(days), told[days[0]]) for days in grouped], remarks)


def _open_days(written: str, monday: date) -> dict[int, list[str]]:
    """Return the hours of each day of a week, 0 for Monday, in words."""
    start = datetime.combine(monday, time())
    found: dict[int, list[str]] = {}
    for begin, end, state, _ in _read(written, None).intervals(start, start + timedelta(days=7)):
        if str(state).lower().endswith("open"):
            for at, until in _split(begin, end):
                found.setdefault((at.date() - monday).days, []).append(_span(at, until))
    return found


def _split(begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Give the parts of a time by day; the end of a night stays with its evening."""
    while begin < end:
        midnight = datetime.combine(begin.date() + timedelta(days=1), time())
        runs_late = end > midnight and end.time() <= NIGHT_ENDS and end - midnight < timedelta(1)
        until = end if end <= midnight or (runs_late and begin.time() > time()) else midnight
        yield begin, until
        begin = until


def _span(begin: datetime, end: datetime) -> str:
    if end - begin == timedelta(days=1):
        return ALL_DAY
    last = time() if end.time() == time() else end.time()
    shown = f"24{NBSP}h" if last == time() else clock_words(last)
    return f"{clock_words(begin.time())} à {shown}"


def _days_words(days: Sequence[int]) -> str:
    """Return days that follow one another: `du lundi au vendredi`, `samedi et dimanche`."""
    if len(days) == 7:
        return "tous les jours"
    names = [WEEKDAYS[day] for day in days]
    if len(days) > 2:
        return f"du {names[0]} au {names[-1]}"
    return " et ".join(names)
