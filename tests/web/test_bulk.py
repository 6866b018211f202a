"""An action on many by plain forms: rights, tokens, what is said, what goes in a file."""

import csv
import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from qpvmap.core.actors import Role
from qpvmap.core.bulk import MOST
from qpvmap.core.replies import Occasion
from qpvmap.core.workflow import Status
from qpvmap.storage.models import Account, BulkRun, ReplyTemplate, RoundStop, Signalement
from qpvmap.usecases.bulk import Item
from qpvmap.web.bulk_choice import read_item
from tests.factories import Toy, make_account, make_signalement, make_territory
from tests.web.doors import hidden_token
from tests.web.people import sign_in

NOW = datetime.now(UTC)
BEFORE = NOW - timedelta(hours=2)
LATER = NOW + timedelta(days=9)
TOMORROW = (NOW + timedelta(days=1)).date().isoformat()


@pytest.fixture
def db(app: Any) -> Iterator[Session]:
    with Session(app.extensions["qpvmap"].engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def toy(db: Session) -> Toy:
    return make_territory(db)


@pytest.fixture
def agent(db: Session, toy: Toy) -> Account:
    account = make_account(db, toy, Role.AGENT, "technique-ouest")
    db.commit()
    return account


@pytest.fixture
def desk(client: FlaskClient, agent: Account) -> FlaskClient:
    return sign_in(client, agent)


def made(db: Session, toy: Toy, how_many: int, **columns: Any) -> list[Signalement]:
    columns = {"created_at": BEFORE, "due_at": LATER} | columns
    rows = [make_signalement(db, toy, **columns) for _ in range(how_many)]
    db.commit()
    return rows


def token(client: FlaskClient) -> str:
    return hidden_token(client.get("/compte").text)


def send(
    client: FlaskClient,
    action: str,
    rows: list[Signalement] | None = None,
    query: str = "",
    *,
    script: bool = False,
    **form: str,
) -> TestResponse:
    chosen = [f"{row.reference}~{row.version}" for row in rows or []]
    data = {"csrf_token": token(client), "action": action, "choix": chosen, **form}
    accept = "application/json, text/html;q=0.9" if script else "text/html"
    return client.post(f"/corbeille/lot{query}", data=data, headers={"Accept": accept})


def status_of(db: Session, row: Signalement) -> str:
    db.refresh(row)
    return row.status


def test_inbox_has_a_box_per_row_and_a_form_that_works_without_a_script(
    desk: FlaskClient, db: Session, toy: Toy
) -> None:
    rows = made(db, toy, 3)
    page = desk.get("/corbeille?vue=tous").text
    for row in rows:
        assert f'name="choix" value="{row.reference}~1" form="lot"' in page
    form = re.search(r'<form class="bulkbar[^>]*action="([^"]+)"', page)
    assert form
    assert form[1] == "/corbeille/lot?vue=tous"
    assert "Choisir les 3" in page
    # Enter in a box must not press the first of the buttons
    assert re.search(r'<form class="bulkbar.*?<button name="action" value="" hidden>', page, re.S)


def test_act_when_nothing_is_to_be_typed_then_it_is_done_and_can_be_read_again(
    desk: FlaskClient, db: Session, toy: Toy
) -> None:
    rows = made(db, toy, 3)
    taken = made(db, toy, 1, status=Status.ACKNOWLEDGED)[0]
    answer = send(desk, "prendre", [*rows, taken], "?vue=tous")
    assert answer.status_code == 303
    assert [status_of(db, row) for row in rows] == ["acknowledged"] * 3
    assert answer.location.endswith("?vue=tous")
    for _ in range(2):
        page = desk.get(answer.location).text
        assert "3 pris en charge, 1 non" in page
        assert "Il est déjà «\u00a0pris en charge\u00a0»." in page
        assert f'href="/signalements/{taken.reference}?vue=tous"' in page
        assert "Réessayer celui-ci" in page
        assert 'href="/corbeille?vue=tous"' in page


def test_act_when_something_must_be_typed_then_a_page_asks_and_keeps_it_on_error(
    desk: FlaskClient, db: Session, toy: Toy
) -> None:
    rows = made(db, toy, 2)
    page = send(desk, "attendre", rows).text
    assert "Mettre en attente&nbsp;: 2\u00a0signalements" in page
    assert [f'value="{row.reference}~1"' in page for row in rows] == [True, True]
    refused = send(desk, "attendre", rows, confirme="1", comment="Une pièce manque.")
    assert refused.status_code == 422
    assert "Dites qui vous attendez" in refused.text
    assert ">Une pièce manque.</textarea>" in refused.text
    assert 'href="#lot-waiting_on"' in refused.text
    assert status_of(db, rows[0]) == "new"
    done = send(
        desk, "attendre", rows, confirme="1", comment="Une pièce manque.", waiting_on="Enedis"
    )
    assert done.status_code == 303
    assert {status_of(db, row) for row in rows} == {"waiting"}
    assert rows[0].waiting_on == "Enedis"


def ready(db: Session, toy: Toy, title: str, text: str, **columns: Any) -> ReplyTemplate:
    occasion = columns.pop("occasion", Occasion.DONE)
    kept = {"territory_id": toy.territory.id, "code": title, "occasion": occasion, **columns}
    reply = ReplyTemplate(**kept, title=title, text=text)
    db.add(reply)
    db.commit()
    return reply


def test_ready_answers_when_many_are_resolved_then_those_that_fit_all_are_offered_and_filled(
    desk: FlaskClient, db: Session, toy: Toy
) -> None:
    roads = made(db, toy, 2)
    lamp = made(db, toy, 1, category="eclairage")
    any_one = ready(db, toy, "Fait", "Fait par {service}, {lieu}. {categorie}.")
    ready(db, toy, "Trou", "Trou rebouché.", category_id=toy.categories["voirie"].id)
    ready(db, toy, "Ailleurs", "Par d’autres.", team_id=toy.teams["technique-est"].id)
    ready(db, toy, "Attente", "On attend.", occasion=Occasion.WAITING)
    same = send(desk, "resoudre", roads).text
    assert ("Trou rebouché." in same, "Par d’autres." in same, "On attend." in same) == (
        True, False, False,
    )  # fmt: skip
    assert 'data-ready="lot-comment"' in same
    mixed = send(desk, "resoudre", [*roads, *lamp]).text
    assert "Trou rebouché." not in mixed
    assert "[à compléter : la catégorie]." in mixed  # not the same for all: left to be written
    assert f'name="reponse" value="{any_one.id}"' in mixed


def test_ready_answer_when_put_in_without_a_script_then_nothing_is_done_before_it_is_whole(
    desk: FlaskClient, db: Session, toy: Toy
) -> None:
    rows = made(db, toy, 2)
    reply = ready(db, toy, "Fait", "Fait. {motif}")
    asked = send(desk, "resoudre", rows, confirme="1", comment="x", reponse=str(reply.id)).text
    assert ">Fait. [à compléter : motif]</textarea>" in asked
    refused = send(desk, "resoudre", rows, confirme="1", comment="Fait. [à compléter : motif]")
    assert refused.status_code == 422
    assert "Complétez d’abord ce qui est entre crochets" in refused.text
    assert [status_of(db, row) for row in rows] == ["new", "new"]


def test_act_when_the_date_cannot_be_read_then_it_is_said(
    desk: FlaskClient, db: Session, toy: Toy
) -> None:
    rows = made(db, toy, 1)
    refused = send(desk, "planifier", rows, confirme="1", planned_for="demain")
    assert refused.status_code == 422
    assert "Date illisible" in refused.text


def test_retry_when_the_refused_are_sent_again_then_they_go_with_what_was_typed(
    desk: FlaskClient, db: Session, toy: Toy
) -> None:
    row = made(db, toy, 1, version=3)[0]
    stale = Signalement(reference=row.reference, version=2)
    answer = send(desk, "planifier", [stale], confirme="1", planned_for=TOMORROW)
    page = desk.get(answer.location).text
    assert "Aucun planifié" in page
    assert "modifié depuis que vous avez lu" in page
    assert f'name="choix" value="{row.reference}~3"' in page
    assert f'name="planned_for" value="{TOMORROW}"' in page
    again = send(desk, "planifier", [row], planned_for=TOMORROW)
    assert f'value="{TOMORROW}"' in again.text  # asked again, nothing typed is lost
    send(desk, "planifier", [row], confirme="1", planned_for=TOMORROW)
    assert status_of(db, row) == "scheduled"


def test_all_that_match_when_chosen_then_a_page_asks_first_and_what_came_since_is_left(
    desk: FlaskClient, db: Session, toy: Toy
) -> None:
    rows = made(db, toy, 3)
    made(db, toy, 1, category="eclairage")
    read_at = (NOW - timedelta(minutes=30)).isoformat()
    late = made(db, toy, 1, created_at=NOW)[0]
    changed = made(db, toy, 1, updated_at=NOW)[0]
    page = send(desk, "prendre", [], "?categorie=voirie", tous="1", lu=read_at).text
    assert "Prendre en charge&nbsp;: 4\u00a0signalements" in page
    assert late.reference not in page
    assert f"{changed.reference}~0" in page
    done = send(desk, "prendre", [], "?categorie=voirie", tous="1", lu=read_at, confirme="1")
    assert "3 pris en charge, 1 non" in desk.get(done.location).text
    assert {status_of(db, row) for row in rows} == {"acknowledged"}
    assert status_of(db, late) == status_of(db, changed) == "new"


def test_more_than_one_action_takes_when_all_match_then_it_is_said_plainly(
    desk: FlaskClient, db: Session, toy: Toy
) -> None:
    made(db, toy, MOST + 2)
    page = desk.get("/corbeille").text
    assert "Choisir les 1\u202f000 premiers" in page
    asked = send(desk, "prendre", [], tous="1", lu=NOW.isoformat()).text
    assert "Prendre en charge&nbsp;: 1\u202f000\u00a0signalements" in asked
    assert "Les 1\u202f000 premiers sont pris" in asked
    assert asked.count('name="choix"') == MOST


def test_nothing_chosen_when_sent_then_the_list_says_so(
    desk: FlaskClient, db: Session, toy: Toy
) -> None:
    answer = send(desk, "prendre", [], "?vue=tous")
    assert answer.status_code == 303
    assert answer.location == "/corbeille?vue=tous"
    assert "Choisissez au moins un signalement" in desk.get(answer.location).text
    rows = made(db, toy, 1)
    answer = send(desk, "", rows, "?vue=tous")  # Enter in a box
    assert "Dites quoi faire" in desk.get(answer.location).text
    assert status_of(db, rows[0]) == "new"
    told = send(desk, "prendre", [], script=True)
    assert (told.status_code, told.json) == (
        422,
        {"error": "Choisissez au moins un signalement."},
    )


def test_an_unknown_action_and_unreadable_items_are_refused(
    desk: FlaskClient, db: Session, toy: Toy
) -> None:
    rows = made(db, toy, 1)
    assert send(desk, "effacer", rows).status_code == 404
    for text in ("", "BL-1", "BL-1~", "~3", "BL-1~x", "BL-1~-1", f"BL-1~{'9' * 12}"):
        assert read_item(text) is None
    assert read_item("BL-2026-0412~3") == Item("BL-2026-0412", 3)


def test_act_when_a_script_asks_then_it_is_told_what_changed(
    desk: FlaskClient, db: Session, toy: Toy
) -> None:
    rows = made(db, toy, 2)
    other = made(db, toy, 1, team="technique-est")[0]
    hidden = made(db, toy, 1, category="rixe", team="police")[0]
    told = send(desk, "prendre", [*rows, other, hidden], "?vue=tous", script=True).json
    assert told
    assert told["said"] == "2 pris en charge, 2 non"
    assert set(told["rows"]) == set(told["done"]) == {row.reference for row in rows}
    drawn = told["rows"][rows[0].reference]
    assert drawn["version"] == 2
    assert 'data-status="acknowledged"' in drawn["state"]
    assert [one["known"] for one in told["refused"]] == [False, False]
    assert "/corbeille/lot/" in told["href"]


def test_bulk_for_those_without_an_inbox_or_without_a_token_is_refused(
    client: FlaskClient, db: Session, toy: Toy, agent: Account
) -> None:
    rows = made(db, toy, 1)
    chosen = {"action": "prendre", "choix": f"{rows[0].reference}~1"}
    planner = make_account(db, toy, Role.PLANNER)
    db.commit()
    assert client.post("/corbeille/lot", data=chosen).status_code == 400
    sign_in(client, agent)
    assert client.post("/corbeille/lot", data=chosen).status_code == 400
    sign_in(client, planner)
    assert send(client, "prendre", rows).status_code == 403
    assert send(client, "csv", rows).status_code == 403
    assert client.get("/corbeille/nouvelles").status_code == 403
    assert status_of(db, rows[0]) == "new"


def test_a_run_when_somebody_else_asks_for_it_does_not_exist(
    client: FlaskClient, db: Session, toy: Toy, agent: Account
) -> None:
    rows = made(db, toy, 1)
    sign_in(client, agent)
    answer = send(client, "prendre", rows)
    colleague = make_account(db, toy, Role.AGENT, "technique-ouest")
    db.commit()
    sign_in(client, colleague)
    assert client.get(answer.location).status_code == 404
    assert client.get(f"/corbeille/lot/{uuid4()}").status_code == 404
    path = f"{answer.location}/suite"
    assert client.post(path, data={"csrf_token": token(client)}).status_code == 404


def test_a_run_when_cut_short_then_its_page_goes_on(
    desk: FlaskClient, db: Session, toy: Toy, agent: Account
) -> None:
    rows = made(db, toy, 2)
    items = [{"reference": row.reference, "version": 1, "done": None, "reason": ""} for row in rows]
    typed = {"comment": "", "planned_for": None, "waiting_on": "", "outcome": None}
    run = BulkRun(
        id=uuid4(),
        account_id=agent.id,
        at=NOW,
        action="prendre",
        typed={**typed, "team": "", "person": ""},
        items=items,
    )
    db.add(run)
    db.commit()
    path = f"/corbeille/lot/{run.id}"
    assert "n’ont pas encore eu leur tour" in desk.get(path).text
    answer = desk.post(f"{path}/suite", data={"csrf_token": token(desk)})
    assert "2 pris en charge" in desk.get(answer.location).text
    assert {status_of(db, row) for row in rows} == {"acknowledged"}


def test_people_and_teams_when_asked_for_are_those_of_the_reader(
    desk: FlaskClient, db: Session, toy: Toy, agent: Account
) -> None:
    stranger = make_account(db, toy, Role.AGENT, "technique-est")
    rows = made(db, toy, 1)
    page = send(desk, "confier", rows).text
    assert f'<option value="{agent.id}">' in page
    assert f'<option value="{stranger.id}">' not in page
    done = send(desk, "confier", rows, confirme="1", person=str(agent.id))
    assert "1 confié" in desk.get(done.location).text
    page = send(desk, "changer-de-service", rows).text
    assert "Équipe technique-est" in page


# Files and paper


def csv_rows(answer: TestResponse) -> list[dict[str, str]]:
    assert answer.status_code == 200
    text = answer.get_data().decode("utf-8-sig")
    assert answer.get_data().startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(StringIO(text), delimiter=";"))


