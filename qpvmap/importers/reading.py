"""Opening the files that producers publish: which layer, which encoding, which projection.

Whatever the file is in, geometries come out in EPSG:4326, (lon, lat): this is the one place
where coordinates are transformed.
"""

import hashlib
import json
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from qpvmap.core.geo import WGS84
from qpvmap.importers.cleaning import Geometries, on_earth
from qpvmap.importers.fields import bare
from qpvmap.importers.report import FileRefused, LayerChoiceNeeded

LAMBERT_93 = 2154
MAX_BYTES = 4_000_000_000
ZIP_MEMBERS = 2000
FORMATS = {
    ".gpkg": "GeoPackage",
    ".geojson": "GeoJSON",
    ".json": "GeoJSON",
    ".shp": "Shapefile",
    ".zip": ".zip",
}
VECTOR_SUFFIXES = set(FORMATS)
BESIDE_SHP = (".dbf", ".shx")
"""Files without which a `.shp` has no attributes, or cannot be read."""
LAYER_WORDS = {
    "qpv": ("qpv", "qp", "quartier"),
    "iris": ("iris",),
    "communes": ("commune", "municipalit"),
    "epci": ("epci", "ept", "intercommunalit"),
    "equipements": ("equipement", "gare", "station"),
    "routes": ("route", "road", "troncon"),
}


@dataclass(frozen=True)
class Layer:
    """A layer of a file, in memory: attributes by row, geometries in EPSG:4326."""

    file: Path
    name: str
    columns: list[str]
    rows: list[dict[str, Any]]
    geometries: Geometries
    sha256: str

    def __iter__(self) -> Iterator[tuple[int, dict[str, Any], Any]]:
        """Give each row with its number in the file, from 1, and its geometry."""
        for position, row in enumerate(self.rows):
            yield position + 1, row, self.geometries[position]


