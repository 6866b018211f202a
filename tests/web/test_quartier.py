"""The portrait of a quarter: the contract's figures to the decimal, and none made up."""

import re

from flask.testing import FlaskClient

HERE = "/quartiers/QN09219N"
NNBSP = "\u202f"


def contract_of(page: str) -> str:
    """Return the section of the signed table."""
    found = re.search(r'<section[^>]*aria-labelledby="contrat".*?</section>', page, re.S)
    assert found
    return found[0]


def lines_of(page: str) -> dict[str, list[str]]:
    rows = re.findall(r'<th scope="row">([^<]+)</th>(.*?)</tr>', page, re.S)
    return {
        title.strip(): [
            re.sub(r"<[^>]+>|\s+", " ", cell.replace(NNBSP, "")).strip()
            for cell in re.findall(r"<td[^>]*>(.*?)</td>", cells, re.S)
        ]
        for title, cells in rows
    }


def test_portrait_shows_the_table_as_signed_in_the_order_of_the_contract(
    client: FlaskClient, blagis: str
) -> None:
    page = client.get(HERE).text
    table = contract_of(page)
    columns = re.findall(r'<th scope="col" class="n">([^<]+)<br>', table)
    assert columns == [
        "Quartier 17", "Quartier 15", "Les Bas Coquarts", "Paradis-Blagis", "Blagis",
    ]  # fmt: skip
    lines = lines_of(table)
    assert len(lines) == 11
    assert lines["Population 2020"] == ["2181", "1951", "2011", "1926", "2766"]
    assert lines["Taux d’emploi des hommes (%)"] == ["37,6", "45,4", "39,5", "30,9", "39,4"]
    hlm = lines["Résidences principales HLM louées vides (%)"]
    assert hlm == ["79,0", "27,9", "59,0", "92,8", "80,5"]


def test_portrait_says_what_is_withheld_and_never_zero(client: FlaskClient, blagis: str) -> None:
    page = client.get(HERE).text
    poverty = lines_of(contract_of(page))["Taux de pauvreté à 60 % (%)"]
    assert poverty == ["25,1"] + ["secret statistique"] * 4
    assert "Ce n’est pas zéro" in page


def test_portrait_gives_area_shares_and_sources(client: FlaskClient, blagis: str) -> None:
    page = client.get(HERE).text
    assert "périmètre 2024&nbsp;: 14,7 ha dans 4" in page
    shares = [float(n.replace(",", ".")) for n in re.findall(r'<b class="num">([\d,]+)', page)]
    assert shares == [34.0, 30.8, 26.7, 8.5, 30.6, 26.7, 18.8, 14.9, 8.5]
    assert "Agence nationale de la cohésion des territoires" in page
    assert "Licence Ouverte" in page


def test_portrait_shows_the_doubt_about_the_two_columns_of_bagneux(
    client: FlaskClient, blagis: str
) -> None:
    page = client.get(HERE).text
    heads = re.findall(r'<th scope="col" class="n">(.*?)</th>', page, re.S)
    doubted = [head.split("<br>")[0] for head in heads if "doute" in head]
    assert doubted == ["Quartier 17", "Quartier 15"]
    assert page.count("semblent interverties") == 1
    assert "tels qu’ils ont été signés" in page
    assert lines_of(contract_of(page))["Locataires (%)"][:2] == ["87,3", "43,5"]


def test_portrait_of_a_neighbour_has_no_contract_table(client: FlaskClient, blagis: str) -> None:
    page = client.get("/quartiers/QN09204M").text
    assert "Le portrait du contrat" not in page


def test_portrait_of_nowhere_does_not_exist(client: FlaskClient, blagis: str) -> None:
    assert client.get("/quartiers/QN00000X").status_code == 404
