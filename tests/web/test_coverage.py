"""What is missing where, as pages and files: by the streets, on which data, and how it is told."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from python_calamine import load_workbook
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from qpvmap.commands.data import data_group
from qpvmap.importers.load import ImportRequest, import_file
from qpvmap.storage.imports import bump_data_version
from qpvmap.storage.models import Territory
from qpvmap.street_graph import network_of
from qpvmap.usecases.coverage import StreetsToKeep, keep_streets, reckon
from tests.conftest import QueryCounter
from tests.importers.test_carreaux import code_at, line, write
from tests.street_files import Way, write_streets

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
DATED = datetime(2026, 1, 5, 10, tzinfo=UTC)
PAGE = "/equipements/couverture"


@pytest.fixture
def engine(app: Any, blagis: str) -> Engine:
    found: Engine = app.extensions["qpvmap"].engine
    return found


@pytest.fixture
def db(engine: Engine) -> Iterator[Session]:
    with Session(engine, expire_on_commit=False) as session:
        yield session


def walk_along(db: Session, step: float = 0.002) -> None:
    """Give the pilot territory crossing streets, and reckon its walks along them."""
    territory_id = db.scalars(select(Territory.id)).one()
    lons, lats = np.arange(2.24, 2.36, step), np.arange(48.74, 48.83, step)
    wide = len(lons)
    nodes = np.array([(lon, lat) for lat in lats for lon in lons])
    ends = [(i, i + 1) for i in range(len(nodes)) if (i + 1) % wide]
    ends += [(i, i + wide) for i in range(len(nodes) - wide)]
    network = network_of(nodes, ends, [1.0] * len(ends))
    keep_streets(db, territory_id, StreetsToKeep("idf.osm.pbf", "sha", DATED, network), NOW)
    reckon(db, territory_id, NOW)
    db.commit()


def test_page_when_streets_are_kept_then_says_whose_and_of_when(
    client: FlaskClient, db: Session
) -> None:
    walk_along(db)
    page = client.get(f"{PAGE}?theme=transport").text
    assert "en suivant les rues" in page
    assert "Calculé le jeudi 26\u00a0novembre 2026 à 10\u00a0h\u00a000" in page
    assert "rues d’OpenStreetMap du lundi 5\u00a0janvier 2026 (fichier idf.osm.pbf)" in page
    assert "© les contributeurs d’OpenStreetMap" in page
    assert "à plus de 100\u00a0m d’une rue du plan" not in page
    assert "Communes ensemble" in page
    assert "data-zones" in page
    assert "ont changé depuis ce calcul" not in page
    bump_data_version(db, "equipment", NOW)
    db.commit()
    assert "ont changé depuis ce calcul" in client.get(PAGE).text


def test_page_when_nothing_was_reckoned_then_straight_and_said(
    client: FlaskClient, engine: Engine
) -> None:
    page = client.get(PAGE).text
    assert "à vol d’oiseau" in page
    assert "Aucun plan des rues" in page
    assert "data-zones" not in page.replace('data-zones=""', "")
    assert json.loads(client.get(f"{PAGE}/zones.geojson?theme=sport").text)["features"] == []


def test_theme_when_nobody_has_a_place_then_said_unknown_and_never_shown_as_nothing(
    client: FlaskClient, engine: Engine
) -> None:
    """France services of the seed are all out of reach: they are no picture of health care."""
    page = client.get(PAGE).text
    told = page[page.index("Aucun équipement n’est connu ici") :]
    assert "Social et santé" in told and "Transport, commune par commune" in page
    assert 'value="social"' not in page
    assert b"Social" not in client.get(f"{PAGE}.csv").data


def test_page_when_read_then_a_constant_number_of_queries(
    client: FlaskClient, engine: Engine, db: Session, count_queries: QueryCounter
) -> None:
    walk_along(db)
    with count_queries(engine) as first:
        client.get(PAGE)
    with count_queries(engine) as again:
        client.get(f"{PAGE}?theme=social")
    assert len(first) <= 7
    assert len(again) <= 5
    assert not any("derived." in query or "street_network" in query for query in first)
    with count_queries(engine) as zones:
        client.get(f"{PAGE}/zones.geojson?theme=social")
    assert len(zones) <= 4


def test_population_when_squares_are_imported_then_the_page_says_so(
    client: FlaskClient, db: Session, tmp_path: Path
) -> None:
    squares = {
        code_at(lon, lat)
        for lon in np.arange(2.26, 2.335, 0.0009)
        for lat in np.arange(48.755, 48.815, 0.0009)
    }
    lines = [line(code, 200, 80, 0) for code in sorted(squares)[:-40]]
    lines += [line(code, 20, 8, 1) for code in sorted(squares)[-40:]]
    path = write(tmp_path / "Filosofi2021_carreaux_200m_met.csv", *lines)
    import_file(db, ImportRequest("carreaux", path, territory="blagis"), NOW)
    db.commit()
    assert "carreaux de 200\u00a0m de l’Insee (Filosofi 2021)" in client.get(PAGE).text
    walk_along(db)
    page = client.get(PAGE).text
    assert "carreaux de 200\u00a0m de l’Insee (Filosofi 2021)" in page
    assert "les personnes en foyer ou en résidence n’y sont pas" in page


def test_file_when_asked_for_then_says_the_same_and_how(client: FlaskClient, db: Session) -> None:
    walk_along(db)
    table = client.get(f"{PAGE}.csv")
    assert table.mimetype == "text/csv"
    lines = table.text.splitlines()
    assert lines[0].lstrip("\ufeff").startswith("thème;lieu;habitants placés;part à 5 min")
    assert any(row.startswith("Transport;Quartier;") for row in lines)
    for form in ("xlsx", "ods"):
        book = load_workbook(BytesIO(client.get(f"{PAGE}.{form}").data))
        assert book.sheet_names == ["Ce qui manque où", "Comment c’est calculé"]
        rows = book.get_sheet_by_index(0).to_python()
        assert len(rows) == len(lines)
        how = dict(row[:2] for row in book.get_sheet_by_index(1).to_python())
        assert "OpenStreetMap" in how["Marche"]
        assert how["Calculé le"].startswith("jeudi 26")
    assert client.get(f"{PAGE}.pdf").status_code == 404


def test_zones_when_asked_for_then_distances_and_no_people(
    client: FlaskClient, db: Session
) -> None:
    walk_along(db)
    answer = client.get(f"{PAGE}/zones.geojson?theme=transport")
    assert answer.mimetype == "application/geo+json"
    drawn = answer.json
    assert drawn is not None and drawn["features"]
    assert {key for one in drawn["features"] for key in one["properties"]} == {"band"}
    same = {"If-None-Match": answer.headers["ETag"]}
    assert client.get(f"{PAGE}/zones.geojson?theme=transport", headers=same).status_code == 304
    assert client.get(f"{PAGE}/zones.geojson?theme=autre").status_code == 404
    assert client.get(f"{PAGE}/zones.geojson").status_code == 404


def test_command_when_given_an_extract_then_streets_are_followed_until_removed(
    blagis: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QPVMAP_DATABASE_URL", blagis)
    monkeypatch.setenv("QPVMAP_VAR_DIR", str(tmp_path / "var"))
    nodes = {1: (-2000.0, 0.0), 2: (2000.0, 0.0), 3: (2000.0, 2000.0)}
    path = write_streets(tmp_path / "rues.osm.pbf", nodes, [Way([1, 2, 3])])

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(data_group, list(arguments))
        assert result.exit_code == 0, result.output
        return result.output

    told = run("streets", str(path))
    assert "1 voies où l’on marche, 6 km, données du 05/01/2026, 0 passages fermés." in told
    assert "Temps de marche par les rues" in told
    assert "points à plus de 100 m d’une rue : à vol d’oiseau" in told
    assert "rien n’a changé" in run("streets", str(path))
    assert "à vol d’oiseau allongé de 30 %" in run("streets", "--remove")
    assert "à vol d’oiseau allongé de 30 %" in run("coverage")
    wrong = CliRunner().invoke(data_group, ["streets", str(tmp_path / "absent.osm.pbf")])
    assert wrong.exit_code == 1
    assert "vérifiez le chemin" in wrong.output
    assert CliRunner().invoke(data_group, ["streets"]).exit_code == 2
    lost = CliRunner().invoke(data_group, ["coverage", "--territory", "ailleurs"])
    assert "n’est pas chargé" in lost.output
