"""Who works in which team, and what people are called: for those who handle."""

from collections.abc import Collection

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from qpvmap.storage.models import Account
from qpvmap.storage.models.accounts import team_member


def is_member(session: Session, account_id: int, team_id: int) -> bool:
    """Return whether an account that is open works in a team."""
    belongs = exists().where(
        Account.id == account_id,
        Account.active,
        team_member.c.account_id == Account.id,
        team_member.c.team_id == team_id,
    )
    return bool(session.scalar(select(belongs)))


def members_of(session: Session, team_ids: Collection[int]) -> dict[int, str]:
    """Return the open accounts of some teams, key to name, by name."""
    rows = session.execute(
        select(Account.id, Account.name)
        .where(
            Account.active,
            Account.id.in_(
                select(team_member.c.account_id).where(team_member.c.team_id.in_(sorted(team_ids)))
            ),
        )
        .order_by(func.lower(Account.name), Account.id)
    )
    return {row[0]: row[1] for row in rows}


def names_of(session: Session, account_ids: Collection[int]) -> dict[int, str]:
    """Return what some accounts are called, key to name."""
    rows = session.execute(select(Account.id, Account.name).where(Account.id.in_(account_ids)))
    return {row[0]: row[1] for row in rows}
