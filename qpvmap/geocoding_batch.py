"""Many addresses to points: the Géoplateforme's search by CSV, a few hundred at a time.

The service may be slow, absent or wrong: what it did not answer is left to whoever calls.
"""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import httpx

from qpvmap.core.geo import LonLat
from qpvmap.geocoding import GeocoderUnavailable
from qpvmap.settings import Settings

BATCH = 200
PATIENCE = 30
"""A batch may take as many times what one search may: a minute, by default."""
TRIES = 2
PRECISE = frozenset({"housenumber", "street", "locality"})

Advance = Callable[[int, int], None]
"""Told how many addresses are done, of how many."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An address to find, in a commune when it is known."""

    address: str
    insee_code: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """Where an address is, by the service's own words, and how sure it is, 0 to 1."""

    label: str
    score: float
    point: LonLat


def batch_url(settings: Settings) -> str:
    """Return the address of the search by CSV; empty when no service is set."""
    base = settings.geocoder_url.rstrip("/")
    return f"{base}/csv" if base.endswith("/search") else ""


def find_all(
    settings: Settings, asked: Sequence[Asked], advance: Advance, patience_s: float | None = None
) -> list[Found | None]:
    """Return where each address is, None when it is nowhere.

    Raises
    ------
    GeocoderUnavailable
        If no service is set, or it fails twice on the same batch.
    """
    found: list[Found | None] = []
    for answers in find_batches(settings, asked, patience_s):
        found += answers
        advance(len(found), len(asked))
    return found


def find_batches(
    settings: Settings, asked: Sequence[Asked], patience_s: float | None = None
) -> Iterator[list[Found | None]]:
    """Give where addresses are, in their order, batch after batch as the service answers.

    Raises
    ------
    GeocoderUnavailable
        If no service is set, or it fails twice on the same batch.
    """
    url = batch_url(settings)
    if not url:
        raise GeocoderUnavailable
    patience = settings.geocoder_timeout_s * PATIENCE if patience_s is None else patience_s
    with httpx.Client(timeout=patience, headers={"User-Agent": "qpvmap"}) as client:
        for start in range(0, len(asked), BATCH):
            yield _ask(client, url, asked[start : start + BATCH])


def _ask(client: httpx.Client, url: str, batch: Sequence[Asked]) -> list[Found | None]:
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(["id", "adresse", "citycode"])
    writer.writerows([number, one.address, one.insee_code] for number, one in enumerate(batch))
    files = {"data": ("adresses.csv", written.getvalue().encode(), "text/csv")}
    form = {"columns": "adresse", "citycode": "citycode"}
    for left in reversed(range(TRIES)):
        try:
            answer = client.post(url, data=form, files=files)
            answer.raise_for_status()
            return _read(answer.text, len(batch))
        except (httpx.HTTPError, ValueError, LookupError, csv.Error) as failure:
            if not left:
                raise GeocoderUnavailable from failure
    raise GeocoderUnavailable


def _read(answer: str, count: int) -> list[Found | None]:
    """Return the answers in the order in which they were asked."""
    found: list[Found | None] = [None] * count
    for row in csv.DictReader(io.StringIO(answer)):
        if row.get("result_type", "street") not in PRECISE or not row.get("longitude"):
            continue
        point = LonLat(float(row["longitude"]), float(row["latitude"]))
        score = max(0.0, min(1.0, float(row["result_score"])))
        found[int(row["id"])] = Found(row["result_label"], score, point)
    return found
