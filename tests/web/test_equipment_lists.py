"""The page where a town's officer sends its list: read, corrected, started, reported."""

import re
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
import xlsxwriter
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from qpvmap.core.actors import Role
from qpvmap.core.equipment_lists import ListFate, Outcome, RowOutcome
from qpvmap.storage.models import EquipmentList
from tests.conftest import QueryCounter
from tests.web.people import add_person, sign_in
from tests.web.test_equipements import send

HERE = "/equipements/listes"
ROWS = [
    ["Gymnase Haut", "3 rue Haute", "Bagneux", "Gymnase", "Mo-Fr 09:00-18:00"],
    ["Salle des fêtes", "4 rue Haute", "Bagneux", "Fêtes", "le matin"],
    ["", "5 rue Haute", "Bagneux", "Sport", ""],
    ["Piscine", "6 rue Haute", "Ailleurs", "Sport", ""],
]


@pytest.fixture
def engine(app: Any, blagis: str) -> Engine:
    found: Engine = app.extensions["qpvmap"].engine
    return found


@pytest.fixture
def keeper(client: FlaskClient, engine: Engine) -> FlaskClient:
    return sign_in(client, add_person(engine, Role.PLANNER))


def workbook(titles: list[str], rows: list[list[str]], name: str = "Équipements") -> bytes:
    content = BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    page = book.add_worksheet(name)
    page.merge_range(0, 0, 0, 3, "Ville : équipements")
    page.write_row(2, 0, titles)
    for at, row in enumerate(rows, start=3):
        page.write_row(at, 0, row)
    book.close()
    return content.getvalue()


KNOWN = ["Nom", "Adresse", "Ville", "Catégorie", "Horaires"]


def upload(client: FlaskClient, content: bytes, name: str) -> Any:
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(HERE).text)
    assert token
    file = (BytesIO(content), name)
    return client.post(HERE, data={"csrf_token": token[1], "fichier": file})


def fields_of(page: str) -> dict[str, str]:
    """Return what the form of a list would send as it stands."""
    form = page.split("/lecture")[1].split("</form>")[0]
    told = dict(
        re.findall(
            r'<input class="input" id="[^"]+" name="([^"]+)" type="text" value="([^"]*)"', form
        )
    )
    for name, options in re.findall(
        r'<select class="input" id="[^"]+" name="([^"]+)".*?>(.*?)</select>', form, re.S
    ):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        told[name] = chosen[1] if chosen else ""
    return told


def queued(engine: Engine) -> int:
    with engine.connect() as connection:
        wanted = text(
            "select count(*) from procrastinate_jobs where task_name = 'place_equipment_list'"
        )
        return int(connection.scalar(wanted) or 0)


def test_list_when_sent_then_shown_as_it_is_read_and_started_once(
    keeper: FlaskClient, engine: Engine
) -> None:
    sent = upload(keeper, workbook(KNOWN, ROWS), "Équipements_Bagneux 2026 (2).xlsx")
    assert sent.status_code == 303
    here = sent.headers["Location"]
    page = keeper.get(here).text
    assert 'value="Équipements Bagneux"' in page
    assert 'value="2026"' in page
    assert "4\u00a0lignes, dont 2\u00a0lieux compris, 2\u00a0refusées" in page
    assert "Ligne 6" in page and "le nom est vide" in page
    assert "catégorie « Fêtes » inconnue" in page
    assert "Ailleurs" in page
    fields = fields_of(page)
    assert (fields["col-name"], fields["col-commune"]) == ("0", "2")
    again = send(keeper, here, f"{here}/lecture", **{**fields, "mot": "fetes", "sens": "culture"})
    assert again.status_code == 303
    page = keeper.get(here).text
    assert "dont 3\u00a0lieux compris, 1\u00a0refusée" in page
    assert "«\u00a0le matin\u00a0»" in page.replace("&nbsp;", "\u00a0")
    assert queued(engine) == 0
    fields = fields_of(page) | {"mot": "fetes", "sens": "culture", "enregistrer": "oui"}
    assert send(keeper, here, f"{here}/lecture", **fields).status_code == 303
    assert queued(engine) == 1
    assert "Enregistrement en cours" in keeper.get(here).text
    assert send(keeper, here, f"{here}/lecture", **fields).status_code == 303
    assert send(keeper, here, f"{here}/reprendre").status_code == 303
    assert queued(engine) == 1
    assert "en cours" in keeper.get(HERE).text


