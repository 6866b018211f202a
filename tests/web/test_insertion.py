"""Employment and insertion: figures for all, imports for planners, and nobody's name anywhere."""

import io
import json
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from qpvmap.core.actors import Role
from qpvmap.storage.models import (
    Account,
    InsertionChange,
    InsertionClause,
    JobOffer,
    Territory,
)
from tests.conftest import QueryCounter
from tests.importers.test_insertion import HEADER, ROW, csv_bytes, rows_xlsx
from tests.importers.test_offers import OFFER
from tests.web.people import add_person, sign_in
from tests.web.test_portrait import spoken

HERE = "/insertion"


@pytest.fixture
def planner(app: Flask, client: FlaskClient, blagis: str) -> FlaskClient:
    app.config["WTF_CSRF_METHODS"] = set()
    return sign_in(client, add_person(app.extensions["qpvmap"].engine, Role.PLANNER))


def send(client: FlaskClient, content: bytes, name: str = "suivi.xlsx") -> Any:
    data = {"clauses": (io.BytesIO(content), name)}
    return client.post(f"{HERE}/importer", data=data, content_type="multipart/form-data")


def confirm(client: FlaskClient, page: str) -> Any:
    token = re.search(r'name="apercu" value="([^"]+)"', page)
    assert token
    return client.post(f"{HERE}/importer/confirmer", data={"apercu": token[1]})


def rows_of(app: Flask, model: type[Any]) -> list[Any]:
    with Session(app.extensions["qpvmap"].engine) as session:
        return list(session.scalars(select(model)))


def test_published_figures_are_those_of_the_issue_each_with_its_source(
    client: FlaskClient, blagis: str
) -> None:
    words = spoken(client.get(HERE).text)
    for figure in (
        "49 051,64",
        "15 870",
        "169",
        "216 000",
        "705",
        "277",
        "264",
        "13",
        "311",
        "289",
    ):
        assert re.search(rf"(?<![\d,]){figure}(?![\d,])", words), figure
    assert words.count("Source : ") == 10
    assert "Aucun chantier n’est encore inscrit" in words
    assert "Aucune offre n’est encore importée" in words


def test_import_shows_what_changes_then_writes_it_and_twice_changes_nothing(
    app: Flask, planner: FlaskClient
) -> None:
    seen = send(planner, rows_xlsx(HEADER, ROW))
    assert "1 ligne nouvelle" in spoken(seen.text)
    assert rows_of(app, InsertionClause) == []
    assert confirm(planner, seen.text).status_code == 303
    (row,) = rows_of(app, InsertionClause)
    assert (row.hours_done, row.people_qpv, row.qpv_code) == (15870.5, 7, "QN09219N")
    assert "ne change rien" in send(planner, rows_xlsx(HEADER, ROW)).text
    changed = send(planner, rows_xlsx(HEADER, [*ROW[:6], 16000, *ROW[7:]]))
    assert re.search(r"avant : 15 870,50 après : 16 000", spoken(changed.text))
    page = spoken(planner.get(HERE).text)
    assert re.search(r"Dans le quartier prioritaire 20 000 15 870,50 12 9 7", page)


def test_site_that_is_an_operation_of_the_plan_leads_to_it(planner: FlaskClient) -> None:
    rows = rows_xlsx(HEADER, [*ROW[:3], "Halle des sports Janine Jambu", *ROW[4:]])
    confirm(planner, send(planner, rows).text)
    link = re.search(r'<a href="(/operations/[^"]+)">Halle des sports', planner.get(HERE).text)
    assert link
    assert planner.get(link[1]).status_code == 200


def test_file_with_faults_writes_nothing_and_says_each(app: Flask, planner: FlaskClient) -> None:
    answer = send(planner, csv_bytes(HEADER, ROW, ["?", *ROW[1:]]), "suivi.csv")
    assert answer.status_code == 422
    assert "Ligne 3" in spoken(answer.text)
    assert rows_of(app, InsertionClause) == []
    assert send(planner, b"", "suivi.csv").status_code == 422
    empty = planner.post(f"{HERE}/importer", data={})
    assert empty.status_code == 422
    assert "Choisissez un fichier" in empty.text


