"""INSEE's squares of 200 m, as published: editions, formats, projections, what is left out."""

import zipfile
from functools import cache
from pathlib import Path

import geopandas
import pandas
import pyproj
import pytest
import shapely
from geoalchemy2.shape import to_shape
from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.importers.carreaux import Square, outline_of
from qpvmap.importers.report import ChoiceNeeded, FileRefused
from qpvmap.storage.models import GridCell
from tests.factories import make_territory
from tests.importers.conftest import Import

HEAD = "idcar_200m,idcar_1km,idcar_nat,i_est_200,i_est_1km,lcog_geo,ind,men,men_pauv"
FAR = "CRS3035RES200mN2034200E4250600"


@pytest.fixture(autouse=True)
def _territory(session: Session) -> None:
    make_territory(session)


@cache
def to_metres(epsg: int) -> pyproj.Transformer:
    """Return how degrees become metres of a projection."""
    return pyproj.Transformer.from_crs(4326, epsg, always_xy=True)


def code_at(lon: float, lat: float, epsg: int = 3035) -> str:
    """Return the identifier of the square over a point."""
    x, y = to_metres(epsg).transform(lon, lat)
    return f"CRS{epsg}RES200mN{int(y // 200) * 200}E{int(x // 200) * 200}"


WEST, MIDDLE = code_at(2.29, 48.78), code_at(2.30, 48.781)


def line(code: str, people: float, households: float, imputed: int) -> str:
    return f"{code},x,y,{imputed},0,92901,{people},{households},0.5"


def write(path: Path, *lines: str, head: str = HEAD) -> Path:
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return path


def cells(session: Session) -> dict[str, GridCell]:
    return {cell.code: cell for cell in session.scalars(select(GridCell))}


def test_csv_when_imported_then_the_squares_of_the_territory_alone(
    session: Session, run: Import, tmp_path: Path
) -> None:
    path = write(
        tmp_path / "Filosofi2019_carreaux_200m_met.csv",
        line(WEST, 312.5, 140, 0),
        line(MIDDLE, 12.5, 6.2, 1),
        line(FAR, 50, 20, 0),
    )
    report = run("carreaux", path, territory="toy")
    assert (report.counts.new, report.read, report.vintages) == (2, 3, (2019,))
    notes = " ".join(report.notes)
    assert "1 carreaux hors du territoire" in notes
    assert "1 carreaux de moins de 11 ménages" in notes
    assert "4 % des habitants" in notes
    kept = cells(session)
    assert set(kept) == {WEST, MIDDLE}
    assert (kept[WEST].people, kept[WEST].households, kept[WEST].imputed) == (312.5, 140, False)
    assert kept[MIDDLE].imputed
    outline = to_shape(kept[WEST].perimeter)
    assert outline.contains(shapely.Point(2.29, 48.78))
    metres = geopandas.GeoSeries([outline], crs=4326).to_crs(3035).iloc[0]
    assert metres.area == pytest.approx(40_000, rel=1e-4)
    again = run("carreaux", path, territory="toy")
    assert (again.counts.new, again.counts.unchanged) == (0, 2)


@pytest.mark.parametrize(
    ("name", "head", "row"),
    [
        (
            "Filosofi2017_carreaux_200m_met.csv",
            "Idcar_200m;I_est_200;I_est_1km;Ind;Men",
            f"{WEST};0;0;312.5;140",
        ),
        (
            "Filosofi2015_carreaux_200m_metropole.csv",
            "IdINSPIRE;Depcom;I_est_cr;Ind;Men",
            f"{WEST};92901;0;312,5;140",
        ),
    ],
)
def test_older_editions_when_imported_then_read_alike(
    session: Session, run: Import, tmp_path: Path, name: str, head: str, row: str
) -> None:
    report = run("carreaux", write(tmp_path / name, row, head=head), territory="toy")
    assert report.counts.new == 1
    assert cells(session)[WEST].people == 312.5


def layer(path: Path, *rows: tuple[str, float, float, int]) -> Path:
    table = pandas.DataFrame(rows, columns=["idcar_200m", "ind", "men", "i_est_200"])
    shapes = [shapely.box(0, 0, 200, 200)] * len(rows)
    geopandas.GeoDataFrame(table, geometry=shapes, crs=3035).to_file(path, layer="carreaux")
    return path


def test_geopackage_when_zipped_with_others_then_all_200_m_files_are_read(
    session: Session, run: Import, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qpvmap.importers.carreaux.ROWS_AT_ONCE", 2)
    mainland = layer(
        tmp_path / "carreaux_200m_met.gpkg",
        (FAR, 5, 2, 1),
        (WEST, 100, 40, 0),
        (MIDDLE, 20, 9, 1),
    )
    island = layer(tmp_path / "carreaux_200m_reun.gpkg", ("CRS2975RES200mN7645000E340000", 9, 4, 0))
    coarse = layer(tmp_path / "carreaux_1km_met.gpkg", (WEST, 999, 999, 0))
    path = tmp_path / "Filosofi2021_carreaux_200m_gpkg.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in (mainland, island, coarse):
            archive.write(each, each.name)
    report = run("carreaux", path, territory="toy")
    assert (report.read, report.counts.new, report.vintages) == (4, 2, (2021,))
    assert cells(session)[WEST].people == 100


def test_square_when_overseas_then_in_its_own_projection() -> None:
    outline = outline_of(Square(2975, 7_690_000, 340_000))
    assert outline.centroid.x == pytest.approx(55.46, abs=0.01)
    assert outline.centroid.y == pytest.approx(-20.88, abs=0.02)


def test_file_when_not_of_squares_or_of_nowhere_then_refused_in_words(
    run: Import, tmp_path: Path
) -> None:
    with pytest.raises(ChoiceNeeded, match="--vintage"):
        run("carreaux", write(tmp_path / "carreaux.csv", line(WEST, 1, 1, 0)), territory="toy")
    other = write(tmp_path / "iris-2019.csv", "92901;3", head="code;ind")
    with pytest.raises(FileRefused, match="il manque idcar_200m, men, i_est_200"):
        run("carreaux", other, territory="toy")
    away = write(tmp_path / "carreaux-2019.csv", line(FAR, 1, 1, 0))
    with pytest.raises(FileRefused, match="aucun carreau habité dans ce territoire"):
        run("carreaux", away, territory="toy")
    with pytest.raises(FileRefused, match="chargez-le d’abord"):
        run("carreaux", away, territory="ailleurs")
    archive = tmp_path / "filosofi2019.zip"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("carreaux.7z", b"7z")
    with pytest.raises(FileRefused, match=r"\.7z"):
        run("carreaux", archive, territory="toy")
    broken = tmp_path / "filosofi2019.gpkg"
    broken.write_bytes(b"SQLite format 3\x00 then nothing")
    with pytest.raises(FileRefused, match="est illisible"):
        run("carreaux", broken, territory="toy")


def test_row_when_it_cannot_be_placed_or_counted_then_nothing_is_imported(
    session: Session, run: Import, tmp_path: Path
) -> None:
    path = write(
        tmp_path / "filosofi2019.csv",
        line(WEST, 312.5, 140, 0),
        line("CRS3035RES1000mN2033000E4251000", 5, 2, 0),
        line(MIDDLE, -4, 2, 0),
    )
    report = run("carreaux", path, territory="toy")
    assert [refusal.row for refusal in report.refused] == [2, 3]
    assert not cells(session)
