"""One action on many signalements: each by the same use case as alone, each by itself.

What cannot be done is kept with its reason, and the others go through. A run is kept as it goes,
some tens at a time, so that no row stays locked for long and a cut in the middle loses nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.bulk import MOST, MOVES, BulkAction, Typed, check_typed
from qpvmap.core.errors import (
    ForbiddenMove,
    InvalidSubmission,
    NotAllowed,
    NotFound,
    QpvmapError,
    StaleVersion,
)
from qpvmap.core.labels import STATUS_LABELS
from qpvmap.core.permissions import Action, Reach, reach_of
from qpvmap.core.workflow import Outcome, Status
from qpvmap.storage import bulk as stored
from qpvmap.storage.models import BulkRun, Signalement
from qpvmap.usecases.assigning import assign
from qpvmap.usecases.handling import change_status
from qpvmap.usecases.reassign import reassign

AT_A_TIME = 50
"""Items of one transaction."""
KEPT_FOR = timedelta(days=30)
"""How long a run can be read again by who asked for it."""

BUSY_STATES = frozenset({"40P01", "55P03"})
"""PostgreSQL's codes for a deadlock, and for a row that somebody else holds too long."""
BUSY = "Quelqu’un d’autre le modifie en ce moment. Réessayez."
CHANGED = "Quelqu’un d’autre l’a modifié depuis que vous avez lu la liste."
NOT_OF_ITS_TEAM = "La personne choisie n’est pas de son service."
NONE_CHOSEN = "Choisissez au moins un signalement."
TOO_MANY = f"{MOST} signalements au plus à la fois."


@dataclass(frozen=True, slots=True)
class Item:
    """A signalement, and the version of it that the person read."""

    reference: str
    version: int


@dataclass(frozen=True, slots=True)
class Turn:
    """What an action needs for one item."""

    session: Session
    actor: Actor
    item: Item
    typed: Typed
    now: datetime


def _move(to: Status) -> Callable[[Turn], Signalement]:
    def act(turn: Turn) -> Signalement:
        item, request = turn.item, turn.typed.request(to)
        return change_status(
            turn.session,
            turn.actor,
            item.reference,
            request,
            version=item.version,
            now=turn.now,
        )

    return act


def _reassign(turn: Turn) -> Signalement:
    given = (turn.typed.team, turn.typed.comment, turn.item.version, turn.now)
    return reassign(turn.session, turn.actor, turn.item.reference, *given)


def _assign(turn: Turn) -> Signalement:
    given = (int(turn.typed.person) or None, turn.item.version, turn.now)
    return assign(turn.session, turn.actor, turn.item.reference, *given)


ACTS: Mapping[BulkAction, Callable[[Turn], Signalement]] = {
    **{action: _move(to) for action, to in MOVES.items()},
    BulkAction.REASSIGN: _reassign,
    BulkAction.ASSIGN: _assign,
}
"""What does each action to one item."""


def open_run(
    session: Session,
    actor: Actor,
    run_id: UUID,
    action: BulkAction,
    items: Sequence[Item],
    typed: Typed,
    now: datetime,
) -> BulkRun:
    """Return the run of this key, kept before anything is done; a second sending finds the first.

    Raises
    ------
    NotAllowed
        If the actor has no inbox, or the key is somebody else's.
    InvalidSubmission
        If nothing is chosen, too much is, or something that must be typed is not.
    """
    if actor.account_id is None or reach_of(actor, Action.VIEW_INBOX, None) is Reach.NOWHERE:
        raise NotAllowed(Action.VIEW_INBOX)
    check_items(items)
    check_typed(action, typed, now)
    stored.lock_run_key(session, run_id)
    run = stored.run_by_id(session, run_id)
    if run is not None and run.account_id != actor.account_id:
        raise NotAllowed(Action.VIEW_INBOX)
    if run is None:
        stored.forget_runs(session, actor.account_id, now - KEPT_FOR)
        run = BulkRun(
            id=run_id,
            account_id=actor.account_id,
            at=now,
            action=action,
            typed=encoded(typed),
            items=[{**asdict(item), "done": None, "reason": ""} for item in _once(items)],
        )
        session.add(run)
        session.flush()
    return run


def check_items(items: Sequence[Item]) -> None:
    """Do nothing when there are some, and not too many.

    Raises
    ------
    InvalidSubmission
        Otherwise.
    """
    if not items:
        raise InvalidSubmission({"choix": NONE_CHOSEN})
    if len(items) > MOST:
        raise InvalidSubmission({"choix": TOO_MANY})


def _once(items: Iterable[Item]) -> list[Item]:
    return list({item.reference: item for item in items}.values())


def advance(session: Session, actor: Actor, run_id: UUID, now: datetime) -> int:
    """Do the next items of a run, each in its own savepoint, and return how many are left.

    Raises
    ------
    NotFound
        If the actor asked for no such run.
    """
    run = stored.run_by_id(session, run_id, lock=True)
    if run is None or run.account_id != actor.account_id:
        raise NotFound("Action", str(run_id))
    session.execute(text("set local lock_timeout = '3s'"))
    items, typed = [dict(item) for item in run.items], decoded(run.typed)
    waiting = [item for item in items if item["done"] is None]
    for kept in waiting[:AT_A_TIME]:
        item = Item(kept["reference"], kept["version"])
        turn = Turn(session, actor, item, typed, now)
        kept["reason"], kept["after"] = result_of(BulkAction(run.action), turn)
        kept["done"] = not kept["reason"]
    run.items = items
    session.flush()
    return max(len(waiting) - AT_A_TIME, 0)


def result_of(action: BulkAction, turn: Turn) -> tuple[str, int | None]:
    """Do it to one item; return why it could not be done, or the version that it made."""
    reason, made = "", None
    try:
        with turn.session.begin_nested():
            made = ACTS[action](turn).version
    except QpvmapError as error:
        reason = refusal_words(error)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) not in BUSY_STATES:
            raise
        reason = BUSY
    return reason, made


def refusal_words(error: QpvmapError) -> str:
    """Return why one of many was refused, to somebody who does not have its page before them."""
    if isinstance(error, StaleVersion):
        return CHANGED
    if isinstance(error, ForbiddenMove):
        current = STATUS_LABELS[Status(error.current)].lower()
        if error.current == error.to:
            return f"Il est déjà «\u00a0{current}\u00a0»."
        wanted = STATUS_LABELS[Status(error.to)].lower()
        return (
            f"Il est «\u00a0{current}\u00a0»\u00a0: il ne peut pas passer à «\u00a0{wanted}\u00a0»."
        )
    return str(error)


def encoded(typed: Typed) -> dict[str, Any]:
    """Return what was typed as JSON holds it."""
    planned = typed.planned_for.isoformat() if typed.planned_for else None
    return {**asdict(typed), "planned_for": planned}


def decoded(kept: Mapping[str, Any]) -> Typed:
    """Return what was typed, from what `encoded` made of it."""
    planned, outcome = kept["planned_for"], kept["outcome"]
    return Typed(
        **{
            **kept,
            "planned_for": date.fromisoformat(planned) if planned else None,
            "outcome": Outcome(outcome) if outcome else None,
        }
    )
