"""Move a signalement along the table of `core.workflow`."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.deadlines import Priority, Promise, resumed
from qpvmap.core.errors import NotAllowed, NotFound, StaleVersion
from qpvmap.core.permissions import Action, Nature, Target, may
from qpvmap.core.workflow import (
    CLOCKS,
    Clock,
    Move,
    Outcome,
    Request,
    Situation,
    Status,
    check_transition,
    moves_from,
    outcome_after,
)
from qpvmap.storage import signalements as rows
from qpvmap.storage.models import Signalement
from qpvmap.storage.relatives import has_open_parts, reported_a_duplicate
from qpvmap.usecases.journal import Line, write
from qpvmap.usecases.promises import Terms, dates_of, days_off_of, promise_kept, promise_of
from qpvmap.usecases.relatives import tell_relatives

Changes = dict[str, object]


def target_of(signalement: Signalement) -> Target:
    """Return what permissions need to know of a signalement."""
    return Target(
        territory_id=signalement.territory_id,
        nature=Nature(signalement.nature),
        team_id=signalement.team_id,
        reporter_id=signalement.reporter_id,
        signalement_id=signalement.id,
    )


def situation_of(session: Session, signalement: Signalement, now: datetime) -> Situation:
    """Return what the terms of a move depend on."""
    asked = signalement.category.photo_after
    return Situation(
        status=Status(signalement.status),
        now=now,
        settled_at=signalement.settled_at,
        outcome=Outcome(signalement.outcome) if signalement.outcome else None,
        photo_after_asked=asked,
        has_photo_after=asked and rows.has_photo_after(session, signalement.id),
        has_open_parts=has_open_parts(session, signalement.id),
    )


def possible_moves(
    session: Session, actor: Actor, signalement: Signalement, now: datetime
) -> dict[Status, Move]:
    """Return where `actor` may move `signalement` and on what terms, the next step first."""
    situation = situation_of(session, signalement, now)
    return {
        to: move
        for to, move in moves_from(situation).items()
        if _may_move(session, actor, signalement, move.action)
    }


def _may_move(session: Session, actor: Actor, signalement: Signalement, action: Action) -> bool:
    """Return whether `actor` has the right; who filed a duplicate may contest like its author."""
    target = target_of(signalement)
    if may(actor, action, target):
        return True
    if action is not Action.CONTEST or actor.account_id is None:
        return False
    as_author = replace(target, reporter_id=actor.account_id)
    return may(actor, action, as_author) and reported_a_duplicate(
        session, actor.account_id, signalement.id
    )


def lock_visible(session: Session, actor: Actor, reference: str, version: int) -> Signalement:
    """Return the signalement, locked until the transaction ends, if `version` is its present one.

    Raises
    ------
    NotFound
        If there is none, or the actor may not know of it.
    StaleVersion
        If it changed since the actor read it.
    """
    signalement = rows.find_visible(session, actor, reference, lock=True)
    if signalement is None:
        raise NotFound("Signalement", reference)
    if version != signalement.version:
        raise StaleVersion(reference, version, signalement.version)
    return signalement


def change_status(
    session: Session,
    actor: Actor,
    reference: str,
    request: Request,
    *,
    version: int,
    now: datetime,
) -> Signalement:
    """Move the signalement as asked, with one line of journal, and return it.

    Raises
    ------
    NotFound
        If there is none, or the actor may not know of it.
    NotAllowed
        If the actor may see it but not move it so.
    StaleVersion
        If it changed since the actor read `version`: nothing is written.
    ForbiddenMove, CommentRequired and the other errors of `check_transition`
        If the workflow refuses.
    """
    signalement = rows.find_visible(session, actor, reference, lock=True)
    if signalement is None:
        raise NotFound("Signalement", reference)
    _require_some_right(session, actor, signalement)
    if version != signalement.version:
        raise StaleVersion(reference, version, signalement.version)
    situation = situation_of(session, signalement, now)
    planned = moves_from(situation).get(request.to)
    if planned is not None and not _may_move(session, actor, signalement, planned.action):
        raise NotAllowed(planned.action)
    move = check_transition(situation, request)
    changes = changes_of(session, signalement, request, move, now)
    comment = request.comment.strip()
    write(session, signalement, actor, Line("moved", changes, comment), now)
    tell_relatives(session, actor, signalement, comment, now)
    return signalement


def _require_some_right(session: Session, actor: Actor, signalement: Signalement) -> None:
    """Refuse who may only look, before telling anything of versions or moves."""
    rights = (Action.HANDLE, Action.ARBITRATE, Action.CONTEST)
    if not any(_may_move(session, actor, signalement, right) for right in rights):
        raise NotAllowed(Action.HANDLE)


def changes_of(
    session: Session, signalement: Signalement, request: Request, move: Move, now: datetime
) -> Changes:
    """Return the state fields that a move changes, the clock's among them."""
    before, after = CLOCKS[Status(signalement.status)], CLOCKS[request.to]
    changes: Changes = {
        "status": request.to,
        "outcome": outcome_after(
            request, move, Outcome(signalement.outcome) if signalement.outcome else None
        ),
        "planned_for": _planned(request),
        "waiting_on": request.waiting_on.strip() if request.to is Status.WAITING else "",
    }
    turn = TURNS.get((before, after))
    return changes | (turn(session, signalement, now) if turn else {})


def _planned(request: Request) -> date | None:
    return request.planned_for if request.to is Status.SCHEDULED else None


def _stop(_: Session, __: Signalement, now: datetime) -> Changes:
    return {"clock_stopped_at": now}


def _resume(session: Session, signalement: Signalement, now: datetime) -> Changes:
    """Give the stop back; what the coordination had to decide by is not what people are owed."""
    priority = Priority(signalement.priority)
    if signalement.status == Status.TO_ARBITRATE:
        terms = Terms(signalement.category, signalement.team, priority)
        return {"clock_stopped_at": None} | dates_of(
            promise_kept(session, signalement, terms, now, resumes=True)
        )
    promise = Promise(signalement.acknowledge_due_at, signalement.due_at, signalement.counted_from)
    pause = (signalement.clock_stopped_at or now, now)
    off = days_off_of(session, signalement.team, now)
    return {"clock_stopped_at": None} | dates_of(resumed(promise, pause, off, priority))


def _end(_: Session, __: Signalement, now: datetime) -> Changes:
    return {"clock_stopped_at": None, "settled_at": now}


def _reopen(session: Session, signalement: Signalement, now: datetime) -> Changes:
    return {
        "settled_at": None,
        "reopenings": signalement.reopenings + 1,
        **dates_of(promise_of(session, signalement, now)),
    }


TURNS: Mapping[tuple[Clock, Clock], Callable[[Session, Signalement, datetime], Changes]] = {
    (Clock.RUNNING, Clock.STOPPED): _stop,
    (Clock.STOPPED, Clock.RUNNING): _resume,
    (Clock.RUNNING, Clock.ENDED): _end,
    (Clock.STOPPED, Clock.ENDED): _end,
    (Clock.ENDED, Clock.RUNNING): _reopen,
}
"""What happens to the clock when a move goes from one kind of status to another."""
