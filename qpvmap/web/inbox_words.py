"""The words of the inbox: tabs, orders, filters, and what is said when there is nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from qpvmap.core.french import short_day
from qpvmap.core.inbox import InboxFilters, Late, Near, Order, Person, Tab
from qpvmap.core.labels import NATURE_LABELS, STATUS_LABELS
from qpvmap.core.permissions import Nature
from qpvmap.core.workflow import Status
from qpvmap.storage.inbox_menus import Menus
from qpvmap.web.inbox_address import inbox_url

TAB_LABELS: Mapping[Tab, str] = {
    Tab.NEW: "À prendre en charge",
    Tab.LATE: "En retard",
    Tab.ONGOING: "En cours",
    Tab.WAITING: "En attente",
    Tab.TO_ARBITRATE: "À arbitrer",
    Tab.RESOLVED: "Résolus",
    Tab.ALL: "Tous",
}
SUBJECTS: Mapping[Tab, str] = {
    Tab.NEW: "Signalements nouveaux ou rouverts",
    Tab.LATE: "Signalements en retard",
    Tab.ONGOING: "Signalements en cours",
    Tab.WAITING: "Signalements en attente",
    Tab.TO_ARBITRATE: "Signalements à arbitrer",
    Tab.RESOLVED: "Signalements résolus",
    Tab.ALL: "Tous les signalements",
}
ORDER_LABELS: Mapping[Order, str] = {
    Order.DEADLINE: "Échéance la plus proche",
    Order.NEWEST: "Plus récents",
    Order.STALEST: "Sans nouvelle depuis longtemps",
    Order.LATEST: "Derniers changements",
}
ORDER_CAPTIONS: Mapping[Order, str] = {
    Order.DEADLINE: "l’échéance la plus proche ou la plus dépassée d’abord",
    Order.NEWEST: "du plus récent au plus ancien",
    Order.STALEST: "sans nouvelle depuis le plus longtemps d’abord",
    Order.LATEST: "le dernier changement d’abord",
}
EMPTY: Mapping[Tab, str] = {
    Tab.NEW: "Rien à prendre en charge. Le prochain arrivera ici.",
    Tab.LATE: "Rien en retard.",
    Tab.ONGOING: "Rien en cours.",
    Tab.WAITING: "Rien en attente.",
    Tab.TO_ARBITRATE: "Rien à arbitrer.",
    Tab.RESOLVED: "Rien de résolu pour l’instant.",
    Tab.ALL: "Aucun signalement pour l’instant. Le premier arrivera ici.",
}
LATE_LABELS: Mapping[Late, str] = {
    Late.LATE: "En retard",
    Late.TWICE: "Deux fois en retard",
}
NEAR_LABELS: Mapping[Near, str] = {
    Near.INSIDE: "Dans le quartier ou au bord",
    Near.CLOSE: "À moins de 300\u00a0m du quartier",
}
PHOTO_LABELS: Mapping[str, str] = {"avec": "Avec photo", "sans": "Sans photo"}
STATUS_CHOICES: Mapping[Status, str] = STATUS_LABELS
NATURE_CHOICES: Mapping[Nature, str] = NATURE_LABELS


@dataclass(frozen=True, slots=True)
class Chosen:
    """A filter in force: what it is called, and the address of the page without it."""

    name: str
    label: str
    href: str


def caption_of(filters: InboxFilters) -> str:
    """Return what the list holds and in what order."""
    return f"{SUBJECTS[filters.tab]}, {ORDER_CAPTIONS[filters.sorting]}"


def person_label(person: Person | int, menus: Menus) -> str:
    """Return whose work a filter keeps."""
    if person is Person.ME:
        return "Les miens"
    if person is Person.NOBODY:
        return "Confié à personne"
    name = menus.people.get(str(person))
    return f"Confié à {name}" if name else "Confié à une autre personne"


def _period(filters: InboxFilters) -> tuple[tuple[str, str], ...]:
    def said(words: str, day: date | None) -> str:
        return f"{words} {short_day(day)} {day.year}" if day else ""

    return (
        ("depuis", said("Depuis le", filters.since)),
        ("jusqua", said("Jusqu’au", filters.until)),
    )


def _labels(filters: InboxFilters, menus: Menus) -> tuple[tuple[str, str], ...]:
    """Return each filter's name in the address and its words, empty when it is not in force."""

    def named(names: Mapping[str, str], code: str) -> str:
        return names.get(code, code)

    photo = {None: "", True: PHOTO_LABELS["avec"], False: PHOTO_LABELS["sans"]}[filters.photo]
    return (
        ("q", f"«\u00a0{filters.search}\u00a0»" if filters.search else ""),
        ("etat", STATUS_LABELS[filters.status] if filters.status else ""),
        ("retard", LATE_LABELS[filters.late] if filters.late else ""),
        ("categorie", named(menus.categories, filters.category)),
        ("nature", NATURE_LABELS[filters.nature] if filters.nature else ""),
        ("commune", named(menus.communes, filters.insee_code)),
        ("qpv", named(menus.quarters, filters.qpv_code)),
        ("iris", f"IRIS {named(menus.iris, filters.iris_code)}" if filters.iris_code else ""),
        ("quartier", NEAR_LABELS[filters.near] if filters.near else ""),
        ("service", named(menus.teams, filters.team)),
        ("personne", person_label(filters.person, menus) if filters.person is not None else ""),
        *_period(filters),
        ("photo", photo),
        ("zone", "Cette zone de la carte" if filters.bbox else ""),
    )


def chosen_filters(filters: InboxFilters, menus: Menus) -> list[Chosen]:
    """Return the filters in force, each with its way out."""
    here = replace(filters, after=None)
    plainly = replace(here, slips=False)
    return [
        Chosen(name, label, inbox_url(plainly if name == "q" else here, **{name: None}))
        for name, label in _labels(filters, menus)
        if label
    ]
