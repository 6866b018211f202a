"""The pages of the plan: what each reader finds, filters in addresses, forms that lose nothing."""

import re
from html import unescape
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Role
from qpvmap.outputs.spreadsheet import WRITERS, Column, Table
from qpvmap.storage.accounts import actor_of
from qpvmap.storage.models import Account, Operation, OperationDocument, Territory
from qpvmap.storage.session import transaction
from qpvmap.usecases.operations import Wanted, add_operation
from qpvmap.workbooks import read_workbook
from tests.conftest import NOW, QueryCounter
from tests.operations import REBUILT
from tests.web.people import add_person, sign_in

VIEWS = ("", "/tableau", "/calendrier", "/argent", "/perimetres", "/SCX-08")
EXPORTS = ("/plan.xlsx", "/plan.ods")
FOR_PLANNERS = ("/nouvelle", "/SCX-08/modifier", "/classeur")
SECRETS = ("NOTE-RÉSERVÉE-2718", "SEULEMENT-DEMANDÉ", "Fonds vert", "31\u202f415", "31415")
"""The note that planners keep to themselves, and what was asked of a funder that agreed nothing."""


@pytest.fixture
def engine(app: Any, blagis: str) -> Any:
    return app.extensions["qpvmap"].engine


@pytest.fixture
def planner(app: Any, engine: Any) -> Account:
    """Return a planner, with an operation of which everything is known: SCX-08."""
    app.config["WTF_CSRF_METHODS"] = set()
    account = add_person(engine, Role.PLANNER)
    with transaction(engine) as session:
        territory = session.scalars(select(Territory)).one()
        mine = session.get_one(Account, account.id)
        add_operation(session, actor_of(mine), territory, Wanted("", REBUILT), NOW)
    return account


def text_of(body: bytes, path: str) -> str:
    """Return what can be read in a page, or in the cells of a workbook."""
    if not path.endswith((".xlsx", ".ods")):
        return unescape(body.decode())
    book = read_workbook(body)
    return " ".join(str(c) for sheet in book.sheets for row in sheet.rows for c in row.cells)


def test_plan_when_read_by_anybody_then_nothing_of_what_planners_keep_to_themselves(
    client: FlaskClient, planner: Account, engine: Any
) -> None:
    agent = add_person(engine, Role.AGENT)
    for reader in (None, agent):
        if reader:
            sign_in(client, reader)
        for path in (*VIEWS, *EXPORTS):
            answer = client.get(f"/operations{path}")
            assert answer.status_code == 200, path
            read = text_of(answer.data, path)
            assert [word for word in SECRETS if word in read] == [], path
        for path in FOR_PLANNERS:
            assert client.get(f"/operations{path}").status_code in (303, 403)
        for accept in ("application/json", "application/geo+json"):
            body = client.get("/api/v1/operations?q=quartier", headers={"Accept": accept}).text
            assert "SCX-08" in body
            assert [word for word in SECRETS if word in body] == []
        assert "SCX-08" not in client.get("/operations?financeur=Fonds vert").text


def test_plan_when_read_by_a_planner_then_all_of_it(client: FlaskClient, planner: Account) -> None:
    sign_in(client, planner)
    card = text_of(client.get("/operations/SCX-08").data, "")
    assert [word for word in SECRETS[:4] if word not in card] == []
    for path in EXPORTS:
        read = text_of(client.get(f"/operations{path}").data, path)
        assert [word for word in (*SECRETS[:3], "31415.0") if word not in read] == []
    assert "31\u202f415\u00a0€" in client.get("/operations/argent?somme=demande").text
    agreed = client.get("/operations/argent?somme=accorde").text
    assert "Fonds vert" not in agreed[agreed.index('id="argent"') :]


def codes(client: FlaskClient, query: str) -> list[str]:
    return re.findall(r"data-code=\"([A-Z]+-\d+)\"", client.get(f"/operations?{query}").text)


