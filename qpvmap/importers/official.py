"""The official services: QPV from data.gouv.fr, IRIS and communes from the Géoplateforme's WFS."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

from qpvmap.core.geo import BBox
from qpvmap.importers.editions import year_in
from qpvmap.importers.fetch import (
    Advance,
    Checksum,
    Fetcher,
    FetchFailed,
    ServiceUnreachable,
    quiet,
)
from qpvmap.settings import Settings

PAGE = 1000
PAGES_KEPT = timedelta(days=1)
"""Pages of an earlier run are good for this long: the layer may be of another edition then."""

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
    """What to fetch, for whom, and where to put it; `vintage` is the edition that was asked for."""

    settings: Settings
    folder: Path
    bbox: BBox
    now: datetime
    vintage: int | None = None
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
    """Download the IRIS that touch the territory's box."""
    return fetch_layer(fetcher, errand, errand.settings.ign_iris_layer, "iris")


def fetch_communes(fetcher: Fetcher, errand: Errand) -> Download:
    """Download the communes that touch the territory's box."""
    return fetch_layer(fetcher, errand, errand.settings.ign_communes_layer, "communes")


ERRANDS = {"communes": fetch_communes, "iris": fetch_iris, "qpv": fetch_qpv}
"""In this order: quarters of 2015 find their communes by name."""


def fetch_layer(fetcher: Fetcher, errand: Errand, layer: str, kind: str) -> Download:
    """Download a WFS layer page by page; pages that came stay for the next run.

    Its edition is the one asked for, else the one that the service names; else it is left to
    the rows of the file, and asked when they do not say it either. It is never made up.

    Raises
    ------
    FetchFailed
        If the service does not send what it announced.
    """
    vintage = errand.vintage or told_vintage(fetcher, errand, layer)
    pages = errand.folder / f"{kind}-pages"
    pages.mkdir(parents=True, exist_ok=True)
    features = _all_pages(fetcher, errand, layer, pages)
    path = errand.folder / (f"{kind}-{vintage}.geojson" if vintage else f"{kind}.geojson")
    path.write_text(
        json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8"
    )
    for page in pages.glob("*.geojson"):
        page.unlink()
    pages.rmdir()
    return Download(kind, path, vintage)


def _all_pages(fetcher: Fetcher, errand: Errand, layer: str, pages: Path) -> list[Any]:
    """Return the features of every page.

    A service may not know how many there are: then the end is a page with nothing on it.
    """
    features: list[Any] = []
    before: list[Any] = []
    for number in range(MAX_PAGES):
        page = pages / f"{number:03}.geojson"
        content = _saved(page, layer, errand) or _ask(fetcher, errand, layer, len(features))
        found, total = content["features"], announced(content)
        if found and found == before:
            raise FetchFailed(f"Le service envoie toujours la même page de la couche {layer}.")
        page.write_text(json.dumps(content | {"qpvmap": _mark(layer, errand)}), encoding="utf-8")
        features, before = features + found, found
        errand.advance(len(features), total or 0)
        if not found or (total is not None and len(features) >= total):
            _check_count(features, total, layer)
            return features
    raise FetchFailed(f"La couche {layer} a plus de {MAX_PAGES} pages : réduisez le territoire.")


def announced(content: Mapping[str, Any]) -> int | None:
    """Return how many features a layer has in all; None when the service does not know it."""
    told = str(content.get("numberMatched", content.get("totalFeatures", "")))
    return int(told) if told.isdecimal() else None


def _check_count(features: Sequence[Any], total: int | None, layer: str) -> None:
    if not features:
        raise FetchFailed(f"La couche {layer} n’a rien dans ce territoire.")
    if total is not None and len(features) != total:
        raise FetchFailed(f"La couche {layer} est incomplète : {len(features)} objets sur {total}.")


def told_vintage(fetcher: Fetcher, errand: Errand, layer: str) -> int | None:
    """Return the year in the name or the title of a layer, or None when they name no one year."""
    in_name = year_in(layer)
    if in_name is not None:
        return in_name
    asked = {"SERVICE": "WFS", "VERSION": "2.0.0", "REQUEST": "GetCapabilities"}
    try:
        told = fetcher.text(errand.settings.ign_wfs_url, asked)
    except ServiceUnreachable:
        raise
    except FetchFailed:
        return None
    wanted = rf"<(?:\w+:)?Name>\s*{re.escape(layer)}\s*</"
    for block in re.findall(r"<(?:\w+:)?FeatureType[ >].*?</(?:\w+:)?FeatureType>", told, re.S):
        title = re.search(r"<(?:\w+:)?Title>([^<]*)<", block)
        if title and re.search(wanted, block):
            return year_in(unescape(title[1]))
    return None


def _mark(layer: str, errand: Errand) -> str:
    """Return what a saved page answers: another question makes it useless."""
    return f"{layer} {errand.bbox} {errand.vintage} {errand.settings.ign_wfs_url}"


def _saved(page: Path, layer: str, errand: Errand) -> dict[str, Any] | None:
    try:
        if datetime.fromtimestamp(page.stat().st_mtime, UTC) < errand.now - PAGES_KEPT:
            return None
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
