"""Files that are not what they say: refused with a reason, and nothing is written."""

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import pytest
from click.testing import CliRunner
from shapely import Point, box
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qpvmap.commands.imports import import_group
from qpvmap.importers.report import ChoiceNeeded, FileRefused
from qpvmap.storage.models import Commune, IndicatorValue, Iris, Qpv
from tests.importers.conftest import Import, square

Writer = Callable[..., Path]


def quarter(code: str = "QN00001A", **properties: Any) -> dict[str, Any]:
    return {"code_qp": code, "lib_qp": "Les Tilleuls", "insee_com": "92007"} | properties


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("vide.geojson", b"", "vide"),
        ("page.geojson", b"<!DOCTYPE html><html><body>404</body></html>", "page web"),
        ("page.zip", b"\xef\xbb\xbf\n <html>", "page web"),
        ("faux.zip", b"PK\x03\x04rien de bon", "illisible"),
        ("faux.gpkg", b"ceci n'est pas une base", "illisible"),
        ("coupe.geojson", b'{"type": "FeatureCollection", "features": [{"type"', "illisible"),
        ("note.txt", b"bonjour", "format non reconnu"),
        ("sans.geojson", b'{"type": "FeatureCollection", "features": []}', "aucun"),
    ],
)
def test_import_of_what_is_no_data_file_says_why(
    run: Import, tmp_path: Path, name: str, content: bytes, why: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FileRefused, match=why):
        run("qpv", path)


