"""Photos of actions: added, shown, blackened, removed; seen by who may read the action alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue

from qpvmap.core.errors import InvalidPhoto, NotFound
from qpvmap.core.permissions import Action
from qpvmap.core.photos import Areas, Size
from qpvmap.pictures import prepare
from qpvmap.storage.files import delete_photo, photo_path
from qpvmap.storage.models import Initiative, InitiativePhoto
from qpvmap.storage.outreach import find_initiative_photo, photos_of_initiative
from qpvmap.usecases.initiatives import (
    SentPhoto,
    add_initiative_photo,
    earlier_initiative_photo,
    redact_initiative_photo,
    remove_initiative_photo,
)
from qpvmap.web.filters import request_now
from qpvmap.web.outbox_door import accepted
from qpvmap.web.photos import MAX_PHOTO_BODY
from qpvmap.web.presence_forms import read_uid
from qpvmap.web.runtime import runtime
from qpvmap.web.security import access, current_actor, is_outbox_request, takes_up_to
from qpvmap.web.sessions import close_session, request_session, unit_of_work

bp = Blueprint("initiative_photos", __name__, url_prefix="/parcours")

PHOTO = "/photos/<int(max=9223372036854775807):initiative_photo_id>"
NOT_CHOSEN = "Choisissez d’abord une photo."


@dataclass(frozen=True, slots=True)
class Shown:
    """A photo as the page of its action shows it."""

    id: int
    url: str
    thumbnail: str
    width: int
    height: int
    redacted: bool


def shown_photos(initiative: Initiative) -> Sequence[Shown]:
    """Return the photos of an action."""
    return [
        Shown(
            photo.id,
            _address(photo, Size.FULL),
            _address(photo, Size.THUMBNAIL),
            photo.width,
            photo.height,
            photo.redacted_at is not None,
        )
        for photo in photos_of_initiative(request_session(), initiative.id)
    ]


def _address(photo: InitiativePhoto, size: Size) -> str:
    return url_for(
        "initiative_photos.show", initiative_photo_id=photo.id, size=size, v=_version_of(photo)
    )


def _version_of(photo: InitiativePhoto) -> str:
    """Return what changes in the address of a photo when it is blackened; its key stays secret."""
    return sha256(photo.key.encode()).hexdigest()[:12]


@bp.post("/actions/<uuid:initiative_uid>/photos")
@access(Action.RECORD_PRESENCE)
@takes_up_to(MAX_PHOTO_BODY)
def add(initiative_uid: UUID) -> ResponseReturnValue:
    """Add a photo to an action; it is decoded while no database connection is held."""
    page = url_for("initiatives.show", initiative_uid=initiative_uid)
    client_id = read_uid("client_id")
    try:
        created = _received(initiative_uid, client_id)[1]
    except InvalidPhoto as refused:
        if is_outbox_request():
            raise
        flash(str(refused), "error")
        return redirect(page, 303)
    if is_outbox_request():
        return accepted(client_id, created=created, title="Photo d’une action", href=page)
    flash("Photo ajoutée." if created else "Cette photo était déjà là.", "success")
    return redirect(page, 303)


def _received(initiative: UUID, client_id: UUID) -> tuple[InitiativePhoto, bool]:
    actor, now = current_actor(), request_now()
    file = request.files.get("photo")
    if file is None or not file.filename:
        raise InvalidPhoto(NOT_CHOSEN)
    earlier = earlier_initiative_photo(request_session(), actor, initiative, client_id)
    close_session()
    if earlier is not None:
        return earlier, False
    sent = SentPhoto(client_id, prepare(file.read()))
    with unit_of_work() as session:
        return add_initiative_photo(session, runtime().files, actor, initiative, sent, now)


@bp.get(f"{PHOTO}/<size>.webp")
@access(Action.READ_PRESENCE)
def show(initiative_photo_id: int, size: str) -> Response:
    """Return a photo; a shared computer keeps none of it."""
    found = find_initiative_photo(request_session(), current_actor(), initiative_photo_id)
    if found is None or size not in set(Size):
        raise NotFound("Photo", str(initiative_photo_id))
    key = found[0].key
    close_session()
    content = runtime().files.get(photo_path(key, Size(size)))
    if content is None:
        raise NotFound("Photo", str(initiative_photo_id))
    response = send_file(BytesIO(content), "image/webp")
    response.headers["Cache-Control"] = "private, no-store"
    return response


@bp.post(f"{PHOTO}/noircir")
@access(Action.READ_PRESENCE)
def blacken(initiative_photo_id: int) -> ResponseReturnValue:
    """Black out parts of a photo; what was under them is destroyed."""
    page = _page_of(initiative_photo_id)
    areas = Areas.parse(request.form.get("areas", ""))
    files = runtime().files
    with unit_of_work() as session:
        former = redact_initiative_photo(
            session, files, current_actor(), initiative_photo_id, areas, request_now()
        )
    delete_photo(files, former)
    flash("Photo noircie. L’original est détruit.", "success")
    return redirect(page, 303)


@bp.post(f"{PHOTO}/retirer")
@access(Action.READ_PRESENCE)
def remove(initiative_photo_id: int) -> ResponseReturnValue:
    """Remove a photo for good."""
    page = _page_of(initiative_photo_id)
    with unit_of_work() as session:
        former = remove_initiative_photo(
            session, current_actor(), initiative_photo_id, request_now()
        )
    delete_photo(runtime().files, former)
    flash("Photo retirée.", "success")
    return redirect(page, 303)


def _page_of(photo_id: int) -> str:
    found = find_initiative_photo(request_session(), current_actor(), photo_id)
    if found is None:
        raise NotFound("Photo", str(photo_id))
    return url_for("initiatives.show", initiative_uid=found[1].client_id)
