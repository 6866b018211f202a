"""Follow something, and stop: by account, or by an address that its owner proved to be theirs.

Nothing is kept of an address before its owner opened the link sent to it: the link says it all.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from qpvmap.core.actors import ANONYMOUS, Actor
from qpvmap.core.errors import InvalidSubmission, NotFound
from qpvmap.core.follows import MAX_FOLLOWS, TOO_MANY, Wish
from qpvmap.storage import follows as rows
from qpvmap.storage.accounts import account_by_email
from qpvmap.storage.follows import Wanted
from qpvmap.storage.models import Account, Follow, Follower


@dataclass(frozen=True, slots=True)
class Followed:
    """What is followed from now on, and whether it already was."""

    wanted: Wanted
    is_new: bool
    follower_id: int


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


def follow(
    session: Session, actor: Actor, territory_id: int, wish: Wish, now: datetime
) -> Followed:
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
    follower_id = rows.keep_follower(session, now, account_id=actor.account_id)
    return _add(session, follower_id, territory_id, wanted, now)


def follow_by_mail(
    session: Session, email: str, territory_id: int, wish: Wish, now: datetime
) -> Followed:
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
        follower_id = rows.keep_follower(session, now, account_id=account.id)
    else:
        follower_id = rows.keep_follower(session, now, email=email)
    return _add(session, follower_id, territory_id, wanted, now)


def _add(
    session: Session, follower_id: int, territory_id: int, wanted: Wanted, now: datetime
) -> Followed:
    count = rows.count_follows(session, follower_id)
    is_new = rows.add_follow(session, follower_id, territory_id, wanted, now)
    if is_new and count >= MAX_FOLLOWS:
        raise InvalidSubmission({"form": TOO_MANY})
    return Followed(wanted, is_new, follower_id)


def stop(session: Session, follower_id: int, follow_id: int) -> None:
    """Stop following one thing; an address that follows nothing any more is forgotten.

    Raises
    ------
    NotFound
        If it is somebody else's, or followed no more.
    """
    if not rows.remove_follow(session, follower_id, follow_id):
        raise NotFound("Suivi", str(follow_id))
    rows.forget_idle_addresses(session)


def stop_of(session: Session, actor: Actor, follow_id: int) -> None:
    """Stop following one thing, as an account.

    Raises
    ------
    NotFound
        If it is not theirs.
    """
    follower = rows.follower_of(session, actor)
    if follower is None:
        raise NotFound("Suivi", str(follow_id))
    stop(session, follower.id, follow_id)


def stop_all(session: Session, follower_id: int) -> None:
    """Send nothing more to a follower: an address is forgotten, an account keeps its list."""
    follower = session.get(Follower, follower_id)
    if follower is None:
        return
    if follower.account_id is None:
        rows.remove_follower(session, follower_id)
    else:
        session.get_one(Account, follower.account_id).told_of_followed = False
    session.flush()


def list_of(session: Session, actor: Actor) -> list[Follow]:
    """Return what an account follows."""
    follower = rows.follower_of(session, actor)
    return [] if follower is None else rows.follows_of(session, actor, follower.id)
