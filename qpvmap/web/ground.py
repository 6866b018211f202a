"""For the coordination: who keeps which piece of ground, the rules, and what was decided."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from qpvmap.core.errors import InvalidSubmission, NotFound, StaleVersion
from qpvmap.core.ground import write_outline
from qpvmap.core.labels import EMPRISE_KIND_LABELS
from qpvmap.core.permissions import Action
from qpvmap.storage.ground import (
    bodies_of,
    emprise_by_code,
    emprises_of,
    outline_of,
    rules_of,
    with_communes,
)
from qpvmap.storage.import_places import commune_names
from qpvmap.storage.models import Emprise
from qpvmap.storage.precedents import precedents_of
from qpvmap.usecases.arbitration import rule_from_precedent
from qpvmap.usecases.ground import Drawing, remove_emprise, save_emprise
from qpvmap.web.context import served_territory
from qpvmap.web.filters import request_now
from qpvmap.web.security import access, current_actor
from qpvmap.web.sessions import request_session, unit_of_work

bp = Blueprint("ground", __name__, url_prefix="/coordination")

CHANGED_MEANWHILE = (
    "Une autre personne vient de corriger ce terrain. "
    "Vérifiez, puis enregistrez de nouveau\u00a0: ce que vous avez saisi est gardé."
)
FIELDS = ("name", "kind", "body", "source", "confidence", "outline")


@dataclass(frozen=True, slots=True)
class Editing:
    """What the form of a piece of ground shows: its values, and what was refused of them."""

    values: Mapping[str, str]
    code: str | None = None
    version: int = 0
    errors: Mapping[str, str] | None = None


@bp.get("/emprises")
@access(Action.EDIT_GROUND)
def index() -> str:
    """Show every piece of ground, by body, beside the map."""
    return render_template(
        "ground/index.html",
        emprises=emprises_of(request_session(), served_territory().id),
        kinds=EMPRISE_KIND_LABELS,
        center=served_territory().center,
    )


@bp.get("/emprises/nouvelle")
@access(Action.EDIT_GROUND)
def new() -> str:
    """Show an empty form and a map to draw on."""
    return form(Editing({}))


@bp.get("/emprises/<code>")
@access(Action.EDIT_GROUND)
def edit(code: str) -> str:
    """Show a piece of ground, to correct it."""
    emprise = found(code)
    return form(Editing(values_of(emprise), code, emprise.version))


@bp.post("/emprises")
@access(Action.EDIT_GROUND)
def add() -> ResponseReturnValue:
    """Add the piece of ground that the form describes."""
    return saved(None)


@bp.post("/emprises/<code>")
@access(Action.EDIT_GROUND)
def change(code: str) -> ResponseReturnValue:
    """Write a piece of ground anew as the form describes it."""
    return saved(code)


@bp.post("/emprises/<code>/retirer")
@access(Action.EDIT_GROUND)
def remove(code: str) -> ResponseReturnValue:
    """Take a piece of ground off the map."""
    version = sent_version(request.form)
    try:
        with unit_of_work() as session:
            remove_emprise(
                session, current_actor(), served_territory().id, code, version, request_now()
            )
    except StaleVersion:
        emprise = found(code)
        errors = {"name": CHANGED_MEANWHILE}
        return form(Editing(values_of(emprise), code, emprise.version, errors)), 409
    flash("Terrain retiré de la carte. Les signalements qui le nomment le gardent.", "success")
    return redirect(url_for("ground.index"), 303)


@bp.get("/regles")
@access(Action.EDIT_GROUND)
def rules() -> str:
    """Show the rules of competence and the decisions that may become one."""
    session, territory_id = request_session(), served_territory().id
    return render_template(
        "ground/rules.html",
        rules=with_communes(rules_of(session, territory_id), commune_names(session)),
        precedents=precedents_of(session, territory_id),
    )


@bp.post("/precedents/<int(max=9223372036854775807):precedent_id>/regle")
@access(Action.EDIT_GROUND)
def make_rule(precedent_id: int) -> ResponseReturnValue:
    """Make a decision a rule."""
    with unit_of_work() as session:
        rule_from_precedent(session, current_actor(), precedent_id, request_now())
    flash("C’est une règle\u00a0: les prochains signalements de ce lieu la suivront.", "success")
    return redirect(url_for("ground.rules"), 303)


def found(code: str) -> Emprise:
    """Return a piece of ground of the territory.

    Raises
    ------
    NotFound
        If there is none of this code, or it was removed.
    """
    emprise = emprise_by_code(request_session(), served_territory().id, code)
    if emprise is None:
        raise NotFound("Terrain", code)
    return emprise


def values_of(emprise: Emprise) -> dict[str, str]:
    """Return a piece of ground as its form shows it."""
    return {
        "name": emprise.name,
        "kind": emprise.kind,
        "body": emprise.organisation.code,
        "source": emprise.source,
        "confidence": f"{emprise.confidence * 100:g}",
        "outline": write_outline(outline_of(request_session(), emprise)),
    }


def form(editing: Editing) -> str:
    """Return the form of a piece of ground."""
    bodies = bodies_of(request_session(), served_territory().id)
    choices: list[tuple[str, Any]] = [(body.code, body.name) for body in bodies]
    return render_template(
        "ground/edit.html",
        editing=editing,
        bodies=[("", "Choisissez"), *choices],
        kinds=[("", "Choisissez"), *EMPRISE_KIND_LABELS.items()],
        center=served_territory().center,
    )


def saved(code: str | None) -> ResponseReturnValue:
    """Save what the form says; what is refused keeps what was typed."""
    sent, version = dict(request.form.items()), sent_version(request.form)
    try:
        with unit_of_work() as session:
            emprise = save_emprise(
                session,
                current_actor(),
                served_territory().id,
                read_drawing(request.form),
                request_now(),
                code=code,
                version=version,
            )
            name = emprise.name
    except InvalidSubmission as error:
        return form(Editing(sent, code, version, error.fields)), 422
    except StaleVersion as error:
        return form(Editing(sent, code, error.current, {"name": CHANGED_MEANWHILE})), 409
    flash(f"Terrain enregistré\u00a0: {name}.", "success")
    return redirect(url_for("ground.index"), 303)


def read_drawing(fields: MultiDict[str, str]) -> Drawing:
    """Return what a form describes; a confidence that is no number is none."""
    values = {name: fields.get(name, "") for name in FIELDS if name != "confidence"}
    try:
        confidence = float(fields.get("confidence", "").replace(",", ".")) / 100
    except ValueError:
        confidence = None
    return Drawing(**values, confidence=confidence)


def sent_version(fields: MultiDict[str, str]) -> int:
    """Return the version that a form was made from; 0, which none has, when it says none."""
    text = fields.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 15 else 0
