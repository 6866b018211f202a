"""What producers of equipment publish as a table: how each is told from the others, and read.

INSEE's BPE (its 2023 and 2024 layouts, and the older ones without names), two directories of
schools, the inventory of sports grounds (Data ES), the health and social establishments (FINESS).
"""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from qpvmap.core.equipment_lists import SURE
from qpvmap.importers.cleaning import iris_code, name, text, well_written
from qpvmap.importers.fields import bare
from qpvmap.importers.finess import CARE_CATEGORIES, CATEGORIES
from qpvmap.importers.gathering import Fields
from qpvmap.importers.places import place, readable
from qpvmap.importers.report import FileRefused, RowRefused
from qpvmap.resources import resource_dir

EXACT, ADDRESS, APPROXIMATE = "exact", "address", "approximate"

BPE_QUALITY = {
    "bonne": EXACT,
    "acceptable": ADDRESS,
    "mauvaise": APPROXIMATE,
    "11": EXACT,
    "12": EXACT,
    "21": ADDRESS,
    "22": ADDRESS,
    "33": APPROXIMATE,
}
"""What INSEE says of a position, in words before 2023 and by code since; else approximate."""

BPE_NOTHING = re.compile(r"_[A-Z]")
"""What INSEE writes where there is nothing to say (`_Z`) or nothing known (`_U`)."""
OVERSEAS = {"971": 5490, "972": 5490, "973": 2972, "974": 2975, "976": 4471}
"""Projection (EPSG) of each overseas department, by the first digits of its communes."""
FINESS_OVERSEAS = {"9A": "97", "9B": "97", "9C": "97", "9D": "97", "9F": "97"}
"""FINESS has its own codes of overseas departments; the commune then carries the third digit."""
FINESS_PROJECTIONS = {
    "L93": 2154,
    "UTM_N20": 5490,
    "UTM_N21": 2972,
    "UTM_N22": 2972,
    "UTM_S40": 2975,
    "UTM_S38": 4471,
}
EPSG_NAMED = re.compile(r"EPSG:(\d{4,5})")
WAYS = {
    "R": "RUE",
    "AV": "AVENUE",
    "BD": "BOULEVARD",
    "PL": "PLACE",
    "ALL": "ALLEE",
    "CHE": "CHEMIN",
    "CRS": "COURS",
    "IMP": "IMPASSE",
    "QU": "QUAI",
    "RTE": "ROUTE",
    "SQ": "SQUARE",
}
"""Kinds of ways as FINESS shortens them."""
FINESS_CHILDREN = frozenset({"223", "228", "190"})
"""Categories for small children: mother and child protection, family planning, early care."""
SCORE = re.compile(r"[01](\.\d+)?")
CARE = ("1", "2", "3")
"""First digits of the groups of categories that care for health; the others are social."""

YES = frozenset({"1", "true", "vrai", "oui"})
NO = frozenset({"0", "false", "faux", "non"})


def as_is(row: Fields) -> Fields:
    """Return a row as its producer wrote it."""
    return row


@dataclass(frozen=True)
class TableShape:
    """How a producer's table is told from the others, and read.

    `roles` are names of columns, the first that the file has; `needed` must be there. `prepare`
    mends a row of values by role before anything is read of it; `make` builds a place out of it.
    """

    source: str
    producer: str
    title: str
    needed: tuple[str, ...]
    roles: Mapping[str, tuple[str, ...]]
    make: Callable[[Fields], dict[str, Any]]
    prepare: Callable[[Fields], Fields] = as_is
    name: str = "name"


@cache
def bpe_types() -> Mapping[str, Any]:
    """Return what INSEE's types of equipment are here."""
    text_ = (resource_dir("geodata") / "bpe.toml").read_text(encoding="utf-8")
    return tomllib.loads(text_)


def bpe_row(row: Fields) -> Fields:
    """Return a row of the BPE without its marks of absence, its projection said."""
    told = {
        role: "" if isinstance(value, str) and BPE_NOTHING.fullmatch(value.strip()) else value
        for role, value in row.items()
    }
    if not text(told.get("epsg")):
        told["epsg"] = OVERSEAS.get(text(told.get("commune"))[:3])
    return told


def _bpe(row: Fields) -> dict[str, Any]:
    code = text(row.get("type")).upper()
    known = bpe_types()
    own = known["types"].get(code) or known["domains"].get(code[:1])
    if own is None:
        raise RowRefused(f"type d’équipement « {code[:20]} » inconnu")
    parts = (row.get(part) for part in ("number", "repeat", "way", "street"))
    address = spoken(" ".join(filter(None, map(text, parts))))
    town = " ".join(filter(None, (text(row.get("postcode")), spoken(row.get("town")))))
    return place(
        name=spoken(row.get("name")) or own["label"],
        kind=own.get("kind", "bpe"),
        theme=own["theme"],
        detail=own["label"],
        address=", ".join(filter(None, (address, town))) or None,
        iris_code=readable(iris_code, text(row.get("iris")).replace("_", "")),
        extra={"bpe_type": code},
        position_quality=_bpe_quality(row),
        key_hint=code,
    )


