"""Shortest ways on foot along streets, by Dijkstra's algorithm (rustworkx), exact.

Distances are metres of a plane drawn around the middle of the network, right to 0.3 % at 20 km. The
web workers never import this module: walks are reckoned by a job or a command, and stored.
"""

import zlib
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import cos, radians

import numpy as np
import rustworkx
import shapely
from numpy.typing import NDArray

from qpvmap.core.walking import walked

Floats = NDArray[np.float64]
Points = NDArray[np.float64]
"""Longitude and latitude in degrees, a row for each point."""

PER_DEGREE_M = 111_320.0
PRECISION = 1e7
"""Degrees are kept to a centimetre, as OpenStreetMap does."""
SNAP_M = 100.0
"""Residents further than that from any street are reckoned in a straight line."""
SNAP_PLACE_M = 300.0
"""The middle of a stadium or of a park may be this far from the street that leads to it."""
ISLAND_M = 1_000.0
"""Streets of less than that in all, that lead nowhere else, are a drawing left apart."""


@dataclass(frozen=True)
class Network:
    """Pieces of street: `ends` are rows of `nodes`, two for each; `metres` how long to walk."""

    nodes: Points
    ends: NDArray[np.int32]
    metres: Floats

    def packed(self) -> bytes:
        """Return it as bytes, to be kept."""
        sizes = np.array([len(self.nodes), len(self.ends)], dtype="<i8")
        parts = (
            sizes,
            np.rint(self.nodes * PRECISION).astype("<i4"),
            self.ends.astype("<i4"),
            self.metres.astype("<f4"),
        )
        return zlib.compress(b"".join(part.tobytes() for part in parts))

    @staticmethod
    def unpacked(content: bytes) -> "Network":
        """Return the network that was packed."""
        raw = zlib.decompress(content)
        node_count, edge_count = (int(size) for size in np.frombuffer(raw, "<i8", 2))
        at = 16
        nodes = np.frombuffer(raw, "<i4", 2 * node_count, at).reshape(-1, 2) / PRECISION
        at += 8 * node_count
        ends = np.frombuffer(raw, "<i4", 2 * edge_count, at).reshape(-1, 2)
        metres = np.frombuffer(raw, "<f4", edge_count, at + 8 * edge_count)
        return Network(nodes, ends.astype(np.int32), metres.astype(np.float64))


@dataclass(frozen=True)
class Plane:
    """Degrees around a latitude as metres."""

    lat: float

    def metres(self, points: Points) -> Floats:
        """Return x and y, metres."""
        scale = np.array([PER_DEGREE_M * cos(radians(self.lat)), PER_DEGREE_M])
        found: Floats = np.asarray(points, dtype=np.float64).reshape(-1, 2) * scale
        return found


@dataclass(frozen=True)
class Walks:
    """Metres walked from each point to each kind of place, in their order; inf where no way leads.

    `astray` tells the points too far from a street; `places_astray` counts such places.
    """

    metres: Floats
    astray: NDArray[np.bool_]
    places_astray: int


@dataclass(frozen=True)
class Foot:
    """Where a point stands beside a street: which piece, how far along (0 to 1), how far off."""

    edge: int
    along: float
    off_m: float


def network_of(
    nodes: Points, ends: Sequence[tuple[int, int]], slowness: Sequence[float]
) -> Network:
    """Return the network of some pieces of street, without those that are an island apart."""
    plane = Plane(float(np.mean(nodes[:, 1])) if len(nodes) else 0.0)
    pairs = np.array(ends, dtype=np.int32).reshape(-1, 2)
    xy = plane.metres(nodes)
    lengths = np.hypot(*(xy[pairs[:, 0]] - xy[pairs[:, 1]]).T)
    kept = _mainland(len(nodes), pairs, lengths)
    used, renumbered = np.unique(pairs[kept], return_inverse=True)
    return Network(
        np.asarray(nodes, dtype=np.float64).reshape(-1, 2)[used],
        renumbered.reshape(-1, 2).astype(np.int32),
        (lengths * np.asarray(slowness, dtype=np.float64))[kept],
    )


def _mainland(size: int, pairs: NDArray[np.int32], lengths: Floats) -> NDArray[np.bool_]:
    """Return which pieces are of a whole of some length, the longest whole in any case."""
    graph: rustworkx.PyGraph[None, None] = rustworkx.PyGraph()
    graph.add_nodes_from([None] * size)
    graph.add_edges_from_no_data([(int(a), int(b)) for a, b in pairs])
    whole = np.zeros(size, dtype=np.int64)
    for number, members in enumerate(rustworkx.connected_components(graph)):
        whole[list(members)] = number
    of_edge = whole[pairs[:, 0]]
    totals = np.bincount(of_edge, weights=lengths, minlength=1)
    kept: NDArray[np.bool_] = (totals >= min(ISLAND_M, totals.max()))[of_edge]
    return kept


