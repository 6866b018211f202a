"""« C’est le même »: say that one saw it too, leave a contact or a photo, and read the thanks."""

from collections.abc import Mapping
from uuid import UUID, uuid5

from flask import Blueprint, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from qpvmap.core.contacts import ContactDetails, on_behalf_of
from qpvmap.core.errors import InvalidSubmission
from qpvmap.core.french import number
from qpvmap.core.signalements import parse_contact
from qpvmap.core.workflow import OPEN_STATUSES
from qpvmap.storage.signalements import point_at
from qpvmap.usecases.support import Supported, support
from qpvmap.web.drafts import Draft
from qpvmap.web.filters import request_now
from qpvmap.web.photos import album_of
from qpvmap.web.security import current_actor, public
from qpvmap.web.sessions import close_session, request_session, unit_of_work
from qpvmap.web.throttle import slow_anonymous_filing
from qpvmap.web.tickets import upload_ticket

bp = Blueprint("support", __name__)

OLD_FORM = "Rechargez la page, puis recommencez."


@bp.post("/signalements/<reference>/soutien")
@public
def give(reference: str) -> ResponseReturnValue:
    """Count one more person who saw it, once for each account or sending."""
    draft = Draft.read(request.form)
    # what is said counts, even if the way to reach its author is to be put right
    contact, errors = read_contact(draft)
    return thanks(count_support(reference, draft, contact), draft, errors)


def count_support(reference: str, draft: Draft, contact: ContactDetails | None) -> Supported:
    """Write that whoever sends this form saw it too."""
    # The count of tries has a transaction of its own: hold no other connection meanwhile.
    close_session()
    slow_anonymous_filing()
    with unit_of_work() as session:
        return support(
            session,
            current_actor(),
            reference,
            sending_of(draft.client_id, reference),
            contact,
            request_now(),
        )


def read_contact(draft: Draft) -> tuple[ContactDetails | None, Mapping[str, str]]:
    """Return the contact that was typed, or what is wrong with it."""
    if draft.contact is None:
        return None, {}
    try:
        return parse_contact(draft.contact), {}
    except InvalidSubmission as refused:
        return None, {name.replace(".", "_"): text for name, text in refused.fields.items()}


def sending_of(client_id: str, reference: str) -> UUID:
    """Return the identifier of a support: one for each signalement and form.

    Raises
    ------
    InvalidSubmission
        If the form has no identifier of its own.
    """
    try:
        return uuid5(UUID(client_id), reference)
    except ValueError:
        raise InvalidSubmission({"form": OLD_FORM}) from None


def thanks(done: Supported, draft: Draft, errors: Mapping[str, str]) -> ResponseReturnValue:
    """Return the thanks, as a page or for a script."""
    signalement = done.signalement
    message = thanks_words(done)
    ticket = upload_ticket(signalement.reference)
    if request.accept_mimetypes.best == "application/json":
        return jsonify(
            reference=signalement.reference,
            message=message,
            people=done.people,
            is_open=signalement.status in OPEN_STATUSES,
            ticket=ticket,
            errors=errors,
        )
    page = render_template(
        "signalements/supported.html",
        signalement=signalement,
        place=point_at(request_session(), signalement.id),
        message=message,
        is_open=signalement.status in OPEN_STATUSES,
        album=album_of(signalement, ticket),
        ticket=ticket,
        draft=draft,
        errors=errors,
        on_behalf=on_behalf_of(current_actor()) is not None,
    )
    return page, 422 if errors else 200, {"Cache-Control": "private, no-store"}


def thanks_words(done: Supported) -> str:
    """Return the thanks, with how many saw it."""
    return f"Merci. Votre voix compte\u00a0: {people(done.people)} vu."


def people(count: int) -> str:
    """Return `une personne l’a` or `5 personnes l’ont`."""
    return "une personne l’a" if count == 1 else f"{number(count)} personnes l’ont"
