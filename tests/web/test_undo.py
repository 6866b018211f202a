"""Taking back by plain forms: offered to who did it, for a minute, on the page, the list, a run."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Role
from qpvmap.core.workflow import Request, Status
from qpvmap.storage.models import Account, Event, RoundStop, Signalement
from qpvmap.usecases.handling import change_status
from qpvmap.usecases.rounds import NewRound, create_round
from tests.factories import Toy, actor_for, make_account, make_signalement, make_territory
from tests.web.doors import hidden_token
from tests.web.people import sign_in

NOW = datetime.now(UTC)
OFFER = re.compile(r'<form class="note undo[^>]*action="([^"]+)"')


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


def made(db: Session, toy: Toy, how_many: int = 1) -> list[Signalement]:
    rows = [make_signalement(db, toy, created_at=NOW - timedelta(hours=1)) for _ in range(how_many)]
    db.commit()
    return rows


def send(client: FlaskClient, address: str, **form: Any) -> Any:
    token = hidden_token(client.get("/compte").text)
    return client.post(address, data={"csrf_token": token, **form})


def take(client: FlaskClient, row: Signalement, query: str = "") -> Any:
    return send(client, f"/signalements/{row.reference}{query}", to="acknowledged", version="1")


def offered(page: str) -> str | None:
    """Return where the offer of a page is sent."""
    found = OFFER.search(page)
    return found[1].replace("&amp;", "&") if found else None


def status_of(db: Session, row: Signalement) -> str:
    db.refresh(row)
    return row.status


def test_move_when_just_made_then_its_page_offers_to_take_it_back(
    desk: FlaskClient, db: Session, toy: Toy
) -> None:
    (row,) = made(db, toy)
    assert offered(desk.get(f"/signalements/{row.reference}").text) is None
    page = desk.get(take(desk, row).location).text
    address = offered(page)
    assert address == f"/signalements/{row.reference}/annuler?version=2"
    after = desk.get(send(desk, address).location).text
    assert "Annulé\u00a0: le signalement est «\u00a0nouveau\u00a0», comme avant." in after
    assert "Annulé avant tout envoi" in after
    assert offered(after) is None
    assert status_of(db, row) == "new"
    public = desk.application.test_client().get(f"/signalements/{row.reference}").text
    assert "Annulé" not in public
    assert "Pris en charge" not in public.split("Historique")[1].split("</ol>")[0]


def test_move_when_made_from_a_list_then_the_list_offers_it_once(
    desk: FlaskClient, db: Session, toy: Toy
) -> None:
    rows = made(db, toy, 2)
    back = take(desk, rows[0], "?vue=a-prendre-en-charge").location
    assert back.startswith("/corbeille")
    address = offered(desk.get(back).text)
    assert address is not None
    assert offered(desk.get(back).text) is None
    send(desk, address)
    assert status_of(db, rows[0]) == "new"


@pytest.mark.parametrize("role", [Role.AGENT, Role.RESIDENT, Role.COORDINATOR])
def test_move_when_somebody_else_made_it_then_nothing_is_offered_nor_accepted(
    desk: FlaskClient, db: Session, toy: Toy, role: Role
) -> None:
    (row,) = made(db, toy)
    take(desk, row)
    teams = ("technique-ouest",) if role is Role.AGENT else ()
    other = make_account(db, toy, role, *teams)
    db.commit()
    reader = sign_in(desk.application.test_client(), other)
    assert offered(reader.get(f"/signalements/{row.reference}").text) is None
    answer = send(reader, f"/signalements/{row.reference}/annuler?version=2")
    assert answer.status_code == 403
    assert status_of(db, row) == "acknowledged"


def test_move_when_its_minute_is_over_then_it_is_said_and_stays(
    desk: FlaskClient, db: Session, toy: Toy, agent: Account
) -> None:
    (row,) = made(db, toy)
    before = datetime.now(UTC) - timedelta(minutes=2)
    request = Request(Status.ACKNOWLEDGED)
    change_status(db, actor_for(agent), row.reference, request, version=1, now=before)
    db.commit()
    assert offered(desk.get(f"/signalements/{row.reference}").text) is None
    answer = send(desk, f"/signalements/{row.reference}/annuler?version=2")
    assert "Trop tard pour annuler" in desk.get(answer.location).text
    assert status_of(db, row) == "acknowledged"


@pytest.mark.parametrize("query", ["", "?version=x"])
def test_undo_when_no_version_is_sent_then_it_says_to_read_again(
    desk: FlaskClient, db: Session, toy: Toy, query: str
) -> None:
    (row,) = made(db, toy)
    take(desk, row)
    answer = send(desk, f"/signalements/{row.reference}/annuler{query}")
    assert "Rechargez la page" in desk.get(answer.location).text
    assert status_of(db, row) == "acknowledged"


def test_run_when_taken_back_then_each_goes_back_but_what_changed_since(
    desk: FlaskClient, db: Session, toy: Toy, agent: Account
) -> None:
    rows = made(db, toy, 4)
    chosen = [f"{row.reference}~1" for row in rows]
    shown = send(desk, "/corbeille/lot", action="prendre", choix=chosen).location
    request = Request(Status.IN_PROGRESS)
    now = datetime.now(UTC)
    change_status(db, actor_for(agent), rows[3].reference, request, version=2, now=now)
    db.commit()
    address = offered(desk.get(shown).text)
    assert address is not None
    page = desk.get(send(desk, address).location).text
    assert "3 annulés, personne n’a été prévenu\u00a0; 1 non" in page
    assert "l’a modifié depuis" in page
    assert offered(page) is None
    assert [status_of(db, row) for row in rows] == ["new"] * 3 + ["in_progress"]
    assert db.scalars(select(Event.kind).where(Event.kind == "undone")).all() == ["undone"] * 3


def test_run_when_a_script_asks_then_it_is_told_how_rows_stand(
    desk: FlaskClient, db: Session, toy: Toy
) -> None:
    (row,) = made(db, toy)
    token = hidden_token(desk.get("/compte").text)
    accept = {"Accept": "application/json, text/html;q=0.9"}
    form = {"csrf_token": token, "action": "prendre", "choix": f"{row.reference}~1"}
    told = desk.post("/corbeille/lot", data=form, headers=accept).json
    assert told["undo"]["seconds"] <= 60
    back = desk.post(told["undo"]["href"], data={"csrf_token": token}, headers=accept).json
    assert back["said"] == "1 annulé, personne n’a été prévenu"
    assert back["rows"][row.reference]["version"] == 3
    assert "Nouveau" in back["rows"][row.reference]["state"]


def test_run_when_it_is_somebody_else_s_or_never_taken_back_then_nothing_is(
    desk: FlaskClient, db: Session, toy: Toy
) -> None:
    (row,) = made(db, toy)
    form = {
        "action": "changer-de-service",
        "choix": f"{row.reference}~1",
        "confirme": "1",
        "team": "technique-est",
        "comment": "À eux.",
    }
    shown = send(desk, "/corbeille/lot", **form).location
    assert offered(desk.get(shown).text) is None
    send(desk, f"{shown.split('?')[0]}/annuler")
    assert db.scalars(select(Event.kind).where(Event.kind == "undone")).all() == []
    other = make_account(db, toy, Role.AGENT, "technique-ouest")
    db.commit()
    reader = sign_in(desk.application.test_client(), other)
    assert send(reader, f"{shown.split('?')[0]}/annuler").status_code == 404
    assert status_of(db, row) == "new"


def test_stop_of_a_round_when_taken_back_then_the_round_shows_it_to_do_again(
    desk: FlaskClient, db: Session, toy: Toy, agent: Account
) -> None:
    (row,) = made(db, toy)
    planned = create_round(db, actor_for(agent), NewRound((row.reference,)), NOW).round
    stop = db.scalars(select(RoundStop)).one()
    db.commit()
    here = f"/tournees/{planned.id}"
    done = send(desk, f"{here}/arrets/{stop.id}/fait", version="1", comment="Fait.")
    address = offered(desk.get(done.location).text)
    assert address is not None
    back = send(desk, address)
    assert back.location == here
    assert "0 sur 1" in desk.get(back.location).text
    assert status_of(db, row) == "new"


def test_move_when_it_tells_others_at_once_then_nothing_is_offered(
    desk: FlaskClient, db: Session, toy: Toy
) -> None:
    (row,) = made(db, toy)
    row.status, row.outcome, row.settled_at = "resolved", "done", NOW
    db.commit()
    form = {"to": "reopened", "version": "1", "comment": "À reprendre."}
    back = send(desk, f"/signalements/{row.reference}?vue=resolus", **form).location
    assert back.startswith("/corbeille")
    assert status_of(db, row) == "reopened"
    assert offered(desk.get(back).text) is None
    assert offered(desk.get(f"/signalements/{row.reference}").text) is None
