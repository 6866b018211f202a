"""Tables of equipment as their producers publish them: layouts, positions, what is left out."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from geoalchemy2 import functions as geo
from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.importers import finess
from qpvmap.importers.report import FileRefused
from qpvmap.storage.models import Equipment
from tests.factories import WEST, make_places
from tests.importers.conftest import Import

BPE_2023 = """\
AN;NOMRS;NUMVOIE;INDREP;TYPVOIE;LIBVOIE;CODPOS;DEPCOM;LIBCOM;TYPEQU;LAMBERT_X;LAMBERT_Y;\
LONGITUDE;LATITUDE;EPSG;QUALITE_XY;DCIRIS
2023;ECOLE DES TILLEULS;3;;RUE;DES TILLEULS;92900;92901;OUESTVILLE;C108;;;2,290;48,780;;Bonne;\
92901_0101
2023;;;;;;;92901;OUESTVILLE;B207;647890.0;6853750.0;;;2154;Mauvaise;
2023;;;;;;;92901;OUESTVILLE;D307;;;;;;Non géolocalisé;
2023;LOIN;;;;;;13055;MARSEILLE;C108;;;5.37;43.29;;Bonne;
;;;;;;;;;;;;;;;;
"""
BPE_2024 = """\
"AN","NOMRS","DEPCOM","TYPEQU","LAMBERT_X","LAMBERT_Y","LONGITUDE","LATITUDE","EPSG",\
"QUALITE_GEOLOC","DCIRIS"
"2024","CRECHE LES LILAS","92901","D502","","","2.291","48.781","2154","21","929010101"
"""
SCHOOLS = """\
Identifiant_de_l_etablissement;Nom_etablissement;Type_etablissement;Statut_public_prive;Adresse_1;\
Code_postal;Code_commune;Nom_commune;latitude;longitude;etat;libelle_nature
0920001A;Collège Rosa Parks;Collège;Public;1 rue Haute;92900;92901;Ouestville;48.782;2.292;OUVERT;\
COLLEGE
0920002B;École fermée;Ecole;Public;;92900;92901;Ouestville;48.782;2.293;A FERMER;ECOLE
"""
SPORT = """\
equip_numero,equip_nom,inst_nom,equip_type_name,inst_adresse,inst_cp,new_code,equip_coordonnees,\
inst_acc_handi_bool
E001,Salle A,Gymnase Nord,Salle multisports,2 rue Basse,92900,92901,"48.783, 2.294",true
"""
FINESS = """\
finess;etalab;96;2026-03-04
structureet;920000001;920000010;CMP BLAGIS;CENTRE MEDICO PSYCHOLOGIQUE LES BLAGIS;;;12;R;HAUTE;;;\
901;92;HAUTS-DE-SEINE;92900 OUESTVILLE;0123456789;;156;Centre Médico-Psychologique (C.M.P.);1111;A
structureet;920000002;920000010;PMI;;;;;;;;;901;92;HAUTS;92900 OUESTVILLE;;;223;Protection;2206;PMI
structureet;130000003;130000010;LOIN;;;;;;;;;055;13;BDR;13000 MARSEILLE;;;500;EHPAD;4401;Âgées
structureet;920000004;920000010;SANS PLACE;;;;;;;;;901;92;H;92900 OUESTVILLE;;;500;EHPAD;4401;Âgées
geolocalisation;920000001;647890.0;6853750.0;1,ATLASANTE,96,BAN,L93_METROPOLE;2026-02-01
geolocalisation;920000002;647900.0;6853760.0;4,ATLASANTE,40,BAN,EPSG:2154 RGF93;2026-02-01
geolocalisation;130000003;890000.0;6250000.0;1,ATLASANTE,96,BAN,L93_METROPOLE;2026-02-01
"""
FINESS_HEADED = """\
nofinesset;rs;rslongue;voie;commune;departement;ligneacheminement;categetab;libcategetab;\
categagretab;coordxet;coordyet;sourcecoordet
920000001;EHPAD HAUT;;RUE HAUTE;901;92;92900 OUESTVILLE;500;EHPAD;4401;647890.0;6853750.0;\
1,ATLASANTE,88,BAN,L93_METROPOLE
"""
PLACED_SCHOOLS = """\
numero_uai;appellation_officielle;nature_uai_libe;adresse_uai;code_postal_uai;libelle_commune;\
coordonnee_x;coordonnee_y;EPSG;etat_etablissement_libe;code_commune;position
0920003C;Ecole primaire Jean Moulin;ECOLE ELEMENTAIRE;3 RUE HAUTE;92900;Ouestville;;;EPSG:2154;\
OUVERT;92901;"48.781, 2.291"
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def written(content: str, name: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode(encoding))
        return path

    return written


Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def _places(session: Session) -> None:
    make_places(session)


