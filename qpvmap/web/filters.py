"""Words of the field for Jinja: icons, French dates, delays, numbers, places."""

from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from flask import Flask, g, url_for
from markupsafe import Markup

from qpvmap.core import french, money
from qpvmap.core.deadlines import PARIS, Priority, lateness
from qpvmap.core.labels import (
    MOVE_LABELS,
    NATURE_LABELS,
    OUTCOME_LABELS,
    PRIORITY_LABELS,
    STATUS_LABELS,
)
from qpvmap.core.permissions import Nature
from qpvmap.core.places import QpvPosition
from qpvmap.core.privacy import masked
from qpvmap.core.workflow import CLOCKS, Clock, Outcome, Status
from qpvmap.usecases.calendars import days_off

SPRITE = "icons.svg"
DRAWINGS = 1024
"""Drawings of symbols kept ready: more than there are, with their classes."""
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""A promise counted from then is late once it is late, and never twice."""


def request_now() -> datetime:
    """Return the instant of this request: the same one for all that a page says."""
    if "now" not in g:
        g.now = datetime.now(UTC)
    now: datetime = g.now
    return now


def make_icon(app: Flask) -> None:
    """Add the Jinja globals `icon(name, extra)`, a decorative symbol, and `sprite()`."""
    symbols = Path(app.static_folder or "") / SPRITE
    version = sha256(symbols.read_bytes()).hexdigest()[:8]

    def sprite() -> str:
        """Return the address of the sprite, for drawings that place its symbols themselves."""
        if "sprite" not in g:  # a list draws two hundred
            g.sprite = f"{url_for('static', filename=SPRITE)}?v={version}"
        address: str = g.sprite
        return address

    @lru_cache(maxsize=DRAWINGS)
    def drawn(address: str, name: str, extra: str) -> Markup:
        classes = f"icon {extra}".strip()
        return Markup('<svg class="{}" aria-hidden="true"><use href="{}"></use></svg>').format(
            classes, f"{address}#i-{name}"
        )

    def icon(name: str, extra: str = "") -> Markup:
        """Return the symbol `i-<name>`; the words beside it carry the meaning."""
        return drawn(sprite(), name, extra)

    app.jinja_env.globals["icon"] = icon
    app.jinja_env.globals["sprite"] = sprite


def quarter_words(qpv: QpvPosition | None) -> str:
    """Return how a place stands to the quarter, doubt included."""
    if qpv is None:
        return "Loin de tout quartier prioritaire"
    sure = french.percent(qpv.share_inside)
    if qpv.inside:
        return (
            "Dans le quartier" if qpv.share_inside >= 0.995 else f"Dans le quartier, sûr à {sure}"
        )
    if qpv.share_inside >= 0.005:
        return f"Au bord du quartier, dedans à {sure}"
    return f"À {french.distance(qpv.distance_m)} du quartier"


def long_day(instant: datetime | date) -> str:
    """Return `jeudi 26 novembre`, with the year when it is another one."""
    return french.long_day(instant, french.local_date(request_now()))


def ago(instant: datetime) -> str:
    """Return `il y a 4 jours`."""
    return french.ago(instant, request_now())


def due_words(counted_from: datetime, due_at: datetime) -> str:
    """Return how the promise stands now, in words."""
    now = request_now()
    return french.due_words(counted_from, due_at, now, days_off(now.year))


def delay_words(start: datetime, due_at: datetime) -> str:
    """Return the length of a promise made at `start`."""
    return french.delay_words(start, due_at, days_off(start.year))


def taking_words(acknowledge_due_at: datetime) -> str:
    """Return how the promise to take something in charge stands now, in words."""
    return due_words(LONG_AGO, acknowledge_due_at)


def taking_key(acknowledge_due_at: datetime) -> str:
    """Return how that promise stands now, as the stylesheet calls it; it is never twice late."""
    return lateness_key(LONG_AGO, acknowledge_due_at)


def lateness_key(counted_from: datetime, due_at: datetime) -> str:
    """Return how the promise stands now, as the stylesheet calls it."""
    return str(lateness(counted_from, due_at, request_now()))


def status_label(status: str) -> str:
    """Return the French word of a status."""
    return STATUS_LABELS[Status(status)]


def move_label(status: str) -> str:
    """Return the French verb of a move to a status."""
    return MOVE_LABELS[Status(status)]


def outcome_label(outcome: str) -> str:
    """Return the French words of an outcome."""
    return OUTCOME_LABELS[Outcome(outcome)]


def priority_label(priority: str) -> str:
    """Return the French word of a priority."""
    return PRIORITY_LABELS[Priority(priority)]


def is_stopped(status: str) -> bool:
    """Return whether the promised date waits in this status."""
    return CLOCKS[Status(status)] is Clock.STOPPED


def nature_label(nature: str) -> str:
    """Return the French word of a nature."""
    return NATURE_LABELS[Nature(nature)]


def first_up(text: str) -> str:
    """Return `text` with its first letter in capital, the rest as it was."""
    return text[:1].upper() + text[1:]


def hour_field(instant: datetime) -> str:
    """Return the local hour as a field of time holds it, `14:30`."""
    return f"{instant.astimezone(PARIS):%H:%M}"


def day_field(instant: datetime) -> str:
    """Return the local day as a field of date holds it, `2026-11-26`."""
    return french.local_date(instant).isoformat()


def phone_link(phone: str) -> str:
    """Return what a telephone dials for a number as people write it."""
    return "".join(sign for sign in phone if sign.isdigit() or sign == "+")


FILTERS = {
    "taking_key": taking_key,
    "taking_words": taking_words,
    "ago": ago,
    "clock": french.clock,
    "clock_doubt": french.clock_doubt,
    "day_field": day_field,
    "delay_words": delay_words,
    "distance": french.distance,
    "euros": money.euros,
    "due_words": due_words,
    "first_up": first_up,
    "hour_field": hour_field,
    "lateness": lateness_key,
    "long_day": long_day,
    "masked": masked,
    "move_label": move_label,
    "nature_label": nature_label,
    "number": french.number,
    "outcome_label": outcome_label,
    "percent": french.percent,
    "phone_link": phone_link,
    "plural": french.plural,
    "priority_label": priority_label,
    "quarter_words": quarter_words,
    "short_day": french.short_day,
    "status_label": status_label,
    "stopped": is_stopped,
}


def init_app(app: Flask) -> None:
    """Give the templates of `app` the filters and icons of this module."""
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    make_icon(app)
