"""What the pages of the guide show of an offer: where, when, for whom, checked when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from qpvmap.core.french import NBSP, WEEKDAYS, local_date, long_day
from qpvmap.core.guide import COSTS, PUBLICS, THEME_ICONS, THEMES, is_old
from qpvmap.core.guide_words import Reason
from qpvmap.core.permanences import Permanence, Schedule, from_json, words_of
from qpvmap.storage.guide_search import Card
from qpvmap.storage.models import GuideOffer, GuideStructure
from qpvmap.usecases.calendars import days_off

THEME_CLASSES: Mapping[str, str] = {
    "employment": "shop",
    "youth": "family",
    "training": "school",
    "school": "school",
    "childcare": "family",
    "family": "family",
    "french": "school",
    "digital": "culture",
    "leisure": "culture",
}
"""Colours are those of the map; what is not there is social."""
ALL_COMMUNES = "Plusieurs communes, ou commune à préciser"
UNKNOWN = "non précisé"


@dataclass(frozen=True, slots=True)
class Opening:
    """How an offer stands now, in words."""

    words: str
    now: bool = False
    today: bool = False


@dataclass(frozen=True, slots=True)
class OfferView:
    """An offer as it is read."""

    offer: GuideOffer
    structure: GuideStructure
    commune: str
    schedule: Schedule
    lines: Sequence[str]
    opening: Opening
    lon: float | None = None
    lat: float | None = None

    @property
    def theme(self) -> str:
        """The theme, in words."""
        return THEMES[self.offer.theme]

    @property
    def icon(self) -> str:
        """The symbol of the theme."""
        return THEME_ICONS[self.offer.theme]

    @property
    def theme_class(self) -> str:
        """The colour of the theme."""
        return THEME_CLASSES.get(self.offer.theme, "social")

    @property
    def publics(self) -> str:
        """For whom it is, in words; what is typed comes first."""
        named = ", ".join(PUBLICS[public] for public in self.offer.publics)
        return self.offer.for_whom or named or UNKNOWN

    @property
    def cost(self) -> str:
        """What it costs, in words."""
        if self.offer.cost == "unknown":
            return self.offer.cost_note or UNKNOWN
        note = f"{NBSP}: {self.offer.cost_note}" if self.offer.cost_note else ""
        return f"{COSTS[self.offer.cost]}{note}"

    @property
    def is_known_free(self) -> bool:
        """Whether it costs nothing, for sure."""
        return self.offer.cost == "free"


def offer_view(
    offer: GuideOffer,
    structure: GuideStructure,
    communes: Mapping[str, str],
    now: datetime,
    place: tuple[float | None, float | None] = (None, None),
) -> OfferView:
    """Return an offer as it is read at `now`."""
    schedule = from_json(offer.schedule)
    return OfferView(
        offer,
        structure,
        communes.get(structure.insee_code, structure.insee_code),
        schedule,
        words_of(schedule, local_date(now)),
        opening_of(schedule, now),
        *place,
    )


def card_views(
    cards: Sequence[Card], communes: Mapping[str, str], now: datetime
) -> list[OfferView]:
    """Return the cards as they are read."""
    return [
        offer_view(card.offer, card.structure, communes, now, (card.lon, card.lat))
        for card in cards
    ]


def is_held(schedule: Schedule, opened: str, now: datetime) -> bool:
    """Return whether people are received today, or now, as asked."""
    off = days_off(now.year)
    if opened == "now":
        held = schedule.at(now, off)
        return held is not None and held.end is not None
    return bool(schedule.on(local_date(now), off))


def opening_of(schedule: Schedule, now: datetime) -> Opening:
    """Return how a schedule stands at `now`."""
    if not schedule.is_known:
        return Opening("Horaires non précisés")
    if schedule.always:
        return Opening("Jour et nuit", now=True, today=True)
    today, off = local_date(now), days_off(now.year)
    present = schedule.at(now, off)
    if present and present.end:
        return Opening(f"Ouvert, jusqu’à {_clock(present.end)}", now=True, today=True)
    if held := schedule.on(today, off):
        return Opening(f"Aujourd’hui{_hours(held)}", today=True)
    return Opening(_next_words(schedule, today))


def _next_words(schedule: Schedule, today: date) -> str:
    off = days_off(today.year)
    day = schedule.next_day(today, off)
    if day is None:
        return "Pas de permanence dans les trois mois"
    held = _hours(schedule.on(day, off))
    if (day - today).days == 1:
        return f"Demain{held}"
    words = WEEKDAYS[day.weekday()] if (day - today).days < 7 else long_day(day, today)
    return f"{words[0].upper()}{words[1:]}{held}"


def _hours(held: Sequence[Permanence]) -> str:
    spans = [f"de {_clock(p.start)} à {_clock(p.end)}" for p in held if p.start and p.end]
    asked = ", sur rendez-vous" if any(p.by_appointment for p in held) else ""
    return f"{', ' if spans else ''}{' et '.join(spans)}{asked}"


def _clock(moment: object) -> str:
    hour, minute = f"{moment:%H:%M}".split(":")
    return f"{int(hour)}{NBSP}h{f'{NBSP}{minute}' if minute != '00' else ''}"


def check_words(structure: GuideStructure, now: datetime) -> tuple[str, bool]:
    """Return when a structure was last checked, in words, and whether that is a doubt."""
    today = local_date(now)
    if structure.to_check or structure.checked_on is None:
        return "À vérifier auprès de la structure", True
    by = f" par {structure.checked_by}" if structure.checked_by else ""
    words = f"Vérifié le {long_day(structure.checked_on)}{by}"
    return words, is_old(structure.checked_on, today)


def reason_words(found: Sequence[Reason]) -> str:
    """Return why an offer answers: `« stage »` ; `« crèche » pour « nounou »`."""
    by: dict[str, list[str]] = {}
    for reason in found:
        by.setdefault(reason.by or _quoted(reason.word), []).append(_quoted(reason.word))
    return ", ".join(
        said if said in words else f"{_quoted(said)} pour {' et '.join(words)}"
        for said, words in by.items()
    )


def _quoted(words: str) -> str:
    return f"«{NBSP}{words}{NBSP}»"