def test_preview_of_somebody_else_or_altered_is_not_written(
    app: Flask, planner: FlaskClient
) -> None:
    page = send(planner, rows_xlsx(HEADER, ROW)).text
    other = sign_in(
        app.test_client(), add_person(app.extensions["qpvmap"].engine, Role.COORDINATOR)
    )
    assert confirm(other, page).status_code == 422
    assert planner.post(f"{HERE}/importer/confirmer", data={"apercu": "x.y"}).status_code == 422
    assert rows_of(app, InsertionClause) == []


@pytest.mark.parametrize("role", [None, Role.RESIDENT, Role.AGENT, Role.MEDIATOR])
def test_only_planners_and_coordination_import(
    app: Flask, client: FlaskClient, blagis: str, role: Role | None
) -> None:
    app.config["WTF_CSRF_METHODS"] = set()
    if role:
        sign_in(client, add_person(app.extensions["qpvmap"].engine, role))
    for answer in (
        client.get(f"{HERE}/importer"),
        send(client, rows_xlsx(HEADER, ROW)),
        client.post(f"{HERE}/importer/confirmer"),
        client.post(f"{HERE}/offres"),
    ):
        assert answer.status_code in (303, 401, 403)
        assert answer.headers.get("Location", "/connexion").startswith("/connexion")
    assert f"{HERE}/importer" not in client.get(HERE).text


def test_export_reads_back_the_same(app: Flask, planner: FlaskClient) -> None:
    confirm(planner, send(planner, rows_xlsx(HEADER, ROW)).text)
    for name in ("clauses.xlsx", "clauses.csv"):
        assert "ne change rien" in send(planner, planner.get(f"{HERE}/{name}").data, name).text
    model = CalamineWorkbook.from_filelike(
        io.BytesIO(planner.get(f"{HERE}/clauses.xlsx?annee=modele").data)
    )
    assert model.get_sheet_by_index(0).to_python() == [HEADER]


def test_offers_are_counted_by_commune_iris_and_trade_and_colour_the_map(
    app: Flask, planner: FlaskClient
) -> None:
    other = {**OFFER, "id": "9", "romeCode": "I1203", "romeLibelle": "Maintenance des bâtiments"}
    offers = [OFFER, {**other, "lieuTravail": {"commune": "92071"}}]
    content = json.dumps({"resultats": offers}).encode()
    data = {"offres": (io.BytesIO(content), "offres.json")}
    answer = planner.post(f"{HERE}/offres", data=data, content_type="multipart/form-data")
    assert answer.status_code == 303
    page = planner.get(HERE).text
    words = spoken(page)
    assert re.search(r"Par commune Commune Offres Postes Bagneux 1 2 Sceaux 1 2", words)
    assert "Services domestiques K1304 1 2" in words
    assert 'class="portrait-map offers-map"' in page and "Bagneux 1 offre" in words
    assert "Durand" not in page
    placed = {offer.source_key: offer.iris_code for offer in rows_of(app, JobOffer)}
    assert placed["187XYZ"].startswith("92007")
    assert placed["9"] is None
    coloured = planner.get("/carte/indicateurs/offres-emploi.json").json
    assert coloured["values"][placed["187XYZ"]]["text"] == "1"
    assert 'value="offres-emploi"' in planner.get("/").text
    one_trade = spoken(planner.get(f"{HERE}?metier=I1203").text)
    assert re.search(r"Par commune Commune Offres Postes Sceaux 1 2 Par IRIS", one_trade)


def test_new_file_of_offers_replaces_the_old_one_and_an_empty_one_does_not(
    app: Flask, planner: FlaskClient
) -> None:
    def put(*offers: dict[str, Any]) -> Any:
        content = json.dumps({"resultats": offers}).encode()
        data = {"offres": (io.BytesIO(content), "offres.json")}
        return planner.post(f"{HERE}/offres", data=data, content_type="multipart/form-data")

    put(OFFER)
    put({**OFFER, "id": "A"}, {**OFFER, "id": "B"})
    assert {row.source_key for row in rows_of(app, JobOffer)} == {"A", "B"}
    refused = put()
    assert refused.status_code == 422
    assert "sont gardées" in refused.text
    assert len(rows_of(app, JobOffer)) == 2