def test_plan_when_filtered_by_its_address_then_only_what_fits_and_the_filter_said(
    client: FlaskClient, planner: Account
) -> None:
    assert codes(client, "commune=92007") == ["BAG-01", "BAG-02", "BAG-03", "BAG-04", "SCX-08"]
    assert codes(client, "theme=sport&commune=92014") == ["BLR-05"]
    assert codes(client, "zone=dans&perimetre=2015") == ["BAG-01", "BAG-02", "BAG-04"]
    assert codes(client, "annee=2027") == ["SCX-08"]
    assert codes(client, "ete2023=oui") == ["SCX-08"]
    assert codes(client, "financeur=ANRU&etat=works") == ["SCX-08"]
    assert codes(client, "q=MAISON quartier renovation") == ["BLR-02", "FAR-01"]
    assert codes(client, "manque=nature&commune=92071") == ["SCX-01"]
    assert len(codes(client, "theme=inconnu&tri=nimporte&perimetre=1999")) == 23
    page = client.get("/operations/tableau?commune=92071&zone=dans").text
    assert "Retirer le filtre </span>Commune\u00a0: Sceaux" in page
    assert 'href="/operations/tableau?zone=dans"' in page
    assert "/operations/plan.xlsx?commune=92071&amp;zone=dans" in page
    assert "Aucune opération avec ces filtres" in client.get("/operations?annee=1999").text


def test_table_when_read_then_its_totals_are_those_of_what_is_wanted(
    client: FlaskClient, planner: Account
) -> None:
    page = client.get("/operations/tableau?commune=92071").text
    foot = page[page.index("<tfoot>") :]
    assert "8\u00a0opérations" in foot
    assert "1\u202f234\u202f567,89\u00a0€" in foot and "1 au coût connu" in foot
    assert "905\u202f000,10\u00a0€" in foot and "120\u202f000,01\u00a0€" in foot
    none = client.get("/operations/tableau?commune=92014").text
    assert "non précisé" in none[none.index("<tfoot>") :]


def test_views_when_the_plan_grows_then_no_more_questions_are_asked(
    client: FlaskClient, planner: Account, engine: Any, count_queries: QueryCounter
) -> None:
    sign_in(client, planner)
    paths = (*VIEWS, "/SCX-08/modifier", "/plan.xlsx")

    def asked() -> list[int]:
        counts = []
        for path in paths:
            with count_queries(engine) as sent:
                client.get(f"/operations{path}")
            counts.append(len(sent))
        return counts

    asked()
    few = asked()
    with transaction(engine) as session:
        territory = session.scalars(select(Territory)).one()
        actor = actor_of(session.get_one(Account, planner.id))
        for _ in range(6):
            add_operation(session, actor, territory, Wanted("", REBUILT), NOW)
    assert asked() == few
    assert max(few) <= 14


FORM = {
    "title": "Une école",
    "communes": ["92071", "92007"],
    "lead": "92071",
    "theme": "education",
    "status": "works",
    "natures": ["reconstruction"],
    "starts": "T2 2025",
    "cost": "1 234,50 €",
    "line-funder": ["Région", "Ma fondation", ""],
    "line-year": ["2025", "", ""],
    "line-agreed": ["5", "7,50", ""],
    "step-status": ["works", ""],
    "step-at": ["03/2026", ""],
}


def test_form_when_wrong_then_all_that_was_typed_comes_back_with_what_is_wrong(
    client: FlaskClient, planner: Account
) -> None:
    sign_in(client, planner)
    wrong = {
        **FORM,
        "title": "",
        "starts": "bientôt",
        "cost": "<b>cher</b>",
        "line-agreed": ["5", "beaucoup", ""],
        "step-at": ["un jour", ""],
    }
    answer = client.post("/operations/nouvelle", data=wrong)
    assert answer.status_code == 422
    page = unescape(answer.text)
    for words in ("Donnez un intitulé", "Date illisible", "Montant illisible"):
        assert words in page
    for typed in ("bientôt", "<b>cher</b>", "beaucoup", "un jour", "Ma fondation", "7,50"):
        assert f'value="{typed}"' in page or typed == "7,50"
    assert 'id="line-agreed-1-erreur"' in page and 'id="step-at-0-erreur"' in page
    assert page.count("checked") == 3
    assert "<b>cher</b>" not in answer.text


