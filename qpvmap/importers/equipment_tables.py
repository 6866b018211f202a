"""Places of service that producers publish as a table: coordinates are columns, not geometries.

INSEE's BPE (its 2023 and 2024 layouts, and the older ones without names), the directory of schools,
the inventory of sports grounds (Data ES). Rows are read one by one, and those of communes that the
database does not know are counted and left: the BPE has 2.8 million of them.
"""

import csv
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pyproj
import shapely

from qpvmap.importers.cleaning import insee_code, iris_code, name, number, slug, text, well_written
from qpvmap.importers.editions import ask_for_vintage, vintage_of, year_in
from qpvmap.importers.equipements import place
from qpvmap.importers.fields import bare
from qpvmap.importers.gathering import (
    Batch,
    Draft,
    Fields,
    Options,
    Parsed,
    finished,
    first_text,
    make_drafts,
    source_of,
    without_duplicates,
)
from qpvmap.importers.reading import LAMBERT_93, check_file, sha256_of
from qpvmap.importers.report import FileRefused, ImportReport, RowRefused
from qpvmap.resources import resource_dir
from qpvmap.storage.imports import EQUIPMENT

SUFFIXES = frozenset({".csv", ".txt"})
PARQUET = (
    "{name} est en Parquet, qui n’est pas lu ici : téléchargez le même fichier en CSV "
    "(l’Insee publie les deux)."
)
SAMPLE = 65_536
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

YES = frozenset({"1", "true", "vrai", "oui"})
NO = frozenset({"0", "false", "faux", "non"})


@dataclass(frozen=True)
class TableShape:
    """How a producer's table is told from the others, and read.

    `roles` are names of columns, the first that the file has; `needed` must be there. `make` builds
    a row out of the fields by role.
    """

    source: str
    producer: str
    title: str
    needed: tuple[str, ...]
    roles: Mapping[str, tuple[str, ...]]
    make: Callable[[Fields], dict[str, Any]]
    name: str = "name"


@cache
def bpe_types() -> Mapping[str, Any]:
    """Return what INSEE's types of equipment are here."""
    text_ = (resource_dir("geodata") / "bpe.toml").read_text(encoding="utf-8")
    return tomllib.loads(text_)


def _bpe(row: Fields) -> dict[str, Any]:
    code = text(row.get("type")).upper()
    known = bpe_types()
    own = known["types"].get(code) or known["domains"].get(code[:1])
    if own is None:
        raise RowRefused(f"type d’équipement « {code[:20]} » inconnu")
    parts = (row.get(part) for part in ("number", "repeat", "way", "street"))
    address = " ".join(filter(None, map(_spoken, parts)))
    town = " ".join(filter(None, (text(row.get("postcode")), _spoken(row.get("town")))))
    return place(
        name=_spoken(row.get("name")) or own["label"],
        kind=own.get("kind", "bpe"),
        theme=own["theme"],
        detail=own["label"],
        address=", ".join(filter(None, (address, town))) or None,
        iris_code=_readable(iris_code, text(row.get("iris")).replace("_", "")),
        extra={"bpe_type": code},
        position_quality=_bpe_quality(row),
        key_hint=code,
    )


def _spoken(value: Any) -> str:
    """Return words that INSEE writes in capitals as one reads them."""
    line = text(value)
    return well_written(line.title()) if line.isupper() else line


def _bpe_quality(row: Fields) -> str:
    told = bare(text(row.get("quality_code")) or text(row.get("quality")))
    return BPE_QUALITY.get(told, APPROXIMATE)


