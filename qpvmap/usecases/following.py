"""Somebody without an account, proven by a signed link: they read, write, contest, leave."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor, Role
from qpvmap.core.errors import NotFound
from qpvmap.core.notices import PersonKind
from qpvmap.core.workflow import Request, Status
from qpvmap.storage.following import Followed, filed_among, followed_by
from qpvmap.storage.models import Account, Contact
from qpvmap.usecases.handling import change_status
from qpvmap.usecases.messages import message


def holder(followed: Followed) -> Actor:
    """Return the actor that the holder of a link is: nobody's account, their own report alone."""
    own, head = followed.own, followed.head
    return Actor(
        roles=frozenset({Role.RESIDENT}),
        territory_ids=frozenset({own.territory_id}),
        holds=frozenset({own.id, head.id}),
        contact_id=followed.contact.id,
    )


def filer(session: Session, reference: str, filed: Collection[str]) -> Actor | None:
    """Return who filed a signalement without an account, as the browser that filed it proves.

    They may do what the holder of a signed link may. None when it is not among `filed`, what this
    browser filed, or is not for all to see any more.
    """
    row = filed_among(session, reference, filed) if filed else None
    if row is None:
        return None
    return Actor(
        roles=frozenset({Role.RESIDENT}),
        territory_ids=frozenset({row.territory_id}),
        holds=frozenset({row.id}),
    )


def follow(session: Session, contact_id: int) -> Followed | None:
    """Return what a contact follows; None when they are gone, or want to be told no more."""
    followed = followed_by(session, contact_id)
    if followed is None or followed.contact.unsubscribed_at is not None:
        return None
    return followed


def write_to_service(session: Session, contact_id: int, text: str, now: datetime) -> None:
    """Send a message to the service, in the journal of what goes on.

    Raises
    ------
    NotFound
        If the link opens nothing any more.
    InvalidSubmission
        If the text is empty or too long.
    """
    followed = _followed(session, contact_id)
    message(session, holder(followed), followed.head.reference, text, now)


def contest(session: Session, contact_id: int, why: str, version: int, now: datetime) -> None:
    """Say that it is not over, and why: the service takes it up again.

    Raises
    ------
    NotFound
        If the link opens nothing any more.
    StaleVersion, ForbiddenMove, CommentRequired, ContestTooLate
        As `change_status` would.
    """
    followed = _followed(session, contact_id)
    request = Request(Status.REOPENED, why)
    reference = followed.head.reference
    change_status(session, holder(followed), reference, request, version=version, now=now)


def unsubscribe(session: Session, kind: PersonKind, person_id: int, now: datetime) -> None:
    """Stop the mails to a person, who proved who they are by a link; twice changes nothing."""
    _set_subscribed(session, kind, person_id, subscribed=False, now=now)


def resubscribe(session: Session, kind: PersonKind, person_id: int, now: datetime) -> None:
    """Start them again: it was a mistake."""
    _set_subscribed(session, kind, person_id, subscribed=True, now=now)


def set_told_by_mail(session: Session, actor: Actor, wanted: bool, now: datetime) -> None:
    """Start or stop the mails to the actor's own account."""
    _set_subscribed(session, PersonKind.ACCOUNT, actor.account_id or 0, subscribed=wanted, now=now)


def _set_subscribed(
    session: Session, kind: PersonKind, person_id: int, *, subscribed: bool, now: datetime
) -> None:
    if kind is PersonKind.ACCOUNT:
        account = session.get(Account, person_id)
        if account is not None:
            account.told_by_mail = subscribed
        return
    contact = session.get(Contact, person_id)
    if contact is None:
        return
    if subscribed:
        contact.unsubscribed_at = None
    else:
        contact.unsubscribed_at = contact.unsubscribed_at or now


def _followed(session: Session, contact_id: int) -> Followed:
    followed = follow(session, contact_id)
    if followed is None:
        raise NotFound("Lien", "")
    return followed
