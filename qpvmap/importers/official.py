"""The official services: QPV from data.gouv.fr, IRIS and communes from the Géoplateforme's WFS."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qpvmap.core.geo import BBox
from qpvmap.importers.fetch import Advance, Checksum, Fetcher, FetchFailed, quiet
from qpvmap.settings import Settings

PAGE = 1000
MAX_PAGES = 100
EARTH_RADIUS_M = 6_378_137.0
FORMATS = ("gpkg", "geojson", "shp", "zip")
"""Formats of a resource that we read, the best first."""


@dataclass(frozen=True)
class Download:
    """A file to import: its kind, where it is now, its edition when the file does not say it."""

    kind: str
    path: Path
    vintage: int | None = None


@dataclass(frozen=True)
class Errand:
    """What to fetch, for whom, and where to put it."""

    settings: Settings
    folder: Path
    bbox: BBox
    year: int
    advance: Advance = quiet


def fetch_qpv(fetcher: Fetcher, errand: Errand) -> Download:
    """Download the perimeters of the present generation, for the whole country.

    Raises
    ------
    FetchFailed
        If the catalogue lists no file that we can read.
    """
    base = errand.settings.data_gouv_url.rstrip("/")
    dataset = fetcher.json(f"{base}/datasets/{errand.settings.qpv_dataset}/")
    resource = best_resource(dataset.get("resources", []) if isinstance(dataset, Mapping) else [])
    suffix = str(resource["format"]).lower()
    suffix = {"shp": "zip"}.get(suffix, suffix)
    told = resource.get("checksum") or {}
    checksum = Checksum(told["type"], told["value"]) if told.get("value") else None
    path = errand.folder / f"qpv-2024.{suffix}"
    return Download("qpv", fetcher.download(resource["url"], path, checksum, errand.advance))


def best_resource(resources: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the resource to take: perimeters of 2024, in the best format.

    Raises
    ------
    FetchFailed
        If there is none.
    """
    usable = [
        resource
        for resource in resources
        if str(resource.get("format", "")).lower() in FORMATS
        and str(resource.get("url", "")).startswith(("https://", "http://"))
        and "2024" in f"{resource.get('title', '')} {resource['url']}"
    ]
    if not usable:
        raise FetchFailed("data.gouv.fr ne propose plus de contours de 2024 dans un format connu.")
    return min(usable, key=lambda resource: FORMATS.index(str(resource["format"]).lower()))


def fetch_iris(fetcher: Fetcher, errand: Errand) -> Download:
    """Download the IRIS that touch the territory's box; their edition is this year's."""
    path = fetch_layer(fetcher, errand, errand.settings.ign_iris_layer, "iris")
    return Download("iris", path, errand.year)


def fetch_communes(fetcher: Fetcher, errand: Errand) -> Download:
    """Download the communes that touch the territory's box; their edition is this year's."""
    path = fetch_layer(fetcher, errand, errand.settings.ign_communes_layer, "communes")
    return Download("communes", path, errand.year)


ERRANDS = {"communes": fetch_communes, "iris": fetch_iris, "qpv": fetch_qpv}
"""In this order: quarters of 2015 find their communes by name."""


def fetch_layer(fetcher: Fetcher, errand: Errand, layer: str, name: str) -> Path:
    """Download a WFS layer page by page; pages that came stay for the next run.

    Raises
    ------
    FetchFailed
        If the service does not send what it announced.
    """
    pages = errand.folder / f"{name}-pages"
    pages.mkdir(parents=True, exist_ok=True)
    features: list[Any] = []
    for number in range(MAX_PAGES):
        page = pages / f"{number:03}.geojson"
        content = _saved(page, layer, errand) or _ask(fetcher, errand, layer, len(features))
        page.write_text(json.dumps(content | {"qpvmap": _mark(layer, errand)}), encoding="utf-8")
        features += content["features"]
        total = int(content.get("numberMatched") or len(features))
        errand.advance(len(features), total)
        if len(features) >= total or not content["features"]:
            break
    _check_count(features, total, layer)
    path = errand.folder / f"{name}-{errand.year}.geojson"
    path.write_text(
        json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8"
    )
    for page in pages.glob("*.geojson"):
        page.unlink()
    pages.rmdir()
    return path


def _check_count(features: Sequence[Any], total: int, layer: str) -> None:
    if not features:
        raise FetchFailed(f"La couche {layer} n’a rien dans ce territoire.")
    if len(features) != total:
        raise FetchFailed(f"La couche {layer} est incomplète : {len(features)} objets sur {total}.")


def _mark(layer: str, errand: Errand) -> str:
    """Return what a saved page answers: another question or year makes it useless."""
    return f"{layer} {errand.bbox} {errand.year} {errand.settings.ign_wfs_url}"


def _saved(page: Path, layer: str, errand: Errand) -> dict[str, Any] | None:
    try:
        content: dict[str, Any] = json.loads(page.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if content.get("qpvmap") == _mark(layer, errand) else None


def _ask(fetcher: Fetcher, errand: Errand, layer: str, start: int) -> dict[str, Any]:
    """Return one page from feature `start`, however short the server makes it.

    The box goes in EPSG:3857, where the order of axes is never in doubt.
    """
    west, south = mercator(errand.bbox.west, errand.bbox.south)
    east, north = mercator(errand.bbox.east, errand.bbox.north)
    content = fetcher.json(
        errand.settings.ign_wfs_url,
        {
            "SERVICE": "WFS",
            "VERSION": "2.0.0",
            "REQUEST": "GetFeature",
            "TYPENAMES": layer,
            "OUTPUTFORMAT": "application/json",
            "SRSNAME": "EPSG:4326",
            "BBOX": f"{west:.1f},{south:.1f},{east:.1f},{north:.1f},EPSG:3857",
            "COUNT": str(PAGE),
            "STARTINDEX": str(start),
        },
    )
    if not isinstance(content, dict) or not isinstance(content.get("features"), list):
        raise FetchFailed(f"La réponse pour {layer} n’est pas du GeoJSON.")
    return content


def mercator(lon: float, lat: float) -> tuple[float, float]:
    """Return a point in EPSG:3857, metres."""
    x = math.radians(lon) * EARTH_RADIUS_M
    y = math.log(math.tan(math.pi / 4 + math.radians(lat) / 2)) * EARTH_RADIUS_M
    return x, y