def test_form_when_right_then_the_operation_is_there_and_more_lines_may_be_asked(
    client: FlaskClient, planner: Account
) -> None:
    sign_in(client, planner)
    more = client.post("/operations/nouvelle", data={**FORM, "plus": "oui"})
    assert more.status_code == 200
    assert more.text.count('name="line-funder"') == 10 and "Ma fondation" in more.text
    answer = client.post("/operations/nouvelle", data=FORM)
    assert answer.headers["Location"] == "/operations/SCX-09"
    page = client.get("/operations/SCX-09").text
    assert "1\u202f234,50\u00a0€" in page and "Ma fondation" in page and "Sceaux, Bagneux" in page
    typed = client.get("/operations/SCX-09/modifier").text
    assert 'value="92071" selected' in typed and 'value="03/2026"' in typed
    assert "Ma fondation" in typed[typed.index('id="financeurs"') :]


def test_form_when_somebody_saved_meanwhile_then_kept_and_what_they_did_is_shown(
    client: FlaskClient, planner: Account
) -> None:
    sign_in(client, planner)
    client.post("/operations/SCX-08/modifier", data={**FORM, "version": "1", "cost": "42"})
    answer = client.post("/operations/SCX-08/modifier", data={**FORM, "version": "1"})
    assert answer.status_code == 409
    page = unescape(answer.text)
    assert "vient de modifier cette opération" in page and "42\u00a0€" in page
    assert 'value="1 234,50 €"' in page and 'name="version" value="2"' in page
    saved = client.post("/operations/SCX-08/modifier", data={**FORM, "version": "2"})
    assert saved.status_code == 303


def test_form_when_others_saved_other_fields_meanwhile_then_theirs_are_not_put_back(
    client: FlaskClient, planner: Account
) -> None:
    sign_in(client, planner)
    client.post("/operations/SCX-08/modifier", data={**FORM, "version": "1"})
    theirs = {**FORM, "version": "2", "owner": "Ville de Sceaux", "line-agreed": ["9", "7,50", ""]}
    client.post("/operations/SCX-08/modifier", data=theirs)
    mine = {**FORM, "version": "2", "title": "Une autre école"}
    page = unescape(client.post("/operations/SCX-08/modifier", data=mine).text)
    assert 'value="Une autre école"' in page and 'value="Ville de Sceaux"' in page
    assert re.search(r'name="line-agreed" value="9"', page)
    assert 'value="92071" selected' in page and 'value="T2 2025"' in page


def test_form_when_others_saved_other_funding_lines_meanwhile_then_lines_of_both_are_there(
    client: FlaskClient, planner: Account
) -> None:
    sign_in(client, planner)
    client.post("/operations/SCX-08/modifier", data={**FORM, "version": "1"})
    theirs = {**FORM, "version": "2", "line-funder": ["Région", "Ma fondation", "CAF"]}
    theirs |= {"line-year": ["2025", "", "2027"], "line-agreed": ["9", "7,50", "3"]}
    client.post("/operations/SCX-08/modifier", data=theirs)
    mine = {**FORM, "version": "2", "line-agreed": ["6", "", ""], "line-paid": ["", "2", ""]}
    page = unescape(client.post("/operations/SCX-08/modifier", data=mine).text)
    assert re.findall(r'name="line-funder" value="([^"]+)"', page) == [
        "Région",
        "Ma fondation",
        "CAF",
    ]
    assert re.findall(r'name="line-agreed" value="([^"]+)"', page) == ["6", "3"]
    assert re.findall(r'name="line-paid" value="([^"]+)"', page) == ["2"]


def test_operations_when_changed_together_then_shown_before_they_are_written(
    client: FlaskClient, planner: Account, engine: Any
) -> None:
    sign_in(client, planner)
    chosen = {"choix": ["SCX-04:1", "SCX-05:1"], "retour": "https://ailleurs.example/"}
    assert client.post("/operations/lot", data={}).headers["Location"] == "/operations/tableau"
    assert "Ne pas changer" in client.post("/operations/lot", data=chosen).text
    none = client.post("/operations/lot", data={**chosen, "etape": "voir"})
    assert none.status_code == 422
    wanted = {**chosen, "status": "works", "starts": "T1 2027"}
    shown = client.post("/operations/lot", data={**wanted, "etape": "voir"})
    assert shown.text.count("<ins>Travaux</ins>") == 2
    with Session(engine) as session:
        assert session.scalars(select(Operation.version).where(Operation.version > 1)).all() == []
    done = client.post("/operations/lot", data={**wanted, "etape": "appliquer"})
    assert done.headers["Location"] == "/operations/tableau"
    assert codes(client, "etat=works&annee=2027") == ["SCX-04", "SCX-05", "SCX-08"]


