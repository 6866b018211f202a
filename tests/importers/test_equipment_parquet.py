"""INSEE's BPE in Parquet: both layouts, overseas, broken files, bounded memory."""

from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from geoalchemy2 import functions as geo
from pyarrow import parquet
from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.importers.equipment_files import BATCH, Wanted, open_records
from qpvmap.importers.equipment_shapes import bpe_row
from qpvmap.importers.equipment_tables import point_of_row
from qpvmap.importers.report import FileRefused
from qpvmap.storage.models import Equipment
from tests.factories import WEST, make_places
from tests.importers.conftest import Import

LAYOUT_2023: dict[str, list[Any]] = {
    "AN": ["2023", "2023", "2023", "2023"],
    "NOMRS": ["ECOLE DES TILLEULS", None, None, "LOIN"],
    "NUMVOIE": ["3", None, None, None],
    "TYPVOIE": ["RUE", None, None, None],
    "LIBVOIE": ["DES TILLEULS", None, None, None],
    "CODPOS": ["92900", None, None, None],
    "DEPCOM": ["92901", "92901", "92901", "13055"],
    "LIBCOM": ["OUESTVILLE", None, None, "MARSEILLE"],
    "TYPEQU": ["C108", "B207", "D307", "C108"],
    "LAMBERT_X": [None, 647890.0, None, None],
    "LAMBERT_Y": [None, 6853750.0, None, None],
    "LONGITUDE": [2.290, None, None, 5.37],
    "LATITUDE": [48.780, None, None, 43.29],
    "EPSG": [None, "2154", None, None],
    "QUALITE_XY": ["Bonne", "Mauvaise", "Non géolocalisé", "Bonne"],
    "DCIRIS": ["92901_0101", None, None, None],
    "CAPACITE": [120, None, None, 4],
}
LAYOUT_2024: dict[str, list[Any]] = {
    "AN": [2024, 2024, 2024],
    "NOMRS": ["CRECHE LES LILAS", "_Z", "_Z"],
    "NUMVOIE": ["_Z", "_Z", "_Z"],
    "LIBCOM": ["OUESTVILLE", "OUESTVILLE", "OUESTVILLE"],
    "DEPCOM": ["92901", "92901", "92901"],
    "TYPEQU": ["D502", "D265", "D265"],
    "LAMBERT_X": ["_Z", "647890.0", "647890.0"],
    "LAMBERT_Y": ["_Z", "6853750.0", "6853750.0"],
    "LONGITUDE": ["2.291", "_Z", "_Z"],
    "LATITUDE": ["48.781", "_Z", "_Z"],
    "EPSG": ["_Z", "2154", "2154"],
    "QUALITE_XY": ["_U", "_U", "_U"],
    "QUALITE_GEOLOC": ["21", "33", "33"],
    "DCIRIS": ["929010101", "_Z", "_Z"],
}


def write(path: Path, columns: dict[str, list[Any]], **options: Any) -> Path:
    parquet.write_table(pa.table(columns), path, **options)
    return path


@pytest.fixture(autouse=True)
def _places(session: Session) -> None:
    make_places(session)


def rows(session: Session) -> list[Equipment]:
    return list(session.scalars(select(Equipment).order_by(Equipment.name)))


@pytest.mark.parametrize("encoded", [False, True])
def test_parquet_of_2023_when_imported_then_as_the_csv_would_be(
    run: Import, session: Session, tmp_path: Path, encoded: bool
) -> None:
    columns: dict[str, Any] = dict(LAYOUT_2023)
    if encoded:
        columns["DEPCOM"] = pa.array(columns["DEPCOM"]).dictionary_encode()
    path = write(tmp_path / "BPE23.parquet", columns, row_group_size=2)
    report = run("equipements", path)
    bakery, school = rows(session)
    assert (school.name, school.kind, school.theme) == ("École des Tilleuls", "ecole", "education")
    assert (school.position_quality, school.iris_code) == ("exact", "929010101")
    assert school.address == "3 Rue des Tilleuls, 92900 Ouestville"
    assert (bakery.name, bakery.position_quality) == ("Boulangerie", "approximate")
    lon, lat = session.execute(
        select(geo.ST_X(Equipment.location), geo.ST_Y(Equipment.location)).where(
            Equipment.id == bakery.id
        )
    ).one()
    assert (lon, lat) == pytest.approx((2.2907, 48.7813), abs=0.01)
    assert report.read == 4
    assert len(report.notes) == 2
    assert not run("equipements", path).counts.wrote


