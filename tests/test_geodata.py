"""The data shipped with the application: light, sourced, exact where it must be."""

import csv
import hashlib
import json
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from qpvmap.importers.generalise import displacement_m, to_metres
from qpvmap.importers.seed import Feature, make_seed, read_features, tidy
from qpvmap.resources import resource_dir
from qpvmap.storage.comparisons import contract_text, definitions
from qpvmap.storage.geodata import read_contract_indicators, read_operations, read_plan
from qpvmap.storage.official_figures import read_official_figures

GEODATA = resource_dir("geodata")
SEED = GEODATA / "seed"
SPRITE = Path(__file__).resolve().parent.parent / "qpvmap" / "static" / "icons.svg"
BLAGIS = "QN09219N"

CONTRACT = {
    "population": (2181, 1951, 2011, 1926, 2766),
    "hommes_pct": (48.9, 45.0, 45.7, 45.0, 46.9),
    "femmes_pct": (51.1, 55.0, 54.3, 55.0, 53.1),
    "moins_25_ans_pct": (35.0, 31.3, 35.7, 35.3, 38.0),
    "familles_monoparentales_pct": (15.4, 12.8, 18.6, 25.9, 19.8),
    "pauvrete_60_pct": (25.1, None, None, None, None),
    "emploi_hommes_pct": (37.6, 45.4, 39.5, 30.9, 39.4),
    "emploi_femmes_pct": (39.0, 45.3, 45.4, 46.2, 47.4),
    "chomage_pct": (23.4, 9.3, 15.1, 22.8, 13.2),
    "locataires_pct": (87.3, 43.5, 68.0, 96.7, 87.4),
    "hlm_loues_vides_pct": (79.0, 27.9, 59.0, 92.8, 80.5),
}
OPERATIONS = {
    "92007": (
        "École Marcel Cachin",
        "École Paul Éluard",
        "Plus Petit Cirque du Monde",
        "Halle des sports Janine Jambu",
    ),
    "92014": (
        "Création d’un institut de la parentalité intercommunal",
        "Rénovation de la maison de quartier",
        "Création d’une épicerie solidaire",
        "Rénovation énergétique et lutte contre les îlots de chaleur de l’école maternelle des "
        "Bas Coquarts",
        "Réhabilitation d’un espace de sport extérieur",
    ),
    "92032": (
        "Rénovation et extension de la maison de quartier",
        "Création d’une halte-garderie intergénérationnelle",
        "Réinstallation du GAFIB (banque alimentaire et épicerie solidaire)",
        "Création d’une maison de danse et de musique urbaine",
        "Dotation d’équipements mobiles et nomades pour les médiateurs des Blagis",
        "Reconstruction et réhabilitation de bâtiments ou mobiliers urbains dégradés",
    ),
    "92071": (
        "Fab lab numérique",
        "Réaménagement des cours d’écoles Blagis et CML (renaturation)",
        "Rénovation de l’école des Blagis et du centre de loisirs et restructuration de la "
        "restauration scolaire",
        "Végétalisation de la place des Ailantes",
        "Création d’une salle polyvalente",
        "Rénovation du centre social et culturel des Blagis",
        "Réaménagement du centre commercial des Blagis",
    ),
}
"""The investment plan: titles by commune, as the contract lists them."""
FIVE_IRIS = ("920070117", "920070115", "920140101", "920320103", "920710107")


def sources() -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = tomllib.loads(
        (GEODATA / "sources.toml").read_text(encoding="utf-8")
    )["sources"]
    return listed


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def outlines(file: str) -> Sequence[Feature]:
    return read_features(SEED / file)


def test_geodata_when_shipped_then_under_400_kb() -> None:
    assert sum(path.stat().st_size for path in GEODATA.rglob("*") if path.is_file()) < 400_000


def test_sources_when_read_then_every_seed_file_has_a_producer_and_a_checksum() -> None:
    listed = {source["file"]: source for source in sources()}

    assert set(listed) == {f"seed/{path.name}" for path in SEED.iterdir()}
    for file, source in listed.items():
        assert source["producer"], file
        assert re.match(r"Licence Ouverte 2\.0|ODbL 1\.0", source["licence"]), file
        assert 2010 < source["vintage"] < 2030, file
        assert source["sha256"] == sha256(GEODATA / file), file
    keys = [(source["key"], source["vintage"]) for source in listed.values()]
    assert len(set(keys)) == len(keys)


