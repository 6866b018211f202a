"""Pieces of ground from a file: bodies known, bad rows refused, what was drawn by hand kept."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.importers.report import FileRefused
from qpvmap.storage.models import DataVersion, Emprise
from tests.factories import Toy, make_territory
from tests.importers.conftest import Import, square


@pytest.fixture
def toy(session: Session) -> Toy:
    return make_territory(session)


def ground(**changes: Any) -> tuple[dict[str, Any], Any]:
    properties = {
        "Code": "R1",
        "Nom": "résidence  des Rives",
        "Type": "Résidence",
        "Gestionnaire": "ORGANISME POLICE",
        "Source": "Plan du bailleur",
        "Confiance": "80",
    } | changes
    return properties, properties.pop("geometry", square(2.29, 48.78, 0.001))


def test_import_of_grounds_twice_writes_them_once(
    session: Session, toy: Toy, run: Import, geojson: Any
) -> None:
    path = geojson(ground(), ground(Code="R2", Gestionnaire="org-police", Type="", Confiance=""))
    first = run("emprises", path, territory="toy")
    again = run("emprises", path, territory="toy")
    assert (first.counts.new, again.counts.wrote) == (2, False)
    one, two = session.scalars(select(Emprise).order_by(Emprise.code)).all()
    assert (one.name, one.kind, one.confidence) == ("résidence des Rives", "residence", 0.8)
    assert one.organisation_id == two.organisation_id == toy.teams["police"].organisation_id
    assert (two.kind, two.confidence) == ("other", 1.0)
    assert "emprises" in set(session.scalars(select(DataVersion.family)))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"Gestionnaire": "Bailleur inconnu"}, "inconnu du territoire"),
        ({"Gestionnaire": None}, "inconnu du territoire"),
        ({"Code": ""}, "le code est vide"),
        ({"Code": "x" * 61}, "trop long"),
        ({"Nom": " "}, "le nom est vide"),
        ({"Type": "château"}, "sorte de terrain « château »"),
        ({"Confiance": "0"}, "hors de 0 à 1"),
        ({"Confiance": "250"}, "hors de 0 à 1"),
        ({"Confiance": "beaucoup"}, "n’est pas un nombre"),
        ({"geometry": None}, "pas de contour"),
        ({"geometry": {"type": "Point", "coordinates": [2.29, 48.78]}}, "pas de contour"),
        ({"geometry": square(2.29, 148.78)}, "pas de contour"),
    ],
)
def test_import_of_a_hostile_row_says_why_and_writes_nothing(
    session: Session, toy: Toy, run: Import, geojson: Any, changes: dict[str, Any], why: str
) -> None:
    report = run("emprises", geojson(ground(Code="R0"), ground(**changes)), territory="toy")
    assert [refusal.row for refusal in report.refused] == [2]
    assert why in report.refused[0].why
    assert session.scalars(select(Emprise)).all() == []


def test_import_of_a_crossed_outline_repairs_it_and_says_so(
    session: Session, toy: Toy, run: Import, geojson: Any
) -> None:
    bow = [[2.29, 48.78], [2.291, 48.781], [2.291, 48.78], [2.29, 48.781], [2.29, 48.78]]
    crossed = ground(geometry={"type": "Polygon", "coordinates": [bow]})
    report = run("emprises", geojson(crossed), territory="toy")
    assert report.repaired == ["R1"]
    assert report.counts.new == 1


def test_import_leaves_what_the_coordination_drew_by_hand(
    session: Session, toy: Toy, run: Import, geojson: Any
) -> None:
    run("emprises", geojson(ground()), territory="toy")
    row = session.scalars(select(Emprise)).one()
    row.name, row.version = "corrigée", 2
    session.flush()
    report = run("emprises", geojson(ground(Nom="autre"), name="b.geojson"), territory="toy")
    session.refresh(row)
    assert row.name == "corrigée"
    assert "1 terrain(s) corrigés à la main" in report.text()


def test_import_without_a_territory_is_refused_whole(run: Import, geojson: Any) -> None:
    with pytest.raises(FileRefused):
        run("emprises", geojson(ground()), territory="nowhere")