def test_operations_when_all_that_a_filter_lists_are_changed_then_those_and_no_others(
    client: FlaskClient, planner: Account
) -> None:
    sign_in(client, planner)
    here = "/operations/tableau?commune=92014&q=quartier"
    assert "Modifier les 22 affichées" not in client.get(here).text
    asked = client.post("/operations/lot", data={"tout": "oui", "retour": here}).text
    chosen = re.findall(r'name="choix" value="([A-Z]+-\d+):1"', asked)
    assert chosen and all(code.startswith("BLR-") for code in chosen)
    assert chosen == codes(client, "commune=92014&q=quartier")
    nothing = {"tout": "oui", "retour": "/operations/tableau?q=xylophone"}
    assert client.post("/operations/lot", data=nothing).status_code == 303


def test_calendar_when_read_then_each_group_goes_by_its_beginnings(
    client: FlaskClient, planner: Account
) -> None:
    sign_in(client, planner)
    for title, starts in (("Zèbre", "2029"), ("Agneau", "2028"), ("Mouton", "T4 2028")):
        sent = {**FORM, "title": title, "starts": starts, "ends": "", "step-at": ["", ""]}
        assert client.post("/operations/nouvelle", data=sent).status_code == 303
    page = client.get("/operations/calendrier?nature=reconstruction").text
    places = [page.index(f">{title}</a>") for title in ("Agneau", "Mouton", "Zèbre")]
    assert places == sorted(places)
    assert (
        "Aller à" not in page and "Aller à" in client.get("/operations/calendrier?par=theme").text
    )


def test_workbook_when_somebody_changed_the_same_field_then_asked_side_by_side_and_choices_kept(
    client: FlaskClient, planner: Account
) -> None:
    sign_in(client, planner)
    table = Table(
        "Opérations",
        [Column(name) for name in ("Code", "Version", "Début", "Fin")],
        [("SCX-08", 1, "2020", "2021")],
    )
    written = BytesIO()
    WRITERS["xlsx"]([table], written, NOW)
    later = {**FORM, "version": "1", "starts": "2029", "ends": "2030"}
    assert client.post("/operations/SCX-08/modifier", data=later).status_code == 303
    sent = {"fichier": (BytesIO(written.getvalue()), "plan.xlsx")}
    here = client.post("/operations/classeur", data=sent).headers["Location"]
    page = unescape(client.get(here).text)
    mark = re.search(r'name="vu" value="(\w+)"', page)
    assert mark and "plan.xlsx\u00a0: 1 à départager." in page and "Garder le plan" in page
    assert page.index('<b class="pre">2029</b>') < page.index('<b class="pre">2020</b>')
    assert re.search("dans le classeur téléchargé\u00a0: 2e.trimestre 2025", page)
    choices = {"vu": mark[1], "choix-SCX-08-starts": "plan", "choix-SCX-08-ends": "classeur"}
    refused = client.post(here, data=choices)
    assert refused.status_code == 422
    again = unescape(refused.text)
    assert "La fin vient avant le début" in again
    assert 'name="choix-SCX-08-ends" value="classeur" checked' in again
    done = client.post(here, data={**choices, "choix-SCX-08-starts": "classeur"})
    assert done.status_code == 303
    assert "2020 à 2021" in unescape(client.get("/operations/SCX-08").text)


