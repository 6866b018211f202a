"""`qpvmap serve` as a person runs it: it answers, refuses a second one, and ends cleanly."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from qpvmap.serving import CannotServe, require_free_port
from qpvmap.settings import Settings

SERVE = [sys.executable, "-m", "qpvmap.cli", "serve"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment(database_url: str, var_dir: Path, port: int) -> dict[str, str]:
    return {
        **os.environ,
        "QPVMAP_DATABASE_URL": database_url,
        "QPVMAP_VAR_DIR": str(var_dir),
        "QPVMAP_PORT": str(port),
        "QPVMAP_GEOCODER_URL": "",
        "PYTHONUNBUFFERED": "1",
    }


@contextmanager
def server(variables: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            SERVE, env=variables, stdout=output, stderr=output, start_new_session=True
        )
        try:
            wait_for(process, f"http://127.0.0.1:{variables['QPVMAP_PORT']}/healthz", log)
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()


def wait_for(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + 60
    while not answers(address):
        assert process.poll() is None and time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


def answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=2) as answer:
            return bool(answer.status == 200)
    except HTTPError:
        return True
    except OSError:
        return False


def children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for file in found for child in file.read_text().split()]


def test_serve_when_asked_to_end_answers_until_then_and_leaves_nothing(
    blagis: str, tmp_path: Path
) -> None:
    port = free_port()
    with server(environment(blagis, tmp_path, port), tmp_path / "log") as process:
        assert answers(f"http://127.0.0.1:{port}/readyz")
        family = children(process.pid)
        assert len(family) >= 3, "two web workers and the job worker"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, (tmp_path / "log").read_text()
        assert not any(Path(f"/proc/{pid}").exists() for pid in family)
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_serve_when_one_runs_already_refuses_and_says_why(blagis: str, tmp_path: Path) -> None:
    port = free_port()
    variables = environment(blagis, tmp_path, port)
    with server(variables, tmp_path / "log") as process:
        for second in (variables, variables | {"QPVMAP_VAR_DIR": str(tmp_path / "other")}):
            refused = subprocess.run(SERVE, env=second, capture_output=True, text=True, check=False)
            assert refused.returncode == 1
            assert "Traceback" not in refused.stderr
        assert f"QPVMAP_PORT={port + 1}" in refused.stderr
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


def test_serve_when_killed_leaves_no_worker_and_starts_again(blagis: str, tmp_path: Path) -> None:
    variables = environment(blagis, tmp_path, free_port())
    with server(variables, tmp_path / "log") as process:
        family = children(process.pid)
        process.kill()
        process.wait()
        deadline = time.monotonic() + 20
        while any(alive(pid) for pid in family):
            assert time.monotonic() < deadline, "a worker outlived its server"
            time.sleep(0.1)
    with server(variables, tmp_path / "log") as again:
        again.send_signal(signal.SIGTERM)
        assert again.wait(30) == 0


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_port_when_taken_is_refused_with_another_one() -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotServe, match=f"port {port}"):
            require_free_port(Settings(port=port))
