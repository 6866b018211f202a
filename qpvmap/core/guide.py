"""The guide of services: what is known of a structure and of what it offers, and what is refused.

Nothing here is one person's: a structure's own telephone, address and mail only.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from qpvmap.core.contacts import EMAIL
from qpvmap.core.permanences import NotUnderstood, read_schedule

THEMES: Mapping[str, str] = {
    "employment": "Emploi et insertion",
    "youth": "Jeunesse, stages et projets",
    "training": "Formation",
    "school": "École et soutien scolaire",
    "childcare": "Petite enfance et garde",
    "family": "Famille et parents",
    "rights": "Droits et démarches",
    "money": "Budget et argent",
    "health": "Santé",
    "housing": "Logement",
    "digital": "Numérique",
    "french": "Apprendre le français",
    "solidarity": "Solidarité et alimentation",
    "leisure": "Culture, sport et loisirs",
}
"""In the order in which people are shown them."""

THEME_ICONS: Mapping[str, str] = {
    "employment": "t-shop",
    "youth": "users",
    "training": "t-school",
    "school": "t-school",
    "childcare": "t-family",
    "family": "t-family",
    "rights": "note",
    "money": "euro",
    "health": "t-social",
    "housing": "home",
    "digital": "phone",
    "french": "message",
    "solidarity": "t-social",
    "leisure": "t-culture",
}

PUBLICS: Mapping[str, str] = {
    "all": "Tout public",
    "children": "Enfants, jusqu’à 11 ans",
    "youth": "Jeunes, 12 à 25 ans",
    "job_seekers": "Personnes en recherche d’emploi",
    "families": "Familles et parents",
    "seniors": "Seniors",
    "disabled": "Personnes en situation de handicap",
    "newcomers": "Personnes qui apprennent le français",
    "women": "Femmes",
    "associations": "Associations",
}

COSTS: Mapping[str, str] = {
    "unknown": "Coût non précisé",
    "free": "Gratuit",
    "paid": "Payant",
    "income": "Selon les revenus",
}

TITLE_MAX, TEXT_MAX, SHORT_MAX = 120, 2000, 300
CHECK_EVERY = timedelta(days=365)
"""After it, what is known of a structure is old, and the structure is asked."""
ASK_AGAIN = timedelta(days=21)
MOST_ASKED = 2
"""Mails without an answer, after which the coordination calls instead."""

PHONE = re.compile(r"(?:\+33|0)[1-9](?:\d{2}){4}|3\d{3}|1\d{2,3}")
TITLE_MISSING = "Donnez un nom."
TOO_LONG = "Texte trop long\u00a0: {most} caractères au plus."
BAD_PHONE = "Numéro illisible\u00a0: par exemple 01 23 45 67 89, ou 3949."
BAD_EMAIL = "E-mail illisible\u00a0: par exemple accueil@exemple.fr."
BAD_SITE = "Adresse de site illisible\u00a0: par exemple https://www.exemple.fr."
UNKNOWN = "Choisissez dans la liste."
HALF_A_PLACE = "Donnez la latitude et la longitude, ou aucune des deux."


class Quality(StrEnum):
    """How surely one knows where a structure is."""

    EXACT = "exact"
    ADDRESS = "address"
    COMMUNE = "commune"


QUALITY_LABELS: Mapping[str, str] = {
    Quality.EXACT: "Lieu exact",
    Quality.ADDRESS: "Lieu trouvé par son adresse",
    Quality.COMMUNE: "Lieu précis à vérifier",
}


class Proposal(StrEnum):
    """What became of a correction that a structure sent."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class StructureDraft:
    """A structure as a form describes it; empty is "not known", or for all communes."""

    name: str = ""
    kind: str = ""
    insee_code: str = ""
    place: str = ""
    address: str = ""
    phone: str = ""
    email: str = ""
    site: str = ""
    source: str = ""
    to_check: bool = False


@dataclass(frozen=True, slots=True)
class OfferDraft:
    """An offer as a form describes it; `schedule` is typed line by line."""

    title: str = ""
    theme: str = ""
    publics: tuple[str, ...] = ()
    for_whom: str = ""
    description: str = ""
    schedule: str = ""
    languages: str = ""
    contact: str = ""
    cost: str = "unknown"
    cost_note: str = ""
    conditions: str = ""


STRUCTURE_TEXTS: Mapping[str, int] = {
    "kind": SHORT_MAX,
    "place": SHORT_MAX,
    "address": SHORT_MAX,
    "source": SHORT_MAX,
    "site": SHORT_MAX,
}
OFFER_TEXTS: Mapping[str, int] = {
    "for_whom": SHORT_MAX,
    "description": TEXT_MAX,
    "languages": SHORT_MAX,
    "contact": SHORT_MAX,
    "cost_note": SHORT_MAX,
    "conditions": TEXT_MAX,
}


def structure_faults(draft: StructureDraft, insee_codes: tuple[str, ...]) -> dict[str, str]:
    """Return a French message for each field that cannot be kept."""
    faults = _too_long(draft, STRUCTURE_TEXTS) | _title_fault("name", draft.name)
    if draft.insee_code and draft.insee_code not in insee_codes:
        faults["insee_code"] = UNKNOWN
    if draft.phone and not PHONE.fullmatch(re.sub(r"[\s.\-]", "", draft.phone)):
        faults["phone"] = BAD_PHONE
    if not re.fullmatch(EMAIL, draft.email):
        faults["email"] = BAD_EMAIL
    if draft.site and not _is_site(draft.site):
        faults["site"] = BAD_SITE
    return faults


def offer_faults(draft: OfferDraft) -> dict[str, str]:
    """Return a French message for each field that cannot be kept."""
    faults = _too_long(draft, OFFER_TEXTS) | _title_fault("title", draft.title)
    for name, value, known in (("theme", draft.theme, THEMES), ("cost", draft.cost, COSTS)):
        if value not in known:
            faults[name] = UNKNOWN
    if not set(draft.publics) <= set(PUBLICS):
        faults["publics"] = UNKNOWN
    try:
        read_schedule(draft.schedule)
    except NotUnderstood as error:
        faults["schedule"] = str(error)
    return faults


def _title_fault(name: str, value: str) -> dict[str, str]:
    if not value:
        return {name: TITLE_MISSING}
    return {name: TOO_LONG.format(most=TITLE_MAX)} if len(value) > TITLE_MAX else {}


def _too_long(draft: object, limits: Mapping[str, int]) -> dict[str, str]:
    return {
        name: TOO_LONG.format(most=most)
        for name, most in limits.items()
        if len(getattr(draft, name)) > most
    }


def _is_site(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and "." in (parts.hostname or "")


def is_old(checked_on: date | None, today: date) -> bool:
    """Return whether what is known must be asked again."""
    return checked_on is None or today - checked_on > CHECK_EVERY


def changed(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, list[object]]:
    """Return what differs, by field: what it was, what it is."""
    return {
        name: [before.get(name), value]
        for name, value in after.items()
        if before.get(name) != value
    }


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for in the guide."""

    words: str = ""
    commune: str = ""
    theme: str = ""
    public: str = ""
    opened: str = ""
    """`today`, `now`, or any time."""
    language: str = ""
    cost: str = ""
