"""A WFS layer, page by page: counted or not, cut, resumed, of an edition told or asked."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from qpvmap.core.geo import BBox
from qpvmap.importers.fetch import Fetcher, FetchFailed, ServiceUnreachable
from qpvmap.importers.official import Errand, fetch_communes
from qpvmap.settings import Settings
from tests.importers.local_site import Site


@pytest.fixture
def errand(official: Site, tmp_path: Path) -> Errand:
    settings = Settings(
        ign_wfs_url=f"{official.url}/wfs", ign_iris_layer="iris", ign_communes_layer="communes"
    )
    return Errand(settings, tmp_path, BBox(2.2, 48.7, 2.4, 48.8), datetime.now(UTC))


def names_in(path: Path) -> list[str]:
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    return [f["properties"]["nom_officiel"] for f in features]


ALL = [f"Ville {n}" for n in range(1, 6)]


@pytest.mark.parametrize("matched", ["unknown", "absent", "5", None])
def test_layer_when_the_service_counts_or_not_then_every_page(
    official: Site, fetcher: Fetcher, errand: Errand, matched: Any
) -> None:
    official.matched = matched
    assert names_in(fetch_communes(fetcher, errand).path) == ALL


def test_layer_when_fewer_come_than_announced_then_refused(
    official: Site, fetcher: Fetcher, errand: Errand
) -> None:
    official.matched = 9
    with pytest.raises(FetchFailed, match="5 objets sur 9"):
        fetch_communes(fetcher, errand)


def test_layer_when_the_service_repeats_its_page_then_refused(
    official: Site, fetcher: Fetcher, errand: Errand
) -> None:
    official.matched = "unknown"
    official.layers["communes"] = [official.layers["communes"][0]] * 4
    with pytest.raises(FetchFailed, match="la même page"):
        fetch_communes(fetcher, errand)


def test_layer_when_cut_at_the_second_page_then_the_next_run_resumes_there(
    official: Site, fetcher: Fetcher, errand: Errand
) -> None:
    official.broken_starts = {2}
    with pytest.raises(ServiceUnreachable):
        fetch_communes(fetcher, errand)
    assert set(official.starts) == {0, 2}
    official.broken_starts, official.starts = set(), []
    assert names_in(fetch_communes(fetcher, errand).path) == ALL
    assert official.starts == [2, 4]
    assert not list(errand.folder.glob("*-pages"))


def test_layer_when_its_pages_are_old_then_asked_again(
    official: Site, fetcher: Fetcher, errand: Errand
) -> None:
    official.broken_starts = {2}
    with pytest.raises(ServiceUnreachable):
        fetch_communes(fetcher, errand)
    official.broken_starts, official.starts = set(), []
    fetch_communes(fetcher, replace(errand, now=errand.now + timedelta(days=2)))
    assert official.starts == [0, 2, 4]


@pytest.mark.parametrize(
    ("title", "asked", "vintage"),
    [
        ("Communes, édition 2025", None, 2025),
        ("Communes, édition 2025", 2023, 2023),
        ("Communes, dernière édition", None, None),
        ("Communes 2020-2025", None, None),
    ],
)
def test_layer_when_fetched_then_its_edition_is_told_or_asked_never_made_up(
    official: Site,
    fetcher: Fetcher,
    errand: Errand,
    title: str,
    asked: int | None,
    vintage: int | None,
) -> None:
    official.titles["communes"] = title
    assert fetch_communes(fetcher, replace(errand, vintage=asked)).vintage == vintage
