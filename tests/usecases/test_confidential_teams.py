"""What is confidential goes to teams that may have it, whichever way it is handed on."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor, Role
from qpvmap.core.errors import InvalidSubmission
from qpvmap.core.geo import LonLat
from qpvmap.core.permissions import Action, may
from qpvmap.core.workflow import Status
from qpvmap.storage.models import RoutingRuleRow, Signalement
from qpvmap.storage.visibility import visible_to
from qpvmap.usecases.arbitration import decide
from qpvmap.usecases.handling import target_of
from qpvmap.usecases.joining import Part, split
from qpvmap.usecases.not_ours import refuse
from qpvmap.usecases.reassign import reassign, recategorise
from qpvmap.usecases.signalements import submit
from tests.factories import (
    IN_QUARTER_WEST,
    NOW,
    Toy,
    make_actor,
    make_signalement,
    make_territory,
    submission,
)

WHY = "Ce n’est pas pour nous."
HandOn = Callable[[Session, Actor, str], object]


@pytest.fixture
def toy(session: Session) -> Toy:
    return make_territory(session)


@pytest.fixture
def coordinator(session: Session, toy: Toy) -> Actor:
    return make_actor(session, toy, Role.COORDINATOR, "coordination")


def refused(session: Session, actor: Actor, team: str) -> object:
    return refuse(session, actor, "TO-1", WHY, team, 1, NOW)


def reassigned(session: Session, actor: Actor, team: str) -> object:
    return reassign(session, actor, "TO-1", team, WHY, 1, NOW)


def decided(session: Session, actor: Actor, team: str) -> object:
    session.scalars(select(Signalement)).one().status = Status.TO_ARBITRATE
    return decide(session, actor, "TO-1", team, WHY, 1, NOW)


def parted(session: Session, actor: Actor, team: str) -> object:
    parts = [Part("rixe", "Le hall", team), Part("rixe", "La rue")]
    return split(session, actor, "TO-1", parts, 1, NOW)


@pytest.mark.parametrize("hand_on", [refused, reassigned, decided, parted])
def test_team_that_may_not_have_it_is_refused_and_nothing_moves(
    session: Session, toy: Toy, coordinator: Actor, hand_on: HandOn
) -> None:
    row = make_signalement(session, toy, category="rixe", team="police", reference="TO-1")
    with pytest.raises(InvalidSubmission, match="confidentiel"):
        hand_on(session, coordinator, "technique-ouest")
    assert (row.team.code, row.version) == ("police", 1)
    assert len(session.scalars(select(Signalement)).all()) == 1


@pytest.mark.parametrize("hand_on", [refused, reassigned, decided, parted])
def test_team_that_may_have_it_receives_it(
    session: Session, toy: Toy, coordinator: Actor, hand_on: HandOn
) -> None:
    make_signalement(session, toy, category="rixe", team="police", reference="TO-1")
    hand_on(session, coordinator, "coordination")
    teams = {row.team.code for row in session.scalars(select(Signalement))}
    assert "coordination" in teams


def test_refusal_without_a_proposal_never_goes_to_a_plausible_team_that_may_not_have_it(
    session: Session, toy: Toy, coordinator: Actor
) -> None:
    others = [{"team": "technique-ouest", "name": "", "share": 0.4, "ground": "", "emprise": None}]
    row = make_signalement(
        session, toy, category="rixe", team="police", routing_doubt={"others": others}
    )
    refuse(session, coordinator, row.reference, WHY, None, 1, NOW)
    assert row.team.code == "coordination"


def test_rule_that_names_a_team_that_may_not_have_it_is_passed_over(
    session: Session, toy: Toy, coordinator: Actor
) -> None:
    session.add(
        RoutingRuleRow(
            territory_id=toy.territory.id,
            category_id=toy.categories["rixe"].id,
            insee_code="92901",
            team_id=toy.teams["technique-ouest"].id,
        )
    )
    session.flush()
    place: LonLat = IN_QUARTER_WEST
    filed = submit(session, coordinator, toy.territory, submission(place, "rixe"), NOW)
    assert filed.signalement.team.code == "police"
    row = make_signalement(session, toy)
    recategorise(session, coordinator, row.reference, "rixe", WHY, 1, NOW)
    assert row.team.code == "police"


def test_team_that_may_not_have_it_reads_nothing_even_if_it_were_given_it(
    session: Session, toy: Toy
) -> None:
    agent = make_actor(session, toy, Role.AGENT, "technique-ouest")
    row = make_signalement(session, toy, category="rixe", team="technique-ouest")
    assert not may(agent, Action.VIEW, target_of(row))
    assert session.scalars(select(Signalement).where(visible_to(agent))).all() == []
