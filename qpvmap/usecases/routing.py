"""Who takes a category at a place, why, by when, and who else might have."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from qpvmap.core.deadlines import Priority
from qpvmap.core.labels import doubt_words, routing_reason
from qpvmap.core.places import EmpriseRef, Location
from qpvmap.core.routing import Decision, Ground, choose_team, in_commune
from qpvmap.storage import signalements as rows
from qpvmap.storage.models import Category, Team
from qpvmap.usecases.promises import promised


@dataclass(frozen=True, slots=True)
class Handling:
    """Who would take a signalement, why, and by when.

    `emprise` is the ground that decided, else the one that the point stands on. `doubt` is what a
    signalement keeps of the other teams that might be the right one, None when there are none.
    """

    team: Team
    ground: Ground
    acknowledge_due_at: datetime
    due_at: datetime
    emprise: EmpriseRef | None = None
    doubt: dict[str, Any] | None = None
    category_name: str = ""

    @property
    def reason(self) -> str:
        """Why this team, in French."""
        body, place = (self.emprise.body, self.emprise.name) if self.emprise else ("", "")
        return routing_reason(self.ground, body, place, self.category_name, self.team.name)

    @property
    def doubt_words(self) -> str:
        """What people are told when two owners are plausible; empty when one is."""
        return doubt_words(self.team.name) if self.doubt else ""


def plan_handling(
    session: Session,
    category: Category,
    location: Location,
    priority: Priority,
    now: datetime,
) -> Handling:
    """Return the team for `category` at `location`, on what ground, and the promised dates.

    Raises
    ------
    NoTeam
        If the territory has no rule for it.
    """
    decision = route(session, category, location)
    team = rows.team_by_id(session, decision.team_id)
    promise = promised(session, category, team, priority, now)
    under = location.emprise
    return Handling(
        team=team,
        ground=decision.ground,
        acknowledge_due_at=promise.acknowledge_due_at,
        due_at=promise.due_at,
        emprise=decision.emprise or (under.emprise if under else None),
        doubt=doubt_of(session, decision),
        category_name=category.name,
    )


def route(session: Session, category: Category, location: Location) -> Decision:
    """Return what the rules of competence say of `category` at `location`."""
    bare = in_commune(location.commune.code if location.commune else "")
    rules = rows.routing_rules(session, category)
    return choose_team(rules, category.code, location.candidates or bare)


def doubt_of(session: Session, decision: Decision) -> dict[str, Any] | None:
    """Return the other teams that might be the right one, as a signalement keeps them."""
    if not decision.doubts:
        return None
    teams = [rows.team_by_id(session, doubt.team_id) for doubt in decision.doubts]
    return {
        "others": [
            {
                "team": team.code,
                "name": team.name,
                "share": round(doubt.share, 3),
                "ground": doubt.ground.value,
                "emprise": doubt.emprise.name if doubt.emprise else None,
            }
            for team, doubt in zip(teams, decision.doubts, strict=True)
        ]
    }
