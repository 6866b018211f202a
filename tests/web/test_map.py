"""The map page and what it fetches: complete without a script, and nobody's business but theirs."""

import gzip
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, text, update
from sqlalchemy.orm import Session

from qpvmap.core.actors import Role
from qpvmap.core.workflow import Outcome, Status
from qpvmap.storage.layers import MAP_LAYERS
from qpvmap.storage.models import Account, Iris, Operation
from qpvmap.storage.session import make_engine
from qpvmap.web import map as map_page
from tests.conftest import QueryCounter
from tests.factories import (
    IN_QUARTER_EAST,
    IN_QUARTER_WEST,
    Toy,
    make_account,
    make_signalement,
    make_territory,
)
from tests.web.people import sign_in

PLANTED = "École </script><script>alert(1)</script> ${1+1} `x` 'y'"


@pytest.fixture
def db(committed_db: str) -> Iterator[Session]:
    """Yield a session whose writes the application sees once they are committed."""
    engine = make_engine(committed_db)
    with Session(engine, expire_on_commit=False) as session:
        yield session
    engine.dispose()


@pytest.fixture
def toy(db: Session) -> Toy:
    """Load the toy territory as the one that the site serves."""
    toy = make_territory(db, "blagis")
    db.commit()
    return toy


@pytest.fixture
def app_engine(app: Any) -> Engine:
    engine: Engine = app.extensions["qpvmap"].engine
    return engine


