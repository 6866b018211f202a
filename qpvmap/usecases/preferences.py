"""What an account wishes to be told of."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.errors import NotFound
from qpvmap.storage.models import Account
from qpvmap.usecases.following import set_told_by_mail


@dataclass(frozen=True, slots=True)
class Preferences:
    """Moves of what one reported, news of what one follows, copies of what one's teams get."""

    own_moves: bool
    followed: bool
    team_copies: bool


def choose(session: Session, actor: Actor, chosen: Preferences, now: datetime) -> None:
    """Keep what an account wishes to be told of.

    Raises
    ------
    NotFound
        If nobody is signed in.
    """
    account = session.get(Account, actor.account_id) if actor.account_id else None
    if account is None:
        raise NotFound("Compte", "")
    set_told_by_mail(session, actor, chosen.own_moves, now)
    account.told_of_followed = chosen.followed
    account.told_of_teams = chosen.team_copies and bool(actor.team_ids)
    account.update_datetime = now
    session.flush()
