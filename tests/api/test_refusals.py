"""What the door refuses, always as a problem document in French, and who may come in."""

from inspect import getmembers, isclass

import pytest
from flask import Flask, abort
from sqlalchemy import Engine, select, update
from werkzeug.test import TestResponse

from qpvmap.api.problems import CATALOGUE, CAUSES, STATUSES, problem_of
from qpvmap.api.reading import said
from qpvmap.core import errors
from qpvmap.storage.models import Account, ApiToken
from qpvmap.storage.session import transaction
from tests.api.conftest import IN_QUARTER, Call, Caller
from tests.conftest import NOW
from tests.web.people import sign_in

JSON = {"Content-Type": "application/json"}
PROBLEM = {"type", "title", "status", "detail"}


def is_problem(answer: TestResponse, status: int) -> bool:
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    assert set(answer.json) >= PROBLEM
    assert answer.json["status"] == status
    assert all(answer.json[name] for name in PROBLEM)
    assert "Traceback" not in answer.text
    return True


def test_causes_when_compared_with_the_rules_then_each_has_an_answer() -> None:
    classes = {
        value
        for _, value in getmembers(errors, isclass)
        if issubclass(value, errors.QpvmapError) and value is not errors.QpvmapError
    }
    assert set(CAUSES) == classes


def test_problems_when_named_then_a_slug_means_one_thing(app: Flask) -> None:
    for problem in (*CAUSES.values(), *STATUSES.values()):
        assert CATALOGUE[problem.slug].status == problem.status


@pytest.mark.parametrize("slug", sorted(CATALOGUE))
def test_problem_type_when_followed_then_explains(ask: Call, slug: str) -> None:
    answer = ask().get(f"/problems/{slug}")
    assert answer.status_code == 200
    assert answer.json["type"] == f"/api/v1/problems/{slug}"
    assert answer.json["title"]


def test_no_team_when_the_territory_is_wrongly_set_up_then_503(app: Flask) -> None:
    with app.test_request_context("/api/v1/signalements"):
        assert problem_of(errors.NoTeam("voirie", "92007")).status_code == 503


@pytest.mark.parametrize("token", ["wrong", "", "  ", "é", "x" * 5000], ids=repr)
@pytest.mark.parametrize("path", ["/me", "/signalements", "/locate?lon=2.3&lat=48.78"])
def test_token_when_wrong_then_401_even_where_none_is_needed(
    ask: Call, token: str, path: str
) -> None:
    answer = ask().get(path, headers={"Authorization": f"Bearer {token}"})
    assert is_problem(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_token_when_revoked_or_account_closed_then_401(call: Call, app_engine: Engine) -> None:
    mediator = call("mediator")
    assert mediator.get("/me").json["email"] == "mediatrice@test.example"
    with transaction(app_engine) as session:
        session.execute(update(ApiToken).values(revoked_at=NOW))
    assert is_problem(mediator.get("/me"), 401)
    with transaction(app_engine) as session:
        session.execute(update(ApiToken).values(revoked_at=None))
        session.execute(update(Account).values(active=False))
    assert is_problem(mediator.get("/me"), 401)


def test_me_when_signed_in_then_says_who(ask: Call) -> None:
    assert ask("mediator").get("/me").json == {
        "name": "Camille Médiatrice",
        "email": "mediatrice@test.example",
        "roles": ["mediator"],
        "organisation": "Médiation des Blagis",
    }


def test_post_when_nobody_then_401(ask: Call) -> None:
    assert is_problem(ask().file(), 401)
    move = {"to": "acknowledged", "version": 1}
    assert is_problem(ask().post("/signalements/BL-2026-0001/transitions", move), 401)


def test_post_when_only_a_cookie_then_401_and_the_token_wins_over_it(
    app: Flask, call: Call, app_engine: Engine
) -> None:
    with transaction(app_engine) as session:
        account = session.scalars(
            select(Account).where(Account.email == "coord@test.example")
        ).one()
    client = sign_in(app.test_client(), account)
    assert is_problem(Caller(client).file(), 401)
    both = Caller(client, call("mediator").token)
    assert both.get("/me").json["email"] == "mediatrice@test.example"
    assert is_problem(Caller(client, "wrong").get("/me"), 401)


def test_cookie_when_reading_then_sees_no_more_than_anybody(
    app: Flask, call: Call, app_engine: Engine
) -> None:
    call("mediator").file(category="rixe")
    with transaction(app_engine) as session:
        account = session.scalars(
            select(Account).where(Account.email == "coord@test.example")
        ).one()
    client = sign_in(app.test_client(), account)
    assert Caller(client).get("/signalements").json["items"] == []


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="cut"),
        pytest.param(b"{'a': 1}", id="single quotes"),
        pytest.param(b"\xff\xfe", id="not utf-8"),
        pytest.param(b"nul", id="word"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b'{"a": 1} {}', id="two"),
    ],
)
def test_body_when_not_json_then_400(ask: Call, data: bytes) -> None:
    answer = ask("mediator").post("/signalements", data=data, headers=JSON)
    assert is_problem(answer, 400)