def test_list_when_its_titles_are_unknown_then_the_person_says_which_column_is_what(
    keeper: FlaskClient, engine: Engine
) -> None:
    content = "Quoi;Où;Zone\nHalle;3 rue Haute;Bagneux\nSalle;4 rue Haute;Bagneux\n".encode()
    here = upload(keeper, content, "liste.csv").headers["Location"]
    page = keeper.get(here).text
    assert "Aucun lieu n’est compris" in page
    assert "A\u00a0· Quoi (Halle)" in page
    fields = fields_of(page)
    wrong = send(
        keeper,
        here,
        f"{here}/lecture",
        **{**fields, "col-name": "0", "nom": "", "annee": "x", "enregistrer": "oui"},
    )
    assert wrong.status_code == 422
    assert "Donnez un nom à cette liste." in wrong.text
    assert "Donnez l’année" in wrong.text
    assert "Dites quelle colonne porte l’adresse" in wrong.text
    assert fields_of(wrong.text)["col-name"] == "0"
    right = {
        **fields,
        "nom": "Salles",
        "annee": "2026",
        "col-name": "0",
        "col-address": "1",
        "commune": "92007",
    }
    unseen = send(keeper, here, f"{here}/lecture", **right, enregistrer="oui")
    assert unseen.status_code == 303
    page = keeper.get(here).text
    assert "relue avec vos nouveaux choix" in page
    assert "3 rue Haute Bagneux" in page
    assert queued(engine) == 0
    assert (
        send(keeper, here, f"{here}/lecture", **fields_of(page), enregistrer="oui").status_code
        == 303
    )
    assert queued(engine) == 1


def test_list_when_the_sheet_or_the_titles_move_then_columns_are_recognised_again(
    keeper: FlaskClient,
) -> None:
    content = "Nom;Adresse\nA;1 rue\nLibellé;Capacité;Adresse\nB;12;2 rue\n".encode()
    here = upload(keeper, content, "liste.csv").headers["Location"]
    fields = fields_of(keeper.get(here).text)
    assert (fields["titres"], fields["col-name"]) == ("3", "0")
    send(keeper, here, f"{here}/lecture", **{**fields, "titres": "1"})
    fields = fields_of(keeper.get(here).text)
    assert (fields["col-address"], fields["col-capacity"]) == ("1", "")


@pytest.mark.parametrize(
    ("content", "name", "why"),
    [
        (b"", "vide.csv", "Choisissez d’abord un fichier"),
        (b"Nom;Adresse\n", "titres.csv", "Ce tableau est vide"),
        (b"%PDF-1.7", "liste.pdf", "Un tableau XLSX, ODS ou CSV est attendu"),
        (b"PK\x03\x04 rien", "faux.xlsx", "pas un classeur"),
        (b"a\x00b", "x.csv", "pas un fichier texte"),
    ],
)
def test_file_when_it_cannot_be_read_then_says_what_to_do(
    keeper: FlaskClient, content: bytes, name: str, why: str
) -> None:
    answer = upload(keeper, content, name)
    assert answer.status_code == 422
    assert why in answer.text


@pytest.mark.parametrize("role", [Role.RESIDENT, Role.MEDIATOR, Role.AGENT, Role.LEAD, Role.ADMIN])
def test_lists_for_others_are_refused(client: FlaskClient, engine: Engine, role: Role) -> None:
    sign_in(client, add_person(engine, role))
    assert client.get(HERE).status_code == 403
    assert client.get(f"{HERE}/modele.xlsx").status_code == 403
    assert "Ajouter une liste" not in client.get("/equipements").text


def test_report_when_read_then_what_is_to_do_comes_first_and_it_downloads(
    keeper: FlaskClient, engine: Engine, count_queries: QueryCounter
) -> None:
    here = upload(keeper, workbook(KNOWN, ROWS), "liste 2026.xlsx").headers["Location"]
    rows = [
        RowOutcome(4, "Gymnase Haut", ListFate.CREATED, "", "3 rue Haute", "3 Rue Haute", 0.9),
        RowOutcome(5, "=Salle", ListFate.REVIEW, "adresse introuvable", "4 rue Haute"),
        RowOutcome(6, "", ListFate.REFUSED, "le nom est vide"),
    ]
    with Session(engine) as session:
        row = session.scalars(
            select(EquipmentList).where(EquipmentList.id == UUID(here[-36:]))
        ).one()
        row.state, row.outcome = "done", Outcome(rows, {"k": "Halle"}).told()
        session.commit()
    page = keeper.get(here).text
    assert "Plus dans le tableau" in page and "Halle" in page
    assert "Ligne 6, <b>sans nom</b>" in page
    with count_queries(engine) as queries:
        keeper.get(here)
    assert len(queries) <= 5
    book = keeper.get(f"{here}/rapport.xlsx")
    assert book.data.startswith(b"PK")
    assert "no-store" in book.headers["Cache-Control"]
    assert send(keeper, here, f"{here}/retirer").status_code == 303
    assert "Plus dans le tableau" not in keeper.get(here).text
    assert send(keeper, here, f"{here}/abandonner").status_code == 303
    assert "Rapport de la liste" in keeper.get(here).text


def test_list_when_dropped_then_gone(keeper: FlaskClient) -> None:
    here = upload(keeper, workbook(KNOWN, ROWS), "liste 2026.xlsx").headers["Location"]
    assert send(keeper, here, f"{here}/abandonner").status_code == 303
    assert keeper.get(here).status_code == 404
