"""A signalement read in a list: before, after, back to it; what is around; the conversation."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from qpvmap.core.actors import Role
from qpvmap.core.geo import LonLat
from qpvmap.core.workflow import Status
from qpvmap.storage.models import Emprise, Signalement
from qpvmap.usecases.messages import answer, message, note
from tests.factories import (
    Toy,
    actor_for,
    box,
    make_account,
    make_signalement,
    make_territory,
)
from tests.web.people import sign_in

NOW = datetime.now(UTC)
HERE = LonLat(2.299, 48.781)
NEAR = LonLat(2.2995, 48.781)


@pytest.fixture
def db(app: Any) -> Iterator[Session]:
    with Session(app.extensions["qpvmap"].engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def toy(db: Session) -> Toy:
    return make_territory(db, "blagis")


@pytest.fixture
def rows(db: Session, toy: Toy) -> list[Signalement]:
    """Three new ones, TO-3 the newest; each is due in its own time."""
    rows = [
        make_signalement(
            db,
            toy,
            reference=f"TO-{n}",
            created_at=NOW - timedelta(days=9 - n),
            due_at=NOW + timedelta(days=n),
        )
        for n in (1, 2, 3)
    ]
    db.commit()
    return rows


@pytest.fixture
def agent(client: FlaskClient, db: Session, toy: Toy, rows: list[Signalement]) -> FlaskClient:
    account = make_account(db, toy, Role.AGENT, "technique-ouest")
    db.commit()
    return sign_in(client, account)


def post(client: FlaskClient, page: str, path: str, **fields: str) -> Any:
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page))
    return client.post(path, data={**hidden, **fields})


def rel(page: str, name: str) -> str:
    """Return where the link `rel=name` leads; empty when there is none."""
    found = re.search(rf'rel="{name}" href="([^"]*)"', page)
    return found[1].replace("&amp;", "&") if found else ""


def test_page_opened_from_the_list_leads_to_its_neighbours(agent: FlaskClient) -> None:
    listed = agent.get("/corbeille").text
    assert "/signalements/TO-2?vue=a-prendre-en-charge" in listed
    page = agent.get("/signalements/TO-2?vue=a-prendre-en-charge").text
    assert rel(page, "prev") == "/signalements/TO-3?vue=a-prendre-en-charge"
    assert rel(page, "next") == "/signalements/TO-1?vue=a-prendre-en-charge"
    assert rel(agent.get(rel(page, "next")).text, "next") == ""
    assert rel(agent.get(rel(page, "prev")).text, "prev") == ""
    assert rel(agent.get("/signalements/TO-2").text, "next") == ""


def test_neighbours_follow_the_filters_of_the_list(
    agent: FlaskClient, db: Session, rows: list[Signalement]
) -> None:
    rows[0].description, rows[2].description = "Nid de poule", "Un nid"
    db.commit()
    page = agent.get("/signalements/TO-2?vue=tous&q=nid").text
    assert rel(page, "prev") == "/signalements/TO-3?vue=tous&q=nid"
    page = agent.get("/signalements/TO-2?vue=tous&q=poule").text
    assert (rel(page, "prev"), rel(page, "next")) == ("", "/signalements/TO-1?vue=tous&q=poule")


def test_move_goes_back_to_the_list_and_names_the_next(agent: FlaskClient) -> None:
    here = "/signalements/TO-2?vue=a-prendre-en-charge"
    answered = post(agent, agent.get(here).text, here, to="acknowledged", comment="")
    assert answered.status_code == 303
    assert answered.headers["Location"] == "/corbeille?vue=a-prendre-en-charge"
    listed = agent.get("/corbeille").text
    assert "TO-2\u00a0: Pris en charge." in listed
    assert '/signalements/TO-1?vue=a-prendre-en-charge" autofocus>Suivant' in listed
    last = "/signalements/TO-1?vue=a-prendre-en-charge"
    post(agent, agent.get(last).text, last, to="acknowledged", comment="")
    assert "C’était le dernier de cette liste." in agent.get("/corbeille").text


def test_deed_that_leaves_goes_back_and_a_mere_answer_stays(agent: FlaskClient) -> None:
    query = "?vue=tous&categorie=voirie"
    here = f"/signalements/TO-2{query}"
    page = agent.get(here).text
    path = f"/signalements/TO-2/repondre{query}"
    assert (
        post(agent, page, path, text="Nous venons.")
        .headers["Location"]
        .startswith("/signalements/TO-2")
    )
    path = f"/signalements/TO-2/pas-a-nous{query}"
    answered = post(agent, agent.get(here).text, path, team="technique-est", comment="Non.")
    assert answered.headers["Location"] == "/corbeille?vue=tous&categorie=voirie"
    assert "Suivant\u00a0: TO-1" in agent.get(answered.headers["Location"]).text


def test_move_that_is_refused_stays_on_the_page_with_its_list(agent: FlaskClient) -> None:
    here = "/signalements/TO-2?vue=tous"
    answered = post(agent, agent.get(here).text, here, to="closed", comment="Texte gardé")
    assert answered.status_code == 422
    assert "Texte gardé</textarea>" in answered.text
    assert rel(answered.text, "next") == "/signalements/TO-1?vue=tous"


def test_readers_without_an_inbox_have_no_list(
    client: FlaskClient, rows: list[Signalement]
) -> None:
    page = client.get("/signalements/TO-2?vue=tous").text
    assert 'rel="next"' not in page and 'rel="prev"' not in page


def test_around_shows_open_ones_as_far_as_the_reader_may_see(
    client: FlaskClient, db: Session, toy: Toy
) -> None:
    make_signalement(db, toy, point=HERE, reference="TO-1")
    make_signalement(db, toy, point=NEAR, reference="TO-2")
    make_signalement(db, toy, point=NEAR, reference="TO-3", status=Status.CLOSED)
    make_signalement(db, toy, point=LonLat(2.303, 48.781), reference="TO-4")
    make_signalement(db, toy, point=NEAR, category="rixe", team="police", reference="TO-C9")
    mediator = make_account(db, toy, Role.MEDIATOR, "coordination")
    db.commit()
    page = client.get("/signalements/TO-1").text
    around = page.split('id="autour-liste"')[1].split("</ul>")[0]
    assert re.findall(r'data-code="([^"]*)"', around) == ["TO-2"]
    assert "à 37\u00a0m" in around
    assert "TO-C9" not in page
    page = sign_in(client, mediator).get("/signalements/TO-1").text
    around = page.split('id="autour-liste"')[1].split("</ul>")[0]
    assert "TO-C9" in around and "Confidentiel" in around


def test_ground_is_told_with_its_source_and_confidence_and_drawn(
    client: FlaskClient, db: Session, toy: Toy
) -> None:
    ground = Emprise(
        territory_id=toy.territory.id,
        code="R1",
        name="résidence des Tilleuls",
        kind="residence",
        organisation_id=toy.teams["police"].organisation_id,
        source="Plan du syndic",
        confidence=0.8,
        perimeter=box(2.298, 48.780, 2.300, 48.782),
    )
    db.add(ground)
    db.flush()
    make_signalement(db, toy, point=HERE, reference="TO-1", emprise_id=ground.id)
    make_signalement(db, toy, point=HERE, reference="TO-2")
    db.commit()
    page = client.get("/signalements/TO-1").text
    for words in ("Résidence des Tilleuls", "Organisme police", "Plan du syndic, sûr à 80\u202f%"):
        assert words in page
    assert re.search(r'data-outline="{&#34;type&#34;:[^"]*coordinates', page)
    assert "Aucun terrain dessiné ici" in client.get("/signalements/TO-2").text


def test_conversation_tells_sides_and_hides_notes_and_their_traces(
    client: FlaskClient, db: Session, toy: Toy
) -> None:
    author = make_account(db, toy, Role.RESIDENT)
    account = make_account(db, toy, Role.AGENT, "technique-ouest")
    make_signalement(db, toy, reference="TO-1", reporter_id=author.id)
    agent = actor_for(account)
    at = NOW - timedelta(hours=2)
    note(db, agent, "TO-1", "Nacelle à prévoir", at)
    answer(db, agent, "TO-1", "Nous passons mardi.", at)
    message(db, actor_for(author), "TO-1", "Merci beaucoup.", at + timedelta(minutes=5))
    db.commit()
    seen = sign_in(client, account).get("/signalements/TO-1").text
    entries = re.findall(r'<li class="(entry[^"]*)" id="(ligne-[^"]*)"', seen)
    assert [kind for kind, _ in entries] == [
        "entry is-said",
        "entry is-said is-mine is-note",
        "entry is-said is-mine",
        "entry is-said",
    ]
    assert len({anchor for _, anchor in entries}) == 4
    assert "Lue par les services seulement" in seen and "Nacelle" in seen
    read = sign_in(client, author).get("/signalements/TO-1").text
    entries = re.findall(r'<li class="(entry[^"]*)" id="(ligne-[^"]*)"', read)
    assert [kind for kind, _ in entries] == [
        "entry is-said is-mine",
        "entry is-said",
        "entry is-said is-mine",
    ]
    assert "Nacelle" not in read and "note interne" not in read.casefold()
    assert not [anchor for _, anchor in entries if anchor.count("-") > 2 and anchor[-2:] == "-2"]
