"""Streets out of OpenStreetMap extracts: where one walks, what stops, what cannot be read."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from qpvmap.core.geo import BBox
from qpvmap.importers.report import FileRefused
from qpvmap.importers.streets import read_streets
from qpvmap.street_graph import straight_walks, walks
from tests.street_files import RIVER, RIVER_NODES, Way, lonlat, write_streets

AROUND = BBox(2.28, 48.77, 2.32, 48.79)
HOME, SCHOOL = (0, 100), (0, -100)


def walk(path: Path, home: tuple[float, float] = HOME) -> float:
    """Return how far one walks from a home to the school, along the streets of a file."""
    network = read_streets(path, AROUND).network
    found = walks(network, {"education": np.array([lonlat(SCHOOL)])}, np.array([lonlat(home)]))
    return float(found.metres[0, 0])


@pytest.mark.parametrize("name", ["rues.osm.pbf", "rues.osm", "rues.osm.gz"])
def test_river_when_one_bridge_then_the_walk_is_six_times_the_straight_line(
    tmp_path: Path, name: str
) -> None:
    path = write_streets(tmp_path / name)
    straight = straight_walks({"x": np.array([lonlat(SCHOOL)])}, np.array([lonlat(HOME)]))
    assert straight[0, 0] / 1.3 == pytest.approx(200, abs=1)
    assert walk(path) == pytest.approx(1200, abs=2)


def test_file_when_read_then_its_date_and_what_was_kept_are_told(tmp_path: Path) -> None:
    found = read_streets(write_streets(tmp_path / "rues.osm.pbf"), AROUND)
    assert found.dated_at == datetime(2026, 1, 5, 10, tzinfo=UTC)
    assert found.ways == 3
    assert found.network.metres.sum() == pytest.approx(2400, abs=2)
    undated = write_streets(tmp_path / "sans-date.osm.pbf", dated="")
    made = datetime.fromtimestamp(undated.stat().st_mtime, UTC)
    assert read_streets(undated, AROUND).dated_at == made


@pytest.mark.parametrize(
    ("tags", "metres"),
    [
        ({"barrier": "gate"}, 1200),
        ({"barrier": "gate", "locked": "yes"}, np.inf),
        ({"barrier": "gate", "access": "private"}, np.inf),
        ({"barrier": "gate", "access": "private", "foot": "yes"}, 1200),
    ],
)
def test_bridge_when_a_gate_stands_on_it_then_passed_or_not(
    tmp_path: Path, tags: dict[str, str], metres: float
) -> None:
    path = write_streets(tmp_path / "rues.osm.pbf", node_tags={2: tags})
    assert walk(path) == pytest.approx(metres, abs=2)


def test_bridge_when_made_of_steps_then_twice_as_long(tmp_path: Path) -> None:
    ways = [*RIVER[:2], Way([2, 3], {"highway": "steps"})]
    path = write_streets(tmp_path / "rues.osm.pbf", ways=ways)
    assert walk(path) == pytest.approx(1400, abs=2)


def test_extract_when_wider_than_the_box_then_cut_there(tmp_path: Path) -> None:
    nodes = {**RIVER_NODES, 7: (500_000, 100)}
    path = write_streets(tmp_path / "rues.osm.pbf", nodes, [*RIVER, Way([2, 7, 3])])
    assert read_streets(path, AROUND).network.metres.sum() == pytest.approx(2400, abs=2)


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("rues.osm.pbf", b"<!doctype html><p>404", "est illisible"),
        ("rues.osm", b"<osm version='0.6'><node id=", "est illisible"),
        ("rues.osm.pbf", b"", "est vide"),
        ("rues.csv", b"a;b", "un extrait OpenStreetMap est attendu"),
    ],
)
def test_file_when_no_extract_then_refused_in_words(
    tmp_path: Path, name: str, content: bytes, why: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FileRefused, match=why):
        read_streets(tmp_path / name, AROUND)


def test_extract_when_cut_short_elsewhere_or_missing_then_refused_in_words(tmp_path: Path) -> None:
    whole = write_streets(tmp_path / "rues.osm.pbf")
    with pytest.raises(FileRefused, match="choisissez un extrait qui le couvre"):
        read_streets(whole, BBox(5, 45, 5.1, 45.1))
    short = tmp_path / "court.osm.pbf"
    short.write_bytes(whole.read_bytes()[:-40])
    with pytest.raises(FileRefused, match="est illisible"):
        read_streets(short, AROUND)
    lost = write_streets(tmp_path / "sans-points.osm.pbf", {}, RIVER)
    with pytest.raises(FileRefused, match="osmium sort"):
        read_streets(lost, AROUND)
    with pytest.raises(FileRefused, match="vérifiez le chemin"):
        read_streets(tmp_path / "absent.osm.pbf", AROUND)
