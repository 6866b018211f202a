"""What the coordination decided of pieces of ground, and the rules that became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from geoalchemy2 import Geography
from sqlalchemy import ColumnElement, ScalarSelect, Select, cast, func, select
from sqlalchemy.orm import Session

from qpvmap.storage.models import (
    Category,
    Emprise,
    Event,
    Organisation,
    Precedent,
    RoutingRuleRow,
    Signalement,
    Team,
)
from qpvmap.storage.models.base import geometry

AROUND_M = 30
"""Where no emprise is drawn, a decision holds for this many metres around."""


@dataclass(frozen=True, slots=True)
class PastDecision:
    """A precedent as its readers see it; `place` is empty where no emprise is drawn."""

    id: int
    reference: str
    category: str
    team_code: str
    team: str
    reason: str
    decided_at: datetime
    is_rule: bool
    place: str


@dataclass(frozen=True, slots=True)
class RefusalLine:
    """One team's reason not to take a signalement."""

    at: datetime
    team: str
    reason: str


def coordination_of(session: Session, territory_id: int) -> Team | None:
    """Return the team that takes whatever no rule speaks of."""
    return session.scalar(
        select(Team)
        .join(RoutingRuleRow, RoutingRuleRow.team_id == Team.id)
        .where(
            RoutingRuleRow.territory_id == territory_id,
            RoutingRuleRow.category_id.is_(None),
            RoutingRuleRow.insee_code.is_(None),
            RoutingRuleRow.emprise_id.is_(None),
            RoutingRuleRow.emprise_organisation_id.is_(None),
        )
    )


def add_precedent(session: Session, signalement: Signalement, precedent: Precedent) -> Precedent:
    """Keep a decision, tied to the emprise under the signalement, else to the ground around."""
    own = select(Emprise.perimeter).where(
        Emprise.id == signalement.emprise_id,
        Emprise.removed_at.is_(None),
        func.ST_Covers(Emprise.perimeter, _location_of(signalement)),
    )
    around = func.ST_Multi(
        cast(
            func.ST_Buffer(cast(_location_of(signalement), Geography), AROUND_M),
            geometry("GEOMETRY"),
        )
    )
    precedent.perimeter = session.scalar(select(func.coalesce(own.scalar_subquery(), around)))
    session.add(precedent)
    session.flush()
    return precedent


def _location_of(signalement: Signalement) -> ScalarSelect[object]:
    return select(Signalement.location).where(Signalement.id == signalement.id).scalar_subquery()


def precedents_at(session: Session, signalement: Signalement) -> list[PastDecision]:
    """Return what was decided of the signalement's place and category, the latest first."""
    covers = func.ST_Covers(Precedent.perimeter, _location_of(signalement))
    return _read(session, Precedent.category_id == signalement.category_id, covers)


def precedents_of(session: Session, territory_id: int) -> list[PastDecision]:
    """Return every decision of a territory, the latest first."""
    return _read(session, Precedent.territory_id == territory_id)


def _read(session: Session, *conditions: ColumnElement[bool]) -> list[PastDecision]:
    rows = session.execute(
        select(
            Precedent.id,
            Signalement.reference,
            Category.name,
            Team.code,
            Team.name,
            Precedent.reason,
            Precedent.decided_at,
            Precedent.rule_id.is_not(None),
            func.coalesce(_place_of().scalar_subquery(), ""),
        )
        .join(Signalement, Signalement.id == Precedent.signalement_id)
        .join(Category, Category.id == Precedent.category_id)
        .join(Team, Team.id == Precedent.team_id)
        .where(*conditions)
        .order_by(Precedent.decided_at.desc(), Precedent.id.desc())
    )
    return [PastDecision(*row) for row in rows]


def _place_of() -> Select[str]:
    """Return the name of the emprise that a precedent was tied to, body first."""
    return (
        select(Organisation.name + ", " + Emprise.name)
        .select_from(Emprise)
        .join(Organisation, Organisation.id == Emprise.organisation_id)
        .where(_same_ground(Precedent.perimeter))
        .order_by(Emprise.id)
        .limit(1)
        .correlate(Precedent)
    )


def _same_ground(perimeter: object) -> ColumnElement[bool]:
    """Return whether an emprise that is there has just this outline."""
    return (
        Emprise.removed_at.is_(None)
        & Emprise.perimeter.op("&&")(perimeter)
        & func.ST_Equals(Emprise.perimeter, perimeter)
    )


def locked_precedent(session: Session, precedent_id: int) -> Precedent | None:
    """Return a precedent, held until the transaction ends so that it becomes one rule only."""
    return session.scalar(select(Precedent).where(Precedent.id == precedent_id).with_for_update())


def emprise_like(session: Session, precedent: Precedent) -> Emprise | None:
    """Return the emprise that a precedent was tied to, if it is still there as it was."""
    return session.scalar(
        select(Emprise)
        .where(
            Emprise.territory_id == precedent.territory_id,
            _same_ground(
                select(Precedent.perimeter).where(Precedent.id == precedent.id).scalar_subquery()
            ),
        )
        .order_by(Emprise.id)
        .limit(1)
    )


def rule_on(session: Session, emprise: Emprise, category_id: int) -> RoutingRuleRow | None:
    """Return the rule on a category that names this very emprise."""
    return session.scalar(
        select(RoutingRuleRow).where(
            RoutingRuleRow.emprise_id == emprise.id,
            RoutingRuleRow.category_id == category_id,
            RoutingRuleRow.insee_code.is_(None),
        )
    )


def refusals_of(session: Session, signalement_ids: Sequence[int]) -> dict[int, list[RefusalLine]]:
    """Return why teams did not take these signalements, oldest first."""
    was_team = Event.changes["was"]["team_id"].as_integer()
    rows = session.execute(
        select(Event.signalement_id, Event.at, Team.name, Event.comment)
        .outerjoin(Team, Team.id == was_team)
        .where(Event.signalement_id.in_(signalement_ids), Event.kind == "not_ours")
        .order_by(Event.signalement_id, Event.sequence)
    )
    found: dict[int, list[RefusalLine]] = {}
    for signalement_id, at, team, reason in rows:
        found.setdefault(signalement_id, []).append(RefusalLine(at, team or "", reason))
    return found