def test_parquet_of_2024_when_it_says_nothing_by_marks_then_these_are_no_words(
    run: Import, session: Session, tmp_path: Path
) -> None:
    report = run("equipements", write(tmp_path / "BPE24.parquet", LAYOUT_2024))
    creche, doctor = rows(session)
    assert (creche.name, creche.position_quality) == ("Crèche Les Lilas", "address")
    assert (doctor.name, doctor.position_quality, doctor.address) == (
        "Médecin généraliste",
        "approximate",
        "Ouestville",
    )
    assert (doctor.vintage, doctor.insee_code) == (2024, WEST)
    assert any("réunies" in note for note in report.notes)


@pytest.mark.parametrize(
    ("commune", "x", "y", "expected"),
    [
        ("97105", 657242.9, 1795384.4, (-61.529, 16.234)),
        ("97411", 339166.9, 7690000.0, (55.45, -20.88)),
        ("97608", 522000.0, 8588000.0, (45.20, -12.77)),
    ],
)
def test_overseas_when_the_projection_is_not_said_then_its_department_tells(
    commune: str, x: float, y: float, expected: tuple[float, float]
) -> None:
    row = bpe_row({"commune": commune, "x": x, "y": y, "epsg": "_Z", "lon": "_Z", "lat": "_Z"})
    point = point_of_row(row)
    assert point is not None
    assert (point.x, point.y) == pytest.approx(expected, abs=0.02)


def test_parquet_when_huge_then_only_a_batch_is_in_memory(tmp_path: Path) -> None:
    total = 400_000
    columns = {
        "DEPCOM": [f"{number % 90 + 1:02}{number % 500:03}" for number in range(total)],
        "TYPEQU": ["C108"] * total,
        "NOMRS": [f"École numéro {number} du quartier" for number in range(total)],
        "CAPACITE": list(range(total)),
    }
    whole = pa.table(columns)
    nbytes = whole.nbytes
    parquet.write_table(whole, tmp_path / "bpe.parquet", row_group_size=total)
    del whole, columns
    records = open_records(tmp_path / "bpe.parquet")
    left: Counter[str] = Counter()
    roles = {"commune": "DEPCOM", "type": "TYPEQU", "name": "NOMRS"}
    before = peak = pa.total_allocated_bytes()
    read = 0
    for number, row in records.read(Wanted(roles, frozenset({"01000", "11010"}), left)):
        peak = max(peak, pa.total_allocated_bytes())
        assert row["name"] == f"École numéro {number - 1} du quartier"
        read += 1
    assert read
    assert read + left["far"] == total
    assert peak - before < nbytes * BATCH / total * 6


def test_parquet_when_a_group_holds_no_commune_of_ours_then_it_is_not_read(tmp_path: Path) -> None:
    columns = {"DEPCOM": ["01001"] * 50 + ["92901"] * 50, "TYPEQU": ["C108"] * 100}
    path = write(tmp_path / "bpe.parquet", columns, row_group_size=50, compression="none")
    content = bytearray(path.read_bytes())
    content[4:40] = b"\xff" * 36  # the first group can no longer be read
    path.write_bytes(content)
    left: Counter[str] = Counter()
    roles = {"commune": "DEPCOM", "type": "TYPEQU"}
    numbers = [n for n, _ in open_records(path).read(Wanted(roles, frozenset({"92901"}), left))]
    assert numbers == list(range(51, 101))
    assert left["far"] == 50
    with pytest.raises(FileRefused, match="pas un Parquet entier"):
        list(open_records(path).read(Wanted(roles, frozenset({"01001"}), left)))


def test_parquet_when_batches_hold_nothing_of_ours_then_the_rest_is_read(tmp_path: Path) -> None:
    total = 3 * BATCH
    communes = ["13055"] * total
    communes[0], communes[-1] = "01001", "92901"
    path = write(tmp_path / "bpe.parquet", {"DEPCOM": communes, "TYPEQU": ["C108"] * total})
    left: Counter[str] = Counter()
    roles = {"commune": "DEPCOM", "type": "TYPEQU"}
    found = list(open_records(path).read(Wanted(roles, frozenset({"92901"}), left)))
    assert found == [(total, {"commune": "92901", "type": "C108"})]
    assert left["far"] == total - 1


@pytest.mark.parametrize("kept", [0.5, 0.98])
def test_parquet_when_cut_then_refused_with_what_to_do(
    run: Import, session: Session, tmp_path: Path, kept: float
) -> None:
    path = write(tmp_path / "bpe23.parquet", LAYOUT_2023)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    with pytest.raises(FileRefused, match="Téléchargez-le de nouveau"):
        run("equipements", path)
    assert rows(session) == []


def test_parquet_when_of_something_else_then_refused(run: Import, tmp_path: Path) -> None:
    path = write(tmp_path / "autre.parquet", {"a": [1], "b": [2]})
    with pytest.raises(FileRefused, match="aucun producteur connu"):
        run("equipements", path)
