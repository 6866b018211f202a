"""`/envois`: what a phone keeps until it is sent, and where its records go.

The page itself holds nothing of anybody: its list is drawn on the phone. Each address takes a
record under the identifier that the phone drew for it: the same one again writes nothing twice.
"""

from uuid import UUID

from flask import Blueprint, Response, jsonify, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from qpvmap.core.errors import InvalidPhoto, InvalidSubmission, NotFound
from qpvmap.core.photos import Moment, Size
from qpvmap.core.signalements import Submission
from qpvmap.storage import signalements as rows
from qpvmap.storage.models import Signalement
from qpvmap.storage.supports import support_by_client_id
from qpvmap.usecases.photos import PhotoSending
from qpvmap.web.drafts import Draft
from qpvmap.web.offline import kept_offline
from qpvmap.web.outbox_door import accepted, person_key, phone_clock_off
from qpvmap.web.photos import MAX_PHOTO_BODY, photo_url, receive_photo, sent_files
from qpvmap.web.security import FORMS, current_actor, public, takes_up_to
from qpvmap.web.sessions import request_session
from qpvmap.web.signalements import (
    InvalidPosition,
    by_shown_field,
    file_submission,
    read_submission,
)
from qpvmap.web.support import count_support, read_contact, sending_of, thanks_words

bp = Blueprint("outbox", __name__, url_prefix="/envois")

UNKNOWN_ID = "L’identifiant d’envoi n’est pas valable. Retirez cet envoi, puis refaites-le."
NO_PHOTO = "La photo manque à cet envoi. Reprenez-la."
CAME_EARLIER = (
    "Il était déjà arrivé avant votre correction : complétez-le sur sa page, s’il y manque quelque "
    "chose."
)
HIDDEN = "Le texte sera relu avant d’être public."


@bp.get("")
@public
@kept_offline
def index() -> str:
    """Show what waits in this phone."""
    return render_template("outbox/index.html")


@bp.get("/identite")
@public
def identity() -> Response:
    """Say who is signed in, with the token of the session: asked by the phone before it sends.

    Somebody without a session needs none, and gets none: they may be signing in just now.
    """
    has_session = FORMS in session or not current_actor().is_anonymous
    return who_is_here(generate_csrf() if has_session else "")


@bp.get("/jeton")
@public
def form_token() -> Response:
    """Say the same, with a token in any case: asked by a page that sends its form by itself."""
    return who_is_here(generate_csrf())


def who_is_here(token: str) -> Response:
    """Return who is signed in, as a phone reads it."""
    actor = current_actor()
    said = jsonify(person=person_key(actor), name=actor.name, csrf_token=token)
    said.headers["Cache-Control"] = "no-store"
    return said


@bp.post("/signalements")
@public
def file() -> ResponseReturnValue:
    """File what was written, perhaps long ago and without network.

    Nobody is there any more to confirm a text that looks personal: it is hidden until it is read.
    """
    draft = Draft.read(request.form)
    try:
        submission = read_submission(draft)
    except InvalidPosition as refused:
        raise InvalidSubmission({**refused.others, "lieu": refused.found.error}) from None
    except InvalidSubmission as refused:
        raise InvalidSubmission(by_shown_field(refused.fields)) from None
    receipt = file_submission(submission, phone_clock_off())
    signalement = receipt.signalement
    return accepted(
        submission.client_id,
        created=receipt.created,
        title=f"{signalement.category.name}, {signalement.reference}",
        reference=signalement.reference,
        href=url_for("filing.sent", reference=signalement.reference),
        note=note_on(signalement, submission, created=receipt.created),
    )


def note_on(signalement: Signalement, submission: Submission, *, created: bool) -> str:
    """Return what its author is to know: it came before its correction, or its text is hidden."""
    if not created and (signalement.category.code, signalement.description) != (
        submission.category,
        submission.description,
    ):
        return CAME_EARLIER
    return HIDDEN if signalement.description_hidden else ""


@bp.post("/signalements/<uuid:client_id>/photos")
@public
@takes_up_to(MAX_PHOTO_BODY)
def add_photo(client_id: UUID) -> ResponseReturnValue:
    """Add a photo to what was filed under `client_id`, which its author alone knows."""
    db, actor = request_session(), current_actor()
    signalement = rows.by_client_id(db, client_id)
    if signalement is None or signalement.reporter_id != actor.account_id:
        raise NotFound("Signalement", str(client_id))
    if rows.find_visible(db, actor, signalement.reference) is None:
        raise NotFound("Signalement", str(client_id))
    return keep_photo(signalement.reference)


@bp.post("/soutiens/<reference>")
@public
def support(reference: str) -> ResponseReturnValue:
    """Count one more person who saw it."""
    draft = Draft.read(request.form)
    client_id = record_id()
    contact, errors = read_contact(draft)
    done = count_support(reference, draft, contact)
    return accepted(
        client_id,
        created=done.created,
        title=thanks_words(done),
        reference=done.signalement.reference,
        href=url_for("signalement_page.show", reference=done.signalement.reference),
        note=" ".join(errors.values()),
    )


@bp.post("/soutiens/<reference>/<uuid:client_id>/photos")
@public
@takes_up_to(MAX_PHOTO_BODY)
def add_supporting_photo(reference: str, client_id: UUID) -> ResponseReturnValue:
    """Add a photo to what somebody said they saw too, under the `client_id` of that record."""
    db = request_session()
    given = support_by_client_id(db, sending_of(str(client_id), reference))
    if given is None or given.account_id != current_actor().account_id:
        raise NotFound("Signalement", reference)
    return keep_photo(db.get_one(Signalement, given.signalement_id).reference)


def keep_photo(reference: str) -> ResponseReturnValue:
    """Keep the photo of the form; its sender was seen to have filed, or supported, `reference`."""
    sending = PhotoSending(record_id(), Moment.BEFORE, proved=True)
    files = sent_files()
    if not files:
        raise InvalidPhoto(NO_PHOTO)
    receipt = receive_photo(reference, sending, files[0])
    return accepted(
        sending.client_id,
        created=receipt.created,
        title="Photo",
        href=url_for("signalement_page.show", reference=reference),
        url=photo_url(receipt.photo),
        thumbnail=photo_url(receipt.photo, Size.THUMBNAIL),
    )


def record_id() -> UUID:
    """Return the identifier of the record that is sent.

    Raises
    ------
    InvalidSubmission
        If it is none.
    """
    try:
        return UUID(request.form.get("client_id", ""))
    except ValueError:
        raise InvalidSubmission({"form": UNKNOWN_ID}) from None