def _school(row: Fields) -> dict[str, Any]:
    parts = (row.get("address"), row.get("postcode"), row.get("town"))
    return place(
        name=name(row.get("name")),
        kind="ecole",
        theme="education",
        detail=text(row.get("kind")),
        address=", ".join(filter(None, map(text, parts))) or None,
        extra={"status": text(row.get("status"))},
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


COMMUNE = ("code_commune", "new_code", "insee_com", "com_insee", "code_insee", "depcom")
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
    ),
    TableShape(
        "Annuaire de l’éducation",
        "Ministère de l’Éducation nationale",
        "Annuaire de l’éducation",
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
            "lon": ("longitude",),
            "lat": ("latitude",),
            "x": ("coordx_origine",),
            "y": ("coordy_origine",),
            "epsg": ("epsg_origine", "epsg"),
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
            "commune": COMMUNE,
            "access": ("inst_acc_handi_bool", "equip_pmr_aire", "inst_hand_bool"),
            "both": ("equip_coordonnees", "coordonnees"),
            "lon": ("equip_x",),
            "lat": ("equip_y",),
        },
        _sport,
    ),
)


def is_table(path: Path) -> bool:
    """Return whether a file is a table of equipment rather than a layer.

    Raises
    ------
    FileRefused
        If it is a table in a format that is not read.
    """
    if path.suffix.lower() == ".parquet":
        raise FileRefused(PARQUET.format(name=path.name))
    return path.suffix.lower() in SUFFIXES


def parse(path: Path, options: Options) -> Parsed:
    """Return the places of a producer's table, those of known communes.

    Raises
    ------
    FileRefused
        If it is no table of a known producer.
    """
    check_file(path)
    encoding = encoding_of(path)
    with path.open(encoding=encoding, newline="") as lines:
        sample = lines.read(SAMPLE)
    header = sample.partition("\n")[0]
    delimiter = max(";,\t", key=header.count)
    columns = next(csv.reader([header.strip("\r")], delimiter=delimiter), [])
    shape, roles = shape_of(path, columns)
    report = ImportReport("equipements", path.name)
    away: Counter[str] = Counter()
    rows = _rows(path, encoding, delimiter, roles)
    kept = _known(rows, options, report, away)
    fallback = year_in(path.stem)

    def build(row: Fields, point: Any) -> dict[str, Any]:
        vintage = vintage_of(row.get("vintage"), options.vintage, fallback)
        if vintage is None:
            raise ask_for_vintage(path)
        if point is None:
            raise RowRefused("pas de position exploitable")
        values = {"source": shape.source, "vintage": vintage} | shape.make(row)
        return values | {"insee_code": _readable(insee_code, row.get("commune"))}

    drafts = make_drafts(_placed(kept, away), report, build, first_text(shape.name, "id", "type"))
    drafts = without_duplicates(with_keys(drafts), EQUIPMENT, report)
    report.vintages = tuple(sorted({draft.values["vintage"] for draft in drafts}))
    report.notes += notes_of(away)
    key = f"equipements-{slug(shape.source)}"
    dataset = source_of(report, sha256_of(path), shape.producer, shape.title, key)
    return Parsed(dataset, [Batch(EQUIPMENT, finished(drafts, "location"))], report)


def encoding_of(path: Path) -> str:
    """Return UTF-8 when the whole file is, else Windows-1252.

    Raises
    ------
    FileRefused
        If it is no text.
    """
    try:
        with path.open(encoding="utf-8-sig") as lines:
            if any("\x00" in line for line in lines):
                raise FileRefused(f"{path.name} n’est pas un fichier texte : un CSV est attendu.")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def shape_of(path: Path, columns: Sequence[str]) -> tuple[TableShape, dict[str, str]]:
    """Return how to read a table, and the column of each role that it has.

    Raises
    ------
    FileRefused
        If no producer's shape has these columns.
    """
    by_name = {bare(column): column for column in columns}
    for shape in SHAPES:
        if all(bare(column) in by_name for column in shape.needed):
            found = {
                role: next((by_name[bare(n)] for n in names if bare(n) in by_name), None)
                for role, names in shape.roles.items()
            }
            return shape, {role: column for role, column in found.items() if column}
    known = " ; ".join(f"{shape.title} ({', '.join(shape.needed)})" for shape in SHAPES)
    raise FileRefused(
        f"{path.name} n’est d’aucun producteur connu. Attendu : {known}. Pour la liste d’une "
        "commune, choisissez la sorte « lieux »."
    )


