"""What can be taken back: what a team does, for a minute, and nothing of what tells others."""

from datetime import timedelta

import pytest

from qpvmap.core.digests import ALERTED_AFTER
from qpvmap.core.undoing import HELD_FOR, UNDO_FOR, can_be_undone, is_in_time
from tests.conftest import NOW


@pytest.mark.parametrize(
    ("kind", "before", "after", "can"),
    [
        ("moved", "new", "acknowledged", True),
        ("moved", "scheduled", "scheduled", True),
        ("moved", "in_progress", "resolved", True),
        ("moved", "resolved", "closed", True),
        ("assigned", "new", "new", True),
        ("moved", "resolved", "reopened", False),
        ("moved", "to_arbitrate", "new", False),
        ("moved", "new", "resolved", False),
        ("reassigned", "new", "new", False),
        ("merged", "new", "closed", False),
        ("undone", "acknowledged", "new", False),
        ("created", None, "new", False),
    ],
)
def test_line_when_it_is_of_a_team_alone_then_it_can_be_taken_back(
    kind: str, before: str | None, after: str, can: bool
) -> None:
    assert can_be_undone(kind, before, after) is can


def test_time_when_it_is_over_then_nobody_was_told_before() -> None:
    assert is_in_time(NOW, NOW + UNDO_FOR)
    assert not is_in_time(NOW, NOW + UNDO_FOR + timedelta(seconds=1))
    assert HELD_FOR > UNDO_FOR
    assert ALERTED_AFTER > HELD_FOR  # else the evening's mail tells what is told at once again
