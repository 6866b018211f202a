"""Photos: shown to whoever may see what they are of; added, blackened and removed by forms."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from io import BytesIO
from uuid import UUID, uuid4, uuid5

from flask import (
    Blueprint,
    Flask,
    Response,
    flash,
    jsonify,
    redirect,
    request,
    send_file,
    url_for,
)
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from qpvmap.core.errors import InvalidPhoto, InvalidSubmission, NotFound, QpvmapError
from qpvmap.core.french import local_date, short_day
from qpvmap.core.permissions import Action, Nature, may
from qpvmap.core.photos import MAX_PER_MOMENT, MOMENT_LABELS, Areas, Moment, Size
from qpvmap.core.workflow import Status
from qpvmap.pictures import prepare
from qpvmap.storage.files import delete_photo, photo_path
from qpvmap.storage.models import Photo, Signalement, WalkPhoto
from qpvmap.storage.photos import find_visible_photo, photos_of
from qpvmap.usecases.handling import target_of
from qpvmap.usecases.photos import (
    PhotoReceipt,
    PhotoSending,
    PhotoUpload,
    add_photo,
    earlier_photo,
    may_add,
    redact_photo,
    remove_photo,
)
from qpvmap.web.errors import STATUS
from qpvmap.web.filters import request_now
from qpvmap.web.runtime import runtime
from qpvmap.web.security import current_actor, public, signed_in, takes_up_to
from qpvmap.web.sessions import close_session, request_session, unit_of_work
from qpvmap.web.throttle import slow_anonymous_photos
from qpvmap.web.tickets import filed_here, proves

bp = Blueprint("photos", __name__)

MAX_PHOTO_BODY = 25 * 1024 * 1024
"""A photo of 20 MB and the rest of its form."""
UNSURE = "Envoi illisible. Rechargez la page, puis recommencez."
LIKELY_MOMENTS: Mapping[Status, Moment] = {
    Status.SCHEDULED: Moment.DURING,
    Status.IN_PROGRESS: Moment.DURING,
    Status.WAITING: Moment.DURING,
    Status.RESOLVED: Moment.AFTER,
    Status.CLOSED: Moment.AFTER,
}
"""What a photo added in this status shows; before the work, where the status is not here."""
KEPT = "private, max-age=31536000, immutable"
ROUND_STOP = re.compile(r"tournee-(\d{1,18})-(\d{1,18})")


def version_of(photo: Photo | WalkPhoto) -> str:
    """Return what changes in the address of a photo when it is blackened; its key stays secret."""
    return sha256(photo.key.encode()).hexdigest()[:12]


def photo_url(photo: Photo, size: str = Size.FULL) -> str:
    """Return the address of a photo for a page."""
    return url_for("photos.show", photo_id=photo.id, size=size, v=version_of(photo))


def served_photo(photo_id: int, size: str) -> Response:
    """Return a size of a photo that the actor may see.

    Raises
    ------
    NotFound
        If there is none, or the actor may not know of it.
    """
    found = find_visible_photo(request_session(), current_actor(), photo_id)
    if found is None or size not in set(Size):
        raise NotFound("Photo", str(photo_id))
    photo, signalement = found
    close_session()  # a slow network must not hold a connection while it is sent
    content = runtime().files.get(photo_path(photo.key, Size(size)))
    if content is None:
        raise NotFound("Photo", str(photo_id))
    etag = f"{version_of(photo)}-{size}"
    response = send_file(BytesIO(content), "image/webp", conditional=True, etag=etag)
    response.headers["Cache-Control"] = _keeping(photo, signalement)
    return response


def _keeping(photo: Photo, signalement: Signalement) -> str:
    """Return how a browser keeps it: what is confidential, not at all."""
    if signalement.nature == Nature.TRANQUILLITE:
        return "private, no-store"
    return KEPT if request.args.get("v") == version_of(photo) else "private, no-cache"


def receive_photo(reference: str, sending: PhotoSending, file: FileStorage) -> PhotoReceipt:
    """Keep a photo that was sent; it is decoded while no database connection is held.

    Raises
    ------
    NotFound, NotAllowed, InvalidPhoto
        As `add_photo` and `prepare` do.
    """
    actor, now = current_actor(), request_now()
    earlier = earlier_photo(request_session(), actor, reference, sending)
    close_session()
    if earlier is not None:
        return PhotoReceipt(earlier, created=False)
    slow_anonymous_photos()
    upload = PhotoUpload(sending, prepare(file.read()))
    with unit_of_work() as session:
        return add_photo(session, runtime().files, actor, reference, upload, now)


def proved_sender(reference: str, ticket: str) -> bool:
    """Return whether who asks proves that they filed it, or supported it, without an account."""
    return proves(ticket, reference) or filed_here(reference)


def sent_files() -> list[FileStorage]:
    """Return the photos of a form; a field left empty is no photo."""
    return [file for file in request.files.getlist("photo") if file.filename]


def read_sending(reference: str) -> PhotoSending:
    """Return what the form says of the photo it brings.

    Raises
    ------
    InvalidSubmission
        If its identifier or its moment can't be read.
    """
    form = request.form
    try:
        return PhotoSending(
            UUID(form["client_id"]),
            Moment(form.get("moment", Moment.BEFORE)),
            proved=proved_sender(reference, form.get("ticket", "")),
        )
    except (KeyError, ValueError):
        raise InvalidSubmission({"photo": UNSURE}) from None


@bp.get("/photos/<int(max=9223372036854775807):photo_id>/<size>.webp")
@public
def show(photo_id: int, size: str) -> Response:
    """Return a photo."""
    return served_photo(photo_id, size)


@bp.post("/signalements/<reference>/photos")
@public
@takes_up_to(MAX_PHOTO_BODY)
def add(reference: str) -> ResponseReturnValue:
    """Add photos to a signalement, then show where the form came from.

    A script that asks for JSON gets the photo, or the sentence that says what is wrong.
    """
    wants_json = request.accept_mimetypes.best == "application/json"
    try:
        receipts = _received(reference)
    except QpvmapError as refused:
        if wants_json:
            return _refused(refused)
        if not isinstance(refused, InvalidPhoto):
            raise
        flash(str(refused), "error")
        return redirect(_origin(reference), 303)
    if wants_json:
        return _as_json(receipts[0])
    flash("Photo ajoutée." if len(receipts) == 1 else "Photos ajoutées.", "success")
    return redirect(_origin(reference), 303)


def _received(reference: str) -> list[PhotoReceipt]:
    """Keep each photo of the form; each has an identifier drawn from the form's."""
    sending, files = read_sending(reference), sent_files()
    if not files:
        raise InvalidPhoto("Choisissez d’abord une photo.")
    return [
        receive_photo(reference, _nth(sending, place), file) for place, file in enumerate(files)
    ]


