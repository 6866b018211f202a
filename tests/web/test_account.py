from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from passlib.totp import TOTP
from sqlalchemy import select

from qpvmap.core.actors import Role
from qpvmap.storage.accounts import actor_by_token, live_tokens
from qpvmap.storage.models import Account, ApiToken
from qpvmap.storage.session import transaction
from qpvmap.usecases.accounts import issue_token
from tests.web.doors import PASSWORD, add_account, hidden_token, log_in, send


def shown_token(page: str) -> str:
    return page.split('<code id="jeton">')[1].split("<")[0]


def test_account_when_shown_then_says_who_one_is_in_words(
    app: Any, client: FlaskClient, now: datetime, blagis: str
) -> None:
    add_account(app, now, territory_code="blagis", team_codes=("mediation",))
    log_in(client)
    page = client.get("/compte").get_data(as_text=True)
    for words in ("Nadia", "médiateur ou médiatrice", "Les Blagis", "Se déconnecter"):
        assert words in page


def test_token_when_made_then_is_shown_once_and_opens_the_api(
    app: Any, client: FlaskClient, now: datetime
) -> None:
    account_id = add_account(app, now)
    log_in(client)
    page = send(client, "/compte/jetons", page="/compte", name="<b>tableur").get_data(as_text=True)
    token = shown_token(page)
    assert "&lt;b&gt;tableur" in page
    assert token not in client.get("/compte").get_data(as_text=True)
    headers = {"Authorization": f"Bearer {token}"}
    assert app.test_client().get("/api/v1/me", headers=headers).status_code == 200
    with transaction(app.extensions["qpvmap"].engine) as session:
        [kept] = live_tokens(session, account_id)
        assert token not in (kept.sha256, kept.name)


def test_token_when_taken_back_then_opens_nothing(
    app: Any, client: FlaskClient, now: datetime
) -> None:
    account_id = add_account(app, now)
    with transaction(app.extensions["qpvmap"].engine) as session:
        token = issue_token(session, account_id, "essai", now)
        [kept] = live_tokens(session, account_id)
        number = kept.id
    log_in(client)
    assert send(client, f"/compte/jetons/{number}/retirer", page="/compte").status_code == 303
    headers = {"Authorization": f"Bearer {token}"}
    assert app.test_client().get("/api/v1/me", headers=headers).status_code == 401
    assert "Jeton retiré" in client.get("/compte").get_data(as_text=True)


def test_token_when_it_is_somebody_elses_then_cannot_be_taken_back(
    app: Any, client: FlaskClient, now: datetime
) -> None:
    other = add_account(app, now, email="agent@demo.example")
    add_account(app, now)
    with transaction(app.extensions["qpvmap"].engine) as session:
        issue_token(session, other, "essai", now)
        number = session.scalar(select(ApiToken.id))
    log_in(client)
    assert send(client, f"/compte/jetons/{number}/retirer", page="/compte").status_code == 404


def test_token_when_its_account_is_closed_then_opens_nothing(app: Any, now: datetime) -> None:
    account_id = add_account(app, now)
    with transaction(app.extensions["qpvmap"].engine) as session:
        token = issue_token(session, account_id, "essai", now)
        found = actor_by_token(session, token, now)
        assert found is not None and found.roles == {Role.MEDIATOR}
        session.get_one(Account, account_id).active = False
        session.flush()
        assert actor_by_token(session, token, now) is None


def set_up_second_factor(app: Any, client: FlaskClient) -> str:
    """Turn the second factor on and return the key that a phone would hold."""
    setup = send(client, "/compte/double-verification", setup="authenticator")
    page = setup.get_data(as_text=True)
    key = page.split("Clé à recopier")[1].split("<code>")[1].split("<")[0].replace("-", "")
    action = page.split('action="/compte/double-verification/')[1].split('"')[0]
    answer = client.post(
        f"/compte/double-verification/{action}",
        data={"csrf_token": hidden_token(page), "code": code_of(key)},
    )
    assert answer.status_code == 302, answer.get_data(as_text=True)
    return key


def code_of(key: str, later: timedelta = timedelta(0)) -> str:
    return str(TOTP(key=key).generate(datetime.now().astimezone() + later).token)


def test_second_factor_when_set_up_then_the_password_alone_opens_nothing(
    app: Any, client: FlaskClient, now: datetime
) -> None:
    add_account(app, now)
    log_in(client)
    key = set_up_second_factor(app, client)
    assert "En place" in client.get("/compte").get_data(as_text=True)

    elsewhere = app.test_client()
    half = log_in(elsewhere)
    assert half.status_code == 302 and "/connexion/code" in half.location
    assert elsewhere.get("/compte").status_code == 303
    assert "Code refusé" in send(elsewhere, "/connexion/code", code="000000").get_data(as_text=True)
    full = send(elsewhere, "/connexion/code", code=code_of(key, timedelta(seconds=30)))
    assert full.status_code == 302
    assert elsewhere.get("/compte").status_code == 200


def test_recovery_code_when_the_phone_is_lost_then_opens_once(
    app: Any, client: FlaskClient, now: datetime
) -> None:
    account_id = add_account(app, now)
    log_in(client)
    set_up_second_factor(app, client)
    page = send(client, "/compte/codes-de-secours", generate_new_codes="1").get_data(as_text=True)
    codes = [part.split("<")[0] for part in page.split("<code>")[1:]]
    assert len(codes) == 8
    with transaction(app.extensions["qpvmap"].engine) as session:
        kept = session.get_one(Account, account_id).mf_recovery_codes or []
        assert len(kept) == 8 and not set(codes) & set(kept)
    for expected in (200, 303):
        elsewhere = app.test_client()
        log_in(elsewhere, PASSWORD)
        send(elsewhere, "/connexion/code-de-secours", code=codes[0])
        assert elsewhere.get("/compte").status_code == expected


@pytest.mark.parametrize(
    ("role", "page"),
    [
        (Role.AGENT, "/corbeille"),
        (Role.COORDINATOR, "/corbeille"),
        (Role.PLANNER, "/operations"),
        (Role.MEDIATOR, "/"),
        (Role.RESIDENT, "/"),
    ],
)
def test_home_when_just_signed_in_then_where_the_day_begins(
    app: Any, client: FlaskClient, now: datetime, role: Role, page: str
) -> None:
    add_account(app, now, roles=(role,))
    assert log_in(client).headers["Location"] == "/compte/accueil"
    assert client.get("/compte/accueil").headers["Location"] == page
