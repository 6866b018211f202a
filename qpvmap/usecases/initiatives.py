"""Actions of the team: what was done, where, with whom, for how many; and photos of it."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.deadlines import PARIS
from qpvmap.core.errors import InvalidPhoto, InvalidSubmission, NotAllowed, NotFound, StaleVersion
from qpvmap.core.french import local_date
from qpvmap.core.outreach import NO_KIND
from qpvmap.core.outreach import Initiative as Asked
from qpvmap.core.permissions import Action, Target, may, require
from qpvmap.core.photos import MAX_PER_MOMENT, TOO_MANY, Areas, Picture, Size
from qpvmap.core.presence_words import WordKind
from qpvmap.core.privacy import masked
from qpvmap.pictures import blackened
from qpvmap.storage import outreach as rows
from qpvmap.storage.files import Files, new_key, photo_path, put_photo
from qpvmap.storage.models import Initiative, InitiativePhoto
from qpvmap.storage.presence_words import word_by_code
from qpvmap.storage.signalements import lock_client_id
from qpvmap.usecases.presences import known_sector, team_during


def note_initiative(
    session: Session, actor: Actor, asked: Asked, now: datetime
) -> tuple[Initiative, bool]:
    """Note an action; return it, and whether this call did.

    Raises
    ------
    NotAllowed
        If the actor notes none, or the `client_id` is somebody else's.
    InvalidSubmission
        If a word does not exist, or something does not fit.
    """
    lock_client_id(session, asked.client_id)
    earlier = rows.initiative_by_client_id(session, asked.client_id)
    if earlier is not None:
        if actor.account_id is None or earlier.author_id != actor.account_id:
            raise NotAllowed(Action.RECORD_PRESENCE)
        return earlier, False
    since = datetime.combine(asked.day or local_date(now), time(0), PARIS)
    team = team_during(session, actor, since, since + timedelta(days=1))
    found = Initiative(
        client_id=asked.client_id,
        territory_id=team.territory_id,
        team_id=team.id,
        author_id=actor.account_id,
        version=1,
        created_at=now,
    )
    _say(session, found, asked, now)
    session.add(found)
    session.flush()
    return found, True


def correct_initiative(
    session: Session, actor: Actor, asked: Asked, version: int, now: datetime
) -> Initiative:
    """Say again what an action was, by who had read its `version`.

    Raises
    ------
    NotFound
        If the actor noted no such action.
    StaleVersion
        If it changed since it was read.
    InvalidSubmission
        As `note_initiative` would.
    """
    found = own_initiative(session, actor, asked.client_id)
    if found.version != version:
        raise StaleVersion(str(asked.client_id), version, found.version)
    _say(session, found, asked, now)
    found.version += 1
    session.flush()
    return found


def cancel_initiative(session: Session, actor: Actor, client_id: UUID, now: datetime) -> None:
    """Take an action back: it counts no more.

    Raises
    ------
    NotFound
        If the actor noted no such action.
    """
    found = own_initiative(session, actor, client_id)
    found.cancelled_at = found.updated_at = now
    for photo in rows.photos_of_initiative(session, found.id):
        photo.removed_at = now  # nobody sees them any more: their files are collected
    session.flush()


def own_initiative(session: Session, actor: Actor, client_id: UUID) -> Initiative:
    """Return an action that the actor noted.

    Raises
    ------
    NotFound
        If there is none, it was taken back, or it is somebody else's.
    """
    found = rows.initiative_by_client_id(session, client_id)
    is_own = found is not None and found.author_id == actor.account_id
    if found is None or actor.account_id is None or not is_own or found.cancelled_at is not None:
        raise NotFound("Action", str(client_id))
    require(actor, Action.RECORD_PRESENCE, Target(found.territory_id, None, found.team_id))
    return found


def may_change_photos(actor: Actor, initiative: Initiative) -> bool:
    """Return whether `actor` may blacken or remove its photos: its author, and who counts it."""
    target = Target(initiative.territory_id, None, initiative.team_id)
    is_own = actor.account_id is not None and initiative.author_id == actor.account_id
    return is_own or may(actor, Action.COUNT_PRESENCE, target)


@dataclass(frozen=True, slots=True)
class SentPhoto:
    """A photo that came, re-encoded by `pictures.prepare`."""

    client_id: UUID
    picture: Picture


def earlier_initiative_photo(
    session: Session, actor: Actor, initiative: UUID, client_id: UUID
) -> InitiativePhoto | None:
    """Return what this `client_id` already brought, or None when the actor may add it.

    Raises
    ------
    NotFound
        If the actor noted no such action.
    NotAllowed
        If the `client_id` is that of another photo.
    InvalidPhoto
        If there are too many photos.
    """
    found = own_initiative(session, actor, initiative)
    photo = rows.initiative_photo_by_client_id(session, client_id)
    if photo is not None and photo.initiative_id != found.id:
        raise NotAllowed(Action.RECORD_PRESENCE)
    if photo is None and rows.count_initiative_photos(session, found.id) >= MAX_PER_MOMENT:
        raise InvalidPhoto(TOO_MANY)
    return photo


def add_initiative_photo(
    session: Session,
    files: Files,
    actor: Actor,
    initiative: UUID,
    sent: SentPhoto,
    now: datetime,
) -> tuple[InitiativePhoto, bool]:
    """Keep a photo once; return it, and whether this call did.

    Raises
    ------
    NotFound, NotAllowed, InvalidPhoto
        As `earlier_initiative_photo` does.
    """
    lock_client_id(session, initiative)  # photos of one action come in turn: the limit holds
    earlier = earlier_initiative_photo(session, actor, initiative, sent.client_id)
    if earlier is not None:
        return earlier, False
    found = own_initiative(session, actor, initiative)
    photo = InitiativePhoto(
        client_id=sent.client_id, initiative_id=found.id, key=new_key(), uploaded_at=now
    )
    _show(photo, sent.picture)
    put_photo(files, photo.key, sent.picture)
    session.add(photo)
    session.flush()
    return photo, True


def redact_initiative_photo(
    session: Session, files: Files, actor: Actor, photo_id: int, areas: Areas, now: datetime
) -> str:
    """Black out `areas` of a photo, kept under a new name; return the former one.

    The caller destroys what lies under it, with `delete_photo`, once the transaction is committed.

    Raises
    ------
    NotFound
        If there is no such photo, or the actor may not know of it.
    NotAllowed
        If the actor may not change it.
    """
    photo = _changeable(session, actor, photo_id)
    full = files.get(photo_path(photo.key, Size.FULL))
    if full is None:
        raise NotFound("Photo", str(photo_id))
    former, photo.key = photo.key, new_key()
    picture = blackened(full, areas)
    put_photo(files, photo.key, picture)
    _show(photo, picture)
    photo.redacted_at = now
    session.flush()
    return former


def remove_initiative_photo(session: Session, actor: Actor, photo_id: int, now: datetime) -> str:
    """Remove a photo; return the name whose files the caller destroys once this is committed.

    Raises
    ------
    NotFound, NotAllowed
        As `redact_initiative_photo` does.
    """
    photo = _changeable(session, actor, photo_id)
    photo.removed_at = now
    session.flush()
    return photo.key


def _changeable(session: Session, actor: Actor, photo_id: int) -> InitiativePhoto:
    found = rows.find_initiative_photo(session, actor, photo_id, lock=True)
    if found is None:
        raise NotFound("Photo", str(photo_id))
    if not may_change_photos(actor, found[1]):
        raise NotAllowed(Action.RECORD_PRESENCE)
    return found[0]


def _say(session: Session, found: Initiative, asked: Asked, now: datetime) -> None:
    found.day = asked.checked(now)
    kind = word_by_code(session, found.territory_id, WordKind.INITIATIVE, asked.kind)
    if kind is None:
        raise InvalidSubmission({"kind": NO_KIND})
    found.kind = kind
    sector = known_sector(session, found.territory_id, asked.sector) if asked.sector else None
    found.sector = sector
    found.title, found.place = masked(asked.title.strip()), masked(asked.place.strip())
    found.story = masked(asked.story.strip())
    found.people, found.minutes, found.organised = asked.people, asked.minutes, asked.organised
    found.partners = list(
        rows.words_by_code(session, found.territory_id, WordKind.BODY, asked.partners)
    )
    found.updated_at = now


def _show(photo: InitiativePhoto, picture: Picture) -> None:
    photo.width, photo.height = picture.width, picture.height
    photo.size_bytes = len(picture.full)
