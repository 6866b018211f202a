"""Time `locate` on the pilot territory: inside the database, and with the way there and back.

Printed as milliseconds and as a ratio to `select 1` in the same run: read the ratio, since
the machine is shared.
"""

import json
import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime

import click
from sqlalchemy import text
from sqlalchemy.orm import Session

from qpvmap.core.geo import LonLat
from qpvmap.storage import cluster, migrate
from qpvmap.storage.places import LOCATE, locate
from qpvmap.storage.session import make_engine, transaction
from qpvmap.usecases.territory import load_territory

POINTS = 2000
AROUND = (2.285, 48.775, 2.315, 48.795)


def random_points(count: int) -> list[tuple[LonLat, float]]:
    """Return points around the quarter with an accuracy in metres, the same at each run."""
    chance = random.Random(92)
    west, south, east, north = AROUND
    return [
        (LonLat(chance.uniform(west, east), chance.uniform(south, north)), chance.uniform(3, 40))
        for _ in range(count)
    ]


def report(title: str, durations_ms: list[float], unit_ms: float | None = None) -> None:
    """Print median, 95th and 99th percentile, and the ratio to `unit_ms`."""
    cuts = statistics.quantiles(durations_ms, n=100)
    ratio = f"   x {cuts[49] / unit_ms:.1f}" if unit_ms else ""
    click.echo(
        f"{title:<44} p50 {cuts[49]:.3f}   p95 {cuts[94]:.3f}   p99 {cuts[98]:.3f} ms{ratio}"
    )


def timed(calls: list[Callable[[], object]]) -> list[float]:
    """Return how long each call took, milliseconds."""
    durations = []
    for call in calls:
        started = time.perf_counter()
        call()
        durations.append((time.perf_counter() - started) * 1000)
    return durations


def in_database_ms(session: Session, point: LonLat, accuracy_m: float) -> float:
    """Return the execution time that PostgreSQL itself measures, milliseconds."""
    explain = text(f"explain (analyze, timing off, format json) {LOCATE.text}")
    plan = session.scalar(
        explain,
        {"lon": point.lon, "lat": point.lat, "accuracy_m": accuracy_m, "max_distance_m": 5000.0},
    )
    found = json.loads(plan) if isinstance(plan, str) else plan
    return float(found[0]["Execution Time"])


def main() -> None:
    """Load the pilot territory in a throw-away cluster and print the figures."""
    with cluster.throwaway() as url:
        engine = make_engine(url)
        migrate.upgrade(engine)
        with transaction(engine) as session:
            load_territory(session, "blagis", datetime.now(UTC))
        with transaction(engine) as session:
            session.execute(text("analyze"))
            points = random_points(POINTS)
            one = timed([lambda: session.scalar(text("select 1"))] * POINTS)
            unit = statistics.median(one)
            report("select 1, there and back", one)
            report("locate, inside the database", [in_database_ms(session, *p) for p in points])
            there_and_back = timed([lambda p=p: locate(session, *p) for p in points])
            report("locate, there and back", there_and_back, unit)
        engine.dispose()


if __name__ == "__main__":
    main()
