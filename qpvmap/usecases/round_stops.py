"""What a walker says at a stop: done, or why not. The report moves by its own rules."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.errors import InvalidSubmission, NotFound
from qpvmap.core.rounds import ON_THE_WAY, REASONS, Reason, StopState
from qpvmap.core.workflow import Request, Status
from qpvmap.storage import rounds as stop_rows
from qpvmap.storage import signalements as rows
from qpvmap.storage.models import RoundStop, Signalement
from qpvmap.usecases.handling import change_status
from qpvmap.usecases.not_ours import refuse
from qpvmap.usecases.rounds import begin, found_stop, open_round

UNKNOWN_REASON = "Choisissez pourquoi ce n’est pas possible."
ALREADY_SAID = "Cet arrêt est déjà noté : rechargez la page."


@dataclass(frozen=True, slots=True)
class AtStop:
    """A stop of a round, where the walker read `version` of the report."""

    round_id: int
    stop_id: int
    version: int


def complete_stop(
    session: Session, actor: Actor, at: AtStop, comment: str, now: datetime
) -> RoundStop:
    """Say that the work is done: the report is resolved with `comment`, and the stop with it.

    A report that nobody had taken in charge is first in progress: both lines are written.

    Raises
    ------
    NotFound
        If the actor leads no such round, it has no such stop, or its report is not theirs.
    InvalidSubmission
        If the round is finished or the stop already settled.
    StaleVersion, CommentRequired, PhotoRequired, ForbiddenMove and the others of `change_status`
        If the workflow refuses: nothing is written.
    """
    stop, signalement = _at(session, actor, at)
    done = Request(Status.RESOLVED, comment)
    _move(session, actor, signalement, done, at.version, now)
    return _settle(session, actor, at, stop, StopState.DONE, now)


def block_stop(
    session: Session, actor: Actor, at: AtStop, reason: str, comment: str, now: datetime
) -> RoundStop:
    """Say that it was not possible: the report waits, is closed or handed on, as `reason` says.

    Raises
    ------
    NotFound, InvalidSubmission, StaleVersion, CommentRequired, ForbiddenMove
        As `complete_stop` would; or if there is no such reason.
    """
    chosen = REASONS.get(reason)
    if chosen is None:
        raise InvalidSubmission({"reason": UNKNOWN_REASON})
    stop, signalement = _at(session, actor, at)
    stop.reason = reason
    if chosen.not_ours:
        refuse(session, actor, signalement.reference, comment, None, at.version, now)
    elif chosen.to is not None:
        _move(session, actor, signalement, _request(chosen, chosen.to, comment), at.version, now)
    state = StopState.POSTPONED if chosen.to is None else StopState.BLOCKED
    return _settle(session, actor, at, stop, state, now)


def _request(reason: Reason, to: Status, comment: str) -> Request:
    return Request(to, comment, reason.outcome, waiting_on=reason.waiting_on)


def _at(session: Session, actor: Actor, at: AtStop) -> tuple[RoundStop, Signalement]:
    """Return the stop and its report; the round is held, so that two walkers take turns."""
    open_round(session, actor, at.round_id)
    stop = found_stop(session, at.round_id, at.stop_id)
    if stop.state in (StopState.DONE, StopState.BLOCKED):
        raise InvalidSubmission({"comment": ALREADY_SAID})
    signalement = rows.find_visible(session, actor, stop.signalement.reference, lock=True)
    if signalement is None:
        raise NotFound("Arrêt", str(at.stop_id))
    return stop, signalement


def _move(
    session: Session,
    actor: Actor,
    signalement: Signalement,
    request: Request,
    version: int,
    now: datetime,
) -> None:
    """Move the report, through the statuses that the workflow asks for on the way."""
    steps = ON_THE_WAY.get(request.to, {}).get(Status(signalement.status), ())
    for step in steps:
        moved = change_status(
            session, actor, signalement.reference, Request(step), version=version, now=now
        )
        version = moved.version
    change_status(session, actor, signalement.reference, request, version=version, now=now)


def _settle(
    session: Session, actor: Actor, at: AtStop, stop: RoundStop, state: StopState, now: datetime
) -> RoundStop:
    """Note who settled the stop; one put off goes to the end, to be done if there is time."""
    stop.state, stop.settled_at, stop.settled_by = state, now, actor.account_id
    session.flush()
    if state is StopState.POSTPONED:
        keys = [key for key in stop_rows.stop_keys(session, at.round_id) if key != stop.id]
        stop_rows.number_stops(session, [*keys, stop.id])
    begin(open_round(session, actor, at.round_id), now)
    session.flush()
    return stop
