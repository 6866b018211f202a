"""The life of a signalement as a table: from each status, where it may go and on what terms.

Status says where it stands; outcome says how it ended. The two are apart, so that nobody is told
"it is done" of something that was closed without work.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum, StrEnum, auto

from qpvmap.core.deadlines import PARIS
from qpvmap.core.errors import (
    CommentRequired,
    ContestTooLate,
    ForbiddenMove,
    OutcomeRequired,
    PhotoRequired,
    PlannedDateRequired,
    WaitingOnRequired,
)
from qpvmap.core.permissions import Action


class Status(StrEnum):
    """Where a signalement stands."""

    NEW = "new"
    TO_ARBITRATE = "to_arbitrate"
    ACKNOWLEDGED = "acknowledged"
    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    WAITING = "waiting"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REOPENED = "reopened"


class Outcome(StrEnum):
    """How a signalement ended."""

    DONE = "done"
    NO_ACTION = "no_action"
    NOT_OURS = "not_ours"
    DUPLICATE = "duplicate"
    CANCELLED = "cancelled"
    NOT_FOUND = "not_found_on_site"


class Clock(StrEnum):
    """What a status does to the promised date."""

    RUNNING = "running"
    STOPPED = "stopped"
    ENDED = "ended"


class Party(StrEnum):
    """Who is told of a move."""

    REPORTER = "reporter"
    TEAM = "team"
    COORDINATION = "coordination"


class Need(Enum):
    """What must come with a move."""

    COMMENT = auto()
    PLANNED_DATE = auto()
    WAITING_ON = auto()
    OUTCOME = auto()
    PHOTO_IF_ASKED = auto()
    IN_TIME = auto()


CLOCKS: Mapping[Status, Clock] = {
    Status.NEW: Clock.RUNNING,
    Status.TO_ARBITRATE: Clock.STOPPED,
    Status.ACKNOWLEDGED: Clock.RUNNING,
    Status.SCHEDULED: Clock.RUNNING,
    Status.IN_PROGRESS: Clock.RUNNING,
    Status.WAITING: Clock.STOPPED,
    Status.RESOLVED: Clock.ENDED,
    Status.CLOSED: Clock.ENDED,
    Status.REOPENED: Clock.RUNNING,
}

OPEN_STATUSES = tuple(status for status, clock in CLOCKS.items() if clock is not Clock.ENDED)
"""Statuses in which somebody still owes work: the inbox shows them."""

RUNNING_STATUSES = tuple(status for status, clock in CLOCKS.items() if clock is Clock.RUNNING)
"""Statuses in which the promised date counts: only these can be late."""

UNTAKEN_STATUSES = (Status.NEW, Status.REOPENED)
"""Statuses in which the team has not said that it has it."""

WITHOUT_WORK = (Outcome.NO_ACTION, Outcome.NOT_OURS, Outcome.CANCELLED, Outcome.NOT_FOUND)
"""Outcomes that a team may give when it closes; `duplicate` comes with a merge alone."""

CONTEST_FOR = timedelta(days=30)
"""How long a resolution can be contested."""

TOLD_BOTH = frozenset({Party.REPORTER, Party.TEAM})


@dataclass(frozen=True, slots=True)
class Move:
    """The terms of one move: the right it takes, what must come with it, who is told."""

    action: Action = Action.HANDLE
    needs: frozenset[Need] = frozenset()
    tells: frozenset[Party] = frozenset({Party.REPORTER})
    outcomes: tuple[Outcome, ...] = ()

    @property
    def comment_required(self) -> bool:
        """Whether a reason must be written."""
        return Need.COMMENT in self.needs


def _needs(*needs: Need) -> frozenset[Need]:
    return frozenset(needs)


TAKE = Move()
PLAN = Move(needs=_needs(Need.PLANNED_DATE))
WAIT = Move(needs=_needs(Need.COMMENT, Need.WAITING_ON))
RESOLVE = Move(needs=_needs(Need.COMMENT, Need.PHOTO_IF_ASKED), outcomes=(Outcome.DONE,))
CLOSE_WITHOUT_WORK = Move(needs=_needs(Need.COMMENT, Need.OUTCOME), outcomes=WITHOUT_WORK)
CLOSE_DONE = Move(Action.CLOSE, outcomes=(Outcome.DONE,))
CONTEST = Move(Action.CONTEST, _needs(Need.COMMENT, Need.IN_TIME), TOLD_BOTH)
DECIDE = Move(Action.ARBITRATE, _needs(Need.COMMENT), TOLD_BOTH)
DECIDE_TO_CLOSE = Move(
    Action.ARBITRATE, _needs(Need.COMMENT, Need.OUTCOME), TOLD_BOTH, WITHOUT_WORK
)

FROM_UNTAKEN: Mapping[Status, Move] = {
    Status.ACKNOWLEDGED: TAKE,
    Status.SCHEDULED: PLAN,
    Status.IN_PROGRESS: TAKE,
    Status.WAITING: WAIT,
    Status.CLOSED: CLOSE_WITHOUT_WORK,
}

TRANSITIONS: Mapping[Status, Mapping[Status, Move]] = {
    Status.NEW: FROM_UNTAKEN,
    Status.REOPENED: FROM_UNTAKEN,
    Status.TO_ARBITRATE: {
        Status.NEW: DECIDE,
        Status.CLOSED: DECIDE_TO_CLOSE,
    },
    Status.ACKNOWLEDGED: {
        Status.SCHEDULED: PLAN,
        Status.IN_PROGRESS: TAKE,
        Status.WAITING: WAIT,
        Status.RESOLVED: RESOLVE,
        Status.CLOSED: CLOSE_WITHOUT_WORK,
    },
    Status.SCHEDULED: {
        Status.IN_PROGRESS: TAKE,
        Status.SCHEDULED: PLAN,
        Status.WAITING: WAIT,
        Status.RESOLVED: RESOLVE,
        Status.CLOSED: CLOSE_WITHOUT_WORK,
    },
    Status.IN_PROGRESS: {
        Status.RESOLVED: RESOLVE,
        Status.SCHEDULED: PLAN,
        Status.WAITING: WAIT,
        Status.CLOSED: CLOSE_WITHOUT_WORK,
    },
    Status.WAITING: {
        Status.IN_PROGRESS: TAKE,
        Status.ACKNOWLEDGED: TAKE,
        Status.SCHEDULED: PLAN,
        Status.RESOLVED: RESOLVE,
        Status.CLOSED: CLOSE_WITHOUT_WORK,
    },
    Status.RESOLVED: {
        Status.CLOSED: CLOSE_DONE,
        Status.REOPENED: CONTEST,
    },
    Status.CLOSED: {
        Status.REOPENED: CONTEST,
    },
}


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody sends to move a signalement."""

    to: Status
    comment: str = ""
    outcome: Outcome | None = None
    planned_for: date | None = None
    waiting_on: str = ""


