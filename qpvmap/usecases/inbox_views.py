"""Keep a view of the inbox, name it, share it with a team, open on it, forget it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.errors import CannotChange, InvalidSubmission, NotAllowed, NotFound
from qpvmap.core.inbox_views import MOST_VIEWS, NAME_TAKEN, NOT_YOUR_TEAM, TOO_MANY, view_name
from qpvmap.core.permissions import Action, Target, may, require
from qpvmap.storage import inbox_views as rows
from qpvmap.storage.models import InboxView, Team


@dataclass(frozen=True, slots=True)
class NewView:
    """What somebody keeps: a name, the filters as their address, a team to share it with."""

    name: str
    query: str
    team_id: int | None = None


def keep_view(session: Session, actor: Actor, new: NewView, now: datetime) -> InboxView:
    """Keep a view under a name, and return it.

    Raises
    ------
    NotAllowed
        If the actor has no inbox, or may not share with this team.
    InvalidSubmission
        If the name is empty, too long or taken, or the team is not one.
    CannotChange
        If they have as many as they may.
    """
    account_id = _reader(actor)
    name = view_name(new.name)
    _check_team(session, actor, new.team_id)
    if rows.lock_views(session, account_id) >= MOST_VIEWS:
        raise CannotChange(TOO_MANY)
    _check_name(session, account_id, name)
    view = InboxView(
        account_id=account_id, name=name, query=new.query, team_id=new.team_id, created_at=now
    )
    session.add(view)
    session.flush()
    return view


def rename_view(
    session: Session, actor: Actor, view_id: int, name: str, team_id: int | None
) -> InboxView:
    """Give a view another name, and share it with a team or with nobody; return it.

    Raises
    ------
    NotAllowed, InvalidSubmission
        As `keep_view` would.
    NotFound
        If it is not one that the actor made.
    """
    account_id = _reader(actor)
    name = view_name(name)
    rows.lock_views(session, account_id)
    view = _own(session, account_id, view_id)
    if team_id != view.team_id:
        _check_team(session, actor, team_id)
    _check_name(session, account_id, name, but=view_id)
    view.name, view.team_id = name, team_id
    session.flush()
    return view


def forget_view(session: Session, actor: Actor, view_id: int) -> None:
    """Remove a view; whoever opened on it opens as usual.

    Raises
    ------
    NotAllowed, NotFound
        As `rename_view` would.
    """
    session.delete(_own(session, _reader(actor), view_id))
    session.flush()


def choose_first_view(session: Session, actor: Actor, view_id: int | None) -> None:
    """Open the inbox on a view from now on, or on none.

    Raises
    ------
    NotAllowed, NotFound
        If the actor has no inbox, or not this view.
    """
    account_id = _reader(actor)
    if view_id is None:
        rows.open_usual(session, account_id)
        return
    if all(view.id != view_id for view in rows.views_of(session, actor)):
        raise NotFound("Vue", str(view_id))
    rows.open_first(session, account_id, view_id)


def may_share(actor: Actor, team: Team) -> bool:
    """Return whether `actor` may give a team a view."""
    return may(actor, Action.SHARE_VIEW, Target(team.territory_id, team_id=team.id))


def _reader(actor: Actor) -> int:
    require(actor, Action.VIEW_INBOX, Target(next(iter(actor.territory_ids), None)))
    if actor.account_id is None:
        raise NotAllowed(Action.VIEW_INBOX)
    return actor.account_id


def _own(session: Session, account_id: int, view_id: int) -> InboxView:
    view = rows.own_view(session, account_id, view_id)
    if view is None:
        raise NotFound("Vue", str(view_id))
    return view


def _check_team(session: Session, actor: Actor, team_id: int | None) -> None:
    if team_id is None:
        return
    team = session.get(Team, team_id)
    if team is None:
        raise InvalidSubmission({"team": NOT_YOUR_TEAM})
    if not may_share(actor, team):
        raise NotAllowed(Action.SHARE_VIEW)


def _check_name(session: Session, account_id: int, name: str, but: int | None = None) -> None:
    if rows.name_is_taken(session, account_id, name, but):
        raise InvalidSubmission({"name": NAME_TAKEN})
