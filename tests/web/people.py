"""Sign a person in without the page, for tests of what they then read."""

from uuid import uuid4

from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Role
from qpvmap.storage.models import Account, RoleRow, Team, Territory


def sign_in(client: FlaskClient, account: Account) -> FlaskClient:
    """Return `client` with the session cookie of `account`."""
    with client.session_transaction() as cookie:
        cookie["_user_id"] = account.fs_uniquifier
        cookie["_fresh"] = True
    return client


def add_person(engine: Engine, role: Role, *teams: str) -> Account:
    """Add a person to the only territory there is, in the teams of these codes."""
    with Session(engine, expire_on_commit=False) as session:
        account = Account(
            email=f"{uuid4().hex[:8]}@toy.example",
            name=f"Camille {role}",
            fs_uniquifier=uuid4().hex,
            territory_id=session.scalars(select(Territory.id)).one(),
            roles=[
                session.scalar(select(RoleRow).where(RoleRow.name == role)) or RoleRow(name=role)
            ],
            teams=list(session.scalars(select(Team).where(Team.code.in_(teams)))),
        )
        session.add(account)
        session.commit()
    return account