def test_csv_when_asked_for_then_it_holds_what_may_travel_and_computes_nothing(
    desk: FlaskClient, db: Session, toy: Toy
) -> None:
    reporter = make_account(db, toy, Role.RESIDENT)
    evil = made(
        db, toy, 1, description="=HYPERLINK(\"http://x\";\"y\")", address="  @SUM(A1)",
        waiting_on="-2+3", reporter_id=reporter.id,
    )[0]  # fmt: skip
    told = made(db, toy, 1, description="Appelez le 06 12 34 56 78, moi@exemple.fr.")[0]
    checked = made(db, toy, 1, description="Dupont habite ici", description_hidden=True)[0]
    other = made(db, toy, 1, team="technique-est")[0]
    answer = send(desk, "csv", [evil, told, checked, other])
    rows = {row["référence"]: row for row in csv_rows(answer)}
    assert set(rows) == {evil.reference, told.reference, checked.reference}
    assert rows[evil.reference]["texte"].startswith("'=HYPERLINK")
    assert rows[evil.reference]["adresse"].startswith("'  @")
    assert rows[evil.reference]["attend"] == "'-2+3"
    assert rows[evil.reference]["longitude"] == "2,299"
    assert rows[told.reference]["texte"] == "Appelez le [masqué], [masqué]."
    text = answer.get_data(as_text=True)
    assert "Dupont" not in text
    assert reporter.name not in text
    assert 'filename="signalements-' in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_files_when_it_is_confidential_then_neither_words_nor_place_are_in_them(
    client: FlaskClient, db: Session, toy: Toy
) -> None:
    officer = make_account(db, toy, Role.AGENT, "police")
    row = made(
        db, toy, 1, category="rixe", team="police", description="Bagarre au hall 4",
        address="4 rue des Lilas",
    )  # fmt: skip
    sign_in(client, officer)
    line = csv_rows(send(client, "csv", row))[0]
    assert (line["texte"], line["adresse"], line["longitude"]) == ("Confidentiel", "", "")
    answer = send(client, "geojson", row)
    assert answer.content_type == "application/geo+json"
    (feature,) = json.loads(answer.text)["features"]
    assert feature["geometry"] is None
    assert feature["properties"]["longitude"] is None
    assert "Lilas" not in answer.text
    assert "Bagarre" not in answer.text


