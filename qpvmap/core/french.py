"""Dates, delays, numbers and distances as French people read them.

Spaces follow French typography: narrow no-break (U+202F) inside numbers and before `%`,
no-break (U+00A0) between a number and its unit.
"""

from collections.abc import Container
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from qpvmap.core.deadlines import PARIS, Lateness, lateness, working_days_between

NARROW = "\u202f"
NBSP = "\u00a0"
WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)


def number(value: float, decimals: int = 0) -> str:
    """Return `12 345,6` with `decimals` digits after the comma."""
    text = f"{value:,.{decimals}f}"
    return text.replace(",", NARROW).replace(".", ",")


def percent(share: float, decimals: int = 0) -> str:
    """Return a share, 0 to 1, as `81 %`."""
    return f"{number(share * 100, decimals)}{NARROW}%"


def distance(metres: float) -> str:
    """Return `140 m`, or `1,2 km` from one kilometre on; never `0 m` for what is apart."""
    if metres >= 1000:
        return f"{number(metres / 1000, 1)}{NBSP}km"
    return f"{number(max(round(metres), 1) if metres > 0 else 0)}{NBSP}m"


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return `1 signalement`, `12 signalements`; zero is singular."""
    return f"{number(count)}{NBSP}{one if abs(count) < 2 else many or one + 's'}"


def clock_doubt(off_s: int) -> str:
    """Return what is to be known of an hour told by a phone `off_s` seconds late, or ahead."""
    way, seconds = ("retardait", off_s) if off_s > 0 else ("avançait", -off_s)
    for length, one in ((86400, "jour"), (3600, "heure"), (60, "minute")):
        if round(seconds / length) or length == 60:
            return f"le téléphone {way} de {plural(round(seconds / length), one)}"
    return ""


def quoted(words: str) -> str:
    """Return `« planifié »`."""
    return f"«{NBSP}{words}{NBSP}»"


def clock(instant: datetime, zone: ZoneInfo = PARIS) -> str:
    """Return the local hour, `14 h 32`."""
    local = instant.astimezone(zone)
    return f"{local.hour}{NBSP}h{NBSP}{local.minute:02}"


def local_date(instant: datetime | date, zone: ZoneInfo = PARIS) -> date:
    """Return the day it is, or was, in `zone`."""
    return instant.astimezone(zone).date() if isinstance(instant, datetime) else instant


def long_day(instant: datetime | date, today: date | None = None, zone: ZoneInfo = PARIS) -> str:
    """Return `jeudi 26 novembre`, with the year unless it is that of `today`."""
    day = local_date(instant, zone)
    ordinal = "1er" if day.day == 1 else str(day.day)
    words = f"{WEEKDAYS[day.weekday()]} {ordinal}{NBSP}{MONTHS[day.month - 1]}"
    return words if today and today.year == day.year else f"{words} {day.year}"


def short_day(instant: datetime | date, zone: ZoneInfo = PARIS) -> str:
    """Return `26/11/2026`."""
    return f"{local_date(instant, zone):%d/%m/%Y}"


STEPS = (
    (timedelta(hours=1), timedelta(minutes=1), "minute"),
    (timedelta(days=2), timedelta(hours=1), "heure"),
)


def ago(instant: datetime, now: datetime) -> str:
    """Return how long since `instant`: `il y a 3 heures`, `hier`, `il y a 4 jours`."""
    passed = now - instant
    if passed < timedelta(minutes=1):
        return "à l’instant"
    days = (local_date(now) - local_date(instant)).days
    if days == 0:
        _, step, word = next(s for s in STEPS if passed < s[0])
        return f"il y a {plural(passed // step, word)}"
    if days == 1:
        return "hier"
    if days < 60:
        return f"il y a {plural(days, 'jour')}"
    months = days // 30
    return f"il y a {plural(months, 'mois', 'mois')}" if months < 24 else long_ago(days)


def long_ago(days: int) -> str:
    """Return `il y a 3 ans`."""
    return f"il y a {plural(days // 365, 'an')}"


def delay_words(start: datetime, due: datetime, days_off: Container[date] = frozenset()) -> str:
    """Return the length of a promise: `4 jours ouvrés`, or `le jour même`."""
    days = working_days_between(local_date(start), local_date(due), days_off)
    return plural(days, "jour ouvré", "jours ouvrés") if days > 0 else "le jour même"


def due_words(
    counted_from: datetime, due: datetime, now: datetime, days_off: Container[date] = frozenset()
) -> str:
    """Return how a promise stands: `dans 2 j ouvrés`, `aujourd’hui`, `en retard de 3 j`."""
    state = lateness(counted_from, due, now)
    if state is Lateness.TWICE_LATE:
        return "2 fois en retard"
    today, day = local_date(now), local_date(due)
    if state is Lateness.LATE:
        late = (today - day).days
        return f"en retard de {late}{NBSP}j" if late else f"en retard depuis {clock(due)}"
    if day == today:
        return "aujourd’hui"
    left = working_days_between(today, day, days_off)
    if day - today == timedelta(days=1):
        return "demain"
    return f"dans {max(left, 1)}{NBSP}j{NBSP}{'ouvrés' if left > 1 else 'ouvré'}"
