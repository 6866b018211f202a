"""Solicitations: noted in two taps, put right or taken back within the day."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.errors import InvalidSubmission, NotAllowed, NotFound
from qpvmap.core.french import local_date
from qpvmap.core.outreach import NO_PUBLIC, NO_THEME
from qpvmap.core.outreach import Solicitation as Asked
from qpvmap.core.permissions import Action
from qpvmap.core.presence_words import WordKind
from qpvmap.core.presences import captured_at
from qpvmap.storage import outreach as rows
from qpvmap.storage.models import PresenceWord, Sector, Solicitation
from qpvmap.storage.presence_words import word_by_code
from qpvmap.storage.presences import open_presence
from qpvmap.storage.signalements import lock_client_id
from qpvmap.usecases.presences import known_sector, team_during

NO_BODY = "Choisissez vers qui la personne a été orientée."
TOO_LATE = "Une sollicitation se corrige le jour même : elle compte déjà dans les chiffres."
A_MOMENT = timedelta(microseconds=1)


def note_solicitation(
    session: Session, actor: Actor, asked: Asked, now: datetime
) -> tuple[Solicitation, bool]:
    """Note what somebody asked for; return it, and whether this call did.

    Without a sector it belongs to the one where the actor's round under way is; its team is that
    of the round on which it was.

    Raises
    ------
    NotAllowed
        If the actor notes none, or the `client_id` is somebody else's.
    InvalidSubmission
        If a word does not exist, or something does not fit.
    """
    lock_client_id(session, asked.client_id)
    earlier = rows.solicitation_by_client_id(session, asked.client_id)
    if earlier is not None:
        if actor.account_id is None or earlier.author_id != actor.account_id:
            raise NotAllowed(Action.RECORD_PRESENCE)
        return earlier, False
    at = captured_at(asked.at, now)
    team = team_during(session, actor, at, at + A_MOMENT)
    found = Solicitation(
        client_id=asked.client_id,
        territory_id=team.territory_id,
        team_id=team.id,
        author_id=actor.account_id,
        sector=_sector(session, actor, team.territory_id, asked.sector),
        happened_at=at,
        clock_off_s=asked.clock_off_s,
        created_at=now,
    )
    _say(session, found, asked, now)
    session.add(found)
    session.flush()
    return found, True


def correct_solicitation(
    session: Session, actor: Actor, asked: Asked, now: datetime
) -> Solicitation:
    """Say it again, within the day.

    Raises
    ------
    NotFound
        If the actor noted no such thing.
    InvalidSubmission
        If the day is over, a word does not exist, or something does not fit.
    """
    found = _own_of_today(session, actor, asked.client_id, now)
    if asked.sector:
        found.sector = known_sector(session, found.territory_id, asked.sector)
    _say(session, found, asked, now)
    session.flush()
    return found


def cancel_solicitation(session: Session, actor: Actor, client_id: UUID, now: datetime) -> None:
    """Take it back, within the day: it counts no more.

    Raises
    ------
    NotFound, InvalidSubmission
        As `correct_solicitation` would.
    """
    found = _own_of_today(session, actor, client_id, now)
    found.cancelled_at = found.updated_at = now
    session.flush()


def is_of_today(found: Solicitation, now: datetime) -> bool:
    """Return whether its author may still put it right."""
    return local_date(found.created_at) == local_date(now)


def _own_of_today(session: Session, actor: Actor, client_id: UUID, now: datetime) -> Solicitation:
    found = rows.solicitation_by_client_id(session, client_id)
    is_own = found is not None and found.author_id == actor.account_id
    if found is None or actor.account_id is None or not is_own or found.cancelled_at is not None:
        raise NotFound("Sollicitation", str(client_id))
    if not is_of_today(found, now):
        raise InvalidSubmission({"solicitation": TOO_LATE})
    return found


def _say(session: Session, found: Solicitation, asked: Asked, now: datetime) -> None:
    asked.checked()
    key = found.territory_id
    found.public = _word(session, key, WordKind.PUBLIC, asked.public, NO_PUBLIC)
    found.theme = _word(session, key, WordKind.THEME, asked.theme, NO_THEME)
    found.body = _word(session, key, WordKind.BODY, asked.body, NO_BODY) if asked.body else None
    found.times, found.note, found.updated_at = asked.times, asked.kept_note, now


def _word(
    session: Session, territory_id: int, kind: WordKind, code: str, missing: str
) -> PresenceWord:
    word = word_by_code(session, territory_id, kind, code)
    if word is None:
        raise InvalidSubmission({str(kind): missing})
    return word


def _sector(session: Session, actor: Actor, territory_id: int, code: str) -> Sector | None:
    if code:
        return known_sector(session, territory_id, code)
    if actor.account_id is None:
        return None
    under_way = open_presence(session, actor.account_id)
    return under_way.stretches[-1].sector if under_way else None
