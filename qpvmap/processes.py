"""Child processes that end with their parent, and are started again when they fall."""

import ctypes
import multiprocessing
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1
PATIENCE_S = 15.0
REST_S = 2.0


def die_with_parent(parent: int | None = None, patience_s: float = PATIENCE_S) -> None:
    """End when the parent dies, even by kill -9: SIGTERM from the kernel (Linux), then SIGKILL.

    Call it from the main thread, before the program sets its own handler of SIGTERM. A forked
    child has its parent's handler until then, which would take the signal and do nothing.

    Parameters
    ----------
    parent : int, optional
        Pid that the parent had when it started us, else the one multiprocessing knows: it may
        be dead already, and then we end at once.
    patience_s : float
        How long work under way may go on after the parent's death, seconds.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if parent is None and (starter := multiprocessing.parent_process()) is not None:
        parent = starter.pid
    if parent is None:
        return
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)
    watch = (os.pidfd_open(parent), patience_s)
    threading.Thread(target=_outlive, args=watch, daemon=True).start()


def _outlive(parent_fd: int, patience_s: float) -> None:
    """Kill our own process `patience_s` after the parent's end: a SIGTERM can be missed."""
    select.select([parent_fd], [], [])
    time.sleep(patience_s)
    os.kill(os.getpid(), signal.SIGKILL)


class KeptAlive:
    """A program that runs beside us until `stop`, restarted 2 s after it falls.

    The kernel's parent is the thread that started it: the thread lives as long as we do.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, daemon=True)

    def start(self) -> None:
        """Start the program and watch it."""
        self._thread.start()

    def stop(self) -> None:
        """End the program: SIGTERM, then SIGKILL after 15 s."""
        self._stopping.set()
        self._thread.join(PATIENCE_S + REST_S)

    def _keep(self) -> None:
        while not self._stopping.is_set():
            self._process = subprocess.Popen(self._command, start_new_session=True)
            while self._process.poll() is None and not self._stopping.wait(0.2):
                continue
            if not self._stopping.is_set():
                self._stopping.wait(REST_S)
        self._end()

    def _end(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
