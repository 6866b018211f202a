"""What a phone’s outbox is answered: whose records come in, and refusals it can act upon."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from qpvmap.core.actors import Role
from qpvmap.storage.session import make_engine, transaction
from tests.factories import make_territory
from tests.web.people import add_person, sign_in


@pytest.fixture
def site(committed_db: str, client: FlaskClient) -> FlaskClient:
    """Return a client of the application on the toy territory."""
    engine = make_engine(committed_db)
    with transaction(engine) as session:
        make_territory(session, "blagis")
    engine.dispose()
    return client


@pytest.fixture
def mediator(site: FlaskClient, app: Any) -> FlaskClient:
    """Return a client signed in as a mediator."""
    return sign_in(site, add_person(app.extensions["qpvmap"].engine, Role.MEDIATOR))


def who(client: FlaskClient) -> dict[str, str]:
    said: dict[str, str] = client.get("/envois/identite").json
    return said


def post(client: FlaskClient, path: str, body: dict[str, Any], **headers: str) -> TestResponse:
    """Send as the outbox does: the token just asked for, and whose record it is."""
    here = who(client)
    sent = {
        "Qpvmap-Outbox": "1",
        "Qpvmap-Person": here["person"],
        "X-CSRFToken": here["csrf_token"],
    }
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(path, json=body, headers=sent | named)


def test_identity_when_signed_in_then_says_who_and_is_never_kept(mediator: FlaskClient) -> None:
    answer = mediator.get("/envois/identite")
    assert answer.json["person"].isdigit()
    assert answer.json["name"] == "Camille mediator"
    assert answer.headers["Cache-Control"] == "no-store"


def test_identity_when_nobody_is_signed_in_then_is_empty(site: FlaskClient) -> None:
    assert who(site)["person"] == ""


def test_record_when_somebody_else_made_it_then_401_in_json(mediator: FlaskClient) -> None:
    answer = post(mediator, "/envois/inconnu", {}, Qpvmap_Person="999")
    assert answer.status_code == 401
    assert "reconnectez-vous" in answer.json["message"]


def test_record_when_token_is_old_then_says_so_to_the_program(mediator: FlaskClient) -> None:
    answer = post(mediator, "/signaler", {}, X_CSRFToken="old")
    assert (answer.status_code, answer.json["code"]) == (400, "old_form")
