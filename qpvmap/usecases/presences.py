"""A mediator's round as it goes: start it, change sector, end it. Never a position.

Each call has an identifier made by the phone: the same again changes nothing, so that what waited
for a network can be sent until an answer comes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.errors import InvalidSubmission, NotAllowed, NotFound
from qpvmap.core.french import clock, long_day
from qpvmap.core.permissions import Action, Target, may, require
from qpvmap.core.presences import (
    LONGEST,
    MAX_OTHERS,
    Entry,
    captured_at,
    forgotten_end,
    is_forgotten,
)
from qpvmap.storage import presences as rows
from qpvmap.storage.models import Presence, PresenceStretch, Sector, Team
from qpvmap.storage.presence_words import sector_by_code
from qpvmap.storage.signalements import lock_client_id

NO_TEAM = "Vous n’êtes dans aucun service : la coordination peut vous y ajouter."
UNKNOWN_TEAM = "Choisissez une de vos équipes."
UNKNOWN_SECTOR = "Choisissez où vous êtes : un des secteurs de la liste."
UNKNOWN_COMPANION = "Choisissez une ou un collègue de votre équipe, ou personne."
BAD_OTHERS = f"Autres personnes : un nombre entre 0 et {MAX_OTHERS}."
SHORTEST = timedelta(minutes=1)
SLIP = timedelta(minutes=2)
"""Two rounds that follow each other may share as much: it is the first one's."""


@dataclass(frozen=True, slots=True)
class Start:
    """A round that begins; `at` by the phone's clock, None for now.

    `clock_off_s` is by how much that clock is late, when it is not right. `team` is the code of one
    of the actor's teams; without it, the first one.
    """

    client_id: UUID
    sector: str
    at: datetime | None = None
    companion_id: int | None = None
    others: int = 0
    team: str = ""
    clock_off_s: int | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """The walker of the round `presence` is in another sector from now on."""

    client_id: UUID
    presence: UUID
    sector: str
    at: datetime | None = None
    clock_off_s: int | None = None


@dataclass(frozen=True, slots=True)
class End:
    """The round `presence` is over."""

    client_id: UUID
    presence: UUID
    at: datetime | None = None
    clock_off_s: int | None = None


@dataclass(frozen=True, slots=True)
class Noted:
    """A round, and whether this call changed it or an earlier one with its identifier did."""

    presence: Presence
    created: bool


def start_presence(session: Session, actor: Actor, asked: Start, now: datetime) -> Noted:
    """Begin a round.

    Raises
    ------
    NotAllowed
        If the actor notes no rounds, or the `client_id` is somebody else's.
    InvalidSubmission
        If the actor has no team, is on a round already, or names a team, a sector or a colleague
        that is none of theirs.
    """
    walker = held(session, actor)
    earlier = noted_before(session, actor, asked.client_id)
    if earlier is not None:
        return Noted(earlier, created=False)
    team = team_of(session, actor, asked.team)
    at = captured_at(asked.at, now)
    sector = known_sector(session, team.territory_id, asked.sector)
    check_company(session, team, walker, asked.companion_id, asked.others)
    at = _free_from(session, walker, at)
    presence = Presence(
        client_id=asked.client_id,
        territory_id=team.territory_id,
        team_id=team.id,
        walker_id=walker,
        companion_id=asked.companion_id,
        others=asked.others,
        started_at=at,
        entry=Entry.LIVE,
        to_check=False,
        version=1,
        created_at=now,
        updated_at=now,
        stretches=[
            PresenceStretch(
                client_id=asked.client_id,
                sector=sector,
                started_at=at,
                clock_off_s=asked.clock_off_s,
            )
        ],
    )
    session.add(presence)
    session.flush()
    return Noted(presence, created=True)