def _rows(
    path: Path, encoding: str, delimiter: str, roles: Mapping[str, str]
) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open(encoding=encoding, newline="") as lines:
        try:
            for position, row in enumerate(csv.DictReader(lines, delimiter=delimiter), start=1):
                yield position, {role: row.get(column) for role, column in roles.items()}
        except csv.Error as error:
            raise FileRefused(f"{path.name} est illisible : {error}.") from error


def _known(
    rows: Iterator[tuple[int, dict[str, Any]]],
    options: Options,
    report: ImportReport,
    away: Counter[str],
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Give the rows of communes that the database knows; count the others and the empty ones."""
    known = {code for code, _ in options.commune_names}
    for position, row in rows:
        report.read += 1
        if not any(text(value) for value in row.values()):
            away["empty"] += 1
        elif known and text(row.get("commune")).zfill(5) not in known:
            away["far"] += 1
        else:
            yield position, row


def _placed(
    rows: Iterator[tuple[int, dict[str, Any]]], away: Counter[str]
) -> Iterator[tuple[int, Fields, Any]]:
    """Give each row with its point, EPSG:4326; one that its producer did not place is counted."""
    for position, row in rows:
        if text(row.get("state")).lower() not in ("", "ouvert"):
            away["closed"] += 1
            continue
        point = point_of_row(row)
        if point is None:
            away["unplaced"] += 1
            continue
        yield position, row, point


def point_of_row(row: Fields) -> shapely.Point | None:
    """Return where a row is: degrees when it has them, else metres of its projection."""
    lon, lat = _figure(row.get("lon")), _figure(row.get("lat"))
    both = text(row.get("both")).split(",")
    if (lon is None or lat is None) and len(both) == 2:
        lat, lon = map(_figure, both)
    if lon is not None and lat is not None and (lon, lat) != (0, 0):
        return shapely.Point(lon, lat) if abs(lon) <= 180 and abs(lat) <= 90 else None
    x, y = _figure(row.get("x")), _figure(row.get("y"))
    if x is None or y is None or (x, y) == (0, 0):
        return None
    epsg = _figure(text(row.get("epsg")).upper().removeprefix("EPSG:")) or LAMBERT_93
    return _to_degrees(int(epsg), x, y)


def _to_degrees(epsg: int, x: float, y: float) -> shapely.Point | None:
    try:
        lon, lat = _transformer(epsg).transform(x, y)
    except pyproj.exceptions.CRSError:
        return None
    return shapely.Point(lon, lat) if abs(lon) <= 180 and abs(lat) <= 90 else None


@cache
def _transformer(epsg: int) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(epsg, 4326, always_xy=True)


def _figure(value: Any) -> float | None:
    try:
        return number(value)
    except RowRefused:
        return None


def _readable(read: Callable[[Any], str], value: Any) -> str | None:
    try:
        return read(value)
    except RowRefused:
        return None


def with_keys(drafts: Sequence[Draft]) -> list[Draft]:
    """Return the rows with their key: the producer's own, else what, where and the name."""
    for draft in drafts:
        hint = draft.values.pop("key_hint")
        point = draft.geometry
        draft.values["source_key"] = (
            hint
            if hint and "bpe_type" not in draft.values["extra"]
            else f"{hint} {draft.values['name']} ({point.y:.5f}, {point.x:.5f})"
        )
    return [replace(draft) for draft in drafts]


WORDS = {
    "far": "lignes hors des communes connues ici, laissées",
    "unplaced": "lieux que le producteur n’a pas placés, laissés",
    "closed": "établissements fermés, laissés",
    "empty": "lignes vides, laissées",
}


def notes_of(away: Mapping[str, int]) -> list[str]:
    """Return what was left out of a table, and why."""
    return [f"{away[key]} {words}." for key, words in WORDS.items() if away.get(key)]
