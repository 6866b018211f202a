"""Questions about people: who an account is to the rules, and whose token this is."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor, Role
from qpvmap.storage.models import Account, ApiToken, Territory, team_member


def actor_of(account: Account) -> Actor:
    """Return what the rules know of an account."""
    territory = () if account.territory_id is None else (account.territory_id,)
    return Actor(
        account_id=account.id,
        name=account.name,
        email=account.email,
        roles=frozenset(Role(role.name) for role in account.roles),
        team_ids=frozenset(team.id for team in account.teams),
        confidential_team_ids=frozenset(team.id for team in account.teams if team.confidential),
        territory_ids=frozenset(territory),
        organisation_id=account.organisation_id,
        organisation_name=account.organisation.name if account.organisation else "",
    )


def token_digest(token: str) -> str:
    """Return what is kept of a bearer token: its SHA-256, in hexadecimal."""
    return sha256(token.encode()).hexdigest()


def actor_by_token(session: Session, token: str, now: datetime) -> Actor | None:
    """Return who holds `token`, or None when it is wrong, revoked, or of a closed account."""
    account = session.scalar(
        select(Account)
        .join(ApiToken, ApiToken.account_id == Account.id)
        .where(
            ApiToken.sha256 == token_digest(token),
            (ApiToken.revoked_at.is_(None)) | (ApiToken.revoked_at > now),
            Account.active,
        )
    )
    return actor_of(account) if account else None


def account_by_email(session: Session, email: str) -> Account | None:
    """Return the account of an address, whatever its case."""
    return session.scalar(select(Account).where(func.lower(Account.email) == email.strip().lower()))


def live_tokens(session: Session, account_id: int) -> list[ApiToken]:
    """Return the tokens of an account that still open the door, newest first."""
    tokens = session.scalars(
        select(ApiToken)
        .where(ApiToken.account_id == account_id, ApiToken.revoked_at.is_(None))
        .order_by(ApiToken.created_at.desc(), ApiToken.id.desc())
    )
    return list(tokens)


def demo_addresses(session: Session) -> list[str]:
    """Return the addresses of the invented people of the demonstration, in order."""
    return list(
        session.scalars(
            select(Account.email).where(Account.is_demo, Account.active).order_by(Account.id)
        )
    )


def territory_name(session: Session, territory_id: int | None) -> str:
    """Return the name of a territory; empty when there is none."""
    return session.scalar(select(Territory.name).where(Territory.id == territory_id)) or ""


@dataclass(frozen=True, slots=True)
class Member:
    """A person of a team, where to write to them, and what the rules know of them."""

    id: int
    email: str
    actor: Actor


def copied_members(session: Session, team_id: int) -> list[Member]:
    """Return the people of a team who want a copy of what is sent to it."""
    accounts = session.scalars(
        select(Account)
        .join(team_member, team_member.c.account_id == Account.id)
        .where(team_member.c.team_id == team_id, Account.active, Account.told_of_teams)
        .order_by(Account.id)
    )
    return [Member(account.id, account.email, actor_of(account)) for account in accounts]


def actor_by_id(session: Session, account_id: int) -> Actor:
    """Return what the rules know of an account that is known to exist."""
    return actor_of(session.get_one(Account, account_id))
