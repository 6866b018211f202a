"""Reckon how far residents walk to each kind of equipment: by a job or a command, never a page."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy.orm import Session

from qpvmap.storage.coverage import grid_vintage_of
from qpvmap.storage.coverage_runs import (
    Residents,
    WalksOf,
    data_basis,
    forget_streets,
    lock_reckoning,
    replace_run,
    residents_of,
    spots_around,
    streets_of,
)
from qpvmap.storage.imports import bump_data_version
from qpvmap.storage.models import CoverageRun, StreetNetwork
from qpvmap.street_graph import Network, Points, Walks, straight_walks, walks

STREETS = "streets"
WALKS = "walks"
"""Families of data: the streets that walks are reckoned on, the walks that pages show."""


@dataclass(frozen=True, slots=True)
class StreetsToKeep:
    """A network read from a file, and what is told of it."""

    file: str
    sha256: str
    dated_at: datetime
    network: Network


@dataclass(frozen=True, slots=True)
class Reckoning:
    """What a reckoning found: points, and how many of them are far from any street or cut off."""

    method: str
    points: int
    astray: int
    cut_off: int
    places_astray: int


def keep_streets(session: Session, territory_id: int, kept: StreetsToKeep, now: datetime) -> bool:
    """Keep the streets of a territory in place of those it had; return whether they changed."""
    lock_reckoning(session, territory_id)
    present = streets_of(session, territory_id)
    packed = kept.network.packed()
    if present is not None and (present.sha256, present.packed) == (kept.sha256, packed):
        return False
    if present is None:
        present = StreetNetwork(territory_id=territory_id)
        session.add(present)
    present.file, present.sha256 = kept.file, kept.sha256
    present.dated_at, present.loaded_at = kept.dated_at, now
    present.length_km = float(kept.network.metres.sum() / 1000)
    present.packed = packed
    bump_data_version(session, STREETS, now)
    session.flush()
    return True


def drop_streets(session: Session, territory_id: int, now: datetime) -> bool:
    """Go back to straight lines; return whether there were streets."""
    lock_reckoning(session, territory_id)
    had_some = forget_streets(session, territory_id)
    if had_some:
        bump_data_version(session, STREETS, now)
    return had_some


def reckon(session: Session, territory_id: int, now: datetime) -> Reckoning:
    """Reckon the walks of a territory, along its streets or else in a longer straight line.

    The data is read after the lock, so that what changes meanwhile makes the result stale.
    """
    lock_reckoning(session, territory_id)
    basis = data_basis(session)
    streets = streets_of(session, territory_id)
    homes = residents_of(session, territory_id)
    spots = _by_theme(spots_around(session, territory_id))
    found = _walks(streets, spots, homes)
    run = CoverageRun(
        territory_id=territory_id,
        method="streets" if streets else "straight",
        street_file=streets.file if streets else "",
        street_date=streets.dated_at if streets else None,
        grid_vintage=grid_vintage_of(session, territory_id),
        basis=basis,
        reckoned_at=now,
        themes=list(spots),
        places_astray=found.places_astray,
    )
    points = replace_run(session, run, _rows(homes, found))
    bump_data_version(session, WALKS, now)
    cut_off = int(np.isinf(found.metres).any(axis=1).sum()) if spots else 0
    return Reckoning(run.method, points, int(found.astray.sum()), cut_off, found.places_astray)


def _by_theme(spots: Sequence[tuple[str, float, float]]) -> dict[str, Points]:
    themes: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for theme, lon, lat in spots:
        themes[theme].append((lon, lat))
    return {theme: np.array(points) for theme, points in themes.items()}


def _walks(
    streets: StreetNetwork | None, spots: dict[str, Points], homes: Sequence[Residents]
) -> Walks:
    points = np.array([(home.lon, home.lat) for home in homes]).reshape(-1, 2)
    if streets is None or not spots or not homes:
        return Walks(straight_walks(spots, points), np.zeros(len(homes), dtype=bool), 0)
    return walks(Network.unpacked(streets.packed), spots, points)


def _rows(homes: Sequence[Residents], found: Walks) -> Iterator[WalksOf]:
    for home, metres, astray in zip(homes, found.metres, found.astray, strict=True):
        told = [float(one) if np.isfinite(one) else None for one in metres]
        yield WalksOf(home, told, bool(astray))
