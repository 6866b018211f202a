"""From a line of a journal to those who are told of it: a job, then one notice each.

The line's own transaction asks for the job; who is told is read when the job runs. Those who
reported are told a minute later, so that what was done by mistake can be taken back before; teams
are told of emergencies at once.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.notices import NewNotice, PersonKind, event_source
from qpvmap.core.telling import Happening, Letter, Telling, telling_of
from qpvmap.core.undoing import HELD_FOR
from qpvmap.core.workflow import Party
from qpvmap.storage.followers import Follower, addresses_of, family_of, followers_of
from qpvmap.storage.models import Event, Signalement
from qpvmap.storage.queue import enqueue
from qpvmap.storage.undoing import held_still, was_undone
from qpvmap.usecases.alerts import moves_followed
from qpvmap.usecases.emergencies import emergencies
from qpvmap.usecases.notices import post
from qpvmap.usecases.push import on_devices

TELL = "tell_event"
HELD = frozenset({Party.REPORTER})
"""Parties that are told of a line once it can be taken back no more."""
UNTOLD = "untold"


@dataclass(frozen=True, slots=True)
class Told:
    """What is to be told: the line, its signalement, the contact who acted by a link if any."""

    event: Event
    signalement: Signalement
    telling: Telling
    acting_contact_id: int | None = None


def announce(session: Session, event: Event, signalement: Signalement, actor: Actor) -> None:
    """Have a line told, if it is one of those that are."""
    if session.info.get(UNTOLD):
        return
    parties = _telling(event, signalement).parties & set(EXPANDERS)
    held = parties & HELD if event.kind != "created" else frozenset()
    for some, not_before in ((parties - held, None), (held, event.at + HELD_FOR)):
        if some:
            enqueue(
                session,
                TELL,
                not_before=not_before,
                event_id=event.id,
                contact_id=actor.contact_id,
                parties=sorted(some),
            )


@contextmanager
def untold(session: Session) -> Iterator[None]:
    """Write lines of the past that nobody is to be told of: a demonstration, an import."""
    before = session.info.get(UNTOLD, False)
    session.info[UNTOLD] = True
    try:
        yield
    finally:
        session.info[UNTOLD] = before


def tell(
    session: Session,
    event_id: int,
    contact_id: int | None,
    now: datetime,
    parties: Collection[str] = tuple(Party),
) -> int:
    """Post the notices of a line to some parties and return how many are new.

    Run twice, it posts none; of what was taken back, none either.
    """
    event = session.get_one(Event, event_id)
    signalement = held_still(session, event.signalement_id)
    if was_undone(session, event_id):
        return 0
    told = Told(event, signalement, _telling(event, signalement), contact_id)
    notices = [
        notice
        for party in sorted(told.telling.parties & set(parties))
        for expand in EXPANDERS.get(party, ())
        for notice in expand(session, told, now)
    ]
    return sum(post(session, notice, now) is not None for notice in notices)


def _telling(event: Event, signalement: Signalement) -> Telling:
    return telling_of(
        Happening(
            kind=event.kind,
            to_status=event.to_status,
            from_status=event.from_status,
            internal=event.internal,
            is_part=signalement.parent_id is not None,
            changes=(event.changes or {}).get("set"),
        )
    )


def reporters(session: Session, told: Told, _: datetime) -> Sequence[NewNotice]:
    """Return a mail for each person who reported it, or saw the same; one for each address."""
    letter = told.telling.letter
    if letter is None:
        return ()
    found = followers_of(session, family_of(session, told.signalement))
    addresses = _acting_addresses(session, told)
    notices = []
    for follower in found:
        address = follower.recipient.address.casefold()
        if address in addresses or _is_acting(follower, told):
            continue
        addresses.add(address)
        notices.append(_letter(told, letter, follower))
    return notices


def _is_acting(follower: Follower, told: Told) -> bool:
    """Return whether it is who acted; a resident does get the receipt of what they filed."""
    recipient = follower.recipient
    if recipient.kind is PersonKind.CONTACT:
        return recipient.id == told.acting_contact_id
    if told.telling.letter is Letter.RECEIVED and not follower.is_staff:
        return False
    return recipient.id == told.event.actor_id


def _acting_addresses(session: Session, told: Told) -> set[str]:
    """Return the addresses of who acted: they may have left them elsewhere too."""
    if told.telling.letter is Letter.RECEIVED:
        return set()
    return {
        a.casefold() for a in addresses_of(session, told.event.actor_id, told.acting_contact_id)
    }


def _letter(told: Told, letter: Letter, follower: Follower) -> NewNotice:
    return NewNotice(
        source=event_source(told.event.id),
        kind=letter,
        territory_id=told.signalement.territory_id,
        recipient=follower.recipient,
        signalement_id=follower.signalement_id,
        event_id=told.event.id,
    )


def reporters_devices(session: Session, told: Told, now: datetime) -> Sequence[NewNotice]:
    """Return the same for the browsers of those who have an account, the receipt left out."""
    if told.telling.letter is Letter.RECEIVED:
        return ()
    return [
        push
        for notice in reporters(session, told, now)
        if notice.recipient.kind is PersonKind.ACCOUNT
        for push in on_devices(session, notice, notice.recipient.id)
    ]


def subscribers(session: Session, told: Told, now: datetime) -> Sequence[NewNotice]:
    """Return what those who follow it are told, by mail and on their browsers."""
    return moves_followed(session, told.event, told.signalement, now)


def teams(session: Session, told: Told, _: datetime) -> Sequence[NewNotice]:
    """Return what the team is told at once: emergencies."""
    return emergencies(session, told.event, told.signalement)


Expander = Callable[[Session, Told, datetime], Sequence[NewNotice]]

EXPANDERS: Mapping[Party, Sequence[Expander]] = {
    Party.REPORTER: (reporters, reporters_devices, subscribers),
    Party.TEAM: (teams,),
}
"""How each party is found. A team hears of what is no emergency by its digest."""
