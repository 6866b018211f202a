"""People with tokens on the pilot territory, and a client that speaks as one of them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from qpvmap.core.actors import Role
from qpvmap.settings import Settings
from qpvmap.storage.session import transaction
from qpvmap.usecases.accounts import NewAccount, create_account, issue_token
from tests.conftest import NOW
from tests.conftest import _database as fresh_database

IN_QUARTER = {"lon": 2.30302, "lat": 48.78411}
"""In the quarter and in Sceaux."""
PEOPLE: Mapping[str, NewAccount] = {
    "mediator": NewAccount(
        "mediatrice@test.example", "Camille Médiatrice", (Role.MEDIATOR,), ("mediation",), "blagis"
    ),
    "roads": NewAccount(
        "voirie@test.example", "Dominique Voirie", (Role.AGENT,), ("bagneux-technique",), "blagis"
    ),
    "police": NewAccount(
        "police@test.example", "Sasha Police", (Role.LEAD,), ("bagneux-police",), "blagis"
    ),
    "sceaux": NewAccount(
        "sceaux@test.example", "Alex Sceaux", (Role.AGENT,), ("sceaux-technique",), "blagis"
    ),
    "sceaux_police": NewAccount(
        "police.sceaux@test.example", "Sam Police", (Role.LEAD,), ("sceaux-police",), "blagis"
    ),
    "planner": NewAccount("plan@test.example", "Lou Plan", (Role.PLANNER,), (), "blagis"),
    "coordinator": NewAccount(
        "coord@test.example", "Noa Coord", (Role.COORDINATOR,), ("coordination",), "blagis"
    ),
}


@dataclass
class Caller:
    """A test client that sends one person's token, if any, and speaks JSON."""

    client: FlaskClient
    token: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **options: Any) -> TestResponse:
        """Ask for a path of the API."""
        return self._open("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        """Send a JSON body to a path of the API."""
        if body is not None:
            options["json"] = body
        return self._open("POST", path, **options)

    def file(self, **fields: Any) -> TestResponse:
        """File a signalement in the quarter, with any field given instead."""
        default = {"client_id": str(uuid4()), "category": "voirie", "description": "Un trou."}
        return self.post("/signalements", {**default, **IN_QUARTER, **fields})

    def _open(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = {**options.pop("headers", {})}
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        return self.client.open(f"/api/v1{path}", method=method, headers=headers, **options)


Call = Callable[..., Caller]


def issue_tokens(engine: Engine) -> dict[str, str]:
    """Return an API token for each of `PEOPLE`, whose accounts are made."""
    with transaction(engine) as session:
        return {
            key: issue_token(session, create_account(session, new, NOW).id, "tests", NOW)
            for key, new in PEOPLE.items()
        }


def caller_of(app: Flask, tokens: Mapping[str, str]) -> Call:
    """Return `call("mediator")`, who speaks with their token; `call()` is nobody."""

    def calling(person: str | None = None) -> Caller:
        return Caller(app.test_client(), tokens[person] if person else None)

    return calling


@pytest.fixture
def app_engine(blagis: str, app: Flask) -> Engine:
    """Return the engine of the application, on the pilot territory."""
    engine: Engine = app.extensions["qpvmap"].engine
    return engine


@pytest.fixture
def call(app: Flask, app_engine: Engine) -> Call:
    """Return a way to call the application on this test's own database."""
    return caller_of(app, issue_tokens(app_engine))


@pytest.fixture(scope="session")
def shared_app(
    server_url: str, blagis_template_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    """Yield an application for the tests that write nothing."""
    from qpvmap.app import create_app

    with fresh_database(server_url, blagis_template_url) as url:
        settings = Settings(
            database_url=url,
            var_dir=tmp_path_factory.mktemp("var"),
            secret_key="a secret of the tests, long enough to sign",
            geocoder_url="",
        )
        application = create_app(settings)
        yield application
        application.extensions["qpvmap"].engine.dispose()


@pytest.fixture(scope="session")
def ask(shared_app: Flask) -> Call:
    """Return a way to call the shared application: for what writes nothing."""
    return caller_of(shared_app, issue_tokens(shared_app.extensions["qpvmap"].engine))