def _nth(sending: PhotoSending, place: int) -> PhotoSending:
    """Return the sending of a file of the form: the same again when the form comes again."""
    if place == 0:
        return sending
    return replace(sending, client_id=uuid5(sending.client_id, str(place)))


def _refused(refused: QpvmapError) -> ResponseReturnValue:
    return str(refused), STATUS[type(refused)], {"Content-Type": "text/plain; charset=utf-8"}


def _as_json(receipt: PhotoReceipt) -> ResponseReturnValue:
    photo = receipt.photo
    thumbnail = photo_url(photo, Size.THUMBNAIL)
    answer = jsonify(id=photo.id, url=photo_url(photo), thumbnail=thumbnail)
    return answer, 201 if receipt.created else 200


def _origin(reference: str) -> str:
    """Return the page to go back to: the receipt or the round when the form was on it."""
    back = request.form.get("back", "")
    on_round = ROUND_STOP.fullmatch(back)
    if on_round:
        return url_for("round_stops.show", round_id=int(on_round[1]), stop_id=int(on_round[2]))
    page = "filing.sent" if back == "sent" else "signalement_page.show"
    return url_for(page, reference=reference)


@bp.post("/photos/<int(max=9223372036854775807):photo_id>/noircir")
@signed_in
def blacken(photo_id: int) -> ResponseReturnValue:
    """Black out parts of a photo; what was under them is destroyed."""
    areas = Areas.parse(request.form.get("areas", ""))
    reference = _reference_of(photo_id)
    files = runtime().files
    with unit_of_work() as session:
        former = redact_photo(session, files, current_actor(), photo_id, areas, request_now())
    delete_photo(files, former)
    flash("Photo noircie. L’original est détruit.", "success")
    return redirect(url_for("signalement_page.show", reference=reference), 303)