def test_geojson_and_print_when_asked_for_all_then_they_hold_the_filtered_ones(
    desk: FlaskClient, db: Session, toy: Toy
) -> None:
    rows = made(db, toy, 3, description="<b>Un trou</b>")
    made(db, toy, 1, category="eclairage")
    query = "?categorie=voirie"
    answer = send(desk, "geojson", [], query, tous="1", lu=NOW.isoformat())
    features = json.loads(answer.text)["features"]
    assert {f["properties"]["référence"] for f in features} == {r.reference for r in rows}
    assert features[0]["geometry"]["coordinates"] == [2.299, 48.781]
    page = send(desk, "imprimer", [], query, tous="1", lu=NOW.isoformat()).text
    assert page.count('class="card sheet"') == 3
    assert "&lt;b&gt;Un trou" in page
    assert "<b>Un trou" not in page


def test_round_when_asked_for_then_it_goes_through_the_chosen_ones(
    desk: FlaskClient, db: Session, toy: Toy
) -> None:
    rows = made(db, toy, 3)
    answer = send(desk, "tournee", rows[:2])
    assert answer.status_code == 303
    assert desk.get(answer.headers["Location"]).status_code == 200
    stops = set(db.scalars(select(RoundStop.signalement_id)))
    assert stops == {row.id for row in rows[:2]}