def spoken(value: Any) -> str:
    """Return words that a producer writes in capitals as one reads them."""
    line = text(value)
    return well_written(line.title()) if line.isupper() else line


def _bpe_quality(row: Fields) -> str:
    told = bare(text(row.get("quality_code")) or text(row.get("quality")))
    return BPE_QUALITY.get(told, APPROXIMATE)


def _school(row: Fields) -> dict[str, Any]:
    parts = (row.get("address"), row.get("postcode"), row.get("town"))
    return place(
        name=spoken(name(row.get("name"))),
        kind="ecole",
        theme="education",
        detail=text(row.get("kind")),
        address=", ".join(filter(None, map(spoken, parts))) or None,
        extra={"status": spoken(row.get("status"))},
        key_hint=text(row.get("id")),
    )


def _sport(row: Fields) -> dict[str, Any]:
    ground, whole = text(row.get("name")), text(row.get("installation"))
    return place(
        name=ground or name(whole),
        kind="sport",
        theme="sport",
        detail=text(row.get("kind")),
        address=", ".join(filter(None, (text(row.get("address")), text(row.get("postcode")))))
        or None,
        access=_access(row.get("access")),
        extra={"installation": whole},
        key_hint=text(row.get("id")),
    )


def _access(value: Any) -> str:
    told = text(value).lower()
    return "yes" if told in YES else "no" if told in NO else ""


def finess_row(row: Fields) -> Fields:
    """Return a row of FINESS with the commune's whole code, and its projection by number."""
    department = text(row.get("department")).upper()
    commune = text(row.get("commune"))
    if len(commune) < 5:
        commune = FINESS_OVERSEAS.get(department, department.zfill(2)) + commune.zfill(3)
    origin = text(row.get("origin"))
    named = EPSG_NAMED.search(origin)
    known = next((epsg for word, epsg in FINESS_PROJECTIONS.items() if word in origin), None)
    return {**row, "commune": commune, "epsg": named[1] if named else known}


def _finess(row: Fields) -> dict[str, Any]:
    way = text(row.get("way"))
    parts = (row.get("number"), WAYS.get(way, way), row.get("street"))
    address = spoken(" ".join(filter(None, map(text, parts))))
    quality, score = _finess_quality(text(row.get("origin")))
    is_care = text(row.get("group")).startswith(CARE)
    return place(
        name=spoken(name(text(row.get("long_name")) or row.get("name"))),
        kind="sante" if is_care else "social",
        theme="family" if text(row.get("category")) in FINESS_CHILDREN else "social",
        detail=text(row.get("kind")),
        address=", ".join(filter(None, (address, spoken(row.get("town"))))) or None,
        extra={"category": text(row.get("category"))},
        position_quality=quality,
        position_score=score,
        key_hint=text(row.get("id")),
    )


def structure_row(row: Fields) -> Fields:
    """Return a row of the FINESS in JSON as one of its tables: category in words, rank and score.

    Its position is found from the address, and sure or not by the score of that search.
    """
    category, told = text(row.get("category")), text(row.get("score"))
    score = float(told) if SCORE.fullmatch(told) else 0.0
    origin = f"{'1' if score >= SURE else '4'},,{score * 100:.0f}" if score else ""
    group = CARE[0] if category in CARE_CATEGORIES else ""
    return {**row, "kind": CATEGORIES.get(category, ""), "group": group, "origin": origin}


def _finess_quality(origin: str) -> tuple[str, float | None]:
    """Return how sure a position is, from `1,ATLASANTE,96,BAN,L93_METROPOLE`: rank, score."""
    parts = origin.split(",")
    told = parts[2].strip() if len(parts) > 2 else ""
    score = int(told) / 100 if told.isascii() and told.isdigit() and int(told) <= 100 else None
    return (ADDRESS if parts[0].strip() == "1" else APPROXIMATE), score


