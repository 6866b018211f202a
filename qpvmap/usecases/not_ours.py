"""« Ce n’est pas à nous » : a reason, another owner, and after the second time an arbitration."""

from datetime import datetime

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.deadlines import Priority, Promise, due_at
from qpvmap.core.errors import CommentRequired, ForbiddenMove, InvalidSubmission, NoTeam
from qpvmap.core.permissions import Action, require
from qpvmap.core.routing import Ground
from qpvmap.core.workflow import OPEN_STATUSES, Status
from qpvmap.storage import signalements as rows
from qpvmap.storage.models import Signalement, Team
from qpvmap.storage.precedents import coordination_of, precedents_at
from qpvmap.usecases.handling import Changes, lock_visible, target_of
from qpvmap.usecases.journal import Line, write
from qpvmap.usecases.promises import Terms, dates_of, days_off_of, promise_kept
from qpvmap.usecases.recipients import may_receive, named_team

NOT_OURS = "not_ours"
REFUSALS_BEFORE_ARBITRATION = 2
ARBITRATE_WITHIN_DAYS = 3
"""Working days that the coordination gives itself to decide."""

OWN_TEAM = "Proposez un autre service que celui qui refuse."


def refuse(
    session: Session,
    actor: Actor,
    reference: str,
    reason: str,
    proposed: str | None,
    version: int,
    now: datetime,
) -> Signalement:
    """Give the signalement to the proposed team, or have the coordination arbitrate.

    Without a proposal it goes to whom a precedent names, else to the other plausible owner, else
    to the coordination. The second refusal leads to the coordination's arbitration, which has its
    own deadline. The signalement always has a team.

    Parameters
    ----------
    reason : str
        Why it is not for this team: the next one and the coordination read it.
    proposed : str, optional
        Code of the team that should have it.

    Raises
    ------
    NotFound, NotAllowed, StaleVersion
        As `change_status` would.
    ForbiddenMove
        If it has ended, or is being arbitrated.
    CommentRequired
        If there is no reason.
    InvalidSubmission
        If the proposed team is not one, may not have what is confidential, or is the one that
        refuses.
    """
    signalement = lock_visible(session, actor, reference, version)
    require(actor, Action.HANDLE, target_of(signalement))
    if signalement.status == Status.TO_ARBITRATE or signalement.status not in OPEN_STATUSES:
        raise ForbiddenMove(signalement.status, Status.TO_ARBITRATE, ())
    if not reason.strip():
        raise CommentRequired(Status.TO_ARBITRATE)
    other = _proposed(session, signalement, proposed)
    refusals = signalement.refusals + 1
    if refusals >= REFUSALS_BEFORE_ARBITRATION:
        changes = _to_arbitrate(session, signalement, now)
    else:
        changes = _handed_on(session, signalement, other, now)
    changes |= {"refusals": refusals, "planned_for": None, "waiting_on": ""}
    write(session, signalement, actor, Line(NOT_OURS, changes, reason.strip()), now)
    session.refresh(signalement, ["team"])
    return signalement


def coordination(session: Session, territory_id: int) -> Team:
    """Return the coordination's team.

    Raises
    ------
    NoTeam
        If the territory is wrongly set up.
    """
    team = coordination_of(session, territory_id)
    if team is None:
        raise NoTeam("", "")
    return team


def _proposed(session: Session, signalement: Signalement, code: str | None) -> Team | None:
    if not code:
        return None
    team = named_team(session, signalement.territory_id, signalement.nature, code)
    if team.id == signalement.team_id:
        raise InvalidSubmission({"team": OWN_TEAM})
    return team


def next_plausible(session: Session, signalement: Signalement) -> Team:
    """Return who might have it instead: by precedent, by doubt, else the coordination."""
    codes = [past.team_code for past in precedents_at(session, signalement)]
    codes += [other["team"] for other in (signalement.routing_doubt or {}).get("others", [])]
    for code in codes:
        team = rows.team_by_code(session, signalement.territory_id, code)
        if team is None or team.id == signalement.team_id:
            continue
        if may_receive(team, signalement.nature):
            return team
    return coordination(session, signalement.territory_id)


def _handed_on(
    session: Session, signalement: Signalement, proposed: Team | None, now: datetime
) -> Changes:
    """Return the state once another team has to take it."""
    team = proposed or next_plausible(session, signalement)
    return received_by(session, signalement, team, now) | {"routing_ground": Ground.NOT_OURS}


def received_by(session: Session, signalement: Signalement, team: Team, now: datetime) -> Changes:
    """Return the state of a signalement that `team` receives at `now`.

    What was promised to people counts from the day they asked: passing it on buys no time. To say
    that it has it, the team has its own delay from now on.
    """
    terms = Terms(signalement.category, team, Priority(signalement.priority))
    promise = promise_kept(session, signalement, terms, now, resumes=True)
    return {
        "status": Status.NEW,
        "team_id": team.id,
        "routing_doubt": None,
        "clock_stopped_at": None,
        **dates_of(promise),
    }


def _to_arbitrate(session: Session, signalement: Signalement, now: datetime) -> Changes:
    """Return the state while the coordination decides: its own deadline, the others' clock off."""
    team = coordination(session, signalement.territory_id)
    decide_by = due_at(now, ARBITRATE_WITHIN_DAYS, days_off_of(session, team, now))
    return {
        "status": Status.TO_ARBITRATE,
        "team_id": team.id,
        "routing_ground": Ground.NOT_OURS,
        "clock_stopped_at": signalement.clock_stopped_at or now,
        **dates_of(Promise(decide_by, decide_by, now)),
    }