@dataclass(frozen=True, slots=True)
class Situation:
    """What the terms of a move depend on, besides the request."""

    status: Status
    now: datetime
    settled_at: datetime | None = None
    outcome: Outcome | None = None
    photo_after_asked: bool = False
    has_photo_after: bool = False
    has_open_parts: bool = False


def _needs_comment(_: Situation, request: Request, __: Move) -> None:
    if not request.comment.strip():
        raise CommentRequired(request.to)


def _needs_date(situation: Situation, request: Request, _: Move) -> None:
    if request.planned_for is None or request.planned_for < situation.now.astimezone(PARIS).date():
        raise PlannedDateRequired


def _needs_waiting_on(_: Situation, request: Request, __: Move) -> None:
    if not request.waiting_on.strip():
        raise WaitingOnRequired


def _needs_outcome(_: Situation, request: Request, move: Move) -> None:
    if request.outcome not in move.outcomes:
        raise OutcomeRequired(tuple(move.outcomes))


def _needs_photo(situation: Situation, _: Request, __: Move) -> None:
    if situation.photo_after_asked and not situation.has_photo_after:
        raise PhotoRequired


def _needs_to_be_in_time(situation: Situation, _: Request, __: Move) -> None:
    if situation.settled_at is None or situation.now > situation.settled_at + CONTEST_FOR:
        raise ContestTooLate(CONTEST_FOR.days)


CHECKS: Mapping[Need, Callable[[Situation, Request, Move], None]] = {
    Need.COMMENT: _needs_comment,
    Need.PLANNED_DATE: _needs_date,
    Need.WAITING_ON: _needs_waiting_on,
    Need.OUTCOME: _needs_outcome,
    Need.PHOTO_IF_ASKED: _needs_photo,
    Need.IN_TIME: _needs_to_be_in_time,
}


def check_transition(situation: Situation, request: Request) -> Move:
    """Return the terms of the move asked for, once all of them are met.

    Raises
    ------
    ForbiddenMove
        If the table has no such move, or a merged duplicate is moved by hand.
    CommentRequired, OutcomeRequired, PlannedDateRequired, WaitingOnRequired, PhotoRequired
        If something that must come with the move is missing.
    ContestTooLate
        If a resolution is contested after `CONTEST_FOR`.
    """
    moves = moves_from(situation)
    move = moves.get(request.to)
    if move is None:
        raise ForbiddenMove(situation.status, request.to, tuple(moves))
    for need, check in CHECKS.items():
        if need in move.needs:
            check(situation, request, move)
    return move


def moves_from(situation: Situation) -> Mapping[Status, Move]:
    """Return the moves that the table gives from here.

    A duplicate follows its original; what was split ends with the last of its parts.
    """
    if situation.outcome is Outcome.DUPLICATE:
        return {}
    moves = TRANSITIONS[situation.status]
    if not situation.has_open_parts:
        return moves
    return {to: move for to, move in moves.items() if CLOCKS[to] is not Clock.ENDED}


def outcome_after(request: Request, move: Move, before: Outcome | None) -> Outcome | None:
    """Return the outcome once the move is made: none while open, else given or the only one."""
    if CLOCKS[request.to] is not Clock.ENDED:
        return None
    if Need.OUTCOME in move.needs:
        return request.outcome
    return before or move.outcomes[0]