def move_presence(session: Session, actor: Actor, asked: Move, now: datetime) -> Noted:
    """Note that the walker changed sector; nothing changes in a round that was corrected since.

    Raises
    ------
    NotFound
        If the actor has no such round.
    InvalidSubmission
        If there is no such sector.
    """
    held(session, actor)
    presence = own_presence(session, actor, asked.presence)
    known = rows.stretch_by_client_id(session, asked.client_id)
    if known is not None or is_settled(session, presence):
        return Noted(presence, created=False)
    sector = known_sector(session, presence.territory_id, asked.sector)
    at = max(captured_at(asked.at, now), presence.started_at)
    stretch = PresenceStretch(
        client_id=asked.client_id, started_at=at, clock_off_s=asked.clock_off_s
    )
    if not _enter(presence, stretch, sector):
        return Noted(presence, created=False)
    if presence.ended_at is not None and presence.to_check and at >= presence.ended_at:
        presence.ended_at = at + SHORTEST  # it was closed by itself, and yet went on
    touch(session, presence, now)
    return Noted(presence, created=True)


def end_presence(session: Session, actor: Actor, asked: End, now: datetime) -> Noted:
    """End a round. What the phone says outweighs what was guessed of a forgotten one.

    Raises
    ------
    NotFound
        If the actor has no such round.
    """
    walker = held(session, actor)
    presence = own_presence(session, actor, asked.presence)
    if is_settled(session, presence) or (presence.ended_at and not presence.to_check):
        return Noted(presence, created=False)
    at = max(captured_at(asked.at, now), presence.started_at + SHORTEST)
    if at - presence.started_at > LONGEST:
        close_forgotten(session, presence, now)
        return Noted(presence, created=True)
    following = rows.next_start(session, walker, presence.started_at)
    presence.ended_at = min(at, following) if following else at
    presence.end_client_id, presence.to_check = asked.client_id, False
    presence.end_clock_off_s = asked.clock_off_s
    touch(session, presence, now)
    return Noted(presence, created=True)


def close_forgotten(session: Session, presence: Presence, now: datetime) -> None:
    """Close a round that nobody ended, and ask its author to check it."""
    presence.ended_at = forgotten_end(presence.started_at, rows.last_sign(session, presence))
    if presence.ended_at <= presence.started_at:
        presence.ended_at = presence.started_at + SHORTEST
    presence.to_check = True
    touch(session, presence, now)


def held(session: Session, actor: Actor) -> int:
    """Return the key of who notes, whose rounds wait for this transaction to end.

    Raises
    ------
    NotAllowed
        If nobody is signed in.
    """
    if actor.account_id is None:
        raise NotAllowed(Action.RECORD_PRESENCE)
    rows.lock_person(session, actor.account_id)
    return actor.account_id


def noted_before(session: Session, actor: Actor, client_id: UUID) -> Presence | None:
    """Return the actor's round of this identifier.

    Raises
    ------
    NotAllowed
        If it is somebody else's.
    """
    lock_client_id(session, client_id)
    found = rows.presence_by_client_id(session, client_id)
    if found is not None and found.walker_id != actor.account_id:
        raise NotAllowed(Action.RECORD_PRESENCE)
    return found


def own_presence(session: Session, actor: Actor, client_id: UUID) -> Presence:
    """Return a round that the actor walked.

    Raises
    ------
    NotFound
        If there is none, or it is somebody else's.
    """
    found = rows.presence_by_client_id(session, client_id, lock=True)
    if found is None or found.walker_id != actor.account_id or actor.account_id is None:
        raise NotFound("Sortie", str(client_id))
    require(actor, Action.RECORD_PRESENCE, Target(found.territory_id, None, found.team_id))
    return found


def is_settled(session: Session, presence: Presence) -> bool:
    """Return whether its author cancelled or corrected it: what comes late changes it no more."""
    return presence.cancelled_at is not None or bool(rows.changes_of(session, presence.id))


def teams_of(session: Session, actor: Actor) -> Sequence[Team]:
    """Return the teams for which the actor can note what they do, on the territory of the first."""
    found = rows.teams_among(session, actor.team_ids)
    return [
        team
        for team in found
        if team.territory_id == found[0].territory_id
        and may(actor, Action.RECORD_PRESENCE, Target(team.territory_id, None, team.id))
    ]