def test_round_when_nothing_may_be_on_one_then_the_list_says_why(
    desk: FlaskClient, db: Session, toy: Toy
) -> None:
    elsewhere = made(db, toy, 1, team="technique-est")
    answer = send(desk, "tournee", elsewhere)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/corbeille")
    assert db.scalars(select(RoundStop)).all() == []


def test_files_and_results_cost_the_same_however_many(
    app: Any,
    desk: FlaskClient,
    db: Session,
    toy: Toy,
    count_queries: Callable[[Engine], AbstractContextManager[list[str]]],
) -> None:
    rows = made(db, toy, 60)
    engine = app.extensions["qpvmap"].engine
    given = token(desk)
    for action in ("csv", "xlsx", "geojson", "imprimer", "planifier"):
        costs = []
        for some in (rows[:1], rows):
            chosen = [f"{row.reference}~1" for row in some]
            data = {"csrf_token": given, "action": action, "choix": chosen}
            desk.post("/corbeille/lot", data=data)
            with count_queries(engine) as statements:
                answer = desk.post("/corbeille/lot", data=data)
                assert answer.status_code == 200
                assert answer.get_data()  # what is sent as it is made is made now
            costs.append(len(statements))
        assert costs[0] == costs[1] <= 8, action
    answer = send(desk, "resoudre", rows, confirme="1", comment="Fait.")
    with count_queries(engine) as statements:
        assert "60\u00a0refusés" in desk.get(answer.location).text
    assert len(statements) <= 8


# The choice of keys


def test_single_keys_when_turned_off_then_the_inbox_has_none(
    client: FlaskClient, db: Session, toy: Toy, agent: Account
) -> None:
    made(db, toy, 1)
    sign_in(client, agent)
    assert " data-keys " in client.get("/corbeille").text
    page = client.get("/compte").text
    assert "Touches seules de la corbeille" in page
    data = {"csrf_token": hidden_token(page), "single_keys": "0"}
    assert client.post("/compte/raccourcis", data=data).status_code == 303
    assert db.scalar(select(Account.single_keys).where(Account.id == agent.id)) is False
    assert " data-keys " not in client.get("/corbeille").text
    data["single_keys"] = "1"
    client.post("/compte/raccourcis", data=data)
    assert " data-keys " in client.get("/corbeille").text
