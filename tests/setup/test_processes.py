"""Children end with their parent, and fallen ones come back."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from qpvmap.processes import KeptAlive

NOTE_PID = "import os, sys, time; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n'); time.sleep(60)"


def pids(file: Path, count: int) -> list[int]:
    """Return the pids noted in `file` once there are `count` of them."""
    deadline = time.monotonic() + 20
    while not file.exists() or len(file.read_text().split()) < count:
        assert time.monotonic() < deadline, "the program did not start"
        time.sleep(0.05)
    return [int(pid) for pid in file.read_text().split()]


def gone(pid: int) -> bool:
    """Tell whether a process ends within 10 s (a zombie has ended)."""
    for _ in range(200):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_kept_alive_when_its_program_falls_starts_it_again(tmp_path: Path) -> None:
    noted = tmp_path / "pids"
    kept = KeptAlive([sys.executable, "-c", NOTE_PID, str(noted)])
    kept.start()
    [first] = pids(noted, 1)
    os.kill(first, signal.SIGKILL)
    second = pids(noted, 2)[1]
    kept.stop()
    assert gone(second)


def test_child_when_its_parent_is_killed_ends(tmp_path: Path) -> None:
    noted = tmp_path / "pids"
    child = f"from qpvmap.processes import die_with_parent; die_with_parent(); {NOTE_PID}"
    parent = (
        "import subprocess, sys; "
        "subprocess.run([sys.executable, '-c', sys.argv[2], sys.argv[1]], check=False)"
    )
    started = subprocess.Popen([sys.executable, "-c", parent, str(noted), child])
    [pid] = pids(noted, 1)
    started.kill()
    started.wait()
    assert gone(pid)
