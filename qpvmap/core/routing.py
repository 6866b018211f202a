"""Category and ground to team: rules in data, the most particular one wins, and it says why.

A point is never exact. The ground under its accuracy disc may be of several owners, each with a
share of the disc: the likeliest decides, and the others are named as doubts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from qpvmap.core.errors import NoTeam
from qpvmap.core.ground import DECISION
from qpvmap.core.places import Candidate, EmpriseRef

DOUBT_FROM = 0.1
"""Below this share of the disc, another owner is not worth a doubt."""

SHARE_DECIMALS = 3


class Ground(StrEnum):
    """On what a team was chosen."""

    EMPRISE = "emprise"
    BODY = "body"
    PRECEDENT = "precedent"
    COMMUNE_AND_CATEGORY = "commune_and_category"
    CATEGORY = "category"
    COORDINATION = "coordination"
    NOT_OURS = "not_ours"
    ARBITRATION = "arbitration"
    BY_HAND = "by_hand"


ON_AN_EMPRISE = (Ground.EMPRISE, Ground.BODY, Ground.PRECEDENT)
"""Grounds that speak of a piece of ground, which is then named."""


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """Whoever takes `category` in `insee_code`, on `emprise_id`, or on any ground of `body_id`.

    None stands for any. `is_precedent` marks a rule that a decision of the coordination became.
    """

    team_id: int
    category: str | None = None
    insee_code: str | None = None
    emprise_id: int | None = None
    body_id: int | None = None
    is_precedent: bool = False

    def fits(self, category: str, candidate: Candidate) -> bool:
        """Return whether the rule speaks of this category on this ground."""
        emprise = candidate.emprise
        return (
            self.category in (None, category)
            and self.insee_code in (None, candidate.insee_code)
            and self.emprise_id in (None, emprise.id if emprise else None)
            and self.body_id in (None, _owner(emprise))
        )

    @property
    def is_on_emprise(self) -> bool:
        """Whether the rule is about pieces of ground."""
        return self.emprise_id is not None or self.body_id is not None

    @property
    def ground(self) -> Ground:
        """On what the rule decides."""
        if self.emprise_id is not None:
            return Ground.PRECEDENT if self.is_precedent else Ground.EMPRISE
        if self.body_id is not None:
            return Ground.BODY
        if self.category is None:
            return Ground.COORDINATION
        return Ground.CATEGORY if self.insee_code is None else Ground.COMMUNE_AND_CATEGORY

    @property
    def particularity(self) -> tuple[bool, bool, bool, bool]:
        """How particular the rule is: category first, then this ground, its body, the commune."""
        return (
            self.category is not None,
            self.emprise_id is not None,
            self.body_id is not None,
            self.insee_code is not None,
        )


def _owner(emprise: EmpriseRef | None) -> int | None:
    """Return the body on whose grounds one stands; a decision on one place makes no owner."""
    return emprise.body_id if emprise and emprise.kind != DECISION else None


@dataclass(frozen=True, slots=True)
class Doubt:
    """Another team that may be the right one: how likely, and on what ground."""

    team_id: int
    share: float
    ground: Ground
    emprise: EmpriseRef | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The team chosen, on what ground, and who else it might have been, likeliest first."""

    team_id: int
    ground: Ground
    emprise: EmpriseRef | None = None
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True, slots=True)
class _Claim:
    """What the best rule says of one piece of the ground."""

    rule: RoutingRule
    candidate: Candidate
    share: float

    @property
    def emprise(self) -> EmpriseRef | None:
        return self.candidate.emprise if self.rule.is_on_emprise else None

    @property
    def weight(self) -> tuple[object, ...]:
        """How much it counts: likelihood, how particular the rule is, the smaller ground."""
        emprise = self.emprise
        surely = emprise.confidence if emprise else 1.0
        return (
            round(self.share * surely, SHARE_DECIMALS),
            self.rule.particularity,
            -emprise.area_m2 if emprise else float("-inf"),
            emprise.code if emprise else "",
            -self.rule.team_id,
        )


def in_commune(insee_code: str) -> tuple[Candidate, ...]:
    """Return the ground of a point of which nothing but the commune is known."""
    return (Candidate(None, insee_code, 1.0, 1.0),)


def choose_team(
    rules: Iterable[RoutingRule], category: str, candidates: Sequence[Candidate]
) -> Decision:
    """Return the team of the most particular rule on the likeliest ground.

    A piece of ground on which no rule speaks of the category is as if it were not drawn.

    Raises
    ------
    NoTeam
        If none fits: every territory must hold a rule without category for its coordination.
    """
    rules = sorted(rules, key=lambda rule: (rule.particularity, -rule.team_id), reverse=True)
    grounds = candidates or in_commune("")
    claims = [*_on_emprises(rules, category, grounds), *_elsewhere(rules, category, grounds)]
    claims = sorted(claims, key=lambda claim: claim.weight, reverse=True)
    if not claims:
        raise NoTeam(category, grounds[0].insee_code)
    best = claims[0]
    return Decision(best.rule.team_id, best.rule.ground, best.emprise, _doubts(claims))


def _on_emprises(
    rules: Sequence[RoutingRule], category: str, candidates: Sequence[Candidate]
) -> list[_Claim]:
    """Return what rules say of the drawn pieces of ground; silent ones say nothing."""
    claims = []
    for candidate in candidates:
        if candidate.emprise is None:
            continue
        rule = next((rule for rule in rules if rule.fits(category, candidate)), None)
        if rule is not None and rule.is_on_emprise:
            claims.append(_Claim(rule, candidate, candidate.share))
    return claims


def _elsewhere(
    rules: Sequence[RoutingRule], category: str, candidates: Sequence[Candidate]
) -> list[_Claim]:
    """Return what rules say of the rest of each commune: bare ground, and what is silent."""
    speaking = _on_emprises(rules, category, candidates)
    claims = []
    for code in dict.fromkeys(candidate.insee_code for candidate in candidates):
        ours = [candidate for candidate in candidates if candidate.insee_code == code]
        whole = max(candidate.commune_share for candidate in ours)
        taken = [c.share for c in speaking if c.candidate.insee_code == code]
        bare = sum(c.share for c in ours if c.emprise is None)
        left = max(whole - sum(taken), bare)
        candidate = Candidate(None, code, left, whole)
        rule = next((rule for rule in rules if rule.fits(category, candidate)), None)
        if rule is not None and (left > 0 or not taken):
            claims.append(_Claim(rule, candidate, left))
    return claims


def _doubts(claims: Sequence[_Claim]) -> tuple[Doubt, ...]:
    """Return the other teams, each once, of the claims that are likely enough."""
    doubts: dict[int, Doubt] = {}
    for claim in claims[1:]:
        team_id = claim.rule.team_id
        if team_id != claims[0].rule.team_id and claim.share >= DOUBT_FROM:
            doubts.setdefault(
                team_id, Doubt(team_id, claim.share, claim.rule.ground, claim.emprise)
            )
    return tuple(doubts.values())
