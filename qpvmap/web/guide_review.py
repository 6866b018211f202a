"""`/guide/verifier/<link>`: a structure reads what the guide says of it, confirms or corrects."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qpvmap.core.errors import CannotChange, InvalidSubmission, NotFound
from qpvmap.core.guide import COSTS, PUBLICS, THEMES
from qpvmap.guide_links import Reviewing, guide_links
from qpvmap.storage.guide import has_waiting
from qpvmap.storage.models import GuideStructure
from qpvmap.usecases.guide import offer_values, structure_values
from qpvmap.usecases.guide_review import (
    GONE_FIELD,
    OWN_FIELDS,
    Correction,
    confirm,
    opened,
    propose,
)
from qpvmap.web.filters import request_now
from qpvmap.web.follow import DISCREET
from qpvmap.web.guide_forms import read_offer
from qpvmap.web.runtime import runtime
from qpvmap.web.security import public
from qpvmap.web.sessions import close_session, request_session, unit_of_work
from qpvmap.web.throttle import FOLLOWING, Slower, pause

bp = Blueprint("guide_review", __name__, url_prefix="/guide/verifier")

TOO_MANY = "Trop d’envois par ce lien. Votre texte est gardé\u00a0: renvoyez-le dans une heure."
CONFIRMED, SENT = "confirme", "envoye"


class DeadLink(Exception):
    """The link opens nothing any more."""


@bp.after_request
def be_discreet(response: Response) -> Response:
    """Keep the address of the page to its reader."""
    response.headers.update(DISCREET)
    return response


@bp.errorhandler(DeadLink)
@bp.errorhandler(NotFound)
def dead(_: Exception) -> ResponseReturnValue:
    """Say in plain words that a link opens nothing, and what to do instead."""
    return render_template("guide/review_dead.html"), 410


def reviewing(token: str) -> Reviewing:
    """Return what a link opens.

    Raises
    ------
    DeadLink
        If it opens nothing.
    """
    read = guide_links(runtime().settings).reviewing(token)
    if read is None:
        raise DeadLink
    return read


@bp.get("/<token>")
@public
def show(token: str) -> str:
    """Show a structure its own page, to confirm or to correct."""
    link = reviewing(token)
    structure = opened(request_session(), link.structure_id, link.email)
    if request.args.get("fait") in (CONFIRMED, SENT):
        sent = request.args["fait"] == SENT
        return render_template("guide/review_done.html", structure=structure, sent=sent)
    return rendered(token, structure)


def rendered(
    token: str,
    structure: GuideStructure,
    typed: Mapping[str, Any] | None = None,
    errors: Mapping[str, str] | None = None,
) -> str:
    """Return the page, with what was typed and refused if anything was."""
    return render_template(
        "guide/review.html",
        token=token,
        structure=structure,
        values=typed or page_values(structure),
        errors=errors or {},
        waiting=has_waiting(request_session(), structure.id),
        themes=THEMES.items(),
        publics=PUBLICS.items(),
        costs=COSTS.items(),
    )


def page_values(structure: GuideStructure) -> dict[str, Any]:
    """Return what the page says, under the names of the form."""
    values = structure_values(structure)
    for offer in structure.offers:
        values |= {f"{offer.id}-{name}": value for name, value in offer_values(offer).items()}
    return values


def typed_values(structure: GuideStructure) -> dict[str, Any]:
    """Return what was typed, under the same names."""
    lists = {
        f"{offer.id}-publics": request.form.getlist(f"{offer.id}-publics")
        for offer in structure.offers
    }
    return {**request.form.to_dict(), **lists}


@bp.post("/<token>/confirmer")
@public
def say_right(token: str) -> ResponseReturnValue:
    """Note that all is right."""
    link = reviewing(token)
    with unit_of_work() as session:
        confirm(session, link.structure_id, link.email, request_now())
    return redirect(url_for("guide_review.show", token=token, fait=CONFIRMED), 303)


@bp.post("/<token>")
@public
def correct(token: str) -> ResponseReturnValue:
    """Keep what the structure corrects, until somebody decides."""
    link = reviewing(token)
    structure = opened(request_session(), link.structure_id, link.email)
    typed, sent = typed_values(structure), read_correction(structure)
    close_session()  # the count of tries has a transaction of its own
    try:
        pause(FOLLOWING, f"guide {link.structure_id}")
        with unit_of_work() as session:
            proposal = propose(session, link.structure_id, link.email, sent, request_now())
    except InvalidSubmission as error:
        return again(token, link, typed, error.fields), 422
    except CannotChange as error:
        return again(token, link, typed, {"note": str(error)}), 409
    except Slower:
        return again(token, link, typed, {"note": TOO_MANY}), 429
    outcome = SENT if proposal else CONFIRMED
    return redirect(url_for("guide_review.show", token=token, fait=outcome), 303)


def again(token: str, link: Reviewing, typed: Mapping[str, Any], errors: Mapping[str, str]) -> str:
    """Return the page with what was typed and why it was refused."""
    structure = opened(request_session(), link.structure_id, link.email)
    return rendered(token, structure, typed, errors)


def read_correction(structure: GuideStructure) -> Correction:
    """Return what the form says of the structure and of each of its offers."""
    form = request.form
    own = {name: " ".join(form.get(name, "").split()) for name in OWN_FIELDS}
    offers = {
        offer.id: read_offer(form, f"{offer.id}-")
        for offer in structure.offers
        if f"{offer.id}-title" in form
    }
    gone = frozenset(key for key in offers if f"{key}-{GONE_FIELD}" in form)
    note = form.get("note", "").replace("\r\n", "\n").strip()
    return Correction(own, offers, note, gone, closes="closes" in form)