def sha256_of(path: Path) -> str:
    """Return the checksum of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check_file(path: Path) -> None:
    """Refuse what is plainly not a data file, in words that help.

    Raises
    ------
    FileRefused
        If it is missing, a folder, empty, too large, or a web page saved under a data name.
    """
    if not path.is_file():
        raise FileRefused(f"{path} n’est pas un fichier : vérifiez le chemin.")
    size = path.stat().st_size
    if size == 0:
        raise FileRefused(f"{path.name} est vide : téléchargez-le de nouveau.")
    if size > MAX_BYTES:
        raise FileRefused(f"{path.name} dépasse 4 Go : importez un extrait de votre territoire.")
    with path.open("rb") as stream:
        head = stream.read(512).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise FileRefused(
            f"{path.name} est une page web, pas un jeu de données : le téléchargement a dû échouer."
        )


def read_layer(path: Path, kind: str, layer: str | None = None, year: int | None = None) -> Layer:
    """Read one layer of a GeoPackage, GeoJSON or Shapefile (zipped or not).

    Parameters
    ----------
    kind : str
        What is imported: it tells the right layer among several by their names.
    layer : str, optional
        The layer asked for.
    year : int, optional
        The edition asked for: it also tells layers apart (`qpv_2015`, `qpv_2024`).

    Raises
    ------
    FileRefused
        If the file cannot be read, or has no coordinates that we can place.
    LayerChoiceNeeded
        If several layers could be meant.
    """
    check_file(path)
    if path.suffix.lower() not in VECTOR_SUFFIXES:
        raise FileRefused(
            f"{path.name} : format non reconnu. Attendu : GeoPackage (.gpkg), GeoJSON, "
            "Shapefile (.shp, avec ses .dbf, .shx et .prj) ou .zip qui en contient un."
        )
    try:
        check_shapefiles(path)
        source, name = _choose(_layers(path), kind, layer, year)
        frame = _frame(source, name, _encoding(path, source))
    except (DataSourceError, DataLayerError, UnicodeDecodeError, zipfile.BadZipFile) as error:
        raise FileRefused(
            f"{path.name} est illisible : ce n’est pas un {_expected(path)} valable. "
            "Téléchargez-le de nouveau, ou demandez au producteur un GeoPackage ou un GeoJSON."
        ) from error
    return _as_layer(path, name, frame)


def _expected(path: Path) -> str:
    """Return the name of the format that the suffix of a file promises."""
    return FORMATS.get(path.suffix.lower(), "jeu de données")


def check_shapefiles(path: Path) -> None:
    """Refuse a Shapefile that lacks one of its other files.

    Raises
    ------
    FileRefused
        With the files that are missing, and what to do.
    """
    for source in _sources(path):
        if not source.lower().endswith(".shp"):
            continue
        missing = [suffix for suffix in BESIDE_SHP if _sibling(path, source, suffix) is None]
        if missing:
            raise FileRefused(
                f"{Path(source).name} est incomplet : il manque {' et '.join(missing)}. Un "
                "Shapefile est fait de plusieurs fichiers du même nom : copiez-les ensemble, "
                "ou importez le .zip du producteur."
            )


def _layers(path: Path) -> list[tuple[str, str]]:
    """Return (address for GDAL, name) of each layer that has geometries."""
    found = []
    for source in _sources(path):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            listed = pyogrio.list_layers(source)
        found += [(source, str(name)) for name, geometry in listed if geometry is not None]
    if not found:
        raise FileRefused(f"{path.name} n’a aucune couche géographique.")
    return found


def _sources(path: Path) -> list[str]:
    if path.suffix.lower() != ".zip":
        return [str(path)]
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
    if len(members) > ZIP_MEMBERS or sum(m.file_size for m in members) > MAX_BYTES:
        raise FileRefused(f"{path.name} est trop gros une fois décompressé.")
    inside = [m.filename for m in members if Path(m.filename).suffix.lower() in VECTOR_SUFFIXES]
    inside = [name for name in inside if not name.lower().endswith(".zip")]
    if not inside:
        raise FileRefused(f"{path.name} ne contient ni Shapefile, ni GeoPackage, ni GeoJSON.")
    return [f"/vsizip/{path.resolve()}/{name}" for name in inside]


def _choose(
    layers: list[tuple[str, str]], kind: str, asked: str | None, year: int | None
) -> tuple[str, str]:
    """Return the layer asked for, or the one that its name tells, or refuse to guess."""
    names = [name for _, name in layers]
    if asked is not None:
        if asked not in names:
            raise FileRefused(f"Pas de couche « {asked} ». Il y a : {', '.join(names)}.")
        return layers[names.index(asked)]
    if len(layers) == 1:
        return layers[0]
    words = LAYER_WORDS[kind]
    likely = [item for item in layers if any(word in bare(item[1]) for word in words)]
    if year is not None and len(likely) > 1:
        likely = [item for item in likely if str(year) in item[1]] or likely
    if kind == "qpv":
        likely = [item for item in likely if "iris" not in bare(item[1])]
    if len(likely) != 1:
        raise LayerChoiceNeeded([name for _, name in likely] or names)
    return likely[0]


def _encoding(path: Path, source: str) -> str | None:
    """Return the encoding of a shapefile's texts when it has no `.cpg` that says so.

    GDAL would take it for ISO-8859-1; producers on Windows write Windows-1252, where "œ" and
    the curly apostrophe live. UTF-8 shows by itself.
    """
    if not source.lower().endswith(".shp"):
        return None
    texts = _sibling(path, source, ".dbf")
    if _sibling(path, source, ".cpg") is not None or texts is None:
        return None
    try:
        texts.decode("utf-8")
    except UnicodeDecodeError:
        return "CP1252"
    return "UTF-8"


def _sibling(path: Path, source: str, suffix: str) -> bytes | None:
    """Return the bytes of the file beside a `.shp`, whichever its case, zipped or not."""
    if path.suffix.lower() != ".zip":
        beside = (path.with_suffix(suffix), path.with_suffix(suffix.upper()))
        found = next((p for p in beside if p.is_file()), None)
        return _records(found.read_bytes(), suffix) if found else None
    stem = source.removeprefix(f"/vsizip/{path.resolve()}/")[:-4].lower()
    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            if member.lower() == stem + suffix:
                return _records(archive.read(member), suffix)
    return None


def _records(content: bytes, suffix: str) -> bytes:
    """Return the records of a .dbf, without its binary header."""
    return content[int.from_bytes(content[8:10], "little") :] if suffix == ".dbf" else content


def _frame(source: str, layer: str, encoding: str | None) -> Any:
    with warnings.catch_warnings():
        # GDAL warns of what is checked here row by row: winding, fields it cannot hold
        warnings.simplefilter("ignore")
        return pyogrio.read_dataframe(source, layer=layer, encoding=encoding)


def _as_layer(path: Path, name: str, frame: Any) -> Layer:
    if not isinstance(frame, geopandas.GeoDataFrame):
        raise FileRefused(f"{path.name} : la couche {name} n’a pas de géométries.")
    geometries = _to_wgs84(path, frame)
    attributes = frame.drop(columns=frame.geometry.name)
    return Layer(
        file=path,
        name=name,
        columns=[str(column) for column in attributes.columns],
        rows=[{str(k): v for k, v in row.items()} for row in attributes.to_dict("records")],
        geometries=geometries,
        sha256=sha256_of(path),
    )


def _to_wgs84(path: Path, frame: Any) -> Geometries:
    """Return the geometries in EPSG:4326.

    A file that names no projection (GeoJSON then counts as degrees) and holds metres of
    Lambert-93 is taken for that: producers do publish such GeoJSON.
    """
    raw = np.array(frame.geometry.values, dtype=object)
    known = ~shapely.is_missing(raw)
    placed = bool(on_earth(raw)[known].all())
    if frame.crs is not None and (placed or frame.crs.to_epsg() != WGS84):
        return np.array(frame.geometry.to_crs(WGS84).values, dtype=object)
    if not placed and _in_lambert93(raw[known]):
        moved = frame.geometry.set_crs(LAMBERT_93, allow_override=True).to_crs(WGS84)
        return np.array(moved.values, dtype=object)
    if frame.crs is None and not placed:
        raise FileRefused(
            f"{path.name} ne dit pas sa projection (.prj absent) et n’est pas en degrés : "
            "demandez le fichier complet au producteur."
        )
    return raw


def _in_lambert93(geometries: Geometries) -> bool:
    west, south, east, north = shapely.total_bounds(geometries)
    return bool(west > 0 and east < 1_400_000 and south > 6_000_000 and north < 7_300_000)


def read_records(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a JSON file that has no geometry.

    Raises
    ------
    FileRefused
        If it is not a list of objects.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        line = f", ligne {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise FileRefused(
            f"{path.name} est illisible : ce n’est pas du JSON valable{line}. Téléchargez-le de "
            "nouveau."
        ) from error
    if not isinstance(content, list) or not all(isinstance(item, dict) for item in content):
        raise FileRefused(f"{path.name} : une liste d’objets JSON est attendue.")
    return content


def is_plain_json(path: Path) -> bool:
    """Return whether a file is a JSON list, as opposed to GeoJSON."""
    if path.suffix.lower() != ".json" or not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")