def test_import_of_a_folder_or_of_nothing_is_refused(run: Import, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent.gpkg"):
        with pytest.raises(FileRefused, match="n’est pas un fichier"):
            run("qpv", path)


def test_import_without_the_expected_column_lists_what_it_looked_for(
    run: Import, geojson: Writer
) -> None:
    path = geojson(({"nom": "Les Tilleuls"}, square(2.3, 48.8)))
    with pytest.raises(FileRefused, match=r"code_qp.*Le fichier a : nom"):
        run("qpv", path)


def test_one_bad_row_keeps_the_whole_file_out(
    run: Import, session: Session, geojson: Writer
) -> None:
    path = geojson(
        (quarter("QN00001A"), square(2.3, 48.8)),
        (quarter("QN1"), square(2.4, 48.8)),
        (quarter("QN00003A"), None),
        (quarter("QN00004A", lib_qp="  "), square(2.5, 48.8)),
        (quarter("QN00005A"), square(300.0, 48.8)),
        (quarter("QN00006A", insee_com="92007,abc"), square(2.6, 48.8)),
    )
    report = run("qpv", path)
    assert not report.accepted
    assert [(refusal.row, refusal.label) for refusal in report.refused] == [
        (2, "QN1"),
        (3, "QN00003A"),
        (4, "QN00004A"),
        (5, "QN00005A"),
        (6, "QN00006A"),
    ]
    assert "ligne 2 (QN1) : code de quartier « QN1 » illisible" in report.text()
    assert "Rien n’a été importé" in report.text()
    assert session.scalar(select(func.count()).select_from(Qpv)) == 0


def test_rows_that_say_the_same_twice_are_reported_and_go_in_once(
    run: Import, session: Session, geojson: Writer
) -> None:
    row = (quarter(), square(2.3, 48.8))
    report = run("qpv", geojson(row, row))
    assert report.duplicates == ["QN00001A, lignes 1 et 2"]
    assert session.scalar(select(func.count()).select_from(Qpv)) == 1


def test_rows_that_contradict_each_other_are_refused(run: Import, geojson: Writer) -> None:
    path = geojson((quarter(), square(2.3, 48.8)), (quarter(), square(2.4, 48.8)))
    report = run("qpv", path)
    assert [refusal.why for refusal in report.refused] == [
        "même code que la ligne 1, avec d’autres données"
    ]


def test_a_self_crossing_outline_is_repaired_and_a_line_is_no_outline(
    run: Import, session: Session, geojson: Writer
) -> None:
    bow_tie = [[[2.3, 48.8], [2.31, 48.81], [2.31, 48.8], [2.3, 48.81], [2.3, 48.8]]]
    report = run("qpv", geojson((quarter(), {"type": "Polygon", "coordinates": bow_tie})))
    assert report.repaired == ["QN00001A"]
    assert session.scalar(select(func.ST_IsValid(Qpv.perimeter))) is True
    line = {"type": "LineString", "coordinates": [[2.3, 48.8], [2.4, 48.8]]}
    assert not run("qpv", geojson((quarter(), line), (quarter("QN00002A"), line))).accepted


def test_codes_that_lost_their_zero_find_it_again_and_corsica_keeps_its_letter(
    run: Import, session: Session, geojson: Writer
) -> None:
    path = geojson(
        ({"CODGEO": 1004, "LIBGEO": "Ambérieu-en-Bugey"}, square(5.3, 45.9)),
        ({"CODGEO": "2a004", "LIBGEO": "Ajaccio"}, square(8.7, 41.9)),
    )
    run("communes", path, vintage=2024)
    assert sorted(session.scalars(select(Commune.insee_code))) == ["01004", "2A004"]


def test_a_huge_number_is_refused(run: Import, geojson: Writer) -> None:
    path = geojson(
        ({"code": "92007", "nom": "Bagneux", "population": "9" * 40}, square(2.3, 48.8)),
    )
    report = run("communes", path, vintage=2024)
    assert "démesuré" in report.refused[0].why


def test_an_edition_that_contradicts_the_file_is_refused(run: Import, geojson: Writer) -> None:
    path = geojson((quarter(millesime=2015), square(2.3, 48.8)))
    report = run("qpv", path, vintage=2024)
    assert "édition 2015" in report.refused[0].why


def test_an_edition_that_nothing_tells_is_asked_for(run: Import, geojson: Writer) -> None:
    path = geojson(
        ({"code_iris": "920070117", "nom_iris": "Quartier 17"}, square(2.3, 48.8)),
        name="iris-2023.geojson",
    )
    with pytest.raises(ChoiceNeeded, match="--vintage 2023"):
        run("iris", path)


def test_an_iris_of_another_commune_is_refused(run: Import, geojson: Writer) -> None:
    path = geojson(
        (
            {"code_iris": "920070117", "nom_iris": "Quartier 17", "insee_com": "92014"},
            square(2.3, 48.8),
        )
    )
    report = run("iris", path, vintage=2024)
    assert "n’est pas de la commune 92014" in report.refused[0].why


def frame(crs: int = 2154) -> geopandas.GeoDataFrame:
    outline = box(650_000, 6_853_000, 650_500, 6_853_400)
    return geopandas.GeoDataFrame(
        {"CODE_QP": ["QP092999"], "NOM_QP": ["Cœur d’Été"], "COMMUNE_QP": ["Bagneux"]},
        geometry=[outline],
        crs=crs,
    )


def shapefile(folder: Path, *, encoding: str = "CP1252") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "QP_L93.shp"
    frame().to_file(path, encoding=encoding)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    return path


def assert_in_bagneux(session: Session) -> None:
    row = session.execute(
        select(Qpv.name, func.ST_X(func.ST_Centroid(Qpv.perimeter)), func.ST_NRings(Qpv.perimeter))
    ).one()
    assert row[0] == "Cœur d’Été"
    assert row[1] == pytest.approx(2.322, abs=0.01)


@pytest.mark.parametrize("inside", ["", "dossier/"])
def test_a_zipped_shapefile_in_lambert_93_and_windows_1252_goes_in(
    run: Import, session: Session, tmp_path: Path, inside: str
) -> None:
    path = shapefile(tmp_path / "shp")
    archive = tmp_path / "qpv.zip"
    with zipfile.ZipFile(archive, "w") as target:
        for part in path.parent.iterdir():
            target.write(part, f"{inside}{part.name}")
    assert run("qpv", archive).counts.new == 1
    assert_in_bagneux(session)


def test_a_shapefile_in_utf8_without_cpg_is_recognised(
    run: Import, session: Session, tmp_path: Path
) -> None:
    run("qpv", shapefile(tmp_path / "shp", encoding="UTF-8"))
    assert_in_bagneux(session)


def test_a_shapefile_with_upper_case_endings_goes_in(
    run: Import, session: Session, tmp_path: Path
) -> None:
    path = shapefile(tmp_path / "shp")
    for part in list(path.parent.iterdir()):
        shutil.move(part, part.with_suffix(part.suffix.upper()))
    run("qpv", path.with_suffix(".SHP"))
    assert_in_bagneux(session)


def test_lambert_93_metres_in_a_geojson_that_does_not_say_so_are_understood(
    run: Import, session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "qp-2015-epsg2154.geojson"
    content = json.loads(frame().to_json())
    content.pop("crs", None)
    path.write_text(json.dumps(content), encoding="utf-8")
    run("qpv", path)
    assert_in_bagneux(session)


def test_a_geopackage_with_heights_goes_in_flat(
    run: Import, session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "iris.gpkg"
    outline = box(2.3, 48.8, 2.31, 48.81)
    raised = geopandas.GeoSeries([outline], crs=4326).force_3d(12.0)
    geopandas.GeoDataFrame(
        {"DCOMIRIS": ["920070117"], "NOM_IRIS": ["Quartier\r\n 17"]}, geometry=raised
    ).to_file(path)
    run("iris", path, vintage=2024)
    iris = session.execute(select(Iris.name, func.ST_NDims(Iris.perimeter))).one()
    assert iris == ("Quartier 17", 2)


def test_points_are_no_iris(run: Import, tmp_path: Path) -> None:
    path = tmp_path / "points.gpkg"
    geopandas.GeoDataFrame(
        {"code_iris": ["920070117"], "nom_iris": ["Quartier 17"]},
        geometry=[Point(2.3, 48.8)],
        crs=4326,
    ).to_file(path)
    assert not run("iris", path, vintage=2024).accepted


def iris_shapefile(folder: Path) -> Path:
    path = folder / "iris.shp"
    geopandas.GeoDataFrame(
        {"code_iris": ["920070117"], "nom_iris": ["Quartier 17"]},
        geometry=[box(2.3, 48.78, 2.31, 48.79)],
        crs=4326,
    ).to_file(path)
    return path


@pytest.mark.parametrize("lost", [".dbf", ".shx"])
@pytest.mark.parametrize("zipped", [False, True])
def test_a_shapefile_without_its_other_files_is_refused_in_french(
    run: Import, tmp_path: Path, lost: str, zipped: bool
) -> None:
    path = iris_shapefile(tmp_path)
    path.with_suffix(lost).unlink()
    if zipped:
        archive = tmp_path / "iris.zip"
        with zipfile.ZipFile(archive, "w") as content:
            for part in sorted(tmp_path.glob("iris.*")):
                if part != archive:
                    content.write(part, part.name)
        path = archive
    with pytest.raises(FileRefused, match=f"iris.shp est incomplet : il manque {lost}"):
        run("iris", path, vintage=2024)


def test_json_that_is_no_map_is_refused_in_french(run: Import, tmp_path: Path) -> None:
    path = tmp_path / "ept.json"
    path.write_text('[{"code": "200057966", "membres": []}]', encoding="utf-8")
    with pytest.raises(FileRefused) as refused:
        run("communes", path)
    assert "ce n’est pas un GeoJSON valable" in str(refused.value)
    assert "not recognized" not in str(refused.value)


def test_report_when_all_is_asked_then_every_line_is_shown(
    committed_db: str, geojson: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QPVMAP_DATABASE_URL", committed_db)
    bad = str(geojson(*((quarter(f"non{n}"), square(2.3, 48.8)) for n in range(34))))
    runs = [CliRunner().invoke(import_group, ["qpv", bad, *more]) for more in ([], ["--all"])]
    assert [result.exit_code for result in runs] == [1, 1]
    assert [result.output.count("ligne ") for result in runs] == [20, 34]
    assert "… et 14 de plus : --all les montre toutes" in runs[0].output
    assert "de plus" not in runs[1].output


CSV = "IRIS;DISP_MED21;DISP_TP6021\n010040101;20350;19,0\n{row}\n"


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("010040102;18 570;abc", "colonne DISP_TP6021 : « abc » n’est pas un nombre"),
        ("010040102;1e400;19", "démesuré"),
        ("010040102;18570", "2 valeurs pour 3 colonnes"),
        ("Paris;18570;19", "code IRIS « Paris » illisible"),
        ("010040101;1;2", "même code que la ligne 1"),
    ],
)
def test_a_bad_line_of_a_table_keeps_it_out(
    run: Import, session: Session, tmp_path: Path, row: str, why: str
) -> None:
    path = tmp_path / "filo.csv"
    path.write_text(CSV.format(row=row), encoding="utf-8")
    report = run("indicateurs", path)
    assert report.refused[0].row == 2
    assert why in report.refused[0].why
    assert session.scalar(select(func.count()).select_from(IndicatorValue)) == 0


@pytest.mark.parametrize("mark", ["s", "ns", "nd", "NR", ""])
def test_what_is_withheld_is_never_zero(
    run: Import, session: Session, tmp_path: Path, mark: str
) -> None:
    path = tmp_path / "filo.csv"
    path.write_text(CSV.format(row=f"010040102;18\u00a0570;{mark}"), encoding="cp1252")
    assert run("indicateurs", path).withheld == 1
    found = session.execute(
        select(IndicatorValue.indicator_key, IndicatorValue.value, IndicatorValue.suppressed)
        .where(IndicatorValue.place_code == "010040102")
        .order_by(IndicatorValue.indicator_key)
    ).all()
    assert found == [("disp_med", 18570.0, False), ("disp_tp60", None, True)]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"IRIS;DISP_MED21\n", "pas de lignes"),
        (b"IRIS;IRIS;DISP_MED21\n1;2;3\n", "deux colonnes"),
        (b"\x00\x01\x02", "pas un fichier texte"),
        (b"a,b\n1,2\n", "indicateurs non reconnus"),
    ],
)
def test_a_table_that_is_none_is_refused(
    run: Import, tmp_path: Path, content: bytes, why: str
) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(FileRefused, match=why):
        run("indicateurs", path)


def test_the_command_answers_by_its_exit_code(
    committed_db: str, geojson: Writer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("QPVMAP_DATABASE_URL", committed_db)

    def call(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(import_group, list(arguments))
        return result.exit_code, result.output

    good = str(geojson((quarter(), square(2.3, 48.8)), name="bon.geojson"))
    bad = str(geojson((quarter("non"), square(2.3, 48.8)), name="mauvais.geojson"))
    iris = str(geojson(({"code_iris": "920070117", "nom_iris": "Q"}, square(2.3, 48.8))))
    assert call("qpv", good, "--dry-run")[0] == 0
    code, output = call("qpv", good)
    assert (code, "1  lignes nouvelles" in output) == (0, True)
    code, output = call("qpv", bad)
    assert (code, "ligne 1 (non)" in output) == (1, True)
    code, output = call("iris", iris)
    assert (code, "--vintage" in output) == (2, True)
    assert call("meteo", good)[0] == 2
