"""What a crash leaves behind in the embedded cluster's folder, and how to clear it.

PostgreSQL trusts the number in `postmaster.pid`: a zombie, or another program that got the
same number after a reboot, stops it from starting. We know more: a server of ours is named
`postgres` and works in our data folder.
"""

import os
import signal
import time
from pathlib import Path

PID_FILE = "postmaster.pid"
PATIENCE_S = 10.0


def running_server(data: Path) -> int | None:
    """Return the pid of the live server of the folder `data`, or None."""
    lines = pid_lines(data)
    pid = int(lines[0]) if lines and lines[0].isdigit() else 0
    return pid if pid and _is_ours(pid, data) else None


def pid_lines(data: Path) -> list[str]:
    """Return the lines of the server's pid file; empty when there is none."""
    try:
        return [line.strip() for line in (data / PID_FILE).read_text().splitlines()]
    except FileNotFoundError:
        return []


def clear_leftovers(data: Path, socket_dir: Path) -> None:
    """End what a dead server left running in `data`; remove its pid file, socket and lock.

    To be called under the cluster's lock, when `running_server` is None.
    """
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if _end(_backends(data), sign, data):
            break
    for left in (data / PID_FILE, *socket_dir.glob(".s.PGSQL.*")):
        left.unlink(missing_ok=True)


def _end(pids: list[int], sign: signal.Signals, data: Path) -> bool:
    for pid in pids:
        try:
            os.kill(pid, sign)
        except ProcessLookupError:
            continue
    deadline = time.monotonic() + PATIENCE_S / 2
    while _backends(data):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _backends(data: Path) -> list[int]:
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [pid for pid in pids if _is_ours(pid, data)]


def _is_ours(pid: int, data: Path) -> bool:
    """Tell whether `pid` is a live PostgreSQL process of the folder `data` (a zombie is not)."""
    process = Path("/proc") / str(pid)
    try:
        program = (process / "exe").readlink().name.removesuffix(" (deleted)")
        return program == "postgres" and (process / "cwd").samefile(data)
    except OSError:  # gone, a zombie (no exe), or someone else's
        return False
