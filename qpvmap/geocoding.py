"""Addresses to points, by the Géoplateforme's search or any service that answers like it (BAN).

The service may be slow, absent or wrong: callers get `GeocoderUnavailable` and go on without it.
"""

from dataclasses import dataclass
from functools import cache
from math import cos, hypot, radians
from time import monotonic
from typing import Any

import httpx

from qpvmap.core.geo import LonLat
from qpvmap.settings import Settings

PRECISE = frozenset({"housenumber", "street", "locality"})
"""Kinds of answers that are a place to go to; a town's centre is not."""

LIMIT = 5
KEPT_WITHIN_M = 20_000
METRES_PER_DEGREE = 111_320
ADDRESS_WITHIN_M = 100
REST_S = 15.0
"""After a failure the service is left alone for this long: typing must not wait on every letter."""

_resting: dict[str, float] = {}


class GeocoderUnavailable(Exception):
    """The address search gave no usable answer."""

    def __str__(self) -> str:
        """Return the French sentence."""
        return "La recherche d’adresses ne répond pas."


@dataclass(frozen=True, slots=True)
class Address:
    """An address and its point, EPSG:4326; how sure the service is of it, 0 to 1."""

    label: str
    detail: str
    lon: float
    lat: float
    score: float = 1.0


@cache
def _client(timeout_s: float) -> httpx.Client:
    return httpx.Client(timeout=timeout_s, headers={"User-Agent": "qpvmap"})


def search(settings: Settings, words: str, near: LonLat | None = None) -> list[Address]:
    """Return the addresses that `words` may mean, the best first; none when no service is set.

    Parameters
    ----------
    near : LonLat, optional
        Where to look first; addresses over 20 km from it are left out.

    Raises
    ------
    GeocoderUnavailable
        If the service is down, too slow, or answers something else than addresses.
    """
    url = settings.geocoder_url
    if not url or len(words.strip()) < 3:
        return []
    if _resting.get(url, 0.0) > monotonic():
        raise GeocoderUnavailable
    try:
        found = _read(_ask(settings, words, near))
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, LookupError, TypeError) as failure:
        _resting[url] = monotonic() + REST_S
        raise GeocoderUnavailable from failure
    _resting.pop(url, None)
    return [place for place in found if near is None or _distance_m(place, near) <= KEPT_WITHIN_M]


def reverse(settings: Settings, point: LonLat) -> tuple[Address, float] | None:
    """Return the address nearest to a point and its distance in metres, if one is close.

    Raises
    ------
    GeocoderUnavailable
        As `search` does; both leave a service that failed alone for the same time.
    """
    url = settings.geocoder_url.rstrip("/")
    if not url.endswith("/search"):
        return None
    if _resting.get(settings.geocoder_url, 0.0) > monotonic():
        raise GeocoderUnavailable
    query = {"lon": round(point.lon, 6), "lat": round(point.lat, 6), "limit": 1}
    try:
        answer = _client(settings.geocoder_timeout_s).get(
            f"{url.removesuffix('/search')}/reverse", params=query
        )
        answer.raise_for_status()
        found = _read(answer.json())
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, LookupError, TypeError) as failure:
        _resting[settings.geocoder_url] = monotonic() + REST_S
        raise GeocoderUnavailable from failure
    near = [(place, _distance_m(place, point)) for place in found]
    return next((pair for pair in near if pair[1] <= ADDRESS_WITHIN_M), None)


def _ask(settings: Settings, words: str, near: LonLat | None) -> Any:
    query: dict[str, str | int | float] = {"q": words.strip()[:200], "limit": LIMIT}
    if near:
        query |= {"lon": round(near.lon, 4), "lat": round(near.lat, 4)}
    answer = _client(settings.geocoder_timeout_s).get(settings.geocoder_url, params=query)
    answer.raise_for_status()
    return answer.json()


def _read(answer: Any) -> list[Address]:
    """Return the addresses of a GeoJSON answer."""
    found = []
    for feature in answer["features"]:
        lon, lat = feature["geometry"]["coordinates"][:2]
        point = LonLat(float(lon), float(lat))
        properties = feature["properties"]
        if properties.get("type", "street") not in PRECISE:
            continue
        found.append(
            Address(
                label=str(properties["label"]),
                detail=str(properties.get("context") or "Adresse"),
                lon=point.lon,
                lat=point.lat,
                score=float(properties.get("score", 1.0)),
            )
        )
    return found


def _distance_m(place: Address, near: LonLat) -> float:
    """Return a distance good enough to tell a neighbour from another town, metres."""
    east = (place.lon - near.lon) * cos(radians(near.lat))
    return hypot(east, place.lat - near.lat) * METRES_PER_DEGREE
