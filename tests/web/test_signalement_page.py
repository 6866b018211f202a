"""The page of a signalement: who may read what of it, and moving it along."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from qpvmap.core.actors import Role
from qpvmap.core.workflow import Outcome, Status
from qpvmap.storage.models import Account, Signalement
from qpvmap.storage.signalements import history
from tests.factories import Toy, make_account, make_signalement, make_territory
from tests.web.people import sign_in

NOW = datetime.now(UTC)
PROMISED = NOW + timedelta(days=9)
HERE = "/signalements/TO-1"


@pytest.fixture
def db(app: Any) -> Iterator[Session]:
    with Session(app.extensions["qpvmap"].engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def toy(db: Session) -> Toy:
    return make_territory(db)


@pytest.fixture
def mediator(db: Session, toy: Toy) -> Account:
    return make_account(db, toy, Role.MEDIATOR, "coordination")


@pytest.fixture
def row(db: Session, toy: Toy, mediator: Account) -> Signalement:
    row = make_signalement(
        db,
        toy,
        reference="TO-1",
        reporter_id=mediator.id,
        description="Un trou <b>profond</b>",
        address="3 allée des Ormes",
        share_inside=0.81,
        accuracy_m=12.0,
        due_at=PROMISED,
    )
    db.commit()
    return row


@pytest.fixture
def agent(db: Session, toy: Toy, row: Signalement) -> Account:
    account = make_account(db, toy, Role.AGENT, "technique-ouest")
    account.name = "Dominique Agent"
    db.commit()
    return account


def send(client: FlaskClient, page: str, **fields: str) -> Any:
    """Send the form of `page` as a browser would."""
    hidden = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page)
    return client.post(HERE, data={**dict(hidden), "comment": "", **fields})


def test_page_for_anybody_says_what_where_who_and_when_but_not_who_filed_it(
    client: FlaskClient, row: Signalement, mediator: Account
) -> None:
    page = client.get(HERE).text
    for words in (
        "TO-1", "Voirie", "Ouestville", "Centre de Ouestville", "3 allée des Ormes",
        "Dans le quartier, sûr à 81\u202f%", "Équipe technique-ouest", "Pourquoi&nbsp;: compétence",
        "Réponse", "Un trou &lt;b&gt;profond&lt;/b&gt;",
    ):  # fmt: skip
        assert words in page
    assert mediator.name not in page
    assert mediator.email not in page
    assert "Prendre en charge" not in page


def test_page_for_its_author_names_them(
    client: FlaskClient, row: Signalement, mediator: Account
) -> None:
    page = sign_in(client, mediator).get(HERE).text
    assert mediator.name in page
    assert mediator.email not in page


@pytest.mark.parametrize("role", [None, Role.RESIDENT, Role.PLANNER, Role.AGENT])
def test_page_of_a_confidential_one_does_not_exist_for_others(
    client: FlaskClient, db: Session, toy: Toy, role: Role | None
) -> None:
    make_signalement(db, toy, category="rixe", team="police", reference="TO-1")
    if role:
        person = make_account(db, toy, role, "technique-ouest")
        sign_in(client, person)
    db.commit()
    refused = client.get(HERE)
    missing = client.get("/signalements/TO-404")
    assert refused.status_code == missing.status_code == 404
    assert "Équipe police" not in refused.text


def test_page_of_a_confidential_one_says_so_to_those_who_act(
    client: FlaskClient, db: Session, toy: Toy
) -> None:
    make_signalement(db, toy, category="rixe", team="police", reference="TO-1")
    officer = make_account(db, toy, Role.AGENT, "police")
    db.commit()
    page = sign_in(client, officer).get(HERE).text
    assert "Confidentiel. Seuls la police municipale" in page
    assert "Voir sur la carte" not in page


def test_team_moves_it_to_the_end_and_the_author_reads_each_step(
    client: FlaskClient, db: Session, row: Signalement, agent: Account, mediator: Account
) -> None:
    sign_in(client, agent)
    for to, comment in (
        (Status.ACKNOWLEDGED, ""),
        (Status.IN_PROGRESS, "Passage mardi"),
        (Status.RESOLVED, "Trou rebouché"),
    ):
        answer = send(client, client.get(HERE).text, to=to, comment=comment)
        assert answer.status_code == 303
    page = client.get(HERE).text
    assert "Résolu. Votre réponse est dans l’historique." in page
    assert "Dominique Agent" in page
    seen = sign_in(client, mediator).get(HERE).text
    for words in ("Pris en charge", "Passage mardi", "Trou rebouché", "Organisme technique-ouest"):
        assert words in seen
    assert "Dominique Agent" not in seen
    assert [entry.version for entry in history(db, row.id)] == [1, 2, 3, 4]


def test_move_without_its_reason_is_refused_and_says_so_beside_the_field(
    client: FlaskClient, db: Session, row: Signalement, agent: Account
) -> None:
    sign_in(client, agent)
    answer = send(client, client.get(HERE).text, to=Status.CLOSED, outcome="no_action")
    assert answer.status_code == 422
    assert answer.text.count("Dites pourquoi en une phrase") == 2
    assert 'aria-invalid="true"' in answer.text
    db.refresh(row)
    assert row.status == Status.NEW


def test_move_after_somebody_else_s_shows_what_changed_and_keeps_the_text(
    client: FlaskClient, db: Session, row: Signalement, agent: Account
) -> None:
    sign_in(client, agent)
    stale = client.get(HERE).text
    send(client, stale, to=Status.ACKNOWLEDGED, comment="Vu par la collègue")
    answer = send(client, stale, to=Status.CLOSED, outcome="no_action", comment="Terrain <privé>")
    assert answer.status_code == 409
    assert "votre texte est gardé" in answer.text
    assert "Terrain &lt;privé&gt;</textarea>" in answer.text
    assert "Depuis que vous avez ouvert la page" in answer.text
    assert "Vu par la collègue" in answer.text.split("entretemps")[1].split("</form>")[0]
    again = send(
        client, answer.text, to=Status.CLOSED, outcome="no_action", comment="Terrain <privé>"
    )
    assert again.status_code == 303
    db.refresh(row)
    assert (row.status, row.outcome) == (Status.CLOSED, Outcome.NO_ACTION)


@pytest.mark.parametrize(
    "fields",
    [
        {"to": "resolved"},
        {"to": "somewhere"},
        {"to": ""},
        {"to": "acknowledged", "version": "x"},
        {"to": "acknowledged", "comment": "a" * 2001},
    ],
)
def test_move_that_makes_no_sense_is_refused_and_writes_nothing(
    client: FlaskClient, db: Session, row: Signalement, agent: Account, fields: dict[str, str]
) -> None:
    sign_in(client, agent)
    answer = send(client, client.get(HERE).text, **fields)
    assert answer.status_code == 422
    assert "error-summary" in answer.text
    db.refresh(row)
    assert (row.status, row.version) == (Status.NEW, 1)


@pytest.mark.parametrize(
    ("role", "team", "expected"),
    [
        (None, "", 303),
        (Role.RESIDENT, "", 403),
        (Role.PLANNER, "", 403),
        (Role.AGENT, "technique-est", 403),
        (Role.COORDINATOR, "coordination", 303),
    ],
)
def test_move_by_others_is_refused_even_with_a_forged_form(
    client: FlaskClient,
    db: Session,
    toy: Toy,
    row: Signalement,
    role: Role | None,
    team: str,
    expected: int,
) -> None:
    if role:
        person = make_account(db, toy, role, *([team] if team else []))
        db.commit()
        sign_in(client, person)
    form = client.get("/connexion" if role is None else "/signalements/TO-404").text
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', form)
    data = {"csrf_token": token[1] if token else "", "version": "1", "to": "acknowledged"}
    answer = client.post(HERE, data=data)
    assert answer.status_code == expected
    db.refresh(row)
    assert (row.status == Status.ACKNOWLEDGED) == (role == Role.COORDINATOR)


def test_move_without_the_form_s_token_is_refused(
    client: FlaskClient, db: Session, row: Signalement, agent: Account
) -> None:
    answer = sign_in(client, agent).post(HERE, data={"to": "acknowledged", "version": "1"})
    assert answer.status_code == 400
    db.refresh(row)
    assert row.status == Status.NEW


def test_page_for_who_acts_leads_to_the_place_and_for_others_does_not(
    client: FlaskClient, row: Signalement, agent: Account
) -> None:
    assert 'href="geo:' not in client.get(HERE).text
    sign_in(client, agent)
    assert re.search(r'href="geo:48\.\d{6},2\.\d{6}\?q=[^"]*\(TO-1\)"', client.get(HERE).text)


@pytest.mark.parametrize(
    ("status", "moment"),
    [(Status.NEW, "before"), (Status.IN_PROGRESS, "during"), (Status.RESOLVED, "after")],
)
def test_photo_when_added_then_its_moment_follows_the_status(
    client: FlaskClient,
    db: Session,
    row: Signalement,
    agent: Account,
    status: Status,
    moment: str,
) -> None:
    row.status = status
    if status == Status.RESOLVED:
        row.outcome, row.settled_at = Outcome.DONE, NOW
    db.commit()
    sign_in(client, agent)
    page = client.get(HERE).text
    assert re.findall(r'name="moment" value="(\w+)" checked', page) == [moment]
