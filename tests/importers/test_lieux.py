"""A town's own list: hostile spreadsheets, addresses found, slow and absent services."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from odfdo import Document, Table
from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Role
from qpvmap.core.errors import NotAllowed, OutsideTerritory
from qpvmap.core.geo import LonLat
from qpvmap.geocoding import GeocoderUnavailable
from qpvmap.geocoding_batch import Asked, Found, find_all
from qpvmap.importers.report import ChoiceNeeded, FileRefused
from qpvmap.settings import Settings
from qpvmap.storage.models import Equipment, EquipmentMatch, UnplacedEquipment
from qpvmap.storage.unplaced import waiting_places
from qpvmap.usecases.equipment import decide_match, drop_waiting, place_equipment
from tests.factories import FAR_AWAY, IN_QUARTER_WEST, WEST, Toy, make_actor, make_territory
from tests.geocoders import Geocoder, geocoding_service
from tests.importers.conftest import NOW, Import

BAN = """\
id;numero;rep;nom_voie;code_postal;code_insee;nom_commune;lon;lat
1;3;;Rue Haute;92900;92901;Ouestville;2.290;48.781
2;5;;Rue Haute;92900;92901;Ouestville;2.2902;48.7812
3;12;bis;Avenue du Parc;92900;92901;Ouestville;2.295;48.783
4;1;;Rue Loin;13000;13055;Marseille;5.37;43.3
"""
HEADER = ["Nom de l’équipement", "Adresse", "Commune", "Catégorie", "Horaires", "PMR", "Ouvert le"]
ROWS = [
    ["Gymnase Haut", "3 rue Haute", "Ouestville", "Gymnase", "Mo-Fr 09:00-18:00", "oui", "2019"],
    ["Médiathèque", "12 bis av du Parc", "Ouestville", "Médiathèque", "le matin", "non", ""],
    ["Salle perdue", "lieu-dit introuvable", "Ouestville", "Culture", "", "", ""],
]


@pytest.fixture
def toy(session: Session) -> Toy:
    return make_territory(session)


@pytest.fixture
def bring(run: Import, toy: Toy) -> Callable[..., Any]:
    def importing(path: Path, **options: Any) -> Any:
        return run("lieux", path, vintage=2026, territory="toy", **options)

    return importing


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    """Return a sheet as people make them: merged title, formula, date, 1 000 empty rows."""
    path = tmp_path / "equipements 2026.xlsx"
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet("Équipements")
    page.merge_range(0, 0, 0, 6, "VILLE D’OUESTVILLE : LISTE AU 1ER JANVIER")
    page.write_row(2, 0, HEADER)
    for at, row in enumerate(ROWS, start=3):
        page.write_row(at, 0, row)
    page.write_formula(6, 0, '="Crèche "&"Basse"', None, "Crèche Basse")
    page.write_row(6, 1, ["5 rue Haute", "Ouestville", "Petite enfance", "", "partiel"])
    page.write_datetime(6, 6, NOW.replace(tzinfo=None), book.add_format({"num_format": "dd/mm/yy"}))
    for at in range(7, 1007):
        page.write_blank(at, 0, None, book.add_format({"bold": True}))
    page.write_row(1010, 0, ["Gymnase Haut", "3 rue Haute", "Ouestville", "Gymnase"])
    book.add_worksheet("Notes").write(0, 0, "rien ici")
    book.close()
    return path


def found(asked: Any) -> list[Found | None]:
    """Answer by the first word, as a service would: sure, unsure, nowhere."""
    known = {
        "3": Found("3 Rue Haute", 0.95, LonLat(2.290, 48.781)),
        "5": Found("5 Rue Haute", 0.97, LonLat(2.2902, 48.7812)),
        "12": Found("Avenue du Parc", 0.41, LonLat(2.295, 48.783)),
    }
    return [known.get(one.address.split()[0]) for one in asked]


def test_sheet_when_hostile_then_read_placed_and_the_unsure_waits(
    bring: Callable[..., Any], session: Session, toy: Toy, sheet: Path
) -> None:
    report = bring(sheet, search=found)
    assert report.read == 5
    assert len(report.duplicates) == 1
    creche, gym = session.scalars(select(Equipment).order_by(Equipment.name)).all()
    assert (creche.name, creche.theme, creche.access) == ("Crèche Basse", "family", "limited")
    assert (gym.opening_hours, gym.access, gym.insee_code) == ("Mo-Fr 09:00-18:00", "yes", WEST)
    assert (gym.position_quality, gym.position_score) == ("address", 0.95)
    unsure, nowhere = waiting_places(session, toy.territory.id)
    assert (unsure.name, unsure.score, unsure.label) == ("Médiathèque", 0.41, "Avenue du Parc")
    assert (nowhere.name, nowhere.score, nowhere.lon) == ("Salle perdue", None, None)
    assert not bring(sheet, search=found).counts.wrote


def test_place_when_put_on_the_map_then_no_import_moves_it(
    bring: Callable[..., Any], session: Session, toy: Toy, sheet: Path
) -> None:
    bring(sheet, search=found)
    unsure, nowhere = waiting_places(session, toy.territory.id)
    keeper = make_actor(session, toy, Role.PLANNER)
    agent = make_actor(session, toy, Role.AGENT, "technique-ouest")
    with pytest.raises(NotAllowed):
        place_equipment(session, agent, toy.territory, unsure.id, IN_QUARTER_WEST, NOW)
    with pytest.raises(OutsideTerritory):
        place_equipment(session, keeper, toy.territory, unsure.id, FAR_AWAY, NOW)
    put = place_equipment(session, keeper, toy.territory, unsure.id, IN_QUARTER_WEST, NOW)
    drop_waiting(session, keeper, toy.territory.id, nowhere.id)
    assert (put.position_quality, put.insee_code) == ("exact", WEST)
    report = bring(sheet, search=found)
    assert any("placé à la main" in note for note in report.notes)
    assert [row.name for row in waiting_places(session, toy.territory.id)] == ["Salle perdue"]


def test_ban_when_imported_then_addresses_are_found_without_a_network(
    bring: Callable[..., Any],
    run: Import,
    session: Session,
    toy: Toy,
    sheet: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QPVMAP_GEOCODER_URL", "")
    waits = bring(sheet)
    assert any("ne répond pas" in note for note in waits.notes)
    assert len(waiting_places(session, toy.territory.id)) == 4
    ban = tmp_path / "adresses-92.csv"
    ban.write_text(BAN, encoding="utf-8")
    report = run("adresses", ban, vintage=2026)
    assert report.counts.new == 3
    bring(sheet)
    names = session.scalars(select(Equipment.name).order_by(Equipment.name)).all()
    assert {"Crèche Basse", "Gymnase Haut"} <= set(names)
    assert "Salle perdue" in [row.name for row in waiting_places(session, toy.territory.id)]
    again = session.scalars(select(UnplacedEquipment.source_key)).all()
    assert len(again) + len(names) == 4


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("Nom;Adresse;Catégorie\nX;1 rue;Vaisseau\n", None),
        ("a;b\n1;2\n", "aucune ligne d’en-tête"),
    ],
)
def test_list_when_it_cannot_be_read_then_says_why(
    bring: Callable[..., Any], tmp_path: Path, content: str, why: str | None
) -> None:
    path = tmp_path / "liste.csv"
    path.write_text(content, encoding="utf-8")
    if why is None:
        report = bring(path, search=found)
        assert "Vaisseau" in report.refused[0].why
        return
    with pytest.raises(FileRefused, match=why):
        bring(path, search=found)


def test_book_when_two_sheets_would_do_then_asks_which(
    bring: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "deux.xlsx"
    book = xlsxwriter.Workbook(str(path))
    for name in ("Nord", "Sud"):
        page = book.add_worksheet(name)
        page.write_row(0, 0, ["Nom", "Adresse"])
        page.write_row(1, 0, [f"Salle {name}", "3 rue Haute"])
    book.close()
    with pytest.raises(ChoiceNeeded, match="Nord, Sud"):
        bring(path, search=found)
    assert bring(path, layer="Sud", search=found).read == 1


def test_ods_when_imported_then_read_as_a_workbook(
    bring: Callable[..., Any], session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "liste 2026.ods"
    book = Document("spreadsheet")
    book.body.clear()
    table = Table("Lieux")
    table.set_values([["Liste"], ["Nom", "Adresse", "Type"], ["Halle", "3 rue Haute", "Sport"]])
    book.body.append(table)
    book.save(str(path))
    assert bring(path, search=found).counts.new == 1
    assert session.scalars(select(Equipment.name)).all() == ["Halle"]


def test_book_when_it_is_none_then_refused(bring: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "faux.xlsx"
    path.write_bytes(b"PK\x03\x04 rien")
    with pytest.raises(FileRefused, match="illisible"):
        bring(path, search=found)


def test_match_when_two_sources_name_one_place_then_proposed_and_decided(
    bring: Callable[..., Any], session: Session, toy: Toy, sheet: Path, tmp_path: Path
) -> None:
    other = tmp_path / "data-es-2025.csv"
    other.write_text(
        "equip_numero,equip_nom,equip_type_name,inst_nom,new_code,equip_coordonnees\n"
        'E1,Gymnase du Haut,Salle,Haut,92901,"48.7811, 2.2901"\n'
        'E2,Piscine,Bassin,Bas,92901,"48.7811, 2.2901"\n',
        encoding="utf-8",
    )
    from qpvmap.importers.load import ImportRequest, import_file

    import_file(session, ImportRequest("equipements", other, territory="toy"), NOW)
    report = bring(sheet, search=found)
    assert any("ressemblent" in note for note in report.notes)
    match = session.scalars(select(EquipmentMatch)).one()
    keeper = make_actor(session, toy, Role.COORDINATOR, "coordination")
    with pytest.raises(NotAllowed):
        resident = make_actor(session, toy, Role.RESIDENT)
        decide_match(session, resident, toy.territory.id, match.id, same=True, now=NOW)
    decide_match(session, keeper, toy.territory.id, match.id, same=True, now=NOW)
    from qpvmap.storage.equipment import Wanted, equipment_of

    names = [place.name for place in equipment_of(session, toy.territory.id, Wanted())]
    assert len([name for name in names if "Haut" in name]) == 1
    assert "Piscine" in names
    assert bring(sheet, search=found).notes == [n for n in report.notes if "ressemblent" not in n]


@pytest.fixture
def geocoder() -> Iterator[tuple[type[Geocoder], Settings]]:
    with geocoding_service() as (handler, url):
        yield handler, Settings(geocoder_url=url)


def test_addresses_when_many_then_in_batches_in_their_order_with_progress(
    geocoder: tuple[type[Geocoder], Settings],
) -> None:
    handler, settings = geocoder
    told: list[tuple[int, int]] = []
    asked = [Asked("" if at == 7 else f"{at} rue Haute") for at in range(450)]
    answers = find_all(settings, asked, lambda done, total: told.append((done, total)))
    assert handler.asked == [200, 200, 50]
    assert told == [(200, 450), (400, 450), (450, 450)]
    assert [at for at, answer in enumerate(answers) if answer is None] == [7]


def test_addresses_when_the_service_is_slow_or_broken_then_given_up_after_two_tries(
    geocoder: tuple[type[Geocoder], Settings],
) -> None:
    handler, settings = geocoder
    handler.wait_s = 1.0
    begun = time.monotonic()
    with pytest.raises(GeocoderUnavailable):
        find_all(settings, [Asked("3 rue")], lambda *_: None, patience_s=0.2)
    assert time.monotonic() - begun < 3
    handler.wait_s, handler.status = 0.0, 503
    with pytest.raises(GeocoderUnavailable):
        find_all(settings, [Asked("3 rue")], lambda *_: None)


def test_addresses_when_the_service_is_down_then_said_at_once() -> None:
    down = Settings(geocoder_url="http://127.0.0.1:9/search")
    with pytest.raises(GeocoderUnavailable):
        find_all(down, [Asked("3 rue")], lambda *_: None)
    with pytest.raises(GeocoderUnavailable):
        find_all(Settings(geocoder_url=""), [Asked("3 rue")], lambda *_: None)
