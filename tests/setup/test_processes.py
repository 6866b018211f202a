"""Children end with their parent, and fallen ones come back."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

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


IGNORE = "import signal; signal.signal(signal.SIGTERM, lambda *_: None)"
JOIN = "import os; from qpvmap.processes import die_with_parent; die_with_parent({arguments})"
PARENT = (
    "import os, subprocess, sys; code = sys.argv[2].replace('PARENT', str(os.getpid())); "
    "subprocess.run([sys.executable, '-c', code, sys.argv[1]], check=False)"
)


@pytest.mark.parametrize(
    "child",
    [
        JOIN.format(arguments=""),
        # as forked from a server: the handler of the parent is still there
        f"{IGNORE}; {JOIN.format(arguments='')}",
        # the signal comes too early for the program's own handler to act on it
        f"{JOIN.format(arguments='PARENT, 0.5')}; {IGNORE}",
    ],
    ids=["plain", "inherited handler", "missed signal"],
)
def test_child_when_its_parent_is_killed_ends(tmp_path: Path, child: str) -> None:
    noted = tmp_path / "pids"
    code = f"{child}; {NOTE_PID}"
    started = subprocess.Popen([sys.executable, "-c", PARENT, str(noted), code])
    [pid] = pids(noted, 1)
    started.kill()
    started.wait()
    assert gone(pid)
