"""`/tournees` by its forms, as a browser sends them: rights, conflicts, what was typed is kept."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Role
from qpvmap.core.geo import LonLat
from qpvmap.storage.models import Account, Round, RoundStop, Signalement
from tests.conftest import QueryCounter
from tests.factories import Toy, make_account, make_signalement, make_territory
from tests.web.people import sign_in
from tests.web.round_help import (
    FIELDS,
    NOW,
    made_round,
    page,
    send,
    stop_ids,
)


@pytest.fixture
def engine(app: Any) -> Engine:
    engine: Engine = app.extensions["qpvmap"].engine
    return engine


@pytest.fixture
def db(engine: Engine) -> Iterator[Session]:
    with Session(engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def toy(db: Session) -> Toy:
    toy = make_territory(db)
    db.commit()
    return toy


@pytest.fixture
def agent(client: FlaskClient, db: Session, toy: Toy) -> Account:
    account = make_account(db, toy, Role.AGENT, "technique-ouest")
    db.commit()
    sign_in(client, account)
    return account


@pytest.fixture
def rows(db: Session, toy: Toy) -> list[Signalement]:
    made = [
        make_signalement(
            db, toy, reference=f"TO-{n}", point=LonLat(2.29 + n / 1000, 48.781), **FIELDS
        )
        for n in range(1, 4)
    ]
    db.commit()
    return made


def test_create_when_rows_were_chosen_then_leads_to_the_round(
    client: FlaskClient, agent: Account, rows: list[Signalement]
) -> None:
    shown = page(client, made_round(client, "TO-1", "TO-2", "TO-3"))
    assert "0 sur 3" in shown
    assert "de marche, hors interventions" in shown
    assert all(f"TO-{n}" in shown for n in (1, 2, 3))


def test_create_when_some_cannot_be_on_it_then_says_which(
    client: FlaskClient, agent: Account, rows: list[Signalement]
) -> None:
    shown = page(client, made_round(client, "TO-1", "TO-99"))
    assert "TO-99 (introuvable, ou confié à un autre service)" in shown


def test_create_when_the_form_is_wrong_then_keeps_what_was_typed(
    client: FlaskClient, agent: Account, rows: list[Signalement]
) -> None:
    answer = send(client, "/tournees", reference="TO-1, TO-2", day="demain", title="Nord")
    shown = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Date illisible" in shown
    assert "TO-1 TO-2" in shown
    assert 'value="Nord"' in shown


@pytest.mark.parametrize("role", [Role.RESIDENT, Role.PLANNER, Role.ADMIN])
def test_rounds_when_the_role_leads_none_then_are_refused(
    client: FlaskClient, db: Session, toy: Toy, role: Role
) -> None:
    account = make_account(db, toy, role, "technique-ouest")
    db.commit()
    sign_in(client, account)
    assert client.get("/tournees").status_code == 403
    assert 'href="/tournees"' not in client.get("/").get_data(as_text=True)


def test_rounds_when_nobody_is_signed_in_then_asks_to(client: FlaskClient, toy: Toy) -> None:
    answer = client.get("/tournees")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/connexion?next=%2Ftournees"


def test_round_when_of_another_team_then_no_door_opens(
    app: Any, client: FlaskClient, db: Session, toy: Toy, agent: Account, rows: list[Signalement]
) -> None:
    path = made_round(client, "TO-1")
    (stop,) = stop_ids(db)
    stranger = make_account(db, toy, Role.AGENT, "technique-est")
    db.commit()
    other = sign_in(app.test_client(), stranger)
    assert other.get(path).status_code == 404
    assert path not in page(other, "/tournees")
    for door in (
        "",
        "/depart",
        "/ordre",
        "/arrets",
        "/commencer",
        "/terminer",
        "/supprimer",
        f"/arrets/{stop}/monter",
        f"/arrets/{stop}/retirer",
        f"/arrets/{stop}/fait",
        f"/arrets/{stop}/pas-possible",
    ):
        form = {"title": "x", "day": "2026-11-30", "version": "1", "comment": "x"}
        answer = send(other, f"{path}{door}", reason="acces", reference="TO-1", **form)
        assert answer.status_code == 404, door
    db.expire_all()
    assert db.scalars(select(RoundStop.state)).all() == ["todo"]


def test_round_when_a_report_is_confidential_then_only_who_handles_it_reads_it(
    app: Any, client: FlaskClient, db: Session, toy: Toy
) -> None:
    secret = make_signalement(
        db,
        toy,
        category="rixe",
        team="police",
        reference="TO-C1",
        description="Des coups de barre.",
        address="4 place des Fleurs",
        **FIELDS,
    )
    police = make_account(db, toy, Role.AGENT, "police")
    db.commit()
    sign_in(client, police)
    path = made_round(client, "TO-C1")
    shown = page(client, path)
    assert "Des coups de barre." in shown
    assert "Confidentiel" in shown
    secret.team_id = toy.teams["technique-ouest"].id
    db.commit()
    shown = page(client, path)
    for word in ("Des coups", "TO-C1", "place des Fleurs", "Rixe", "2.299"):
        assert word not in shown
    assert "Confié à un autre service" in shown
    drawing = client.get(f"{path}/plan.svg").get_data(as_text=True)
    assert ">1</text>" not in drawing


def test_order_when_moved_then_keeps_the_focus_on_the_button(
    client: FlaskClient, db: Session, agent: Account, rows: list[Signalement]
) -> None:
    path = made_round(client, "TO-1", "TO-2", "TO-3")
    *_, last = stop_ids(db)
    answer = send(client, f"{path}/arrets/{last}/monter")
    assert answer.headers["Location"] == f"{path}?bouge={last}-monter"
    assert stop_ids(db)[1] == last
    assert page(client, answer.headers["Location"]).count("autofocus") == 1
    send(client, f"{path}/ordre", emergencies_first="1")
    assert "checked" in page(client, path)
    send(client, f"{path}/arrets/{last}/retirer")
    assert last not in stop_ids(db)


def test_details_when_changed_by_two_then_the_second_is_told(
    client: FlaskClient, db: Session, agent: Account
) -> None:
    path = made_round(client)
    form = {"day": "2026-12-01", "walker": str(agent.id), "version": "1"}
    assert send(client, path, title="Nord", **form).status_code == 303
    second = send(client, path, title="Sud", **form)
    shown = second.get_data(as_text=True)
    assert second.status_code == 409
    assert "vient de modifier cette tournée" in shown
    assert 'value="Sud"' in shown
    assert 'name="version" value="2"' in shown
    assert send(client, path, **{**form, "title": ""}).status_code in (409, 422)
    for broken in ({"day": "hier"}, {"walker": "x"}, {"version": ""}):
        assert send(client, path, **{**form, "title": "Sud", **broken}).status_code == 422


@pytest.mark.parametrize(
    ("form", "label"),
    [
        ({"lieu": "48,7810 2,2900"}, "48,7810 2,2900"),
        ({"lieu": "Garage", "lon": "2,29", "lat": "48,781"}, "Garage"),
        ({"lieu": "x", "choix": "2.290000,48.781000,,Mairie"}, "Mairie"),
    ],
)
def test_depot_when_said_in_some_way_then_is_kept(
    client: FlaskClient, db: Session, agent: Account, form: dict[str, str], label: str
) -> None:
    path = made_round(client)
    assert send(client, f"{path}/depart", **form).status_code == 303
    round_ = db.scalars(select(Round)).one()
    assert round_.depot_label == label
    place = db.execute(select(func.st_x(Round.depot), func.st_y(Round.depot))).one()
    assert tuple(place) == pytest.approx((2.29, 48.781))
    assert send(client, f"{path}/depart", lieu="").status_code == 303
    assert "du premier au dernier arrêt" in page(client, path)


@pytest.mark.parametrize(
    "form",
    [
        {"lieu": "nulle part du tout"},
        {"lieu": "x", "lon": "a", "lat": "b"},
        {"lieu": "45,0 5,0"},
    ],
)
def test_depot_when_it_cannot_be_found_then_keeps_the_words(
    client: FlaskClient, agent: Account, form: dict[str, str]
) -> None:
    path = made_round(client)
    answer = send(client, f"{path}/depart", **form)
    assert answer.status_code == 422
    assert f'value="{form["lieu"]}"' in answer.get_data(as_text=True)


def test_add_when_reports_are_near_then_offers_them_and_adds_them(
    client: FlaskClient, db: Session, agent: Account, rows: list[Signalement]
) -> None:
    path = made_round(client, "TO-1")
    shown = page(client, path)
    assert 'name="reference" value="TO-2"' in shown
    answer = send(client, f"{path}/arrets", reference=["TO-2", "TO-3 TO-77"])
    assert answer.status_code == 303
    shown = page(client, path)
    assert "2\u00a0arrêts ajoutés à la fin." in shown
    assert "TO-77 (introuvable" in shown
    assert "0 sur 3" in shown


def test_round_when_finished_then_shows_what_was_left_and_no_form(
    client: FlaskClient, agent: Account, rows: list[Signalement]
) -> None:
    path = made_round(client, "TO-1", "TO-2")
    send(client, f"{path}/commencer")
    assert "En cours" in page(client, path)
    send(client, f"{path}/supprimer")
    assert "a commencé" in page(client, path)
    send(client, f"{path}/terminer")
    shown = page(client, path)
    assert "2\u00a0arrêts n’ont pas été faits" in shown
    assert "Recalculer" not in shown
    assert "Pas possible" not in shown
    send(client, f"{path}/ordre")
    assert "terminée" in page(client, path)


def test_round_when_discarded_then_is_gone(client: FlaskClient, agent: Account) -> None:
    path = made_round(client)
    assert send(client, f"{path}/supprimer").headers["Location"] == "/tournees"
    assert client.get(path).status_code == 404


def test_list_when_there_are_many_rounds_then_goes_on_to_older_ones(
    client: FlaskClient, db: Session, toy: Toy, agent: Account
) -> None:
    db.add_all(
        Round(
            territory_id=toy.territory.id,
            team_id=toy.teams["technique-ouest"].id,
            title=f"Tournée {n}",
            day=NOW.date(),
            author_id=agent.id,
            created_at=NOW,
            updated_at=NOW,
        )
        for n in range(33)
    )
    db.commit()
    first = page(client, "/tournees")
    older = re.search(r'href="(/tournees\?avant=[^"]+)"', first)
    assert older
    rest = page(client, older[1])
    assert (first.count("item-icon"), rest.count("item-icon")) == (30, 3)
    assert page(client, "/tournees?avant=nimporte").count("item-icon") == 30


def test_round_when_it_has_many_stops_then_asks_no_more_of_the_database(
    client: FlaskClient,
    db: Session,
    toy: Toy,
    engine: Engine,
    agent: Account,
    count_queries: QueryCounter,
) -> None:
    references = [
        make_signalement(db, toy, reference=f"TO-9{n}", **FIELDS).reference for n in range(40)
    ]
    db.commit()
    small, large = made_round(client, *references[:2]), made_round(client, *references)
    page(client, small)
    with count_queries(engine) as few:
        page(client, small)
    with count_queries(engine) as many:
        page(client, large)
    assert len(many) == len(few) <= 25


def test_signalement_when_the_reader_handles_it_then_offers_its_work_order(
    app: Any, client: FlaskClient, agent: Account, rows: list[Signalement]
) -> None:
    assert "/signalements/TO-1/bon.pdf" in page(client, "/signalements/TO-1")
    assert "bon.pdf" not in page(app.test_client(), "/signalements/TO-1")
