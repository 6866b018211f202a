"""`/parcours/actions`: what the team did with others, or for all."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qpvmap.core.errors import InvalidSubmission, NotFound, StaleVersion
from qpvmap.core.french import local_date
from qpvmap.core.outreach import NOTED_WITHIN, PLACE_MAX, STORY_MAX, TITLE_MAX
from qpvmap.core.permissions import Action
from qpvmap.storage.models import Initiative
from qpvmap.storage.outreach import find_initiative
from qpvmap.storage.presence_words import sectors_of, words_of
from qpvmap.usecases import initiatives as usecases
from qpvmap.usecases.initiatives import may_change_photos
from qpvmap.usecases.presences import team_of
from qpvmap.web.filters import request_now
from qpvmap.web.initiative_photos import shown_photos
from qpvmap.web.offline import kept_offline
from qpvmap.web.outbox_door import accepted
from qpvmap.web.presence_forms import new_uid, read_initiative, read_uid
from qpvmap.web.security import access, current_actor, is_outbox_request
from qpvmap.web.sessions import request_session, unit_of_work
from qpvmap.web.signalement_forms import Refusal

bp = Blueprint("initiatives", __name__, url_prefix="/parcours/actions")

ONE = "/<uuid:initiative_uid>"
RECORD = access(Action.RECORD_PRESENCE)
READ = access(Action.READ_PRESENCE)
CHANGED_MEANWHILE = (
    "Cette action vient de changer, depuis un autre appareil sans doute. "
    "Vérifiez, puis enregistrez de nouveau : ce que vous avez saisi est gardé."
)


@bp.get("/nouvelle")
@RECORD
@kept_offline
def new() -> str:
    """Show the form of an action."""
    return _form(None, None)


@bp.post("")
@RECORD
def create() -> ResponseReturnValue:
    """Note an action."""
    try:
        client_id = read_uid("client_id")
        with unit_of_work() as session:
            found, created = usecases.note_initiative(
                session, current_actor(), read_initiative(client_id), request_now()
            )
    except InvalidSubmission as error:
        if is_outbox_request():
            raise
        return _form(None, Refusal("action", error.fields, _typed())), 422
    href = url_for("initiatives.show", initiative_uid=client_id)
    if is_outbox_request():
        return accepted(client_id, created=created, title=found.title, href=href)
    flash("Action enregistrée. Ajoutez des photos si vous en avez.", "success")
    return redirect(href, 303)


def _typed() -> dict[str, str]:
    return {**request.form.to_dict(), "partner": " ".join(request.form.getlist("partner"))}


def _form(found: Initiative | None, refusal: Refusal | None) -> str:
    session = request_session()
    if found is None:
        territory_id = team_of(session, current_actor()).territory_id
    else:
        territory_id = found.territory_id
    today = local_date(request_now())
    return render_template(
        "presences/action_form.html",
        found=found,
        refusal=refusal,
        value=_values(found, refusal, today.isoformat()),
        words=words_of(session, territory_id),
        sectors=sectors_of(session, territory_id),
        today=today.isoformat(),
        first_day=(today - NOTED_WITHIN).isoformat(),
        limits={"title": TITLE_MAX, "place": PLACE_MAX, "story": STORY_MAX},
    )


def _values(found: Initiative | None, refusal: Refusal | None, today: str) -> dict[str, Any]:
    """Return what the fields hold: what was typed, else what is kept, else nothing."""
    if refusal is not None:
        typed: dict[str, Any] = dict(refusal.typed)
        return {**typed, "partners": typed.get("partner", "").split()}
    if found is None:
        return {"client_id": new_uid(), "day": today, "partners": []}
    return {
        "client_id": str(found.client_id),
        "kind": found.kind.code,
        "title": found.title,
        "day": found.day.isoformat(),
        "sector": found.sector.code if found.sector else "",
        "place": found.place,
        "people": "" if found.people is None else str(found.people),
        "minutes": "" if found.minutes is None else str(found.minutes),
        "organised": "oui" if found.organised else "",
        "story": found.story,
        "version": str(found.version),
        "partners": [word.code for word in found.partners],
    }


@bp.get(ONE)
@READ
def show(initiative_uid: UUID) -> str:
    """Show an action and its photos."""
    found = _found(initiative_uid)
    actor = current_actor()
    return render_template(
        "presences/action.html",
        found=found,
        mine=found.author_id == actor.account_id,
        tools=may_change_photos(actor, found),
        photos=shown_photos(found),
        photo_uid=new_uid(),
    )


def _found(client_id: UUID) -> Initiative:
    found = find_initiative(request_session(), current_actor(), client_id)
    if found is None:
        raise NotFound("Action", str(client_id))
    return found


@bp.get(f"{ONE}/modifier")
@RECORD
def edit(initiative_uid: UUID) -> str:
    """Show the form of an action that is there."""
    return _form(_own(initiative_uid), None)


def _own(client_id: UUID) -> Initiative:
    return usecases.own_initiative(request_session(), current_actor(), client_id)


@bp.post(f"{ONE}/modifier")
@RECORD
def correct(initiative_uid: UUID) -> ResponseReturnValue:
    """Change an action."""
    version = request.form.get("version", "")
    try:
        with unit_of_work() as session:
            usecases.correct_initiative(
                session,
                current_actor(),
                read_initiative(initiative_uid),
                int(version) if version.isascii() and version.isdigit() else 0,
                request_now(),
            )
    except InvalidSubmission as error:
        return _form(_own(initiative_uid), Refusal("action", error.fields, _typed())), 422
    except StaleVersion:
        found = _own(initiative_uid)
        typed = {**_typed(), "version": str(found.version)}
        return _form(found, Refusal("action", {"title": CHANGED_MEANWHILE}, typed)), 409
    flash("Action modifiée.", "success")
    return redirect(url_for("initiatives.show", initiative_uid=initiative_uid), 303)


@bp.post(f"{ONE}/retirer")
@RECORD
def cancel(initiative_uid: UUID) -> ResponseReturnValue:
    """Take an action back."""
    with unit_of_work() as session:
        usecases.cancel_initiative(session, current_actor(), initiative_uid, request_now())
    flash("Action retirée : elle ne compte plus.", "success")
    return redirect(url_for("parcours.index"), 303)