@bp.post("/photos/<int(max=9223372036854775807):photo_id>/retirer")
@signed_in
def remove(photo_id: int) -> ResponseReturnValue:
    """Remove a photo for good."""
    reference = _reference_of(photo_id)
    with unit_of_work() as session:
        former = remove_photo(session, current_actor(), photo_id, request_now())
    delete_photo(runtime().files, former)
    flash("Photo retirée.", "success")
    return redirect(url_for("signalement_page.show", reference=reference), 303)


def _reference_of(photo_id: int) -> str:
    found = find_visible_photo(request_session(), current_actor(), photo_id)
    if found is None:
        raise NotFound("Photo", str(photo_id))
    return found[1].reference


@dataclass(frozen=True, slots=True)
class Shown:
    """A photo as a page shows it."""

    id: int
    moment: Moment
    url: str
    thumbnail: str
    width: int
    height: int
    day: str
    alt: str
    redacted: bool
    removable: bool


@dataclass(frozen=True, slots=True)
class Album:
    """The photos of a signalement, and what the reader may do with them."""

    reference: str
    photos: Sequence[Shown]
    addable: Sequence[Moment]
    likely_moment: Moment
    handled: bool
    client_id: str

    @property
    def before(self) -> Shown | None:
        """The photo of the defect that is compared: the last one, nearest to the work."""
        return self._last(Moment.BEFORE)

    @property
    def after(self) -> Shown | None:
        """The photo of the result that is compared: the last one."""
        return self._last(Moment.AFTER)

    def _last(self, moment: Moment) -> Shown | None:
        return next((p for p in reversed(self.photos) if p.moment is moment), None)


def album_of(signalement: Signalement, ticket: str = "") -> Album:
    """Return the photos of a signalement that the reader may see, for `_macros/photos.html`."""
    session, actor = request_session(), current_actor()
    proved = proved_sender(signalement.reference, ticket)
    handled = may(actor, Action.HANDLE, target_of(signalement))
    photos = photos_of(session, signalement.id)
    addable = [
        moment
        for moment in Moment
        if may_add(session, actor, signalement, moment, proved=proved)
        and sum(photo.moment == moment for photo in photos) < MAX_PER_MOMENT
    ]
    return Album(
        reference=signalement.reference,
        photos=[
            _shown(photo, signalement, mine=_is_mine(photo), handled=handled) for photo in photos
        ],
        addable=addable,
        likely_moment=likely_moment(Status(signalement.status), addable),
        handled=handled,
        client_id=str(uuid4()),
    )


def likely_moment(status: Status, addable: Sequence[Moment]) -> Moment:
    """Return what a photo added now most likely shows, among the moments that may be added."""
    likely = LIKELY_MOMENTS.get(status, Moment.BEFORE)
    return likely if likely in addable or not addable else addable[-1]


def shown_photos(signalement: Signalement, photos: Sequence[Photo]) -> list[Shown]:
    """Return photos that are only looked at."""
    return [_shown(photo, signalement, mine=False, handled=False) for photo in photos]


def _is_mine(photo: Photo) -> bool:
    actor = current_actor()
    return actor.account_id is not None and photo.uploaded_by == actor.account_id


def _short(instant: datetime) -> str:
    """Return `25/11`, with the year when it is another one: a caption on a small picture."""
    day, today = local_date(instant), local_date(request_now())
    return f"{day:%d/%m}" if day.year == today.year else short_day(instant)


def _shown(photo: Photo, signalement: Signalement, *, mine: bool, handled: bool) -> Shown:
    moment = Moment(photo.moment)
    return Shown(
        id=photo.id,
        moment=moment,
        url=photo_url(photo),
        thumbnail=photo_url(photo, Size.THUMBNAIL),
        width=photo.width,
        height=photo.height,
        day=_short(photo.uploaded_at),
        alt=f"{MOMENT_LABELS[moment]} : {signalement.category.name}",
        redacted=photo.redacted_at is not None,
        removable=mine or handled,
    )


def init_app(app: Flask) -> None:
    """Give templates the words of moments and the address of a photo."""
    app.jinja_env.globals["photo_url"] = photo_url
    app.jinja_env.filters["moment_label"] = lambda moment: MOMENT_LABELS[Moment(moment)]
