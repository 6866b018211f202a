"""Photos of a signalement: add, blacken, remove; collect the files that nothing refers to."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.errors import InvalidPhoto, NotAllowed, NotFound
from qpvmap.core.permissions import Action, may, require
from qpvmap.core.photos import (
    MAX_PER_MOMENT,
    MOMENT_LABELS,
    TOO_MANY,
    Areas,
    Moment,
    Picture,
    Size,
)
from qpvmap.pictures import blackened
from qpvmap.storage import photos as rows
from qpvmap.storage.files import (
    PHOTOS,
    Files,
    StoredFile,
    key_of,
    new_key,
    photo_path,
    put_photo,
)
from qpvmap.storage.models import Photo, Signalement
from qpvmap.storage.signalements import find_visible, lock_client_id
from qpvmap.usecases.handling import target_of
from qpvmap.usecases.journal import Line, write

ORPHANED_AFTER = timedelta(hours=24)
"""A file without a row may be one whose row is about to be committed, until then."""
BATCH = 500


@dataclass(frozen=True, slots=True)
class PhotoSending:
    """A photo about to come. `proved` when the door saw that its sender filed, or supported."""

    client_id: UUID
    moment: Moment
    proved: bool = False


@dataclass(frozen=True, slots=True)
class PhotoUpload:
    """A photo that came, once it is re-encoded by `pictures.prepare`."""

    sending: PhotoSending
    picture: Picture


@dataclass(frozen=True, slots=True)
class PhotoReceipt:
    """What was added, and whether this call added it or an earlier one with its `client_id`."""

    photo: Photo
    created: bool


def earlier_photo(
    session: Session, actor: Actor, reference: str, sending: PhotoSending
) -> Photo | None:
    """Return what this `client_id` already brought, or None when `actor` may add it.

    Raises
    ------
    NotFound
        If there is no such signalement, or the actor may not know of it.
    NotAllowed
        If the actor may see it but not add this photo, or the `client_id` is somebody else's.
    InvalidPhoto
        If there are too many photos.
    """
    signalement = _visible(session, actor, reference)
    _require_adding(session, actor, signalement, sending)
    found = rows.photo_by_client_id(session, sending.client_id)
    if found is None:
        _require_room(session, signalement, sending.moment)
    elif (found.signalement_id, found.uploaded_by) != (signalement.id, actor.account_id):
        raise NotAllowed(Action.ANSWER)
    return found


def add_photo(
    session: Session,
    files: Files,
    actor: Actor,
    reference: str,
    upload: PhotoUpload,
    now: datetime,
) -> PhotoReceipt:
    """Keep a photo once: the same `client_id` again returns the first one.

    Raises
    ------
    NotFound, NotAllowed, InvalidPhoto
        As `earlier_photo` does.
    """
    sending, picture = upload.sending, upload.picture
    lock_client_id(session, sending.client_id)
    signalement = _visible(session, actor, reference, lock=True)
    earlier = earlier_photo(session, actor, reference, sending)
    if earlier is not None:
        return PhotoReceipt(earlier, created=False)
    photo = _row(signalement, actor, sending, now)
    _show(photo, picture)
    put_photo(files, photo.key, picture)
    session.add(photo)
    said = MOMENT_LABELS[sending.moment]
    write(session, signalement, actor, Line("photo", comment=said), now)
    return PhotoReceipt(photo, created=True)


def redact_photo(
    session: Session, files: Files, actor: Actor, photo_id: int, areas: Areas, now: datetime
) -> str:
    """Black out `areas` of a photo, kept under a new name; return the former one.

    The caller destroys what lies under it, with `delete_photo`, once the transaction is committed.

    Raises
    ------
    NotFound
        If there is no such photo, or the actor may not know of it.
    NotAllowed
        If the actor does not handle the signalement.
    """
    photo, signalement = _locked(session, actor, photo_id)
    require(actor, Action.HANDLE, target_of(signalement))
    full = files.get(photo_path(photo.key, Size.FULL))
    if full is None:
        raise NotFound("Photo", str(photo_id))
    former, photo.key = photo.key, new_key()
    picture = blackened(full, areas)
    put_photo(files, photo.key, picture)
    _show(photo, picture)
    photo.redacted_at, photo.redacted_by = now, actor.account_id
    write(session, signalement, actor, Line("photo_redacted"), now)
    return former


def remove_photo(session: Session, actor: Actor, photo_id: int, now: datetime) -> str:
    """Remove a photo; return the name whose files the caller destroys once this is committed.

    Raises
    ------
    NotFound
        If there is no such photo, or the actor may not know of it.
    NotAllowed
        If the actor neither handles the signalement nor sent the photo.
    """
    photo, signalement = _locked(session, actor, photo_id)
    if actor.account_id is None or photo.uploaded_by != actor.account_id:
        require(actor, Action.HANDLE, target_of(signalement))
    photo.removed_at = now
    write(session, signalement, actor, Line("photo_removed"), now)
    return photo.key


def may_add(
    session: Session, actor: Actor, signalement: Signalement, moment: Moment, *, proved: bool
) -> bool:
    """Return whether `actor` may add a photo of `moment`.

    The work is shown by those who do it. The defect is shown by them too, by who filed it, and
    by who said that they saw the same.
    """
    target = target_of(signalement)
    if moment is not Moment.BEFORE:
        return may(actor, Action.HANDLE, target)
    if proved or may(actor, Action.ANSWER, target):
        return True
    return actor.account_id is not None and rows.supports(session, signalement.id, actor.account_id)


@dataclass(frozen=True, slots=True)
class Collected:
    """What the collector did: files removed, and photos whose files are missing."""

    removed: int
    missing: tuple[str, ...]


def collect_orphans(session: Session, files: Files, now: datetime) -> Collected:
    """Remove the files that no photo refers to any more, or never did, older than a day.

    A photo whose files are missing is told and left as it is: a store wrongly set, or away for a
    while, must not make anything be forgotten.
    """
    before = now - ORPHANED_AFTER
    removed = files.remove_unfinished(PHOTOS, before)
    missing = rows.all_kept_keys(session)
    batch: list[StoredFile] = []
    for file in files.listed(PHOTOS):
        if file.path.endswith(f".{Size.FULL}.webp"):
            missing.discard(key_of(file.path))
        if file.at < before:
            batch.append(file)
        if len(batch) == BATCH:
            removed += _remove_orphans(session, files, batch)
            batch.clear()
    removed += _remove_orphans(session, files, batch)
    return Collected(removed, tuple(sorted(missing)))


def _remove_orphans(session: Session, files: Files, batch: Iterable[StoredFile]) -> int:
    by_path = {file.path: key_of(file.path) for file in batch}
    kept = rows.kept_keys(session, by_path.values())
    orphans = [path for path, key in by_path.items() if key not in kept]
    for path in orphans:
        files.delete(path)
    return len(orphans)


def _visible(session: Session, actor: Actor, reference: str, *, lock: bool = False) -> Signalement:
    signalement = find_visible(session, actor, reference, lock=lock)
    if signalement is None:
        raise NotFound("Signalement", reference)
    return signalement


def _require_adding(
    session: Session, actor: Actor, signalement: Signalement, sending: PhotoSending
) -> None:
    if not may_add(session, actor, signalement, sending.moment, proved=sending.proved):
        raise NotAllowed(Action.ANSWER)


def _require_room(session: Session, signalement: Signalement, moment: Moment) -> None:
    if rows.count_photos(session, signalement.id, moment) >= MAX_PER_MOMENT:
        raise InvalidPhoto(TOO_MANY)


def _locked(session: Session, actor: Actor, photo_id: int) -> tuple[Photo, Signalement]:
    """Return a photo and what it is of, whose row is locked: two who blacken it do so in turn."""
    found = rows.find_visible_photo(session, actor, photo_id)
    if found is None:
        raise NotFound("Photo", str(photo_id))
    photo, signalement = found
    signalement = _visible(session, actor, signalement.reference, lock=True)
    session.refresh(photo)
    if photo.removed_at is not None:
        raise NotFound("Photo", str(photo_id))
    return photo, signalement


def _row(signalement: Signalement, actor: Actor, sending: PhotoSending, now: datetime) -> Photo:
    return Photo(
        client_id=sending.client_id,
        signalement_id=signalement.id,
        moment=sending.moment,
        key=new_key(),
        uploaded_by=actor.account_id,
        uploaded_at=now,
    )


def _show(photo: Photo, picture: Picture) -> None:
    photo.width, photo.height = picture.width, picture.height
    photo.size_bytes = len(picture.full)
