"""Forgotten rounds and old names, seen to by a real worker."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Role
from qpvmap.storage.models import Presence
from qpvmap.storage.queue import enqueue
from qpvmap.storage.session import make_engine, transaction
from qpvmap.usecases.presences import Start, start_presence
from tests.factories import make_actor, make_territory
from tests.jobs.workers import wait_for, worker
from tests.walkers import WEST, make_words, walked

LONG_AGO = timedelta(days=400)


def test_worker_when_due_then_closes_what_was_forgotten_and_forgets_old_names(
    committed_db: str, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    engine = make_engine(committed_db, pool_size=1)
    with transaction(engine) as session:
        toy = make_territory(session)
        make_words(session, toy)
        mediator = make_actor(session, toy, Role.MEDIATOR, "police")
        walked(session, mediator, now - LONG_AGO)
        yesterday = now - timedelta(days=1)
        start_presence(session, mediator, Start(uuid4(), WEST), yesterday)
        enqueue(session, "close_forgotten_rounds", timestamp=0)
        enqueue(session, "forget_round_names", timestamp=0)

    def state() -> list[tuple[bool, bool, bool]]:
        """Return, oldest first, whether each is over, is to be checked, names somebody."""
        with Session(engine) as session:
            rows = session.scalars(select(Presence).order_by(Presence.started_at))
            return [(p.ended_at is not None, p.to_check, p.walker_id is not None) for p in rows]

    environment = os.environ | {
        "QPVMAP_DATABASE_URL": committed_db,
        "QPVMAP_VAR_DIR": str(tmp_path),
    }
    with worker(environment):
        wait_for(lambda: state() == [(True, False, False), (True, True, True)])
    engine.dispose()
