"""What can be done to a signalement besides moving it: by its forms, as a browser sends them."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Role
from qpvmap.core.workflow import Outcome, Status
from qpvmap.storage.models import Account, Contact, Emprise, Signalement
from tests.factories import Toy, box, make_account, make_signalement, make_territory
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
def author(db: Session, toy: Toy) -> Account:
    return make_account(db, toy, Role.RESIDENT)


@pytest.fixture
def row(db: Session, toy: Toy, author: Account) -> Signalement:
    row = make_signalement(
        db, toy, reference="TO-1", reporter_id=author.id, due_at=PROMISED, created_at=NOW
    )
    db.commit()
    return row


@pytest.fixture
def agent(db: Session, toy: Toy, row: Signalement) -> Account:
    account = make_account(db, toy, Role.AGENT, "technique-ouest")
    db.commit()
    return account


def send(client: FlaskClient, deed: str, **fields: str) -> Any:
    """Send the form of a deed as the page of the moment holds it."""
    page = client.get(HERE).text
    hidden = re.findall(r'type="hidden" name="(csrf_token|version)" value="([^"]*)"', page)
    return client.post(f"{HERE}/{deed}", data={**dict(hidden), **fields})


def test_answer_is_read_by_the_author_and_a_note_by_services_alone(
    client: FlaskClient, row: Signalement, agent: Account, author: Account
) -> None:
    sign_in(client, agent)
    assert send(client, "repondre", text="Nous passons <mardi>.").status_code == 303
    assert send(client, "noter", text="Prévoir la nacelle.").status_code == 303
    page = client.get(HERE).text
    assert "Prévoir la nacelle." in page
    assert "Note interne" in page
    seen = sign_in(client, author).get(HERE).text
    assert "Nous passons &lt;mardi&gt;." in seen
    assert "nacelle" not in seen
    assert send(client, "ecrire", text="Merci, mais mardi est férié.").status_code == 303
    assert "mardi est férié" in sign_in(client, agent).get(HERE).text
    assert send(client, "ecrire", text="Je ne suis pas l’auteur.").status_code == 403


def test_deed_without_what_it_needs_is_refused_and_keeps_what_was_typed(
    client: FlaskClient, row: Signalement, agent: Account
) -> None:
    sign_in(client, agent)
    for deed, fields, words in (
        ("repondre", {"text": " "}, "Écrivez votre message."),
        ("reaffecter", {"team": "police", "comment": ""}, "Dites pourquoi"),
        ("reaffecter", {"team": "nulle-part", "comment": "Là-bas"}, "Choisissez un service"),
        ("recategoriser", {"category": "voirie", "comment": "Là-bas"}, "déjà sa catégorie"),
        ("prioriser", {"priority": "x", "comment": "Là-bas"}, "Choisissez une priorité."),
        ("reunir", {"original": "TO-404", "comment": "Là-bas"}, "introuvable"),
        ("scinder", {"category-1": "voirie", "part-1": "Là-bas"}, "de 2 à 10 parties"),
    ):
        answer = send(client, deed, **fields)
        assert answer.status_code == 422, deed
        assert words in answer.text
        assert 'role="alert"' in answer.text
        assert fields.get("comment", "") in answer.text


def test_deed_after_somebody_else_s_is_a_conflict_that_keeps_what_was_typed(
    client: FlaskClient, db: Session, row: Signalement, agent: Account
) -> None:
    sign_in(client, agent)
    answer = send(client, "pas-a-nous", version="0", team="police", comment="Terrain privé")
    assert answer.status_code == 409
    assert "Terrain privé</textarea>" in answer.text
    assert '<option value="police" selected>' in answer.text
    db.refresh(row)
    assert row.version == 1


def test_priority_raised_to_emergency_shows_the_numbers_first(
    client: FlaskClient, row: Signalement, agent: Account
) -> None:
    sign_in(client, agent)
    assert send(client, "prioriser", priority="emergency", comment="Câble nu").status_code == 303
    page = client.get(HERE).text
    assert page.index('href="tel:112"') < page.index("À faire maintenant")
    assert "Priorité\u00a0: Normale\u00a0→ Urgence" in page
    assert "Promis pour le" in page


def test_category_that_becomes_confidential_sends_its_reader_away(
    client: FlaskClient, db: Session, row: Signalement, agent: Account
) -> None:
    answer = send(sign_in(client, agent), "recategoriser", category="rixe", comment="Une bagarre")
    assert answer.status_code == 303
    assert answer.location == "/corbeille?vue=a-prendre-en-charge"
    assert client.get(HERE).status_code == 404


def test_two_refusals_lead_to_the_coordination_that_reads_both_and_decides(
    client: FlaskClient, db: Session, toy: Toy, row: Signalement, agent: Account
) -> None:
    other = make_account(db, toy, Role.AGENT, "technique-est")
    coordinator = make_account(db, toy, Role.COORDINATOR, "coordination")
    db.commit()
    sign_in(client, agent)
    refused = send(client, "pas-a-nous", team="technique-est", comment="De l’autre côté")
    assert refused.status_code == 303
    sign_in(client, other)
    assert send(client, "pas-a-nous", comment="Pas de ce côté non plus").status_code == 303
    page = sign_in(client, coordinator).get(HERE).text
    assert "décider qui s’en occupe" in page
    for reason in ("De l’autre côté", "Pas de ce côté non plus"):
        assert f"« {reason} »" in page
    assert "compteur arrêté" in page
    decided = send(client, "arbitrer", team="technique-est", comment="Le plan le dit")
    assert decided.status_code == 303
    assert "Le plan le dit" in client.get(HERE).text
    db.refresh(row)
    assert (row.status, row.team_id) == (Status.NEW, toy.teams["technique-est"].id)


def test_duplicate_is_joined_in_one_click_and_taken_apart_in_another(
    client: FlaskClient, db: Session, toy: Toy, row: Signalement, agent: Account
) -> None:
    make_signalement(db, toy, reference="TO-2", created_at=NOW, due_at=PROMISED)
    db.commit()
    page = sign_in(client, agent).get(HERE).text
    assert "Peut-être le même" in page
    assert '<input type="hidden" name="original" value="TO-2">' in page
    assert send(client, "reunir", original="TO-2").status_code == 303
    db.refresh(row)
    assert (row.status, row.outcome) == (Status.CLOSED, Outcome.DUPLICATE)
    page = client.get(HERE).text
    assert "Doublon" in page
    assert "TO-2, Voirie" in page
    assert send(client, "separer").status_code == 303
    db.refresh(row)
    assert (row.status, row.outcome) == (Status.NEW, None)


def test_split_makes_parts_that_the_page_lists(
    client: FlaskClient, db: Session, toy: Toy, row: Signalement, agent: Account
) -> None:
    sign_in(client, agent)
    fields = {"category-1": "voirie", "part-1": "Reboucher", "category-2": "eclairage"}
    fields |= {"part-2": "Rallumer", "team-2": "technique-est"}
    assert send(client, "scinder", **fields).status_code == 303
    parts = db.scalars(select(Signalement).where(Signalement.parent_id == row.id)).all()
    page = client.get(HERE).text
    assert len(parts) == 2
    assert all(part.reference in page for part in parts)
    assert "Scinder en plusieurs parties" not in page


def test_text_that_looks_personal_is_hidden_until_it_is_checked(
    client: FlaskClient, db: Session, row: Signalement, agent: Account
) -> None:
    row.description_hidden = True
    row.description = "Appelez le 06 12 34 56 78"
    db.commit()
    assert "06 12 34" not in client.get(HERE).text
    page = sign_in(client, agent).get(HERE).text
    assert "Texte à vérifier" in page
    assert send(client, "montrer-texte").status_code == 303
    assert send(client, "cacher-texte").status_code == 303
    with client.session_transaction() as cookie:
        cookie.clear()
    assert "06 12 34" not in client.get(HERE).text


def test_contact_is_shown_to_those_who_handle_alone(
    client: FlaskClient, db: Session, row: Signalement, agent: Account, author: Account
) -> None:
    db.add(
        Contact(signalement_id=row.id, name="Mme Voisine", phone="01 02 03 04 05", consent_at=NOW)
    )
    db.commit()
    assert "Voisine" not in client.get(HERE).text
    assert "Voisine" not in sign_in(client, author).get(HERE).text
    assert "Mme Voisine" in sign_in(client, agent).get(HERE).text


def test_ground_says_whose_it_is_why_and_who_else(
    client: FlaskClient, db: Session, toy: Toy, row: Signalement
) -> None:
    emprise = Emprise(
        territory_id=toy.territory.id,
        code="r1",
        name="résidence des Ormes",
        kind="residence",
        organisation_id=toy.teams["police"].organisation_id,
        perimeter=box(2.29, 48.78, 2.30, 48.79),
    )
    db.add(emprise)
    db.flush()
    row.emprise_id, row.routing_ground = emprise.id, "emprise"
    row.routing_doubt = {"others": [{"team": "technique-est", "name": "Équipe est", "share": 0.3}]}
    db.commit()
    page = client.get(HERE).text
    assert "emprise Organisme police, résidence des Ormes : voirie → Équipe technique-ouest" in page
    assert "Deux responsables possibles" in page
    assert "Équipe est (30\u202f%)" in page


def test_page_cost_does_not_grow_with_its_history(
    app: Any,
    client: FlaskClient,
    row: Signalement,
    agent: Account,
    count_queries: Callable[[Engine], AbstractContextManager[list[str]]],
) -> None:
    sign_in(client, agent)
    costs = []
    for _ in range(2):
        client.get(HERE)
        with count_queries(app.extensions["qpvmap"].engine) as statements:
            client.get(HERE)
        costs.append(len(statements))
        for n in range(5):
            send(client, "noter", text=f"Note {n}")
    assert costs[0] == costs[1]
    assert costs[0] <= 22


def test_person_is_given_the_work_and_only_those_who_handle_read_the_name(
    client: FlaskClient, db: Session, toy: Toy, row: Signalement, agent: Account, author: Account
) -> None:
    other = make_account(db, toy, Role.AGENT, "technique-ouest")
    other.name = "Dominique Anonyme"
    db.commit()
    sign_in(client, agent)
    assert "C’est pour moi" in client.get(HERE).text
    assert send(client, "confier", assignee=str(agent.id)).status_code == 303
    assert "Confié à <b>vous</b>" in client.get(HERE).text
    assert send(client, "confier", assignee=str(other.id)).status_code == 303
    page = client.get(HERE).text
    assert "Confié à <b>Dominique Anonyme</b>" in page
    assert f"{agent.name}\u00a0→ Dominique Anonyme" in page
    for wrong in ("9" * 30, "abc", str(author.id)):
        refused = send(client, "confier", assignee=wrong)
        assert refused.status_code == 422
        assert "Choisissez une personne de ce service." in refused.text
    assert send(client, "confier", assignee="").status_code == 303
    assert "Confié à personne en particulier" in client.get(HERE).text
    send(client, "confier", assignee=str(other.id))
    stranger = client.application.test_client()
    for reader in (stranger, sign_in(client, author)):
        seen = reader.get(HERE).text
        assert "Dominique" not in seen
        assert "Confié à" not in seen