COMMUNE = ("code_commune", "new_code", "insee_com", "com_insee", "code_insee", "depcom")
SCHOOLS = "Annuaire de l’éducation"
EDUCATION = "Ministère de l’Éducation nationale"
SHAPES = (
    TableShape(
        "Insee BPE",
        "Insee",
        "Base permanente des équipements",
        ("typequ", "depcom"),
        {
            "type": ("typequ",),
            "name": ("nomrs",),
            "number": ("numvoie",),
            "repeat": ("indrep",),
            "way": ("typvoie",),
            "street": ("libvoie",),
            "postcode": ("codpos",),
            "town": ("libcom",),
            "commune": ("depcom",),
            "iris": ("dciris",),
            "vintage": ("an",),
            "lon": ("longitude",),
            "lat": ("latitude",),
            "x": ("lambert_x",),
            "y": ("lambert_y",),
            "epsg": ("epsg",),
            "quality": ("qualite_xy",),
            "quality_code": ("qualite_geoloc",),
        },
        _bpe,
        bpe_row,
    ),
    TableShape(
        SCHOOLS,
        EDUCATION,
        SCHOOLS,
        ("identifiant_de_l_etablissement", "nom_etablissement"),
        {
            "id": ("identifiant_de_l_etablissement",),
            "name": ("nom_etablissement",),
            "kind": ("libelle_nature", "type_etablissement"),
            "status": ("statut_public_prive",),
            "address": ("adresse_1",),
            "postcode": ("code_postal",),
            "town": ("nom_commune",),
            "commune": COMMUNE,
            "state": ("etat",),
            "both": ("position",),
            "lon": ("longitude",),
            "lat": ("latitude",),
            "x": ("coordx_origine",),
            "y": ("coordy_origine",),
            "epsg": ("epsg_origine", "epsg"),
        },
        _school,
    ),
    TableShape(
        SCHOOLS,
        EDUCATION,
        "Adresse et géolocalisation des établissements",
        ("numero_uai", "appellation_officielle"),
        {
            "id": ("numero_uai",),
            "name": ("appellation_officielle",),
            "kind": ("nature_uai_libe", "denomination_principale"),
            "status": ("secteur_public_prive_libe",),
            "address": ("adresse_uai",),
            "postcode": ("code_postal_uai",),
            "town": ("libelle_commune", "localite_acheminement_uai"),
            "commune": COMMUNE,
            "state": ("etat_etablissement_libe",),
            "both": ("position",),
            "lon": ("longitude",),
            "lat": ("latitude",),
            "x": ("coordonnee_x",),
            "y": ("coordonnee_y",),
            "epsg": ("epsg",),
        },
        _school,
    ),
    TableShape(
        "Data ES",
        "Ministère chargé des sports",
        "Recensement des équipements sportifs",
        ("equip_numero", "equip_nom"),
        {
            "id": ("equip_numero",),
            "name": ("equip_nom",),
            "installation": ("inst_nom",),
            "kind": ("equip_type_name",),
            "address": ("inst_adresse",),
            "postcode": ("inst_cp",),
            "commune": (*COMMUNE, "inst_com_code"),
            "access": ("inst_acc_handi_bool", "equip_pmr_acc", "equip_pmr_aire", "inst_hand_bool"),
            "both": ("equip_coordonnees", "coordonnees"),
            "lon": ("equip_x",),
            "lat": ("equip_y",),
        },
        _sport,
    ),
    TableShape(
        "FINESS",
        "Ministère chargé de la santé",
        "Établissements sanitaires et sociaux (FINESS)",
        ("nofinesset", "rs", "categetab"),
        {
            "id": ("nofinesset",),
            "name": ("rs",),
            "long_name": ("rslongue",),
            "number": ("numvoie",),
            "way": ("typvoie",),
            "street": ("voie",),
            "town": ("ligneacheminement",),
            "commune": ("commune",),
            "department": ("departement",),
            "category": ("categetab",),
            "group": ("categagretab",),
            "kind": ("libcategetab",),
            "x": ("coordxet",),
            "y": ("coordyet",),
            "origin": ("sourcecoordet",),
        },
        _finess,
        finess_row,
    ),
    TableShape(
        "FINESS",
        "Ministère chargé de la santé",
        "Établissements sanitaires et sociaux (FINESS)",
        ("numFinessEge", "nomEgeCourt"),
        {
            "id": ("numFinessEge",),
            "name": ("nomEgeCourt",),
            "long_name": ("nomEgeLong",),
            "number": ("numeroVoie",),
            "way": ("typeVoie",),
            "street": ("libelleVoie",),
            "town": ("town",),
            "commune": ("cogCommune",),
            "category": ("categorieentiteGeographiqueExercice",),
            "lon": ("directionLongitude",),
            "lat": ("directionLatitude",),
            "score": ("scoreBAN",),
            "state": ("state",),
            "vintage": ("vintage",),
        },
        _finess,
        structure_row,
    ),
)


def known_shape(columns: Sequence[str]) -> tuple[TableShape, dict[str, str]] | None:
    """Return how to read a table, and the column of each role that it has; None if unknown."""
    by_name = {bare(column): column for column in columns}
    for shape in SHAPES:
        if all(bare(column) in by_name for column in shape.needed):
            found = {
                role: next((by_name[bare(n)] for n in names if bare(n) in by_name), None)
                for role, names in shape.roles.items()
            }
            return shape, {role: column for role, column in found.items() if column}
    return None


def shape_of(path: Path, columns: Sequence[str]) -> tuple[TableShape, dict[str, str]]:
    """Return how to read a table, and the column of each role that it has.

    Raises
    ------
    FileRefused
        If no producer's shape has these columns.
    """
    found = known_shape(columns)
    if found is None:
        known = " ; ".join(f"{shape.title} ({', '.join(shape.needed)})" for shape in SHAPES)
        raise FileRefused(
            f"{path.name} n’est d’aucun producteur connu. Attendu : {known}. Pour la liste d’une "
            "commune, choisissez la sorte « lieux »."
        )
    return found
