from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.routing import AnyConverter, Rule

from qpvmap.storage.accounts import live_tokens
from qpvmap.storage.session import transaction
from qpvmap.usecases.accounts import issue_token
from tests.web.doors import add_account, hidden_token, log_in


@pytest.fixture
def account_id(app: Any, client: FlaskClient, now: datetime) -> int:
    account_id = add_account(app, now)
    log_in(client)
    return account_id


def tokens_of(app: Any, account_id: int) -> int:
    with transaction(app.extensions["qpvmap"].engine) as session:
        return len(live_tokens(session, account_id))


def test_form_when_it_carries_no_token_then_is_refused_in_plain_words(
    app: Any, client: FlaskClient, account_id: int
) -> None:
    answer = client.post("/compte/jetons", data={"name": "vol"})
    assert answer.status_code == 400
    assert "restée ouverte trop longtemps" in answer.get_data(as_text=True)
    assert tokens_of(app, account_id) == 0


def test_form_when_the_token_is_another_sessions_then_is_refused(
    app: Any, client: FlaskClient, account_id: int
) -> None:
    foreign = hidden_token(app.test_client().get("/connexion").get_data(as_text=True))
    answer = client.post("/compte/jetons", data={"name": "vol", "csrf_token": foreign})
    assert answer.status_code == 400
    assert tokens_of(app, account_id) == 0


PROVEN_BY_LINK = {"follow.leave", "subscriptions.stop_everything"}
"""What a mail program sends for its reader by one click: the signed address is the proof."""


def fitting(rule: Rule, name: str) -> object:
    """Return a value that an argument of a route takes."""
    converter = rule._converters[name]
    return min(converter.items) if isinstance(converter, AnyConverter) else 1


def test_every_page_that_writes_when_sent_without_token_then_is_refused(
    app: Any, client: FlaskClient, account_id: int
) -> None:
    """Whatever the route and its access, the door comes first."""
    writing = [
        rule
        for rule in app.url_map.iter_rules()
        if rule.methods & {"POST", "PUT", "PATCH", "DELETE"} and not rule.rule.startswith("/api/")
    ]
    assert writing
    adapter = app.url_map.bind("localhost")
    for rule in writing:
        values = {name: fitting(rule, name) for name in rule.arguments}
        answer = client.post(adapter.build(rule.endpoint, values, method="POST"))
        assert answer.status_code == (404 if rule.endpoint in PROVEN_BY_LINK else 400), rule


def test_routes_without_our_form_when_looked_for_then_are_those_alone(app: Any) -> None:
    views = app.view_functions.items()
    marked = {name for name, view in views if getattr(view, "proven_by_link", False)}
    assert marked == PROVEN_BY_LINK


def test_api_when_only_a_cookie_comes_then_nobody_is_there(
    app: Any, client: FlaskClient, account_id: int
) -> None:
    assert client.get("/compte").status_code == 200
    assert client.get("/api/v1/me").status_code == 401
    answer = client.post("/api/v1/signalements", json={})
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"
    assert "Bearer" in answer.headers["WWW-Authenticate"]


def test_api_when_cookie_and_token_differ_then_the_token_counts(
    app: Any, client: FlaskClient, account_id: int, now: datetime
) -> None:
    other = add_account(app, now, email="agent@demo.example", name="Karim")
    with transaction(app.extensions["qpvmap"].engine) as session:
        token = issue_token(session, other, "essai", now)
    answer = client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert "Karim" in answer.get_data(as_text=True)


@pytest.mark.parametrize("header", ["Bearer faux", "Bearer", "Basic bWU6bWU=", "faux"])
def test_api_when_the_token_is_wrong_then_is_refused_even_where_all_may_come(
    client: FlaskClient, account_id: int, header: str
) -> None:
    answer = client.get("/api/v1/categories", headers={"Authorization": header})
    assert answer.status_code == 401
