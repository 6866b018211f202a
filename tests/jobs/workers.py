"""Real worker processes, and a real mail server that remembers, for the tests of jobs."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import IO, Any

import pytest
from aiosmtpd.controller import Controller

WORKER = """
import sys
from qpvmap.jobs.app import run_worker
from qpvmap.settings import Settings
run_worker(
    Settings(),
    wait=sys.argv[1] == "wait",
    fetch_job_polling_interval=0.2,
    update_heartbeat_interval=0.2,
    stalled_worker_timeout=1.0,
)
"""
PATIENCE_S = 150
SECRET_KEY = "a secret of the tests, long enough to sign"


def free_port() -> int:
    """Return a port that nobody listens on: two runs of the tests do not meet."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def environment_of(
    database_url: str, var_dir: Path, smtp_port: int | None = None
) -> dict[str, str]:
    """Return the environment of a worker on this database."""
    smtp = {"QPVMAP_SMTP_URL": f"smtp://127.0.0.1:{smtp_port}"} if smtp_port else {}
    return (
        os.environ
        | {
            "QPVMAP_DATABASE_URL": database_url,
            "QPVMAP_VAR_DIR": str(var_dir),
            "QPVMAP_SECRET_KEY": SECRET_KEY,
            "QPVMAP_GEOCODER_URL": "",
        }
        | smtp
    )


@contextmanager
def worker(
    environment: dict[str, str], mode: str = "wait", errors: IO[bytes] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Give a worker process, killed at the end."""
    process = subprocess.Popen([sys.executable, "-c", WORKER, mode], env=environment, stderr=errors)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(condition: Callable[[], Any]) -> Any:
    """Return what `condition` returns, once it is true."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    pytest.fail(f"nothing after {PATIENCE_S} s")


class Server:
    """What a mail server of the tests received; it answers DATA and RCPT with what it is told."""

    def __init__(self, rcpt: Sequence[str] = (), data: Sequence[str] = ()) -> None:
        self.messages: list[EmailMessage] = []
        self.rcpt, self.data = list(rcpt), list(data)

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        answer = self.rcpt.pop(0) if self.rcpt else "250 OK"
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        answer = self.data.pop(0) if self.data else "250 OK"
        if answer.startswith("2"):
            message = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(message, EmailMessage)
            self.messages.append(message)
        return answer


@contextmanager
def listening(server: Any, port: int) -> Iterator[None]:
    """Have a mail server listen on a port of this machine."""
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield
    finally:
        controller.stop()
