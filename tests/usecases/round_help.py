"""Rounds that tests begin with."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor, Role
from qpvmap.storage.models import Round, Signalement
from qpvmap.storage.rounds import StopRow, stops_of
from qpvmap.usecases.rounds import NewRound, create_round
from tests.factories import Toy, make_account, make_actor


def agent_of(session: Session, toy: Toy, *teams: str) -> Actor:
    """Return an agent of these teams, the western technical one by default."""
    return make_actor(session, toy, Role.AGENT, *(teams or ("technique-ouest",)))


def make_round(
    session: Session, actor: Actor, reports: Sequence[Signalement], now: datetime
) -> Round:
    """Prepare a round through these reports."""
    return create_round(session, actor, NewRound([r.reference for r in reports]), now).round


def stop_of(session: Session, actor: Actor, round_: Round, report: Signalement) -> StopRow:
    """Return the stop at a report."""
    return next(
        stop for stop in stops_of(session, actor, round_.id) if stop.signalement_id == report.id
    )


__all__ = ["agent_of", "make_account", "make_round", "stop_of"]
