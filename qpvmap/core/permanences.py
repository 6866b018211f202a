"""When a structure receives people: written in plain French, understood, and said back.

One line, one rule: `mardi 14h-17h, à la mairie`; `1er et 3e jeudi du mois 9h-12h sur rendez-vous`;
`le 12/12/2026 10h-12h`; `jour et nuit`; `sauf du 14/07/2026 au 31/08/2026 : congés d’été`. What
`lines_of` writes, `read_schedule` reads to the same schedule. Days and hours are those of Paris.
"""

import re
import unicodedata
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from qpvmap.core.deadlines import PARIS
from qpvmap.core.french import MONTHS, NBSP, WEEKDAYS

LOOK_AHEAD_DAYS = 100
MOST_LINES = 40
PLACE_MAX = 120
LAST = -1
"""The `nth` of the last such day of a month; 0 is every week."""
RANKS = {1: "1er", 2: "2e", 3: "3e", 4: "4e", LAST: "dernier"}
EXAMPLE = (
    "par exemple «\u00a0mardi 14h-17h, à la mairie\u00a0» ou «\u00a01er jeudi du mois 9h-12h\u00a0»"
)

DAY = rf"(?:{'|'.join(WEEKDAYS)})s?"
RANK = r"(?:1er|premier|[1-4](?:e|eme|nd)|deuxieme|second|troisieme|quatrieme|dernier)"
JOIN = r"\s*(?:,|et|&)\s*"
DATE = r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})"
CLOCK = r"(\d{1,2})\s*(?:h|:)\s*(\d{2})?"
INTERVAL = re.compile(rf"(?:de\s+)?{CLOCK}\s*(?:-|–|a)\s*{CLOCK}")
WHEN = re.compile(
    rf"\s*(?:(?P<dated>(?:le\s+)?{DATE})"
    rf"|(?P<ranked>(?:le\s+)?{RANK}(?:{JOIN}{RANK})*\s+{DAY}(?:\s+du\s+mois)?)"
    rf"|(?P<range>du\s+{DAY}\s+au\s+{DAY})"
    rf"|(?P<days>(?:le\s+|les\s+)?{DAY}(?:{JOIN}{DAY})*))(?![a-z])"
)
HOURS = re.compile(rf"\s*:?\s*(?:{INTERVAL.pattern}(?:{JOIN}(?={INTERVAL.pattern}))?)+")
CLOSED = re.compile(rf"(?:sauf|ferme)\s+(?:(?:du|le)\s+)?{DATE}(?:\s*(?:au|-|–)\s*{DATE})?")
ALWAYS = re.compile(
    r"(?:jour et nuit|24 ?h?(?: ?/ ?| ?sur ?)24(?: ?h)?)"
    r"(?:[ ,;/]*(?:et )?7 ?j?(?: ?/ ?| ?sur ?)7(?: ?j)?)?"
)
SPAN, TO = re.compile(r"(?<=[h\d])-(?=\d)"), "\u00a0–\u00a0"
APPOINTMENT = re.compile(r"\(?(?:uniquement\s+)?sur\s+(?:rendez-vous|rdv)\)?")
RANK_WORDS = {"premier": 1, "deuxieme": 2, "second": 2, "troisieme": 3, "quatrieme": 4}


