"""A team with reports, signed in, for the tests of rounds and of their stops."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from qpvmap.core.actors import Role
from qpvmap.core.geo import LonLat
from qpvmap.storage.models import Account, RoundStop, Signalement
from tests.factories import Toy, make_account, make_signalement, make_territory
from tests.web.doors import hidden_token
from tests.web.people import sign_in

NOW = datetime.now(UTC)
FIELDS = {"created_at": NOW, "due_at": NOW + timedelta(days=9)}


@pytest.fixture
def engine(app: Any) -> Engine:
    engine: Engine = app.extensions["qpvmap"].engine
    return engine


@pytest.fixture
def db(engine: Engine) -> Iterator[Session]:
    with Session(engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def toy(db: Session) -> Toy:
    toy = make_territory(db)
    db.commit()
    return toy


@pytest.fixture
def agent(client: FlaskClient, db: Session, toy: Toy) -> Account:
    account = make_account(db, toy, Role.AGENT, "technique-ouest")
    db.commit()
    sign_in(client, account)
    return account


@pytest.fixture
def rows(db: Session, toy: Toy) -> list[Signalement]:
    made = [
        make_signalement(
            db, toy, reference=f"TO-{n}", point=LonLat(2.29 + n / 1000, 48.781), **FIELDS
        )
        for n in range(1, 4)
    ]
    db.commit()
    return made


def send(client: FlaskClient, path: str, **form: Any) -> TestResponse:
    """Send a form with the token of the list's page."""
    token = hidden_token(client.get("/tournees").get_data(as_text=True))
    return client.post(path, data={"csrf_token": token, **form})


def made_round(client: FlaskClient, *references: str) -> str:
    """Prepare a round and return its path."""
    answer = send(client, "/tournees", reference=list(references))
    assert answer.status_code == 303
    return str(answer.headers["Location"])


def page(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def stop_ids(db: Session) -> list[int]:
    db.expire_all()
    return list(db.scalars(select(RoundStop.id).order_by(RoundStop.position)))
