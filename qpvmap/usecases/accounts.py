"""People's accounts and keys: made, given a token, taken it back. No Flask here: commands too."""

import secrets
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor, Role
from qpvmap.core.errors import InvalidSubmission, NotFound
from qpvmap.core.labels import ROLE_LABELS
from qpvmap.storage.accounts import account_by_email, token_digest
from qpvmap.storage.models import Account, ApiToken, Organisation, RoleRow, Team, Territory

TOKEN_BYTES = 32
TOKEN_PREFIX = "qpv_"  # noqa: S105  # not a secret: lets a scanner know a leaked token
TOKEN_NAME_LENGTH = 80

_hasher = PasswordHasher()


@dataclass(frozen=True, slots=True)
class NewAccount:
    """Who is to get an account. Without a password they ask for a link by e-mail."""

    email: str
    name: str = ""
    roles: tuple[Role, ...] = ()
    team_codes: tuple[str, ...] = ()
    territory_code: str | None = None
    organisation_code: str | None = None
    password: str | None = None
    is_demo: bool = False


def hash_password(password: str) -> str:
    """Return the argon2id hash that the sign-in page verifies (same Unicode form: NFKD)."""
    return _hasher.hash(unicodedata.normalize("NFKD", password))


def has_password(account: Account, password: str) -> bool:
    """Tell whether `password` opens the account."""
    try:
        return _hasher.verify(account.password or "", unicodedata.normalize("NFKD", password))
    except (VerifyMismatchError, InvalidHashError):
        return False


def create_account(session: Session, new: NewAccount, now: datetime) -> Account:
    """Add an account and return it.

    Raises
    ------
    InvalidSubmission
        If the address is not one, or already has an account.
    NotFound
        If the territory, a team or the organisation is unknown.
    """
    email = new.email.strip().lower()
    if email.count("@") != 1 or email.startswith("@") or email.endswith("@"):
        raise InvalidSubmission({"email": f"« {new.email} » n’est pas une adresse électronique."})
    if account_by_email(session, email):
        raise InvalidSubmission({"email": f"{email} a déjà un compte."})
    territory = _territory(session, new.territory_code)
    teams = _teams(session, territory, new.team_codes)
    account = Account(
        email=email,
        name=new.name.strip(),
        password=hash_password(new.password) if new.password else None,
        active=True,
        territory_id=territory.id if territory else None,
        organisation_id=_organisation_id(session, territory, new.organisation_code, teams),
        is_demo=new.is_demo,
        fs_uniquifier=secrets.token_hex(32),
        create_datetime=now,
        update_datetime=now,
        roles=roles_named(session, new.roles),
        teams=teams,
    )
    session.add(account)
    session.flush()
    return account


def roles_named(session: Session, roles: Iterable[Role]) -> list[RoleRow]:
    """Return the rows of `roles`, made when this database had none of that name."""
    names = sorted(set(roles))
    if not names:
        return []
    rows = [{"name": name, "description": ROLE_LABELS.get(name, "")} for name in names]
    session.execute(insert(RoleRow).values(rows).on_conflict_do_nothing())
    return list(session.scalars(select(RoleRow).where(RoleRow.name.in_(names))))


def issue_token(session: Session, account_id: int, name: str, now: datetime) -> str:
    """Make an API token and return it: this once, since only its digest is kept."""
    token = TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    session.add(
        ApiToken(
            sha256=token_digest(token),
            account_id=account_id,
            name=name.strip()[:TOKEN_NAME_LENGTH],
            created_at=now,
        )
    )
    session.flush()
    return token


def revoke_token(session: Session, actor: Actor, token_id: int, now: datetime) -> None:
    """Close the door to one of the actor's own tokens.

    Raises
    ------
    NotFound
        If they have no such live token.
    """
    token = session.scalar(
        select(ApiToken).where(
            ApiToken.id == token_id,
            ApiToken.account_id == actor.account_id,
            ApiToken.revoked_at.is_(None),
        )
    )
    if token is None:
        raise NotFound("Jeton", str(token_id))
    token.revoked_at = now


def set_single_keys(session: Session, actor: Actor, on: bool, now: datetime) -> None:
    """Keep whether the actor wants shortcuts of a single key (WCAG 2.1.4).

    Raises
    ------
    NotFound
        If nobody is signed in.
    """
    account = session.get(Account, actor.account_id) if actor.account_id else None
    if account is None:
        raise NotFound("Compte", str(actor.account_id))
    account.single_keys = on
    account.update_datetime = now
    session.flush()


def set_password(session: Session, account: Account, password: str, now: datetime) -> None:
    """Give an account another password; sessions opened with the old one end."""
    account.password = hash_password(password)
    account.fs_uniquifier = secrets.token_hex(32)
    account.update_datetime = now
    session.flush()


def _territory(session: Session, code: str | None) -> Territory | None:
    if code is None:
        return None
    territory = session.scalar(select(Territory).where(Territory.code == code))
    if territory is None:
        raise NotFound("Territoire", code)
    return territory


def _organisation_id(
    session: Session, territory: Territory | None, code: str | None, teams: Sequence[Team]
) -> int | None:
    if code is None:
        return teams[0].organisation_id if teams else None
    found = session.scalar(
        select(Organisation.id).where(
            Organisation.code == code,
            Organisation.territory_id == (territory.id if territory else None),
        )
    )
    if found is None:
        raise NotFound("Organisme", code)
    return found


def _teams(session: Session, territory: Territory | None, codes: Sequence[str]) -> list[Team]:
    if not codes:
        return []
    found = session.scalars(
        select(Team).where(
            Team.code.in_(codes), Team.territory_id == (territory.id if territory else None)
        )
    ).all()
    for code in codes:
        if code not in {team.code for team in found}:
            raise NotFound("Service", code)
    return list(found)
