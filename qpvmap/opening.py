"""Opening hours as OpenStreetMap writes them (`Mo-Fr 09:00-18:00`), read by a library.

The library is imported when hours are read: a web worker that shows none never loads it.
"""

from dataclasses import dataclass
from datetime import datetime

from qpvmap.core.deadlines import PARIS
from qpvmap.core.french import NBSP, WEEKDAYS

MOST = 500


@dataclass(frozen=True, slots=True)
class Open:
    """Whether a place is open, and until when it stays so (None: no change is known)."""

    is_open: bool
    until: datetime | None

    @property
    def words(self) -> str:
        """How it stands, in French."""
        state = "Ouvert" if self.is_open else "Fermé"
        if self.until is None:
            return state
        hour = f"{self.until.hour}{NBSP}h{f'{NBSP}{self.until:%M}' if self.until.minute else ''}"
        day = WEEKDAYS[self.until.weekday()]
        return f"{state}, jusqu’à {day} {hour}"


def is_opening_hours(written: str) -> bool:
    """Return whether some words are such hours."""
    if not written or len(written) > MOST:
        return False
    from opening_hours import validate

    return bool(validate(written))


def open_at(written: str, instant: datetime) -> Open | None:
    """Return how a place stands at an instant, by the clock of Paris; None without known hours."""
    if not is_opening_hours(written):
        return None
    from opening_hours import OpeningHours

    hours = OpeningHours(written, country="FR")
    local = instant.astimezone(PARIS).replace(tzinfo=None)
    return Open(hours.is_open(local), hours.next_change(local))
