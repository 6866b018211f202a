from datetime import datetime
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from qpvmap.storage.models import Account
from qpvmap.storage.session import transaction
from tests.web.doors import PASSWORD, add_account, hidden_token, log_in, send


def test_login_when_right_then_opens_the_page_asked_for(
    app: Any, client: FlaskClient, now: datetime
) -> None:
    add_account(app, now)
    refused = client.get("/compte")
    assert refused.status_code == 303
    assert refused.location == "/connexion?next=%2Fcompte"
    answer = log_in(client, query="?next=%2Fcompte")
    assert (answer.status_code, answer.location) == (302, "/compte")
    assert "Nadia" in client.get("/compte").get_data(as_text=True)


def test_login_when_wrong_then_says_what_to_do_and_keeps_the_address(
    app: Any, client: FlaskClient, now: datetime
) -> None:
    add_account(app, now)
    page = log_in(client, "faux").get_data(as_text=True)
    assert "L’adresse ou le mot de passe ne correspond pas." in page
    assert 'value="mediateur@demo.example"' in page
    assert "faux" not in page


def test_login_when_nobody_has_the_address_then_says_the_same(
    app: Any, client: FlaskClient, now: datetime
) -> None:
    add_account(app, now)
    known = log_in(client, "faux").get_data(as_text=True)
    unknown = log_in(client, "faux", "autre@demo.example").get_data(as_text=True)
    between = slice(known.index("error-summary"), known.index("email-aide"))
    said = [page[between].replace(hidden_token(page), "") for page in (known, unknown)]
    assert said[0] == said[1]


def test_login_when_account_is_closed_then_stays_out(
    app: Any, client: FlaskClient, now: datetime
) -> None:
    account_id = add_account(app, now)
    with transaction(app.extensions["qpvmap"].engine) as session:
        session.get_one(Account, account_id).active = False
    assert log_in(client).status_code == 200
    assert client.get("/compte").status_code == 303


def test_login_when_typed_in_capitals_then_is_the_same_address(
    app: Any, client: FlaskClient, now: datetime
) -> None:
    add_account(app, now)
    assert log_in(client, email="Mediateur@Demo.Example").status_code == 302


def test_login_when_hash_came_from_a_command_then_is_left_as_it_is(
    app: Any, client: FlaskClient, now: datetime
) -> None:
    account_id = add_account(app, now)
    engine = app.extensions["qpvmap"].engine
    with transaction(engine) as session:
        before = session.get_one(Account, account_id).password
    log_in(client)
    with transaction(engine) as session:
        assert session.get_one(Account, account_id).password == before
    assert str(before).startswith("$argon2id$")


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://ailleurs.example/",
        "//ailleurs.example/",
        "/\\ailleurs.example/",
        "\\\\ailleurs.example",
        "///ailleurs.example",
        "https:ailleurs.example",
        "javascript:alert(1)",
        "/\tailleurs.example",
        "/\t/ailleurs.example",
    ],
)
def test_login_when_next_leads_elsewhere_then_stays_on_the_site(
    client: FlaskClient, elsewhere: str
) -> None:
    answer = client.get(f"/connexion?next={quote(elsewhere)}")
    assert (answer.status_code, answer.location) == (303, "/connexion")


def test_logout_when_asked_without_token_then_is_refused(
    app: Any, client: FlaskClient, now: datetime
) -> None:
    add_account(app, now)
    log_in(client)
    assert client.post("/deconnexion").status_code == 400
    assert client.get("/compte").status_code == 200
    assert send(client, "/deconnexion", page="/compte").status_code == 302
    assert client.get("/compte").status_code == 303


def test_session_when_signed_in_then_lasts_its_time_and_scripts_cannot_read_it(
    app: Any, client: FlaskClient, now: datetime
) -> None:
    add_account(app, now)
    cookie = next(c for c in log_in(client).headers.getlist("Set-Cookie") if "qpvmap=" in c)
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Expires=" in cookie


def test_password_when_changed_then_other_sessions_end(
    app: Any, client: FlaskClient, now: datetime
) -> None:
    add_account(app, now)
    elsewhere = app.test_client()
    log_in(client)
    log_in(elsewhere)
    new = "une autre phrase de passe"
    answer = send(
        client,
        "/compte/mot-de-passe",
        password=PASSWORD,
        new_password=new,
        new_password_confirm=new,
    )
    assert (answer.status_code, answer.location) == (302, "/compte")
    assert client.get("/compte").status_code == 200
    assert elsewhere.get("/compte").status_code == 303
    assert log_in(app.test_client(), new).status_code == 302


def test_password_when_too_short_then_says_so_in_french(
    app: Any, client: FlaskClient, now: datetime
) -> None:
    add_account(app, now)
    log_in(client)
    answer = send(
        client,
        "/compte/mot-de-passe",
        password=PASSWORD,
        new_password="court",
        new_password_confirm="court",
    )
    assert "12 caractères" in answer.get_data(as_text=True).split("error-summary")[1][:300]


def queued_mails(app: Any) -> list[dict[str, str]]:
    with transaction(app.extensions["qpvmap"].engine) as session:
        rows = session.execute(
            text("select args from procrastinate_jobs where task_name = 'send_mail' order by id")
        )
        return [row.args for row in rows]


def test_reset_when_asked_then_a_link_to_the_sites_own_name_goes_by_mail(
    app: Any, client: FlaskClient, now: datetime
) -> None:
    """A forged Host header must not put somebody else's site in the mail."""
    add_account(app, now)
    client.environ_base["HTTP_HOST"] = "ailleurs.example"
    page = send(client, "/mot-de-passe/oubli", email="mediateur@demo.example")
    assert "un lien vient d’y être envoyé" in page.get_data(as_text=True)
    [mail] = queued_mails(app)
    assert mail["to"] == "mediateur@demo.example"
    assert "http://127.0.0.1:8000/mot-de-passe/oubli/" in mail["text"]
    assert "ailleurs.example" not in mail["text"]


def test_reset_when_nobody_has_the_address_then_says_the_same_and_sends_nothing(
    app: Any, client: FlaskClient
) -> None:
    page = send(client, "/mot-de-passe/oubli", email="autre@demo.example")
    assert "un lien vient d’y être envoyé" in page.get_data(as_text=True)
    assert queued_mails(app) == []


def test_reset_when_the_link_is_followed_then_it_serves_once(
    app: Any, client: FlaskClient, now: datetime
) -> None:
    add_account(app, now)
    send(client, "/mot-de-passe/oubli", email="mediateur@demo.example")
    link = next(
        word for word in queued_mails(app)[0]["text"].split() if word.startswith("http")
    ).removeprefix("http://127.0.0.1:8000")
    new = "la phrase toute neuve"
    assert send(client, link, password=new, password_confirm=new).status_code == 302
    assert log_in(app.test_client(), new).status_code == 302
    assert log_in(app.test_client(), PASSWORD).status_code == 200
    again = app.test_client().get(link)
    assert again.status_code == 302 and again.location.endswith("/mot-de-passe/oubli")


def test_login_page_when_no_demo_person_exists_then_names_nobody(
    app: Any, client: FlaskClient, now: datetime
) -> None:
    add_account(app, now)
    assert "Personnes de la démonstration" not in client.get("/connexion").get_data(as_text=True)
    add_account(app, now, email="agent@demo.example", is_demo=True)
    page = client.get("/connexion").get_data(as_text=True)
    assert "agent@demo.example" in page and "mediateur@demo.example" not in page