@dataclass(frozen=True, slots=True)
class Permanence:
    """Hours on a day of the week, of some weeks of the month (`nth`), or on one `day`.

    Without hours, only the day is known.
    """

    weekday: int
    start: time | None = None
    end: time | None = None
    nth: int = 0
    day: date | None = None
    place: str = ""
    by_appointment: bool = False

    def falls_on(self, day: date) -> bool:
        """Return whether it is held on `day`, closures set aside."""
        if self.day is not None:
            return day == self.day
        if day.weekday() != self.weekday:
            return False
        if self.nth == LAST:
            return (day + timedelta(days=7)).month != day.month
        return self.nth in (0, (day.day - 1) // 7 + 1)

    def holds(self, moment: time) -> bool:
        """Return whether people are received at this hour, where hours are known."""
        return self.start is not None and self.end is not None and self.start <= moment < self.end

    @property
    def hours(self) -> str:
        """The hours as one writes them, `14h-17h30`; nothing when they are not known."""
        if self.start is None or self.end is None:
            return ""
        return f"{_typed(self.start)}-{_typed(self.end)}"


@dataclass(frozen=True, slots=True)
class Closure:
    """Days on which nobody is received, both included, except on a `day` named by itself."""

    first: date
    last: date
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """All the permanences of an offer, and when they are not held.

    `always` is day and night, public holidays included: a line that one calls for help.
    """

    permanences: tuple[Permanence, ...] = ()
    closures: tuple[Closure, ...] = ()
    always: bool = False

    @property
    def is_known(self) -> bool:
        """Whether anything is known of it."""
        return self.always or bool(self.permanences)

    def on(self, day: date, days_off: Container[date] = frozenset()) -> list[Permanence]:
        """Return what is held on `day`, by hour: nothing regular on a public holiday."""
        if self.always:
            return [Permanence(day.weekday(), time.min, time.max)]
        closed = day in days_off or any(c.first <= day <= c.last for c in self.closures)
        held = [p for p in self.permanences if p.falls_on(day) and (p.day or not closed)]
        return sorted(held, key=lambda p: p.start or time.min)

    def at(self, instant: datetime, days_off: Container[date] = frozenset()) -> Permanence | None:
        """Return what is being held at `instant`, if anything is."""
        local = instant.astimezone(PARIS)
        held = self.on(local.date(), days_off)
        return next((p for p in held if p.holds(local.time())), None)

    def next_day(self, after: date, days_off: Container[date] = frozenset()) -> date | None:
        """Return the first day after `after` on which something is held, within a season."""
        days = (after + timedelta(days=n) for n in range(1, LOOK_AHEAD_DAYS + 1))
        return next((day for day in days if self.on(day, days_off)), None)


class NotUnderstood(ValueError):
    """A line of a schedule cannot be read; the French message says which and how to write it."""


def read_schedule(text: str) -> Schedule:
    """Return the schedule that some lines describe.

    Raises
    ------
    NotUnderstood
        For the first line that cannot be read.
    """
    permanences: list[Permanence] = []
    closures: list[Closure] = []
    always = False
    lines = [line.strip() for line in text.splitlines()]
    if len(lines) > MOST_LINES:
        raise NotUnderstood(f"{MOST_LINES} lignes au plus.")
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        try:
            if ALWAYS.fullmatch(_folded(line).rstrip(".")):
                always = True
            elif closed := CLOSED.match(_folded(line)):
                closures.append(_closure(closed, line))
            else:
                permanences.extend(_permanences(line))
        except ValueError as error:
            why = str(error) if isinstance(error, NotUnderstood) else "n’est pas compris"
            shown = f"Ligne {number}, «\u00a0{line[:60]}\u00a0»\u00a0: {why}."
            raise NotUnderstood(f"{shown} Écrivez {EXAMPLE}.") from error
    return Schedule(tuple(dict.fromkeys(permanences)), tuple(dict.fromkeys(closures)), always)


def _folded(text: str) -> str:
    """Return a text without accents or capitals, each sign where it was."""
    signs = (unicodedata.normalize("NFKD", sign)[:1] or sign for sign in text)
    return "".join(signs).lower().replace("\u00a0", " ").replace("\u202f", " ")


def _permanences(line: str) -> Iterator[Permanence]:
    plain = _folded(line)
    when = WHEN.match(plain)
    if when is None:
        raise NotUnderstood("le jour n’est pas compris")
    hours = HOURS.match(plain, when.end())
    end = hours.end() if hours else when.end()
    place, by_appointment = _place(line[end:], plain[end:])
    found = INTERVAL.finditer(hours[0]) if hours else ()
    intervals: list[tuple[time | None, time | None]] = [_interval(one) for one in found]
    for weekday, nth, day in _days(when):
        for start, stop in intervals or [(None, None)]:
            yield Permanence(weekday, start, stop, nth, day, place, by_appointment)


def _place(rest: str, plain: str) -> tuple[str, bool]:
    """Return the place that ends a line, and whether one comes by appointment."""
    asked = APPOINTMENT.search(plain)
    if asked:
        rest = rest[: asked.start()] + rest[asked.end() :]
    elif plain.strip() and plain.lstrip()[0] not in ",;:–-(" and plain[0] != " ":
        raise NotUnderstood("le jour n’est pas compris")
    place = " ".join(rest.split()).strip(" ,;:–-")
    if INTERVAL.search(_folded(place)):
        raise NotUnderstood("les heures ne sont pas comprises")
    if len(place) > PLACE_MAX:
        raise NotUnderstood(f"le lieu est trop long, {PLACE_MAX} caractères au plus")
    return place, asked is not None


def _days(when: re.Match[str]) -> Iterator[tuple[int, int, date | None]]:
    """Return the days of the week that are named, with which of the month, or the one date."""
    if when["dated"]:
        day = _date(re.findall(DATE, when["dated"])[0])
        yield day.weekday(), 0, day
        return
    said = when["ranked"] or when["range"] or when["days"]
    named = [WEEKDAYS.index(day.removesuffix("s")) for day in re.findall(DAY, said)]
    if when["range"]:
        first, last = named
        named = [(first + step) % 7 for step in range((last - first) % 7 + 1)]
    ranks = [_rank(word) for word in re.findall(RANK, when["ranked"])] if when["ranked"] else [0]
    for rank in ranks:
        for weekday in named:
            yield weekday, rank, None


def _rank(word: str) -> int:
    if word == "dernier":
        return LAST
    return int(word[0]) if word[0].isdigit() else RANK_WORDS[word]


def _date(parts: Sequence[str]) -> date:
    day, month, year = map(int, parts)
    try:
        return date(year, month, day)
    except ValueError as error:
        raise NotUnderstood("cette date n’existe pas") from error


def _interval(found: re.Match[str]) -> tuple[time, time]:
    try:
        start = time(int(found[1]), int(found[2] or 0))
        stop = time(23, 59) if found[3] == "24" else time(int(found[3]), int(found[4] or 0))
    except ValueError as error:
        raise NotUnderstood("cette heure n’existe pas") from error
    if stop <= start:
        raise NotUnderstood("l’heure de fin vient avant celle du début")
    return start, stop


def _closure(found: re.Match[str], line: str) -> Closure:
    first = _date(found.groups()[:3])
    last = _date(found.groups()[3:]) if found[4] else first
    if last < first:
        raise NotUnderstood("la fin vient avant le début")
    reason = " ".join(line[found.end() :].split()).strip(" ,;:–-")
    return Closure(first, last, reason[:PLACE_MAX])


def _typed(moment: time) -> str:
    return f"{moment.hour}h{moment.minute:02}" if moment.minute else f"{moment.hour}h"


def lines_of(schedule: Schedule) -> str:
    """Return a schedule as one types it: `read_schedule` gives it back."""
    lines = ["jour et nuit"] if schedule.always else []
    lines += [f"{when} {hours}{more}".rstrip() for when, hours, more in _grouped(schedule, _day)]
    for closure in schedule.closures:
        first, last = f"{closure.first:%d/%m/%Y}", f"{closure.last:%d/%m/%Y}"
        days = f"le {first}" if closure.first == closure.last else f"du {first} au {last}"
        lines.append(f"sauf {days}{f' : {closure.reason}' if closure.reason else ''}")
    return "\n".join(lines)


def words_of(schedule: Schedule, today: date) -> list[str]:
    """Return a schedule line by line as one reads it; what is over is left out."""
    current = tuple(p for p in schedule.permanences if p.day is None or p.day >= today)
    shown = Schedule(current, schedule.closures)
    lines = ["Jour et nuit, tous les jours"] if schedule.always else []
    lines += [
        f"{when[0].upper()}{when[1:]}{f' {SPAN.sub(TO, hours)}' if hours else ''}{more}"
        for when, hours, more in _grouped(shown, _read_day)
    ]
    return lines + [closure_words(c) for c in schedule.closures if c.last >= today]


def closure_words(closure: Closure) -> str:
    """Return `Fermé du 14 juillet au 31 août 2026 : congés d’été`."""
    reason = f"{NBSP}: {closure.reason}" if closure.reason else ""
    if closure.first == closure.last:
        return f"Fermé le {_long(closure.first)}{reason}"
    return f"Fermé du {_long(closure.first)} au {_long(closure.last)}{reason}"


def _long(day: date) -> str:
    return f"{'1er' if day.day == 1 else day.day}{NBSP}{MONTHS[day.month - 1]} {day.year}"


def _day(permanence: Permanence) -> str:
    if permanence.day is not None:
        return f"le {permanence.day:%d/%m/%Y}"
    name = WEEKDAYS[permanence.weekday]
    return f"{RANKS[permanence.nth]} {name} du mois" if permanence.nth else name


def _read_day(permanence: Permanence) -> str:
    if permanence.day is not None:
        return f"le {WEEKDAYS[permanence.weekday]} {_long(permanence.day)}"
    return _day(permanence)


def _grouped(schedule: Schedule, day: Any) -> Iterator[tuple[str, str, str]]:
    """Return each line's day, hours joined by "et", and what follows them."""

    def line(p: Permanence) -> tuple[Any, ...]:
        return (day(p), p.place, p.by_appointment, p.start is None)

    for (when, place, by_appointment, _), group in groupby(schedule.permanences, line):
        hours = " et ".join(filter(None, dict.fromkeys(p.hours for p in group)))
        asked = " sur rendez-vous" if by_appointment else ""
        yield when, hours, f"{asked}{f', {place}' if place else ''}"


def as_json(schedule: Schedule) -> dict[str, Any]:
    """Return a schedule as a row keeps it."""
    return {
        "permanences": [_kept(p) for p in schedule.permanences],
        "closures": [
            {"first": c.first.isoformat(), "last": c.last.isoformat(), "reason": c.reason}
            for c in schedule.closures
        ],
        "always": schedule.always,
    }


def _kept(permanence: Permanence) -> dict[str, Any]:
    return {
        "weekday": permanence.weekday,
        "start": permanence.start and f"{permanence.start:%H:%M}",
        "end": permanence.end and f"{permanence.end:%H:%M}",
        "nth": permanence.nth,
        "day": permanence.day and permanence.day.isoformat(),
        "place": permanence.place,
        "by_appointment": permanence.by_appointment,
    }


def from_json(kept: Mapping[str, Any]) -> Schedule:
    """Return the schedule that a row keeps."""
    return Schedule(
        tuple(
            Permanence(
                weekday=p["weekday"],
                start=time.fromisoformat(p["start"]) if p["start"] else None,
                end=time.fromisoformat(p["end"]) if p["end"] else None,
                nth=p["nth"],
                day=date.fromisoformat(p["day"]) if p["day"] else None,
                place=p["place"],
                by_appointment=p["by_appointment"],
            )
            for p in kept.get("permanences", ())
        ),
        tuple(
            Closure(date.fromisoformat(c["first"]), date.fromisoformat(c["last"]), c["reason"])
            for c in kept.get("closures", ())
        ),
        kept.get("always", False),
    )