def test_workbook_when_somebody_changed_the_same_funding_then_that_line_alone_is_asked(
    client: FlaskClient, planner: Account
) -> None:
    sign_in(client, planner)
    money = {
        "line-funder": ["ANRU", "Région"],
        "line-year": ["2025", "2025"],
        "line-asked": ["", ""],
        "line-agreed": ["10", "20"],
        "line-paid": ["", ""],
        "line-note": ["", ""],
    }
    dated = {**FORM, "starts": "2025", "ends": "2026", "version": "1"}
    assert client.post("/operations/SCX-08/modifier", data={**dated, **money}).status_code == 303
    meanwhile = {**dated, **money, "line-agreed": ["15", "20"], "version": "2"}
    assert client.post("/operations/SCX-08/modifier", data=meanwhile).status_code == 303
    columns = ("Code", "Financeur", "Année", "Accordé (€)", "Versé (€)")
    lines = [("SCX-08", "ANRU", 2025, 11, ""), ("SCX-08", "Région", 2025, 20, 7)]
    tables = [
        Table("Opérations", [Column("Code"), Column("Version")], [("SCX-08", 2)]),
        Table("Financements", [Column(name) for name in columns], lines),
    ]
    written = BytesIO()
    WRITERS["xlsx"](tables, written, NOW)
    sent = {"fichier": (BytesIO(written.getvalue()), "plan.xlsx")}
    here = client.post("/operations/classeur", data=sent).headers["Location"]
    page = unescape(client.get(here).text)
    assert "<b>Financement ANRU 2025</b>" in page and "Financement Région" not in page
    assert page.count('value="classeur"') == 1
    assert "<ins>Région 2025 : 20\u00a0€ accordé, 7\u00a0€ versé</ins>" in page
    mark = re.search(r'name="vu" value="(\w+)"', page)
    assert mark
    choices = {"vu": mark[1], "choix-SCX-08-lines.0": "classeur"}
    assert client.post(here, data=choices).status_code == 303
    told = unescape(client.get("/operations/SCX-08").text)
    assert "11\u00a0€" in told and "7\u00a0€" in told and "15\u00a0€" in told  # the journal


def test_operation_when_removed_then_listed_with_who_and_put_back_from_there(
    client: FlaskClient, planner: Account
) -> None:
    assert "/connexion" in client.get("/operations/retirees").headers["Location"]
    sign_in(client, planner)
    assert "Aucune opération n’a été retirée" in client.get("/operations/retirees").text
    gone = client.post("/operations/SCX-08/retirer", data={"version": "1"})
    assert gone.headers["Location"] == "/operations/retirees"
    page = unescape(client.get("/operations/retirees").text)
    assert "SCX-08" in page and f"par {planner.name}" in page and "1\u202f234\u202f567,89" in page
    assert client.get("/operations/SCX-08").status_code == 404
    again = client.post("/operations/retirees/SCX-08", data={"version": "1"})
    assert again.headers["Location"] == "/operations/retirees"
    back = client.post("/operations/retirees/SCX-08", data={"version": "2"})
    assert back.headers["Location"] == "/operations/SCX-08"
    assert "rétablie" in client.get("/operations/SCX-08").text


PDF = b"%PDF-1.7 un plan"


def office(part: str, *more: str) -> bytes:
    written = BytesIO()
    with ZipFile(written, "w") as archive:
        for name in (part, *more):
            archive.writestr(name, "<a/>")
    return written.getvalue()


def add_document(client: FlaskClient, content: bytes, name: str, **fields: str) -> Any:
    data = {"document": (BytesIO(content), name), **fields}
    return client.post("/operations/SCX-08/documents", data=data)


def test_document_when_kept_then_for_planners_until_it_is_shared_and_never_opened_by_a_browser(
    client: FlaskClient, planner: Account, engine: Any
) -> None:
    sign_in(client, planner)
    added = add_document(client, PDF, '../../é"vil<1>.exe', titre="Plan masse")
    assert added.status_code == 303
    with Session(engine) as session:
        key = session.scalars(select(OperationDocument.id)).one()
    path = f"/operations/SCX-08/documents/{key}"
    given = client.get(path)
    assert given.data == PDF
    assert given.headers["Content-Type"] == "application/pdf"
    assert given.headers["Content-Disposition"].startswith("attachment")
    assert given.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in given.headers["Content-Security-Policy"]
    assert ".exe" not in given.headers["Content-Disposition"]
    assert ".." not in given.headers["Content-Disposition"]
    stranger = client.application.test_client()
    assert stranger.get(path).status_code == 404
    assert "Plan masse" not in stranger.get("/operations/SCX-08").text
    assert stranger.get(path.replace("SCX-08", "SCX-04")).status_code == 404
    client.post(f"{path}/partager")
    assert stranger.get(path).status_code == 200
    assert "Plan masse" in stranger.get("/operations/SCX-08").text
    assert stranger.post(f"{path}/retirer").status_code == 303  # to sign in
    assert client.post(f"{path}/retirer").status_code == 303
    assert client.get(path).status_code == 404
    assert "Plan masse (tout le monde)" in client.get("/operations/SCX-08").text


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "vide.pdf"),
        (b"<html><script>alert(1)</script>", "plan.pdf"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "plan.png"),
        (b"MZ" + b"x" * 99, "plan.pdf"),
        (office("word/document.xml", "word/vbaProject.bin"), "note.docx"),
        (office("autre.xml"), "note.docx"),
        (b"PK\x03\x04 cut", "note.odt"),
    ],
)
def test_document_when_it_is_not_what_it_says_then_refused(
    client: FlaskClient, planner: Account, content: bytes, name: str
) -> None:
    sign_in(client, planner)
    answer = add_document(client, content, name)
    assert answer.status_code == 422
    assert "Le document n’a pas été gardé" in answer.text
    assert add_document(client, office("word/document.xml"), "note.docx").status_code == 303


