"""GeoJSON made in Python, for what is filtered by who reads it. EPSG:4326, 6 decimals."""

import json
from collections.abc import Generator, Iterable, Mapping
from typing import Any

DECIMALS = 6
MEDIA_TYPE = "application/geo+json"


def point_feature(lon: float, lat: float, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return a point with its properties."""
    return {
        "type": "Feature",
        "geometry": {
            "type": "Point",
            "coordinates": [round(lon, DECIMALS), round(lat, DECIMALS)],
        },
        "properties": dict(properties),
    }


def collection(features: Iterable[Mapping[str, Any]], **extra: object) -> str:
    """Return the text of a FeatureCollection; `extra` members go beside the features."""
    whole = {"type": "FeatureCollection", **extra, "features": list(features)}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":"))


def collection_parts(features: Iterable[Mapping[str, Any]]) -> Generator[str, None, None]:
    """Yield the text of a FeatureCollection, feature after feature: it is never held whole."""
    yield '{"type":"FeatureCollection","features":['
    for number, feature in enumerate(features):
        text = json.dumps(feature, ensure_ascii=False, separators=(",", ":"))
        yield f",{text}" if number else text
    yield "]}"