def rows(session: Session) -> list[Equipment]:
    return list(session.scalars(select(Equipment).order_by(Equipment.name)))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_bpe_of_2023_when_imported_then_placed_by_degrees_or_lambert_and_the_rest_counted(
    run: Import, session: Session, write: Write, encoding: str
) -> None:
    report = run("equipements", write(BPE_2023, "bpe23.csv", encoding))
    bakery, school = rows(session)
    assert (school.name, school.kind, school.theme) == ("École des Tilleuls", "ecole", "education")
    assert (school.position_quality, school.iris_code) == ("exact", "929010101")
    assert school.address.startswith("3 Rue")
    assert (bakery.name, bakery.position_quality) == ("Boulangerie", "approximate")
    lon, lat = session.execute(
        select(geo.ST_X(Equipment.location), geo.ST_Y(Equipment.location)).where(
            Equipment.id == bakery.id
        )
    ).one()
    assert (lon, lat) == pytest.approx((2.2907, 48.7813), abs=0.01)
    assert report.read == 5
    assert len(report.notes) == 3
    assert not run("equipements", write(BPE_2023, "bpe23.csv", encoding)).counts.wrote


def test_bpe_of_2024_when_imported_then_its_quality_code_is_read(
    run: Import, session: Session, write: Write
) -> None:
    run("equipements", write(BPE_2024, "bpe24.csv"))
    (creche,) = rows(session)
    assert (creche.theme, creche.kind, creche.position_quality) == ("family", "creche", "address")
    assert (creche.vintage, creche.insee_code, creche.iris_code) == (2024, WEST, "929010101")


def test_schools_when_imported_then_those_open_by_their_own_code(
    run: Import, session: Session, write: Write
) -> None:
    report = run("equipements", write(SCHOOLS, "annuaire.csv"), vintage=2026)
    (college,) = rows(session)
    assert (college.source_key, college.name) == ("0920001A", "Collège Rosa Parks")
    assert any("fermés" in note for note in report.notes)


def test_sport_when_imported_then_its_access_is_kept(
    run: Import, session: Session, write: Write
) -> None:
    run("equipements", write(SPORT, "data-es-2025.csv"))
    (hall,) = rows(session)
    assert (hall.name, hall.theme, hall.access) == ("Salle A", "sport", "yes")


@pytest.mark.parametrize(
    ("content", "name", "why"),
    [
        ("a;b\n1;2\n", "x.csv", "aucun producteur connu"),
        ("TYPEQU;DEPCOM\nC108;92901\n", "sans-annee.csv", None),
        ("x", "bpe24.parquet", "pas un Parquet entier"),
        ("TYPEQU;DEPCOM\x00\n", "x.csv", "n’est pas un fichier texte"),
    ],
)
def test_table_when_it_cannot_be_read_then_says_why(
    run: Import, session: Session, write: Write, content: str, name: str, why: str | None
) -> None:
    if why is None:
        report = run("equipements", write(content, name))
        assert any("n’a pas placés" in note for note in report.notes)
        return
    with pytest.raises(FileRefused, match=why):
        run("equipements", write(content, name))


def test_type_when_unknown_then_the_row_is_refused_and_nothing_is_written(
    run: Import, session: Session, write: Write
) -> None:
    report = run("equipements", write(BPE_2024.replace("D502", "Z999"), "bpe24.csv"))
    assert "Z999" in report.refused[0].why
    assert rows(session) == []


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_finess_in_two_sections_when_imported_then_placed_and_named_as_people_say(
    run: Import, session: Session, write: Write, encoding: str
) -> None:
    report = run("equipements", write(FINESS, "finess.csv", encoding), vintage=2026)
    centre, pmi = rows(session)
    assert (centre.name, centre.kind, centre.theme) == (
        "Centre Medico Psychologique Les Blagis",
        "sante",
        "social",
    )
    assert (centre.position_quality, centre.position_score) == ("address", 0.96)
    assert (centre.address, centre.insee_code) == ("12 Rue Haute, 92900 Ouestville", WEST)
    assert (pmi.theme, pmi.position_quality) == ("family", "approximate")
    assert "0123456789" not in str([vars(row) for row in (centre, pmi)])
    assert report.read == 4
    assert len(report.notes) == 2
    assert not run("equipements", write(FINESS, "finess.csv", encoding), vintage=2026).counts.wrote


def test_finess_with_a_header_when_imported_then_read_too(
    run: Import, session: Session, write: Write
) -> None:
    run("equipements", write(FINESS_HEADED, "finess_etablissements.csv"), vintage=2026)
    (home,) = rows(session)
    assert (home.name, home.kind, home.source_key) == ("Ehpad Haut", "social", "920000001")


def establishment(number: str, **changed: Any) -> dict[str, Any]:
    """Return an establishment as the directory has published it since 2026."""
    address = {
        "usageAdresse": "03",
        "numeroVoie": "12",
        "typeVoie": "R   ",
        "libelleVoie": "HAUTE",
        "cogCommune": WEST,
        "ligneAcheminement": "OUESTVILLE",
        "codePostal": "92900",
        "coordonneesGeographique": {
            "coordonneeX": "6853750.00",
            "coordonneeY": "647890.00",
            "directionLatitude": "48.780001",
            "directionLongitude": "2.290002",
            "scoreBAN": "0.9673",
        },
    }
    return {
        "informationsGeneralesEGE": {
            "numFinessEge": number,
            "nomEgeCourt": "CDS HAUT   ",
            "nomEgeLong": "CENTRE DE SANTE HAUT",
        },
        "categorieentiteGeographiqueExercice": "124",
        "adresse": [address],
        "contact": [{"telecom": {"telephone": "0123456789"}}],
        "etatObjet": "A",
        **changed,
    }