def walks(network: Network, places: Mapping[str, Points], points: Points) -> Walks:
    """Return how far one walks from each point to the nearest place of each kind.

    A point off the street walks straight to the nearest street, the place likewise. Those who live
    more than `SNAP_M` from any street are reckoned in a straight line made longer.
    """
    plane = Plane(float(np.mean(network.nodes[:, 1])))
    streets = _Streets(network, plane)
    feet = [streets.feet(plane.metres(spots), SNAP_PLACE_M) for spots in places.values()]
    graph, cuts = _graph(network, feet)
    starts = streets.feet(plane.metres(points), SNAP_M)
    astray = np.array([foot is None for foot in starts], dtype=bool)
    found = np.full((len(starts), len(places)), np.inf)
    for kind in range(len(places)):
        reached = _reached(graph, len(graph) - len(places) + kind)
        found[:, kind] = [_last_steps(cuts, foot, reached) for foot in starts]
    if astray.any():
        found[astray] = straight_walks(places, points[astray], plane)
    left_out = sum(foot is None for found_feet in feet for foot in found_feet)
    return Walks(found, astray, left_out)


def straight_walks(
    places: Mapping[str, Points], points: Points, plane: Plane | None = None
) -> Floats:
    """Return how far one walks from each point to each kind of place, by a longer straight line."""
    plane = plane or Plane(float(np.mean(points[:, 1])) if len(points) else 0.0)
    here = shapely.points(plane.metres(points))
    columns = [
        walked(1.0) * np.asarray(shapely.distance(here, shapely.multipoints(plane.metres(spots))))
        for spots in places.values()
    ]
    return np.column_stack(columns) if columns else np.zeros((len(points), 0))


class _Streets:
    """The pieces of street as lines, to find the nearest one."""

    def __init__(self, network: Network, plane: Plane) -> None:
        xy = plane.metres(network.nodes)
        self.lines = np.asarray(shapely.linestrings(xy[network.ends]), dtype=object)
        self.tree = shapely.STRtree(self.lines)

    def feet(self, xy: Floats, within_m: float) -> list[Foot | None]:
        """Return where each point stands beside the nearest piece; None further than `within_m`."""
        feet: list[Foot | None] = [None] * len(xy)
        spots = np.asarray(shapely.points(xy), dtype=object)
        rows, edges = self.tree.query_nearest(spots, max_distance=within_m, all_matches=False)
        lines = self.lines[edges]
        along = np.asarray(shapely.line_locate_point(lines, spots[rows], normalized=True))
        off = np.asarray(shapely.distance(lines, spots[rows]))
        for row, edge, part, metres in zip(rows, edges, along, off, strict=True):
            # a piece of no length has no part either
            feet[row] = Foot(int(edge), float(np.nan_to_num(part)), float(metres))
        return feet


@dataclass(frozen=True)
class _Cut:
    """A piece of street in parts: where they meet (0 to 1), by which node of the graph."""

    at: list[float]
    nodes: list[int]
    metres: float


Graph = rustworkx.PyDiGraph[None, float]


def _graph(network: Network, feet: Sequence[Sequence[Foot | None]]) -> tuple[Graph, Sequence[_Cut]]:
    """Return the streets as a graph whose last nodes are the kinds of place, and the cut pieces.

    A piece of street is cut where a place opens on it, so that who lives on the same piece walks
    from one to the other. From a kind, one only goes out, towards the street of each place: no way
    leads through a place.
    """
    opened: dict[int, list[tuple[float, int]]] = defaultdict(list)
    doors: list[tuple[int, int, float]] = []
    node = len(network.nodes)
    for kind, of_kind in enumerate(feet):
        for foot in filter(None, of_kind):
            opened[foot.edge].append((foot.along, node))
            doors.append((kind, node, foot.off_m))
            node += 1
    cuts = [
        _cut(int(a), int(b), float(metres), opened.get(edge, ()))
        for edge, ((a, b), metres) in enumerate(zip(network.ends, network.metres, strict=True))
    ]
    steps = [step for cut in cuts for step in _steps(cut)]
    graph: Graph = rustworkx.PyDiGraph()
    graph.add_nodes_from([None] * (node + len(feet)))
    graph.add_edges_from(steps)
    graph.add_edges_from([(b, a, metres) for a, b, metres in steps])
    graph.add_edges_from([(node + kind, door, off_m) for kind, door, off_m in doors])
    return graph, cuts


def _cut(a: int, b: int, metres: float, opened: Sequence[tuple[float, int]]) -> _Cut:
    parts = [(0.0, a), *sorted(opened), (1.0, b)]
    return _Cut([at for at, _ in parts], [node for _, node in parts], metres)


def _steps(cut: _Cut) -> list[tuple[int, int, float]]:
    return [
        (cut.nodes[i], cut.nodes[i + 1], (cut.at[i + 1] - cut.at[i]) * cut.metres)
        for i in range(len(cut.nodes) - 1)
    ]


def _reached(graph: Graph, source: int) -> Floats:
    """Return how far every node is from one, inf where no way leads."""
    metres = np.full(len(graph), np.inf)
    found = rustworkx.digraph_dijkstra_shortest_path_lengths(graph, source, float)
    metres[np.fromiter(found.keys(), np.int64, len(found))] = np.fromiter(
        found.values(), np.float64, len(found)
    )
    return metres


def _last_steps(cuts: Sequence[_Cut], foot: Foot | None, reached: Floats) -> float:
    """Return the walk of who stands beside a street: to it, then to one end of its part."""
    if foot is None:
        return np.inf
    cut = cuts[foot.edge]
    after = min(bisect_right(cut.at, foot.along), len(cut.at) - 1)
    back = reached[cut.nodes[after - 1]] + (foot.along - cut.at[after - 1]) * cut.metres
    ahead = reached[cut.nodes[after]] + (cut.at[after] - foot.along) * cut.metres
    return float(foot.off_m + min(back, ahead))
