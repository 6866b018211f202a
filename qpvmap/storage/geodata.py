"""The folder of data shipped with the application, read into rows that tables can take.

Seed files are GeoJSON in EPSG:4326 under the field names of their producers, already clean;
CSV files are UTF-8 with `;` between fields and decimal commas.
"""

import csv
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shapely

from qpvmap.core.demo_walks import DemoWalks
from qpvmap.core.geo import WGS84, LonLat
from qpvmap.core.territories import TerritoryPlan
from qpvmap.resources import resource_dir
from qpvmap.storage.imports import (
    COMMUNE,
    EPCI,
    EQUIPMENT,
    IRIS,
    QPV,
    ROAD,
    DatasetInfo,
    Row,
    Target,
)

WITHHELD = "NR"
"""How the contract writes a figure that INSEE withholds."""

EQUIPMENT_KINDS = {
    "gare": ("gare", "transport"),
    "station_velib": ("velib", "transport"),
    "france_services": ("france_services", "social"),
}
"""Kind and theme of a category of the official files."""

CONTRACT_SERIES = "contract"


@dataclass(frozen=True, slots=True)
class SeedFile:
    """A shipped file of official places: its source, and the rows for one table."""

    source: DatasetInfo
    target: Target
    rows: Sequence[Row]


def read_plan(code: str) -> TerritoryPlan:
    """Return the description of the territory `code`.

    Raises
    ------
    FileNotFoundError
        If geodata describes no such territory.
    ValueError
        If the description contradicts itself.
    """
    path = resource_dir("geodata") / "territories" / f"{code}.toml"
    return TerritoryPlan.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))


def read_sources() -> Sequence[Mapping[str, Any]]:
    """Return what `sources.toml` says of each shipped file."""
    text = (resource_dir("geodata") / "sources.toml").read_text(encoding="utf-8")
    sources: list[Mapping[str, Any]] = tomllib.loads(text)["sources"]
    return sources


def source_of(file: str) -> DatasetInfo:
    """Return where the shipped `file` comes from, its path as in `sources.toml`.

    Raises
    ------
    KeyError
        If the file is not in `sources.toml`.
    """
    for source in read_sources():
        if source["file"] == file:
            names = ("key", "vintage", "title", "producer", "licence", "url", "sha256")
            return DatasetInfo(**{name: source[name] for name in names})
    raise KeyError(file)


def read_places() -> Sequence[SeedFile]:
    """Return the shipped files of official places, with their rows."""
    return [_seed_file(file) for file in ROWS]


def _seed_file(file: str) -> SeedFile:
    target, make_row = ROWS[file]
    source = source_of(file)
    features = json.loads((resource_dir("geodata") / file).read_text(encoding="utf-8"))["features"]
    rows = [
        make_row(feature["properties"], source.vintage, _ewkb(feature["geometry"]))
        for feature in features
    ]
    return SeedFile(source, target, rows)


def _ewkb(geometry: Mapping[str, Any]) -> str:
    """Return a GeoJSON geometry as hexadecimal EWKB in EPSG:4326."""
    shape = shapely.set_srid(shapely.from_geojson(json.dumps(geometry)), WGS84)
    return str(shapely.to_wkb(shape, hex=True, include_srid=True))


def point_ewkb(point: LonLat) -> str:
    """Return a point as hexadecimal EWKB in EPSG:4326."""
    return _ewkb({"type": "Point", "coordinates": (point.lon, point.lat)})


def _codes(text: str) -> list[str]:
    return [code.strip() for code in text.split(",")]


def _qpv(p: Mapping[str, Any], vintage: int, geometry: str) -> Row:
    return {
        "code": p["code_qp"],
        "vintage": vintage,
        "name": p.get("lib_qp") or p["nom_qp"],
        "insee_codes": _codes(p["insee_com"]),
        "perimeter": geometry,
    }


def _commune(p: Mapping[str, Any], vintage: int, geometry: str) -> Row:
    return {
        "insee_code": p["insee_com"],
        "vintage": vintage,
        "name": p["nom_com"],
        "population": p["population"],
        "perimeter": geometry,
    }


def _iris(p: Mapping[str, Any], vintage: int, geometry: str) -> Row:
    return {
        "code": p["code_iris"],
        "vintage": vintage,
        "name": p["nom_iris"],
        "kind": p["typ_iris"],
        "insee_code": p["insee_com"],
        "perimeter": geometry,
    }


def _epci(p: Mapping[str, Any], vintage: int, geometry: str) -> Row:
    return {
        "siren": p["code"],
        "vintage": vintage,
        "name": p["nom"],
        "kind": p["type"],
        "insee_codes": _codes(p["communes"]),
        "perimeter": geometry,
    }


def _road(p: Mapping[str, Any], vintage: int, geometry: str) -> Row:
    return {
        "source_key": f"{p['nom']}-{p['statut']}",
        "vintage": vintage,
        "name": p["nom"],
        "kind": str(p["statut"]),
        "line": geometry,
    }


def _equipment(p: Mapping[str, Any], vintage: int, geometry: str) -> Row:
    kind, theme = EQUIPMENT_KINDS[p["categorie"]]
    return {
        "source": p["source"],
        # the name as its producer types it: an import of their file finds the same row
        "source_key": p["nom"].replace("’", "'"),
        "vintage": vintage,
        "name": p["nom"],
        "theme": theme,
        "kind": kind,
        "detail": p["detail"],
        "address": p["adresse"],
        "capacity": p["capacite"],
        "insee_code": p["insee_com"],
        "iris_code": p["code_iris"],
        "extra": {},
        "opening_hours": None,
        "access": None,
        "position_quality": None,
        "position_score": None,
        "location": geometry,
    }


