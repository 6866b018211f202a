"""What can be asked of the inbox: tabs, orders, filters, and where a page begins."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from qpvmap.core.geo import BBox
from qpvmap.core.permissions import Nature
from qpvmap.core.workflow import OPEN_STATUSES, Status

CLOSE_M = 300
"""How far from a quarter is still close to it, metres."""


A_YEAR = timedelta(days=366)


class Tab(StrEnum):
    """A part of the inbox, as its address calls it."""

    NEW = "a-prendre-en-charge"
    LATE = "en-retard"
    ONGOING = "en-cours"
    WAITING = "en-attente"
    TO_ARBITRATE = "a-arbitrer"
    RESOLVED = "resolus"
    ALL = "tous"


CAPPED = (Tab.RESOLVED, Tab.ALL)
"""Tabs that grow for ever; the others hold the work left."""


class Order(StrEnum):
    """What comes first, as the address calls it."""

    DEADLINE = "echeance"
    NEWEST = "recents"
    STALEST = "anciens"
    LATEST = "derniers"


USUAL_ORDERS: Mapping[Tab, Order] = {
    Tab.NEW: Order.NEWEST,
    Tab.LATE: Order.DEADLINE,
    Tab.ONGOING: Order.DEADLINE,
    Tab.WAITING: Order.STALEST,
    Tab.TO_ARBITRATE: Order.DEADLINE,
    Tab.RESOLVED: Order.LATEST,
    Tab.ALL: Order.NEWEST,
}
"""How a tab is sorted unless asked otherwise."""


ENDED_ORDERS = (Order.NEWEST, Order.STALEST, Order.LATEST)
ORDERS_OF: Mapping[Tab, tuple[Order, ...]] = {
    Tab.RESOLVED: ENDED_ORDERS,
    Tab.ALL: ENDED_ORDERS,
}
"""Orders of a tab when not all: a deadline does not sort what has none to keep."""


class Late(StrEnum):
    """How late, as the address calls it."""

    LATE = "oui"
    TWICE = "double"


class Near(StrEnum):
    """How a place stands to a quarter, as the address calls it."""

    INSIDE = "1"
    CLOSE = "300"


class Person(StrEnum):
    """Whose work, besides somebody by their key, as the address calls it."""

    ME = "moi"
    NOBODY = "personne"


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page: the next page begins after it."""

    at: datetime
    id: int

    def __str__(self) -> str:
        """Return the form that `parse` reads."""
        return f"{self.at.isoformat()}~{self.id}"

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Return the cursor written `2026-11-20T09:00:00+00:00~12`.

        Raises
        ------
        ValueError
            If it is anything else.
        """
        at, _, row_id = text.partition("~")
        instant = datetime.fromisoformat(at)
        if instant.tzinfo is None:
            raise ValueError("instant without its offset")
        number = int(row_id)
        if not 0 <= number < 2**63:
            raise ValueError("no key of a row")
        return cls(instant, number)


@dataclass(frozen=True, slots=True)
class Resolved:
    """What codes and words stand for, by keys.

    `named` are the categories that the words name; `referred` the rows that they are the reference
    of, None when they are none or name too many; `nearly`, for each word, those that it may be
    a slip of. `shares` says for each word which share of all texts holds it, 0 for what is rare
    and None for a word of grammar.
    """

    category_id: int | None = None
    team_id: int | None = None
    named: tuple[int, ...] = ()
    referred: tuple[int, ...] | None = None
    nearly: tuple[tuple[str, ...], ...] = ()
    shares: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class InboxFilters:
    """What the reader asked for; empty means any.

    `since` and `until` are days of filing, both included, in local time; `person` is one of
    `Person` or the key of an account; `bbox` is EPSG:4326. `slips` looks for words that
    are nearly those of `search`; `resolved` is what the storage knows of codes and words.
    """

    tab: Tab = Tab.NEW
    order: Order | None = None
    status: Status | None = None
    late: Late | None = None
    category: str = ""
    nature: Nature | None = None
    insee_code: str = ""
    qpv_code: str = ""
    iris_code: str = ""
    near: Near | None = None
    team: str = ""
    person: Person | int | None = None
    since: date | None = None
    until: date | None = None
    photo: bool | None = None
    bbox: BBox | None = None
    search: str = ""
    slips: bool = False
    resolved: "Resolved | None" = None
    after: Cursor | None = None

    @property
    def sorting(self) -> Order:
        """What comes first, chosen if the tab has it, or usual."""
        chosen = self.order in ORDERS_OF.get(self.tab, tuple(Order))
        return self.order if self.order and chosen else USUAL_ORDERS[self.tab]

    @property
    def keeps_open_alone(self) -> bool:
        """Whether the filters keep nothing that has ended, whatever the tab."""
        return self.late is not None or self.status in OPEN_STATUSES

    @property
    def names_a_place_or_kind(self) -> bool:
        """Whether they ask for a place, a category, a photo or a person, beside words and dates."""
        places = (self.insee_code, self.iris_code, self.qpv_code, self.near, self.bbox)
        return any((*places, self.category, self.photo is not None, self.person))

    @property
    def keeps_few(self) -> bool:
        """Whether all that matches is few enough to be found before it is sorted.

        The work left, or what was filed in a year at most, when sorted by another date.
        """
        of_tab = self.tab not in CAPPED
        return of_tab or self.keeps_open_alone or self._is_of_a_year

    @property
    def _is_of_a_year(self) -> bool:
        if not self.since or not self.until or self.sorting is Order.NEWEST:
            return False
        return self.until - self.since <= A_YEAR
