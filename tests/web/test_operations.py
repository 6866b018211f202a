"""The investment plan: what it says of a place it is not sure of, and who may correct it."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from geoalchemy2.functions import ST_X, ST_Y
from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Role
from qpvmap.core.geo import LonLat
from qpvmap.storage.models import Account, DataVersion, Operation
from qpvmap.storage.session import transaction
from qpvmap.usecases.territory import load_territory
from tests.conftest import NOW
from tests.web.people import add_person, sign_in

HERE = "/operations/SCX-04"
ELSEWHERE = {"lat": "48,783700", "lon": "2,304200"}


@pytest.fixture
def engine_of_app(app: Any, blagis: str) -> Any:
    return app.extensions["qpvmap"].engine


@pytest.fixture
def planner(engine_of_app: Any) -> Account:
    return add_person(engine_of_app, Role.PLANNER)


def stored(engine: Any) -> tuple[LonLat, str, int]:
    with Session(engine) as session:
        lon, lat, quality, version = session.execute(
            select(
                ST_X(Operation.location),
                ST_Y(Operation.location),
                Operation.position_quality,
                Operation.version,
            ).where(Operation.code == "SCX-04")
        ).one()
    return LonLat(round(lon, 6), round(lat, 6)), quality, version


def send(client: FlaskClient, page: str, **fields: str) -> Any:
    hidden = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page)
    return client.post(HERE, data={**dict(hidden), **ELSEWHERE, **fields})


def test_plan_lists_the_22_operations_by_commune_and_says_what_is_approximate(
    client: FlaskClient, blagis: str
) -> None:
    page = client.get("/operations").text
    assert page.count('data-kind="operation"') == 22
    headings = re.findall(r'id="commune-\d">([^<]+) <', page)
    assert headings == ["Bagneux", "Bourg-la-Reine", "Fontenay-aux-Roses", "Sceaux"]
    assert page.count("Lieu approximatif") == 22
    assert "Végétalisation de la place des Ailantes" in page
    assert "Plus Petit Cirque du Monde" in page


def test_operation_for_anybody_is_read_only(client: FlaskClient, blagis: str) -> None:
    page = client.get(HERE).text
    assert "Végétalisation de la place des Ailantes" in page
    assert "Lieu approximatif&nbsp;: posé de façon plausible" in page
    assert "data-move-form" not in page


def test_operation_that_is_not_there_says_so(client: FlaskClient, blagis: str) -> None:
    assert client.get("/operations/SCX-99").status_code == 404


def test_planner_s_place_is_kept_and_becomes_exact(
    client: FlaskClient, engine_of_app: Any, planner: Account
) -> None:
    sign_in(client, planner)
    answer = send(client, client.get(HERE).text)
    assert answer.status_code == 303
    assert stored(engine_of_app) == (LonLat(2.3042, 48.7837), "exact", 2)
    page = client.get(HERE).text
    assert "Lieu enregistré" in page
    assert "Lieu approximatif" not in page
    with Session(engine_of_app) as session:
        assert session.scalar(select(DataVersion.version).where(DataVersion.family == "operations"))
    with transaction(engine_of_app) as session:
        load_territory(session, "blagis", NOW)
    assert stored(engine_of_app)[1:] == ("exact", 2)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"lat": "nord"}, "Latitude illisible"),
        ({"lon": "inf"}, "Longitude illisible"),
        ({"lat": "", "lon": ""}, "Longitude illisible"),
        ({"lat": "45.0", "lon": "5.0"}, "hors"),
        ({"version": "x"}, "Rechargez la page"),
    ],
)
def test_place_that_makes_no_sense_is_refused_and_given_back(
    client: FlaskClient, engine_of_app: Any, planner: Account, fields: dict[str, str], words: str
) -> None:
    sign_in(client, planner)
    before = stored(engine_of_app)
    answer = send(client, client.get(HERE).text, **fields)
    assert answer.status_code == 422
    assert words in answer.text
    assert f'value="{fields.get("lat", ELSEWHERE["lat"])}"' in answer.text
    assert stored(engine_of_app) == before


def test_place_after_somebody_else_s_is_refused_and_kept_in_the_form(
    client: FlaskClient, engine_of_app: Any, planner: Account
) -> None:
    sign_in(client, planner)
    stale = client.get(HERE).text
    send(client, stale)
    answer = send(client, stale, lat="48.7840")
    assert answer.status_code == 409
    assert "vient de modifier cette opération" in answer.text
    assert 'value="48.7840"' in answer.text
    assert stored(engine_of_app)[0].lat == 48.7837
    assert send(client, answer.text, lat="48.7840").status_code == 303


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.MEDIATOR, 403),
        (Role.AGENT, 403),
        (Role.LEAD, 403),
        (Role.ADMIN, 403),
        (Role.COORDINATOR, 303),
    ],
)
def test_place_by_other_roles_is_refused_but_for_the_coordination(
    client: FlaskClient, engine_of_app: Any, planner: Account, role: Role, status: int
) -> None:
    page = sign_in(client, planner).get(HERE).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    other = add_person(engine_of_app, role)
    with client.session_transaction() as cookie:
        cookie["_user_id"] = other.fs_uniquifier
    data = {**ELSEWHERE, "version": "1", "csrf_token": token[1] if token else ""}
    assert client.post(HERE, data=data).status_code == status
    assert (stored(engine_of_app)[2] == 2) == (status == 303)


def test_equipment_page_lists_what_the_map_shows(client: FlaskClient, blagis: str) -> None:
    page = client.get("/equipements").text
    assert page.count('data-kind="equipement"') > 10
    assert "Transport" in page
