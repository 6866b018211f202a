"""What each act should do to a signalement, written apart from the rules that do it."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from qpvmap.core.actors import Actor, Role
from qpvmap.core.workflow import Outcome, Request
from tests.factories import NOW

TABLE = """
new          acknowledged team
new          scheduled    team  date
new          in_progress  team
new          waiting      team  text whom
new          closed       team  text outcome
reopened     acknowledged team
reopened     scheduled    team  date
reopened     in_progress  team
reopened     waiting      team  text whom
reopened     closed       team  text outcome
to_arbitrate new          coordination text
to_arbitrate closed       coordination text outcome
acknowledged scheduled    team  date
acknowledged in_progress  team
acknowledged waiting      team  text whom
acknowledged resolved     team  text
acknowledged closed       team  text outcome
scheduled    scheduled    team  date
scheduled    in_progress  team
scheduled    waiting      team  text whom
scheduled    resolved     team  text
scheduled    closed       team  text outcome
in_progress  scheduled    team  date
in_progress  waiting      team  text whom
in_progress  resolved     team  text
in_progress  closed       team  text outcome
waiting      acknowledged team
waiting      scheduled    team  date
waiting      in_progress  team
waiting      resolved     team  text
waiting      closed       team  text outcome
resolved     closed       team
resolved     reopened     anyone-concerned text month
closed       reopened     anyone-concerned text month
"""
MOVES = {
    (here, there): (who, set(terms))
    for here, there, who, *terms in (line.split() for line in TABLE.strip().splitlines())
}
ENDED = {"resolved", "closed"}
STOPPED = {"waiting", "to_arbitrate"}
OUTCOMES_OF_A_TEAM = {"no_action", "not_ours", "cancelled", "not_found_on_site"}
ROUTES = {"voirie": "technique-ouest", "eclairage": "coordination", "rixe": "police"}
TEAMS = {
    "west": {"technique-ouest"},
    "east": {"technique-est"},
    "police": {"police"},
    "mediator": set[str](),
    "coordinator": set[str](),
    "resident": set[str](),
    "stranger": set[str](),
    "nobody": set[str](),
}
ROLES = {
    "west": Role.AGENT,
    "east": Role.AGENT,
    "police": Role.LEAD,
    "mediator": Role.MEDIATOR,
    "coordinator": Role.COORDINATOR,
    "resident": Role.RESIDENT,
    "stranger": Role.RESIDENT,
}


SPOILT: dict[str | None, dict[str, Any]] = {
    "who": {},
    "text": {"comment": " "},
    "outcome": {"outcome": None},
    "duplicate": {"outcome": Outcome.DUPLICATE},
    "date": {"planned_for": None},
    "whom": {"waiting_on": ""},
}
"""What is taken from a legal move to see it refused, where the table asks for it."""


@dataclass
class Report:
    """What the model knows of a signalement."""

    reference: str
    author: str
    category: str
    team: str
    status: str = "new"
    outcome: str | None = None
    priority: str = "normal"
    planned_for: Any = None
    settled_at: datetime | None = None
    refusals: int = 0
    reopenings: int = 0
    version: int = 1
    lines: int = 1

    def seen_by(self, who: str) -> bool:
        """Say whether they may know of it."""
        if self.category != "rixe":
            return True
        return who in ("mediator", "coordinator") or self.is_own_or_team(who)

    def may_go_to(self, team: str) -> bool:
        """Say whether a team may be given it: what is confidential has its own teams."""
        return self.category != "rixe" or team in ("police", "coordination")

    def is_team(self, who: str) -> bool:
        """Say whether it is their work."""
        return self.team in TEAMS[who] or who == "coordinator"

    def is_own_or_team(self, who: str) -> bool:
        """Say whether they filed it, or it is their work."""
        return self.is_team(who) or (who == self.author and who != "nobody")

    def may(self, who: str, right: str) -> bool:
        """Say whether they have the right that a line of the table names."""
        if not self.seen_by(who):
            return False
        return {
            "team": self.is_team(who),
            "coordination": who == "coordinator",
            "anyone-concerned": who == "mediator" or self.is_own_or_team(who),
        }[right]


@dataclass
class World:
    """The actors and the present instant."""

    actors: dict[str, Actor]
    now: datetime = NOW
    reports: list[Report] = field(default_factory=list)
    precedents: int = 0


def move_after(report: Report, who: str, request: Request, now: datetime) -> Report | None:
    """Return what the table makes of a move; None when it refuses."""
    right, terms = MOVES.get((report.status, request.to), ("", {"never"}))
    given = {
        "text": bool(request.comment.strip()),
        "whom": bool(request.waiting_on.strip()),
        "date": request.planned_for is not None and request.planned_for >= now.date(),
        "outcome": request.outcome in OUTCOMES_OF_A_TEAM,
        "month": bool(report.settled_at and now <= report.settled_at + timedelta(days=30)),
    }
    if not all(given.get(term) for term in terms) or not report.may(who, right):
        return None
    after = replace(report, status=str(request.to), lines=report.lines + 1)
    after.planned_for = request.planned_for if request.to == "scheduled" else None
    if request.to in ENDED:
        after.outcome = report.outcome or (str(request.outcome) if "outcome" in terms else "done")
        after.settled_at = report.settled_at or now
    else:
        after.outcome = after.settled_at = None
    after.reopenings += request.to == "reopened"
    unchanged = request.to == report.status and after.planned_for == report.planned_for
    after.version += not unchanged
    return after


def handed_to(report: Report, team: str) -> Report:
    """Return a report that another team has to take."""
    status = report.status if report.status in ("new", "reopened") else "new"
    return replace(report, team=team, status=status, planned_for=None)
