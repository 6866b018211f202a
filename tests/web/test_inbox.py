"""The inbox: whose work it shows, in what order, filtered, paged, at a constant cost."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from qpvmap.core.actors import Role
from qpvmap.core.inbox import Cursor
from qpvmap.core.workflow import Status
from qpvmap.storage.inbox import PAGE_SIZE
from qpvmap.storage.models import Account
from qpvmap.web.inbox_address import params, read_address, read_filters
from tests.factories import (
    EAST,
    OUT_OF_QUARTER_WEST,
    Toy,
    make_account,
    make_signalement,
    make_territory,
)
from tests.web.people import sign_in

NOW = datetime.now(UTC)
LATER = NOW + timedelta(days=9)
YESTERDAY = NOW - timedelta(days=1)


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


def references(page: str) -> list[str]:
    return re.findall(r'data-reference="([^"]+)"', page)


def test_inbox_for_someone_not_signed_in_asks_to_sign_in(client: FlaskClient) -> None:
    answer = client.get("/corbeille")
    assert answer.status_code == 303
    assert "/connexion?next=" in answer.location


def test_inbox_for_a_planner_is_refused(client: FlaskClient, db: Session, toy: Toy) -> None:
    planner = make_account(db, toy, Role.PLANNER)
    db.commit()
    assert sign_in(client, planner).get("/corbeille").status_code == 403


def test_inbox_shows_the_newest_first_and_only_the_team_s_own(
    client: FlaskClient, db: Session, toy: Toy, agent: Account
) -> None:
    for hours, reference in ((3, "TO-1"), (1, "TO-3"), (2, "TO-2")):
        created_at = NOW - timedelta(hours=hours)
        make_signalement(db, toy, reference=reference, created_at=created_at, due_at=LATER)
    make_signalement(db, toy, team="technique-est", reference="TO-4", insee_code=EAST)
    make_signalement(db, toy, category="rixe", team="police", reference="TO-5")
    db.commit()
    page = sign_in(client, agent).get("/corbeille").text
    assert references(page) == ["TO-3", "TO-2", "TO-1"]


def test_inbox_of_the_coordination_shows_the_whole_territory_and_no_other(
    client: FlaskClient, db: Session, toy: Toy
) -> None:
    other = make_territory(db, "other", "OT")
    make_signalement(db, other, reference="OT-1")
    make_signalement(db, toy, reference="TO-1", created_at=YESTERDAY)
    make_signalement(db, toy, category="rixe", team="police", reference="TO-2", created_at=NOW)
    coordinator = make_account(db, toy, Role.COORDINATOR, "coordination")
    db.commit()
    page = sign_in(client, coordinator).get("/corbeille").text
    assert references(page) == ["TO-2", "TO-1"]
    assert "Confidentiel" in page
    assert "Équipe technique-ouest" in page


@pytest.mark.parametrize(
    ("tab", "expected"),
    [
        ("a-prendre-en-charge", ["TO-new", "TO-again"]),
        ("en-retard", ["TO-late2", "TO-late"]),
        ("en-cours", ["TO-late2", "TO-late", "TO-going", "TO-planned"]),
        ("en-attente", ["TO-waits"]),
        ("resolus", ["TO-done"]),
        ("n-importe-quoi", ["TO-new", "TO-again"]),
    ],
)
def test_inbox_tab_holds_its_own_rows_by_its_own_order(
    client: FlaskClient, db: Session, toy: Toy, agent: Account, tab: str, expected: list[str]
) -> None:
    make_signalement(db, toy, reference="TO-new", due_at=LATER)
    made: dict[str, Any] = {"created_at": NOW - timedelta(days=90)}
    for reference, status, due_at in (
        ("TO-again", Status.REOPENED, LATER),
        ("TO-waits", Status.WAITING, YESTERDAY),
        ("TO-planned", Status.SCHEDULED, LATER + timedelta(days=1)),
        ("TO-going", Status.IN_PROGRESS, LATER),
        ("TO-late", Status.ACKNOWLEDGED, YESTERDAY),
        ("TO-late2", Status.IN_PROGRESS, NOW - timedelta(days=30)),
        ("TO-done", Status.RESOLVED, YESTERDAY),
        ("TO-closed", Status.CLOSED, YESTERDAY),
    ):
        make_signalement(db, toy, reference=reference, status=status, due_at=due_at, **made)
    db.commit()
    page = sign_in(client, agent).get(f"/corbeille?vue={tab}").text
    assert references(page) == expected
    counts = [int(n) for n in re.findall(r'class="count[^"]*">(\d+)', page)][-6:]
    assert counts == [2, 2, 4, 1, 1, 9]


def test_inbox_of_the_coordination_has_what_is_to_be_arbitrated(
    client: FlaskClient, db: Session, toy: Toy, agent: Account
) -> None:
    make_signalement(
        db, toy, team="coordination", reference="TO-1", status=Status.TO_ARBITRATE, due_at=YESTERDAY
    )
    coordinator = make_account(db, toy, Role.COORDINATOR, "coordination")
    db.commit()
    assert "À arbitrer" not in sign_in(client, agent).get("/corbeille").text
    sign_in(client, coordinator)
    page = client.get("/corbeille?vue=a-arbitrer").text
    assert references(page) == ["TO-1"]
    assert "compteur arrêté" in page
    assert references(client.get("/corbeille?vue=en-retard").text) == []


def test_inbox_row_says_how_it_stands_and_keeps_the_tab(
    client: FlaskClient, db: Session, toy: Toy, agent: Account
) -> None:
    make_signalement(
        db, toy, reference="TO-1", status=Status.WAITING, waiting_on="Enedis", supports=3,
        reopenings=2, priority="emergency",
    )  # fmt: skip
    db.commit()
    page = sign_in(client, agent).get("/corbeille?vue=en-attente").text
    for words in ("Attend&nbsp;: Enedis", "Rouvert 2 fois", "3\u00a0soutiens", "Urgence"):
        assert words in page
    assert 'href="/signalements/TO-1?vue=en-attente"' in page
    detail = client.get("/signalements/TO-1?vue=en-attente").text
    assert 'href="/corbeille?vue=en-attente"' in detail


def test_inbox_row_hints_at_a_likely_duplicate(
    client: FlaskClient, db: Session, toy: Toy, agent: Account
) -> None:
    for reference in ("TO-1", "TO-2"):
        make_signalement(db, toy, reference=reference, description="Un trou devant l’école")
    make_signalement(db, toy, reference="TO-3", point=OUT_OF_QUARTER_WEST)
    db.commit()
    page = sign_in(client, agent).get("/corbeille").text
    assert page.count("Peut-être le même") == 2


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("categorie=eclairage", ["TO-lamp"]),
        (f"commune={EAST}", ["TO-east"]),
        ("quartier=1", ["TO-lamp", "TO-east"]),
        ("q=TO-EA", ["TO-east"]),
        ("q=r%C3%A9verb%C3%A8re", ["TO-lamp"]),
        ("q=100%25", []),
        ("q=_", []),
        ("categorie=eclairage&commune=92902", []),
    ],
)
def test_inbox_filter_keeps_what_was_asked(
    client: FlaskClient, db: Session, toy: Toy, agent: Account, query: str, expected: list[str]
) -> None:
    older = NOW - timedelta(days=3)
    make_signalement(
        db, toy, reference="TO-far", share_inside=0.0, inside_qpv=False, created_at=older
    )
    make_signalement(db, toy, reference="TO-east", insee_code=EAST, created_at=YESTERDAY)
    make_signalement(
        db, toy, reference="TO-lamp", category="eclairage", description="Réverbère éteint",
        created_at=NOW,
    )  # fmt: skip
    db.commit()
    answer = sign_in(client, agent).get(f"/corbeille?{query}")
    assert answer.status_code == 200
    assert references(answer.text) == expected
    if not expected:
        assert "Aucun signalement avec ces filtres" in answer.text
        assert "Retirer" in answer.text


def test_inbox_empty_says_where_the_next_one_will_arrive(
    client: FlaskClient, agent: Account
) -> None:
    page = sign_in(client, agent).get("/corbeille").text
    assert "Rien à prendre en charge. Le prochain arrivera ici." in page


def test_inbox_pages_show_every_row_once(
    client: FlaskClient, db: Session, toy: Toy, agent: Account
) -> None:
    same_instant = NOW - timedelta(hours=1)
    for number in range(PAGE_SIZE * 2 + 3):
        make_signalement(db, toy, reference=f"TO-{number:03}", created_at=same_instant)
    db.commit()
    sign_in(client, agent)
    seen: list[str] = []
    href: str | None = "/corbeille"
    while href:
        page = client.get(href).text
        seen += references(page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        href = following[1].replace("&amp;", "&") if following else None
    assert len(seen) == PAGE_SIZE * 2 + 3
    assert len(set(seen)) == len(seen)


def test_inbox_with_a_broken_page_mark_shows_the_first_page(
    client: FlaskClient, agent: Account
) -> None:
    day = "2026-01-01T00:00:00+00:00"
    for mark in ("x", "2026-01-01T00:00:00~1", f"{day}~x", f"{day}~{10**20}", "~"):
        assert (
            sign_in(client, agent).get("/corbeille", query_string={"apres": mark}).status_code
            == 200
        )
    cursor = Cursor(NOW, 12)
    assert Cursor.parse(str(cursor)) == cursor


def test_inbox_cost_does_not_grow_with_its_rows(
    app: Any,
    client: FlaskClient,
    db: Session,
    toy: Toy,
    agent: Account,
    count_queries: Callable[[Engine], AbstractContextManager[list[str]]],
) -> None:
    sign_in(client, agent)
    engine = app.extensions["qpvmap"].engine
    costs = []
    made = 0
    for wanted in (1, 50, 500):
        for _ in range(wanted - made):
            make_signalement(db, toy, due_at=YESTERDAY)
        made = wanted
        db.commit()
        client.get("/corbeille")
        with count_queries(engine) as statements:
            assert client.get("/corbeille").status_code == 200
        costs.append(len(statements))
    assert costs[0] == costs[1] == costs[2]
    assert costs[0] <= 12


def test_inbox_writes_people_s_words_as_text(
    client: FlaskClient, db: Session, toy: Toy, agent: Account
) -> None:
    make_signalement(db, toy, description="<script>alert(1)</script> & `${1}`")
    db.commit()
    page = sign_in(client, agent).get("/corbeille").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_inbox_address_holds_every_filter_and_gives_it_back() -> None:
    address = (
        "vue=tous&tri=anciens&etat=waiting&retard=double&categorie=voirie&nature=technique"
        f"&commune={EAST}&qpv=QN09299X&iris={EAST}0101&quartier=300&service=police&personne=12"
        "&depuis=2026-01-02&jusqua=2026-02-03&photo=sans&zone=2.30000,48.78000,2.30500,48.79000"
        "&q=tr%C3%A8s+cass%C3%A9&approche=1"
    )
    read = read_address(MultiDict(parse_qsl(address)))
    assert read.unread == ()
    assert params(read.filters) == dict(parse_qsl(address))
    for person in ("moi", "personne"):
        assert params(read_filters(MultiDict({"personne": person}))) == {"personne": person}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("vue", "x", "l’onglet"),
        ("tri", "x", "le tri"),
        ("etat", "perdu", "l’état"),
        ("personne", "9" * 40, "la personne"),
        ("personne", "lui", "la personne"),
        ("depuis", "demain", "la date de début"),
        ("jusqua", "0001-01-01", "la date de fin"),
        ("jusqua", "9999-12-31", "la date de fin"),
        ("zone", "1,2,3", "la zone de la carte"),
        ("zone", "3,2,1,0", "la zone de la carte"),
        ("zone", "nan,nan,nan,nan", "la zone de la carte"),
        ("photo", "peut-être", "la photo"),
        ("categorie", "a\x00b", "la catégorie"),
        ("q", "a\x00b", "la recherche"),
        ("quartier", "400", "la distance au quartier"),
    ],
)
def test_inbox_address_that_cannot_be_read_is_left_out_and_said(
    client: FlaskClient, db: Session, toy: Toy, agent: Account, name: str, value: str, words: str
) -> None:
    make_signalement(db, toy, reference="TO-1")
    db.commit()
    if "\x00" in value:
        assert read_address(MultiDict({name: value})).unread == (words,)
        return
    answer = sign_in(client, agent).get("/corbeille", query_string={name: value})
    assert answer.status_code == 200
    assert references(answer.text) == ["TO-1"]
    assert f"Laissé de côté&nbsp;: {words}." in answer.text


def test_inbox_filters_are_named_each_with_its_way_out(
    client: FlaskClient, db: Session, toy: Toy, agent: Account
) -> None:
    query = f"vue=tous&etat=waiting&commune={EAST}&personne={agent.id}&photo=avec&q=banc"
    page = sign_in(client, agent).get(f"/corbeille?{query}").text
    for words in ("En attente", "Estville-d’Art", f"Confié à {agent.name}", "Avec photo", "banc"):
        assert f"Retirer «\u00a0{words}\u00a0»" in page or f"Retirer {words}" in page
    without = f"vue=tous&amp;etat=waiting&amp;commune={EAST}&amp;personne={agent.id}&amp;q=banc"
    assert f'href="/corbeille?{without}"' in page
    assert "Tout retirer" in page


def test_inbox_row_says_who_has_it(
    client: FlaskClient, db: Session, toy: Toy, agent: Account
) -> None:
    other = make_account(db, toy, Role.AGENT, "technique-ouest")
    other.name = "Dominique"
    db.flush()
    make_signalement(db, toy, reference="TO-1", assignee_id=agent.id)
    make_signalement(db, toy, reference="TO-2", assignee_id=other.id)
    db.commit()
    page = sign_in(client, agent).get("/corbeille").text
    assert "Confié à vous" in page
    assert "Confié à Dominique" in page
    assert references(client.get("/corbeille?personne=moi").text) == ["TO-1"]


def test_inbox_that_only_comes_near_the_words_says_so(
    client: FlaskClient, db: Session, toy: Toy, agent: Account
) -> None:
    make_signalement(db, toy, reference="TO-1", description="Réverbère cassé")
    db.commit()
    page = sign_in(client, agent).get("/corbeille?q=révebère").text
    assert references(page) == ["TO-1"]
    assert "Voici ce qui s’en approche" in page
    kept = "vue=a-prendre-en-charge", "q=r%C3%A9veb%C3%A8re", "approche=1"
    [link] = re.findall(r'href="/signalements/TO-1\?([^"]*)"', page)
    assert sorted(link.split("&amp;")) == sorted(kept)


def hidden_token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found[1]


def test_inbox_view_is_kept_opened_first_renamed_and_forgotten(
    client: FlaskClient, db: Session, toy: Toy, agent: Account
) -> None:
    make_signalement(db, toy, reference="TO-1", due_at=YESTERDAY)
    db.commit()
    sign_in(client, agent)
    assert "Garder cette vue" in client.get("/corbeille?commune=92901").text
    form = client.get("/corbeille/vues?query=commune%3D92901%26apres%3Dx%26zut%3D1").text
    assert 'name="query" value="commune=92901"' in form
    assert "Partager avec" not in form, "an agent does not share"
    token = hidden_token(form)
    sent = {"csrf_token": token, "query": "commune=92901", "name": "À l’ouest", "first": "1"}
    kept = client.post("/corbeille/vues", data=sent)
    assert (kept.status_code, kept.location) == (303, "/corbeille?commune=92901")
    opened = client.get("/corbeille")
    assert (opened.status_code, opened.location) == (302, "/corbeille?commune=92901")
    page = client.get(opened.location).text
    assert 'aria-current="true"' in page
    assert "À l’ouest, corbeille" in page
    assert client.get("/corbeille?vue=a-prendre-en-charge").status_code == 200
    again = client.post("/corbeille/vues", data=sent)
    assert again.status_code == 422
    assert "Vous avez déjà une vue de ce nom." in again.text
    assert 'value="À l’ouest"' in again.text
    found = re.search(r"/corbeille/vues/(\d+)/suppression", client.get("/corbeille/vues").text)
    assert found
    here = f"/corbeille/vues/{found[1]}"
    assert client.post(here, data={"csrf_token": token, "name": "Ouest"}).status_code == 303
    assert "Ouest" in client.get("/corbeille/vues").text
    usual = {"csrf_token": token, "first": "0"}
    assert client.post(f"{here}/ouverture", data=usual).status_code == 303
    assert client.get("/corbeille").status_code == 200
    assert client.post(f"{here}/suppression", data={"csrf_token": token}).status_code == 303
    assert "Aucune vue gardée" in client.get("/corbeille/vues").text
    assert client.post(f"{here}/suppression", data={"csrf_token": token}).status_code == 404


def test_order_when_it_is_the_usual_one_of_a_tab_then_it_does_not_follow_to_another(
    client: FlaskClient, agent: Account
) -> None:
    sign_in(client, agent)
    late = 'href="/corbeille?vue=en-retard'
    usual = client.get("/corbeille?tri=recents").text
    assert f'{late}"' in usual
    chosen = client.get("/corbeille?tri=anciens").text
    assert f'{late}&amp;tri=anciens"' in chosen