def test_sources_when_official_files_are_there_then_they_are_those_it_was_made_from(
    official_data: Path,
) -> None:
    for source in sources():
        if "official" in source:
            assert source["official_sha256"] == sha256(official_data / source["official"])


def test_make_seed_when_run_again_then_the_same_bytes(official_data: Path, tmp_path: Path) -> None:
    make_seed(official_data, tmp_path)

    made = sorted(path.name for path in tmp_path.iterdir())
    invented = {"emprises.geojson"}
    shipped = {path.name for path in SEED.glob("*.geojson")} | {"official_iris.csv"}
    assert made == sorted(shipped - invented)
    assert [name for name in made if sha256(tmp_path / name) != sha256(SEED / name)] == []


@pytest.mark.parametrize("path", sorted(SEED.glob("*.geojson")), ids=lambda path: path.stem)
def test_seed_when_read_then_valid_shapes_with_few_decimals_in_france(path: Path) -> None:
    decimals = 6 if path.stem.startswith("qpv_") else 5
    shapes = [feature.shape for feature in read_features(path)]
    coordinates = shapely.get_coordinates(shapes)

    assert len(shapes) > 0
    assert shapely.is_valid(shapes).all()
    assert np.array_equal(coordinates, coordinates.round(decimals))
    west, south, east, north = shapely.total_bounds(shapes)
    assert (2.1 < west <= east < 2.5) and (48.7 < south <= north < 48.9)
    assert not re.search(rf"\d\.\d{{{decimals + 1},}}", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", ["iris.geojson", "communes.geojson"])
def test_outlines_when_neighbours_then_no_overlap_and_no_gap(file: str) -> None:
    shapes = to_metres([feature.shape for feature in outlines(file)])

    assert shapely.coverage_is_valid(shapes, gap_width=2)
    union = shapely.coverage_union_all(shapes)
    assert union.area == pytest.approx(sum(shape.area for shape in shapes), abs=1)
    assert all(len(part.interiors) == 0 for part in shapely.get_parts(union))


def test_communes_when_dissolved_then_exactly_their_iris() -> None:
    communes = {f.properties["insee_com"]: f.shape for f in outlines("communes.geojson")}
    iris = outlines("iris.geojson")

    for code in ("92007", "92014", "92032", "92071"):
        own = [f.shape for f in iris if f.properties["insee_com"] == code]
        assert shapely.equals(shapely.coverage_union_all(own), communes[code])


def test_ept_when_dissolved_then_exactly_its_eleven_communes() -> None:
    communes = {f.properties["insee_com"]: f.shape for f in outlines("communes.geojson")}
    ept = outlines("ept.geojson")[0]
    members = ept.properties["communes"].split(",")

    assert len(members) == 11
    assert shapely.equals(
        shapely.coverage_union_all([communes[code] for code in members]), ept.shape
    )


@pytest.mark.parametrize(
    ("file", "key"), [("iris.geojson", "code_iris"), ("communes.geojson", "insee_com")]
)
def test_outlines_when_compared_with_the_official_then_moved_by_10_m_at_most(
    official_data: Path, file: str, key: str
) -> None:
    official = {f.properties[key]: f.shape for f in read_features(official_data / "blagis" / file)}
    ours = outlines(file)

    moved = displacement_m([official[f.properties[key]] for f in ours], [f.shape for f in ours])

    assert moved.max() <= 10
    assert len(ours) == {"iris.geojson": 44, "communes.geojson": 24}[file]


@pytest.mark.parametrize("vintage", [2015, 2024])
def test_qpv_when_compared_with_the_official_then_every_point_where_it_was(
    official_data: Path, vintage: int
) -> None:
    file = f"qpv_{vintage}.geojson"
    official = {
        f.properties["code_qp"]: f.shape for f in read_features(official_data / "blagis" / file)
    }
    ours = {f.properties["code_qp"]: f.shape for f in outlines(file)}

    assert set(ours) == set(official)
    codes = sorted(ours)
    moved = displacement_m([official[c] for c in codes], [ours[c] for c in codes])
    assert moved.max() <= 0.7
    before = shapely.get_num_coordinates([official[c] for c in codes])
    after = shapely.get_num_coordinates([ours[c] for c in codes])
    assert np.array_equal(before, after)
    assert vintage == 2015 or shapely.get_num_coordinates(ours[BLAGIS]) == 191


def test_names_when_shipped_then_one_line_with_typographic_apostrophes() -> None:
    for path in SEED.glob("*.geojson"):
        for feature in read_features(path):
            for field in ("nom_com", "nom_iris", "nom_qp", "lib_qp", "nom"):
                name = feature.properties.get(field)
                assert name is None or name == tidy(name), (path.name, name)
    assert "L’Haÿ-les-Roses" in {f.properties["nom_com"] for f in outlines("communes.geojson")}


def test_qpv_2015_when_in_two_communes_then_both_codes() -> None:
    codes = {
        f.properties["code_qp"]: f.properties["insee_com"] for f in outlines("qpv_2015.geojson")
    }
    assert codes["QP094016"] == "94003,94037"
    assert codes["QP075007"] == "75114"


def test_contract_indicators_when_read_then_to_the_decimal_and_withheld_never_zero() -> None:
    indicators, values = read_contract_indicators("seed/contract_indicators.csv")

    assert [row["key"] for row in indicators] == list(CONTRACT)
    found = {
        (row["indicator_key"], row["place_code"]): (row["value"], row["suppressed"])
        for row in values
    }
    expected = {
        (key, iris): (value, value is None)
        for key, row in CONTRACT.items()
        for iris, value in zip(FIVE_IRIS, row, strict=True)
    }
    assert found == expected


def test_comparisons_when_read_then_each_is_about_figures_that_are_shipped() -> None:
    signed, _ = read_contract_indicators("seed/contract_indicators.csv")
    official, _ = read_official_figures("seed/official_iris.csv")
    keys, published = {row["key"] for row in signed}, {row["key"] for row in official}

    assert set(definitions()) == keys
    for definition in definitions().values():
        assert set(definition.official) <= published
        assert definition.tolerance > 0 or not definition.official
    told = contract_text("blagis")
    assert {*told.national, *(statement.key for statement in told.statements)} <= keys


def test_official_figures_when_read_then_what_is_withheld_has_no_value() -> None:
    _, values = read_official_figures("seed/official_iris.csv")
    found = {(r["indicator_key"], r["place_code"], r["vintage"]): r["value"] for r in values}

    assert len({row["place_code"] for row in values}) == 44
    assert found["rp_locataires_hlm_pct", "920070117", 2022] == 10.43
    assert found["rp_locataires_hlm_pct", "920070115", 2022] == 84.51
    assert all(row["suppressed"] is (row["value"] is None) for row in values)


def test_operations_when_read_then_the_22_of_the_contract_in_their_communes() -> None:
    rows = read_operations("seed/operations.csv")
    themes = {"education", "family", "sport", "culture", "social", "shop", "public-space"}

    titles = {
        code: tuple(row["title"] for row in rows if row["insee_code"] == code)
        for code in OPERATIONS
    }
    assert titles == OPERATIONS
    assert len(rows) == 22
    assert {row["position_quality"] for row in rows} == {"approximate"}
    assert {row["theme"] for row in rows} <= themes
    unnamed = {row["title"] for row in rows if not row["work"]}
    assert "Rénovation de la maison de quartier" not in unnamed


def test_plan_when_read_then_every_icon_is_in_the_sprite() -> None:
    symbols = set(re.findall(r'id="i-([a-z0-9-]+)"', SPRITE.read_text(encoding="utf-8")))
    plan = read_plan("blagis")

    assert len(plan.categories) == 20
    assert {category.icon for category in plan.categories} <= symbols


def test_csv_when_read_then_rows_are_whole() -> None:
    for path in SEED.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as lines:
            widths = {len(row) for row in csv.reader(lines, delimiter=";")}
        assert len(widths) == 1, path.name


def test_geojson_when_shipped_then_one_feature_a_line() -> None:
    for path in SEED.glob("*.geojson"):
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        assert len(path.read_text(encoding="utf-8").splitlines()) == len(features) + 2


def test_plan_when_read_then_depots_are_in_the_communes() -> None:
    plan = read_plan("blagis")
    features = json.loads((SEED / "communes.geojson").read_text(encoding="utf-8"))["features"]
    served = shapely.union_all(
        [
            shapely.geometry.shape(feature["geometry"])
            for feature in features
            if feature["properties"]["insee_com"] in plan.insee_codes
        ]
    )
    depots = [team.depot for team in plan.teams if team.depot]

    assert len(depots) == 16
    assert all(served.contains(shapely.Point(depot.lon, depot.lat)) for depot in depots)
