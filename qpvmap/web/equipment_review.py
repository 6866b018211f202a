"""What only a person can say of equipment: where a place is, whether two are one."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qpvmap.core.errors import InvalidSubmission, OutsideTerritory
from qpvmap.core.geo import LonLat
from qpvmap.core.permissions import Action
from qpvmap.storage.equipment import proposed_pairs
from qpvmap.storage.models import Territory
from qpvmap.storage.unplaced import count_waiting, waiting_places
from qpvmap.usecases.equipment import (
    decide_match,
    drop_waiting,
    look_for_matches,
    place_equipment,
)
from qpvmap.web import map_words
from qpvmap.web.context import served_territory
from qpvmap.web.filters import request_now
from qpvmap.web.operations import BOUNDS, read_degrees
from qpvmap.web.security import access, current_actor
from qpvmap.web.sessions import request_session, unit_of_work

bp = Blueprint("equipment_review", __name__, url_prefix="/equipements")

KEEP = access(Action.EDIT_EQUIPMENT)
MAX_ID = 9223372036854775807
PLACE = f"/a-placer/<int(max={MAX_ID}):place_id>"
MATCH = f"/doublons/<int(max={MAX_ID}):match_id>"
BAD_DEGREES = "Donnez la latitude et la longitude en degrés\u00a0: par exemple 48,78411 et 2,30302."


@bp.get("/a-placer")
@KEEP
def waiting() -> str:
    """Show the places whose address was not found surely enough."""
    asked = request.args.get("lieu", "")
    return waiting_page(place_id=int(asked) if asked.isascii() and asked.isdigit() else 0)


def waiting_page(errors: dict[str, str] | None = None, place_id: int = 0) -> str:
    """Return the page of a place, the surest by default, with what was just refused of it."""
    session, territory = request_session(), served_territory()
    places = waiting_places(session, territory.id)
    first = places[0] if places else None
    return render_template(
        "equipements/waiting.html",
        places=places,
        chosen=next((place for place in places if place.id == place_id), first),
        total=count_waiting(session, territory.id),
        errors=errors or {},
        typed=request.form,
        words=map_words,
        middle=territory.center or LonLat(0.0, 0.0),
    )


@bp.post(PLACE)
@KEEP
def put(place_id: int) -> ResponseReturnValue:
    """Put a place on the map, where its coordinates say."""
    degrees = {
        name: read_degrees(request.form.get(name, ""), most) for name, most in BOUNDS.items()
    }
    lon, lat = degrees["lon"], degrees["lat"]
    if lon is None or lat is None:
        return waiting_page({"lat": BAD_DEGREES}, place_id), 422
    try:
        with unit_of_work() as session:
            territory = session.get_one(Territory, served_territory().id)
            where = LonLat(lon, lat)
            put_there = place_equipment(
                session, current_actor(), territory, place_id, where, request_now()
            )
            name = put_there.name
    except (InvalidSubmission, OutsideTerritory) as error:
        return waiting_page({"lat": str(error)}, place_id), 422
    flash(f"{name}\u00a0: placé.", "success")
    return redirect(url_for("equipment_review.waiting"), 303)


@bp.post(f"{PLACE}/ecarter")
@KEEP
def drop(place_id: int) -> ResponseReturnValue:
    """Leave a place out."""
    with unit_of_work() as session:
        drop_waiting(session, current_actor(), served_territory().id, place_id)
    flash("Lieu écarté. Il reviendra si la liste est importée de nouveau.", "success")
    return redirect(url_for("equipment_review.waiting"), 303)


@bp.get("/doublons")
@KEEP
def matches() -> str:
    """Show the pairs that may be one place."""
    pairs = proposed_pairs(request_session(), served_territory().id)
    return render_template("equipements/matches.html", pairs=pairs)


@bp.post("/doublons")
@KEEP
def look() -> ResponseReturnValue:
    """Look for pairs again."""
    with unit_of_work() as session:
        count = look_for_matches(session, current_actor(), served_territory().id)
    found = (
        f"{count} rapprochement{'s' if count > 1 else ''} de plus." if count else "Rien de neuf."
    )
    flash(found, "success")
    return redirect(url_for("equipment_review.matches"), 303)


@bp.post(f"{MATCH}/un-seul")
@KEEP
def same(match_id: int) -> ResponseReturnValue:
    """Say that two are one place."""
    return decided(match_id, same=True)


@bp.post(f"{MATCH}/deux")
@KEEP
def different(match_id: int) -> ResponseReturnValue:
    """Say that two are two."""
    return decided(match_id, same=False)


def decided(match_id: int, *, same: bool) -> ResponseReturnValue:
    """Keep a decision, and say what it does."""
    actor, territory_id = current_actor(), served_territory().id
    with unit_of_work() as session:
        decide_match(session, actor, territory_id, match_id, same=same, now=request_now())
    flash(
        "Un seul lieu\u00a0: l’autre fiche n’est plus montrée." if same else "Deux lieux.",
        "success",
    )
    return redirect(url_for("equipment_review.matches"), 303)
