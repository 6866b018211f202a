"""What is said along a walk: at its stops, of defects, of what goes well; photos of it.

Each sending has a key made on the phone, so that it is taken once whatever comes twice. What was
seen before a walk ended is still taken after: the phone may have been without signal.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.errors import (
    InvalidPhoto,
    InvalidSubmission,
    NotAllowed,
    NotFound,
    OutsideTerritory,
)
from qpvmap.core.permissions import Action, Target, may
from qpvmap.core.photos import Areas, Picture, Size
from qpvmap.core.places import words_near
from qpvmap.core.signalements import KEPT_ON_A_PHONE, Submission
from qpvmap.core.walks import (
    NOTE_MAX,
    PHOTOS_PER_PLACE,
    TEXT_MAX,
    PointKind,
    Visit,
    WalkState,
    takes_what_was_seen,
)
from qpvmap.pictures import blackened
from qpvmap.storage import walk_records as rows
from qpvmap.storage import walks as walk_rows
from qpvmap.storage.files import Files, new_key, photo_path, put_photo
from qpvmap.storage.gazetteer import nearest_place
from qpvmap.storage.models import SiteWalk, Territory, WalkPhoto, WalkPoint, WalkVisit
from qpvmap.storage.places import locate
from qpvmap.storage.signalements import lock_client_id, point_of
from qpvmap.usecases.signalements import submit
from qpvmap.usecases.walks import begin, locked_walk

OVER = "Cette marche est terminée\u00a0: ce qui a été vu après la fin n’y entre plus."
UNKNOWN_ITEM = "Un des points regardés n’est pas de cette marche. Rechargez la page."
LONG_TEXT = f"Texte trop long\u00a0: {TEXT_MAX} caractères au plus."
LONG_NOTE = f"Texte trop long\u00a0: {NOTE_MAX} caractères au plus."
NOTHING_SAID = "Dites en quelques mots ce qui va bien."
TOO_MANY = f"{PHOTOS_PER_PLACE} photos au plus à cet endroit. Retirez-en une d’abord."
NOT_YET = "Le point de cette photo n’est pas encore arrivé\u00a0: la photo attend son tour."


@dataclass(frozen=True, slots=True)
class NewPoint:
    """What goes well, at a place along the way; for a defect a `Submission` says it all."""

    submission: Submission
    kind: PointKind
    stop_id: int | None = None
    clock_off_s: int | None = None


@dataclass(frozen=True, slots=True)
class WalkPhotoSending:
    """A photo about to come: of a stop (of one item there, or of all), or of a point by its key."""

    client_id: UUID
    stop_id: int | None = None
    point: UUID | None = None
    item: str = ""
    captured_at: datetime | None = None
    clock_off_s: int | None = None


def record_visit(session: Session, actor: Actor, walk_id: int, visit: Visit, now: datetime) -> bool:
    """Keep what was said at a stop once; return whether this call did.

    Of two that speak of one item, the one who saw it last is right, whoever comes last.

    Raises
    ------
    NotFound, NotAllowed
        If there is no such walk or stop, or the actor may not write on it.
    InvalidSubmission
        If it was seen after the walk ended, or something in it is not of the walk.
    """
    lock_client_id(session, visit.client_id)
    walk = locked_walk(session, actor, walk_id, Action.RECORD_WALK)
    author_id = _author(actor)
    earlier = rows.visit_by_client_id(session, visit.client_id)
    if earlier is not None:
        if (earlier.author_id, earlier.stop_id) != (author_id, visit.stop_id):
            raise NotAllowed(Action.RECORD_WALK)
        return False
    at = seen_at(walk, visit.captured_at, now)
    _require_sense(walk, visit)
    stop = walk_rows.find_stop(session, walk_id, visit.stop_id, lock=True)
    if stop is None:
        raise NotFound("Arrêt", str(visit.stop_id))
    session.add(
        WalkVisit(
            client_id=visit.client_id,
            stop_id=stop.id,
            author_id=author_id,
            captured_at=at,
            clock_off_s=visit.clock_off_s,
            received_at=now,
        )
    )
    stop.seen_at = min(stop.seen_at, at) if stop.seen_at else at
    if visit.note is not None and (stop.noted_at is None or stop.noted_at <= at):
        stop.note, stop.noted_at = visit.note.strip(), at
    session.flush()
    rows.save_remarks(session, visit, author_id, at)
    begin(walk, now, at)
    return True


def add_point(
    session: Session, actor: Actor, walk_id: int, asked: NewPoint, now: datetime
) -> tuple[WalkPoint, bool]:
    """Keep something noted along the way once; return it, and whether this call did.

    A defect becomes a signalement whose origin is the walk, by the same rules as any other.

    Raises
    ------
    NotFound, NotAllowed
        If there is no such walk or stop, or the actor may not write on it, or may not file this.
    InvalidSubmission
        If it was seen after the walk ended, or a field is at fault.
    OutsideTerritory, NoTeam
        As filing a signalement would.
    """
    said = asked.submission
    lock_client_id(session, said.client_id)
    walk = locked_walk(session, actor, walk_id, Action.RECORD_WALK)
    author_id = _author(actor)
    earlier = rows.point_by_client_id(session, said.client_id)
    if earlier is not None:
        if (earlier.author_id, earlier.walk_id) != (author_id, walk_id):
            raise NotAllowed(Action.RECORD_WALK)
        return earlier, False
    at = seen_at(walk, said.captured_at, now)
    if asked.stop_id and walk_rows.find_stop(session, walk_id, asked.stop_id) is None:
        raise NotFound("Arrêt", str(asked.stop_id))
    point = WalkPoint(
        client_id=said.client_id,
        walk_id=walk_id,
        stop_id=asked.stop_id,
        kind=asked.kind,
        text="",
        address="",
        location=point_of(said.point),
        author_id=author_id,
        captured_at=at,
        clock_off_s=asked.clock_off_s,
        created_at=now,
    )
    if asked.kind is PointKind.DEFECT:
        point.signalement_id = _file(session, actor, walk, asked, now)
    else:
        _say_what_goes_well(session, walk, point, said)
    session.add(point)
    begin(walk, now, at)
    session.flush()
    return point, True


def earlier_photo(
    session: Session, actor: Actor, walk_id: int, sending: WalkPhotoSending, now: datetime
) -> WalkPhoto | None:
    """Return what this `client_id` already brought, or None when `actor` may add it.

    Raises
    ------
    NotFound, NotAllowed
        If there is no such walk, stop or point, or the actor may not write on it.
    InvalidSubmission
        If it was taken after the walk ended.
    InvalidPhoto
        If there are too many photos there.
    """
    walk = locked_walk(session, actor, walk_id, Action.RECORD_WALK)
    found = rows.photo_by_client_id(session, sending.client_id)
    if found is not None:
        if (found.walk_id, found.uploaded_by) != (walk_id, actor.account_id):
            raise NotAllowed(Action.RECORD_WALK)
        return found
    seen_at(walk, sending.captured_at, now)
    if sending.item and sending.item not in walk.item_codes:
        raise InvalidSubmission({"item": UNKNOWN_ITEM})
    stop_id, point_id = _place_of(session, walk_id, sending)
    if rows.count_photos(session, stop_id, point_id) >= PHOTOS_PER_PLACE:
        raise InvalidPhoto(TOO_MANY)
    return None


def add_photo(
    session: Session,
    files: Files,
    actor: Actor,
    walk_id: int,
    sending: WalkPhotoSending,
    picture: Picture,
    now: datetime,
) -> tuple[WalkPhoto, bool]:
    """Keep a photo once; return it, and whether this call did.

    Raises
    ------
    NotFound, NotAllowed, InvalidSubmission, InvalidPhoto
        As `earlier_photo` does.
    """
    lock_client_id(session, sending.client_id)
    earlier = earlier_photo(session, actor, walk_id, sending, now)
    if earlier is not None:
        return earlier, False
    walk = locked_walk(session, actor, walk_id, Action.RECORD_WALK)
    stop_id, point_id = _place_of(session, walk_id, sending)
    photo = WalkPhoto(
        client_id=sending.client_id,
        walk_id=walk_id,
        stop_id=stop_id,
        point_id=point_id,
        item_code=sending.item,
        key=new_key(),
        width=picture.width,
        height=picture.height,
        size_bytes=len(picture.full),
        captured_at=seen_at(walk, sending.captured_at, now),
        clock_off_s=sending.clock_off_s,
        uploaded_by=_author(actor),
        uploaded_at=now,
    )
    put_photo(files, photo.key, picture)
    session.add(photo)
    begin(walk, now, photo.captured_at)
    session.flush()
    return photo, True


def remove_photo(session: Session, actor: Actor, photo_id: int, now: datetime) -> str:
    """Remove a photo; return the name whose files the caller destroys once this is committed.

    Raises
    ------
    NotFound
        If there is no such photo, or the actor may not know of it.
    NotAllowed
        If the actor neither leads the walk nor sent the photo.
    """
    photo = _own_photo(session, actor, photo_id)
    photo.removed_at = now
    return photo.key


def redact_photo(session: Session, files: Files, actor: Actor, photo_id: int, areas: Areas) -> str:
    """Black out `areas` of a photo, kept under a new name; return the former one.

    The caller destroys what lies under it, with `delete_photo`, once the transaction is committed.

    Raises
    ------
    NotFound, NotAllowed
        As `remove_photo` would.
    """
    photo = _own_photo(session, actor, photo_id)
    full = files.get(photo_path(photo.key, Size.FULL))
    if full is None:
        raise NotFound("Photo", str(photo_id))
    former, photo.key = photo.key, new_key()
    picture = blackened(full, areas)
    put_photo(files, photo.key, picture)
    photo.width, photo.height = picture.width, picture.height
    photo.size_bytes = len(picture.full)
    return former


def _own_photo(session: Session, actor: Actor, photo_id: int) -> WalkPhoto:
    """Return a photo that the actor sent, or of a walk that they lead, held until the end."""
    photo = rows.find_photo(session, actor, photo_id, lock=True)
    walk = walk_rows.find_walk(session, actor, photo.walk_id) if photo else None
    if photo is None or walk is None:
        raise NotFound("Photo", str(photo_id))
    if not may_remove(actor, walk, photo):
        raise NotAllowed(Action.LEAD_WALK)
    return photo


def may_remove(actor: Actor, walk: SiteWalk, photo: WalkPhoto) -> bool:
    """Return whether `actor` may remove a photo of a walk, or black out parts of it."""
    return photo.uploaded_by == actor.account_id or may(
        actor, Action.LEAD_WALK, Target(walk.territory_id)
    )


def _author(actor: Actor) -> int:
    if actor.account_id is None:
        raise NotAllowed(Action.RECORD_WALK)
    return actor.account_id


def seen_at(walk: SiteWalk, captured_at: datetime | None, now: datetime) -> datetime:
    """Return when something was seen, if the walk still takes it.

    Raises
    ------
    InvalidSubmission
        If it was seen after the walk had ended.
    """
    at = captured_at or now
    if not now - KEPT_ON_A_PHONE <= at <= now:  # a clock gone wrong
        at = now
    if not takes_what_was_seen(WalkState(walk.state), walk.closed_at, at):
        raise InvalidSubmission({"walk": OVER})
    return at


def _require_sense(walk: SiteWalk, visit: Visit) -> None:
    if set(visit.remarks) - set(walk.item_codes):
        raise InvalidSubmission({"item": UNKNOWN_ITEM})
    if any(len(remark.text) > TEXT_MAX for remark in visit.remarks.values()):
        raise InvalidSubmission({"text": LONG_TEXT})
    if visit.note is not None and len(visit.note) > NOTE_MAX:
        raise InvalidSubmission({"note": LONG_NOTE})


def _file(session: Session, actor: Actor, walk: SiteWalk, asked: NewPoint, now: datetime) -> int:
    """File a defect, and note on the signalement the walk that it comes from."""
    territory = session.get_one(Territory, walk.territory_id)
    receipt = submit(
        session,
        actor,
        territory,
        asked.submission,
        now,
        is_demo=walk.is_demo,
        clock_off_s=asked.clock_off_s,
    )
    receipt.signalement.walk_id = walk.id
    return receipt.signalement.id


def _say_what_goes_well(
    session: Session, walk: SiteWalk, point: WalkPoint, said: Submission
) -> None:
    if not said.description:
        raise InvalidSubmission({"description": NOTHING_SAID})
    if locate(session, said.point).commune is None:
        raise OutsideTerritory(said.lon, said.lat)
    nearest = nearest_place(session, walk.territory_id, said.point)
    point.text = said.description
    point.address = said.address or (words_near(*nearest) if nearest else "")


def _place_of(
    session: Session, walk_id: int, sending: WalkPhotoSending
) -> tuple[int | None, int | None]:
    """Return the stop or the point that a photo is of; the other is None.

    Raises
    ------
    NotFound
        If the walk has no such stop, or the point has not come yet.
    """
    if sending.point is not None:
        point = rows.point_by_client_id(session, sending.point)
        if point is None or point.walk_id != walk_id:
            raise NotFound("Point", str(sending.point))
        return None, point.id
    stop = walk_rows.find_stop(session, walk_id, sending.stop_id or 0)
    if stop is None:
        raise NotFound("Arrêt", str(sending.stop_id))
    return stop.id, None
