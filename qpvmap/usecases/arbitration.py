"""The coordination decides who takes what nobody takes, and its decisions are kept."""

from datetime import datetime

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.errors import (
    CannotChange,
    CommentRequired,
    ForbiddenMove,
    NotFound,
)
from qpvmap.core.ground import DECISION
from qpvmap.core.permissions import Action, Nature, Target, require
from qpvmap.core.routing import Ground
from qpvmap.core.workflow import Status
from qpvmap.storage import signalements as rows
from qpvmap.storage.imports import bump_data_version
from qpvmap.storage.models import Emprise, Precedent, RoutingRuleRow, Signalement
from qpvmap.storage.precedents import add_precedent, emprise_like, locked_precedent, rule_on
from qpvmap.usecases.handling import lock_visible, target_of
from qpvmap.usecases.journal import Line, write
from qpvmap.usecases.not_ours import received_by
from qpvmap.usecases.recipients import named_team

ARBITRATED = "arbitrated"
CONFIDENTIAL_PLACE = (
    "Le lieu d’un signalement confidentiel ne se dessine pas : la carte des terrains est publique."
)


def decide(
    session: Session,
    actor: Actor,
    reference: str,
    team_code: str,
    reason: str,
    version: int,
    now: datetime,
) -> Signalement:
    """Give the signalement to a team for good reason, kept as a precedent of its place.

    Raises
    ------
    NotFound, NotAllowed, StaleVersion
        As `change_status` would.
    ForbiddenMove
        If it is not to be arbitrated.
    CommentRequired
        If there is no reason.
    InvalidSubmission
        If there is no such team, or it may not have what is confidential.
    """
    signalement = lock_visible(session, actor, reference, version)
    require(actor, Action.ARBITRATE, target_of(signalement))
    if signalement.status != Status.TO_ARBITRATE:
        raise ForbiddenMove(signalement.status, Status.NEW, ())
    if not reason.strip():
        raise CommentRequired(Status.NEW)
    team = named_team(session, signalement.territory_id, signalement.nature, team_code)
    changes = received_by(session, signalement, team, now)
    changes |= {"routing_ground": Ground.ARBITRATION}
    write(session, signalement, actor, Line(ARBITRATED, changes, reason.strip()), now)
    session.refresh(signalement, ["team"])
    add_precedent(session, signalement, _precedent(signalement, actor, reason.strip(), now))
    return signalement


def _precedent(signalement: Signalement, actor: Actor, reason: str, now: datetime) -> Precedent:
    return Precedent(
        territory_id=signalement.territory_id,
        category_id=signalement.category_id,
        team_id=signalement.team_id,
        signalement_id=signalement.id,
        reason=reason,
        decided_by=actor.account_id,
        decided_at=now,
    )


def rule_from_precedent(
    session: Session, actor: Actor, precedent_id: int, now: datetime
) -> RoutingRuleRow:
    """Make a decision a rule of competence of its place and category; twice makes one.

    The place is the emprise that the decision was tied to; where none was drawn, the ground
    around becomes one of the team's body.

    Raises
    ------
    NotFound
        If there is no such precedent.
    NotAllowed
        If the actor does not keep the grounds of the territory.
    CannotChange
        If the ground would have to be drawn and the decision was on something confidential.
    """
    precedent = locked_precedent(session, precedent_id)
    if precedent is None:
        raise NotFound("Précédent", str(precedent_id))
    require(actor, Action.EDIT_GROUND, Target(precedent.territory_id))
    emprise = emprise_like(session, precedent) or _ground_around(session, actor, precedent, now)
    rule = rule_on(session, emprise, precedent.category_id)
    if rule is None:
        rule = RoutingRuleRow(
            territory_id=precedent.territory_id,
            category_id=precedent.category_id,
            emprise_id=emprise.id,
        )
        session.add(rule)
    rule.team_id = precedent.team_id
    session.flush()
    precedent.rule_id = rule.id
    session.flush()
    return rule


def _ground_around(session: Session, actor: Actor, precedent: Precedent, now: datetime) -> Emprise:
    """Draw the ground of a decision that was tied to no emprise.

    Emprises are public: nothing of a confidential signalement is drawn, nor named for good.
    """
    decided = session.get_one(Signalement, precedent.signalement_id)
    if decided.nature == Nature.TRANQUILLITE:
        raise CannotChange(CONFIDENTIAL_PLACE)
    team = rows.team_by_id(session, precedent.team_id)
    emprise = Emprise(
        territory_id=precedent.territory_id,
        code=f"precedent-{precedent.id}",
        name=f"lieu du précédent n° {precedent.id}",
        kind=DECISION,
        organisation_id=team.organisation_id,
        source="Décision de la coordination",
        confidence=1.0,
        perimeter=precedent.perimeter,
        version=1,
        updated_at=now,
        updated_by=actor.account_id,
    )
    session.add(emprise)
    session.flush()
    bump_data_version(session, "emprises", now)
    return emprise
