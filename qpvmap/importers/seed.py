"""Make `geodata/seed` out of the official files: what the demo needs, light and checked.

The hand-kept files (contract figures, operations) stay as they are; every file's checksum goes
into `geodata/sources.toml`, so that a test sees when one of them changed without it.
"""

import csv
import hashlib
import json
import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shapely
from shapely import Geometry

from qpvmap.importers.generalise import (
    DECIMALS,
    as_multipolygons,
    dissolve,
    generalise_coverage,
    remainder,
    round_coordinates,
    to_metres,
)
from qpvmap.storage.mappings import mapping_for

QUARTER_DECIMALS = 6
"""The official files have 6: with 5, the shares of the quarter by IRIS are off by 0.1 point."""

NEAR_M = 2000
"""How far around the pilot quarter stations are kept, metres."""

EPT_CODE = "200057966"
PILOT_QPV = "QN09219N"
PILOT_COMMUNES = ("92007", "92014", "92032", "92071")
COMMUNE_ALIASES = {"Paris 14ème arrondissement": "Paris 14e Arrondissement"}
STATION_FILES = {"gare": "gares.geojson", "station_velib": "velib.geojson"}

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Feature:
    """A place of an official file: its properties, its shape in EPSG:4326."""

    properties: Mapping[str, Any]
    shape: Geometry


def read_features(path: Path) -> Sequence[Feature]:
    """Return the features of a GeoJSON file, as they are."""
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    return [
        Feature(feature["properties"], shapely.from_geojson(json.dumps(feature["geometry"])))
        for feature in features
    ]


