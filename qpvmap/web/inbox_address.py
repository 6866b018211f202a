"""The inbox's state in its address: every filter has a name there, so any view can be sent.

What cannot be read is left out, and said.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from enum import Enum
from typing import Any
from urllib.parse import urlencode

from flask import url_for
from werkzeug.datastructures import MultiDict

from qpvmap.core.geo import BBox
from qpvmap.core.inbox import (
    USUAL_ORDERS,
    Cursor,
    InboxFilters,
    Late,
    Near,
    Order,
    Person,
    Tab,
)
from qpvmap.core.permissions import Nature
from qpvmap.core.workflow import Status

SEARCH_MAX = 100
CODE_MAX = 60
KEY_DIGITS = 18
YEARS = range(2000, 2101)
PHOTOS: Mapping[str, bool] = {"avec": True, "sans": False}


def _code(text: str) -> str:
    if len(text) > CODE_MAX or not text.isprintable():
        raise ValueError("no code")
    return text


def _words(text: str) -> str:
    if not text.isprintable():
        raise ValueError("not words")
    return text[:SEARCH_MAX]


def _day(text: str) -> date:
    day = date.fromisoformat(text)
    if day.year not in YEARS:
        raise ValueError("no day of ours")
    return day


def _person(text: str) -> Person | int:
    if text.isdecimal() and len(text) <= KEY_DIGITS:
        return int(text)
    return Person(text)


def _photo(text: str) -> bool:
    if text not in PHOTOS:
        raise ValueError("with or without")
    return PHOTOS[text]


def _yes(text: str) -> bool:
    if text != "1":
        raise ValueError("not said")
    return True


@dataclass(frozen=True, slots=True)
class Parameter:
    """A filter in the address: its field, how it is read, how it is called when it cannot be."""

    field: str
    read: Callable[[str], Any]
    label: str


PARAMETERS: Mapping[str, Parameter] = {
    "vue": Parameter("tab", Tab, "l’onglet"),
    "tri": Parameter("order", Order, "le tri"),
    "etat": Parameter("status", Status, "l’état"),
    "retard": Parameter("late", Late, "le retard"),
    "categorie": Parameter("category", _code, "la catégorie"),
    "nature": Parameter("nature", Nature, "la nature"),
    "commune": Parameter("insee_code", _code, "la commune"),
    "qpv": Parameter("qpv_code", _code, "le quartier"),
    "iris": Parameter("iris_code", _code, "l’IRIS"),
    "quartier": Parameter("near", Near, "la distance au quartier"),
    "service": Parameter("team", _code, "le service"),
    "personne": Parameter("person", _person, "la personne"),
    "depuis": Parameter("since", _day, "la date de début"),
    "jusqua": Parameter("until", _day, "la date de fin"),
    "photo": Parameter("photo", _photo, "la photo"),
    "zone": Parameter("bbox", BBox.parse, "la zone de la carte"),
    "q": Parameter("search", _words, "la recherche"),
    "approche": Parameter("slips", _yes, "la recherche approchée"),
    "apres": Parameter("after", Cursor.parse, "la page"),
}
UNSAID = {"apres"}
"""What is left out without a word: a page's mark that cannot be read is the first page."""
USUAL = {name: field.default for field in fields(InboxFilters) for name in [field.name]}


@dataclass(frozen=True, slots=True)
class Address:
    """The filters of an address, and what in it could not be read, in words."""

    filters: InboxFilters
    unread: tuple[str, ...]


def read_address(args: MultiDict[str, str]) -> Address:
    """Return what an address asks for; what cannot be read is left out and named.

    A form sends the order that it shows: the usual one of a tab is no choice, and does not follow
    the reader to another tab.
    """
    read: dict[str, Any] = {}
    unread: list[str] = []
    for name, parameter in PARAMETERS.items():
        text = args.get(name, "").strip()
        if not text:
            continue
        try:
            read[parameter.field] = parameter.read(text)
        except ValueError:
            unread.append(name)
    if not read.get("search"):
        read.pop("slips", None)
    words = (PARAMETERS[name].label for name in unread if name not in UNSAID)
    filters = InboxFilters(**read)
    if filters.order is USUAL_ORDERS[filters.tab]:
        filters = replace(filters, order=None)
    return Address(filters, tuple(words))


def read_filters(args: MultiDict[str, str]) -> InboxFilters:
    """Return the filters of an address; what cannot be read is left out."""
    return read_address(args).filters


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "avec" if value else "sans"
    if isinstance(value, BBox):
        return ",".join(
            f"{part:.5f}" for part in (value.west, value.south, value.east, value.north)
        )
    if isinstance(value, date):
        return value.isoformat()
    return str(value.value if isinstance(value, Enum) else value)


def params(filters: InboxFilters, **changes: Any) -> dict[str, str]:
    """Return the address of `filters` as parameters, some of them changed; None removes one.

    The page is left out, and what is as usual.
    """
    written = {
        name: "1" if name == "approche" else _written(value)
        for name, parameter in PARAMETERS.items()
        if name != "apres"
        and (value := getattr(filters, parameter.field)) != USUAL[parameter.field]
    }
    changed = {name: str(value) if value is not None else "" for name, value in changes.items()}
    kept = written | changed
    if kept.get("vue") == Tab.NEW:
        del kept["vue"]
    return {name: kept[name] for name in PARAMETERS if kept.get(name)}


def inbox_url(filters: InboxFilters, **changes: Any) -> str:
    """Return the address of the inbox under `filters`, some of them changed.

    It always says something: without a word, the inbox opens on the reader's own usual view.
    """
    query = params(filters, **changes) or {"vue": str(Tab.NEW)}
    return f"{url_for('inbox.show')}?{urlencode(query, safe=',')}"
