"""Filing, listing, reading and moving signalements by program, on the pilot territory."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, func, select

from qpvmap.core.actors import ANONYMOUS
from qpvmap.core.deadlines import PARIS
from qpvmap.core.signalements import Submission
from qpvmap.storage.models import Signalement
from qpvmap.storage.session import transaction
from qpvmap.storage.signalements import territory_by_code
from qpvmap.usecases.signalements import submit
from tests.api.conftest import IN_QUARTER, Call
from tests.conftest import NOW, QueryCounter

FILED = {
    "id",
    "reference",
    "status",
    "category",
    "team",
    "due_at",
    "commune",
    "iris",
    "qpv",
    "version",
}
AUTHOR_WORDS = ("Camille", "Médiatrice", "mediatrice@test.example", "reporter_id")


def rows(engine: Engine) -> int:
    with transaction(engine) as session:
        return session.scalar(select(func.count()).select_from(Signalement)) or 0


def file_many(engine: Engine, count: int) -> None:
    """File `count` signalements without going through the door."""
    with transaction(engine) as session:
        territory = territory_by_code(session, "blagis")
        assert territory
        for _ in range(count):
            fields = {"client_id": uuid4(), "category": "voirie", **IN_QUARTER}
            submit(session, ANONYMOUS, territory, Submission.model_validate(fields), NOW)


def test_post_when_valid_then_201_with_reference_team_and_promise(call: Call) -> None:
    answer = call("mediator").file(accuracy_m=12)
    assert answer.status_code == 201
    filed = answer.json
    assert set(filed) >= FILED
    assert filed["status"] == "new"
    assert filed["version"] == 1
    assert set(filed["team"]) >= {"code", "name"}
    assert filed["qpv"]["code"] == "QN09219N"
    assert datetime.fromisoformat(filed["due_at"]).tzinfo is not None
    assert answer.headers["Location"] == f"/api/v1/signalements/{filed['reference']}"
    assert call().get(f"/signalements/{filed['reference']}").status_code == 200


def test_post_when_same_client_id_then_200_and_the_first(call: Call, app_engine: Engine) -> None:
    mediator, key = call("mediator"), str(uuid4())
    first = mediator.file(client_id=key)
    again = mediator.file(client_id=key, description="Autre texte", category="tags", lon=2.31)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json == first.json
    assert again.headers["Location"] == first.headers["Location"]
    assert rows(app_engine) == 1


def test_post_when_eight_at_once_with_one_client_id_then_one_row(
    call: Call, app_engine: Engine
) -> None:
    key, callers = str(uuid4()), [call("mediator") for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda caller: caller.file(client_id=key), callers))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json["reference"] for answer in answers}) == 1
    assert rows(app_engine) == 1


def test_post_when_another_persons_client_id_then_403_and_nothing_told(call: Call) -> None:
    key = str(uuid4())
    reference = call("mediator").file(client_id=key, category="rixe").json["reference"]
    answer = call("police").file(client_id=key)
    assert answer.status_code == 403
    assert reference not in answer.text


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"lon": None}, "#/lon"),
        ({"lon": "2.3"}, "#/lon"),
        ({"lat": 91}, "#/lat"),
        ({"category": "licorne"}, "#/category"),
        ({"client_id": "42"}, "#/client_id"),
        ({"description": "x" * 2001}, "#/description"),
        ({"description": "nul \x00"}, "#"),
        ({"captured_at": "2026-11-22T10:00:00"}, "#/captured_at"),
        ({"colour": "red"}, "#/colour"),
    ],
)
def test_post_when_a_field_is_wrong_then_422_points_at_it(
    ask: Call, fields: dict[str, Any], pointer: str
) -> None:
    answer = ask("mediator").file(**fields)
    assert answer.status_code == 422
    assert answer.json["type"] == "/api/v1/problems/champs-invalides"
    [fault] = answer.json["errors"]
    assert fault["pointer"] == pointer
    assert fault["detail"]
    assert ask("coordinator").get("/signalements?count=1").json["total"] == 0


def test_post_when_out_of_the_territory_then_422(ask: Call) -> None:
    answer = ask("mediator").file(lon=5.0, lat=45.0)
    assert answer.status_code == 422
    assert answer.json["type"] == "/api/v1/problems/hors-territoire"


def test_post_when_nature_is_not_theirs_then_403(call: Call) -> None:
    assert call("planner").file(category="rixe").status_code == 403
    assert call("planner").file(category="voirie").status_code == 201


def test_categories_when_asked_then_only_those_the_caller_may_file(ask: Call) -> None:
    public = ask().get("/categories").json["items"]
    mediator = ask("mediator").get("/categories").json["items"]
    assert {item["nature"] for item in public} == {"technique"}
    assert {item["code"] for item in mediator} - {item["code"] for item in public} == {
        "rassemblement",
        "degradation",
        "trafic",
        "squat",
        "rixe",
    }
    assert set(public[0]) == {
        "code",
        "name",
        "hint",
        "icon",
        "nature",
        "acknowledge_days",
        "resolve_days",
    }


def test_list_when_filtered_then_only_what_fits(call: Call) -> None:
    mediator = call("mediator")
    road = mediator.file().json
    tag = mediator.file(category="tags").json

    def found(**query: Any) -> list[str]:
        items = call().get("/signalements", query_string=query).json["items"]
        return [item["reference"] for item in items]

    both = [tag["reference"], road["reference"]]
    assert found() == both
    assert found(category="tags") == [tag["reference"]]
    assert found(category="tags,voirie") == both
    assert found(category=["tags", "voirie"]) == both
    assert found(team=road["team"]["code"], category="voirie") == [road["reference"]]
    assert found(status="resolved") == []
    assert found(status="new,resolved") == both
    assert found(qpv="QN09219N") == both
    assert found(qpv="QN00000X") == []
    assert found(bbox="2.30,48.78,2.31,48.79") == both
    assert found(bbox="2.0,48.0,2.1,48.1") == []
    day = datetime.fromisoformat(road["created_at"]).astimezone(PARIS).date().isoformat()
    assert found(since=day, until=day) == both
    assert found(since="2100-01-01") == []
    assert found(until="2000-01-01T00:00:00+01:00") == []
    assert found(since=road["created_at"]) == both
    assert found(since="2026-01-01T00:00:00+01:00") == both
    assert found(category="", status="") == both
    assert call().get("/signalements?until=2000-01-01T00:00:00+01:00").json["items"] == []


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("bbox=1,2,3", "bbox"),
        ("bbox=3,48,2,49", "bbox"),
        ("bbox=a,b,c,d", "bbox"),
        ("status=lost", "status"),
        ("since=hier", "since"),
        ("since=2026-11-22T10:00:00", "since"),
        ("since=1700000000", "since"),
        ("page=0", "page"),
        ("page_size=101", "page_size"),
        ("couleur=rouge", "couleur"),
    ],
)
def test_list_when_a_filter_is_wrong_then_422_names_it(
    ask: Call, query: str, parameter: str
) -> None:
    answer = ask().get(f"/signalements?{query}")
    assert answer.status_code == 422
    [fault] = answer.json["errors"]
    assert fault["parameter"] == parameter


def test_list_when_followed_by_its_links_then_each_row_comes_once(call: Call) -> None:
    mediator = call("mediator")
    filed = [mediator.file().json["reference"] for _ in range(5)]
    seen, path = [], "/api/v1/signalements?page_size=2&count=true&category=voirie"
    while path:
        answer = mediator.client.get(path)
        assert answer.json["total"] == 5
        seen += [item["reference"] for item in answer.json["items"]]
        links = {
            link.split('rel="')[1][:-1]: link[1 : link.index(">")]
            for link in answer.headers["Link"].split(", ")
        }
        path = links.get("next")
    assert seen == filed[::-1]
    assert set(links) == {"first", "prev"}


def test_list_when_geojson_is_accepted_then_a_feature_collection(call: Call) -> None:
    filed = call("mediator").file(accuracy_m=8).json
    answer = call().get("/signalements", headers={"Accept": "application/geo+json"})
    assert answer.content_type == "application/geo+json"
    assert "Accept" in answer.vary
    assert "Authorization" in answer.vary
    [feature] = answer.json["features"]
    assert answer.json["type"] == "FeatureCollection"
    assert feature["id"] == filed["id"]
    assert feature["geometry"] == {"type": "Point", "coordinates": [2.30302, 48.78411]}
    assert feature["properties"]["reference"] == filed["reference"]
    for accepted in ("application/json", "*/*", "text/html", ""):
        other = call().get("/signalements", headers={"Accept": accepted})
        assert other.content_type == "application/json"


def test_list_when_it_is_long_then_it_costs_as_many_statements(
    call: Call, app_engine: Engine, count_queries: QueryCounter
) -> None:
    mediator, costs = call("mediator"), []
    for wanted in (1, 60):
        file_many(app_engine, wanted - rows(app_engine))
        with count_queries(app_engine) as statements:
            answer = mediator.get("/signalements?page_size=100&count=1")
        assert len(answer.json["items"]) == wanted
        costs.append(len(statements))
    assert costs[0] == costs[1]


@pytest.mark.parametrize("person", [None, "planner", "roads", "sceaux", "police"])
def test_tranquillite_when_not_theirs_then_nowhere_to_be_found(
    call: Call, person: str | None
) -> None:
    reference = call("mediator").file(category="rixe", description="Secret").json["reference"]
    caller = call(person)
    listed = caller.get("/signalements?count=1")
    assert (listed.json["items"], listed.json["total"]) == ([], 0)
    assert caller.get("/signalements?category=rixe&count=1").json["total"] == 0
    features = caller.get("/signalements", headers={"Accept": "application/geo+json"})
    assert features.json["features"] == []
    one = caller.get(f"/signalements/{reference}")
    unknown = caller.get("/signalements/BL-1999-0001")
    assert one.status_code == unknown.status_code == 404
    assert one.text.replace(reference, "BL-1999-0001") == unknown.text


@pytest.mark.parametrize("person", ["mediator", "coordinator", "sceaux_police"])
def test_tranquillite_when_theirs_then_seen(call: Call, person: str) -> None:
    reference = call("mediator").file(category="rixe").json["reference"]
    assert call(person).get(f"/signalements/{reference}").status_code == 200
    assert call(person).get("/signalements?count=1").json["total"] == 1


def test_one_when_read_by_a_stranger_then_no_author(call: Call) -> None:
    reference = call("mediator").file().json["reference"]
    for person in (None, "roads", "planner"):
        answer = call(person).get(f"/signalements/{reference}")
        assert answer.status_code == 200
        assert not any(word in answer.text for word in AUTHOR_WORDS)
        assert answer.json["allowed"] == []
        assert answer.json["history"][0]["organisation"] is None
    listed = call().get("/signalements")
    assert not any(word in listed.text for word in AUTHOR_WORDS)


@pytest.mark.parametrize("person", ["coordinator", "sceaux"])
def test_one_when_read_by_those_who_handle_it_then_with_its_author(call: Call, person: str) -> None:
    reference = call("mediator").file().json["reference"]
    body = call(person).get(f"/signalements/{reference}").json
    assert body["reporter"] == "Camille Médiatrice"
    assert body["history"][0]["name"] == "Camille Médiatrice"
    assert "acknowledged" in body["allowed"]


def test_transitions_when_the_team_works_then_each_step_is_in_the_history(call: Call) -> None:
    reference = call("mediator").file().json["reference"]
    agent = call("sceaux")
    for version, (to, comment) in enumerate(
        [("acknowledged", ""), ("in_progress", ""), ("resolved", "Réparé ce matin.")], start=1
    ):
        answer = agent.post(
            f"/signalements/{reference}/transitions",
            {"to": to, "comment": comment, "version": version},
        )
        assert answer.status_code == 200, answer.text
        assert (answer.json["status"], answer.json["version"]) == (to, version + 1)
    history = call().get(f"/signalements/{reference}").json["history"]
    assert [line["to_status"] for line in history] == [
        "new",
        "acknowledged",
        "in_progress",
        "resolved",
    ]
    assert history[-1]["comment"] == "Réparé ce matin."


def test_history_when_read_by_its_author_then_the_body_that_handled_without_a_name(
    call: Call,
) -> None:
    reference = call("mediator").file().json["reference"]
    move = {"to": "acknowledged", "version": 1}
    call("sceaux").post(f"/signalements/{reference}/transitions", move)
    names = {
        person: [
            line["name"] for line in call(person).get(f"/signalements/{reference}").json["history"]
        ]
        for person in ("mediator", "sceaux")
    }
    assert names == {
        "mediator": ["Camille Médiatrice", None],
        "sceaux": ["Camille Médiatrice", "Alex Sceaux"],
    }


def test_transition_when_the_version_is_stale_then_409_says_where_it_is(call: Call) -> None:
    reference = call("mediator").file().json["reference"]
    agent, path = call("coordinator"), f"/signalements/{reference}/transitions"
    assert agent.post(path, {"to": "acknowledged", "version": 1}).status_code == 200
    answer = agent.post(path, {"to": "in_progress", "version": 1})
    assert answer.status_code == 409
    assert answer.content_type == "application/problem+json"
    assert (answer.json["current_version"], answer.json["current_status"]) == (2, "acknowledged")
    [line] = answer.json["since"]
    assert (line["kind"], line["to_status"], line["version"]) == ("moved", "acknowledged", 2)
    assert len(agent.get(f"/signalements/{reference}").json["history"]) == 2


def test_transition_when_the_move_is_forbidden_then_422_lists_the_allowed(call: Call) -> None:
    reference = call("mediator").file().json["reference"]
    answer = call("coordinator").post(
        f"/signalements/{reference}/transitions", {"to": "resolved", "comment": "x", "version": 1}
    )
    assert answer.status_code == 422
    assert answer.json["type"] == "/api/v1/problems/passage-interdit"
    assert answer.json["allowed"] == [
        "acknowledged",
        "scheduled",
        "in_progress",
        "waiting",
        "closed",
    ]


@pytest.mark.parametrize(
    ("sent", "kind", "pointer"),
    [
        ({"to": "closed", "comment": " "}, "commentaire-requis", "#/comment"),
        ({"to": "closed", "comment": "x"}, "issue-requise", "#/outcome"),
        ({"to": "closed", "comment": "x", "outcome": "done"}, "issue-requise", "#/outcome"),
        ({"to": "scheduled"}, "date-requise", "#/planned_for"),
        ({"to": "scheduled", "planned_for": "2020-01-01"}, "date-requise", "#/planned_for"),
        ({"to": "waiting", "comment": "x"}, "attente-de-qui", "#/waiting_on"),
    ],
)
def test_transition_when_something_is_missing_then_422_points_at_it(
    call: Call, sent: dict[str, Any], kind: str, pointer: str
) -> None:
    reference = call("mediator").file().json["reference"]
    answer = call("coordinator").post(
        f"/signalements/{reference}/transitions", {"version": 1, **sent}
    )
    assert answer.status_code == 422
    assert answer.json["type"] == f"/api/v1/problems/{kind}"
    assert answer.json["errors"][0]["pointer"] == pointer


def test_transition_when_closed_without_work_then_says_how_it_ended(call: Call) -> None:
    reference = call("mediator").file().json["reference"]
    answer = call("coordinator").post(
        f"/signalements/{reference}/transitions",
        {"to": "closed", "comment": "Déjà réparé.", "outcome": "not_found_on_site", "version": 1},
    )
    assert answer.status_code == 200, answer.text
    assert (answer.json["status"], answer.json["outcome"]) == ("closed", "not_found_on_site")
    assert call().get(f"/signalements/{reference}").json["outcome"] == "not_found_on_site"


def test_transition_when_not_their_work_then_403_or_404(call: Call) -> None:
    seen = call("mediator").file().json["reference"]
    hidden = call("mediator").file(category="rixe").json["reference"]
    stranger, move = call("roads"), {"to": "acknowledged", "version": 1}
    assert stranger.post(f"/signalements/{seen}/transitions", move).status_code == 403
    assert stranger.post(f"/signalements/{hidden}/transitions", move).status_code == 404
    assert stranger.post("/signalements/BL-1999-0001/transitions", move).status_code == 404


@pytest.mark.parametrize("body", [{}, {"to": "nulle-part", "version": 1}, {"to": "new"}, []])
def test_transition_when_the_body_is_wrong_then_422(ask: Call, body: Any) -> None:
    answer = ask("coordinator").post("/signalements/BL-1999-0001/transitions", body)
    assert answer.status_code == 422
    assert answer.json["errors"]


def test_in_quarter_constant_when_located_then_is_inside(ask: Call) -> None:
    assert ask().get("/locate", query_string=IN_QUARTER).json["qpv"]["inside"]


def test_decision_and_its_reason_are_told_with_the_signalement(call: Call) -> None:
    filed = call("mediator").file().json
    assert filed["routing"]["ground"] == "commune_and_category"
    assert filed["routing"]["reason"].startswith("compétence de ce service")
    assert (filed["routing"]["doubt"], filed["routing"]["others"]) == ("", [])
    assert filed["description_hidden"] is False


def test_text_that_seems_to_name_somebody_is_said_to_be_hidden(call: Call) -> None:
    filed = (
        call("mediator")
        .file(description="Appelez le 06 12 34 56 78", address="chez Léa, 06 12 34 56 79")
        .json
    )
    assert filed["description_hidden"] is True
    read = call(None).get(f"/signalements/{filed['reference']}").json
    listed = call(None).get("/signalements").json["items"][0]
    for shown in (read, listed):
        assert "06 12" not in str(shown)
        assert shown["address"] == "chez Léa, [masqué]"


def test_words_of_the_history_are_masked_for_strangers_alone(call: Call) -> None:
    reference = call("mediator").file().json["reference"]
    move = {
        "to": "waiting", "comment": "Vu avec 06 12 34 56 78", "version": 1,
        "waiting_on": "AB-123-CD",
    }  # fmt: skip
    path = f"/signalements/{reference}/transitions"
    assert call("coordinator").post(path, move).status_code == 200
    public = call(None).get(f"/signalements/{reference}").json
    assert public["waiting_on"] == "[masqué]"
    assert public["history"][-1]["comment"] == "Vu avec [masqué]"
    handler = call("coordinator").get(f"/signalements/{reference}").json
    assert handler["history"][-1]["comment"] == "Vu avec 06 12 34 56 78"
