"""What a walker says at a stop, in two taps: done, or not possible and why."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from qpvmap.core.errors import InvalidSubmission, QpvmapError
from qpvmap.core.rounds import REASONS, StopState
from qpvmap.storage.models import RoundStop
from qpvmap.storage.rounds import find_round, stops_of
from qpvmap.usecases.round_stops import AtStop, block_stop, complete_stop
from qpvmap.web.filters import request_now
from qpvmap.web.round_view import missed_steps
from qpvmap.web.rounds import LEAD, STOP, rendered
from qpvmap.web.security import current_actor
from qpvmap.web.sessions import request_session, unit_of_work
from qpvmap.web.signalement_forms import (
    COMMENT_MAX,
    REFUSALS,
    read_version,
    refusal_of,
    short_enough,
)
from qpvmap.web.signalement_undo import offer_later

bp = Blueprint("round_stops", __name__, url_prefix="/tournees")

DONE = "fait"
BLOCKED = "pas-possible"


@bp.get(STOP)
@LEAD
def show(round_id: int, stop_id: int) -> ResponseReturnValue:
    """Show the round with this stop open."""
    return redirect(url_for("rounds.show", round_id=round_id, arret=stop_id), 303)


@bp.post(f"{STOP}/{DONE}")
@LEAD
def complete(round_id: int, stop_id: int) -> ResponseReturnValue:
    """Say that the work is done."""

    def act(session: Session) -> tuple[str, RoundStop]:
        comment = short_enough(request.form, "comment", COMMENT_MAX)
        at = AtStop(round_id, stop_id, read_version(request.form))
        return "Fait.", complete_stop(session, current_actor(), at, comment, request_now())

    return settled(round_id, stop_id, DONE, act)


@bp.post(f"{STOP}/{BLOCKED}")
@LEAD
def block(round_id: int, stop_id: int) -> ResponseReturnValue:
    """Say why it was not possible; a reason sent without words has its own."""

    def act(session: Session) -> tuple[str, RoundStop]:
        reason = request.form.get("reason", "")
        comment = short_enough(request.form, "comment", COMMENT_MAX)
        if not comment and reason in REASONS:
            comment = REASONS[reason].text
        at = AtStop(round_id, stop_id, read_version(request.form))
        stop = block_stop(session, current_actor(), at, reason, comment, request_now())
        return f"Noté. {REASONS[reason].then}", stop

    return settled(round_id, stop_id, BLOCKED, act)


def settled(
    round_id: int, stop_id: int, form: str, act: Callable[[Session], tuple[str, RoundStop]]
) -> ResponseReturnValue:
    """Do it and go to the next stop; what is refused keeps what was typed."""
    try:
        with unit_of_work() as session:
            said, stop = act(session)
            moved = made_by(stop)
    except tuple(REFUSALS) as error:
        return refused(round_id, stop_id, form, error), REFUSALS[type(error)][0]
    flash(f"{said} {next_words(round_id)}", "success")
    if moved:
        offer_later(*moved, {"tournee": round_id})
    return redirect(url_for("rounds.show", round_id=round_id), 303)


def made_by(stop: RoundStop) -> tuple[str, int] | None:
    """Return the report that was moved at a stop and its version, when it can be taken back."""
    not_ours = stop.reason in REASONS and REASONS[stop.reason].not_ours
    if stop.state == StopState.POSTPONED or not_ours:
        return None
    return stop.signalement.reference, stop.signalement.version


def refused(round_id: int, stop_id: int, form: str, error: QpvmapError) -> str:
    """Return the page with this stop open, what was typed, and what others did meanwhile."""
    stop = stop_named(round_id, stop_id)
    said = refusal_of(error, form, request.form.to_dict())
    missed = []
    if stop and said.missed_after is not None:
        missed = missed_steps(stop, said.missed_after)
    if isinstance(error, InvalidSubmission) and set(error.fields) - {"reason"}:
        said = refusal_of(InvalidSubmission({"comment": str(error)}), form, request.form.to_dict())
    return rendered(round_id, said, open_stop=stop_id, missed=missed)


def stop_named(round_id: int, stop_id: int) -> str | None:
    """Return the reference of the report at a stop, for those who handle it."""
    stops = stops_of(request_session(), current_actor(), round_id)
    return next((stop.reference for stop in stops if stop.id == stop_id), None)


def next_words(round_id: int) -> str:
    """Return what comes next, in words."""
    session, actor = request_session(), current_actor()
    if find_round(session, actor, round_id) is None:
        return ""
    left = [stop for stop in stops_of(session, actor, round_id) if stop.is_left]
    if not left:
        return "C’était le dernier arrêt."
    return f"Arrêt suivant\u00a0: le {left[0].position}."
