"""What can be followed, by whom, and how the name of a street is told apart from an address."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from qpvmap.core.contacts import EMAIL
from qpvmap.core.errors import InvalidSubmission

MAX_SUBSCRIPTIONS = 50
MAX_AT_ONCE_A_DAY = 10
"""Immediate messages of a day to one subscriber; what comes after is in the daily alert."""
STREET_MAX = 80
EMAIL_MAX = 254
STREET_NEAR_M = 20

BAD_EMAIL = "E-mail illisible : par exemple prenom@exemple.fr."
BAD_STREET = "Écrivez le nom de la rue, par exemple « rue Léo-Delibes »."
TOO_MANY = f"Vous suivez déjà {MAX_SUBSCRIPTIONS} choses. Retirez-en une d’abord."

WAYS = (
    "allee|allees|avenue|boulevard|carrefour|chemin|cite|clos|cour|cours|esplanade|galerie|impasse"
    "|mail|parvis|passage|passerelle|place|placette|pont|promenade|quai|rond point|route|rue"
    "|ruelle|sente|sentier|square|traverse|venelle|villa|voie"
)
STREET = re.compile(rf"(?:grande? )?(?:{WAYS})\b .+|grande? rue")
PLAIN = re.compile(r"[\w '’\u2010\u2011-]+")
"""No dot, no slash: what somebody typed goes into a mail that they may have sent to another."""
NUMBER = re.compile(r"^\s*\d+\s*(?:[-/]\s*\d+\s*)?(?:bis|ter|quater|[a-d]\b)?[\s,]*", re.IGNORECASE)
POSTCODE = re.compile(r"\s+\d{5}\b.*$")


class SubscriptionKind(StrEnum):
    """A kind of thing that can be followed."""

    SIGNALEMENT = "signalement"
    STREET = "street"
    QPV = "qpv"
    CATEGORY = "category"


SLUGS: Mapping[SubscriptionKind, str] = {
    SubscriptionKind.SIGNALEMENT: "signalement",
    SubscriptionKind.STREET: "rue",
    SubscriptionKind.QPV: "quartier",
    SubscriptionKind.CATEGORY: "categorie",
}
"""The kinds as addresses and forms write them."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing that somebody wishes to follow: a reference, a name or a code, by its kind."""

    kind: SubscriptionKind
    key: str

    def __str__(self) -> str:
        """Return the form that `parse_wish` reads: `rue:Rue Léo-Delibes`."""
        return f"{SLUGS[self.kind]}:{self.key}"


def parse_wish(text: str) -> Wish | None:
    """Return the wish written `quartier:QN09219N`; None if it is anything else."""
    slug, _, key = text.partition(":")
    kind = next((kind for kind, known in SLUGS.items() if known == slug), None)
    return Wish(kind, key.strip()) if kind and key.strip() else None


def folded(name: str) -> str:
    """Return a name without accents, capitals and signs: SQL folds addresses in the same way."""
    plain = name.lower().replace("œ", "oe").replace("æ", "ae")
    letters = unicodedata.normalize("NFKD", plain)
    kept = "".join(sign for sign in letters if not unicodedata.combining(sign))
    return re.sub(r"[^a-z0-9]+", " ", kept).strip()


def street_of(address: str) -> str:
    """Return the street of an address, as it is written there; empty when none is named.

    `12 bis, rue Léo-Delibes, 92220 Bagneux` -> `rue Léo-Delibes`.
    """
    for part in NUMBER.sub("", address).split(","):
        name = POSTCODE.sub("", NUMBER.sub("", part)).strip()
        if len(name) <= STREET_MAX and PLAIN.fullmatch(name) and STREET.fullmatch(folded(name)):
            return name
    return ""


def street_name(text: str) -> str:
    """Return the name of a street as somebody typed it, number and town left out.

    Raises
    ------
    InvalidSubmission
        If nothing is left that could name a street.
    """
    name = street_of(text)
    if not name:
        raise InvalidSubmission({"rue": BAD_STREET})
    return name


def email_address(text: str) -> str:
    """Return an address in the form that it is kept in.

    Raises
    ------
    InvalidSubmission
        If it is none.
    """
    email = text.strip().lower()
    if not email or len(email) > EMAIL_MAX or not re.fullmatch(EMAIL, email):
        raise InvalidSubmission({"email": BAD_EMAIL})
    return email
