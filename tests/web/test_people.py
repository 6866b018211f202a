"""`/admin/personnes`, `/admin/services`: from a form to an account that opens, and its traces."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from qpvmap.core.actors import Role
from qpvmap.core.workflow import Status
from qpvmap.storage.models import Upkeep
from tests.conftest import QueryCounter
from tests.factories import Toy, make_account, make_signalement, make_territory
from tests.web.doors import hidden_token, send
from tests.web.people import sign_in

PAGES = ("/admin/personnes", "/admin/personnes/nouvelle", "/admin/services", "/admin/journal")
PASSWORD = "Un long mot de passe 26"  # invented here


@pytest.fixture
def db(app: Flask) -> Iterator[Session]:
    with Session(app.extensions["qpvmap"].engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def toy(db: Session) -> Toy:
    return make_territory(db, "blagis")


def as_(app: Flask, db: Session, toy: Toy, role: Role, *teams: str) -> FlaskClient:
    account = make_account(db, toy, role, *teams)
    db.commit()
    return sign_in(app.test_client(), account)


def post(client: FlaskClient, path: str, **form: Any) -> TestResponse:
    """Send a form as a page of the site would."""
    return send(client, path, "/compte", **form)


def invitation(db: Session) -> str:
    """Return the path of the link in the mail that waits."""
    mails = text("select args from procrastinate_jobs where task_name = 'send_mail' order by id")
    args = db.scalars(mails).all()[-1]
    found = re.search(r"https?://[^/\s]+(/invitation/\S+)", args["text"])
    assert found, args["text"]
    return found[1]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("role", [None, Role.RESIDENT, Role.AGENT, Role.LEAD, Role.MEDIATOR])
def test_pages_when_asked_by_others_then_closed(
    app: Flask, db: Session, toy: Toy, path: str, role: Role | None
) -> None:
    client = as_(app, db, toy, role) if role else app.test_client()
    assert client.get(path).status_code in (302, 303, 401, 403)


def test_person_when_added_then_invited_and_chooses_a_password_that_opens(
    app: Flask, db: Session, toy: Toy
) -> None:
    admin = as_(app, db, toy, Role.ADMIN)
    form = {
        "name": "Nour Nouvelle",
        "email": "Nour@Ville.example",
        "roles": "agent",
        "teams": str(toy.teams["technique-ouest"].id),
    }
    answer = post(admin, "/admin/personnes", **form)
    assert answer.status_code == 303
    page = admin.get(answer.location).text
    assert "nour@ville.example reçoit un lien" in page
    assert "N’a pas encore choisi de mot de passe" in page
    link, nour = invitation(db), app.test_client()
    assert "Bienvenue, Nour Nouvelle" in nour.get(link).text
    token = hidden_token(nour.get(link).text)
    reset = nour.post(link, data={"csrf_token": token}).location
    chosen = nour.get(reset).text
    form = {"csrf_token": hidden_token(chosen), "password": PASSWORD, "password_confirm": PASSWORD}
    assert nour.post(reset, data=form).status_code == 302
    assert nour.get(link).status_code == 410
    assert nour.post(link, data={"csrf_token": token}).location == link
    fresh = app.test_client()
    form = {
        "csrf_token": hidden_token(fresh.get("/connexion").text),
        "email": "nour@ville.example",
        "password": PASSWORD,
    }
    assert fresh.post("/connexion", data=form).status_code == 302
    assert fresh.get("/corbeille").status_code == 200


@pytest.mark.parametrize("token", ["x", "WzEsMl0.abc.def", "a" * 400])
def test_invitation_when_it_is_not_ours_then_it_says_what_to_do(
    client: FlaskClient, toy: Toy, token: str
) -> None:
    answer = client.get(f"/invitation/{token}")
    assert answer.status_code == 410
    assert "Ce lien ne sert plus" in answer.text


def test_form_when_something_is_wrong_then_it_says_so_and_keeps_the_rest(
    app: Flask, db: Session, toy: Toy
) -> None:
    admin = as_(app, db, toy, Role.ADMIN)
    answer = post(admin, "/admin/personnes", name="<b>Nour</b>", email="nour", roles="coordinator")
    assert answer.status_code == 422
    assert 'value="&lt;b&gt;Nour&lt;/b&gt;"' in answer.text
    assert "pas une adresse électronique" in answer.text
    answer = post(admin, "/admin/personnes", name="N", email="n@v.example", roles="coordinator")
    assert "pas à vous de le donner" in answer.text
    assert db.scalars(select(Upkeep)).all() == []


def test_account_when_closed_then_its_open_session_ends(app: Flask, db: Session, toy: Toy) -> None:
    admin = as_(app, db, toy, Role.ADMIN)
    leaver = make_account(db, toy, Role.AGENT, "technique-ouest")
    db.commit()
    theirs = sign_in(app.test_client(), leaver)
    assert theirs.get("/corbeille").status_code == 200
    post(admin, f"/admin/personnes/{leaver.id}/fermer")
    assert theirs.get("/corbeille").location.startswith("/connexion")
    page = admin.get(f"/admin/personnes/{leaver.id}").text
    assert "Compte fermé" in page
    assert "Rouvrir le compte" in page


def test_person_when_they_have_work_then_the_coordination_reads_how_much_and_where(
    app: Flask, db: Session, toy: Toy
) -> None:
    leaver = make_account(db, toy, Role.AGENT, "technique-ouest")
    for status in (Status.NEW, Status.ACKNOWLEDGED, Status.RESOLVED):
        make_signalement(db, toy, status=status, assignee_id=leaver.id)
    db.commit()
    page = as_(app, db, toy, Role.COORDINATOR).get(f"/admin/personnes/{leaver.id}").text
    assert f'href="/corbeille?vue=tous&amp;personne={leaver.id}">2\u00a0signalements' in page
    assert "confiés" not in as_(app, db, toy, Role.ADMIN).get(f"/admin/personnes/{leaver.id}").text


def test_team_when_its_address_changes_then_the_journal_and_the_list_say_so(
    app: Flask, db: Session, toy: Toy
) -> None:
    coordinator = as_(app, db, toy, Role.COORDINATOR)
    west = toy.teams["technique-ouest"]
    address = f"/admin/services/{west.id}"
    answer = post(coordinator, address, name=west.name, email="voirie@ville.example", lu="0")
    assert answer.status_code == 303
    assert "voirie@ville.example" in coordinator.get("/admin/services").text
    journal = coordinator.get("/admin/journal").text
    assert "Service modifié" in journal
    assert "voirie@ville.example" in journal
    late = post(coordinator, address, name="Autre", email="", lu="0")
    assert late.status_code == 409
    assert 'value="Autre"' in late.text
    for wrong in (10**19, 999_999):
        assert coordinator.get(f"/admin/services/{wrong}").status_code == 404
        assert coordinator.get(f"/admin/personnes/{wrong}").status_code == 404


def test_list_when_there_are_many_people_then_as_many_statements(
    app: Flask, db: Session, toy: Toy, count_queries: QueryCounter
) -> None:
    admin = as_(app, db, toy, Role.ADMIN)
    admin.get("/admin/personnes")  # what every page keeps is read once
    counts = []
    for more in (1, 30):
        for _ in range(more):
            make_account(db, toy, Role.AGENT, "technique-ouest")
        db.commit()
        with count_queries(app.extensions["qpvmap"].engine) as counted:
            assert admin.get("/admin/personnes").status_code == 200
        counts.append(len(counted))
    assert counts[0] == counts[1]
