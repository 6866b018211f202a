"""Where a signalement is, from what its author typed: coordinates, an address, a known place.

With a script the page sends a point; without one, these words are all there is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from qpvmap.core.actors import Actor
from qpvmap.core.coordinates import parse_coordinates
from qpvmap.core.geo import LonLat, accuracy_within_bounds
from qpvmap.core.signalements import PositionMethod
from qpvmap.geocoding import GeocoderUnavailable
from qpvmap.geocoding import search as search_addresses
from qpvmap.storage.gazetteer import search as search_places
from qpvmap.storage.places import locate
from qpvmap.storage.sites import TerritoryCard
from qpvmap.web.runtime import runtime
from qpvmap.web.sessions import close_session, request_session

MISSING = (
    "Dites où c’est\u00a0: une adresse, un lieu connu, ou des coordonnées comme 48,7841 2,3030."
)
UNKNOWN = (
    "Ce lieu n’a pas été trouvé. Ajoutez la ville, choisissez un lieu connu du quartier, "
    "ou donnez des coordonnées comme 48,7841 2,3030."
)
SEARCH_DOWN = (
    "La recherche d’adresses ne répond pas. Rien n’est perdu\u00a0: donnez un lieu connu du "
    "quartier (école, place, gymnase) ou des coordonnées comme 48,7841 2,3030."
)
ROUGH = "Ce lieu n’est connu qu’à peu près. Choisissez-le, ou donnez une adresse plus précise."
SEVERAL = "Plusieurs lieux portent ce nom. Choisissez le bon."
MAX_CHOICES = 6


@dataclass(frozen=True, slots=True)
class Choice:
    """A place that the words may mean; its point may be right to `accuracy_m` only."""

    label: str
    lon: float
    lat: float
    accuracy_m: float | None = None

    @property
    def key(self) -> str:
        """The place as one form value, `lon,lat,accuracy,label`; the accuracy may be empty."""
        accuracy = "" if self.accuracy_m is None else f"{self.accuracy_m:.0f}"
        return f"{self.lon:.6f},{self.lat:.6f},{accuracy},{self.label}"

    @classmethod
    def parse(cls, key: str) -> "Choice | None":
        """Return the choice written by `key`, or None when it is not one."""
        lon, _, rest = key.partition(",")
        lat, _, rest = rest.partition(",")
        accuracy, _, label = rest.partition(",")
        try:
            point = LonLat(float(lon), float(lat))
            accuracy_m = accuracy_within_bounds(float(accuracy)) if accuracy else None
        except ValueError:
            return None
        return cls(label, point.lon, point.lat, accuracy_m)


@dataclass(frozen=True, slots=True)
class Found:
    """A point and how it was found; or a sentence for the author, and places to choose among."""

    point: LonLat | None = None
    method: PositionMethod = PositionMethod.ADDRESS
    address: str = ""
    error: str = ""
    choices: Sequence[Choice] = ()


def find_position(actor: Actor, card: TerritoryCard, words: str) -> Found:
    """Return the point that `words` mean on the territory."""
    if not words.strip():
        return Found(error=MISSING)
    return _by_coordinates(words) or _by_name(actor, card, words.strip())


def _by_coordinates(words: str) -> Found | None:
    """Return the point of typed coordinates: of two orders, the one that lies in a commune."""
    points = parse_coordinates(words)
    if not points:
        return None
    known = (point for point in points if locate(request_session(), point).commune)
    return Found(next(known, points[0]), PositionMethod.COORDINATES, words.strip())


def _by_name(actor: Actor, card: TerritoryCard, words: str) -> Found:
    """Return the address, or else the known place, of this name."""
    error = UNKNOWN
    try:
        choices = _addresses(card, words)
    except GeocoderUnavailable:
        choices, error = [], SEARCH_DOWN
    choices = choices or _places(actor, card, words)
    if not choices:
        return Found(error=error)
    if len(choices) > 1 and choices[0].label.casefold() != words.casefold():
        return Found(error=SEVERAL, choices=choices[:MAX_CHOICES])
    best = choices[0]
    if best.accuracy_m is not None:
        return Found(error=ROUGH, choices=[best])
    return Found(LonLat(best.lon, best.lat), PositionMethod.ADDRESS, best.label)


def _addresses(card: TerritoryCard, words: str) -> list[Choice]:
    # The search may be slow: it must not hold a database connection meanwhile.
    close_session()
    found = search_addresses(runtime().settings, words, card.center)
    return [Choice(place.label, place.lon, place.lat) for place in found]


def _places(actor: Actor, card: TerritoryCard, words: str) -> list[Choice]:
    found = search_places(request_session(), actor, card.id, words)
    return [
        Choice(place.label, place.lon, place.lat, place.accuracy_m)
        for place in found
        if place.is_position
    ]
