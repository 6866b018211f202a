"""Views of the inbox that people keep: their own, and those that their teams share."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.storage.models import Account, InboxDefault, InboxView, Team


@dataclass(frozen=True, slots=True)
class KeptView:
    """A view as its reader has it; `team` is empty unless it is shared, `shared_by` made it."""

    id: int
    name: str
    query: str
    team_id: int | None
    team: str
    shared_by: str
    is_mine: bool
    opens_first: bool


def views_of(session: Session, actor: Actor) -> Sequence[KeptView]:
    """Return the views that `actor` has, own ones first, by name: one statement."""
    mine = InboxView.account_id == actor.account_id
    rows = session.execute(
        select(
            InboxView.id,
            InboxView.name,
            InboxView.query,
            InboxView.team_id,
            func.coalesce(Team.name, "").label("team"),
            Account.name.label("shared_by"),
            mine.label("is_mine"),
            InboxDefault.view_id.is_not(None).label("opens_first"),
        )
        .join(Account, Account.id == InboxView.account_id)
        .outerjoin(Team, Team.id == InboxView.team_id)
        .outerjoin(
            InboxDefault,
            (InboxDefault.view_id == InboxView.id) & (InboxDefault.account_id == actor.account_id),
        )
        .where(or_(mine, InboxView.team_id.in_(sorted(actor.team_ids))))
        .order_by(mine.desc(), func.lower(InboxView.name), InboxView.id)
    )
    return [KeptView(**row._mapping) for row in rows]


def own_view(session: Session, account_id: int, view_id: int) -> InboxView | None:
    """Return a view that an account made, locked."""
    return session.scalar(
        select(InboxView)
        .where(InboxView.id == view_id, InboxView.account_id == account_id)
        .with_for_update()
    )


def lock_views(session: Session, account_id: int) -> int:
    """Return how many views an account made; another change of its own then waits its turn."""
    session.execute(select(Account.id).where(Account.id == account_id).with_for_update())
    return session.execute(
        select(func.count()).select_from(InboxView).where(InboxView.account_id == account_id)
    ).scalar_one()


def name_is_taken(session: Session, account_id: int, name: str, but: int | None = None) -> bool:
    """Return whether an account has another view of this name, whatever its capitals."""
    query = select(InboxView.id).where(
        InboxView.account_id == account_id, func.lower(InboxView.name) == name.lower()
    )
    return session.scalar(query.where(InboxView.id != (but or 0)).limit(1)) is not None


def open_first(session: Session, account_id: int, view_id: int) -> None:
    """Make a view the one that the inbox opens on for an account."""
    session.execute(
        insert(InboxDefault)
        .values(account_id=account_id, view_id=view_id)
        .on_conflict_do_update(index_elements=["account_id"], set_={"view_id": view_id})
    )


def open_usual(session: Session, account_id: int) -> None:
    """Let the inbox open as it usually does for an account."""
    session.execute(delete(InboxDefault).where(InboxDefault.account_id == account_id))


def first_query(session: Session, actor: Actor) -> str:
    """Return the address that the inbox opens on for `actor`; empty when it is the usual one."""
    return (
        session.scalar(
            select(InboxView.query)
            .join(InboxDefault, InboxDefault.view_id == InboxView.id)
            .where(
                InboxDefault.account_id == actor.account_id,
                or_(
                    InboxView.account_id == actor.account_id,
                    InboxView.team_id.in_(sorted(actor.team_ids)),
                ),
            )
        )
        or ""
    )
