"""One line of insertion clauses by hand: added, corrected, removed; what was typed is kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qpvmap.core.errors import CannotChange, InvalidSubmission, NotFound
from qpvmap.core.french import local_date
from qpvmap.core.insertion import COUNTS, Clause, mark_of
from qpvmap.core.permissions import Action
from qpvmap.importers.insertion import WORDS, read_typed
from qpvmap.storage.insertion import (
    clause_at,
    clauses_of,
    operation_titles,
)
from qpvmap.storage.insertion_journal import journal_of
from qpvmap.storage.operation_writing import bodies_of
from qpvmap.storage.operations import visible_plan
from qpvmap.usecases.insertion import ReadClause, add_clause, edit_clause, remove_clause
from qpvmap.web.context import served_territory
from qpvmap.web.filters import request_now
from qpvmap.web.insertion import places
from qpvmap.web.insertion_journal import told
from qpvmap.web.insertion_words import typed_clause
from qpvmap.web.security import access, current_actor
from qpvmap.web.sessions import request_session, unit_of_work

KEPT: Mapping[str, str] = {"annee": "year", "commune": "insee_code", "maitre": "body"}
"""What the next line keeps of the one that was just added, by its name in the address."""


@dataclass(frozen=True, slots=True)
class Editing:
    """What the form shows: what was typed, which line, the mark of what was read, what is wrong.

    `meanwhile` is the line as somebody else has just written it.
    """

    typed: Mapping[str, str]
    clause_id: int | None = None
    mark: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    meanwhile: Mapping[str, str] = field(default_factory=dict)


bp = Blueprint("insertion_forms", __name__, url_prefix="/insertion/clauses")

ONE = "/<int(max=9223372036854775807):clause_id>"
HOME = "insertion.index"


@bp.get("/nouvelle")
@access(Action.EDIT_INSERTION)
def new() -> str:
    """Return an empty form, or one for an operation of the plan."""
    kept = {role: request.args.get(name, "") for name, role in KEPT.items()}
    kept["year"] = kept["year"] or str(local_date(request_now()).year)
    return form(Editing({**kept, **of_operation(request.args.get("operation", ""))}))


def of_operation(code: str) -> dict[str, str]:
    """Return what the plan says of an operation, as one would type it."""
    territory_id = served_territory().id
    found = visible_plan(request_session(), current_actor(), territory_id, code) if code else []
    if not found:
        return {}
    near = [near for near in found[0].nearness.values() if near.own and near.distance_m == 0]
    return {
        "site": found[0].title,
        "insee_code": found[0].content.communes[0],
        "body": found[0].content.owner,
        "qpv_code": near[0].qpv_code if near else "",
    }


@bp.post("/nouvelle")
@access(Action.EDIT_INSERTION)
def add() -> ResponseReturnValue:
    """Add the line that the form describes."""
    return saved(None)


@bp.get(f"{ONE}/modifier")
@access(Action.EDIT_INSERTION)
def edit(clause_id: int) -> str:
    """Return a line, to correct it."""
    clause = found(clause_id)
    return form(Editing(typed_clause(clause), clause_id, mark_of(clause)))


@bp.post(f"{ONE}/modifier")
@access(Action.EDIT_INSERTION)
def change(clause_id: int) -> ResponseReturnValue:
    """Write a line as the form describes it."""
    return saved(clause_id)


@bp.post(f"{ONE}/retirer")
@access(Action.EDIT_INSERTION)
def remove(clause_id: int) -> ResponseReturnValue:
    """Remove a line."""
    read = ReadClause(clause_id, request.form.get("vu", ""))
    try:
        with unit_of_work() as session:
            remove_clause(session, current_actor(), served_territory().id, read, request_now())
    except CannotChange as error:
        flash(str(error), "error")
        return redirect(url_for(".edit", clause_id=clause_id), 303)
    flash("Ligne retirée.", "success")
    return redirect(url_for(HOME), 303)


def found(clause_id: int) -> Clause:
    """Return a clause of the territory.

    Raises
    ------
    NotFound
        If it has none of this number.
    """
    clause = clause_at(request_session(), served_territory().id, clause_id)
    if clause is None:
        raise NotFound("Ligne d’insertion", str(clause_id))
    return clause


def saved(clause_id: int | None) -> ResponseReturnValue:
    """Write what the form describes, or show it again with what is wrong."""
    typed = {role: request.form.get(role, "").strip() for role in WORDS}
    sent = Editing(typed, clause_id, request.form.get("vu", ""))
    clause, faults = read_typed(typed, places())
    if clause is None:
        return form(replace(sent, errors=faults)), 422
    try:
        with unit_of_work() as session:
            about = (session, current_actor(), served_territory().id)
            if clause_id is None:
                add_clause(*about, clause, request_now())
            else:
                edit_clause(*about, ReadClause(clause_id, sent.mark), clause, request_now())
    except InvalidSubmission as error:
        return form(replace(sent, errors=error.fields)), 422
    except CannotChange as error:
        now = found(clause_id or 0)
        errors, meanwhile = {"site": str(error)}, typed_clause(now)
        return form(Editing(typed, clause_id, mark_of(now), errors, meanwhile)), 409
    flash("Ligne ajoutée." if clause_id is None else "Ligne enregistrée.", "success")
    if "suivante" in request.form:
        kept = urlencode({name: typed[role] for name, role in KEPT.items()})
        return redirect(f"{url_for('.new')}?{kept}", 303)
    return redirect(url_for(HOME, _anchor="clauses"), 303)


def form(editing: Editing) -> str:
    """Return the page of the form."""
    session, territory_id = request_session(), served_territory().id
    known = clauses_of(session, territory_id)
    sites = {*operation_titles(session, territory_id), *(clause.site for clause in known)}
    bodies = {*bodies_of(session, territory_id), *(clause.body for clause in known)}
    line = editing.clause_id
    journal = journal_of(session, current_actor(), territory_id, line) if line is not None else []
    return render_template(
        "insertion/clause.html",
        editing=editing,
        words=WORDS,
        counts=COUNTS,
        sites=sorted(sites),
        bodies=sorted(bodies),
        **told(journal),
    )