def write_features(
    path: Path,
    records: Sequence[Mapping[str, object]],
    shapes: Iterable[Geometry],
    decimals: int = DECIMALS,
) -> None:
    """Write a GeoJSON file, one feature a line, for short and readable differences."""
    lines = [
        json.dumps(
            {
                "type": "Feature",
                "properties": dict(record),
                "geometry": plain(json.loads(shapely.to_geojson(outline)), decimals),
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for record, outline in zip(records, shapes, strict=True)
    ]
    body = ",\n".join(lines)
    path.write_text(
        f'{{"type":"FeatureCollection","name":"{path.stem}","features":[\n{body}\n]}}\n',
        encoding="utf-8",
    )


def plain(value: Any, decimals: int) -> Any:
    """Return GeoJSON's lists with `decimals`, whatever floats have become on the way."""
    if isinstance(value, float):
        return round(value, decimals)
    if isinstance(value, list | tuple):
        return [plain(item, decimals) for item in value]
    if isinstance(value, dict):
        return {key: plain(item, decimals) for key, item in value.items()}
    return value


def tidy(name: str | None) -> str:
    """Return a name on one line, single-spaced, with typographic apostrophes; none is empty."""
    return " ".join((name or "").split()).replace("'", "’")


def make_seed(official: Path, seed: Path) -> None:
    """Write the seed files of `seed` out of the folder of official files."""
    seed.mkdir(parents=True, exist_ok=True)
    zone = official / "blagis"
    communes = by_code(read_features(zone / "communes.geojson"), "insee_com")
    outlines = write_iris(communes, read_features(zone / "iris.geojson"), seed)
    write_communes(communes, outlines, read_populations(official / "communes/ept.json"), seed)
    write_ept(read_features(zone / "ept.geojson"), outlines, seed)
    write_qpv_2015(read_features(zone / "qpv_2015.geojson"), communes, seed)
    write_qpv_2024(read_features(zone / "qpv_2024.geojson"), seed)
    write_roads(read_features(zone / "routes_principales.geojson"), seed)
    write_stations(official, seed)
    write_desks(official, outlines[EPT_CODE], seed)
    write_official_figures(official / "indicateurs" / "iris_stats.csv", seed)


def by_code(features: Iterable[Feature], key: str) -> Sequence[Feature]:
    """Return the features in the order of their code."""
    return sorted(features, key=lambda feature: str(feature.properties[key]))


def write_iris(
    communes: Sequence[Feature], iris: Sequence[Feature], seed: Path
) -> Mapping[Hashable, Geometry]:
    """Generalise IRIS and communes as one coverage, write the IRIS, return the outlines.

    A commune at the edge of the zone has only some of its IRIS there: what they leave of it is
    a piece of the coverage too. The grouping is the sum of its communes.
    """
    pieces = [feature.shape for feature in iris]
    owners = [str(feature.properties["insee_com"]) for feature in iris]
    for commune in communes:
        code = commune.properties["insee_com"]
        own = [piece for piece, owner in zip(pieces, owners, strict=True) if owner == code]
        rest = remainder(commune.shape, own)
        if rest is not None:
            pieces.append(rest)
            owners.append(code)
    light = generalise_coverage(pieces)
    kept = by_code(
        (
            Feature(iris_record(feature.properties), outline)
            for feature, outline in zip(iris, light, strict=False)
            if feature.properties["insee_com"] in PILOT_COMMUNES
        ),
        "code_iris",
    )
    write_features(seed / "iris.geojson", [f.properties for f in kept], [f.shape for f in kept])
    outlines = dissolve(light, owners)
    members = [outlines[f.properties["insee_com"]] for f in communes if in_ept(f)]
    return {**outlines, **dissolve(members, [EPT_CODE] * len(members))}


def in_ept(commune: Feature) -> bool:
    """Return whether the commune belongs to the grouping of the pilot."""
    return bool(commune.properties["ept_code"] == EPT_CODE)


def iris_record(properties: Mapping[str, Any]) -> Record:
    """Return the properties of an IRIS, under the names that its producer uses."""
    return {
        "code_iris": properties["code_iris"],
        "nom_iris": tidy(properties["nom_iris"]),
        "typ_iris": properties["typ_iris"],
        "insee_com": properties["insee_com"],
        "nom_com": tidy(properties["nom_com"]),
    }


def read_populations(path: Path) -> Mapping[str, int]:
    """Return the municipal population of each commune of the groupings file."""
    groupings = json.loads(path.read_text(encoding="utf-8"))
    return {m["code"]: m["populationMunicipale"] for g in groupings for m in g["membres"]}


def write_communes(
    communes: Sequence[Feature],
    outlines: Mapping[Hashable, Geometry],
    populations: Mapping[str, int],
    seed: Path,
) -> None:
    """Write the communes, dissolved from the pieces that were generalised."""
    codes = [commune.properties["insee_com"] for commune in communes]
    records = [
        {
            "insee_com": code,
            "nom_com": tidy(commune.properties["nom_com"]),
            "population": populations.get(code),
        }
        for code, commune in zip(codes, communes, strict=True)
    ]
    write_features(seed / "communes.geojson", records, [outlines[code] for code in codes])


def write_ept(ept: Sequence[Feature], outlines: Mapping[Hashable, Geometry], seed: Path) -> None:
    """Write the grouping, dissolved from its communes so that the borders are the same."""
    row = next(f.properties for f in ept if f.properties["code"] == EPT_CODE)
    record = {
        "code": row["code"],
        "nom": tidy(row["nom"]),
        "type": "EPT",
        "communes": row["communes"],
    }
    write_features(seed / "ept.geojson", [record], [outlines[EPT_CODE]])


def write_qpv_2015(qpv: Sequence[Feature], communes: Sequence[Feature], seed: Path) -> None:
    """Write the quarters of the 2015 generation that lie around; not simplified."""
    codes = {c.properties["nom_com"]: c.properties["insee_com"] for c in communes}
    rows = by_code(qpv, "code_qp")
    records = [
        {
            "code_qp": row.properties["code_qp"],
            "nom_qp": tidy(row.properties["nom_qp"]),
            "insee_com": ",".join(
                codes[COMMUNE_ALIASES.get(name, name)]
                for name in re.split(r"\s*[,;]\s*", row.properties["commune_qp"])
            ),
            "millesime": 2015,
        }
        for row in rows
    ]
    write_quarters(seed / "qpv_2015.geojson", records, rows)


def write_qpv_2024(qpv: Sequence[Feature], seed: Path) -> None:
    """Write the quarters of the 2024 generation; not simplified."""
    rows = by_code(qpv, "code_qp")
    records = [
        {
            "code_qp": row.properties["code_qp"],
            "lib_qp": tidy(row.properties["lib_qp"]),
            "insee_com": row.properties["insee_com"],
            "millesime": 2024,
        }
        for row in rows
    ]
    write_quarters(seed / "qpv_2024.geojson", records, rows)


def write_quarters(path: Path, records: Sequence[Record], rows: Sequence[Feature]) -> None:
    """Write outlines of quarters, with every point that the official file has."""
    rounded = round_coordinates([row.shape for row in rows], QUARTER_DECIMALS)
    outlines = as_multipolygons([shapely.make_valid(outline) for outline in rounded])
    write_features(path, records, outlines, QUARTER_DECIMALS)


def write_roads(roads: Sequence[Feature], seed: Path) -> None:
    """Write the main roads, one record a name and class, not simplified."""
    groups: dict[tuple[str, int], list[Any]] = {}
    for road in roads:
        key = (road.properties["nom"], int(road.properties["statut"]))
        groups.setdefault(key, []).extend(shapely.get_parts(road.shape))
    records = [{"nom": name, "statut": kind} for name, kind in sorted(groups)]
    lines = [shapely.multilinestrings(groups[key]) for key in sorted(groups)]
    write_features(seed / "roads.geojson", records, round_coordinates(lines))


def write_stations(official: Path, seed: Path) -> None:
    """Write railway and shared bicycle stations near the pilot quarter, one file a producer."""
    quarters = read_features(official / "blagis" / "qpv_2024.geojson")
    pilot = next(f.shape for f in quarters if f.properties["code_qp"] == PILOT_QPV)
    place = to_metres([pilot])[0]
    found = grouped_stations(read_features(official / "blagis" / "equipements.geojson"))
    near = [
        feature
        for feature, metric in zip(found, to_metres([f.shape for f in found]), strict=True)
        if metric.distance(place) <= NEAR_M
    ]
    for category, name in STATION_FILES.items():
        rows = by_code((f for f in near if f.properties["categorie"] == category), "nom")
        points = round_coordinates([row.shape for row in rows])
        write_features(seed / name, [row.properties for row in rows], points)


def grouped_stations(rows: Iterable[Feature]) -> Sequence[Feature]:
    """Return one feature per place: a station has one row per line in the official file."""
    groups: dict[tuple[str, str], list[Feature]] = {}
    for row in rows:
        groups.setdefault((row.properties["categorie"], row.properties["nom"]), []).append(row)
    return [Feature(station_record(group), group[0].shape) for group in groups.values()]


def station_record(group: Sequence[Feature]) -> Record:
    """Return the properties of a station, under the names of the official file."""
    row = group[0].properties
    lines = dict.fromkeys(tidy(feature.properties["detail"]) for feature in group)
    return {
        "categorie": row["categorie"],
        "nom": tidy(row["nom"]),
        "detail": ", ".join(line for line in lines if line),
        "capacite": None if row["capacite"] is None else int(row["capacite"]),
        "adresse": "",
        "source": row["source"],
        "insee_com": row["insee_com"],
        "code_iris": row["code_iris"],
    }


def write_desks(official: Path, grouping: Geometry, seed: Path) -> None:
    """Write the France services desks of the grouping: nothing that reaches a person."""
    path = official / "equipements" / "france_services_2021.geojson"
    rows = [row for row in read_features(path) if shapely.intersects(grouping, row.shape)]
    records = [
        {
            "categorie": "france_services",
            "nom": tidy(row.properties["lib_france_services"]),
            "detail": tidy(row.properties["FORMAT_FS"]),
            "capacite": None,
            "adresse": tidy(row.properties["ADRESSE"]),
            "source": "ANCT france_services_2021",
            "insee_com": row.properties["insee_com"],
            "code_iris": None,
        }
        for row in rows
    ]
    points = round_coordinates([row.shape for row in rows])
    write_features(seed / "france_services.geojson", records, points)


def write_official_figures(path: Path, seed: Path) -> None:
    """Write the official figures of the pilot communes' IRIS, under the names of their file."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["insee_com"] in PILOT_COMMUNES]
    mapping = mapping_for(rows[0])
    wanted = {*mapping["columns"], *mapping["recognised_by"]} if mapping else set()
    columns = [column for column in rows[0] if column in wanted]
    table = [";".join(columns)] + [
        ";".join(row[column].replace(".", ",") for column in columns)
        for row in sorted(rows, key=lambda row: row["code_iris"])
    ]
    (seed / "official_iris.csv").write_text("\n".join(table) + "\n", encoding="utf-8")


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def record_checksums(geodata: Path, official: Path) -> None:
    """Write the checksums of seed and official files into `sources.toml`, in place.

    A `sha256` line follows the `file` line it is of, an `official_sha256` line `official`.
    """
    folders = {"file": geodata, "official": official}
    path = geodata / "sources.toml"
    lines: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if re.match(r"(official_)?sha256 = ", line):
            continue
        lines.append(line)
        found = re.match(r'(file|official) = "(.+)"', line)
        if found:
            kind, name = found.groups()
            key = "sha256" if kind == "file" else "official_sha256"
            lines.append(f'{key} = "{sha256_of(folders[kind] / name)}"')
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