def directory(*establishments: Mapping[str, Any]) -> str:
    entities = [
        {"informationsGeneralesPMEJ": {"pmSmsseId": "1"}, "adresse": [], "ege": [one]}
        for one in establishments
    ]
    groups = [{"gccId": "1", "pmejDuGcc": [{"pmSmsseId": "1"}]}]
    made = {"schemaVersion": "v1.0.0", "generatedAt": "2026-03-09T15:49:37Z", "gcc": groups}
    return json.dumps({**made, "gco": [], "pmej": entities}, indent=1)


@pytest.mark.parametrize("piece", [7, 1_048_576])
def test_finess_in_json_when_imported_then_the_same_places_as_its_tables(
    run: Import, session: Session, write: Write, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    """Read by small pieces too: an entity is then cut anywhere."""
    monkeypatch.setattr(finess, "PIECE", piece)
    far = establishment("130000003", adresse=[{"cogCommune": "13055", "codePostal": "13000"}])
    nowhere = establishment("920000004", adresse=[{"cogCommune": WEST, "codePostal": "92900"}])
    unsure = establishment("920000002", categorieentiteGeographiqueExercice="223")
    unsure["adresse"][0]["coordonneesGeographique"]["scoreBAN"] = "0.41"
    closed = establishment("920000005", etatObjet="I")
    content = directory(establishment("920000001"), unsure, far, nowhere, closed)
    path = write(content, "finess-structures.json")
    report = run("equipements", path)
    centre, mothers = rows(session)
    assert (centre.name, centre.kind, centre.detail) == (
        "Centre de Sante Haut",
        "sante",
        "Centre de santé",
    )
    assert (centre.source, centre.source_key, centre.vintage) == ("FINESS", "920000001", 2026)
    assert (centre.address, centre.insee_code) == ("12 Rue Haute, 92900 Ouestville", WEST)
    assert (centre.position_quality, centre.position_score) == ("address", 0.97)
    assert (mothers.theme, mothers.position_quality) == ("family", "approximate")
    assert "0123456789" not in str([vars(row) for row in (centre, mothers)])
    assert report.read == 5 and len(report.notes) == 3
    assert not run("equipements", path).counts.wrote
    with pytest.raises(FileRefused, match="est coupé"):
        run("equipements", write(content[: len(content) // 2], "coupe.json"))


def test_schools_by_address_when_imported_then_the_same_places_as_the_directory(
    run: Import, session: Session, write: Write
) -> None:
    run("equipements", write(PLACED_SCHOOLS, "geoloc.csv"), vintage=2025)
    (school,) = rows(session)
    assert (school.source, school.source_key) == ("Annuaire de l’éducation", "0920003C")
    assert school.insee_code == WEST


def test_schools_as_geojson_when_imported_then_those_open_of_known_communes(
    run: Import, session: Session, geojson: Callable[..., Path]
) -> None:
    def school(number: int, **told: object) -> dict[str, object]:
        return {
            "identifiant_de_l_etablissement": f"092000{number}A",
            "nom_etablissement": f"École {number}",
            "libelle_nature": "ECOLE MATERNELLE",
            "adresse_1": "1 rue Haute",
            "code_commune": "92901",
            "etat": "OUVERT",
            "fiche_onisep": None,
            **told,
        }

    point = {"type": "Point", "coordinates": [2.292, 48.782]}
    path = geojson(
        (school(1), point),
        (school(2, etat="FERME"), point),
        (school(3, code_commune="13055"), point),
        (school(4, latitude=48.78, longitude=2.29), None),
        (school(5), None),
        name="fr-en-annuaire-education.geojson",
    )
    report = run("equipements", path, vintage=2026)
    assert [row.source_key for row in rows(session)] == ["0920001A", "0920004A"]
    assert len(report.notes) == 3


def test_sport_as_geojson_when_imported_then_by_its_geometry(
    run: Import, session: Session, geojson: Callable[..., Path]
) -> None:
    told = {
        "equip_numero": "E001",
        "equip_nom": "Salle A",
        "inst_nom": "Gymnase Nord",
        "equip_type_name": "Salle multisports",
        "new_code": "92901",
        "equip_pmr_acc": "false",
        "equip_coordonnees": {"lon": 2.294, "lat": 48.783},
        "aps_name": ["Judo", "Karaté"],
    }
    point = {"type": "Point", "coordinates": [2.294, 48.783]}
    run("equipements", geojson((told, point), name="data-es.geojson"), vintage=2026)
    (hall,) = rows(session)
    assert (hall.name, hall.access, hall.extra["installation"]) == ("Salle A", "no", "Gymnase Nord")
