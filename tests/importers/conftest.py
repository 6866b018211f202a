"""What the tests of the importers share: a short way to import, small files made on the spot."""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from qpvmap.importers.fetch import Fetcher
from qpvmap.importers.load import ImportRequest, import_file
from qpvmap.importers.report import ImportReport
from tests.importers.local_site import HASTY, Handler, Site

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)

Import = Callable[..., ImportReport]


@pytest.fixture
def run(session: Session) -> Import:
    """Return a function that imports a file within the test's transaction."""

    def importing(kind: str, path: Path, **options: Any) -> ImportReport:
        return import_file(session, ImportRequest(kind, path, **options), NOW)

    return importing


def square(west: float, south: float, side: float = 0.01) -> dict[str, Any]:
    """Return a square as a GeoJSON geometry."""
    east, north = west + side, south + side
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


@pytest.fixture
def geojson(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes features, given as (properties, geometry), to a file."""

    def written(*features: tuple[dict[str, Any], Any], name: str = "essai.geojson") -> Path:
        content = {
            "type": "FeatureCollection",
            "features": [
                {"type": "Feature", "properties": properties, "geometry": geometry}
                for properties, geometry in features
            ],
        }
        path = tmp_path / name
        path.write_text(json.dumps(content), encoding="utf-8")
        return path

    return written


@pytest.fixture
def site() -> Iterator[Site]:
    content = Site()
    handler = type("Bound", (Handler,), {"site": content})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    content.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield content
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    with Fetcher(HASTY) as ours:
        yield ours


def feature(properties: dict[str, Any], west: float, south: float) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": square(west, south)}


@pytest.fixture
def official(site: Site) -> Site:
    """Return the server as the official services answer, with little in it."""
    site.layers["communes"] = [
        feature({"code_insee": f"9200{n}", "nom_officiel": f"Ville {n}"}, 2.2 + n / 50, 48.7)
        for n in range(1, 6)
    ]
    site.layers["iris"] = [
        feature(
            {"code_iris": f"92001010{n}", "nom_iris": f"Îlot {n}", "code_insee": "92001"},
            2.2 + n / 50,
            48.7,
        )
        for n in range(1, 4)
    ]
    quarters = {
        "type": "FeatureCollection",
        "features": [feature({"code_qp": "QN09299X", "lib_qp": "Essai"}, 2.3, 48.7)],
    }
    content = json.dumps(quarters).encode()
    site.files["/qp-2024.geojson"] = content
    checksum = {"type": "sha256", "value": hashlib.sha256(content).hexdigest()}
    resource = {
        "title": "QPV 2024",
        "format": "geojson",
        "url": f"{site.url}/qp-2024.geojson",
        "checksum": checksum,
    }
    site.files["/api/datasets/qpv/"] = json.dumps({"resources": [resource]}).encode()
    return site
