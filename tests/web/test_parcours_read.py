"""`/parcours` as others read it: rights, history, figures, files; constant questions."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Role
from qpvmap.core.outreach import Initiative as Told
from qpvmap.core.outreach import Solicitation as Asked
from qpvmap.storage.models import (
    Account,
    Presence,
)
from qpvmap.usecases.initiatives import note_initiative
from qpvmap.usecases.presences import Start, start_presence
from qpvmap.usecases.solicitations import note_solicitation
from tests.conftest import QueryCounter
from tests.factories import Toy, actor_for, make_account, make_territory
from tests.walkers import EAST, WEST, make_words, walked
from tests.web.parcours_help import page, send
from tests.web.people import sign_in

NOW = datetime.now(UTC)
NBSP = "\u00a0"


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
    toy = make_territory(db, "blagis")
    make_words(db, toy)
    db.commit()
    return toy


@pytest.fixture
def walker(client: FlaskClient, db: Session, toy: Toy) -> Account:
    account = make_account(db, toy, Role.MEDIATOR, "police")
    db.commit()
    sign_in(client, account)
    return account


@pytest.fixture
def noted(db: Session, walker: Account) -> dict[str, str]:
    """Return the pages of a round, a solicitation and an action of the walker."""
    who = actor_for(walker)
    presence = walked(db, who, NOW - timedelta(hours=5))
    asked, told = Asked(uuid4(), "habitant", "sante"), Told(uuid4(), "proprete", "Nettoyage", None)
    note_solicitation(db, who, asked, NOW)
    note_initiative(db, who, told, NOW)
    db.commit()
    return {
        "round": f"/parcours/tournees/{presence.client_id}",
        "solicitation": f"/parcours/sollicitations/{asked.client_id}",
        "action": f"/parcours/actions/{told.client_id}",
    }


READERS = {
    "colleague": (Role.MEDIATOR, ("police",), False),
    "lead": (Role.LEAD, ("police",), True),
    "coordinator": (Role.COORDINATOR, ("coordination",), True),
    "lead of others": (Role.LEAD, ("technique-est",), False),
}


@pytest.mark.parametrize("name", READERS)
def test_pages_when_read_by_others_then_only_the_lead_and_the_coordination_see_them(
    app: Any, db: Session, toy: Toy, walker: Account, noted: dict[str, str], name: str
) -> None:
    role, teams, sees = READERS[name]
    account = make_account(db, toy, role, *teams)
    db.commit()
    other = sign_in(app.test_client(), account)
    for path in (noted["round"], noted["action"]):
        assert other.get(path).status_code == (200 if sees else 404)
    assert other.get(noted["solicitation"]).status_code in (403, 404)
    history = page(other, "/parcours/historique")
    assert (walker.name in history) is sees
    assert ("Nettoyage" in history) is sees
    for path in ("", "/retirer", "/pas-moi"):
        assert send(other, f"{noted['round']}{path}").status_code in (403, 404)
    assert send(other, f"{noted['action']}/retirer").status_code in (403, 404)
    db.expire_all()
    assert db.scalars(select(Presence.cancelled_at)).all() == [None]


@pytest.mark.parametrize("role", [Role.RESIDENT, Role.AGENT, Role.PLANNER, Role.ADMIN])
def test_pages_when_of_no_concern_then_are_refused(
    app: Any, db: Session, toy: Toy, noted: dict[str, str], role: Role
) -> None:
    account = make_account(db, toy, role, "police")
    db.commit()
    other = sign_in(app.test_client(), account)
    for path in ("/parcours/historique", "/parcours/bilan", *noted.values()):
        assert other.get(path).status_code == 403
    if role in (Role.AGENT, Role.PLANNER):  # they have walks, and no more
        home = page(other, "/parcours")
        assert "Diagnostics en marchant" in home
        assert not re.search("Sortie de médiation|Ce mois-ci|Historique", home)
    else:
        assert other.get("/parcours").status_code == 403
        assert 'href="/parcours"' not in page(other, "/")
    assert app.test_client().get("/parcours").status_code == 303


def test_figures_when_a_mediator_asks_then_are_not_theirs(
    client: FlaskClient, walker: Account
) -> None:
    assert client.get("/parcours/bilan").status_code == 403
    assert client.get("/parcours/bilan/heures.csv").status_code == 403


def test_figures_when_counted_then_page_and_files_agree_and_name_nobody(
    app: Any, db: Session, toy: Toy, walker: Account, noted: dict[str, str]
) -> None:
    account = make_account(db, toy, Role.COORDINATOR, "coordination")
    db.commit()
    other = sign_in(app.test_client(), account)
    shown = page(other, "/parcours/bilan")
    assert f"2,0{NBSP}h" in shown
    assert "Opération propreté" in shown
    assert walker.name not in shown
    hours = other.get("/parcours/bilan/heures.csv")
    assert hours.headers["Cache-Control"] == "private, no-store"
    lines = hours.get_data(as_text=True).strip().splitlines()
    counted = sum(float(line.split(";")[4].replace(",", ".")) for line in lines[1:])
    assert counted == pytest.approx(2, abs=0.001)
    rounds = other.get("/parcours/bilan/tournees.csv").get_data(as_text=True).splitlines()[1:]
    walked = db.scalar(select(func.count(Presence.id)).where(Presence.cancelled_at.is_(None)))
    assert sum(int(line.split(";")[2]) for line in rounds) == walked
    for table in ("tournees", "heures", "sollicitations", "actions"):
        text = other.get(f"/parcours/bilan/{table}.csv").get_data(as_text=True)
        assert len(text.splitlines()) >= 2
        assert walker.name not in text
        book = CalamineWorkbook.from_filelike(
            BytesIO(other.get(f"/parcours/bilan/{table}.xlsx").data)
        )
        assert len(book.get_sheet_by_index(0).to_python()) == len(text.splitlines())
    empty = page(other, "/parcours/bilan?du=2019-01-01&au=2019-02-01")
    assert "Rien de noté pour ces dates" in empty
    assert page(other, "/parcours/bilan?du=hier&au=9999-99-99&quartier=%27")


def test_figures_of_a_lead_when_counted_then_are_their_teams_alone(
    app: Any, db: Session, toy: Toy, walker: Account, noted: dict[str, str]
) -> None:
    other = make_account(db, toy, Role.LEAD, "technique-est")
    db.commit()
    client = sign_in(app.test_client(), other)
    assert "Rien de noté pour ces dates" in page(client, "/parcours/bilan")


def test_history_when_filtered_then_shows_that_alone(
    client: FlaskClient, noted: dict[str, str]
) -> None:
    everything = page(client, "/parcours/historique")
    assert all(words in everything for words in ("Sortie de", "Habitant, Santé", "Nettoyage"))
    rounds = page(client, "/parcours/historique?genre=tournee")
    assert "Sortie de" in rounds
    assert "Nettoyage" not in rounds
    quarter = page(client, "/parcours/historique?quartier=QN09299X")
    assert "Sortie de" in quarter
    assert "Nettoyage" not in quarter
    assert "Rien de noté" in page(client, "/parcours/historique?du=2019-01-01&au=2019-02-01")
    assert page(client, "/parcours/historique?avant=x~y~z&du=&genre=rien")


def test_history_when_long_then_goes_on_page_by_page_without_loss(
    client: FlaskClient, db: Session, walker: Account
) -> None:
    who = actor_for(walker)
    for n in range(95):
        at = NOW - timedelta(hours=n // 2)  # two at each instant
        note_solicitation(db, who, Asked(uuid4(), "habitant", "sante", at=at), NOW)
    db.commit()
    path, seen = "/parcours/historique", []
    while path:
        shown = page(client, path)
        seen += re.findall(r"/parcours/sollicitations/([0-9a-f-]{36})", shown)
        found = re.search(r'href="([^"]+)" rel="next"', shown)
        path = found[1].replace("&amp;", "&") if found else ""
    assert len(seen) == len(set(seen)) == 95


def test_pages_when_there_is_more_to_show_then_no_more_is_asked_of_the_database(
    app: Any,
    client: FlaskClient,
    db: Session,
    toy: Toy,
    engine: Engine,
    walker: Account,
    count_queries: QueryCounter,
) -> None:
    lead = make_account(db, toy, Role.LEAD, "police")
    reader = sign_in(app.test_client(), lead)
    paths = {
        "/parcours": (client, 16),
        "/parcours/sollicitations": (client, 12),
        "/parcours/historique": (reader, 12),
        "/parcours/bilan": (reader, 12),
    }
    who = actor_for(walker)
    asked: dict[str, list[int]] = {path: [] for path in paths}
    for days in (9, 1):
        for day in range(days, 0, -1):
            walked(db, who, NOW - timedelta(days=day + 10 * (days == 1)))
            note_solicitation(db, who, Asked(uuid4(), "habitant", "sante"), NOW)
            note_initiative(db, who, Told(uuid4(), "proprete", "Nettoyage", None), NOW)
        db.commit()
        for path, (reads, _) in paths.items():
            page(reads, path)
            with count_queries(engine) as statements:
                page(reads, path)
            asked[path].append(len(statements))
    for path, (_, most) in paths.items():
        before, after = asked[path]
        assert before == after <= most, path


def test_home_when_a_round_was_forgotten_then_asks_to_correct_it(
    client: FlaskClient, db: Session, walker: Account
) -> None:
    who = actor_for(walker)
    ago = NOW - timedelta(days=2)
    forgotten = start_presence(db, who, Start(uuid4(), WEST), ago).presence
    start_presence(db, who, Start(uuid4(), EAST), NOW)
    db.commit()
    shown = page(client, "/parcours")
    assert "est restée ouverte" in shown
    assert f"/parcours/tournees/{forgotten.client_id}" in shown
    assert "À corriger" in page(client, "/parcours/historique")


def test_home_when_the_mediator_has_no_team_then_says_whom_to_ask(
    client: FlaskClient, db: Session, toy: Toy
) -> None:
    account = make_account(db, toy, Role.MEDIATOR)
    db.commit()
    sign_in(client, account)
    assert "la coordination peut vous y ajouter" in page(client, "/parcours")
