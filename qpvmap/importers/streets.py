"""The walkable streets of an OpenStreetMap extract (.osm.pbf, .osm), in a box.

pyosmium reads the file once, object by object: the places of its nodes wait on disk, so that the
extract of a whole region is read with the memory of the streets of the box.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import osmium

from qpvmap.core.geo import BBox
from qpvmap.core.streets import lets_through, may_walk, slowness
from qpvmap.importers.gathering import Progress, silent
from qpvmap.importers.reading import MAX_BYTES, sha256_of
from qpvmap.importers.report import FileRefused
from qpvmap.street_graph import Network, network_of

FORMATS = {
    ".pbf": "pbf",
    ".osm": "xml",
    ".xml": "xml",
    ".osm.gz": "xml.gz",
    ".osm.bz2": "xml.bz2",
}
READ_KEYS = ("highway", "barrier", "railway", "public_transport")
MADE_BEFORE = datetime(2004, 8, 1, tzinfo=UTC)
"""OpenStreetMap began then: an older date is none."""


@dataclass(frozen=True)
class StreetFile:
    """The streets of a file, and of when they are."""

    network: Network
    dated_at: datetime
    sha256: str
    ways: int
    gates: int


@dataclass
class _Drawing:
    """Pieces of street being gathered: the rows of nodes by their number in the file."""

    box: BBox
    rows: dict[int, int] = field(default_factory=dict)
    nodes: list[tuple[float, float]] = field(default_factory=list)
    ends: list[tuple[int, int]] = field(default_factory=list)
    slowness: list[float] = field(default_factory=list)
    shut: set[int] = field(default_factory=set)
    newest: datetime = MADE_BEFORE
    ways: int = 0
    unplaced: int = 0

    def note_gate(self, node: Any) -> None:
        """Keep the number of a point of a way that nobody passes."""
        if "barrier" in node.tags and not lets_through(dict(node.tags)):
            self.shut.add(node.id)

    def draw(self, way: Any) -> None:
        """Add the pieces of a way that lie in the box, if one may walk there."""
        tags = dict(way.tags)
        if not may_walk(tags):
            return
        before, slow, count = None, slowness(tags), len(self.ends)
        for node in way.nodes:
            here = self._row(node)
            if before is not None and here is not None:
                self.ends.append((before, here))
                self.slowness.append(slow)
            # past a gate that is shut, the way begins again from a point of its own
            before = self._fresh(node) if node.ref in self.shut and here is not None else here
        if len(self.ends) > count:
            self.ways += 1
            self.newest = max(self.newest, way.timestamp)

    def _row(self, node: Any) -> int | None:
        if not node.location.valid():
            self.unplaced += 1
            return None
        box = self.box
        if not (box.west <= node.lon <= box.east and box.south <= node.lat <= box.north):
            return None
        if node.ref in self.shut:
            return self._fresh(node)
        row = self.rows.setdefault(node.ref, len(self.nodes))
        if row == len(self.nodes):
            self.nodes.append((node.lon, node.lat))
        return row

    def _fresh(self, node: Any) -> int:
        self.nodes.append((node.lon, node.lat))
        return len(self.nodes) - 1


def read_streets(
    path: Path, box: BBox, progress: Progress = silent, folder: Path | None = None
) -> StreetFile:
    """Return the walkable streets of an extract in a box; what waits on disk does in `folder`.

    Raises
    ------
    FileRefused
        If it is no OpenStreetMap extract, is cut short, or has no street there.
    """
    file_format = format_of(path)
    drawing = _Drawing(box)
    progress(0, "lecture des rues")
    try:
        with TemporaryDirectory(dir=folder) as places:
            header = _gather(path, file_format, Path(places), drawing)
    except (RuntimeError, OSError) as error:
        raise FileRefused(
            f"{path.name} est illisible : ce n’est pas un extrait OpenStreetMap entier. "
            "Téléchargez-le de nouveau."
        ) from error
    if not drawing.ends:
        why = (
            "ses voies viennent avant leurs points : triez-le (osmium sort)"
            if drawing.unplaced
            else "choisissez un extrait qui le couvre"
        )
        raise FileRefused(f"{path.name} n’a aucune rue dans ce territoire : {why}.")
    progress(70, "assemblage du réseau")
    network = network_of(np.array(drawing.nodes), drawing.ends, drawing.slowness)
    dated_at = _date(header, drawing.newest, path)
    return StreetFile(network, dated_at, sha256_of(path), drawing.ways, len(drawing.shut))


def format_of(path: Path) -> str:
    """Return how an extract is written, by the ending of its name.

    Raises
    ------
    FileRefused
        If it is missing, empty, too large, or no extract by its name.
    """
    if not path.is_file():
        raise FileRefused(f"{path} n’est pas un fichier : vérifiez le chemin.")
    found = next((FORMATS[end] for end in FORMATS if path.name.lower().endswith(end)), None)
    if found is None:
        raise FileRefused(
            f"{path.name} : un extrait OpenStreetMap est attendu (.osm.pbf ou .osm), comme ceux "
            "de Geofabrik ou d’OpenStreetMap France."
        )
    size = path.stat().st_size
    if size == 0:
        raise FileRefused(f"{path.name} est vide : téléchargez-le de nouveau.")
    if size > MAX_BYTES:
        raise FileRefused(f"{path.name} dépasse 4 Go : prenez l’extrait de votre région.")
    return found


def _gather(path: Path, file_format: str, folder: Path, drawing: _Drawing) -> Any:
    """Read nodes and ways; return the header of the file."""
    kinds = osmium.osm.NODE | osmium.osm.WAY
    reader = osmium.FileProcessor(osmium.io.File(str(path), file_format), kinds)
    reader = reader.with_locations(f"sparse_file_array,{folder / 'places'}")
    for thing in _tagged(reader):
        take: Callable[[Any], None] = drawing.note_gate if thing.is_node() else drawing.draw
        take(thing)
    return reader.header


def _tagged(reader: osmium.FileProcessor) -> Iterator[Any]:
    yield from reader.with_filter(osmium.filter.KeyFilter(*READ_KEYS))


def _date(header: Any, newest: datetime, path: Path) -> datetime:
    """Return the date of the data: the header's, else of the last change, else of the file."""
    for key in ("osmosis_replication_timestamp", "timestamp"):
        try:
            return datetime.fromisoformat(header.get(key, "")).astimezone(UTC)
        except ValueError:
            continue
    if newest > MADE_BEFORE:
        return newest
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
