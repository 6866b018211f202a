"""A real worker process: what the queue promises, kill -9 included."""

import os
import signal
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from qpvmap.storage.queue import enqueue
from qpvmap.storage.session import make_engine, transaction
from tests.jobs.workers import PATIENCE_S, Server, free_port, listening, wait_for, worker

PORT = free_port()


@pytest.fixture
def queue_engine(committed_db: str) -> Iterator[Engine]:
    engine = make_engine(committed_db, pool_size=1)
    yield engine
    engine.dispose()


@pytest.fixture
def environment(committed_db: str, tmp_path: Path) -> dict[str, str]:
    return os.environ | {"QPVMAP_DATABASE_URL": committed_db, "QPVMAP_VAR_DIR": str(tmp_path)}


def read_mail(path: Path) -> EmailMessage:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def test_mail_when_no_server_is_set_then_goes_to_the_outbox(
    queue_engine: Engine, environment: dict[str, str], tmp_path: Path
) -> None:
    with transaction(queue_engine) as session:
        enqueue(session, "send_mail", to="a@demo.example", subject="Été", text="Bonjour à vous")
    with worker(environment):
        path = wait_for(lambda: next(tmp_path.glob("outbox/*.eml"), None))
        wait_for(path.read_bytes)
        mail = read_mail(path)
    assert (mail["To"], mail["Subject"]) == ("a@demo.example", "Été")
    assert "Bonjour à vous" in mail.get_content()
    assert path.stat().st_mode & 0o077 == 0


def test_job_when_its_transaction_rolls_back_then_was_never_there(queue_engine: Engine) -> None:
    with queue_engine.connect() as connection:
        with Session(connection) as session:
            enqueue(session, "send_mail", to="a@demo.example", subject="-", text="-")
            session.rollback()
        assert connection.scalar(text("select count(*) from procrastinate_jobs")) == 0


def test_finished_mail_when_sent_then_leaves_no_address_behind(
    queue_engine: Engine, environment: dict[str, str]
) -> None:
    with transaction(queue_engine) as session:
        enqueue(session, "send_mail", to="a@demo.example", subject="-", text="-")

    def left() -> bool:
        with queue_engine.connect() as connection:
            return connection.scalar(text("select count(*) from procrastinate_jobs")) == 0

    with worker(environment):
        wait_for(left)


def test_worker_when_told_to_stop_then_ends_cleanly(
    queue_engine: Engine, environment: dict[str, str], tmp_path: Path
) -> None:
    with transaction(queue_engine) as session:
        enqueue(session, "send_mail", to="a@demo.example", subject="-", text="-")
    with worker(environment) as process:
        wait_for(lambda: list(tmp_path.glob("outbox/*.eml")))
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0


def test_job_when_its_worker_was_killed_then_another_takes_it_up(
    queue_engine: Engine, environment: dict[str, str], tmp_path: Path
) -> None:
    """The dead worker is one whose last sign of life is old, as after kill -9."""
    with transaction(queue_engine) as session:
        job = enqueue(session, "send_mail", to="a@demo.example", subject="-", text="-")
        worker_id = session.scalar(
            text(
                "insert into procrastinate_workers (last_heartbeat)"
                " values (now() - interval '5 minutes') returning id"
            )
        )
        session.execute(
            text("update procrastinate_jobs set status = 'doing', worker_id = :w where id = :j"),
            {"w": worker_id, "j": job},
        )
        enqueue(session, "rescue", timestamp=0)
    with worker(environment):
        wait_for(lambda: list(tmp_path.glob(f"outbox/{job:08d}.eml")))


def test_mail_when_a_server_is_set_then_is_handed_to_it(
    queue_engine: Engine, environment: dict[str, str]
) -> None:
    mailbox = Server()
    with transaction(queue_engine) as session:
        job = enqueue(session, "send_mail", to="b@demo.example", subject="Lien", text="ici")
    at_port = {"QPVMAP_SMTP_URL": f"smtp://127.0.0.1:{PORT}"}
    with listening(mailbox, PORT), worker(environment | at_port):
        wait_for(lambda: mailbox.messages)
    [mail] = mailbox.messages
    assert mail["To"] == "b@demo.example"
    assert mail["Message-ID"] == f"<job-{job}.qpvmap@qpvmap.example>"


def test_mail_when_given_up_then_the_log_names_the_job_without_its_link(
    queue_engine: Engine, environment: dict[str, str], tmp_path: Path
) -> None:
    with transaction(queue_engine) as session:
        job = enqueue(
            session,
            "send_mail",
            to="c@demo.example",
            subject="Lien",
            text="(voici)\n/le-lien (fin)",
        )
        session.execute(text("update procrastinate_jobs set attempts = 99"))
    nobody = {"QPVMAP_SMTP_URL": "smtp://127.0.0.1:1"}
    with (
        (tmp_path / "log").open("wb") as log,
        worker(environment | nobody, errors=log),
    ):
        wait_for(lambda: "ended with status" in (tmp_path / "log").read_text())
    said = (tmp_path / "log").read_text()
    assert f"send_mail[{job}] ended with status: Error" in said
    assert not any(word in said for word in ("c@demo.example", "le-lien", "Lien"))