ROWS = {
    "seed/communes.geojson": (COMMUNE, _commune),
    "seed/iris.geojson": (IRIS, _iris),
    "seed/ept.geojson": (EPCI, _epci),
    "seed/qpv_2015.geojson": (QPV, _qpv),
    "seed/qpv_2024.geojson": (QPV, _qpv),
    "seed/roads.geojson": (ROAD, _road),
    "seed/gares.geojson": (EQUIPMENT, _equipment),
    "seed/velib.geojson": (EQUIPMENT, _equipment),
    "seed/france_services.geojson": (EQUIPMENT, _equipment),
}
"""Each shipped file of places: the table it goes to, and how one of its features becomes a row."""


def _read_csv(file: str) -> Sequence[Mapping[str, str]]:
    path: Path = resource_dir("geodata") / file
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter=";"))


def read_operations(file: str) -> Sequence[Row]:
    """Return the operations of an investment plan, `location` as EWKB."""
    return [
        {
            **row,
            "natures": [nature for nature in row["natures"].split(",") if nature],
            "location": point_ewkb(LonLat(float(row["lon"]), float(row["lat"]))),
        }
        for row in _read_csv(file)
    ]


def read_guide(file: str) -> Mapping[str, Any]:
    """Return the structures of a guide, each with its offers, and its groups of synonyms."""
    return tomllib.loads((resource_dir("geodata") / file).read_text(encoding="utf-8"))


def read_emprises(file: str) -> Sequence[Row]:
    """Return pieces of ground, `body` being the code of who manages them, `perimeter` as EWKB."""
    features = json.loads((resource_dir("geodata") / file).read_text(encoding="utf-8"))["features"]
    return [
        {
            "code": feature["properties"]["code"],
            "name": feature["properties"]["nom"],
            "kind": feature["properties"]["type"],
            "body": feature["properties"]["gestionnaire"],
            "source": feature["properties"]["source"],
            "confidence": feature["properties"]["confiance"],
            "perimeter": _ewkb(feature["geometry"]),
        }
        for feature in features
    ]


@dataclass(frozen=True, slots=True)
class DemoSignalement:
    """An invented signalement: filed `days_ago` by `author` (none: the public).

    `story` names what became of it; `answers` are what the team wrote, in order.
    """

    number: int
    days_ago: float
    author: str
    category: str
    lon: float
    lat: float
    accuracy_m: float | None
    story: str
    description: str
    answers: tuple[str, ...]


def read_demo_signalements(file: str) -> Sequence[DemoSignalement]:
    """Return the invented signalements."""
    return [
        DemoSignalement(
            number=number,
            days_ago=float(row["days_ago"]),
            author=row["by"],
            category=row["category"],
            lon=float(row["lon"]),
            lat=float(row["lat"]),
            accuracy_m=float(row["accuracy_m"]) if row["accuracy_m"] else None,
            story=row["story"],
            description=row["description"],
            answers=tuple(row["answers"].split("|")) if row["answers"] else (),
        )
        for number, row in enumerate(_read_csv(file), start=1)
    ]


@dataclass(frozen=True, slots=True)
class DemoPresence:
    """An invented line of a mediator's days: a round, a solicitation or an action.

    `at` is local, `then` the sector of the second half of a round; an action has its kind in
    `public`.
    """

    number: int
    kind: str
    days_ago: int
    at: str
    minutes: int
    sector: str
    then: str
    others: int
    public: str
    theme: str
    body: str
    times: int
    title: str
    place: str
    partners: tuple[str, ...]
    people: int | None
    organised: bool
    text: str


def read_demo_presences(file: str) -> Sequence[DemoPresence]:
    """Return the invented rounds, solicitations and actions, in order of time."""
    return [
        DemoPresence(
            number=number,
            kind=row["kind"],
            days_ago=int(row["days_ago"]),
            at=row["at"] or "12:00",
            minutes=int(row["minutes"] or 0),
            sector=row["sector"],
            then=row["then"],
            others=int(row["others"] or 0),
            public=row["public"],
            theme=row["theme"],
            body=row["body"],
            times=int(row["times"] or 1),
            title=row["title"],
            place=row["place"],
            partners=tuple(row["partners"].split()),
            people=int(row["people"]) if row["people"] else None,
            organised=row["organised"] == "1",
            text=row["text"],
        )
        for number, row in enumerate(_read_csv(file), start=1)
    ]


def read_demo_walks(file: str) -> DemoWalks:
    """Return the invented walks."""
    text = (resource_dir("geodata") / file).read_text(encoding="utf-8")
    return DemoWalks.model_validate(tomllib.loads(text))


def read_contract_indicators(file: str) -> tuple[Sequence[Row], Sequence[Row]]:
    """Return the indicators of a contract's tables, and their values by IRIS.

    A withheld figure has no value and says so: it is never 0.
    """
    table, origin = _read_csv(file), source_of(file)
    indicators = [
        {
            "key": row["indicateur"],
            "title": row["titre"],
            "unit": row["unite"],
            "source": origin.producer,
            "topic": row["tableau"],
            "position": position,
        }
        for position, row in enumerate(table, start=1)
    ]
    values = [
        _contract_value(row["indicateur"], name, origin.vintage, figure)
        for row in table
        for name, figure in row.items()
        if name.isdecimal()
    ]
    return indicators, values


def _contract_value(key: str, iris_code: str, vintage: int, figure: str) -> Row:
    withheld = figure == WITHHELD
    return {
        "series": CONTRACT_SERIES,
        "indicator_key": key,
        "place_kind": "iris",
        "place_code": iris_code,
        "vintage": vintage,
        "value": None if withheld else float(figure.replace(",", ".")),
        "suppressed": withheld,
    }
