"""The whole guide as a phone keeps it: to look in it without network, and to sort it by distance.

The same for everybody: where the phone is, and what is looked for there, stay on it.
"""

from typing import Any

from flask import Blueprint, Response, current_app, request, url_for
from sqlalchemy.orm import Session

from qpvmap.core.french import local_date
from qpvmap.core.guide import Wanted
from qpvmap.core.guide_words import EMPTY
from qpvmap.storage.desk import commune_names
from qpvmap.storage.guide_search import find_offers
from qpvmap.storage.layers import data_version
from qpvmap.web.context import served_territory
from qpvmap.web.filters import phone_link, request_now
from qpvmap.web.guide_view import OfferView, card_views, check_words
from qpvmap.web.map_data import answer
from qpvmap.web.security import public
from qpvmap.web.sessions import request_session

bp = Blueprint("guide_pack", __name__)

JSON = "application/json"
CACHE = "public, no-cache"
KEPT = "qpvmap_guide_packs"


@bp.get("/guide/paquet.json")
@public
def pack() -> Response:
    """Return all the offers; made again only when the guide or the day has changed."""
    session, territory = request_session(), served_territory()
    tag = f"{territory.code}-{local_date(request_now())}-{data_version(session)}"
    had = {tag, f"{tag}-gz"} & request.if_none_match.as_set()
    if had:  # neither laid out nor compressed again
        return Response(status=304, headers={"ETag": f'"{had.pop()}"', "Cache-Control": CACHE})
    kept: dict[int, tuple[str, str]] = current_app.extensions.setdefault(KEPT, {})
    known = kept.get(territory.id)
    if known is None or known[0] != tag:
        known = kept[territory.id] = (tag, contents(session, territory.id))
    return answer(known[1], JSON, CACHE, tag)


def contents(session: Session, territory_id: int) -> str:
    """Return the offers of a territory as JSON."""
    names = commune_names(session, [territory_id])
    cards = find_offers(session, territory_id, Wanted())
    offers = [packed(view) for view in card_views(cards, names, request_now())]
    return current_app.json.dumps({"empty": sorted(EMPTY), "offers": offers})


def packed(view: OfferView) -> dict[str, Any]:
    """Return an offer as the phone keeps it: what its row says, how to reach it, its words."""
    offer, structure = view.offer, view.structure
    checked, doubtful = check_words(structure, request_now())
    return {
        "id": offer.id,
        "href": url_for("guide.show", code=structure.code, _anchor=f"offre-{offer.code}"),
        "title": offer.title,
        "name": structure.name,
        "commune": view.commune,
        "communeCode": structure.insee_code,
        "theme": offer.theme,
        "themeClass": view.theme_class,
        "icon": view.icon,
        "publics": offer.publics,
        "whom": view.publics,
        "when": view.lines,
        "cost": view.cost,
        "costCode": offer.cost,
        "languages": offer.languages,
        "description": offer.description,
        "conditions": offer.conditions,
        "contact": offer.contact,
        "phone": structure.phone,
        "call": phone_link(structure.phone),
        "address": structure.address,
        "place": structure.place,
        "checked": checked,
        "doubtful": doubtful,
        "lon": view.lon,
        "lat": view.lat,
        "words": offer.search_text,
    }
