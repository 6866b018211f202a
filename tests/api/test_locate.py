"""Where a point is, for programs."""

import pytest

from tests.api.conftest import IN_QUARTER, Call

PLACE = {"code", "name"}


def test_locate_when_in_the_quarter_then_names_commune_iris_and_quarter(ask: Call) -> None:
    answer = ask().get("/locate", query_string={**IN_QUARTER, "accuracy_m": 8})
    assert answer.status_code == 200
    body = answer.json
    assert set(body) == {"commune", "iris", "qpv", "emprise"}
    assert set(body["commune"]) == set(body["iris"]) == PLACE
    assert body["qpv"]["code"] == "QN09219N"
    assert body["qpv"]["inside"] is True
    assert body["qpv"]["distance_m"] == 0
    assert 0 < body["qpv"]["share_inside"] <= 1
    assert set(body["emprise"]) == {"code", "name", "kind", "body", "share"}
    assert body["emprise"]["body"] == "Bailleur social des Blagis"


def test_locate_when_far_from_any_quarter_then_qpv_is_null_or_far(ask: Call) -> None:
    body = ask().get("/locate", query_string={"lon": 2.2872, "lat": 48.7752}).json
    assert body["qpv"] is None or not body["qpv"]["inside"]


def test_locate_when_out_of_every_commune_then_404_says_so(ask: Call) -> None:
    answer = ask().get("/locate", query_string={"lon": 5.0, "lat": 45.0})
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"
    assert answer.json["type"] == "/api/v1/problems/hors-territoire"


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("lat=48.78", "lon"),
        ("lon=2.3&lat=91", "lat"),
        ("lon=nan&lat=48.78", "lon"),
        ("lon=2,3&lat=48.78", "lon"),
        ("lon=2.3&lat=48.78&accuracy_m=-1", "accuracy_m"),
        ("lon=2.3&lat=48.78&zoom=3", "zoom"),
        ("lon=2.3&lon=2.4&lat=48.78", "lon"),
    ],
)
def test_locate_when_a_parameter_is_wrong_then_422_names_it(
    ask: Call, query: str, parameter: str
) -> None:
    answer = ask().get(f"/locate?{query}")
    assert answer.status_code == 422
    [fault] = answer.json["errors"]
    assert fault["parameter"] == parameter
    assert fault["detail"]


def test_locate_when_a_category_is_asked_then_says_who_takes_it_and_why(ask: Call) -> None:
    query = {**IN_QUARTER, "accuracy_m": 8, "category": "parties-communes"}
    handling = ask().get("/locate", query_string=query).json["handling"]
    assert handling["team"]["code"] == "bailleur-agence"
    assert handling["routing"]["reason"].startswith("emprise Bailleur social des Blagis")
    assert handling["due_at"] > handling["acknowledge_due_at"]


def test_locate_when_the_category_is_confidential_then_strangers_are_refused(ask: Call) -> None:
    query = {**IN_QUARTER, "category": "rixe"}
    assert ask().get("/locate", query_string=query).status_code == 403
    assert ask("mediator").get("/locate", query_string=query).json["handling"]["team"]
    unknown = ask().get("/locate", query_string={**IN_QUARTER, "category": "licorne"})
    assert unknown.status_code == 422


def test_locate_when_two_owners_are_plausible_then_says_so(ask: Call) -> None:
    query = {**IN_QUARTER, "accuracy_m": 60, "category": "proprete"}
    routing = ask().get("/locate", query_string=query).json["handling"]["routing"]
    assert routing["others"]
    assert routing["doubt"].startswith("Deux responsables possibles")
