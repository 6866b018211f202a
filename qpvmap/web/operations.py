"""The investment plan: its list, and the card of each operation, which a planner may move."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import isfinite

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from qpvmap.core.documents import KINDS
from qpvmap.core.errors import InvalidSubmission, NotFound, OutsideTerritory, StaleVersion
from qpvmap.core.french import percent
from qpvmap.core.geo import LonLat
from qpvmap.core.insertion import COUNTS
from qpvmap.core.money import short
from qpvmap.core.operation_figures import bars, plan_years, totals
from qpvmap.core.operations import (
    BANDS,
    DOUBTS,
    FIELDS,
    GENERATIONS,
    MISSING,
    PlannedOperation,
    missing,
    typed_place,
)
from qpvmap.core.permissions import Action
from qpvmap.core.signalements import FIELD_MESSAGES
from qpvmap.geocoding import GeocoderUnavailable, search
from qpvmap.storage.insertion import clauses_of_site
from qpvmap.storage.models import Territory
from qpvmap.storage.operation_files import documents_of, journal_of
from qpvmap.storage.operations import visible_plan
from qpvmap.usecases.operations import NewPlace, move_operation
from qpvmap.web import map_words
from qpvmap.web.context import served_territory
from qpvmap.web.filters import request_now
from qpvmap.web.operation_frame import frame, sees_everything, shared, today
from qpvmap.web.runtime import runtime
from qpvmap.web.security import access, current_actor, public
from qpvmap.web.sessions import close_session, request_session, unit_of_work

bp = Blueprint("operations", __name__)

BOUNDS = {"lon": 180, "lat": 90}
MOVED_MEANWHILE = (
    "Une autre personne vient de modifier cette opération. "
    "Vérifiez le repère, puis enregistrez de nouveau\u00a0: vos coordonnées sont gardées."
)
ORIGINS = {
    "form": "formulaire",
    "move": "déplacement",
    "bulk": "modification groupée",
    "import": "classeur",
    "document": "document",
}
NO_ADDRESS = "Aucune adresse de ce nom dans le territoire. Ajoutez la rue et la ville."
NO_SEARCH = "La recherche d’adresses ne répond pas. Donnez les coordonnées, ou réessayez plus tard."


@dataclass(frozen=True, slots=True)
class Placing:
    """A place that is proposed and not kept yet: why not, what was typed, what was found."""

    errors: Mapping[str, str]
    lon: str
    lat: str
    address: str = ""
    found: str = ""


def figures(plan: Sequence[PlannedOperation]) -> tuple[tuple[str, str], ...]:
    """Return the few numbers at the head of the plan, with their words."""
    sums = totals(plan)
    inside = sum(item.distance_m == 0 for item in plan)
    approximate = sum(item.is_approximate for item in plan)
    doubt = ", lieux approximatifs compris" if approximate else ""
    costed = f"pour {sums.costed} opération{'s' if sums.costed > 1 else ''} au coût connu"
    agreed = f"déjà acquis, soit {short(sums.agreed_of_costed)}"
    return (
        (str(sums.count), "opérations" if sums.count > 1 else "opération"),
        (str(inside), f"dans le quartier{doubt}"),
        (short(sums.cost), costed) if sums.costed else ("–", "coûts non précisés"),
        (percent(sums.share), agreed) if sums.share is not None else ("–", "part acquise inconnue"),
    )


@bp.get("/operations")
@public
def index() -> str:
    """Return the plan, commune by commune, beside its map."""
    found = frame()
    groups = [(name, list(items)) for name, items in groupby(found.rows, lambda i: i.commune)]
    if found.wanted.sort != "commune":
        groups = [("", list(found.rows))] if found.rows else []
    return render_template(
        "operations/index.html",
        groups=[(name, items, totals(items)) for name, items in groups],
        figures=figures(found.rows),
        missing={item.code: missing(item, found.today) for item in found.rows},
        **shared(found),
    )


@bp.get("/operations/<code>")
@public
def show(code: str) -> str:
    """Return the card of an operation."""
    return rendered(code)


def rendered(
    code: str, placing: Placing | None = None, document_errors: Mapping[str, str] | None = None
) -> str:
    """Return the card of an operation, with the place that is proposed or was refused, if any.

    Raises
    ------
    NotFound
        If the plan has no such operation.
    """
    territory = served_territory()
    session, actor = request_session(), current_actor()
    found = visible_plan(session, actor, territory.id, code)
    if not found:
        raise NotFound("Opération", code)
    return render_template(
        "operations/show.html",
        operation=found[0],
        bars=bars(found[0]),
        sums=totals(found),
        missing=missing(found[0], today()),
        documents=documents_of(session, actor, territory.id, code),
        journal=journal_of(session, actor, territory.id, code),
        placing=placing,
        document_errors=document_errors,
        clauses=clauses_of_site(session, territory.id, found[0].title),
        clause_counts=COUNTS,
        origins=ORIGINS,
        field_words={**FIELDS, "documents": "Documents", "removed": "Au plan"},
        center=territory.center,
        today=today(),
        years=plan_years(),
        document_kinds=KINDS,
        words=map_words,
        may_edit=sees_everything(),
        bands=BANDS,
        generations=GENERATIONS,
        odd=DOUBTS,
        missing_words={key: said for key, (said, _) in MISSING.items()},
    )


@bp.post("/operations/<code>")
@access(Action.EDIT_OPERATION)
def move(code: str) -> ResponseReturnValue:
    """Put the operation where the form says; what is refused keeps what was typed."""
    if "chercher" in request.form:
        return look_up(code)
    try:
        with unit_of_work() as session:
            territory = session.get_one(Territory, served_territory().id)
            place = read_place(code, request.form)
            move_operation(session, current_actor(), territory, place, request_now())
    except InvalidSubmission as error:
        return rendered(code, placing(error.fields)), 422
    except OutsideTerritory as error:
        return rendered(code, placing({"lat": str(error)})), 422
    except StaleVersion:
        return rendered(code, placing({"lat": MOVED_MEANWHILE})), 409
    exact = place.quality == "exact"
    flash(
        f"Lieu enregistré\u00a0: il est maintenant {'exact' if exact else 'à l’adresse'}.",
        "success",
    )
    return redirect(url_for("operations.show", code=code), 303)


def look_up(code: str) -> ResponseReturnValue:
    """Propose the place of the address typed; nothing is kept until it is saved."""
    words = request.form.get("address", "").strip()
    near = served_territory().center
    close_session()  # the address search may be slow
    try:
        found = search(runtime().settings, words, near)
    except GeocoderUnavailable:
        return rendered(code, placing({"address": NO_SEARCH})), 503
    if not found:
        return rendered(code, placing({"address": NO_ADDRESS})), 422
    first = found[0]
    return rendered(
        code,
        Placing(
            {},
            typed_place(first.lon),
            typed_place(first.lat),
            words,
            f"{first.label}, {first.detail}",
        ),
    )


def placing(errors: Mapping[str, str]) -> Placing:
    """Return a refusal that keeps what this request's form holds."""
    form = request.form
    return Placing(errors, form.get("lon", ""), form.get("lat", ""), form.get("address", ""))


def read_place(code: str, form: MultiDict[str, str]) -> NewPlace:
    """Return the place in a form; a decimal comma is understood.

    One that is still where the address was found is known to the address, else it is exact.

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
    point = LonLat(degrees["lon"] or 0.0, degrees["lat"] or 0.0)
    at_address = form.get("found") == f"{form.get('lat')},{form.get('lon')}"
    address = form.get("address", "").strip()[:250]
    if at_address:
        return NewPlace(code, point, int(version), "address", address)
    return NewPlace(code, point, int(version))


def read_degrees(text: str, most: int) -> float | None:
    """Return a number of degrees between `-most` and `most`, else None."""
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return value if isfinite(value) and abs(value) <= most else None
