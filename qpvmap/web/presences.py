"""`/parcours/tournees`: a mediator starts, moves, ends, enters, corrects a round."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qpvmap.core.errors import InvalidSubmission, NotFound, StaleVersion
from qpvmap.core.french import clock, local_date
from qpvmap.core.permissions import Action
from qpvmap.core.presences import CORRECTED_WITHIN, MAX_OTHERS, can_be_corrected
from qpvmap.storage.models import Presence, Team
from qpvmap.storage.presence_words import sectors_of
from qpvmap.storage.presences import changes_of, find_presence
from qpvmap.usecases import presence_corrections as corrections
from qpvmap.usecases import presences as usecases
from qpvmap.usecases.presences import End, Move, Noted, Start, team_of, teams_of
from qpvmap.web.filters import request_now
from qpvmap.web.outbox_door import accepted, phone_clock_off
from qpvmap.web.parcours import company_choices, home
from qpvmap.web.presence_forms import (
    new_uid,
    read_companion,
    read_instant,
    read_others,
    read_uid,
    read_whole,
)
from qpvmap.web.security import access, current_actor, is_outbox_request
from qpvmap.web.sessions import request_session, unit_of_work
from qpvmap.web.signalement_forms import Refusal

bp = Blueprint("presences", __name__, url_prefix="/parcours/tournees")

ROUND = "/<uuid:presence_uid>"
RECORD = access(Action.RECORD_PRESENCE)
READ = access(Action.READ_PRESENCE)
CHANGED_MEANWHILE = (
    "Cette sortie vient de changer, depuis un autre appareil sans doute. "
    "Vérifiez, puis enregistrez de nouveau : ce que vous avez saisi est gardé."
)


@bp.post("/debut")
@RECORD
def start() -> ResponseReturnValue:
    """Begin a round."""
    try:
        client_id = read_uid("client_id")
        with unit_of_work() as session:
            asked = Start(
                client_id,
                request.form.get("sector", ""),
                read_instant(),
                read_companion(),
                read_others(),
                request.form.get("team", ""),
                phone_clock_off(),
            )
            noted = usecases.start_presence(session, current_actor(), asked, request_now())
    except InvalidSubmission as error:
        if is_outbox_request():
            raise
        return home(Refusal("debut", error.fields, request.form.to_dict())), 422
    said = f"Sortie commencée à {clock(noted.presence.started_at)}."
    return _answered(client_id, noted, said)


@bp.post("/secteur")
@RECORD
def move() -> ResponseReturnValue:
    """Note that the walker is in another sector."""
    client_id, presence = read_uid("client_id"), read_uid("presence")
    with unit_of_work() as session:
        sector = request.form.get("sector", "")
        asked = Move(client_id, presence, sector, read_instant(), phone_clock_off())
        noted = usecases.move_presence(session, current_actor(), asked, request_now())
        here = noted.presence.stretches[-1].sector.name
    return _answered(client_id, noted, f"Vous êtes maintenant ici : {here}.")


@bp.post("/fin")
@RECORD
def end() -> ResponseReturnValue:
    """End a round."""
    client_id, presence = read_uid("client_id"), read_uid("presence")
    with unit_of_work() as session:
        asked = End(client_id, presence, read_instant(), phone_clock_off())
        noted = usecases.end_presence(session, current_actor(), asked, request_now())
    ended = noted.presence.ended_at
    said = f"Sortie terminée à {clock(ended)}." if ended else "Sortie terminée."
    return _answered(client_id, noted, said)


def _answered(client_id: UUID, noted: Noted, said: str) -> ResponseReturnValue:
    if is_outbox_request():
        href = url_for("presences.show", presence_uid=noted.presence.client_id)
        return accepted(client_id, created=noted.created, title=said, href=href)
    flash(said, "success")
    return redirect(url_for("parcours.index"), 303)


@bp.get("/saisie")
@RECORD
def new() -> str:
    """Show the form of a round that is over."""
    return _after_form(None)


@bp.post("/saisie")
@RECORD
def create() -> ResponseReturnValue:
    """Enter a round that is over."""
    try:
        client_id = read_uid("client_id")
        with unit_of_work() as session:
            actor, team = current_actor(), request.form.get("team", "")
            corrections.note_presence(session, actor, client_id, read_whole(), request_now(), team)
    except InvalidSubmission as error:
        return _after_form(Refusal("saisie", error.fields, request.form.to_dict())), 422
    flash("Sortie enregistrée.", "success")
    return redirect(url_for("presences.show", presence_uid=client_id), 303)


def _after_form(refusal: Refusal | None) -> str:
    session, actor = request_session(), current_actor()
    team = team_of(session, actor)
    today = local_date(request_now())
    return render_template(
        "presences/new.html",
        refusal=refusal,
        client_id=(refusal.typed.get("client_id") if refusal else None) or new_uid(),
        day=today.isoformat(),
        first_day=(today - CORRECTED_WITHIN).isoformat(),
        **_choices(team.territory_id, teams_of(session, actor)),
    )


def _choices(territory_id: int, teams: Sequence[Team]) -> dict[str, Any]:
    return {
        "sectors": sectors_of(request_session(), territory_id),
        **company_choices(teams),
        "max_others": MAX_OTHERS,
    }


@bp.get(ROUND)
@READ
def show(presence_uid: UUID) -> str:
    """Show a round, the trace of its corrections, and its author the form that corrects it."""
    return _shown(presence_uid, None)


def _shown(presence_uid: UUID, refusal: Refusal | None) -> str:
    session, actor = request_session(), current_actor()
    presence = find_presence(session, actor, presence_uid)
    if presence is None:
        raise NotFound("Sortie", str(presence_uid))
    is_own = presence.walker_id == actor.account_id
    correctable = is_own and _may_still_change(presence)
    choices = _choices(presence.territory_id, [presence.team]) if correctable else {}
    if presence.companion and choices:
        known = (str(presence.companion_id), presence.companion.name)
        choices["companions"] = list(dict.fromkeys([*choices["companions"], known]))
    return render_template(
        "presences/show.html",
        presence=presence,
        changes=changes_of(session, presence.id),
        correctable=correctable,
        along=presence.companion_id == actor.account_id and presence.cancelled_at is None,
        refusal=refusal,
        **choices,
    )


def _may_still_change(presence: Presence) -> bool:
    return presence.cancelled_at is None and can_be_corrected(presence.started_at, request_now())


@bp.post(ROUND)
@RECORD
def correct(presence_uid: UUID) -> ResponseReturnValue:
    """Correct a round."""
    try:
        with unit_of_work() as session:
            corrections.correct_presence(
                session,
                current_actor(),
                presence_uid,
                read_whole(),
                _version(),
                request_now(),
            )
    except InvalidSubmission as error:
        return _shown(presence_uid, _refusal(error.fields)), 422
    except StaleVersion:
        return _shown(presence_uid, _refusal({"day": CHANGED_MEANWHILE})), 409
    flash("Sortie corrigée. Ce qu’elle disait avant est gardé plus bas.", "success")
    return redirect(url_for("presences.show", presence_uid=presence_uid), 303)


def _refusal(fields: Any) -> Refusal:
    return Refusal("corriger", fields, request.form.to_dict())


def _version() -> int:
    text = request.form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


@bp.post(f"{ROUND}/retirer")
@RECORD
def cancel(presence_uid: UUID) -> ResponseReturnValue:
    """Take back a round that was not."""
    try:
        with unit_of_work() as session:
            corrections.cancel_presence(session, current_actor(), presence_uid, request_now())
    except InvalidSubmission as error:
        return _shown(presence_uid, _refusal(error.fields)), 422
    flash("Sortie retirée : elle ne compte plus.", "success")
    return redirect(url_for("parcours.index"), 303)


@bp.post(f"{ROUND}/pas-moi")
@RECORD
def leave(presence_uid: UUID) -> ResponseReturnValue:
    """Say that one did not walk along in a colleague's round."""
    with unit_of_work() as session:
        corrections.leave_presence(session, current_actor(), presence_uid, request_now())
    flash("C’est noté : vous n’étiez pas de cette sortie.", "success")
    return redirect(url_for("parcours.index"), 303)
