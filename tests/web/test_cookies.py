from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from qpvmap.storage.session import make_engine, transaction
from tests.factories import IN_QUARTER_WEST, make_territory
from tests.web.doors import MEDIATOR, PASSWORD, add_account, hidden_token, log_in, send

IDENTITY = "/envois/identite"
FETCH = {"Sec-Fetch-Mode": "cors"}
OPEN = {"Sec-Fetch-Mode": "navigate"}
OUTBOX = {**FETCH, "Qpvmap-Outbox": "1"}


@pytest.fixture
def site(committed_db: str, client: FlaskClient) -> FlaskClient:
    """Return a client of the application on the toy territory."""
    engine = make_engine(committed_db)
    with transaction(engine) as session:
        make_territory(session, "blagis")
    engine.dispose()
    return client


def given(answer: TestResponse, name: str = "qpvmap") -> str | None:
    """Return the value of the cookie that an answer gives; None when it gives none."""
    named = (line.split(";")[0] for line in answer.headers.getlist("Set-Cookie"))
    return next((line.split("=", 1)[1] for line in named if line.startswith(f"{name}=")), None)


def file_from_a_phone(client: FlaskClient, **headers: str) -> TestResponse:
    fields = {
        "client_id": str(uuid4()),
        "category": "voirie",
        "lon": str(IN_QUARTER_WEST.lon),
        "lat": str(IN_QUARTER_WEST.lat),
    }
    return client.post("/envois/signalements", data=fields, headers=OUTBOX | headers)


def test_session_when_a_page_fetches_data_then_is_not_sent_again(
    app: Any, client: FlaskClient, now: datetime
) -> None:
    add_account(app, now)
    log_in(client)
    fetched = client.get("/carte/signalements.geojson", headers=FETCH)
    assert given(fetched) is None
    opened = client.get("/compte", headers=OPEN)
    assert given(opened)


def test_session_when_a_phone_keeps_a_page_then_its_token_is_not_the_reader_s(
    client: FlaskClient,
) -> None:
    kept = client.get("/signaler", headers=FETCH)
    assert given(kept) is None
    token = client.get("/envois/jeton", headers=FETCH)
    assert given(token)


def test_sign_in_when_a_phone_asked_who_is_here_before_it_then_its_form_is_good(
    app: Any, client: FlaskClient, now: datetime
) -> None:
    """The session ended; what waits asks, the person opens the form, the answer comes late."""
    add_account(app, now)
    late = client.get(IDENTITY, headers=FETCH)
    token = hidden_token(client.get("/connexion", headers=OPEN).text)
    if cookie := given(late):
        client.set_cookie("qpvmap", cookie)
    form = {"csrf_token": token, "email": MEDIATOR.email, "password": PASSWORD}
    assert client.post("/connexion", data=form, headers=OPEN).status_code == 302
    assert late.json == {"person": "", "name": "", "csrf_token": ""}


def test_record_when_nobody_has_a_session_then_is_taken_and_leaves_the_session_alone(
    site: FlaskClient,
) -> None:
    answer = file_from_a_phone(site)
    assert answer.status_code == 201
    assert given(answer) is None
    assert given(answer, "qpvmap_filed")
    receipt = f"/signaler/envoye/{answer.json['reference']}"
    assert site.get(receipt).status_code == 200
    cookie = site.get_cookie("qpvmap_filed")
    assert cookie
    site.set_cookie("qpvmap_filed", f"{cookie.value}x")
    assert site.get(receipt).status_code == 404


def test_record_when_there_is_a_session_then_its_token_is_asked_for(
    app: Any, site: FlaskClient, now: datetime
) -> None:
    site.get("/connexion", headers=OPEN)
    assert file_from_a_phone(site).status_code == 400
    token = site.get(IDENTITY, headers=FETCH).json["csrf_token"]
    answer = file_from_a_phone(site, **{"X-CSRFToken": token})
    assert (answer.status_code, given(answer)) == (201, None)


def test_session_when_begun_again_by_a_page_and_a_phone_at_once_then_both_have_good_forms(
    app: Any, site: FlaskClient, now: datetime
) -> None:
    """Who stays signed in comes back in the morning: the page opens while the phone sends."""
    person = str(add_account(app, now, territory_code="blagis"))
    send(site, "/connexion", email=MEDIATOR.email, password=PASSWORD, remember="y")
    site.delete_cookie("qpvmap")
    late = site.get(IDENTITY, headers=FETCH)
    assert (late.json["person"], given(late)) == (person, None)
    headers = {"X-CSRFToken": late.json["csrf_token"], "Qpvmap-Person": person}
    assert file_from_a_phone(site, **headers).status_code == 201
    site.delete_cookie("qpvmap")
    page = site.get("/compte", headers=OPEN)
    assert file_from_a_phone(site, **headers).status_code == 201
    form = {"csrf_token": hidden_token(page.text), "name": "essai"}
    assert site.post("/compte/jetons", data=form, headers=OPEN).status_code == 200
    other = app.test_client()
    other.set_cookie("qpvmap_remember", "personne|faux")
    assert other.get(IDENTITY, headers=FETCH).json["person"] == ""
    assert file_from_a_phone(other, **headers).status_code == 400