def recent(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


def add(db: Session, toy: Toy, reference: str, **columns: Any) -> None:
    columns.setdefault("due_at", recent(-3))
    columns.setdefault("created_at", recent(2))
    make_signalement(db, toy, reference=reference, **columns)
    db.commit()


def references(client: FlaskClient, query: str = "") -> set[str]:
    answer = client.get(f"/carte/signalements.geojson{query}")
    assert answer.status_code == 200
    features = json.loads(answer.data)["features"]
    return {feature["properties"]["reference"] for feature in features}


def listed(page: str) -> set[str]:
    return set(re.findall(r'data-kind="signalement" data-code="([^"]+)"', page))


def test_page_when_no_territory_is_loaded_then_says_what_to_do(client: FlaskClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "Aucun territoire" in page.text


def test_page_when_opened_then_lists_everything_the_map_shows(
    db: Session, toy: Toy, client: FlaskClient
) -> None:
    add(db, toy, "TO-2026-0001", due_at=recent(1))
    add(db, toy, "TO-2026-0002")
    add(db, toy, "TO-2026-0003", status=Status.RESOLVED, settled_at=recent(5))
    page = client.get("/").text
    assert listed(page) == {"TO-2026-0001", "TO-2026-0002", "TO-2026-0003"}
    assert "2\u00a0signalements ouverts" in page
    assert "1 en retard" in page
    for place in ("Ouestville", "Estville-d’Art", "Centre de Ouestville", "Les Deux Rives"):
        assert place.replace("’", "&#8217;") in page or place in page
    assert 'href="/signalements/TO-2026-0001"' in page
    assert 'href="/carte/fiches/iris/929010101"' in page


def test_page_when_a_signalement_is_invented_then_said_in_the_list(
    db: Session, toy: Toy, client: FlaskClient
) -> None:
    add(db, toy, "TO-2026-0001", is_demo=True)
    add(db, toy, "TO-2026-0002")
    rows = re.findall(r'data-code="(TO-[^"]+)"(.*?)</li>', client.get("/").text, re.S)
    assert {code: "Exemple inventé" in row for code, row in rows} == {
        "TO-2026-0001": True,
        "TO-2026-0002": False,
    }


def test_page_when_opened_then_nothing_comes_from_outside(toy: Toy, client: FlaskClient) -> None:
    page = client.get("/").text
    addresses = re.findall(r'\s(?:src|href|action)="([^"]*)"', page)
    assert addresses
    assert [a for a in addresses if not a.startswith(("/", "#"))] == []
    assert "style=" not in page
    assert "jquery" not in page.lower()


def test_page_when_opened_then_its_inline_script_carries_the_nonce(
    toy: Toy, client: FlaskClient
) -> None:
    answer = client.get("/")
    inline = re.findall(r"<script(?![^>]*src=)([^>]*)>", answer.text)
    (nonce,) = {re.search(r'nonce="([^"]+)"', tag)[1] for tag in inline}  # type: ignore[index]
    assert f"'nonce-{nonce}'" in answer.headers["Content-Security-Policy"]


def test_page_when_filtered_without_a_script_then_the_others_are_hidden(
    db: Session, toy: Toy, client: FlaskClient
) -> None:
    add(db, toy, "TO-2026-0001", due_at=recent(1))
    add(db, toy, "TO-2026-0002")
    page = client.get("/?filtre=retard").text
    shown = re.findall(r'data-code="(TO-[^"]+)"[^>]*data-filters="[^"]*"(?! hidden)>', page)
    assert shown == ["TO-2026-0001"]
    assert client.get("/?filtre=nimporte&liste=quoi").status_code == 200


def test_page_when_much_is_open_then_what_was_done_is_still_listed(
    db: Session, toy: Toy, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(map_page, "MOST_LISTED", 2)
    for number in (1, 2, 3):
        add(db, toy, f"TO-2026-000{number}", due_at=recent(-number))
    add(db, toy, "TO-2026-0004", status=Status.RESOLVED, settled_at=recent(5))
    page = client.get("/").text
    assert listed(page) == {"TO-2026-0001", "TO-2026-0002", "TO-2026-0004"}
    assert "Les 2 plus pressants" in page


def test_page_when_searched_without_a_script_then_links(toy: Toy, client: FlaskClient) -> None:
    page = client.get("/?q=ouestville").text
    assert 'href="/carte/fiches/commune/92901"' in page
    assert "Aucun lieu de ce nom" in client.get("/?q=zzzzzz").text


def test_page_when_rows_grow_then_same_number_of_statements(
    db: Session, toy: Toy, client: FlaskClient, app_engine: Engine, count_queries: QueryCounter
) -> None:
    add(db, toy, "TO-2026-0001")
    client.get("/")
    with count_queries(app_engine) as few:
        client.get("/")
    for n in range(2, 40):
        make_signalement(db, toy, reference=f"TO-2026-{n:04}", due_at=recent(-1))
    db.commit()
    with count_queries(app_engine) as many:
        client.get("/")
    assert len(many) == len(few) <= 10


def test_names_when_they_hold_code_then_escaped_everywhere(
    db: Session, toy: Toy, client: FlaskClient
) -> None:
    db.execute(update(Iris).where(Iris.code == "929010101").values(name=PLANTED))
    db.add(
        Operation(
            territory_id=toy.territory.id,
            code="OP-1",
            insee_code="92901",
            title=PLANTED,
            theme="education",
            location="SRID=4326;POINT(2.299 48.781)",
            position_quality="approximate",
        )
    )
    db.commit()
    for path in ("/", "/?q=ecole", "/carte/fiches/iris/929010101", "/carte/fiches/operation/OP-1"):
        page = client.get(path).text
        assert "alert(1)&lt;/script&gt;" in page, path
        assert "<script>alert" not in page, path
        scripts = re.findall(r"<script[^>]*>(.*?)</script>", page, re.DOTALL)
        assert all("${1+1}" not in script and "`" not in script for script in scripts), path
    layer = json.loads(client.get("/carte/couches/operations.geojson").data)
    assert layer["features"][0]["properties"]["name"] == PLANTED


@pytest.mark.parametrize("key", sorted(MAP_LAYERS))
def test_layer_when_asked_then_geojson_with_a_strong_etag(
    toy: Toy, client: FlaskClient, key: str
) -> None:
    answer = client.get(f"/carte/couches/{key}.geojson")
    assert answer.status_code == 200
    assert answer.mimetype == "application/geo+json"
    assert answer.headers["Cache-Control"] == "public, no-cache"
    assert json.loads(answer.data)["type"] == "FeatureCollection"
    tag, weak = answer.get_etag()
    assert tag
    assert not weak
    again = client.get(f"/carte/couches/{key}.geojson", headers={"If-None-Match": f'"{tag}"'})
    assert again.status_code == 304
    assert again.data == b""


def test_layer_when_data_changes_then_another_etag_and_the_new_data(
    db: Session, toy: Toy, client: FlaskClient
) -> None:
    before = client.get("/carte/couches/iris.geojson")
    db.execute(update(Iris).where(Iris.code == "929010101").values(name="Autre nom"))
    db.execute(
        text(
            "insert into data_version (family) values ('places')"
            " on conflict (family) do update set version = data_version.version + 1"
        )
    )
    db.commit()
    after = client.get(
        "/carte/couches/iris.geojson", headers={"If-None-Match": before.headers["ETag"]}
    )
    assert after.status_code == 200
    assert "Autre nom" in after.text


def test_layer_when_the_reader_takes_gzip_then_compressed_under_its_own_etag(
    toy: Toy, client: FlaskClient
) -> None:
    plain = client.get("/carte/plan.svg")
    zipped = client.get("/carte/plan.svg", headers={"Accept-Encoding": "gzip"})
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in zipped.headers["Vary"]
    assert gzip.decompress(zipped.data) == plain.data
    assert zipped.headers["ETag"] != plain.headers["ETag"]


def test_layer_when_unknown_then_not_found(toy: Toy, client: FlaskClient) -> None:
    assert client.get("/carte/couches/secrets.geojson").status_code == 404


def test_signalements_when_settled_long_ago_then_off_the_map(
    db: Session, toy: Toy, client: FlaskClient
) -> None:
    add(db, toy, "TO-2026-0001")
    add(db, toy, "TO-2026-0002", status=Status.RESOLVED, settled_at=recent(59))
    add(db, toy, "TO-2026-0003", status=Status.CLOSED, settled_at=recent(61))
    add(
        db, toy, "TO-2026-0004", status=Status.CLOSED, outcome=Outcome.NO_ACTION,
        settled_at=recent(1),
    )  # fmt: skip
    assert references(client) == {"TO-2026-0001", "TO-2026-0002"}
    assert references(client, "?etat=ouverts") == {"TO-2026-0001"}
    assert references(client, "?etat=resolus") == {"TO-2026-0002"}


def test_signalements_when_the_clock_is_stopped_then_never_late(
    db: Session, toy: Toy, client: FlaskClient
) -> None:
    add(db, toy, "TO-2026-0001", due_at=recent(1))
    add(db, toy, "TO-2026-0002", due_at=recent(1), status=Status.WAITING, waiting_on="un tiers")
    features = json.loads(client.get("/carte/signalements.geojson").data)["features"]
    late = {f["properties"]["reference"]: f["properties"]["late"] for f in features}
    assert late == {"TO-2026-0001": True, "TO-2026-0002": False}


def test_signalements_when_a_box_is_given_then_only_what_lies_in_it(
    db: Session, toy: Toy, client: FlaskClient
) -> None:
    add(db, toy, "TO-2026-0001", point=IN_QUARTER_WEST)
    add(db, toy, "TO-2026-0002", point=IN_QUARTER_EAST)
    assert references(client, "?bbox=2.28,48.77,2.2999,48.79") == {"TO-2026-0001"}
    for wrong in ("1,2,3", "a,b,c,d", "3,48,2,49", "2,48,nan,49"):
        assert client.get(f"/carte/signalements.geojson?bbox={wrong}").status_code == 400


def test_signalements_when_more_than_one_answer_holds_then_says_so(
    db: Session, toy: Toy, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(db, toy, "TO-2026-0001", due_at=recent(-1))
    assert json.loads(client.get("/carte/signalements.geojson").data)["truncated"] is False
    add(db, toy, "TO-2026-0002", due_at=recent(1))
    monkeypatch.setattr("qpvmap.web.map_data.MOST_ON_MAP", 1)
    answer = json.loads(client.get("/carte/signalements.geojson").data)
    assert answer["truncated"] is True
    assert [f["properties"]["reference"] for f in answer["features"]] == ["TO-2026-0002"]


def test_signalements_when_sent_then_neither_author_nor_text(
    db: Session, toy: Toy, client: FlaskClient
) -> None:
    author = make_account(db, toy, Role.RESIDENT)
    add(
        db,
        toy,
        "TO-2026-0001",
        reporter_id=author.id,
        description="Appelez Camille",
    )
    answer = client.get("/carte/signalements.geojson")
    (feature,) = json.loads(answer.data)["features"]
    assert set(feature["properties"]) == {"reference", "name", "status", "late", "confidential"}
    assert "Camille" not in answer.text
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert "Cookie" in answer.headers["Vary"]
    for path in ("/", "/carte/fiches/signalement/TO-2026-0001"):
        assert author.email not in client.get(path).text
        assert author.name not in client.get(path).text


WHO_SEES: dict[str, tuple[Role | None, tuple[str, ...], bool]] = {
    "nobody signed in": (None, (), False),
    "resident": (Role.RESIDENT, (), False),
    "agent of another team": (Role.AGENT, ("technique-est",), False),
    "agent of the team": (Role.AGENT, ("police",), True),
    "planner": (Role.PLANNER, (), False),
    "administrator": (Role.ADMIN, (), False),
    "mediator": (Role.MEDIATOR, ("coordination",), True),
    "coordinator": (Role.COORDINATOR, ("coordination",), True),
}


@pytest.mark.parametrize("who", WHO_SEES)
def test_confidential_when_read_by_each_then_only_those_who_must_act_see_it(
    db: Session, toy: Toy, client: FlaskClient, who: str
) -> None:
    role, teams, sees = WHO_SEES[who]
    add(db, toy, "TO-2026-0001")
    add(db, toy, "TO-2026-0002", category="rixe", team="police", due_at=recent(1))
    if role:
        account: Account = make_account(db, toy, role, *teams)
        db.commit()
        sign_in(client, account)
    page = client.get("/").text
    expected = {"TO-2026-0001", "TO-2026-0002"} if sees else {"TO-2026-0001"}
    assert listed(page) == expected
    assert references(client) == expected
    assert ("1 en retard" in page) is sees
    card = client.get("/carte/fiches/signalement/TO-2026-0002")
    assert card.status_code == (200 if sees else 404)
    found = client.get("/lieux?q=TO-2026-0002").get_json()["results"]
    assert [place["code"] for place in found] == (["TO-2026-0002"] if sees else [])


def test_signalements_when_of_another_territory_then_kept_apart(
    db: Session, toy: Toy, client: FlaskClient
) -> None:
    other = make_territory(db, "ailleurs", "AI")
    add(db, other, "AI-2026-0001")
    add(db, toy, "TO-2026-0001")
    assert references(client) == {"TO-2026-0001"}
    assert client.get("/carte/fiches/signalement/AI-2026-0001").status_code == 404
    assert client.get("/lieux?q=AI-2026-0001").get_json()["results"] == []


def test_card_when_asked_as_a_part_then_the_article_alone(toy: Toy, client: FlaskClient) -> None:
    part = client.get("/carte/fiches/qpv/QN09299X?partie=fiche").text
    assert "<html" not in part
    assert 'class="fiche' in part
    assert "Les Deux Rives" in part
    assert "50,0\u202f%" in part
    assert "<html" in client.get("/carte/fiches/qpv/QN09299X").text


@pytest.mark.parametrize(
    "path",
    [
        "quartier/QN09299X",
        "iris/000000000",
        "commune/75056",
        "operation/x",
        "equipement/1'--",
        "signalement/x",
    ],
)
def test_card_when_there_is_none_then_not_found(toy: Toy, client: FlaskClient, path: str) -> None:
    assert client.get(f"/carte/fiches/{path}").status_code == 404


def test_plan_when_no_script_runs_then_a_drawing(toy: Toy, client: FlaskClient) -> None:
    answer = client.get("/carte/plan.svg")
    assert answer.status_code == 200
    assert answer.mimetype == "image/svg+xml"
    assert "Estville" in answer.text


def test_list_when_the_reference_is_cut_from_an_address_then_it_leads_to_the_map_s(
    client: FlaskClient,
) -> None:
    answer = client.get("/signalements")
    assert (answer.status_code, answer.location) == (303, "/?liste=signalements")
    assert "Se connecter" in client.get("/signalements/NON-2026-0001").text