def test_clauses_of_another_territory_are_kept_apart(app: Flask, planner: FlaskClient) -> None:
    confirm(planner, send(planner, rows_xlsx(HEADER, ROW)).text)
    with Session(app.extensions["qpvmap"].engine) as session:
        row = session.scalars(select(Territory)).one()
        copied = {c.key: getattr(row, c.key) for c in Territory.__table__.columns if c.key != "id"}
        other = Territory(**{**copied, "code": "ailleurs", "reference_prefix": "AI"})
        session.add(other)
        session.flush()
        session.execute(update(InsertionClause).values(territory_id=other.id))
        session.commit()
    assert "Pierre Plate</th>" not in planner.get(HERE).text
    assert "Pierre Plate" not in planner.get(f"{HERE}/clauses.csv").text


def test_page_asks_a_constant_number_of_questions(
    app: Flask, planner: FlaskClient, count_queries: QueryCounter
) -> None:
    many = [[2024, "Bagneux", "Ville", f"Chantier {n}", *ROW[4:]] for n in range(500)]
    confirm(planner, send(planner, rows_xlsx(HEADER, *many)).text)
    planner.get(HERE)
    with count_queries(app.extensions["qpvmap"].engine) as sent:
        page = planner.get(HERE)
    assert len(sent) <= 8, sent
    assert "les 200 premiers" in page.text


LINE = {
    "site": "Halle des sports Janine Jambu",
    "year": "2025",
    "insee_code": "92007",
    "body": "Ville de Bagneux",
    "qpv_code": "QN09219N",
    "hours_planned": "1 200,5",
    "hours_done": "",
    "contracts": "3",
    "people": "4",
    "people_qpv": "2",
}


def marks(page: str) -> dict[str, str]:
    found = re.search(r'name="vu" value="([^"]*)"', page)
    return {"vu": found[1] if found else ""}


def test_line_by_hand_when_added_corrected_and_removed_then_the_totals_follow(
    app: Flask, planner: FlaskClient
) -> None:
    empty = planner.get(f"{HERE}/clauses/nouvelle?operation=BAG-01").text
    assert '<option value="92007" selected>' in empty and "<datalist" in empty
    assert planner.post(f"{HERE}/clauses/nouvelle", data=LINE).status_code == 303
    (row,) = rows_of(app, InsertionClause)
    assert (row.hours_planned, row.hours_done, row.people_qpv) == (1200.5, None, 2)
    page = planner.get(HERE).text
    here = re.search(r'href="(/insertion/clauses/\d+/modifier)"', page)
    assert here and "1 200,50 non dit 3 4 2" in spoken(page)
    form = planner.get(here[1]).text
    assert 'value="1200,5"' in form
    changed = {**LINE, **marks(form), "hours_done": "900", "people": "", "people_qpv": ""}
    assert planner.post(here[1], data=changed).status_code == 303
    (row,) = rows_of(app, InsertionClause)
    assert (row.hours_done, row.people, row.people_qpv) == (900, None, None)
    operation = re.search(r'"(/operations/[^"]+)">Halle', page)
    assert operation
    card = spoken(planner.get(operation[1]).text)
    assert "2025 Ville de Bagneux 1 200,50 900 3 non dit non dit" in card
    seen = marks(planner.get(here[1]).text)
    gone = planner.post(here[1].replace("modifier", "retirer"), data=seen)
    assert gone.status_code == 303 and rows_of(app, InsertionClause) == []
    assert planner.get(here[1]).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"year": ""}, "L’année est absente"),
        ({"site": "Mme Durand"}, "semble nommer une personne"),
        ({"body": ""}, "« Maître d’ouvrage » manque : écrivez-le."),
        ({"insee_code": "75056"}, "elle n’est pas du territoire"),
        ({"hours_done": "-4"}, "ne peut être négatif"),
        ({"contracts": "beaucoup"}, "« Contrats »"),
        ({"people_qpv": "9"}, "Plus d’habitants du quartier que de personnes"),
    ],
)
def test_line_by_hand_when_wrong_then_said_and_all_that_was_typed_stays(
    app: Flask, planner: FlaskClient, wrong: dict[str, str], said: str
) -> None:
    answer = planner.post(f"{HERE}/clauses/nouvelle", data={**LINE, **wrong})
    assert answer.status_code == 422 and said in spoken(answer.text)
    assert 'value="1 200,5"' in answer.text and rows_of(app, InsertionClause) == []


