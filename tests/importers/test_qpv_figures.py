"""INSEE's figures of priority neighbourhoods, in their published layouts."""

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.importers.report import ChoiceNeeded
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
