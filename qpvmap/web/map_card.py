"""`/carte/fiches/...`: the card of one thing of the map, a whole page or the part the map shows."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from qpvmap.core.labels import EMPRISE_KIND_LABELS
from qpvmap.core.permissions import Action, Target, may
from qpvmap.opening import open_at, week_of
from qpvmap.storage.map_cards import KINDS, iris_figures, place_card
from qpvmap.storage.map_figures import CONTRACT, IrisFigure
from qpvmap.storage.profiles import doubts_about
from qpvmap.storage.signalements import find_visible, point_at, stored_location
from qpvmap.usecases.moderation import description_for
from qpvmap.web.context import served_territory
from qpvmap.web.filters import request_now
from qpvmap.web.map_data import figure_words
from qpvmap.web.security import access, current_actor
from qpvmap.web.sessions import request_session

bp = Blueprint("map_card", __name__)

PART = "fiche"
SIGNALEMENT = "signalement"


def figures_of(code: str) -> list[Mapping[str, Any]]:
    """Return the contract's figures of an IRIS with their words."""
    rows = iris_figures(request_session(), code, CONTRACT)
    return [
        {
            **row,
            "words": figure_words(IrisFigure(code, row["value"], row["suppressed"]), row["unit"]),
        }
        for row in rows
    ]


def signalement_card(reference: str) -> Mapping[str, Any] | None:
    """Return a signalement, where it is and its point, if the reader may see it."""
    session = request_session()
    found = find_visible(session, current_actor(), reference)
    if found is None or found.territory_id != served_territory().id:
        return None
    point = point_at(session, found.id)
    return {
        "code": reference,
        "signalement": found,
        "description": description_for(current_actor(), found),
        "location": stored_location(session, found),
        "lon": point.lon,
        "lat": point.lat,
    }


def read_card(kind: str, code: str) -> Mapping[str, Any] | None:
    """Return what a card says, or None when there is no such thing for this reader."""
    if kind == SIGNALEMENT:
        return signalement_card(code)
    card = place_card(request_session(), kind, served_territory().id, code)
    if card is not None and kind == "iris":
        figures = figures_of(code)
        doubts = doubts_about(request_session(), served_territory().id) if figures else ()
        own = [doubt for doubt in doubts if code in doubt.place_codes]
        return {**card, "figures": figures, "doubts": own}
    if card is not None and kind == "equipement":
        hours, now = card["opening_hours"], request_now()
        found = open_at(hours, now)
        return {**card, "opening": found.words if found else "", "week": week_of(hours, now)}
    return card


def ground_words() -> Mapping[str, Any]:
    """Return what the card of a piece of ground says besides its row."""
    target = Target(served_territory().id)
    return {
        "emprise_kinds": EMPRISE_KIND_LABELS,
        "may_edit_ground": may(current_actor(), Action.EDIT_GROUND, target),
    }


@bp.get("/carte/fiches/<kind>/<code>")
@access(Action.VIEW)
def card(kind: str, code: str) -> ResponseReturnValue:
    """Show the card of a place, an operation, an equipment or a signalement."""
    if kind not in (*KINDS, SIGNALEMENT):
        abort(404)
    found = read_card(kind, code)
    if found is None:
        abort(404)
    template = "map/_card.html" if request.args.get("partie") == PART else "map/card.html"
    page = render_template(template, kind=kind, card=found, **ground_words())
    return page, 200, {"Cache-Control": "private, no-cache"}
