"""`/coordination/reponses`: the ready-made answers, kept by the coordination and by each lead."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from qpvmap.core.errors import InvalidSubmission, StaleVersion
from qpvmap.core.permissions import Action
from qpvmap.core.replies import (
    EXAMPLE,
    OCCASION_LABELS,
    TEXT_MAX,
    TITLE_MAX,
    VARIABLES,
    Occasion,
    ReplyDraft,
    faults_of,
    fill,
)
from qpvmap.storage.desk import category_names, teams_by_id
from qpvmap.storage.models import ReplyTemplate
from qpvmap.usecases.replies import (
    edits_all,
    find_reply,
    may_edit,
    readable_replies,
    remove_reply,
    save_reply,
)
from qpvmap.web.context import served_territory
from qpvmap.web.filters import request_now
from qpvmap.web.ground import sent_version
from qpvmap.web.security import access, current_actor
from qpvmap.web.sessions import request_session, unit_of_work

bp = Blueprint("replies", __name__, url_prefix="/coordination/reponses")

MAX_ID = 9223372036854775807
ONE = f"/<int(max={MAX_ID}):reply_id>"
FIELDS = ("occasion", "category", "team", "title", "text")
CHANGED_MEANWHILE = (
    "Une autre personne vient de changer cette réponse. "
    "Vérifiez, puis enregistrez de nouveau\u00a0: ce que vous avez saisi est gardé."
)


@dataclass(frozen=True, slots=True)
class Editing:
    """What the form of an answer shows: its values, what was refused of them, how it reads."""

    values: Mapping[str, str]
    reply_id: int | None = None
    version: int = 0
    errors: Mapping[str, str] = field(default_factory=dict)
    preview: str = ""
    editable: bool = True


@dataclass(frozen=True, slots=True)
class Line:
    """An answer of the list, as it reads with invented values."""

    reply: ReplyTemplate
    example: str
    editable: bool


@bp.get("")
@access(Action.EDIT_REPLIES)
def index() -> str:
    """Show the answers by occasion: those of all, and of the reader's teams."""
    actor = current_actor()
    rows = readable_replies(request_session(), actor, served_territory().id)
    lines = [Line(row, fill(row.text, EXAMPLE), may_edit(actor, row)) for row in rows]
    return render_template(
        "replies/index.html",
        groups=[
            (occasion, label, [line for line in lines if line.reply.occasion == occasion])
            for occasion, label in OCCASION_LABELS.items()
        ],
        total=len(lines),
        edits_all=edits_all(actor),
    )


@bp.get("/nouvelle")
@access(Action.EDIT_REPLIES)
def new() -> str:
    """Show an empty form, or one that starts from the answer named by `modele`."""
    source = request.args.get("modele", type=int)
    values = {"occasion": request.args.get("quand", "")}
    if source and 0 < source <= MAX_ID:
        actor, territory_id = current_actor(), served_territory().id
        values = values_of(find_reply(request_session(), actor, territory_id, source))
    return form(Editing(values))


@bp.get(ONE)
@access(Action.EDIT_REPLIES)
def edit(reply_id: int) -> str:
    """Show an answer, to change it; to read it when it is not the reader's to change."""
    actor = current_actor()
    reply = find_reply(request_session(), actor, served_territory().id, reply_id)
    return form(
        Editing(
            values_of(reply),
            reply_id,
            reply.version,
            preview=fill(reply.text, EXAMPLE),
            editable=may_edit(actor, reply),
        )
    )


@bp.post("")
@access(Action.EDIT_REPLIES)
def add() -> ResponseReturnValue:
    """Add the answer that the form describes, or show how it would read."""
    return previewed(None) if "apercu" in request.form else saved(None)


@bp.post(ONE)
@access(Action.EDIT_REPLIES)
def change(reply_id: int) -> ResponseReturnValue:
    """Write an answer anew as the form describes it, or show how it would read."""
    return previewed(reply_id) if "apercu" in request.form else saved(reply_id)


@bp.post(f"{ONE}/retirer")
@access(Action.EDIT_REPLIES)
def remove(reply_id: int) -> ResponseReturnValue:
    """Take an answer off the lists."""
    actor, territory_id, version = (
        current_actor(),
        served_territory().id,
        sent_version(request.form),
    )
    try:
        with unit_of_work() as session:
            remove_reply(session, actor, territory_id, reply_id, version, request_now())
    except StaleVersion:
        reply = find_reply(request_session(), actor, territory_id, reply_id)
        errors = {"title": CHANGED_MEANWHILE}
        return form(Editing(values_of(reply), reply_id, reply.version, errors)), 409
    flash("Réponse retirée. Celles qui sont déjà envoyées restent.", "success")
    return redirect(url_for("replies.index"), 303)


def values_of(reply: ReplyTemplate) -> dict[str, str]:
    """Return an answer as its form shows it."""
    return {
        "occasion": reply.occasion,
        "category": reply.category.code if reply.category else "",
        "team": reply.team.code if reply.team else "",
        "title": reply.title,
        "text": reply.text,
    }


def form(editing: Editing) -> str:
    """Return the form of an answer."""
    session, actor = request_session(), current_actor()
    territory = [served_territory().id]
    mine: list[tuple[str, Any]] = [
        (team.code, f"{team.organisation}\u00a0: {team.name}")
        for key, team in teams_by_id(session, territory).items()
        if edits_all(actor) or key in actor.team_ids
    ]
    every = [("", "Tous les services")] if edits_all(actor) or not editing.editable else []
    return render_template(
        "replies/edit.html",
        editing=editing,
        occasions=[("", "Choisissez"), *OCCASION_LABELS.items()],
        categories=[("", "Toutes"), *category_names(session, territory).items()],
        teams=[*every, *mine],
        variables=VARIABLES,
        title_max=TITLE_MAX,
        text_max=TEXT_MAX,
    )


def previewed(reply_id: int | None) -> ResponseReturnValue:
    """Show how what was typed would read; nothing is kept."""
    sent, version = dict(request.form.items()), sent_version(request.form)
    draft = read_draft(request.form)
    faults = {name: fault for name, fault in faults_of(draft).items() if name == "text"}
    preview = "" if faults else fill(draft.text, EXAMPLE)
    return form(Editing(sent, reply_id, version, faults, preview)), 422 if faults else 200


def saved(reply_id: int | None) -> ResponseReturnValue:
    """Save what the form says; what is refused keeps what was typed."""
    sent, version = dict(request.form.items()), sent_version(request.form)
    try:
        with unit_of_work() as session:
            reply = save_reply(
                session,
                current_actor(),
                served_territory().id,
                read_draft(request.form),
                request_now(),
                reply_id=reply_id,
                version=version,
            )
            title, occasion = reply.title, Occasion(reply.occasion)
    except InvalidSubmission as error:
        return form(Editing(sent, reply_id, version, error.fields)), 422
    except StaleVersion as error:
        errors = {"title": CHANGED_MEANWHILE}
        return form(Editing(sent, reply_id, error.current, errors)), 409
    flash(f"Réponse enregistrée\u00a0: {title}.", "success")
    return redirect(url_for("replies.index", _anchor=str(occasion)), 303)


def read_draft(fields: MultiDict[str, str]) -> ReplyDraft:
    """Return what a form describes; browsers end lines with two characters, we with one."""
    values = {name: fields.get(name, "").replace("\r\n", "\n") for name in FIELDS}
    return ReplyDraft(**values)