def test_line_by_hand_when_there_already_or_changed_meanwhile_then_not_written_over(
    app: Flask, planner: FlaskClient
) -> None:
    again = planner.post(f"{HERE}/clauses/nouvelle", data={**LINE, "suivante": "oui"})
    assert "annee=2025" in again.headers["Location"]
    assert 'value="Ville de Bagneux"' in planner.get(again.headers["Location"]).text
    twice = planner.post(f"{HERE}/clauses/nouvelle", data=LINE)
    assert twice.status_code == 422 and "a déjà une ligne pour 2025" in spoken(twice.text)
    (row,) = rows_of(app, InsertionClause)
    here = f"{HERE}/clauses/{row.id}/modifier"
    read = marks(planner.get(here).text)
    planner.post(here, data={**LINE, **read, "contracts": "8"})
    stale = planner.post(here, data={**LINE, **read, "contracts": "5"})
    assert stale.status_code == 409
    assert "Contrats 8 (vous avez saisi : 5)" in spoken(stale.text)
    assert planner.post(here.replace("modifier", "retirer"), data=read).status_code == 303
    assert rows_of(app, InsertionClause)[0].contracts == 8
    saved = planner.post(here, data={**LINE, **marks(stale.text), "contracts": "5"})
    assert saved.status_code == 303 and rows_of(app, InsertionClause)[0].contracts == 5


JOURNAL = f"{HERE}/clauses/journal"


def test_line_when_written_then_its_journal_says_who_changed_what_by_hand_or_by_a_file(
    app: Flask, planner: FlaskClient
) -> None:
    assert "Aucune ligne n’a encore été changée" in planner.get(JOURNAL).text
    confirm(planner, send(planner, rows_xlsx(HEADER, ROW)).text)
    confirm(planner, send(planner, rows_xlsx(HEADER, [*ROW[:6], 16000, *ROW[7:]])).text)
    assert "ne change rien" in send(planner, rows_xlsx(HEADER, [*ROW[:6], 16000, *ROW[7:]])).text
    (row,) = rows_of(app, InsertionClause)
    here = f"{HERE}/clauses/{row.id}/modifier"
    other = sign_in(
        app.test_client(), add_person(app.extensions["qpvmap"].engine, Role.COORDINATOR)
    )
    sent = {**LINE, "site": row.site, "year": str(row.year), **marks(other.get(here).text)}
    assert other.post(here, data=sent).status_code == 303
    unchanged = {**sent, **marks(other.get(here).text)}
    assert other.post(here, data=unchanged).status_code == 303
    with Session(app.extensions["qpvmap"].engine) as session:
        noted = session.execute(
            select(InsertionChange.origin, Account.name)
            .join(Account, Account.id == InsertionChange.actor_id)
            .order_by(InsertionChange.id)
        ).all()
    assert [origin for origin, _ in noted] == ["import", "import", "form"]
    for page in (planner.get(here).text, planner.get(JOURNAL).text):
        words = spoken(page)
        assert "Heures réalisées 15870,5 → 16000" in words
        assert "Heures réalisées 16000 → non dit" in words
        assert noted[0][1] in words and noted[2][1] in words
        assert words.index("16000 → non dit") < words.index("15870,5 → 16000")
    assert "Qui a changé quoi" in planner.get(HERE).text


def test_line_when_removed_then_put_back_as_it_was_under_its_number_once(
    app: Flask, planner: FlaskClient
) -> None:
    planner.post(f"{HERE}/clauses/nouvelle", data=LINE)
    (row,) = rows_of(app, InsertionClause)
    here = f"{HERE}/clauses/{row.id}/modifier"
    planner.post(here.replace("modifier", "retirer"), data=marks(planner.get(here).text))
    page = planner.get(JOURNAL).text
    back = re.search(rf'action="({JOURNAL}/\d+/retablir)"', page)
    assert back and page.count("/retablir") == 1
    assert planner.post(back[1]).headers["Location"] == f"{HERE}#clauses"
    (again,) = rows_of(app, InsertionClause)
    assert (again.id, again.hours_planned, again.hours_done) == (row.id, 1200.5, None)
    assert "/retablir" not in planner.get(JOURNAL).text
    assert planner.post(back[1]).headers["Location"] == JOURNAL
    assert len(rows_of(app, InsertionClause)) == 1
    assert [line.origin for line in rows_of(app, InsertionChange)] == ["form", "form", "restored"]
    added = back[1].replace(re.findall(r"\d+", back[1])[0], "1")
    assert planner.post(added).status_code == 404


