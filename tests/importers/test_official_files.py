"""Every official file goes in, with the counts that its producer's edition has."""

import csv
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select, func, select, text
from sqlalchemy.orm import Session

from qpvmap.importers.report import ImportReport, LayerChoiceNeeded
from qpvmap.storage.models import (
    Commune,
    Dataset,
    DataVersion,
    Epci,
    Equipment,
    Indicator,
    IndicatorValue,
    Iris,
    Qpv,
    Road,
)
from tests.importers.conftest import Import


def pairs(session: Session, statement: Select[tuple[Any, Any]]) -> dict[Any, Any]:
    """Return the rows of a statement on two columns, the second by the first."""
    return {row[0]: row[1] for row in session.execute(statement)}


SHAPEFILE = "qpv_2015/QP_METROPOLEOUTREMER_WGS84_EPSG4326.shp"
FILES = [
    # kind, file, edition asked for, layer, lines read, rows new
    ("qpv", SHAPEFILE, None, None, 1514, 1514),
    ("qpv", "qpv_2024/communes_qpv_centroides.geojson", None, None, 824, 1493),
    ("qpv", "blagis/qpv_2024.geojson", None, None, 5, 5),
    ("qpv", "blagis/qpv_2015.geojson", None, None, 13, 13),
    ("qpv", "blagis/blagis.gpkg", None, "qpv_2024", 5, 5),
    ("qpv", "blagis/blagis.gpkg", 2015, None, 13, 13),
    ("iris", "blagis/iris.geojson", 2024, None, 244, 244),
    ("iris", "blagis/blagis.gpkg", 2024, None, 244, 244),
    ("communes", "blagis/communes.geojson", 2024, None, 24, 24),
    ("communes", "blagis/blagis.gpkg", 2024, None, 24, 24),
    ("communes", "communes/communes-92-hauts-de-seine.geojson", 2018, None, 36, 36),
    ("epci", "blagis/ept.geojson", 2024, None, 1, 1),
    ("epci", "blagis/blagis.gpkg", 2024, None, 1, 1),
    ("epci", "communes/ept.json", 2024, None, 11, 11),
    ("equipements", "blagis/equipements.geojson", 2025, None, 138, 132),
    ("equipements", "blagis/blagis.gpkg", 2025, "equipements", 138, 132),
    ("equipements", "equipements/emplacement-des-gares-idf.geojson", 2025, None, 1233, 1011),
    ("equipements", "equipements/velib-emplacement-des-stations.geojson", 2024, None, 1486, 1486),
    ("equipements", "equipements/france_services_2021.geojson", None, None, 908, 908),
    ("routes", "blagis/routes_principales.geojson", 2017, None, 30, 7),
    ("routes", "blagis/blagis.gpkg", 2017, None, 30, 7),
    ("indicateurs", "indicateurs/iris_stats.csv", None, None, 244, 244 * 23),
    ("indicateurs", "qpv_2015/pop_qp_2013.csv", None, None, 1514, 1514),
    ("indicateurs", "indicateurs/meta_BASE_TD_FILO_IRIS_2021_DISP.csv", None, None, 16059, 27),
]


@pytest.mark.parametrize(
    ("kind", "file", "vintage", "layer", "read", "new"), FILES, ids=lambda value: str(value)
)
def test_import_of_an_official_file_then_again_changes_nothing(
    run: Import,
    official_data: Path,
    kind: str,
    file: str,
    vintage: int | None,
    layer: str | None,
    read: int,
    new: int,
) -> None:
    first = run(kind, official_data / file, vintage=vintage, layer=layer)
    again = run(kind, official_data / file, vintage=vintage, layer=layer)
    assert first.accepted
    assert (first.read, first.counts.new, first.counts.gone) == (read, new, 0)
    assert (again.counts.new, again.counts.changed, again.counts.unchanged) == (0, 0, new)
    assert "rien n’a changé" in again.text()


def test_the_2015_shapefile_is_repaired_and_its_accents_are_right(
    run: Import, session: Session, official_data: Path
) -> None:
    report = run("qpv", official_data / SHAPEFILE)
    assert len(report.repaired) == 34
    assert len(report.overlaps) == 30
    assert report.overlaps[0].area_m2 == pytest.approx(409, abs=5)
    names = pairs(session, select(Qpv.code, Qpv.name))
    assert names["QP973013"] == "Thémire"
    assert not [name for name in names.values() if any("\x80" <= c <= "\x9f" for c in name)]
    assert names["QP974019"] == "Cœur de Saint-Laurent"
    assert names["QP974009"] == "Bois D’Olives"
    valid = select(func.bool_and(func.ST_IsValid(Qpv.perimeter)))
    assert session.scalar(valid) is True