@pytest.mark.parametrize("data", [b"[]", b"null", b"3", b'"x"'])
def test_body_when_not_an_object_then_422(ask: Call, data: bytes) -> None:
    answer = ask("mediator").post("/signalements", data=data, headers=JSON)
    assert is_problem(answer, 422)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", None])
def test_body_when_not_announced_as_json_then_415(ask: Call, kind: str | None) -> None:
    headers = {"Content-Type": kind} if kind else {}
    answer = ask("mediator").post("/signalements", data=b"{}", headers=headers)
    assert is_problem(answer, 415)


def test_body_when_chunked_then_411(ask: Call) -> None:
    answer = ask("mediator").post(
        "/signalements", data=b"{}", headers={**JSON, "Transfer-Encoding": "chunked"}
    )
    assert is_problem(answer, 411)


def test_body_when_too_large_then_413(shared_app: Flask, ask: Call) -> None:
    data = b'{"description": "' + b"x" * shared_app.config["MAX_CONTENT_LENGTH"] + b'"}'
    assert is_problem(ask("mediator").post("/signalements", data=data, headers=JSON), 413)


@pytest.mark.parametrize("path", ["/nothing", "/signalements/", "/signalements/%2e%2e/x", "/"])
def test_address_when_unknown_then_404(ask: Call, path: str) -> None:
    assert is_problem(ask().get(path), 404)


def test_method_when_not_for_this_address_then_405_says_which_are(ask: Call) -> None:
    answer = ask().client.delete("/api/v1/signalements")
    assert is_problem(answer, 405)
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))
    assert "GET" in ask().post("/locate", {}).headers["Allow"]


@pytest.mark.parametrize("status", [429, 500, 503, 418])
def test_status_when_anything_is_refused_then_a_problem(app: Flask, status: int) -> None:
    app.add_url_rule(f"/api/v1/x{status}", view_func=lambda: abort(status), endpoint=f"x{status}")
    assert is_problem(app.test_client().get(f"/api/v1/x{status}"), status)


def test_fault_of_ours_when_it_happens_then_500_without_a_trace(app: Flask) -> None:
    def broken() -> str:
        raise ZeroDivisionError("secret detail")

    app.add_url_rule("/api/v1/broken", view_func=broken)
    app.testing = False
    answer = app.test_client().get("/api/v1/broken")
    assert is_problem(answer, 500)
    assert "secret" not in answer.text


def test_answers_when_not_refused_then_are_utf8_json(ask: Call) -> None:
    answer = ask().get("/locate", query_string=IN_QUARTER)
    assert answer.content_type == "application/json"


@pytest.mark.parametrize(
    ("path", "status"), [("/signalements/%00", 404), ("/locate?lon=%00&lat=48.78", 422)]
)
def test_address_when_it_holds_a_null_character_then_says_which_value(
    ask: Call, path: str, status: int
) -> None:
    assert is_problem(ask().get(path), status)


def test_words_of_pydantic_when_said_again_then_french() -> None:
    assert said("'new', 'resolved' or 'closed'") == "'new', 'resolved' ou 'closed'"
    assert said("Word or word") == "Word or word"
    assert (said(50000.0), said(0.5), said(3)) == (50000, 0.5, 3)
    assert str(said(50000.0)) == "50000"
