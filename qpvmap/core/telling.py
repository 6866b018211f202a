"""Which lines of a journal are told, to whom, and by which letter. What is not here is not told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from qpvmap.core.workflow import TOLD_BOTH, TRANSITIONS, Party, Status


class Letter(StrEnum):
    """What a person who reported is told: the kind of their notices."""

    RECEIVED = "received"
    TAKEN = "taken"
    STARTED = "started"
    PLANNED = "planned"
    WAITING = "waiting"
    DONE = "done"
    CLOSED_DONE = "closed_done"
    CLOSED_WITHOUT = "closed_without"
    REOPENED = "reopened"
    HANDED = "handed"
    ARBITRATION = "arbitration"
    ANSWER = "answer"
    MERGED = "merged"
    UNMERGED = "unmerged"
    SPLIT = "split"


@dataclass(frozen=True, slots=True)
class Happening:
    """A line of a journal, as far as telling depends on it. `changes` is what the line set."""

    kind: str
    to_status: str
    from_status: str | None = None
    internal: bool = False
    is_part: bool = False
    changes: Mapping[str, Any] | None = None

    @property
    def hands_over(self) -> bool:
        """Whether another team has it from now on."""
        return "team_id" in (self.changes or {})


@dataclass(frozen=True, slots=True)
class Telling:
    """Who is told of a line, and what those who reported are told."""

    parties: frozenset[Party] = frozenset()
    letter: Letter | None = None


NOTHING = Telling()
REPORTERS = frozenset({Party.REPORTER})
TEAM = frozenset({Party.TEAM})

LETTERS_BY_STATUS: Mapping[Status, Letter] = {
    Status.NEW: Letter.HANDED,
    Status.ACKNOWLEDGED: Letter.TAKEN,
    Status.SCHEDULED: Letter.PLANNED,
    Status.IN_PROGRESS: Letter.STARTED,
    Status.WAITING: Letter.WAITING,
    Status.RESOLVED: Letter.DONE,
    Status.CLOSED: Letter.CLOSED_WITHOUT,
    Status.REOPENED: Letter.REOPENED,
}


def _moved(line: Happening) -> Telling:
    before, after = Status(line.from_status or line.to_status), Status(line.to_status)
    move = TRANSITIONS[before].get(after)
    if move is None:
        return NOTHING
    after_work = before is Status.RESOLVED and after is Status.CLOSED
    letter = Letter.CLOSED_DONE if after_work else LETTERS_BY_STATUS[after]
    return Telling(move.tells, letter if Party.REPORTER in move.tells else None)


def _created(line: Happening) -> Telling:
    """Parts are told by the line that splits: their teams alone learn of each."""
    return Telling(TEAM) if line.is_part else Telling(TOLD_BOTH, Letter.RECEIVED)


def _handed(line: Happening) -> Telling:
    if line.to_status == Status.TO_ARBITRATE:
        return Telling(frozenset({Party.REPORTER, Party.COORDINATION}), Letter.ARBITRATION)
    return Telling(TOLD_BOTH, Letter.HANDED) if line.hands_over else NOTHING


def _children_ended(line: Happening) -> Telling:
    done = (line.changes or {}).get("outcome") == "done"
    return Telling(REPORTERS, Letter.CLOSED_DONE if done else Letter.CLOSED_WITHOUT)


def _always(parties: frozenset[Party], letter: Letter | None) -> Callable[[Happening], Telling]:
    told = Telling(parties, letter)
    return lambda _: told


TOLD: Mapping[str, Callable[[Happening], Telling]] = {
    "created": _created,
    "moved": _moved,
    "not_ours": _handed,
    "reassigned": _handed,
    "recategorised": _handed,
    "arbitrated": _always(TOLD_BOTH, Letter.HANDED),
    "reprioritised": _always(TEAM, None),
    "answer": _always(REPORTERS, Letter.ANSWER),
    "message": _always(TEAM, None),
    "merged": _always(REPORTERS, Letter.MERGED),
    "merge_followed": _always(REPORTERS, Letter.MERGED),
    "unmerged": _always(TOLD_BOTH, Letter.UNMERGED),
    "split": _always(REPORTERS, Letter.SPLIT),
    "children_ended": _children_ended,
    "child_reopened": _always(REPORTERS, Letter.REOPENED),
}
"""By kind of line. The people of duplicates are told by the original's lines, not by their own."""


def telling_of(line: Happening) -> Telling:
    """Return who is told of a line, and by which letter; nobody of what is internal."""
    tell = TOLD.get(line.kind)
    return NOTHING if line.internal or tell is None else tell(line)