def test_the_2015_quarters_find_their_communes_by_name_once_these_are_known(
    run: Import, session: Session, official_data: Path
) -> None:
    run("communes", official_data / "blagis/communes.geojson", vintage=2024)
    report = run("qpv", official_data / "blagis/qpv_2015.geojson")
    codes = pairs(session, select(Qpv.code, Qpv.insee_codes))
    assert codes["QP094016"] == ["94003", "94037"]
    assert codes["QP092009"] == ["92007"]
    assert not any("sans code connu" in note for note in report.notes)


def test_the_register_of_2024_never_erases_an_outline(
    run: Import, session: Session, official_data: Path
) -> None:
    run("qpv", official_data / "blagis/qpv_2024.geojson")
    report = run("qpv", official_data / "qpv_2024/communes_qpv_centroides.geojson")
    assert (report.counts.new, report.counts.changed + report.counts.unchanged) == (1488, 5)
    blagis = session.scalars(select(Qpv).where(Qpv.code == "QN09219N")).one()
    assert blagis.name == "Les Blagis"
    assert blagis.insee_codes == ["92007", "92014", "92032", "92071"]
    assert blagis.perimeter is not None
    assert session.scalar(select(Qpv.name).where(Qpv.code == "QN01202M")) == (
        "Bastide; Tricot et Lapeyrade"
    )
    assert not session.scalar(select(func.count()).where(Qpv.name.contains("\n")))
    bare = select(func.count()).select_from(Qpv).where(Qpv.perimeter.is_(None))
    assert session.scalar(bare) == 1488


def test_a_geopackage_of_several_layers_asks_which(run: Import, official_data: Path) -> None:
    with pytest.raises(LayerChoiceNeeded) as asked:
        run("qpv", official_data / "blagis/blagis.gpkg")
    assert sorted(asked.value.layers) == ["qpv_2015", "qpv_2024"]


def test_shares_of_the_quarters_by_iris_are_those_computed_by_the_producer(
    run: Import, session: Session, official_data: Path
) -> None:
    run("iris", official_data / "blagis/iris.geojson", vintage=2024)
    run("qpv", official_data / "blagis/qpv_2024.geojson")
    run("qpv", official_data / "blagis/qpv_2015.geojson")
    found = session.execute(
        text(
            """
            select qpv.code, iris.code,
                st_area(st_intersection(
                    st_transform(qpv.perimeter, 2154), st_transform(iris.perimeter, 2154)))
            from qpv join iris on st_intersects(qpv.perimeter, iris.perimeter)
            """
        )
    )
    areas = {(quarter, iris): area for quarter, iris, area in found}
    with (official_data / "blagis/qpv_iris_recouvrement.csv").open(encoding="utf-8") as lines:
        expected = list(csv.DictReader(lines))
    inside = [row for row in expected if row["code_iris"] in {iris for _quarter, iris in areas}]
    assert (len(expected), len(inside)) == (74, 64)
    for row in inside:
        area = areas[row["code_qp"], row["code_iris"]]
        assert area == pytest.approx(float(row["surface_m2"]), rel=1e-4, abs=1), row
    assert len([1 for quarter, _iris in areas if quarter == "QN09219N"]) == 9


def test_communes_carry_their_population_where_the_file_has_it(
    run: Import, session: Session, official_data: Path
) -> None:
    run("communes", official_data / "blagis/communes.geojson", vintage=2024)
    known = pairs(session, select(Commune.insee_code, Commune.population))
    assert (known["92007"], known["92071"], known["75113"]) == (44572, 20884, None)


def test_the_list_of_ept_completes_the_outline_of_one(
    run: Import, session: Session, official_data: Path
) -> None:
    run("epci", official_data / "blagis/ept.geojson", vintage=2024)
    run("epci", official_data / "communes/ept.json", vintage=2024)
    ept = session.scalars(select(Epci).where(Epci.siren == "200057966")).one()
    assert (ept.name, ept.kind, len(ept.insee_codes)) == ("Vallée Sud-Grand Paris", "EPT", 11)
    assert ept.perimeter is not None


