"""What the pages of the plan share: the filter of their address, the menus, the tabs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import request, url_for

from qpvmap.core.french import local_date
from qpvmap.core.operation_filters import (
    SORTS,
    UNKNOWN,
    VALUES,
    PlanFilter,
    chosen_operations,
    offered,
    parameters,
    read_filter,
)
from qpvmap.core.operations import (
    BANDS,
    DOUBTS,
    GENERATIONS,
    MISSING,
    NATURE_LABELS,
    STATUS_LABELS,
    THEME_LABELS,
    PlannedOperation,
)
from qpvmap.core.permissions import Action, Target, may
from qpvmap.storage.operations import visible_plan
from qpvmap.web import map_words
from qpvmap.web.context import served_territory
from qpvmap.web.filters import request_now
from qpvmap.web.security import current_actor
from qpvmap.web.sessions import request_session

TABS: Sequence[tuple[str, str]] = (
    ("operations.index", "Liste"),
    ("operation_views.table", "Tableau"),
    ("operation_views.calendar", "Calendrier"),
    ("operation_views.money_page", "Argent"),
    ("operation_views.perimeters", "Périmètres"),
)
FILTERS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "commune": ("Commune", {}),
    "theme": ("Thème", THEME_LABELS),
    "etat": ("État", STATUS_LABELS),
    "nature": ("Nature", {**NATURE_LABELS, UNKNOWN: "non précisée"}),
    "zone": ("Situation", {**{k: w for k, (_, w) in BANDS.items()}, UNKNOWN: "Inconnue"}),
    "maitre": ("Maître d’ouvrage", {UNKNOWN: "non précisé"}),
    "financeur": ("Financeur", {}),
    "annee": ("Année", {}),
    "manque": ("À compléter", {key: words for key, (words, _) in MISSING.items()}),
    "ete2023": ("Violences de l’été 2023", {"oui": "Oui", "non": "Non"}),
}
"""Filters by their name in the address: what they are called, the words of their values."""


@dataclass(frozen=True, slots=True)
class Menu:
    """A filter to choose in: its values in order, with how many operations have each."""

    name: str
    label: str
    choices: Sequence[tuple[str, str, int]]
    value: str


@dataclass(frozen=True, slots=True)
class Removable:
    """A filter that is set, in words, and the address without it."""

    words: str
    href: str


@dataclass(frozen=True, slots=True)
class Frame:
    """A page of the plan: the whole plan, what is wanted of it, who reads."""

    plan: Sequence[PlannedOperation]
    rows: Sequence[PlannedOperation]
    wanted: PlanFilter
    today: date
    may_edit: bool
    communes: Mapping[str, str]

    def href(self, endpoint: str, **more: str) -> str:
        """Return the address of a page under the same filters."""
        said = {**parameters(self.wanted), **{k: [v] for k, v in more.items()}}
        query = urlencode({k: v for k, v in said.items() if v and v != [""]}, doseq=True)
        return url_for(endpoint) + (f"?{query}" if query else "")

    def workbook_href(self, way: str) -> str:
        """Return the address of what is wanted as a workbook."""
        query = urlencode(parameters(self.wanted), doseq=True)
        return url_for("operation_sheets.export", way=way) + (f"?{query}" if query else "")

    @property
    def tabs(self) -> list[tuple[str, str, bool]]:
        """The views of the plan: address, words, whether it is this one."""
        return [(self.href(name), words, name == request.endpoint) for name, words in TABS]

    @property
    def menus(self) -> list[Menu]:
        """The filters that have something to choose."""
        return [menu for name in VALUES if (menu := self._menu(name)).choices]

    def words_of(self, name: str, value: str) -> str:
        """Return a value of a filter in words."""
        words = self.communes if name == "commune" else FILTERS[name][1]
        return words.get(value, value)

    def _menu(self, name: str) -> Menu:
        counts = offered(self.plan, self.wanted, name, self.today)
        for value in self.wanted.chosen.get(name, ()):
            counts.setdefault(value, 0)
        known = list(self.communes if name == "commune" else FILTERS[name][1])
        order = [v for v in known if v in counts] + sorted(counts.keys() - set(known))
        choices = [(value, self.words_of(name, value), counts[value]) for value in order]
        return Menu(name, FILTERS[name][0], choices, self.wanted.one(name))

    @property
    def removable(self) -> list[Removable]:
        """The filters that are set, each with the address without it."""
        endpoint = request.endpoint or "operations.index"
        found = [
            Removable(
                f"{FILTERS[name][0]}\u00a0: "
                + " ou ".join(self.words_of(name, value) for value in values),
                self.href(endpoint, **{name: ""}),
            )
            for name, values in self.wanted.chosen.items()
        ]
        if self.wanted.words:
            found.append(Removable(f"« {self.wanted.words} »", self.href(endpoint, q="")))
        return found

    @property
    def zones(self) -> list[tuple[str, str, int, bool]]:
        """The bands as shortcuts: address, words, how many, whether it is chosen."""
        endpoint = request.endpoint or "operations.index"
        counts = offered(self.plan, self.wanted, "zone", self.today)
        chosen = self.wanted.chosen.get("zone", ())
        every = (self.href(endpoint, zone=""), "Toutes", len(self.plan), not chosen)
        return [
            every,
            *(
                (self.href(endpoint, zone=key), words, counts[key], chosen == (key,))
                for key, (_, words) in BANDS.items()
                if key in counts
            ),
        ]


def sees_everything() -> bool:
    """Return whether who asks keeps the plan."""
    target = Target(served_territory().id)
    return may(current_actor(), Action.EDIT_OPERATION, target)


def today() -> date:
    """Return the day it is for this request."""
    return local_date(request_now())


def frame() -> Frame:
    """Return the plan as who asks may read it, under the filters of the address."""
    plan = visible_plan(request_session(), current_actor(), served_territory().id)
    wanted = read_filter(request.args.to_dict(flat=False))
    names = plan[0].names if plan else {}
    rows = chosen_operations(plan, wanted, today())
    return Frame(plan, rows, wanted, today(), sees_everything(), names)


def shared(found: Frame) -> dict[str, Any]:
    """Return what the templates of every view need."""
    return {
        "frame": found,
        "words": map_words,
        "sorts": SORTS,
        "bands": BANDS,
        "generations": GENERATIONS,
        "odd": DOUBTS,
        "missing_words": {key: words for key, (words, _) in MISSING.items()},
    }


def local_address(given: str, otherwise: str) -> str:
    """Return an address of the plan that a form gives back, else `otherwise`: no other site."""
    return given if given.startswith("/operations") and "\\" not in given else otherwise
