"""Dates as planners know them: a day, a month, a quarter or a year. Read from words or a sheet."""

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from qpvmap.core.french import MONTHS, NBSP
from qpvmap.core.plain_words import folded

FIRST_YEAR, LAST_YEAR = 1990, 2100
UNREADABLE = "Date illisible : écrivez par exemple 2026, T2 2026, 03/2026, mars 2026 ou 31/12/2026."
TOO_FAR = f"L’année doit être entre {FIRST_YEAR} et {LAST_YEAR}."


class Precision(StrEnum):
    """How precisely a date is known."""

    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class UnreadablePeriod(ValueError):
    """What was written is no date, with a French sentence that says what is expected."""


LENGTHS: Mapping[Precision, int] = {
    Precision.MONTH: 1,
    Precision.QUARTER: 3,
    Precision.YEAR: 12,
}
"""Months in a period."""


@dataclass(frozen=True, slots=True)
class Period:
    """A date known to a precision; `first` is its first day."""

    first: date
    precision: Precision

    @property
    def last(self) -> date:
        """Its last day."""
        if self.precision is Precision.DAY:
            return self.first
        month = self.first.month + LENGTHS[self.precision] - 1
        return date(self.first.year, month, monthrange(self.first.year, month)[1])

    @property
    def quarter(self) -> int:
        """The quarter of the year it begins in, 1 to 4."""
        return (self.first.month + 2) // 3

    def __str__(self) -> str:
        """Return it as one would type it: `2026`, `T2 2026`, `03/2026`, `31/12/2026`."""
        return TYPED[self.precision](self)

    @property
    def words(self) -> str:
        """Return it for a sentence: `2e trimestre 2026`, `mars 2026`, `31 décembre 2026`."""
        return SAID[self.precision](self)

    @property
    def since(self) -> str:
        """Return it after `à partir`: `de 2026`, `du 1er trimestre 2026`, `d’avril 2026`."""
        return _after("de", self)

    @property
    def until(self) -> str:
        """Return it after `jusqu’`: `à mars 2026`, `au 2e trimestre 2026`."""
        return _after("à", self)


CONTRACTED: Mapping[str, str] = {"de": "du", "à": "au"}


def _after(word: str, period: Period) -> str:
    """Return a period after `de` or `à`, as French contracts them."""
    words = period.words
    if period.precision in (Precision.DAY, Precision.QUARTER):
        return f"{CONTRACTED[word]} {words}"
    if word == "de" and words[0] in "ao":  # avril, août, octobre
        return f"d’{words}"
    return f"{word} {words}"


TYPED: Mapping[Precision, Callable[[Period], str]] = {
    Precision.DAY: lambda p: f"{p.first:%d/%m/%Y}",
    Precision.MONTH: lambda p: f"{p.first:%m/%Y}",
    Precision.QUARTER: lambda p: f"T{p.quarter} {p.first.year}",
    Precision.YEAR: lambda p: str(p.first.year),
}
SAID: Mapping[Precision, Callable[[Period], str]] = {
    Precision.DAY: lambda p: (
        f"{'1er' if p.first.day == 1 else p.first.day}{NBSP}{MONTHS[p.first.month - 1]}"
        f" {p.first.year}"
    ),
    Precision.MONTH: lambda p: f"{MONTHS[p.first.month - 1]} {p.first.year}",
    Precision.QUARTER: lambda p: (
        f"{p.quarter}{'er' if p.quarter == 1 else 'e'}{NBSP}trimestre {p.first.year}"
    ),
    Precision.YEAR: lambda p: str(p.first.year),
}

MONTH_OF: Mapping[str, int] = {
    **{folded(name): n for n, name in enumerate(MONTHS, 1)},
    **dict(
        zip(
            ("janv", "fevr", "avr", "juil", "sept", "oct", "nov", "dec"),
            (1, 2, 4, 7, 9, 10, 11, 12),
            strict=True,
        )
    ),
}

Found = re.Match[str]


def _year(found: Found) -> Period:
    return period_of(int(found["y"]), Precision.YEAR)


def _quarter(found: Found) -> Period:
    return period_of(int(found["y"]), Precision.QUARTER, 3 * int(found["q"]) - 2)


def _month(found: Found) -> Period:
    return period_of(int(found["y"]), Precision.MONTH, int(found["m"]))


def _named_month(found: Found) -> Period:
    month = MONTH_OF.get(found["name"])
    if month is None:
        raise UnreadablePeriod(UNREADABLE)
    precision = Precision.DAY if found["d"] else Precision.MONTH
    return period_of(int(found["y"]), precision, month, int(found["d"] or 1))


def _day(found: Found) -> Period:
    return period_of(int(found["y"]), Precision.DAY, int(found["m"]), int(found["d"]))


Y = r"(?P<y>\d{4})"
FORMS: tuple[tuple[re.Pattern[str], Callable[[Found], Period]], ...] = tuple(
    (re.compile(pattern), read)
    for pattern, read in (
        (Y, _year),
        (rf"t\s*(?P<q>[1-4])\s*[-/ ]?\s*{Y}", _quarter),
        (rf"{Y}\s*[-/ ]?\s*t\s*(?P<q>[1-4])", _quarter),
        (rf"(?P<q>[1-4])\s*(?:er|e|eme)\s*(?:trimestre|trim\.?)\s*(?:de\s*)?{Y}", _quarter),
        (rf"(?P<m>\d{{1,2}})\s*[/.-]\s*{Y}", _month),
        (rf"{Y}-(?P<m>\d{{1,2}})", _month),
        (rf"(?:(?P<d>\d{{1,2}})(?:er)?\s+)?(?P<name>[a-z]+)\.?\s+{Y}", _named_month),
        (rf"(?P<d>\d{{1,2}})\s*[/.-]\s*(?P<m>\d{{1,2}})\s*[/.-]\s*{Y}", _day),
        (rf"{Y}-(?P<m>\d{{1,2}})-(?P<d>\d{{1,2}})(?:[t ]00:00(?::00(?:\.0+)?)?)?", _day),
    )
)
"""How a date may be written, accents and case aside, and what each form means."""


def period_of(year: int, precision: Precision, month: int = 1, day: int = 1) -> Period:
    """Return a period by its first day.

    Raises
    ------
    UnreadablePeriod
        If there is no such day, or it is out of what a plan is about.
    """
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise UnreadablePeriod(TOO_FAR)
    try:
        return Period(date(year, month, day), precision)
    except ValueError:
        raise UnreadablePeriod(UNREADABLE) from None


def read_period(value: object) -> Period | None:
    """Return the period that a cell or a field holds; None for an empty one.

    Raises
    ------
    UnreadablePeriod
        If it is no date.
    """
    if value is None:
        return None
    if isinstance(value, date):  # a datetime is one
        day = value.date() if isinstance(value, datetime) else value
        return period_of(day.year, Precision.DAY, day.month, day.day)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = folded(str(value))
    if not text:
        return None
    for pattern, read in FORMS:
        if found := pattern.fullmatch(text):
            return read(found)
    raise UnreadablePeriod(UNREADABLE)
