"""How many requests were answered, and how quickly, by all web workers together.

Each process counts in a small file of its own, mapped in memory; whoever is asked adds them up. The
supervisor may be answered by any of them.
"""

import mmap
import os
import struct
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

METHODS = ("GET", "POST", "other")
FAMILIES = ("2xx", "3xx", "4xx", "5xx")
BOUNDS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds of the durations that are counted together, seconds; beyond is the last."""

ANSWERS = len(METHODS) * len(FAMILIES)
DURATIONS = len(BOUNDS_S) + 1
SLOTS = ANSWERS + DURATIONS + 1
SIZE = 8 * SLOTS


@dataclass(frozen=True, slots=True)
class Totals:
    """What all processes counted: answers by method and family, durations by bound, their sum."""

    answers: dict[tuple[str, str], int]
    durations: tuple[int, ...]
    seconds: float


class Tally:
    """The counts of this process, kept under `folder` with those of the others."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self._pid = 0
        self._slots = memoryview(bytearray(SIZE)).cast("d")

    def add(self, method: str, status: int, seconds: float) -> None:
        """Count one answer."""
        answer = _method(method) * len(FAMILIES) + _family(status)
        with self._lock:
            if self._pid != os.getpid():  # a worker is a fork: it counts for itself
                self._open()
            self._slots[answer] += 1
            self._slots[ANSWERS + bisect_left(BOUNDS_S, seconds)] += 1
            self._slots[-1] += seconds

    def totals(self) -> Totals:
        """Return the counts of all processes."""
        sums = [sum(column) for column in zip([0.0] * SLOTS, *self._kept(), strict=False)]
        pairs = [(method, family) for method in METHODS for family in FAMILIES]
        return Totals(
            answers={pair: int(count) for pair, count in zip(pairs, sums[:ANSWERS], strict=True)},
            durations=tuple(int(count) for count in sums[ANSWERS:-1]),
            seconds=sums[-1],
        )

    def _open(self) -> None:
        self._pid = os.getpid()
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / str(self._pid)
        with path.open("a+b") as file:
            file.truncate(SIZE)
            self._slots = memoryview(mmap.mmap(file.fileno(), SIZE)).cast("d")

    def _kept(self) -> Iterator[tuple[float, ...]]:
        for path in self._folder.glob("*"):
            content = path.read_bytes()
            if len(content) == SIZE:
                yield struct.unpack(f"={SLOTS}d", content)


def forget(folder: Path) -> None:
    """Begin again from nothing: a server that starts counts its own answers."""
    for path in folder.glob("*"):
        path.unlink(missing_ok=True)


def _method(method: str) -> int:
    return METHODS.index(method) if method in METHODS else len(METHODS) - 1


def _family(status: int) -> int:
    return min(max(status // 100 - 2, 0), len(FAMILIES) - 1)