def team_of(session: Session, actor: Actor, code: str = "") -> Team:
    """Return the team for which the actor notes what they do: that of `code`, else the first.

    Raises
    ------
    InvalidSubmission
        If they are in none, or not in that one.
    NotAllowed
        If they note nothing.
    """
    teams = teams_of(session, actor)
    if not teams:
        require(actor, Action.RECORD_PRESENCE, _anywhere(actor))
        raise InvalidSubmission({"team": NO_TEAM})
    if not code:
        return teams[0]
    for team in teams:
        if team.code == code:
            return team
    raise InvalidSubmission({"team": UNKNOWN_TEAM})


def team_during(session: Session, actor: Actor, since: datetime, until: datetime) -> Team:
    """Return the team of the round that the actor was on then; else as `team_of` does.

    Raises
    ------
    InvalidSubmission, NotAllowed
        As `team_of` does.
    """
    usual = team_of(session, actor)
    if actor.account_id is None:
        return usual
    presence = rows.overlapping(session, actor.account_id, since, until)
    on_it = presence.team_id if presence else usual.id
    return next((team for team in teams_of(session, actor) if team.id == on_it), usual)


def _anywhere(actor: Actor) -> Target:
    """Return a target that tells whether the actor could note anything, if they had a team."""
    return Target(min(actor.territory_ids, default=None), None, min(actor.team_ids, default=None))


def known_sector(session: Session, territory_id: int, code: str) -> Sector:
    """Return a sector.

    Raises
    ------
    InvalidSubmission
        If the territory has none of this code.
    """
    sector = sector_by_code(session, territory_id, code)
    if sector is None:
        raise InvalidSubmission({"sector": UNKNOWN_SECTOR})
    return sector


def check_company(
    session: Session, team: Team, walker: int, companion_id: int | None, others: int
) -> None:
    """Do nothing when the actor can have walked with them.

    Raises
    ------
    InvalidSubmission
        If the colleague is not one, or there are too many others.
    """
    if not 0 <= others <= MAX_OTHERS:
        raise InvalidSubmission({"others": BAD_OTHERS})
    if companion_id is None:
        return
    if companion_id not in rows.colleagues_of(session, team.id, walker):
        raise InvalidSubmission({"companion": UNKNOWN_COMPANION})


def touch(session: Session, presence: Presence, now: datetime) -> None:
    """Note that a round changed."""
    presence.version += 1
    presence.updated_at = now
    session.flush()


def words_of_times(presence: Presence) -> str:
    """Return when a round was, in words."""
    since = f"{long_day(presence.started_at)}, de {clock(presence.started_at)}"
    return f"{since} à {clock(presence.ended_at)}" if presence.ended_at else f"{since} à maintenant"


def _free_from(session: Session, walker: int, at: datetime) -> datetime:
    """Return when a round that begins at `at` can begin; a forgotten one before it is closed."""
    still_open = rows.open_presence(session, walker)
    if still_open is not None and is_forgotten(still_open.started_at, at):
        close_forgotten(session, still_open, at)
    elif still_open is not None:
        since = f"{long_day(still_open.started_at)} à {clock(still_open.started_at)}"
        raise InvalidSubmission(
            {"presence": f"Vous avez déjà une sortie en cours depuis le {since}. Terminez-la."}
        )
    other = rows.overlapping(session, walker, at, at + SHORTEST)
    if other is None or other.ended_at is None:
        return at
    if other.ended_at - at > SLIP:
        raise InvalidSubmission({"presence": already(other)})
    return other.ended_at


def already(other: Presence) -> str:
    """Return that a round stands in the way of another."""
    return f"Vous avez déjà noté une sortie à ces heures : {words_of_times(other)}."


def _enter(presence: Presence, stretch: PresenceStretch, sector: Sector) -> bool:
    """Put a part into a round; return whether it changes anything."""
    before = [one for one in presence.stretches if one.started_at <= stretch.started_at]
    if before[-1].sector_id == sector.id:
        return False
    if before[-1].started_at == stretch.started_at:
        before[-1].sector = sector
        return True
    stretch.sector = sector
    presence.stretches.append(stretch)
    presence.stretches.sort(key=lambda one: one.started_at)
    return True