def test_line_when_another_took_its_place_then_not_put_back(
    app: Flask, planner: FlaskClient
) -> None:
    planner.post(f"{HERE}/clauses/nouvelle", data=LINE)
    (row,) = rows_of(app, InsertionClause)
    here = f"{HERE}/clauses/{row.id}/modifier"
    planner.post(here.replace("modifier", "retirer"), data=marks(planner.get(here).text))
    planner.post(f"{HERE}/clauses/nouvelle", data={**LINE, "contracts": "9"})
    back = re.search(rf'action="({JOURNAL}/\d+/retablir)"', planner.get(JOURNAL).text)
    assert back
    assert "a une autre pour la même année" in planner.post(back[1], follow_redirects=True).text
    assert [line.contracts for line in rows_of(app, InsertionClause)] == [9]


@pytest.mark.parametrize("role", [None, Role.RESIDENT, Role.AGENT, Role.MEDIATOR, Role.ADMIN])
def test_line_by_hand_when_by_others_then_refused(
    app: Flask, client: FlaskClient, blagis: str, role: Role | None
) -> None:
    app.config["WTF_CSRF_METHODS"] = set()
    if role:
        sign_in(client, add_person(app.extensions["qpvmap"].engine, role))
    assert client.get(JOURNAL).status_code == (403 if role else 303)
    assert "Qui a changé quoi" not in client.get(HERE).text
    for path in ("nouvelle", "1/modifier", "1/retirer", "journal/1/retablir"):
        answer = client.post(f"{HERE}/clauses/{path}", data=LINE)
        assert answer.status_code == (403 if role else 303)
    assert rows_of(app, InsertionClause) == []


def put_offers(client: FlaskClient, offers: list[dict[str, Any]]) -> None:
    content = json.dumps({"resultats": offers}).encode()
    data = {"offres": (io.BytesIO(content), "offres.json")}
    path = f"{HERE}/offres"
    assert client.post(path, data=data, content_type="multipart/form-data").status_code == 303


def test_offers_on_the_map_shade_communes_and_number_iris_for_the_trade_of_the_address(
    app: Flask, planner: FlaskClient
) -> None:
    assert 'data-layer="offres"' not in planner.get("/").text
    other = {**OFFER, "id": "9", "romeCode": "I1203", "romeLibelle": "Maintenance des bâtiments"}
    put_offers(planner, [OFFER, {**other, "lieuTravail": {"commune": "92071"}}])
    page = planner.get("/").text
    assert 'data-layer="offres"' in page and '<option value="I1203">Maintenance' in page
    nobody = app.test_client()
    layer = nobody.get("/carte/offres.json").json
    assert layer
    assert {code: told["short"] for code, told in layer["communes"].items()} == {
        "92007": "1\u00a0offre",
        "92014": "0\u00a0offre",
        "92032": "0\u00a0offre",
        "92071": "1\u00a0offre",
    }
    assert layer["communes"]["92014"] == {
        "class": "none",
        "text": "aucune offre",
        "short": "0\u00a0offre",
    }
    (block,) = layer["blocks"]
    assert block["code"].startswith("92007") and block["text"] == "1\u00a0offre, 2\u00a0postes"
    assert 2.2 < block["lon"] < 2.4 and 48.7 < block["lat"] < 48.9
    one = nobody.get("/carte/offres.json?metier=i1203").json
    assert one and one["title"] == "Offres d’emploi, Maintenance des bâtiments"
    assert {"class": "3", "label": "1\u00a0offre"} in one["legend"]
    assert one["blocks"] == [] and one["communes"]["92007"]["class"] == "none"
    assert one["communes"]["92071"]["class"] != "none"
    assert "metier=I1203" in planner.get(f"{HERE}?metier=I1203").text


def test_offers_on_the_point_of_a_town_are_counted_in_no_iris(
    app: Flask, planner: FlaskClient
) -> None:
    """France Travail gives a town’s point when it knows no address: nobody works there."""
    trades = ("K1304", "I1203", "N4101", "K1304", "D1106")
    town = [{**OFFER, "id": str(n), "romeCode": trade} for n, trade in enumerate(trades)]
    put_offers(planner, town)
    assert {row.iris_code for row in rows_of(app, JobOffer)} == {None}
    assert len([row for row in rows_of(app, JobOffer) if row.location is not None]) == 5
    one_employer = [{**offer, "romeCode": "K1304"} for offer in town]
    put_offers(planner, one_employer)
    assert None not in {row.iris_code for row in rows_of(app, JobOffer)}
