"""The investment plan: its list, and the card of each operation, which a planner may move."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import isfinite

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from qpvmap.core.errors import InvalidSubmission, NotFound, OutsideTerritory, StaleVersion
from qpvmap.core.geo import LonLat
from qpvmap.core.permissions import Action, Target, may
from qpvmap.core.signalements import FIELD_MESSAGES
from qpvmap.storage.models import Territory
from qpvmap.storage.operations import PlannedOperation, investment_plan
from qpvmap.usecases.operations import NewPlace, move_operation
from qpvmap.web import map_words
from qpvmap.web.context import served_territory
from qpvmap.web.filters import request_now
from qpvmap.web.security import access, current_actor, public
from qpvmap.web.sessions import request_session, unit_of_work

bp = Blueprint("operations", __name__)

CLOSE_M = 300
BOUNDS = {"lon": 180, "lat": 90}
MOVED_MEANWHILE = (
    "Une autre personne vient de déplacer cette opération. "
    "Vérifiez le repère, puis enregistrez de nouveau\u00a0: vos coordonnées sont gardées."
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a place was not kept, and what was typed."""

    errors: Mapping[str, str]
    lon: str
    lat: str


def figures(plan: Sequence[PlannedOperation]) -> tuple[tuple[int, str], ...]:
    """Return the few numbers at the head of the plan, with their words."""
    inside = sum(item.distance_m == 0 for item in plan)
    close = sum(item.distance_m is not None and 0 < item.distance_m <= CLOSE_M for item in plan)
    approximate = sum(item.is_approximate for item in plan)
    doubt = ", lieux approximatifs compris" if approximate else ""
    return (
        (len(plan), "opérations"),
        (inside, f"dans le quartier{doubt}"),
        (close, f"à moins de {CLOSE_M}\u00a0m{doubt}"),
        (approximate, "à placer exactement"),
    )


@bp.get("/operations")
@public
def index() -> str:
    """Return the plan, commune by commune, beside its map."""
    plan = investment_plan(request_session(), served_territory().id)
    return render_template(
        "operations/index.html",
        communes=[(name, list(items)) for name, items in groupby(plan, lambda i: i.commune)],
        figures=figures(plan),
        plan=plan,
        words=map_words,
    )


@bp.get("/operations/<code>")
@public
def show(code: str) -> str:
    """Return the card of an operation."""
    return rendered(code)


def rendered(code: str, refusal: Refusal | None = None) -> str:
    """Return the card of an operation, with the place that was just refused if any.

    Raises
    ------
    NotFound
        If the plan has no such operation.
    """
    territory_id = served_territory().id
    found = investment_plan(request_session(), territory_id, code)
    if not found:
        raise NotFound("Opération", code)
    return render_template(
        "operations/show.html",
        operation=found[0],
        may_move=may(current_actor(), Action.EDIT_OPERATION, Target(territory_id)),
        refusal=refusal,
        words=map_words,
    )


@bp.post("/operations/<code>")
@access(Action.EDIT_OPERATION)
def move(code: str) -> ResponseReturnValue:
    """Put the operation where the form says; what is refused keeps what was typed."""
    try:
        with unit_of_work() as session:
            territory = session.get_one(Territory, served_territory().id)
            place = read_place(code, request.form)
            move_operation(session, current_actor(), territory, place, request_now())
    except InvalidSubmission as error:
        return rendered(code, refused(error.fields)), 422
    except OutsideTerritory as error:
        return rendered(code, refused({"lat": str(error)})), 422
    except StaleVersion:
        return rendered(code, refused({"lat": MOVED_MEANWHILE})), 409
    flash("Lieu enregistré\u00a0: il est maintenant exact.", "success")
    return redirect(url_for("operations.show", code=code), 303)


def refused(errors: Mapping[str, str]) -> Refusal:
    """Return a refusal that keeps what this request's form holds."""
    return Refusal(errors, request.form.get("lon", ""), request.form.get("lat", ""))


def read_place(code: str, form: MultiDict[str, str]) -> NewPlace:
    """Return the place in a form; a decimal comma is understood.

    Raises
    ------
    InvalidSubmission
        With a French message for each coordinate that cannot be read.
    """
    degrees = {name: read_degrees(form.get(name, ""), most) for name, most in BOUNDS.items()}
    faults = {name: FIELD_MESSAGES[name] for name, value in degrees.items() if value is None}
    version = form.get("version", "")
    if faults or not version.isascii() or not version.isdigit():
        raise InvalidSubmission(faults or {"lat": "Rechargez la page, puis recommencez."})
    return NewPlace(code, LonLat(degrees["lon"] or 0.0, degrees["lat"] or 0.0), int(version))


def read_degrees(text: str, most: int) -> float | None:
    """Return a number of degrees between `-most` and `most`, else None."""
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return value if isfinite(value) and abs(value) <= most else None
