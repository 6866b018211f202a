"""The pages of equipment: list, coverage, what waits, what may be one; few queries."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from geoalchemy2 import WKTElement
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from qpvmap.core.actors import Role
from qpvmap.storage.equipment import Wanted, equipment_of, find_matches, theme_counts
from qpvmap.storage.models import Equipment, EquipmentMatch, Territory, UnplacedEquipment
from tests.api.test_equipements import twins
from tests.conftest import QueryCounter
from tests.web.people import add_person, sign_in

WAITING = {"name": "Salle perdue", "theme": "culture", "kind": "culture", "extra": {}}


@pytest.fixture
def engine(app: Any, blagis: str) -> Engine:
    found: Engine = app.extensions["qpvmap"].engine
    return found


@pytest.fixture
def db(engine: Engine) -> Iterator[Session]:
    with Session(engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def keeper(client: FlaskClient, engine: Engine) -> FlaskClient:
    return sign_in(client, add_person(engine, Role.PLANNER))


def send(client: FlaskClient, page: str, path: str, **fields: str) -> Any:
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page).text)
    assert token
    return client.post(path, data={"csrf_token": token[1], **fields})


def names(page: str) -> list[str]:
    return re.findall(r"<h3><a [^>]+>([^<]+)</a></h3>", page)


def territory_id(db: Session) -> int:
    return db.scalars(select(Territory.id)).one()


def test_list_when_filtered_then_only_what_fits_and_hours_are_told(
    client: FlaskClient, db: Session
) -> None:
    row = db.get_one(Equipment, twins(db)[0])
    row.opening_hours, row.access, row.position_quality = "24/7", "yes", "address"
    db.commit()
    page = client.get("/equipements?theme=sport&q=jumeau").text
    assert names(page) == ["Gymnase Jumeau", "Gymnase Jumeau"]
    assert "Ouvert · Accessible en fauteuil · lieu trouvé par son adresse" in page
    card = client.get(f"/carte/fiches/equipement/{row.id}").text
    assert "<dd>Ouvert</dd>" in card
    assert "<dd>Lieu trouvé par son adresse</dd>" in card
    assert "Aucun équipement avec ces filtres" in client.get("/equipements?q=hippopotame").text
    assert names(client.get("/equipements?theme=nimporte&commune=x").text)


def test_list_when_read_then_few_queries(
    client: FlaskClient, engine: Engine, blagis: str, count_queries: QueryCounter
) -> None:
    client.get("/equipements")
    with count_queries(engine) as queries:
        client.get("/equipements?theme=transport")
    assert len(queries) <= 4


def test_list_when_there_are_thousands_then_the_nearest_and_how_many_in_no_time(
    client: FlaskClient, engine: Engine, db: Session
) -> None:
    db.add_all(
        Equipment(
            source="beaucoup",
            source_key=str(number),
            vintage=2026,
            name=f"Lieu {number}",
            theme="shop",
            kind="commerce",
            insee_code="92007",
            location=WKTElement(
                f"POINT({2.29 + number % 50 / 2000} {48.78 + number // 50 / 4000})", srid=4326
            ),
        )
        for number in range(2000)
    )
    db.commit()
    with engine.connect() as connection:
        connection.execute(text("set statement_timeout = '10s'"))
        with Session(connection) as session:
            assert len(equipment_of(session, territory_id(db), Wanted(), limit=300)) == 300
            assert sum(theme_counts(session, territory_id(db)).values()) > 2000
    page = client.get("/equipements").text
    assert re.search(r"Les 300 lieux les plus proches du quartier, sur 2.\d\d\d", page)


def test_coverage_when_read_then_compares_and_says_how(
    client: FlaskClient, engine: Engine, blagis: str, count_queries: QueryCounter
) -> None:
    page = client.get("/equipements/couverture?theme=transport").text
    assert "Transport, commune par commune" in page
    assert all(town in page for town in ("Bagneux", "Sceaux", "Bourg-la-Reine"))
    assert "à vol d’oiseau allongé de 30" in page
    with count_queries(engine) as again:
        client.get("/equipements/couverture")
    assert not any("squaregrid" in query for query in again)


@pytest.mark.parametrize("path", ["/equipements/a-placer", "/equipements/doublons"])
@pytest.mark.parametrize("role", [Role.RESIDENT, Role.MEDIATOR, Role.AGENT, Role.LEAD, Role.ADMIN])
def test_review_for_others_is_refused(
    client: FlaskClient, engine: Engine, role: Role, path: str
) -> None:
    sign_in(client, add_person(engine, role))
    assert client.get(path).status_code == 403
    assert "À placer" not in client.get("/equipements").text


def test_waiting_when_placed_then_in_the_list_and_what_is_wrong_is_kept(
    keeper: FlaskClient, db: Session
) -> None:
    values = {**WAITING, "source": "Liste", "source_key": "salle", "vintage": 2026}
    row = UnplacedEquipment(
        territory_id=territory_id(db),
        source="Liste",
        source_key="salle",
        values=values,
        address="quelque part",
    )
    db.add(row)
    db.commit()
    here = "/equipements/a-placer"
    assert "Salle perdue" in keeper.get(here).text
    wrong = send(keeper, here, f"{here}/{row.id}", lat="ici", lon="2,3")
    assert wrong.status_code == 422
    assert 'value="ici"' in wrong.text
    far = send(keeper, here, f"{here}/{row.id}", lat="45", lon="5")
    assert far.status_code == 422
    assert "hors des villes" in far.text
    assert send(keeper, here, f"{here}/{row.id}", lat="48,7879", lon="2,3026").status_code == 303
    assert names(keeper.get("/equipements?q=perdue").text) == ["Salle perdue"]
    assert send(keeper, "/equipements/doublons", f"{here}/{row.id}").status_code == 422
    assert send(keeper, "/equipements/doublons", f"{here}/{row.id}/ecarter").status_code == 404


def test_twins_when_said_to_be_one_then_shown_once_on_the_list_and_the_map(
    keeper: FlaskClient, db: Session
) -> None:
    twins(db)
    assert find_matches(db, territory_id(db)) == 1
    db.commit()
    here = "/equipements/doublons"
    assert "Gymnase Jumeau" in keeper.get(here).text
    match = db.scalars(select(EquipmentMatch)).one()
    assert send(keeper, here, f"{here}/{match.id}/un-seul").status_code == 303
    assert names(keeper.get("/equipements?q=jumeau").text) == ["Gymnase Jumeau"]
    assert keeper.get("/carte/couches/equipements.geojson").text.count("Gymnase Jumeau") == 1
    assert "Rien à rapprocher" in keeper.get(here).text
    assert send(keeper, here, f"{here}/{match.id}/deux").status_code == 303
    assert len(names(keeper.get("/equipements?q=jumeau").text)) == 2
    assert send(keeper, here, here).status_code == 303
