"""OpenStreetMap extracts drawn by hand, for tests: nodes in metres around a point, and ways."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import cos, radians
from pathlib import Path

import osmium

LON, LAT = 2.30, 48.78
PER_DEGREE_M = 111_320.0
Metres = tuple[float, float]


def lonlat(point: Metres) -> tuple[float, float]:
    """Return metres east and north of (LON, LAT) as degrees."""
    x, y = point
    return LON + x / (PER_DEGREE_M * cos(radians(LAT))), LAT + y / PER_DEGREE_M


@dataclass(frozen=True)
class Way:
    """A way through numbered nodes."""

    nodes: Sequence[int]
    tags: Mapping[str, str] = field(default_factory=lambda: {"highway": "residential"})


RIVER_NODES: Mapping[int, Metres] = {
    1: (0, 100),
    2: (500, 100),
    3: (500, -100),
    4: (0, -100),
    5: (-600, 100),
    6: (-600, -100),
}
RIVER = (
    Way([5, 1, 2]),
    Way([6, 4, 3]),
    Way([2, 3], {"highway": "footway", "bridge": "yes"}),
    Way([1, 4], {"highway": "motorway"}),
    Way([5, 6], {"highway": "footway", "access": "private"}),
)
"""Two banks, a footbridge 500 m east, a motorway and a private path where one may not cross."""


def write_streets(
    path: Path,
    nodes: Mapping[int, Metres] = RIVER_NODES,
    ways: Sequence[Way] = RIVER,
    node_tags: Mapping[int, Mapping[str, str]] | None = None,
    dated: str = "2026-01-05T10:00:00Z",
) -> Path:
    """Write an extract, in the format that the name tells."""
    header = osmium.io.Header()
    if dated:
        header.set("osmosis_replication_timestamp", dated)
    with osmium.SimpleWriter(str(path), header=header, overwrite=True) as writer:
        for key, point in nodes.items():
            tags = (node_tags or {}).get(key, {})
            writer.add_node(osmium.osm.mutable.Node(id=key, location=lonlat(point), tags=tags))
        for at, way in enumerate(ways, 1):
            writer.add_way(osmium.osm.mutable.Way(id=at, nodes=way.nodes, tags=way.tags))
    return path
