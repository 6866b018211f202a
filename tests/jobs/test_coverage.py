"""Walks reckoned again by a real worker, when the data changed and only then."""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from qpvmap.storage.imports import bump_data_version
from qpvmap.storage.models import CoverageRun
from qpvmap.storage.queue import enqueue
from qpvmap.storage.session import make_engine, transaction
from tests.jobs.workers import environment_of, wait_for, worker

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)


def test_walks_when_equipment_changed_then_the_worker_reckons_them_again(
    blagis: str, tmp_path: Path
) -> None:
    engine = make_engine(blagis)

    def runs() -> list[CoverageRun]:
        with transaction(engine) as session:
            return list(session.scalars(select(CoverageRun)))

    def ask() -> None:
        with transaction(engine) as session:
            enqueue(session, "reckon_walks", timestamp=int(NOW.timestamp()))

    ask()
    with worker(environment_of(blagis, tmp_path)):
        first = wait_for(runs)[0]
        assert first.method == "straight"
        assert "transport" in first.themes
        with transaction(engine) as session:
            bump_data_version(session, "equipment", NOW)
        ask()
        wait_for(lambda: runs()[0].id != first.id)
    engine.dispose()