def test_workbook_when_sent_then_shown_first_and_nothing_is_written_before(
    client: FlaskClient, planner: Account, engine: Any
) -> None:
    sign_in(client, planner)
    book = client.get("/operations/plan.ods").data
    sent = client.post("/operations/classeur", data={"fichier": (BytesIO(book), "plan.ods")})
    page = client.get(sent.headers["Location"]).text
    assert "23 sans changement." in page and "Rien à appliquer" in page
    wrong = client.post("/operations/classeur", data={"fichier": (BytesIO(b"a;b"), "plan.csv")})
    assert wrong.status_code == 422 and "n’est pas un classeur" in wrong.text
    other = sign_in(client, add_person(engine, Role.PLANNER))
    assert other.get(sent.headers["Location"]).status_code == 404


def test_calendar_when_read_then_bars_and_their_table_say_the_same(
    client: FlaskClient, planner: Account
) -> None:
    page = client.get("/operations/calendrier?par=theme").text
    assert page.count('class="plan-lane"') == 1
    words = re.findall(r'class="plan-bar [^"]*" x="([\d.]+)%" width="([\d.]+)%"', page)
    studies, works, delivered = [(float(x), float(w)) for x, w in words]
    assert studies[0] == pytest.approx(100 / 7, abs=0.1)
    assert studies[0] + studies[1] == pytest.approx(works[0], abs=0.01)
    assert works[0] + works[1] == pytest.approx(delivered[0], abs=0.01)
    assert delivered[0] + delivered[1] == pytest.approx(100, abs=0.01)
    assert "Travaux, mars 2026 (marché notifié)" in page
    assert page[page.index('id="sans-date"') :].count('<li><a href="/operations/') == 22


def test_address_when_looked_up_then_proposed_and_known_to_the_address_once_saved(
    client: FlaskClient, planner: Account, engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qpvmap.geocoding import Address, GeocoderUnavailable
    from qpvmap.web import operations as door

    sign_in(client, planner)
    typed = {"version": "1", "address": "3 rue des Aulnes", "chercher": "oui"}
    assert "Aucune adresse de ce nom" in client.post("/operations/SCX-08", data=typed).text
    found = Address("3 rue des Aulnes", "92330 Sceaux", 2.3021, 48.7842)
    monkeypatch.setattr(door, "search", lambda *_: [found])
    page = client.post("/operations/SCX-08", data=typed).text
    assert "Trouvé&nbsp;: 3 rue des Aulnes, 92330 Sceaux" in page
    kept = {"version": "1", "lat": "48.7842", "lon": "2.3021", "found": "48.7842,2.3021"}
    client.post("/operations/SCX-08", data={**kept, "address": "3 rue des Aulnes"})
    with Session(engine) as session:
        row = session.scalars(select(Operation).where(Operation.code == "SCX-08")).one()
        assert (row.position_quality, row.address) == ("address", "3 rue des Aulnes")

    def down(*_: object) -> list[Address]:
        raise GeocoderUnavailable

    monkeypatch.setattr(door, "search", down)
    answer = client.post("/operations/SCX-08", data=typed)
    assert answer.status_code == 503 and "ne répond pas" in answer.text
    assert 'value="3 rue des Aulnes"' in answer.text
