"""The figures of a quarter, for programs."""

import pytest

from tests.api.conftest import Call


def test_profile_when_read_then_the_three_ways(ask: Call) -> None:
    body = ask().get("/qpv/QN09219N/profile").json
    found = {item["key"]: item for item in body["indicators"]}
    assert f"{found['moins_25_ans_pct']['simple_mean']['value']:.1f}" == "35.1"
    assert f"{found['chomage_pct']['simple_mean']['value']:.1f}" == "16.8"
    assert found["chomage_pct"]["weighted_vintage"] == 2022
    assert (found["chomage_pct"]["lowest"], found["chomage_pct"]["highest"]) == (9.3, 23.4)
    poverty = found["pauvrete_60_pct"]
    assert poverty["simple_mean"]["value"] is None
    assert 0 < poverty["simple_mean"]["coverage"] < 0.5
    assert poverty["signed"]["920070115"] is None
    assert [item["counted"] for item in body["iris"]].count(False) == 4
    assert [sorted(doubt["iris"]) for doubt in body["doubts"]] == [["920070115", "920070117"]]
    assert found["emploi_hommes_pct"]["notes"]


@pytest.mark.parametrize("code", ["QN00000X", "QN09204M", "x"])
def test_profile_when_of_another_quarter_then_not_found(ask: Call, code: str) -> None:
    answer = ask().get(f"/qpv/{code}/profile")
    assert answer.status_code == 404
    assert answer.json["type"] == "/api/v1/problems/introuvable"


def test_indicators_when_filtered_then_one_place_and_edition(ask: Call) -> None:
    asked = {"period": 2022, "perimeter": "920070117"}
    items = ask().get("/indicators", query_string=asked).json["items"]
    assert {(item["place_code"], item["period"]) for item in items} == {("920070117", 2022)}
    found = {item["key"]: item["value"] for item in items}
    assert found["rp_locataires_hlm_pct"] == 10.43


def test_indicators_when_withheld_then_said(ask: Call) -> None:
    items = ask().get("/indicators", query_string={"perimeter": "920070115"}).json["items"]
    signed = {item["key"]: item for item in items if item["series"] == "contract"}
    assert signed["pauvrete_60_pct"]["value"] is None
    assert signed["pauvrete_60_pct"]["withheld"] is True


def test_indicators_when_of_elsewhere_then_none(ask: Call) -> None:
    assert ask().get("/indicators", query_string={"perimeter": "751135108"}).json["items"] == []
    assert ask().get("/indicators", query_string={"period": "x"}).status_code == 422
