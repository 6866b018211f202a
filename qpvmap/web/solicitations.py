"""`/parcours/sollicitations`: noted in two taps, put right or taken back within the day."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qpvmap.core.errors import InvalidSubmission, NotFound
from qpvmap.core.french import local_date, plural
from qpvmap.core.outreach import MAX_TIMES, NOTE_MAX
from qpvmap.core.permissions import Action
from qpvmap.storage.models import Solicitation
from qpvmap.storage.outreach import solicitation_by_client_id, solicitations_since
from qpvmap.storage.presence_words import sectors_of, words_of
from qpvmap.storage.presences import open_presence
from qpvmap.usecases import solicitations as usecases
from qpvmap.usecases.presences import team_of
from qpvmap.web.filters import request_now
from qpvmap.web.offline import kept_offline
from qpvmap.web.outbox_door import accepted
from qpvmap.web.presence_forms import new_uid, read_solicitation, read_uid
from qpvmap.web.presence_period import start_of_day
from qpvmap.web.security import access, current_actor, is_outbox_request
from qpvmap.web.sessions import request_session, unit_of_work
from qpvmap.web.signalement_forms import Refusal

bp = Blueprint("solicitations", __name__, url_prefix="/parcours/sollicitations")

ONE = "/<uuid:solicitation_uid>"
RECORD = access(Action.RECORD_PRESENCE)


@bp.get("")
@RECORD
@kept_offline
def index() -> str:
    """Show the tiles, and what was noted today."""
    return _page(None)


def _page(refusal: Refusal | None) -> str:
    session, actor = request_session(), current_actor()
    team = team_of(session, actor)
    key = actor.account_id or 0
    return render_template(
        "presences/solicit.html",
        refusal=refusal,
        client_id=(refusal.typed.get("client_id") if refusal else None) or new_uid(),
        words=words_of(session, team.territory_id),
        sectors=sectors_of(session, team.territory_id),
        under_way=open_presence(session, key),
        asked=solicitations_since(session, key, start_of_day(local_date(request_now()))),
        max_times=MAX_TIMES,
        note_max=NOTE_MAX,
    )


@bp.post("")
@RECORD
def create() -> ResponseReturnValue:
    """Note what somebody asked for."""
    try:
        client_id = read_uid("client_id")
        with unit_of_work() as session:
            found, created = usecases.note_solicitation(
                session, current_actor(), read_solicitation(client_id), request_now()
            )
    except InvalidSubmission as error:
        if is_outbox_request():
            raise
        return _page(Refusal("noter", error.fields, request.form.to_dict())), 422
    said = f"Noté : {in_words(found)}."
    if is_outbox_request():
        href = url_for("solicitations.show", solicitation_uid=client_id)
        return accepted(client_id, created=created, title=said, href=href)
    flash(said, "success")
    return redirect(url_for("solicitations.index"), 303)


def in_words(found: Solicitation) -> str:
    """Return a solicitation in one breath."""
    answer = f"vers {found.body.name}" if found.body else "répondu"
    times = f" ({plural(found.times, 'personne')})" if found.times > 1 else ""
    return f"{found.public.name}, {found.theme.name}, {answer}{times}"


@bp.get(ONE)
@RECORD
def show(solicitation_uid: UUID) -> str:
    """Show one of one's own, to put it right while that is possible."""
    return _shown(solicitation_uid, None)


def _shown(client_id: UUID, refusal: Refusal | None) -> str:
    session, actor = request_session(), current_actor()
    found = solicitation_by_client_id(session, client_id)
    is_own = found is not None and found.author_id == actor.account_id
    if found is None or not is_own or found.cancelled_at is not None:
        raise NotFound("Sollicitation", str(client_id))
    return render_template(
        "presences/solicitation.html",
        found=found,
        said=in_words(found),
        changeable=usecases.is_of_today(found, request_now()),
        refusal=refusal,
        words=words_of(session, found.territory_id),
        sectors=sectors_of(session, found.territory_id),
        max_times=MAX_TIMES,
        note_max=NOTE_MAX,
    )


@bp.post(ONE)
@RECORD
def correct(solicitation_uid: UUID) -> ResponseReturnValue:
    """Put one right, within the day."""
    try:
        with unit_of_work() as session:
            found = usecases.correct_solicitation(
                session, current_actor(), read_solicitation(solicitation_uid), request_now()
            )
    except InvalidSubmission as error:
        refusal = Refusal("corriger", error.fields, request.form.to_dict())
        return _shown(solicitation_uid, refusal), 422
    flash(f"Corrigé : {in_words(found)}.", "success")
    return redirect(url_for("solicitations.index"), 303)


@bp.post(f"{ONE}/retirer")
@RECORD
def cancel(solicitation_uid: UUID) -> ResponseReturnValue:
    """Take one back, within the day."""
    try:
        with unit_of_work() as session:
            usecases.cancel_solicitation(session, current_actor(), solicitation_uid, request_now())
    except InvalidSubmission as error:
        flash(str(error), "error")
    else:
        flash("Sollicitation retirée : elle ne compte plus.", "success")
    return redirect(url_for("solicitations.index"), 303)
