"""What the tests of the importers share: a short way to import, small files made on the spot."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from qpvmap.importers.load import ImportRequest, import_file
from qpvmap.importers.report import ImportReport

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
