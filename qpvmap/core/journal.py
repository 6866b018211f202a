"""The journal as a sum: what a line writes down, and the state that its lines add up to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

STATE_FIELDS = (
    "status",
    "outcome",
    "category_id",
    "nature",
    "team_id",
    "assignee_id",
    "routing_ground",
    "routing_doubt",
    "emprise_id",
    "priority",
    "acknowledge_due_at",
    "due_at",
    "counted_from",
    "clock_stopped_at",
    "planned_for",
    "waiting_on",
    "settled_at",
    "refusals",
    "reopenings",
    "duplicate_of_id",
    "parent_id",
    "description_hidden",
)
"""Columns of a signalement that a line of the journal may change, and nothing else may."""


PAUSING_FIELDS = ("clock_stopped_at", "settled_at")
"""Fields that hold an instant while nothing is owed."""

REOPENED = "reopened"
"""The status whose coming means that a promise is made anew."""


@dataclass(slots=True)
class Waited:
    """Since when a promise counts, and the spans of time that do not count in it.

    `received_at` is when it was asked for, or asked for again; `team_since`, when the present team
    was given it; `pressing_since`, when it became an emergency.
    """

    received_at: datetime
    team_since: datetime
    pressing_since: datetime
    pauses: list[tuple[datetime, datetime]] = field(default_factory=list)
    paused_at: datetime | None = None


def encoded(value: object) -> Any:
    """Return a value as JSON holds it: instants in UTC, ISO 8601."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


def difference(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, Any]:
    """Return `{"set": …, "was": …}` of the fields that really change; empty if none does.

    Raises
    ------
    KeyError
        If a field is not one that the journal keeps.
    """
    unknown = set(after) - set(STATE_FIELDS)
    if unknown:
        raise KeyError(f"not kept by the journal: {sorted(unknown)}")
    changed = {name for name in after if encoded(after[name]) != encoded(before.get(name))}
    if not changed:
        return {}
    return {
        "set": {name: encoded(after[name]) for name in sorted(changed)},
        "was": {name: encoded(before.get(name)) for name in sorted(changed)},
    }


def state_after(lines: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the state that lines add up to, oldest first; a field never set is None."""
    state: dict[str, Any] = dict.fromkeys(STATE_FIELDS)
    for line in lines:
        state |= line.get("set", {})
    return state


def waited(received_at: datetime, lines: Iterable[tuple[datetime, Mapping[str, Any]]]) -> Waited:
    """Return what the lines say of a promise's time, which starts again when it is reopened.

    Handing it on buys no time: what was promised to people counts from the day they asked. What a
    team owes alone, to say that it has it, counts from the day it was given it.

    Parameters
    ----------
    received_at : datetime
        When the signalement was filed.
    lines : iterable of (datetime, mapping)
        When each line was written and what it changed, oldest first.
    """
    so_far = Waited(received_at, received_at, received_at)
    state: dict[str, Any] = {}
    for at, changes in lines:
        new, was = changes.get("set", {}), changes.get("was", {})
        state |= new
        if new.get("status") == REOPENED:
            so_far = Waited(at, at, at)
        if "team_id" in was:
            so_far.team_since = at
        if "priority" in was:
            so_far.pressing_since = at
        _count_pause(so_far, at, any(state.get(name) for name in PAUSING_FIELDS))
    return so_far


def _count_pause(so_far: Waited, at: datetime, is_paused: bool) -> None:
    if is_paused and so_far.paused_at is None:
        so_far.paused_at = at
    elif not is_paused and so_far.paused_at is not None:
        so_far.pauses.append((so_far.paused_at, at))
        so_far.paused_at = None
