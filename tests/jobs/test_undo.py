"""What is taken back within its minute is never mailed, by a real worker and a real mail server."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text

from qpvmap.core.actors import Actor, Role
from qpvmap.core.undoing import HELD_FOR
from qpvmap.core.workflow import Request, Status
from qpvmap.storage.models import Contact, Notice, Signalement
from qpvmap.storage.session import make_engine, transaction
from qpvmap.usecases.handling import change_status
from qpvmap.usecases.undoing import undo
from tests.factories import make_actor, make_signalement, make_territory
from tests.jobs.workers import Server, environment_of, free_port, listening, wait_for, worker

LEFT_S = 8.0
"""What is left of the wait when the worker starts."""


@pytest.fixture
def queue_engine(committed_db: str) -> Iterator[Engine]:
    engine = make_engine(committed_db, pool_size=1)
    yield engine
    engine.dispose()


def take_two(engine: Engine, at: datetime) -> tuple[Actor, str, str]:
    """Take two reports in charge at `at`; somebody is to be told of each."""
    with transaction(engine) as session:
        toy = make_territory(session)
        agent = make_actor(session, toy, Role.AGENT, "technique-ouest")
        rows = [make_signalement(session, toy) for _ in range(2)]
        session.execute(text("delete from procrastinate_jobs"))
        for row in rows:
            session.add(
                Contact(signalement_id=row.id, email=f"{row.id}@example.org", consent_at=at)
            )
            request = Request(Status.ACKNOWLEDGED)
            change_status(session, agent, row.reference, request, version=row.version, now=at)
        return agent, rows[0].reference, rows[1].reference


def test_mails_when_one_move_of_two_is_taken_back_then_the_other_alone_leaves_and_not_before(
    queue_engine: Engine, committed_db: str, tmp_path: Path
) -> None:
    port, server = free_port(), Server()
    moved_at = datetime.now(UTC) - HELD_FOR + timedelta(seconds=LEFT_S)
    due_at = moved_at + HELD_FOR
    agent, kept, slipped = take_two(queue_engine, moved_at)
    with listening(server, port), worker(environment_of(committed_db, tmp_path, port)):
        time.sleep(LEFT_S / 2)
        with transaction(queue_engine) as session:
            assert session.scalars(select(Notice)).all() == []
            undo(session, agent, slipped, 2, moved_at + timedelta(seconds=50))
        wait_for(lambda: server.messages)
        assert datetime.now(UTC) >= due_at
        wait_for(lambda: _no_job_left(queue_engine))
    assert [message["Subject"].split(",")[0] for message in server.messages] == [
        f"Signalement {kept}"
    ]
    with transaction(queue_engine) as session:
        statuses = dict(session.execute(select(Signalement.reference, Signalement.status)).all())
    assert statuses == {kept: "acknowledged", slipped: "new"}


def _no_job_left(engine: Engine) -> bool:
    """Tell whether both lines were looked at, and what they led to was delivered."""
    with transaction(engine) as session:
        left = text(
            "select count(*) from procrastinate_jobs where status in ('todo', 'doing')"
            " and task_name in ('tell_event', 'deliver_notice')"
        )
        return session.scalar(left) == 0
