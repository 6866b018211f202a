"""The pages of the ready-made answers, and what the page of a signalement makes of them."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Role
from qpvmap.core.replies import Occasion
from qpvmap.core.workflow import Status
from qpvmap.storage.models import ReplyTemplate, Signalement
from tests.factories import Toy, make_account, make_signalement, make_territory
from tests.web.people import sign_in

HERE = "/coordination/reponses"
PAGE = "/signalements/TO-1"
FIELDS = {
    "occasion": "acknowledged",
    "category": "voirie",
    "team": "technique-ouest",
    "title": "Nous passons",
    "text": "Bonjour, {lieu}, avant le {echeance}.",
}


@pytest.fixture
def db(app: Any) -> Iterator[Session]:
    with Session(app.extensions["qpvmap"].engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def toy(db: Session) -> Toy:
    toy = make_territory(db, "blagis")
    db.commit()
    return toy


@pytest.fixture
def row(db: Session, toy: Toy) -> Signalement:
    due_at = datetime.now(UTC) + timedelta(days=9)
    row = make_signalement(db, toy, reference="TO-1", address="3 allée des Ormes", due_at=due_at)
    db.commit()
    return row


def enter(client: FlaskClient, db: Session, toy: Toy, role: Role, *teams: str) -> FlaskClient:
    account = make_account(db, toy, role, *teams)
    db.commit()
    return sign_in(client, account)


def add(db: Session, toy: Toy, occasion: Occasion, text: str, **columns: Any) -> ReplyTemplate:
    reply = ReplyTemplate(
        territory_id=toy.territory.id,
        code=f"{occasion}-{len(text)}",
        occasion=occasion,
        title=columns.pop("title", f"Réponse {occasion}"),
        text=text,
        **columns,
    )
    db.add(reply)
    db.commit()
    return reply


def send(client: FlaskClient, page: str, path: str, **fields: str) -> Any:
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page))
    return client.post(path, data={**hidden, **fields})


@pytest.mark.parametrize("path", [HERE, f"{HERE}/nouvelle", f"{HERE}/1"])
@pytest.mark.parametrize("role", [Role.RESIDENT, Role.MEDIATOR, Role.AGENT, Role.PLANNER])
def test_pages_for_others_are_refused(
    client: FlaskClient, db: Session, toy: Toy, role: Role, path: str
) -> None:
    enter(client, db, toy, role, "technique-ouest")
    assert client.get(path).status_code == 403


def test_pages_without_an_account_ask_to_sign_in(client: FlaskClient, toy: Toy) -> None:
    assert client.get(HERE).status_code == 303


def test_lead_writes_reads_changes_and_removes_one(
    client: FlaskClient, db: Session, toy: Toy
) -> None:
    enter(client, db, toy, Role.LEAD, "technique-ouest")
    blank = client.get(f"{HERE}/nouvelle").text
    assert "Équipe police" not in blank and "Tous les services" not in blank
    assert send(client, blank, HERE, **FIELDS).status_code == 303
    listed = client.get(HERE).text
    assert "Nous passons" in listed
    assert "Bonjour, 3 allée des Ormes, avant le jeudi 26 novembre." in listed
    key = db.scalars(select(ReplyTemplate.id)).one()
    page = client.get(f"{HERE}/{key}").text
    answer = send(client, page, f"{HERE}/{key}", **(FIELDS | {"title": "Nous venons"}))
    assert answer.headers["Location"].endswith(f"{HERE}#acknowledged")
    late = send(client, page, f"{HERE}/{key}", **(FIELDS | {"title": "Trop tard"}))
    assert late.status_code == 409
    assert "Une autre personne vient de changer" in late.text and "Trop tard" in late.text
    assert send(client, page, f"{HERE}/{key}/retirer").status_code == 409
    page = client.get(f"{HERE}/{key}").text
    assert "Nous venons" in page
    assert send(client, page, f"{HERE}/{key}/retirer").status_code == 303
    assert client.get(f"{HERE}/{key}").status_code == 404
    assert "Aucune réponse type" in client.get(HERE).text


def test_form_with_an_unknown_variable_is_refused_and_given_back(
    client: FlaskClient, db: Session, toy: Toy
) -> None:
    enter(client, db, toy, Role.COORDINATOR, "coordination")
    wrong = FIELDS | {"text": "Bonjour, {lieux} <b>."}
    answer = send(client, client.get(f"{HERE}/nouvelle").text, HERE, **wrong)
    assert answer.status_code == 422
    assert "Vouliez-vous {lieu}" in answer.text
    assert "Bonjour, {lieux} &lt;b&gt;.</textarea>" in answer.text
    assert db.scalars(select(ReplyTemplate)).all() == []


def test_preview_shows_how_it_reads_and_keeps_nothing(
    client: FlaskClient, db: Session, toy: Toy
) -> None:
    enter(client, db, toy, Role.COORDINATOR, "coordination")
    blank = client.get(f"{HERE}/nouvelle").text
    answer = send(client, blank, HERE, **FIELDS, apercu="1")
    assert answer.status_code == 200
    assert "Bonjour, 3 allée des Ormes, avant le jeudi 26 novembre." in answer.text
    assert "Bonjour, {lieu}, avant le {echeance}.</textarea>" in answer.text
    refused = send(client, blank, HERE, **(FIELDS | {"text": "{x}"}), apercu="1")
    assert refused.status_code == 422
    assert db.scalars(select(ReplyTemplate)).all() == []


def test_lead_adapts_a_shared_one_but_does_not_change_it(
    client: FlaskClient, db: Session, toy: Toy
) -> None:
    shared = add(db, toy, Occasion.DONE, "Fini, {lieu}.", title="Pour tous")
    secret = add(db, toy, Occasion.TAKEN, "Secret", team_id=toy.teams["police"].id)
    enter(client, db, toy, Role.LEAD, "technique-ouest")
    page = client.get(f"{HERE}/nouvelle?modele={shared.id}").text
    assert "Fini, {lieu}.</textarea>" in page
    assert "Adapter à mon service" in client.get(HERE).text
    assert "Enregistrer" not in client.get(f"{HERE}/{shared.id}").text
    assert send(client, page, f"{HERE}/{shared.id}", **FIELDS).status_code == 403
    assert client.get(f"{HERE}/{secret.id}").status_code == 404
    assert client.get(f"{HERE}/nouvelle?modele={secret.id}").status_code == 404
    assert "Secret" not in client.get(HERE).text


def test_forms_of_a_signalement_offer_them_filled(
    client: FlaskClient, db: Session, toy: Toy, row: Signalement
) -> None:
    add(db, toy, Occasion.TAKEN, "TO : {reference}, {lieu}, {service}.", title="Pris")
    add(db, toy, Occasion.PLANNED, "Le {date_prevue}, {lieu}.", title="Prévu")
    add(db, toy, Occasion.NOT_FOUND, "Rien vu : {motif}.", title="Rien vu")
    page = enter(client, db, toy, Role.AGENT, "technique-ouest").get(PAGE).text
    assert 'data-text="TO : TO-1, 3 allée des Ormes, Équipe technique-ouest."' in page
    assert 'data-text="Le {date_prevue}, 3 allée des Ormes."' in page
    closing = re.search(r'data-text="Rien vu : ([^"]*)" data-outcome="([^"]*)"', page)
    assert closing
    assert closing.groups() == ("[à compléter\u00a0: motif].", "not_found_on_site")


def test_those_who_do_not_handle_are_offered_none(
    client: FlaskClient, db: Session, toy: Toy, row: Signalement
) -> None:
    reply = add(db, toy, Occasion.QUESTION, "Entre services", title="Pour les services")
    asked = f"{PAGE}?dans=repondre&reponse={reply.id}"
    for page in (client.get(asked).text, enter(client, db, toy, Role.MEDIATOR).get(asked).text):
        assert "Entre services" not in page and "Pour les services" not in page


def test_without_a_script_a_link_fills_the_form_and_opens_it(
    client: FlaskClient, db: Session, toy: Toy, row: Signalement
) -> None:
    add(db, toy, Occasion.NOT_FOUND, "Rien vu à {commune}, le {date_du_jour}.", title="Rien vu")
    enter(client, db, toy, Role.AGENT, "technique-ouest")
    page = client.get(f"{PAGE}?vue=tous").text
    found = re.search(r'<li><a href="([^"]*)">Rien vu</a>', page)
    assert found
    href = found[1].replace("&amp;", "&")
    assert "vue=tous" in href and href.endswith("#closed-comment")
    page = client.get(href).text
    assert (
        "Rien vu à Ouestville, le " in page.split('id="closed-comment"')[1].split("</textarea>")[0]
    )
    assert '<option value="not_found_on_site" selected>' in page
    assert client.get(f"{PAGE}?dans=closed&reponse=zut").status_code == 200
    assert client.get(f"{PAGE}?dans=zut&reponse=1").status_code == 200


@pytest.mark.parametrize(
    ("path", "fields", "name"),
    [
        (PAGE, {"to": "acknowledged"}, "comment"),
        (f"{PAGE}/repondre", {}, "text"),
        (f"{PAGE}/pas-a-nous", {"team": "police"}, "comment"),
        (f"{PAGE}/reaffecter", {"team": "police"}, "comment"),
    ],
)
def test_answer_with_something_left_to_complete_is_not_sent(
    client: FlaskClient,
    db: Session,
    toy: Toy,
    row: Signalement,
    path: str,
    fields: dict[str, str],
    name: str,
) -> None:
    enter(client, db, toy, Role.AGENT, "technique-ouest")
    text = "Non\u00a0: [à compléter\u00a0: motif]."
    answer = send(client, client.get(PAGE).text, path, **fields, **{name: text})
    assert answer.status_code == 422
    assert "Complétez d’abord ce qui est entre crochets" in answer.text
    assert f"{text}</textarea>" in answer.text
    db.refresh(row)
    assert (row.status, row.version) == (Status.NEW, 1)


def test_planned_date_that_is_known_is_in_the_answer(
    client: FlaskClient, db: Session, toy: Toy, row: Signalement
) -> None:
    row.status, row.planned_for = Status.SCHEDULED, date(2099, 12, 24)
    add(db, toy, Occasion.PLANNED, "Le {date_prevue}.")
    page = enter(client, db, toy, Role.AGENT, "technique-ouest").get(PAGE).text
    assert 'data-text="Le jeudi 24\u00a0décembre 2099."' in page
