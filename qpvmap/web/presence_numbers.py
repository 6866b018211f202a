"""Figures of presence as pages say them: hours in words, and what each reader may count."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from qpvmap.core.actors import Actor
from qpvmap.core.french import MONTHS, local_date, number
from qpvmap.core.permissions import Action, Reach, reach_of
from qpvmap.core.presence_hours import Cell, Hours
from qpvmap.core.presences import DAY_LABELS, SLOT_LABELS, DayKind, Slot
from qpvmap.storage.presence_figures import (
    Presences,
    Scope,
    by_month,
    initiative_figures,
    presence_figures,
    solicitation_figures,
)
from qpvmap.web.context import served_territory
from qpvmap.web.filters import request_now
from qpvmap.web.presence_period import Period, months_before
from qpvmap.web.sessions import request_session

NBSP = "\u00a0"
ELSEWHERE = "Hors du quartier"


def hours_words(length: timedelta) -> str:
    """Return `12,5 h`."""
    return f"{number(hours_of(length), 1)}{NBSP}h"


def hours_of(length: timedelta) -> float:
    """Return a length in hours."""
    return length.total_seconds() / 3600


def month_words(month: date) -> str:
    """Return `novembre 2026`."""
    return f"{MONTHS[month.month - 1]} {month.year}"


def counted_scope(actor: Actor, period: Period) -> Scope | None:
    """Return what this reader may count: the territory, or their teams; None for nobody else."""
    reach = reach_of(actor, Action.COUNT_PRESENCE, None)
    territory_id = served_territory().id
    if territory_id not in actor.territory_ids:
        return None
    until = period.until + timedelta(days=1)
    if Reach.TERRITORY in reach:
        return Scope(territory_id, period.since, until, None, period.qpv_code)
    if Reach.TEAM in reach:
        return Scope(territory_id, period.since, until, actor.team_ids, period.qpv_code)
    return None


@dataclass(frozen=True, slots=True)
class Glance:
    """The month in three figures."""

    presence: str
    asked: int
    actions: int


def month_at_a_glance(actor: Actor) -> Glance | None:
    """Return the figures of this month for who may count them."""
    today = local_date(request_now())
    scope = counted_scope(actor, Period(months_before(today, 0), today, ""))
    if scope is None:
        return None
    session = request_session()
    return Glance(
        hours_words(presence_figures(session, scope, request_now()).presence),
        sum(one.times for one in solicitation_figures(session, scope)),
        sum(one.actions for one in initiative_figures(session, scope)),
    )


@dataclass(frozen=True, slots=True)
class Month:
    """A line of the monthly table; `share` is its part of the longest one, for the bar."""

    month: date
    words: str
    rounds: int
    presence: str
    person: str
    asked: int
    actions: int
    people: int
    share: float


def months(
    found: Presences, asked: Mapping[date, int], done: Mapping[date, tuple[int, int]]
) -> Sequence[Month]:
    """Return one line for each month in which anything was noted, in order."""
    hours = by_month(found.by_qpv)
    rounds: Counter[date] = Counter()
    for (month, _), times in found.rounds_by_month.items():
        rounds[month] += times
    keys = sorted({*hours, *asked, *done})
    longest = max((hours_of(one.presence) for one in hours.values()), default=0)
    lines = []
    for key in keys:
        of_month = hours.get(key, Hours())
        actions, people = done.get(key, (0, 0))
        lines.append(
            Month(
                key,
                month_words(key),
                rounds[key],
                hours_words(of_month.presence),
                hours_words(of_month.person),
                asked.get(key, 0),
                actions,
                people,
                hours_of(of_month.presence) / longest if longest else 0,
            )
        )
    return lines


@dataclass(frozen=True, slots=True)
class SlotLine:
    """A line of the table by slot: a place, a kind of day, hours in each slot and in all."""

    place: str
    day: str
    slots: Sequence[str]
    presence: str
    person: str


def slots(cells: Mapping[Cell, Hours], names: Mapping[str, str]) -> Sequence[SlotLine]:
    """Return the hours of each place by kind of day and slot."""
    sums: dict[tuple[str, DayKind], dict[Slot, timedelta]] = defaultdict(
        lambda: defaultdict(timedelta)
    )
    person: dict[tuple[str, DayKind], timedelta] = defaultdict(timedelta)
    for cell, hours in cells.items():
        key = (str(cell.place), cell.day_kind)
        sums[key][cell.slot] += hours.presence
        person[key] += hours.person
    order = {code: place for place, code in enumerate(names)}
    return [
        SlotLine(
            names.get(key[0], key[0]),
            DAY_LABELS[key[1]],
            [hours_words(sums[key][slot]) for slot in Slot],
            hours_words(sum(sums[key].values(), timedelta())),
            hours_words(person[key]),
        )
        for key in sorted(sums, key=lambda key: (order.get(key[0], len(order)), str(key[1])))
    ]


SLOT_NAMES: Sequence[str] = [SLOT_LABELS[slot] for slot in Slot]
"""Heads of the table by slot, in order."""
