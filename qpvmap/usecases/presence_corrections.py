"""Rounds entered afterwards, corrected or cancelled by who walked them; changes leave a trace."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.errors import InvalidSubmission, NotFound, StaleVersion
from qpvmap.core.french import clock, plural, short_day
from qpvmap.core.presences import (
    CORRECTED_WITHIN,
    LONGEST,
    MAX_LEGS,
    Entry,
    can_be_corrected,
)
from qpvmap.storage import presences as rows
from qpvmap.storage.models import Presence, PresenceChange, PresenceStretch
from qpvmap.usecases.presences import (
    Noted,
    already,
    check_company,
    held,
    known_sector,
    noted_before,
    own_presence,
    team_of,
    touch,
)

NO_LEG = "Dites où vous étiez, et à partir de quelle heure."
TOO_MANY_LEGS = f"{MAX_LEGS} secteurs au plus dans une sortie : faites-en deux."
NOT_IN_ORDER = "Les heures doivent se suivre, du début à la fin de la sortie."
IN_THE_FUTURE = "Cette sortie n’est pas encore finie : donnez des heures passées."
TOO_LONG = "Plus de 12 heures : vérifiez le début et la fin, ou notez deux sorties."
TOO_OLD = f"Plus de {CORRECTED_WITHIN.days} jours : demandez à la coordination."
STILL_OPEN = "Terminez d’abord cette sortie, puis corrigez-la."
CANCELLED = "Cette sortie a été retirée."


@dataclass(frozen=True, slots=True)
class Leg:
    """From when on, in which sector."""

    at: datetime
    sector: str


@dataclass(frozen=True, slots=True)
class Whole:
    """A round as its author tells it afterwards: its parts in order, and when it ended."""

    legs: Sequence[Leg]
    end: datetime
    companion_id: int | None = None
    others: int = 0

    def check(self, now: datetime) -> None:
        """Do nothing when such a round may have been.

        Raises
        ------
        InvalidSubmission
            If its hours make none.
        """
        if not self.legs:
            raise InvalidSubmission({"legs": NO_LEG})
        if len(self.legs) > MAX_LEGS:
            raise InvalidSubmission({"legs": TOO_MANY_LEGS})
        instants = [*(leg.at for leg in self.legs), self.end]
        if any(later <= sooner for sooner, later in pairwise(instants)):
            raise InvalidSubmission({"legs": NOT_IN_ORDER})
        if self.end > now:
            raise InvalidSubmission({"end": IN_THE_FUTURE})
        if self.end - instants[0] > LONGEST:
            raise InvalidSubmission({"end": TOO_LONG})
        if not can_be_corrected(instants[0], now):
            raise InvalidSubmission({"day": TOO_OLD})


def note_presence(
    session: Session,
    actor: Actor,
    client_id: UUID,
    whole: Whole,
    now: datetime,
    team_code: str = "",
) -> Noted:
    """Enter a round afterwards, for one of the actor's teams: the first without a code.

    Raises
    ------
    NotAllowed, InvalidSubmission
        As `start_presence` would, and when its hours make no round.
    """
    walker = held(session, actor)
    earlier = noted_before(session, actor, client_id)
    if earlier is not None:
        return Noted(earlier, created=False)
    team = team_of(session, actor, team_code)
    presence = Presence(
        client_id=client_id,
        territory_id=team.territory_id,
        team_id=team.id,
        team=team,
        walker_id=walker,
        entry=Entry.AFTER,
        version=1,
        created_at=now,
        updated_at=now,
        stretches=[],
    )
    _tell(session, presence, walker, whole, now)
    session.add(presence)
    session.flush()
    return Noted(presence, created=True)


def correct_presence(
    session: Session,
    actor: Actor,
    client_id: UUID,
    whole: Whole,
    version: int,
    now: datetime,
) -> Presence:
    """Say again how a round was, by who had read its `version`; what it said before is kept.

    Raises
    ------
    NotFound
        If the actor walked no such round.
    StaleVersion
        If it changed since it was read.
    InvalidSubmission
        If it is not over, was cancelled, is too old, or its new hours make no round.
    """
    walker = held(session, actor)
    presence = _correctable(session, actor, client_id, now)
    if presence.version != version:
        raise StaleVersion(str(client_id), version, presence.version)
    before = said(presence)
    _tell(session, presence, walker, whole, now)
    presence.to_check = False
    _trace(session, presence, before, now)
    touch(session, presence, now)
    return presence


def cancel_presence(session: Session, actor: Actor, client_id: UUID, now: datetime) -> None:
    """Take back a round that was not; it counts no more.

    Raises
    ------
    NotFound, InvalidSubmission
        As `correct_presence` would, but that one still open may be taken back.
    """
    held(session, actor)
    presence = _correctable(session, actor, client_id, now, is_open=True)
    presence.cancelled_at, presence.to_check = now, False
    _trace(session, presence, f"Retirée. {said(presence)}", now)
    touch(session, presence, now)


def leave_presence(session: Session, actor: Actor, client_id: UUID, now: datetime) -> None:
    """Say that one did not walk along in a colleague's round.

    Raises
    ------
    NotFound
        If no colleague says that the actor did.
    """
    presence = rows.presence_by_client_id(session, client_id, lock=True)
    is_along = presence is not None and presence.companion_id == actor.account_id
    if presence is None or actor.account_id is None or not is_along:
        raise NotFound("Sortie", str(client_id))
    _trace(session, presence, f"La personne en binôme s’en est retirée. {said(presence)}", now)
    presence.companion_id = None
    touch(session, presence, now)


def said(presence: Presence) -> str:
    """Return what a round says, in words without a name."""
    legs = ", ".join(f"{clock(one.started_at)} {one.sector.name}" for one in presence.stretches)
    end = clock(presence.ended_at) if presence.ended_at else "en cours"
    company = presence.others + (presence.companion_id is not None)
    with_whom = f", avec {plural(company, 'personne')}" if company else ""
    return f"{short_day(presence.started_at)} : {legs}, fin {end}{with_whom}."


def _correctable(
    session: Session, actor: Actor, client_id: UUID, now: datetime, *, is_open: bool = False
) -> Presence:
    presence = own_presence(session, actor, client_id)
    if presence.cancelled_at is not None:
        raise InvalidSubmission({"presence": CANCELLED})
    if presence.ended_at is None and not is_open:
        raise InvalidSubmission({"presence": STILL_OPEN})
    if not can_be_corrected(presence.started_at, now):
        raise InvalidSubmission({"presence": TOO_OLD})
    return presence


def _tell(session: Session, presence: Presence, walker: int, whole: Whole, now: datetime) -> None:
    """Write into a round what its author tells of it."""
    whole.check(now)
    sectors = [known_sector(session, presence.territory_id, leg.sector) for leg in whole.legs]
    if whole.companion_id != presence.companion_id or whole.others != presence.others:
        check_company(session, presence.team, walker, whole.companion_id, whole.others)
    start = whole.legs[0].at
    other = rows.overlapping(session, walker, start, whole.end, presence.id)
    if other is not None:
        raise InvalidSubmission({"legs": already(other)})
    known = [one.client_id for one in presence.stretches]
    spare = [uuid4() for _ in sectors[len(known) :]]
    presence.stretches.clear()
    session.flush()
    presence.stretches = [
        PresenceStretch(client_id=key, sector=sector, started_at=leg.at)
        for key, sector, leg in zip([*known, *spare], sectors, whole.legs, strict=False)
    ]
    presence.started_at, presence.ended_at = start, whole.end
    presence.end_clock_off_s = None
    presence.companion_id, presence.others = whole.companion_id, whole.others


def _trace(session: Session, presence: Presence, said_before: str, now: datetime) -> None:
    session.add(PresenceChange(presence_id=presence.id, said=said_before, changed_at=now))
