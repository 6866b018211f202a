"""INSEE's figures of priority neighbourhoods, in their published layouts."""

from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.importers.report import ChoiceNeeded, FileRefused
from qpvmap.storage.models import IndicatorValue
from tests.importers.conftest import Import

DEMOGRAPHY = (
    "CODGEO;LIBGEO;LIB_COM;TX_TOT_0A14;TX_TOT_15A24;TX_TOT_FAM_MONO;TX_TOT_EMPL\n"
    "QN09219N;Les Blagis;Bagneux, Sceaux;20,4;13,1;27,3;58,2\n"
    "QN09204M;Cité jardins;Châtenay-Malabry;s;nd;;61,0\n"
)


def values(session: Session) -> dict[tuple[str, str, int], float | None]:
    rows = session.scalars(select(IndicatorValue).where(IndicatorValue.place_kind == "qpv"))
    return {(row.indicator_key, row.place_code, row.vintage): row.value for row in rows}


def test_demography_of_quarters_is_read_under_the_keys_of_the_census(
    run: Import, session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "data_DEMO_qpv.csv"
    path.write_text(DEMOGRAPHY, encoding="utf-8")
    report = run("indicateurs", path, vintage=2020)
    assert report.accepted
    assert report.withheld == 3
    found = values(session)
    assert found["rp_moins_15_ans_pct", "QN09219N", 2020] == 20.4
    assert found["rp_menages_monoparentaux_pct", "QN09204M", 2020] is None
    assert run("indicateurs", path, vintage=2020).counts.wrote is False


def test_demography_without_its_edition_asks_for_it(run: Import, tmp_path: Path) -> None:
    path = tmp_path / "data_DEMO_qpv.csv"
    path.write_text(DEMOGRAPHY, encoding="utf-8")
    with pytest.raises(ChoiceNeeded, match="--vintage"):
        run("indicateurs", path)


def test_filosofi_of_quarters_is_known_by_its_codes(
    run: Import, session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "BASE_TD_FILO_QPV_2021_DISP.csv"
    path.write_text("CODGEO;DISP_TP6021;DISP_MED21\nQN09219N;27,5;18210\n", encoding="utf-8")
    run("indicateurs", path)
    assert values(session)["disp_tp60", "QN09219N", 2021] == 27.5


def test_filosofi_of_communes_stays_of_communes(
    run: Import, session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "FILO_COM.csv"
    path.write_text("CODGEO;DISP_TP6021\n92007;19,0\n", encoding="utf-8")
    run("indicateurs", path)
    (row,) = session.scalars(select(IndicatorValue))
    assert (row.place_kind, row.place_code) == ("commune", "92007")


CODES = ["CODGEO", "LIBGEO", "TX_TOT_0A14", "TX_TOT_15A24", "TX_TOT_FAM_MONO"]
FIGURES: list[list[Any]] = [
    ["QN09219N", "Les Blagis", 20.4, "nd", 27.3],
    ["QN09204M", "Cité jardins", "s", "c", 31],
]


def published(path: Path, *sheets: tuple[str, list[str], list[list[Any]]]) -> Path:
    """Write a workbook as INSEE does: a summary, titles above, words then codes, source below."""
    book = xlsxwriter.Workbook(str(path))
    book.add_worksheet("Lisez-moi").write_column(0, 0, ["Données sur les quartiers", "Insee"])
    for name, codes, rows in sheets:
        page = book.add_worksheet(name)
        page.merge_range(0, 0, 0, 4, "Démographie des quartiers prioritaires en 2020")
        page.write_row(3, 0, ["Code", "Libellé", "0-14 ans", "15-24 ans", "Monoparentales"])
        page.write_row(4, 0, codes)
        for at, row in enumerate(rows, start=5):
            page.write_row(at, 0, row)
        page.write(len(rows) + 7, 0, "Source : Insee, recensement de la population 2020")
    book.close()
    return path


@pytest.mark.parametrize("lower", [False, True])
def test_workbook_of_quarters_when_published_then_read_as_the_csv_would_be(
    run: Import, session: Session, tmp_path: Path, lower: bool
) -> None:
    codes = [code.lower() for code in CODES] if lower else CODES
    path = published(tmp_path / "DEMO_QPV.xlsx", ("QPV2024", codes, FIGURES))
    report = run("indicateurs", path, vintage=2020)
    assert report.accepted
    assert (report.read, report.withheld) == (2, 3)
    found = values(session)
    assert found["rp_moins_15_ans_pct", "QN09219N", 2020] == 20.4
    assert found["rp_de_15_a_24_ans_pct", "QN09204M", 2020] is None
    assert run("indicateurs", path, vintage=2020).counts.wrote is False


def test_workbook_when_two_sheets_would_do_then_asks_which(run: Import, tmp_path: Path) -> None:
    path = published(
        tmp_path / "DEMO.xlsx", ("QP2015", CODES, FIGURES), ("QP2024", CODES, FIGURES[:1])
    )
    with pytest.raises(ChoiceNeeded, match="QP2015, QP2024"):
        run("indicateurs", path, vintage=2020)
    assert run("indicateurs", path, vintage=2020, layer="QP2024").read == 1
    with pytest.raises(FileRefused, match="Pas de feuille"):
        run("indicateurs", path, vintage=2020, layer="QP1999")


def test_workbook_of_filosofi_when_published_then_known_by_its_columns(
    run: Import, session: Session, tmp_path: Path
) -> None:
    rows: list[list[Any]] = [["QN09219N", "Les Blagis", 27.5, 18210, "ns"]]
    codes = ["CODGEO", "LIBGEO", "DISP_TP6021", "DISP_MED21", "DISP_Q121"]
    run("indicateurs", published(tmp_path / "FILO.xlsx", ("QPV", codes, rows)))
    assert values(session)["disp_tp60", "QN09219N", 2021] == 27.5
    assert values(session)["disp_med", "QN09219N", 2021] == 18210


@pytest.mark.parametrize(
    ("content", "why"), [(b"PK\x03\x04 rien", "pas un classeur"), (b"x", "pas un classeur")]
)
def test_workbook_when_it_is_none_then_refused(
    run: Import, tmp_path: Path, content: bytes, why: str
) -> None:
    path = tmp_path / "faux.xlsx"
    path.write_bytes(content)
    with pytest.raises(FileRefused, match=why):
        run("indicateurs", path, vintage=2020)


def test_workbook_without_known_columns_says_which_sheets_were_read(
    run: Import, tmp_path: Path
) -> None:
    path = published(tmp_path / "autre.xlsx", ("Table", ["A", "B", "C", "D", "E"], [[1, 2, 3]]))
    with pytest.raises(FileRefused, match="Lisez-moi, Table"):
        run("indicateurs", path, vintage=2020)
