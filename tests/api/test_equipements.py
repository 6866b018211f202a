"""Equipment for programs: filters, pages, GeoJSON, refusals, and one place once."""

import pytest
from geoalchemy2 import WKTElement
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from qpvmap.storage.models import Equipment, EquipmentMatch, Territory
from qpvmap.storage.session import transaction
from tests.api.conftest import Call
from tests.conftest import QueryCounter


def test_list_when_asked_then_the_nearest_first_and_paged(ask: Call) -> None:
    first = ask().get("/equipements?page_size=5").json
    second = ask().get("/equipements?page_size=5&page=2").json
    assert first and second
    distances = [item["distance_m"] for item in (*first["items"], *second["items"])]
    assert distances == sorted(distances)
    assert len({item["id"] for item in (*first["items"], *second["items"])}) == 10
    assert 'rel="next"' in ask().get("/equipements?page_size=5").headers["Link"]


def test_list_when_filtered_then_only_what_fits(ask: Call) -> None:
    everything = ask().get("/equipements?page_size=100").json["items"]
    some = ask().get("/equipements?theme=transport&commune=92007&page_size=100").json["items"]
    assert some
    assert all((i["theme"], i["insee_code"]) == ("transport", "92007") for i in some)
    assert len(some) < len(everything)
    name = some[0]["name"]
    found = ask().get("/equipements", query_string={"q": name.upper()}).json["items"]
    assert name in [item["name"] for item in found]
    assert ask().get("/equipements?bbox=5,45,5.1,45.1").json["items"] == []


def test_list_when_geojson_is_wanted_then_points(ask: Call) -> None:
    answer = ask().get("/equipements?page_size=3", headers={"Accept": "application/geo+json"})
    assert answer.mimetype == "application/geo+json"
    assert answer.json
    assert [f["geometry"]["type"] for f in answer.json["features"]] == ["Point"] * 3


@pytest.mark.parametrize("query", ["bbox=1,2,3", "page=0", "page_size=1000", "inconnu=1"])
def test_list_when_asked_wrongly_then_refused(ask: Call, query: str) -> None:
    assert ask().get(f"/equipements?{query}").status_code == 422


def test_list_when_two_are_said_to_be_one_then_once_and_still_one_query(
    call: Call, app_engine: Engine, count_queries: QueryCounter
) -> None:
    with transaction(app_engine) as session:
        ids = twins(session)
    names = [i["name"] for i in call().get("/equipements?q=Gymnase Jumeau").json["items"]]
    assert len(names) == 2
    with transaction(app_engine) as session:
        session.add(
            EquipmentMatch(
                territory_id=session.scalars(select(Territory.id)).one(),
                first_id=ids[0],
                second_id=ids[1],
                distance_m=3,
                similarity=1,
                state="same",
            )
        )
    with count_queries(app_engine) as queries:
        again = call().get("/equipements?q=Gymnase Jumeau").json["items"]
    assert [item["id"] for item in again] == [ids[0]]
    assert len([query for query in queries if "from equipment" in query]) == 1


def twins(session: Session) -> list[int]:
    rows = [
        Equipment(
            source=source,
            source_key="1",
            vintage=2026,
            name="Gymnase Jumeau",
            theme="sport",
            kind="sport",
            insee_code="92007",
            location=WKTElement("POINT(2.3026 48.7879)", srid=4326),
        )
        for source in ("un", "deux")
    ]
    session.add_all(rows)
    session.flush()
    return [row.id for row in rows]
