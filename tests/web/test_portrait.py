"""The quarter three ways: headline figures to the decimal, what each rests on, what is in doubt."""

import csv
import io
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from qpvmap.storage.models import IndicatorValue
from tests.conftest import QueryCounter

HERE = "/quartiers/QN09219N"


def spoken(html: str) -> str:
    """Return the words of a piece of page, spaces as one types them."""
    return re.sub(r"[\s\u00a0\u202f]+", " ", re.sub(r"<[^>]+>|&nbsp;", " ", html)).strip()


def read_rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def ways(page: str) -> dict[str, list[str]]:
    section = re.search(r'aria-labelledby="facons".*?</section>', page, re.S)
    assert section
    rows = re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', section[0], re.S)
    return {
        spoken(title): [spoken(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", cells, re.S)]
        for title, cells in rows
    }


def official(app: Flask, key: str, code: str, value: float | None, vintage: int, kind: str) -> None:
    with Session(app.extensions["qpvmap"].engine) as session:
        session.add(
            IndicatorValue(
                series="insee-qpv",
                indicator_key=key,
                place_kind=kind,
                place_code=code,
                vintage=vintage,
                value=value,
                suppressed=value is None,
            )
        )
        session.commit()


def test_headline_figures_are_those_of_the_contract_to_the_decimal(
    client: FlaskClient, blagis: str
) -> None:
    found = ways(client.get(HERE).text)
    simple = {title: cells[0] for title, cells in found.items()}
    assert simple["0-25 ans"] == "35,1 %"
    assert simple["Taux de chômage"] == "16,8 %"
    assert simple["Familles monoparentales"] == "18,5 %"
    assert found["Taux de chômage"][3] == "9,3 à 23,4 %"
    assert found["0-25 ans"][5] == "29,3 %"
    assert found["Familles monoparentales"][5] == "23,8 %"
    assert found["Taux de pauvreté à 60 %"][5] == "14,6 %"


def test_poverty_is_not_averaged_on_one_iris_and_says_how_many_residents_it_has(
    client: FlaskClient, blagis: str
) -> None:
    simple, weighted, own, spread, *_ = ways(client.get(HERE).text)["Taux de pauvreté à 60 %"]
    assert re.fullmatch(r"non affiché 1\d % des habitants", simple)
    assert spread == "25,1 % (un seul IRIS)"
    assert weighted == "23,5 % Insee 2021"
    assert own == "pas importée"


def test_weighted_mean_is_what_the_published_overlaps_give(
    client: FlaskClient, blagis: str, official_data: Path
) -> None:
    overlaps = read_rows(official_data / "blagis/qpv_iris_recouvrement.csv")
    figures = read_rows(official_data / "indicateurs/iris_stats.csv")
    known = {row["code_iris"]: row for row in figures}
    carried = {
        row["code_iris"]: float(row["pct_de_l_iris"]) * float(known[row["code_iris"]]["P22_POP"])
        for row in overlaps
        if row["code_qp"] == "QN09219N" and float(row["pct_du_qpv"]) >= 1
    }
    rates = {code: float(known[code]["soc_txchom_1564_22"]) for code in carried}
    mean = sum(carried[code] * rates[code] for code in carried) / sum(carried.values())
    assert len(carried) == 5
    shown = ways(client.get(HERE).text)["Taux de chômage"][1]
    assert shown == f"{mean:.1f} % Insee 2022".replace(".", ",")


def test_text_and_table_are_both_shown_where_they_disagree(
    client: FlaskClient, blagis: str
) -> None:
    page = spoken(client.get(HERE).text)
    said = (
        "Taux d’emploi des hommes : le texte du contrat dit 31,9 % au plus bas, son tableau 30,9 %"
    )
    assert page.count(said) == 1
    assert "le texte du contrat dit 45,4" not in page


def test_interchange_is_found_by_the_check_with_its_figures(
    client: FlaskClient, blagis: str
) -> None:
    page = spoken(client.get(HERE).text)
    assert (
        "résidences principales HLM louées vides, le contrat donne 79,0 % et 27,9 %, "
        "l’Insee 10,4 % et 84,5 %" in page
    )
    assert (
        "taux de pauvreté à 60 %, le contrat donne 25,1 % et secret statistique, "
        "l’Insee 9,0 % et 25,0 %" in page
    )
    assert "taux de chômage, le contrat donne 23,4 % et 9,3 %, l’Insee 8,6 % et 20,7 %" in page
    unemployment = spoken(client.get(f"{HERE}/indicateurs/chomage_pct").text)
    assert (
        "Quartier 17 et Quartier 15, semblent interverties : taux de chômage, le contrat donne "
        "23,4 % et 9,3 %, l’Insee 8,6 % et 20,7 %." in unemployment
    )
    assert re.search(r"Quartier 17 Bagneux [\d, %]+ [\d ]+ 23,4 % 8,6 %", unemployment)
    assert re.search(r"Quartier 15 Bagneux [\d, %]+ [\d ]+ 9,3 % 20,7 %", unemployment)
    poverty = spoken(client.get(f"{HERE}/indicateurs/pauvrete_60_pct").text)
    assert re.search(r"Quartier 15 Bagneux [\d, %]+ [\d ]+ secret statistique 25,0 %", poverty)


def test_mean_that_depends_on_the_doubtful_order_says_so(client: FlaskClient, blagis: str) -> None:
    said = "la moyenne pondérée dépend de leur ordre"
    assert said in client.get(f"{HERE}/indicateurs/emploi_hommes_pct").text
    assert said not in client.get(f"{HERE}/indicateurs/chomage_pct").text


def test_interchange_is_not_said_when_the_official_columns_agree(
    app: Flask, client: FlaskClient, blagis: str
) -> None:
    with Session(app.extensions["qpvmap"].engine) as session:
        for one, other in (("920070117", "x"), ("920070115", "920070117"), ("x", "920070115")):
            session.execute(
                update(IndicatorValue)
                .where(IndicatorValue.place_code == one, IndicatorValue.series != "contract")
                .values(place_code=other)
            )
        session.commit()
    assert "semblent interverties" not in client.get(HERE).text


def test_without_official_files_there_is_no_doubt_and_the_contract_is_weighted(
    app: Flask, client: FlaskClient, blagis: str
) -> None:
    with Session(app.extensions["qpvmap"].engine) as session:
        session.execute(delete(IndicatorValue).where(IndicatorValue.series != "contract"))
        session.commit()
    page = client.get(HERE).text
    assert "semblent interverties" not in page
    assert ways(page)["0-25 ans"][1].endswith("chiffres du contrat")
    assert client.get(f"{HERE}/indicateurs/chomage_pct").status_code == 200


def test_official_figure_of_the_quarter_is_shown_when_imported(
    app: Flask, client: FlaskClient, blagis: str
) -> None:
    official(app, "rp_menages_monoparentaux_pct", "QN09219N", 21.4, 2021, "qpv")
    official(app, "disp_tp60", "QN09219N", None, 2021, "qpv")
    found = ways(client.get(HERE).text)
    assert found["Familles monoparentales"][2] == "21,4 % 2021"
    assert found["Taux de pauvreté à 60 %"][2] == "secret statistique 2021"


def test_trend_is_shown_once_two_editions_are_imported(
    app: Flask, client: FlaskClient, blagis: str
) -> None:
    page = f"{HERE}/indicateurs/chomage_pct"
    assert "D’une édition à l’autre" not in client.get(page).text
    for code in ("920070115", "920070117", "920140101", "920320103", "920710107"):
        official(app, "rp_chomage_15_64_pct", code, 12.0, 2017, "iris")
    words = spoken(client.get(page).text)
    assert re.search(r"2017 12,0 % 2022 1\d,\d % \+\d,\d points", words)
    assert "en 2011" in client.get(HERE).text


def test_indicator_page_draws_the_quarter_over_the_iris(client: FlaskClient, blagis: str) -> None:
    page = client.get(f"{HERE}/indicateurs/chomage_pct").text
    drawn = page[page.index('<svg class="portrait-map"') :]
    assert drawn.count('class="m-iris') >= 5
    assert drawn.rindex('class="m-iris') < drawn.index('class="portrait-quarter"')
    assert re.search(r'class="portrait-label"[^>]*>21<', drawn), (
        "Quartier 15: 20,7 %, not by colour alone"
    )
    assert "moins de 1&nbsp;%" in page


def test_neighbour_says_that_it_has_no_figures_here(client: FlaskClient, blagis: str) -> None:
    page = client.get("/quartiers/QN09204M").text
    assert "son portrait chiffré n’est pas tenu ici" in page
    assert "Trois façons de compter" not in page


def test_overview_says_first_that_there_is_a_doubt(client: FlaskClient, blagis: str) -> None:
    page = client.get(HERE).text
    assert page.index('href="#doute"') < page.index("<table") < page.index('id="doute"')


def test_unknown_indicator_and_neighbours_have_no_such_page(
    client: FlaskClient, blagis: str
) -> None:
    for address in (
        f"{HERE}/indicateurs/x",
        "/quartiers/QN09204M/indicateurs/chomage_pct",
        "/quartiers/QN09204M/portrait.csv",
        "/quartiers/QN00000X/portrait.xlsx",
    ):
        assert client.get(address).status_code == 404


def test_csv_has_the_three_ways_and_what_they_rest_on(client: FlaskClient, blagis: str) -> None:
    answer = client.get(f"{HERE}/portrait.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="portrait-QN09219N.csv"'
    rows = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff")), delimiter=";"))
    found = {row[0]: row for row in rows[1:]}
    assert found["Taux de chômage"][2:4] == ["16,8", "1"]
    assert found["Taux de pauvreté à 60 %"][2].startswith("non affiché")


@pytest.mark.parametrize("way", ["xlsx", "ods"])
def test_workbook_holds_the_table_as_signed(client: FlaskClient, blagis: str, way: str) -> None:
    assert f'href="{HERE}/portrait.{way}"' in client.get(HERE).text
    book = CalamineWorkbook.from_filelike(io.BytesIO(client.get(f"{HERE}/portrait.{way}").data))
    assert book.sheet_names == [
        "Trois façons de compter",
        "Tel que signé",
        "Insee",
        "Parts des IRIS",
    ]
    signed = {row[0]: row[2:] for row in book.get_sheet_by_name("Tel que signé").to_python()}
    assert signed["Taux d’emploi des hommes"] == [37.6, 45.4, 39.5, 30.9, 39.4]
    assert signed["Taux de pauvreté à 60 %"] == [25.1] + ["secret statistique"] * 4
    parts = book.get_sheet_by_name("Parts des IRIS").to_python()
    assert sum(row[-1] == "oui" for row in parts) == 5
    assert sum("moins de 1" in str(row[-1]) for row in parts) == 4


def test_portrait_asks_a_constant_number_of_questions(
    app: Flask, client: FlaskClient, blagis: str, count_queries: QueryCounter
) -> None:
    client.get(HERE)
    for address, most in ((HERE, 6), (f"{HERE}/indicateurs/chomage_pct", 6)):
        with count_queries(app.extensions["qpvmap"].engine) as sent:
            assert client.get(address).status_code == 200
        assert len(sent) <= most, sent