def test_a_station_of_several_lines_is_one_place(
    run: Import, session: Session, official_data: Path
) -> None:
    run("communes", official_data / "blagis/communes.geojson", vintage=2024)
    run(
        "equipements",
        official_data / "equipements/emplacement-des-gares-idf.geojson",
        vintage=2025,
    )
    antony = session.scalars(select(Equipment).where(Equipment.name == "Antony")).one()
    assert antony.extra["lines"] == ["ORLYVAL", "RER B"]
    assert (antony.theme, antony.kind, antony.insee_code) == ("transport", "gare", "92002")
    names = select(Equipment.source_key).where(Equipment.name == "Malesherbes")
    assert len(session.scalars(names).all()) == 2


def test_stations_without_codes_are_known_by_name_and_place(
    run: Import, session: Session, official_data: Path
) -> None:
    path = official_data / "equipements/velib-emplacement-des-stations.geojson"
    run("equipements", path, vintage=2024)
    keys = session.scalars(
        select(Equipment.source_key).where(Equipment.name == "Place de la Gare")
    ).all()
    assert sorted(keys) == ["Place de la Gare (48.803, 2.428)", "Place de la Gare (48.839, 2.187)"]


def test_public_desks_come_without_telephone_or_mail(
    run: Import, session: Session, official_data: Path
) -> None:
    report = run("equipements", official_data / "equipements/france_services_2021.geojson")
    assert any("code de commune illisible" in note for note in report.notes)
    desks = session.scalars(select(Equipment)).all()
    written = " ".join(f"{desk.detail} {desk.address} {desk.extra}" for desk in desks)
    assert "@" not in written
    assert not any(mark in written for mark in ("04 50 56 87 49", "franceservices@"))
    first = next(desk for desk in desks if desk.name == "Valserhône")
    assert (first.insee_code, first.theme) == ("01033", "social")
    assert first.extra["hours"]["lundi"] == "9:00 - 12:00 / 13:30 - 17:00"


def test_filosofi_withholds_and_never_says_zero(
    run: Import, session: Session, official_data: Path
) -> None:
    path = official_data / "indicateurs/BASE_TD_FILO_IRIS_2021_DISP.csv"
    report = run("indicateurs", path)
    assert (report.read, report.counts.new, report.withheld) == (16026, 27 * 16026, 42148)
    again = run("indicateurs", path)
    assert (again.counts.changed, again.counts.unchanged) == (0, 27 * 16026)
    poverty = select(func.count()).where(IndicatorValue.indicator_key == "disp_tp60")
    assert session.scalar(poverty) == 16026
    assert session.scalar(poverty.where(IndicatorValue.suppressed)) == 1540
    value = select(IndicatorValue.value).where(
        IndicatorValue.indicator_key == "disp_tp60", IndicatorValue.place_code == "010040101"
    )
    assert session.scalar(value) == 19.0
    title = session.get_one(Indicator, "disp_tp60")
    assert (title.title, title.unit) == ("Taux de pauvreté au seuil de 60 %", "%")


def test_home_made_columns_go_through_their_mapping(
    run: Import, session: Session, official_data: Path
) -> None:
    report = run("indicateurs", official_data / "indicateurs/iris_stats.csv")
    assert report.vintages == (2011, 2016, 2021, 2022)
    assert report.withheld == 64
    population = select(IndicatorValue.vintage, IndicatorValue.value).where(
        IndicatorValue.place_code == "751135108", IndicatorValue.indicator_key == "rp_population"
    )
    assert pairs(session, population) == {2011: 2806, 2016: 3082, 2022: 3004}


def test_import_notes_the_source_and_raises_the_data_version(
    run: Import, session: Session, official_data: Path
) -> None:
    path = official_data / "blagis/iris.geojson"
    run("iris", path, vintage=2024)
    source = session.scalars(select(Dataset)).one()
    assert (source.key, source.vintage, source.producer) == ("iris", 2024, "IGN et Insee")
    assert len(source.sha256) == 64
    version = select(DataVersion.version).where(DataVersion.family == "places")
    raised = session.scalar(version)
    run("iris", path, vintage=2024)
    assert session.scalar(version) == raised
    assert session.scalar(select(func.count(Iris.dataset_id))) == 244


def test_dry_run_checks_everything_and_writes_nothing(
    run: Import, session: Session, official_data: Path
) -> None:
    report: ImportReport = run(
        "routes", official_data / "blagis/blagis.gpkg", vintage=2017, dry_run=True
    )
    assert report.counts.new == 7
    assert "Essai à blanc" in report.text()
    assert session.scalar(select(func.count()).select_from(Road)) == 0
    assert session.scalar(select(func.count()).select_from(Dataset)) == 0
