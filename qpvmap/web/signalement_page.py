"""The doors of one signalement: its page, its moves, and all else that can be done to it."""

from apiflask import APIBlueprint
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qpvmap.core import errors
from qpvmap.core.actors import Actor
from qpvmap.core.permissions import Action
from qpvmap.storage.neighbours import Neighbours
from qpvmap.storage.signalements import find_visible
from qpvmap.storage.walk_records import walk_of_signalement
from qpvmap.usecases.following import filer
from qpvmap.usecases.handling import change_status
from qpvmap.usecases.undoing import undo, version_to_undo
from qpvmap.web.filters import request_now
from qpvmap.web.security import access, act_as, current_actor, public
from qpvmap.web.sessions import close_session, request_session, unit_of_work
from qpvmap.web.signalement_deeds import DEEDS, Sent
from qpvmap.web.signalement_forms import REFUSALS, Refusal, read_move, read_version, refusal_of
from qpvmap.web.signalement_list import done_in_list, found_neighbours
from qpvmap.web.signalement_undo import offer_later, undone_words
from qpvmap.web.signalement_view import back_href, kept_filters, page_of
from qpvmap.web.signalement_words import CLOSE_WITHOUT_WORK, MOVES
from qpvmap.web.throttle import FOLLOWING, Slower, pause
from qpvmap.web.tickets import filed_from_here

# APIFlask asks a blueprint that looks at requests first whether it is part of the API's document.
bp = APIBlueprint("signalement_page", __name__, enable_openapi=False)

TOO_MANY = (
    "Trop d’envois depuis ce navigateur. Votre texte est gardé\u00a0: renvoyez-le dans une heure."
)
KNOWN_DEEDS = ", ".join(f'"{name}"' for name in DEEDS)


@bp.before_request
def let_its_author_in() -> None:
    """Take who filed it from this browser without an account for its author, here alone."""
    reference = (request.view_args or {}).get("reference", "")
    if current_actor().is_anonymous and (filed := filed_from_here()):
        act_as(filer(request_session(), reference, filed) or current_actor())


def slow_down(actor: Actor, reference: str) -> None:
    """Count what is sent without an account about one signalement.

    Raises
    ------
    Slower
        If it is too much in an hour.
    """
    if actor.is_anonymous:
        close_session()  # the count of tries has a transaction of its own
        pause(FOLLOWING, f"filed:{reference}")


def rendered(actor: Actor, reference: str, refusal: Refusal | None = None) -> str:
    """Return the page of a signalement, with what was just refused if anything was.

    Raises
    ------
    NotFound
        If there is none of this reference, or the actor may not know of it.
    """
    signalement = find_visible(request_session(), actor, reference)
    if signalement is None:
        raise errors.NotFound("Signalement", reference)
    page = page_of(actor, signalement)
    if refusal:
        refusal = refusal.in_form([*(str(choice.to) for choice in page["choices"]), *DEEDS])
    walk = walk_of_signalement(request_session(), actor, signalement)
    return render_template("signalements/show.html", **page, refusal=refusal, walk=walk)


@bp.get("/signalements/<reference>")
@public
def show(reference: str) -> str:
    """Return the page of a signalement."""
    return rendered(current_actor(), reference)


@bp.post("/signalements/<reference>")
@access(Action.CONTEST)
def move(reference: str) -> ResponseReturnValue:
    """Change the status, then show the page again; what is refused keeps what was typed."""
    actor = current_actor()
    beside = beside_in_list(actor, reference)
    try:
        slow_down(actor, reference)
        with unit_of_work() as session:
            version, sent = read_version(request.form), read_move(request.form)
            row = change_status(session, actor, reference, sent, version=version, now=request_now())
            moved = version_to_undo(session, row) if beside else None
    except Slower:
        return too_many(actor, reference, request.form.get("to", ""))
    except tuple(REFUSALS) as error:
        return refused(actor, reference, error, request.form.get("to", ""))
    done = (CLOSE_WITHOUT_WORK if sent.outcome else MOVES[sent.to]).done
    answer = on_to_next(actor, reference, done, beside)
    if moved is not None:
        offer_later(reference, moved, kept_filters())
    return answer


@bp.post("/signalements/<reference>/annuler")
@access(Action.HANDLE)
def take_back(reference: str) -> ResponseReturnValue:
    """Take back the reader's last gesture, then show the page; what is too late is said."""
    actor = current_actor()
    try:
        with unit_of_work() as session:
            version = read_version(request.values)
            done = undone_words(undo(session, actor, reference, version, request_now()))
    except (errors.CannotChange, errors.InvalidSubmission, errors.StaleVersion) as error:
        flash(str(error), "warning")
    else:
        flash(done, "success")
    if round_id := request.args.get("tournee", type=int):
        return redirect(url_for("rounds.show", round_id=round_id), 303)
    return back_to(actor, reference)


@bp.post(f"/signalements/<reference>/<any({KNOWN_DEEDS}):name>")
@access(Action.ANSWER)
def do(reference: str, name: str) -> ResponseReturnValue:
    """Do one of `DEEDS`, then show the page again; what is refused keeps what was typed."""
    actor = current_actor()
    beside = beside_in_list(actor, reference) if DEEDS[name].leaves else None
    try:
        slow_down(actor, reference)
        with unit_of_work() as session:
            DEEDS[name].act(Sent(session, actor, reference, request.form, request_now()))
    except Slower:
        return too_many(actor, reference, DEEDS[name].form or name)
    except tuple(REFUSALS) as error:
        return refused(actor, reference, error, DEEDS[name].form or name)
    return on_to_next(actor, reference, DEEDS[name].done, beside)


def beside_in_list(actor: Actor, reference: str) -> Neighbours | None:
    """Return what stands beside it in the reader's list, before it moves out of its place."""
    signalement = find_visible(request_session(), actor, reference)
    return found_neighbours(actor, signalement) if signalement else None


def on_to_next(
    actor: Actor, reference: str, done: str, beside: Neighbours | None
) -> ResponseReturnValue:
    """Say what was done: above the list that the reader came from, else on the page."""
    if beside is None:
        flash(done, "success")
        return back_to(actor, reference)
    flash(done_in_list(done, reference, beside), "success")
    return redirect(back_href(actor), 303)


def refused(
    actor: Actor, reference: str, error: errors.QpvmapError, form: str
) -> ResponseReturnValue:
    """Return the page with what was refused in a form."""
    refusal = refusal_of(error, form, request.form.to_dict())
    return rendered(actor, reference, refusal), REFUSALS[type(error)][0]


def too_many(actor: Actor, reference: str, form: str) -> ResponseReturnValue:
    """Return the page with what was typed, to be sent again later."""
    field = "text" if form in DEEDS else "comment"
    return rendered(actor, reference, Refusal(form, {field: TOO_MANY}, request.form.to_dict())), 429


def back_to(actor: Actor, reference: str) -> ResponseReturnValue:
    """Return to the page or, when it is not the reader's to see any more, to the inbox."""
    if find_visible(request_session(), actor, reference) is None:
        return redirect(back_href(actor), 303)
    here = url_for("signalement_page.show", reference=reference, **kept_filters())
    return redirect(here, 303)
