"""What the bar of an inbox offers to do to the chosen ones, in each tab."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID, uuid4

from flask import url_for

from qpvmap.core.bulk import MOST, BulkAction
from qpvmap.core.french import number
from qpvmap.storage.inbox import Inbox
from qpvmap.web.bulk_words import FILES, FIRST_ACTIONS, ROUND, ROUND_WORDS, WORDS


@dataclass(frozen=True, slots=True)
class Button:
    """One of the things to do."""

    name: str
    label: str
    icon: str


@dataclass(frozen=True, slots=True)
class BulkBar:
    """The bar of one page of the inbox. `lot` is the key of the run that it may start."""

    href: str
    lot: str
    read_at: str
    total: int
    first: tuple[Button, ...]
    others: tuple[Button, ...]
    files: tuple[Button, ...]

    @property
    def all_label(self) -> str:
        """How all that match are called; the first ones, when they are too many."""
        if self.total > MOST:
            return f"Choisir les {number(MOST)} premiers"
        return "Choisir celui-ci" if self.total == 1 else f"Choisir les {number(self.total)}"

    @property
    def taken(self) -> int:
        """How many of all that match one action takes."""
        return min(self.total, MOST)


def bulk_href(
    kept: Mapping[str, str], endpoint: str = "bulk.act", run_id: UUID | None = None
) -> str:
    """Return an address of the bulk pages that keeps the filters of the list."""
    query = urlencode(kept)
    path = url_for(endpoint, run_id=run_id) if run_id else url_for(endpoint)
    return path + (f"?{query}" if query else "")


def bulk_bar(page: Inbox, kept: Mapping[str, str], now: datetime) -> BulkBar:
    """Return the bar of a page of the inbox."""
    tab = page.filters.tab
    first = FIRST_ACTIONS[tab]
    return BulkBar(
        href=bulk_href(kept),
        lot=str(uuid4()),
        read_at=now.isoformat(),
        total=page.counts[tab],
        first=tuple(_button(action) for action in first),
        others=tuple(_button(action) for action in BulkAction if action not in first),
        files=(
            Button(ROUND, *ROUND_WORDS),
            *(Button(name, *words) for name, words in FILES.items()),
        ),
    )


def _button(action: BulkAction) -> Button:
    return Button(action, WORDS[action].label, WORDS[action].icon)
