"""`/lieux`: places by name, ours first, then addresses; never an error when the search is down."""

from dataclasses import asdict, dataclass

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from qpvmap.core.geo import LonLat
from qpvmap.geocoding import GeocoderUnavailable
from qpvmap.geocoding import search as search_addresses
from qpvmap.storage import gazetteer
from qpvmap.storage.gazetteer import NamedPlace
from qpvmap.web.context import served_territory
from qpvmap.web.runtime import runtime
from qpvmap.web.security import current_actor, public
from qpvmap.web.sessions import close_session, request_session

bp = Blueprint("places", __name__)

ADDRESS_ZOOM = 18
MOST = 8
NOTHING = "Aucun lieu de ce nom. Essayez une rue et sa ville, ou une référence."
NO_ADDRESSES = "La recherche d’adresses ne répond pas : seuls les lieux du quartier sont proposés."
NOT_FOUND_HERE = "La recherche d’adresses ne répond pas, et aucun lieu du quartier ne porte ce nom."


def addresses(words: str, near: LonLat | None) -> list[NamedPlace]:
    """Return the addresses that `words` may mean.

    Raises
    ------
    GeocoderUnavailable
        If the address search gives no usable answer.
    """
    found = search_addresses(runtime().settings, words, near)
    return [
        NamedPlace("adresse", "", place.label, place.detail, place.lon, place.lat, ADDRESS_ZOOM)
        for place in found
    ]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found; `trouble` says that addresses cannot be had, `note` also that all fails."""

    found: list[NamedPlace]
    note: str
    trouble: str


def find(words: str, near: LonLat | None) -> Answer:
    """Return places and addresses of this name, and a sentence when something is to be said."""
    card, actor = served_territory(), current_actor()
    found = gazetteer.search(request_session(), actor, card.id, words)
    # The address search may be slow: it must not hold a database connection meanwhile.
    close_session()
    trouble = ""
    if len(found) < MOST and not any(place.kind == "signalement" for place in found):
        try:
            found += addresses(words, near or card.center)[: MOST - len(found)]
        except GeocoderUnavailable:
            trouble = NO_ADDRESSES if found else NOT_FOUND_HERE
    is_in_vain = not found and len(words) >= gazetteer.SHORTEST
    return Answer(found, trouble or (NOTHING if is_in_vain else ""), trouble)


def near_point() -> LonLat | None:
    """Return the middle of the reader's map, when the address gives it."""
    try:
        return LonLat(float(request.args["lon"]), float(request.args["lat"]))
    except (KeyError, ValueError):
        return None


@bp.get("/lieux")
@public
def places() -> ResponseReturnValue:
    """Return what `q` may name, best first, with its point and the zoom that shows it."""
    said = find(request.args.get("q", "").strip(), near_point())
    results = [
        {**asdict(place), "is_position": place.is_position, "accuracy_m": place.accuracy_m}
        for place in said.found
    ]
    answer = jsonify(results=results, note=said.note, trouble=said.trouble)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
