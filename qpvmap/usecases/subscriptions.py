"""Follow something, and stop: by account, or by an address that its owner proved to be theirs.

Nothing is kept of an address before its owner opened the link sent to it: the link says it all.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from qpvmap.core.actors import ANONYMOUS, Actor
from qpvmap.core.errors import InvalidSubmission, NotFound
from qpvmap.core.subscriptions import MAX_SUBSCRIPTIONS, TOO_MANY, Wish
from qpvmap.storage import subscriptions as rows
from qpvmap.storage.accounts import account_by_email
from qpvmap.storage.models import Account, Subscriber, Subscription
from qpvmap.storage.subscriptions import Wanted


@dataclass(frozen=True, slots=True)
class Subscribed:
    """What is followed from now on, and whether it already was."""

    wanted: Wanted
    is_new: bool
    subscriber_id: int


def wanted_by(session: Session, actor: Actor, territory_id: int, wish: Wish) -> Wanted:
    """Return what `actor` may follow by this wish.

    Raises
    ------
    NotFound
        If there is no such thing, or they may not know of it.
    InvalidSubmission
        If a street's name is none.
    """
    found = rows.find_wanted(session, actor, territory_id, wish)
    if found is None:
        raise NotFound("Suivi", wish.key)
    return found


def subscribe(
    session: Session, actor: Actor, territory_id: int, wish: Wish, now: datetime
) -> Subscribed:
    """Have an account follow something; twice is once.

    Raises
    ------
    NotFound
        If there is no such thing for them, or nobody is signed in.
    InvalidSubmission
        If a street's name is none, or they follow too much already.
    """
    if actor.account_id is None:
        raise NotFound("Suivi", wish.key)
    wanted = wanted_by(session, actor, territory_id, wish)
    subscriber_id = rows.keep_subscriber(session, now, account_id=actor.account_id)
    return _add(session, subscriber_id, territory_id, wanted, now)


def subscribe_by_mail(
    session: Session, email: str, territory_id: int, wish: Wish, now: datetime
) -> Subscribed:
    """Have an address follow something public, once its owner opened the link sent to it.

    The address of an account follows for that account: it would otherwise be told twice.

    Raises
    ------
    NotFound
        If there is no such thing for the public.
    InvalidSubmission
        If a street's name is none, or it follows too much already.
    """
    wanted = wanted_by(session, ANONYMOUS, territory_id, wish)
    account = account_by_email(session, email)
    if account is not None and account.active:
        subscriber_id = rows.keep_subscriber(session, now, account_id=account.id)
    else:
        subscriber_id = rows.keep_subscriber(session, now, email=email)
    return _add(session, subscriber_id, territory_id, wanted, now)


def _add(
    session: Session, subscriber_id: int, territory_id: int, wanted: Wanted, now: datetime
) -> Subscribed:
    count = rows.count_subscriptions(session, subscriber_id)
    is_new = rows.add_subscription(session, subscriber_id, territory_id, wanted, now)
    if is_new and count >= MAX_SUBSCRIPTIONS:
        raise InvalidSubmission({"form": TOO_MANY})
    return Subscribed(wanted, is_new, subscriber_id)


def stop(session: Session, subscriber_id: int, subscription_id: int) -> None:
    """Stop following one thing; an address that follows nothing any more is forgotten.

    Raises
    ------
    NotFound
        If it is somebody else's, or followed no more.
    """
    if not rows.remove_subscription(session, subscriber_id, subscription_id):
        raise NotFound("Suivi", str(subscription_id))
    rows.forget_idle_addresses(session)


def stop_of(session: Session, actor: Actor, subscription_id: int) -> None:
    """Stop following one thing, as an account.

    Raises
    ------
    NotFound
        If it is not theirs.
    """
    subscriber = rows.subscriber_of(session, actor)
    if subscriber is None:
        raise NotFound("Suivi", str(subscription_id))
    stop(session, subscriber.id, subscription_id)


def stop_all(session: Session, subscriber_id: int) -> None:
    """Send nothing more to a subscriber: an address is forgotten, an account keeps its list."""
    subscriber = session.get(Subscriber, subscriber_id)
    if subscriber is None:
        return
    if subscriber.account_id is None:
        rows.remove_subscriber(session, subscriber_id)
    else:
        session.get_one(Account, subscriber.account_id).told_of_followed = False
    session.flush()


def list_of(session: Session, actor: Actor) -> list[Subscription]:
    """Return what an account follows."""
    subscriber = rows.subscriber_of(session, actor)
    return [] if subscriber is None else rows.subscriptions_of(session, actor, subscriber.id)
