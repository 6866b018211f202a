"""The coordination's pages: who keeps which piece of ground, rules, decisions made rules."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qpvmap.core.actors import ANONYMOUS, Role
from qpvmap.core.geo import LonLat
from qpvmap.storage.models import Account, Emprise, Precedent, RoutingRuleRow, Team, Territory
from qpvmap.storage.session import transaction
from qpvmap.usecases.signalements import submit
from qpvmap.usecases.territory import load_territory
from tests.conftest import NOW
from tests.factories import submission
from tests.web.people import add_person, sign_in

GROUNDS = "/coordination/emprises"
SQUARE = "48.7860 2.3010\n48.7860 2.3012\n48.7862 2.3012\n48.7862 2.3010"
DRAWING = {
    "name": "cour des Lilas",
    "kind": "condominium",
    "body": "copropriete",
    "source": "Plan du syndic",
    "confidence": "80",
    "outline": SQUARE,
}


@pytest.fixture
def engine(app: Any, blagis: str) -> Any:
    return app.extensions["qpvmap"].engine


@pytest.fixture
def coordinator(client: FlaskClient, engine: Any) -> Account:
    account = add_person(engine, Role.COORDINATOR, "coordination")
    sign_in(client, account)
    return account


def send(client: FlaskClient, page: str, path: str, **fields: str) -> Any:
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page))
    return client.post(path, data={**hidden, **fields})


def stored(engine: Any, code: str) -> Emprise:
    with Session(engine, expire_on_commit=False) as session:
        return session.scalars(select(Emprise).where(Emprise.code == code)).one()


@pytest.mark.parametrize("path", [GROUNDS, f"{GROUNDS}/nouvelle", "/coordination/regles"])
@pytest.mark.parametrize("role", [Role.MEDIATOR, Role.LEAD, Role.PLANNER, Role.ADMIN])
def test_ground_pages_for_others_are_refused(
    client: FlaskClient, engine: Any, role: Role, path: str
) -> None:
    sign_in(client, add_person(engine, role))
    assert client.get(path).status_code == 403


def test_list_names_each_ground_and_who_keeps_it(client: FlaskClient, coordinator: Account) -> None:
    page = client.get(GROUNDS).text
    assert "12\u00a0terrains dessinés" in page
    assert "Résidence des Tilleuls" in page
    assert "Bailleur social des Blagis" in page
    assert "Exemple inventé" in page


def test_drawing_is_kept_and_shown_on_the_map(
    client: FlaskClient, engine: Any, coordinator: Account
) -> None:
    answer = send(client, client.get(f"{GROUNDS}/nouvelle").text, GROUNDS, **DRAWING)
    assert answer.status_code == 303
    with Session(engine) as session:
        row = session.scalars(select(Emprise).where(Emprise.name == "cour des Lilas")).one()
        area = session.scalar(
            select(func.ST_Area(func.Geography(Emprise.perimeter))).where(Emprise.id == row.id)
        )
    assert (row.kind, row.confidence, row.version) == ("condominium", 0.8, 1)
    assert row.updated_by == coordinator.id
    assert area == pytest.approx(14.7 * 22.2, rel=0.05)
    assert row.code in client.get("/carte/couches/emprises.geojson").text
    card = client.get(f"/carte/fiches/emprise/{row.code}").text
    assert "Cour des Lilas" in card and "Plan du syndic" in card
    assert f"{GROUNDS}/{row.code}" in card


def test_form_of_a_ground_gives_its_outline_back_as_it_was(
    client: FlaskClient, engine: Any, coordinator: Account
) -> None:
    before = stored(engine, "HLM-01").perimeter.desc
    page = client.get(f"{GROUNDS}/HLM-01").text
    outline = re.search(r'name="outline"[^>]*>([^<]*)<', page)
    assert outline
    fields = {**DRAWING, "name": "renommée", "outline": outline[1]}
    assert send(client, page, f"{GROUNDS}/HLM-01", **fields).status_code == 303
    after = stored(engine, "HLM-01")
    assert (after.name, after.version) == ("renommée", 2)
    assert after.perimeter.desc == before
    with transaction(engine) as session:
        load_territory(session, "blagis", NOW)
    assert stored(engine, "HLM-01").name == "renommée"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", " ", "Donnez un nom"),
        ("name", "x" * 121, "Donnez un nom"),
        ("kind", "castle", "Choisissez une sorte"),
        ("body", "nobody", "Choisissez l’organisme"),
        ("source", "", "Dites qui l’affirme"),
        ("confidence", "beaucoup", "pourcentage"),
        ("confidence", "0", "pourcentage"),
        ("confidence", "nan", "pourcentage"),
        ("confidence", "101", "pourcentage"),
        ("outline", "", "au moins trois points"),
        ("outline", "48.78 2.30\n48.79 2.31", "au moins trois points"),
        ("outline", "48.78 2.30\nnord\n48.79 2.31", "Ligne 2"),
        ("outline", "48.78 2.30\n98.78 2.30\n48.79 2.31", "n’existent pas"),
        ("outline", "trou\n48.78 2.30\n48.79 2.30\n48.79 2.31", "Un trou doit suivre"),
        (
            "outline",
            "48.786 2.301\n48.787 2.302\n48.787 2.301\n48.786 2.302",
            "se croise ou se touche lui-même près de 48.78650 2.30150",
        ),
        ("outline", "48.786 2.301\n48.786001 2.301\n48.786 2.301001", "trop petit"),
        ("outline", "45 5\n45 5.001\n45.001 5.001", "hors des villes"),
    ],
)
def test_drawing_that_makes_no_sense_is_refused_and_given_back(
    client: FlaskClient, engine: Any, coordinator: Account, field: str, value: str, words: str
) -> None:
    page = client.get(f"{GROUNDS}/nouvelle").text
    answer = send(client, page, GROUNDS, **(DRAWING | {field: value}))
    assert answer.status_code == 422
    assert words in answer.text
    assert "Plan du syndic" in answer.text or field == "source"
    with Session(engine) as session:
        assert session.scalar(select(func.count()).select_from(Emprise)) == 12


def test_drawing_with_a_hole_and_two_parts_keeps_them(
    client: FlaskClient, engine: Any, coordinator: Account
) -> None:
    hole = "trou\n48.78605 2.30105\n48.78605 2.30115\n48.78615 2.30115\n48.78615 2.30105"
    other = "48.7870 2.3010\n48.7870 2.3012\n48.7872 2.3012"
    outline = f"{SQUARE}\n\n{hole}\n\n{other}"
    send(
        client, client.get(f"{GROUNDS}/nouvelle").text, GROUNDS, **(DRAWING | {"outline": outline})
    )
    with Session(engine) as session:
        parts, rings = session.execute(
            select(
                func.ST_NumGeometries(Emprise.perimeter), func.ST_NRings(Emprise.perimeter)
            ).where(Emprise.name == "cour des Lilas")
        ).one()
    assert (parts, rings) == (2, 3)


def test_change_after_somebody_else_s_is_refused_and_kept_in_the_form(
    client: FlaskClient, engine: Any, coordinator: Account
) -> None:
    stale = client.get(f"{GROUNDS}/HLM-02").text
    send(client, stale, f"{GROUNDS}/HLM-02", **DRAWING)
    answer = send(client, stale, f"{GROUNDS}/HLM-02", **(DRAWING | {"name": "la mienne"}))
    assert answer.status_code == 409
    assert "vient de corriger ce terrain" in answer.text and "la mienne" in answer.text
    assert stored(engine, "HLM-02").name == "cour des Lilas"
    again = DRAWING | {"name": "la mienne"}
    assert send(client, answer.text, f"{GROUNDS}/HLM-02", **again).status_code == 303


def test_removed_ground_leaves_the_map_but_not_the_database(
    client: FlaskClient, engine: Any, coordinator: Account
) -> None:
    page = client.get(f"{GROUNDS}/JAR-01").text
    assert send(client, page, f"{GROUNDS}/JAR-01/retirer").status_code == 303
    assert "JAR-01" not in client.get("/carte/couches/emprises.geojson").text
    assert client.get(f"{GROUNDS}/JAR-01").status_code == 404
    assert client.get("/carte/fiches/emprise/JAR-01").status_code == 404
    assert stored(engine, "JAR-01").removed_at is not None
    with transaction(engine) as session:
        load_territory(session, "blagis", NOW)
    assert "JAR-01" not in client.get("/carte/couches/emprises.geojson").text


def precedent(engine: Any) -> int:
    """Keep a decision on a signalement in an estate, and return its key."""
    with Session(engine) as session:
        team = session.scalars(select(Team).where(Team.code == "mediation")).one()
        territory = session.get_one(Territory, team.territory_id)
        sent = submission(LonLat(2.30044, 48.78601), "proprete")
        signalement = submit(session, ANONYMOUS, territory, sent, NOW).signalement
        row = Precedent(
            territory_id=team.territory_id,
            category_id=signalement.category_id,
            team_id=team.id,
            signalement_id=signalement.id,
            perimeter=session.scalars(
                select(Emprise.perimeter).where(Emprise.code == "HLM-02")
            ).one(),
            reason="Convention de 2024.",
            decided_at=NOW,
        )
        session.add(row)
        session.commit()
        return row.id


def test_decision_becomes_a_rule_with_one_click(
    client: FlaskClient, engine: Any, coordinator: Account
) -> None:
    key = precedent(engine)
    page = client.get("/coordination/regles").text
    assert "Convention de 2024." in page and "En faire une règle" in page
    assert "tous les terrains de Bailleur social des Blagis" in page
    assert send(client, page, f"/coordination/precedents/{key}/regle").status_code == 303
    page = client.get("/coordination/regles").text
    assert "Devenue une règle" in page and "règle de ce terrain" in page
    with Session(engine) as session:
        assert session.scalars(
            select(RoutingRuleRow).where(RoutingRuleRow.emprise_id.is_not(None))
        ).one()


@pytest.mark.parametrize("number", ["999", "9" * 23])
def test_rule_of_a_decision_that_is_not_there_says_so(
    client: FlaskClient, coordinator: Account, number: str
) -> None:
    page = client.get("/coordination/regles").text
    assert send(client, page, f"/coordination/precedents/{number}/regle").status_code == 404


def test_locate_of_the_api_names_the_ground(client: FlaskClient, engine: Any) -> None:
    found = client.get("/api/v1/locate?lon=2.30044&lat=48.78601&accuracy_m=5").json
    assert found["emprise"] == {
        "code": "HLM-02",
        "name": "résidence des Érables",
        "kind": "residence",
        "body": "Bailleur social des Blagis",
        "share": 1.0,
    }
