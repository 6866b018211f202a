"""Taking back what was just done: which lines of a journal can be, and for how long."""

from datetime import datetime, timedelta

from qpvmap.core.permissions import Action
from qpvmap.core.workflow import TRANSITIONS, Status

UNDO_FOR = timedelta(minutes=1)
"""How long somebody may take back what they did."""

HELD_FOR = UNDO_FOR + timedelta(seconds=5)
"""How long those who reported are told nothing of a line, so that it can be taken back."""

UNDONE = "undone"
"""The kind of a line that takes another one back."""

BY_A_TEAM = frozenset({Action.HANDLE, Action.CLOSE})
"""Moves of those who handle. What is contested or arbitrated tells other teams at once."""


def can_be_undone(kind: str, from_status: str | None, to_status: str) -> bool:
    """Return whether a line of this kind can be taken back: a move of a team, a name given."""
    if kind == "assigned":
        return True
    if kind != "moved" or from_status is None:
        return False
    move = TRANSITIONS[Status(from_status)].get(Status(to_status))
    return move is not None and move.action in BY_A_TEAM


def is_in_time(at: datetime, now: datetime) -> bool:
    """Return whether what was done at `at` can still be taken back."""
    return now - at <= UNDO_FOR
