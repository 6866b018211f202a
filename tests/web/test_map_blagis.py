"""The map on the pilot territory: its real shapes, its contract's figures, its 22 operations."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from shapely.geometry import shape

CONTRACT = {
    "population",
    "hommes_pct",
    "femmes_pct",
    "moins_25_ans_pct",
    "familles_monoparentales_pct",
    "pauvrete_60_pct",
    "emploi_hommes_pct",
    "emploi_femmes_pct",
    "chomage_pct",
    "locataires_pct",
    "hlm_loues_vides_pct",
}


@pytest.fixture
def site(blagis: str, client: FlaskClient) -> FlaskClient:
    """Return a client of the application on the pilot territory."""
    return client


def layer(site: FlaskClient, key: str) -> dict[str, dict[str, Any]]:
    answer = site.get(f"/carte/couches/{key}.geojson")
    return {feature["id"]: feature for feature in json.loads(answer.data)["features"]}


def test_layers_when_read_then_the_pilot_territory(site: FlaskClient) -> None:
    assert set(layer(site, "communes")) == {"92007", "92014", "92032", "92071"}
    assert len(layer(site, "iris")) == 44
    assert len(layer(site, "operations")) == 22
    assert layer(site, "equipements")
    quarters = layer(site, "qpv-2024")
    assert [code for code, q in quarters.items() if q["properties"]["main"]] == ["QN09219N"]
    assert "QN09219N" not in layer(site, "qpv-2015")


def test_labels_when_read_then_on_the_surface(site: FlaskClient) -> None:
    for key in ("communes", "qpv-2024"):
        for feature in layer(site, key).values():
            lon, lat = feature["properties"]["label"]
            assert (
                shape(feature["geometry"])
                .buffer(1e-5)
                .contains(shape({"type": "Point", "coordinates": [lon, lat]}))
            )


def test_band_when_read_then_300_metres_on_the_ground(site: FlaskClient) -> None:
    quarter = shape(layer(site, "qpv-2024")["QN09219N"]["geometry"])
    band = shape(layer(site, "bande-300")["QN09219N"]["geometry"])
    assert band.contains(quarter)
    north = (band.bounds[3] - quarter.bounds[3]) * 111_200
    east = (band.bounds[2] - quarter.bounds[2]) * 111_320 * 0.6588
    assert north == pytest.approx(300, abs=4)
    assert east == pytest.approx(300, abs=4)


def test_page_when_opened_then_every_indicator_of_the_contract(site: FlaskClient) -> None:
    page = site.get("/").text
    for key in CONTRACT:
        assert f'value="{key}"' in page
        assert site.get(f"/carte/indicateurs/{key}.json").status_code == 200
    assert site.get("/carte/indicateurs/inconnu.json").status_code == 404


def test_poverty_when_withheld_then_said_and_never_zero(site: FlaskClient) -> None:
    figures = site.get("/carte/indicateurs/pauvrete_60_pct.json").get_json()
    values = figures["values"]
    assert values["920070117"] == {"class": "5", "text": "25,1\u202f%"}
    for code in ("920070115", "920140101", "920320103", "920710107"):
        assert values[code] == {"class": "secret", "text": "secret statistique"}
    words = [entry["label"] for entry in figures["legend"]]
    assert "secret statistique" in words
    assert words[0] == "moins de 10\u202f%"


@pytest.mark.parametrize(
    ("key", "title"),
    [
        ("population", "Population 2020 par IRIS"),
        ("chomage_pct", "Taux de chômage par IRIS (2021)"),
    ],
)
def test_legend_when_titled_then_names_one_year(site: FlaskClient, key: str, title: str) -> None:
    assert site.get(f"/carte/indicateurs/{key}.json").get_json()["title"] == title


def test_figures_when_doubtful_then_said_with_their_places(site: FlaskClient) -> None:
    for key in CONTRACT:
        (doubt,) = site.get(f"/carte/indicateurs/{key}.json").get_json()["doubts"]
        assert doubt["codes"] == ["920070115", "920070117"]
        assert "semblent interverties" in doubt["note"]
        assert len(doubt["short"]) < 40


@pytest.mark.parametrize(
    ("code", "is_doubtful"),
    [("920070117", True), ("920070115", True), ("920710107", False), ("920070101", False)],
)
def test_card_of_an_iris_when_its_figures_are_doubtful_then_says_so(
    site: FlaskClient, code: str, is_doubtful: bool
) -> None:
    card = site.get(f"/carte/fiches/iris/{code}?partie=fiche").text
    assert ("semblent interverties" in card) is is_doubtful


def test_card_of_an_iris_when_opened_then_all_its_figures(site: FlaskClient) -> None:
    card = site.get("/carte/fiches/iris/920070115?partie=fiche").text
    for words in ("Quartier 15", "Bagneux", "1\u202f951", "45,0\u202f%", "27,9\u202f%"):
        assert words in card
    assert "secret statistique" in card
    assert "Ce n’est pas zéro" in card
    assert "18,8\u202f%" in card


def test_card_of_the_quarter_when_opened_then_five_iris_count(site: FlaskClient) -> None:
    card = site.get("/carte/fiches/qpv/QN09219N?partie=fiche").text
    assert "14,7&nbsp;ha" in card
    assert card.count('data-card-kind="iris"') == 5
    assert card.count('data-card-kind="commune"') == 4


def test_card_of_an_operation_when_placed_roughly_then_says_so(site: FlaskClient) -> None:
    card = site.get("/carte/fiches/operation/BAG-03?partie=fiche").text
    assert "Plus Petit Cirque du Monde" in card
    assert "Lieu approximatif" in card
