"""Who filed without an account, from the same browser: an author, and nobody else's."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from qpvmap.core.actors import Role
from qpvmap.core.workflow import Outcome, Status
from qpvmap.storage.models import Event, Signalement
from qpvmap.web.tickets import FILED_COOKIE, filed_cookie
from tests.factories import Toy, make_account, make_signalement, make_territory
from tests.web.people import sign_in

NOW = datetime.now(UTC)
HERE = "/signalements/TO-1"
WHY = "Le trou est toujours là."


@pytest.fixture
def db(app: Any) -> Iterator[Session]:
    with Session(app.extensions["qpvmap"].engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def toy(db: Session) -> Toy:
    return make_territory(db)


@pytest.fixture
def row(db: Session, toy: Toy) -> Signalement:
    row = make_signalement(
        db,
        toy,
        reference="TO-1",
        status=Status.RESOLVED,
        outcome=Outcome.DONE,
        settled_at=NOW - timedelta(days=2),
        description="Mon numéro",
        description_hidden=True,
    )
    make_signalement(db, toy, reference="TO-2", status=Status.RESOLVED, settled_at=NOW)
    db.commit()
    return row


@pytest.fixture
def browser(app: Any, client: FlaskClient, row: Signalement) -> FlaskClient:
    with app.app_context():
        client.set_cookie(FILED_COOKIE, filed_cookie(["TO-9", "TO-1"]))
    return client


def send(client: FlaskClient, here: str, **fields: str) -> TestResponse:
    page = client.get("/connexion").text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token
    version = client.get(here.removesuffix("/ecrire"))
    found = re.search(r'name="version" value="(\d+)"', version.text)
    data = {"csrf_token": token[1], "version": found[1] if found else "1", **fields}
    return client.post(here, data=data)


def is_asked_to_sign_in(answer: TestResponse) -> bool:
    return answer.status_code == 303 and answer.location.startswith("/connexion")


def test_page_when_it_was_filed_from_here_then_it_can_be_contested_and_written_to(
    browser: FlaskClient,
) -> None:
    page = browser.get(HERE).text
    assert "Quelque chose ne va pas" in page
    assert "Ajouter un message pour le service" in page
    assert "Mon numéro" in page
    other = browser.get("/signalements/TO-2").text
    assert "Quelque chose ne va pas" not in other
    assert "Ajouter un message" not in other


def test_contest_from_the_browser_that_filed_it_reopens_it(
    browser: FlaskClient, db: Session, row: Signalement
) -> None:
    answer = send(browser, HERE, to="reopened", comment=WHY)
    assert answer.status_code == 303
    db.refresh(row)
    assert row.status == Status.REOPENED
    line = db.scalars(select(Event).where(Event.signalement_id == row.id)).all()[-1]
    assert (line.actor_id, line.comment) == (None, WHY)
    assert WHY in browser.get(HERE).text


def test_message_from_the_browser_that_filed_it_reaches_the_journal(
    browser: FlaskClient, db: Session, row: Signalement
) -> None:
    assert send(browser, f"{HERE}/ecrire", text="C’est au 4, pas au 14.").status_code == 303
    line = db.scalars(select(Event).where(Event.signalement_id == row.id)).all()[-1]
    assert (line.kind, line.actor_id) == ("message", None)


def test_what_belongs_to_others_is_refused_to_the_browser(
    browser: FlaskClient, db: Session, toy: Toy, row: Signalement
) -> None:
    other = "/signalements/TO-2"
    assert is_asked_to_sign_in(send(browser, other, to="reopened", comment=WHY))
    assert is_asked_to_sign_in(send(browser, f"{other}/ecrire", text="x"))
    for to in ("closed", "acknowledged"):
        assert send(browser, HERE, to=to, comment=WHY).status_code in {403, 422}
    assert send(browser, f"{HERE}/noter", text="x").status_code == 403
    assert send(browser, f"{HERE}/repondre", text="x").status_code in {403, 422}
    db.refresh(row)
    assert row.status == Status.RESOLVED


@pytest.mark.parametrize("change", ["account", "confidential"])
def test_browser_when_an_account_has_it_or_it_became_confidential_then_it_is_nobody(
    browser: FlaskClient, db: Session, toy: Toy, row: Signalement, change: str
) -> None:
    if change == "account":
        row.reporter_id = make_account(db, toy, Role.RESIDENT).id
    else:
        row.nature, row.category_id = "tranquillite", toy.categories["rixe"].id
        row.team_id = toy.teams["police"].id
    db.commit()
    answer = browser.get(HERE)
    assert "Quelque chose ne va pas" not in answer.text
    assert answer.status_code == (200 if change == "account" else 404)
    assert is_asked_to_sign_in(send(browser, HERE, to="reopened", comment=WHY))


def test_browser_when_somebody_signs_in_then_they_are_that_account(
    browser: FlaskClient, db: Session, toy: Toy
) -> None:
    account = make_account(db, toy, Role.RESIDENT)
    db.commit()
    assert "Quelque chose ne va pas" not in sign_in(browser, account).get(HERE).text


def test_original_of_what_was_filed_from_here_can_be_contested_too(
    browser: FlaskClient, db: Session, toy: Toy, row: Signalement
) -> None:
    head = make_signalement(
        db, toy, reference="TO-3", status=Status.RESOLVED, outcome=Outcome.DONE, settled_at=NOW
    )
    row.duplicate_of_id, row.status, row.outcome = head.id, Status.CLOSED, Outcome.DUPLICATE
    db.commit()
    answer = send(browser, "/signalements/TO-3", to="reopened", comment=WHY)
    assert answer.status_code == 303
    db.refresh(head)
    assert head.status == Status.REOPENED


def test_sendings_when_too_many_then_the_text_is_kept(browser: FlaskClient, db: Session) -> None:
    for _ in range(20):
        send(browser, f"{HERE}/ecrire", text="Encore là.")
    answer = send(browser, f"{HERE}/ecrire", text="Une fois de trop.")
    assert answer.status_code == 429
    assert "Trop d’envois depuis ce navigateur" in answer.text
    assert "Une fois de trop." in answer.text
