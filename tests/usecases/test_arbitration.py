"""« Ce n’est pas à nous », twice, then the coordination's decision, its precedent, its rule."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor, Role
from qpvmap.core.errors import CommentRequired, ForbiddenMove, InvalidSubmission, NotAllowed
from qpvmap.core.journal import encoded, state_after
from qpvmap.core.labels import routing_reason
from qpvmap.core.routing import Ground
from qpvmap.core.workflow import Status
from qpvmap.storage.models import Emprise, Precedent, RoutingRuleRow, Signalement
from qpvmap.storage.precedents import precedents_at, precedents_of, refusals_of
from qpvmap.storage.signalements import history
from qpvmap.usecases.arbitration import decide, rule_from_precedent
from qpvmap.usecases.not_ours import refuse
from qpvmap.usecases.signalements import submit
from tests.factories import (
    IN_QUARTER_EAST,
    IN_QUARTER_WEST,
    NOW,
    Toy,
    box,
    make_actor,
    make_signalement,
    make_territory,
    submission,
)

HOUR = timedelta(hours=1)


@pytest.fixture
def toy(session: Session) -> Toy:
    return make_territory(session)


@pytest.fixture
def west(session: Session, toy: Toy) -> Actor:
    return make_actor(session, toy, Role.AGENT, "technique-ouest")


@pytest.fixture
def east(session: Session, toy: Toy) -> Actor:
    return make_actor(session, toy, Role.AGENT, "technique-est")


@pytest.fixture
def coordinator(session: Session, toy: Toy) -> Actor:
    return make_actor(session, toy, Role.COORDINATOR, "coordination")


def estate(session: Session, toy: Toy) -> Emprise:
    row = Emprise(
        territory_id=toy.territory.id,
        code="hlm",
        name="résidence des Rives",
        kind="residence",
        organisation_id=toy.teams["police"].organisation_id,
        perimeter=box(2.2985, 48.7805, 2.2995, 48.7815),
    )
    session.add(row)
    session.flush()
    return row


def refused_twice(session: Session, toy: Toy, west: Actor, east: Actor) -> Signalement:
    filed = submit(session, west, toy.territory, submission(), NOW).signalement
    refuse(session, west, filed.reference, "Terrain privé.", "technique-est", 1, NOW + HOUR)
    return refuse(session, east, filed.reference, "Hors commune.", None, 2, NOW + 2 * HOUR)


def test_first_refusal_goes_to_the_team_that_is_proposed(
    session: Session, toy: Toy, west: Actor
) -> None:
    row = make_signalement(session, toy)
    moved = refuse(session, west, row.reference, "Voirie d’Est.", "technique-est", 1, NOW + HOUR)
    assert moved.team is toy.teams["technique-est"]
    assert (moved.status, moved.refusals, moved.version) == (Status.NEW, 1, 2)
    assert moved.routing_ground == Ground.NOT_OURS
    line = history(session, row.id)[-1]
    assert (line.kind, line.comment) == ("not_ours", "Voirie d’Est.")
    assert line.changes["was"]["team_id"] == toy.teams["technique-ouest"].id


def test_first_refusal_without_a_proposal_goes_to_the_other_plausible_owner(
    session: Session, toy: Toy, west: Actor
) -> None:
    doubt = {"others": [{"team": "technique-est", "name": "Est", "share": 0.4}]}
    row = make_signalement(session, toy, routing_doubt=doubt)
    moved = refuse(session, west, row.reference, "Pas à nous.", None, 1, NOW)
    assert moved.team is toy.teams["technique-est"]
    assert moved.routing_doubt is None


def test_first_refusal_without_any_idea_goes_to_the_coordination(
    session: Session, toy: Toy, west: Actor
) -> None:
    row = make_signalement(session, toy, status=Status.IN_PROGRESS)
    moved = refuse(session, west, row.reference, "Pas à nous.", None, 1, NOW)
    assert moved.team is toy.teams["coordination"]
    assert moved.status == Status.NEW


def test_second_refusal_is_for_the_coordination_with_its_own_deadline(
    session: Session, toy: Toy, west: Actor, east: Actor
) -> None:
    row = refused_twice(session, toy, west, east)
    assert (row.status, row.refusals) == (Status.TO_ARBITRATE, 2)
    assert row.team is toy.teams["coordination"]
    assert row.clock_stopped_at == NOW + 2 * HOUR
    assert row.due_at.date().isoformat() == "2026-11-25"  # a Friday, then three working days
    reasons = [(line.team, line.reason) for line in refusals_of(session, [row.id])[row.id]]
    assert reasons == [
        ("Équipe technique-ouest", "Terrain privé."),
        ("Équipe technique-est", "Hors commune."),
    ]


@pytest.mark.parametrize(
    ("reason", "team", "error"),
    [
        ("  ", "technique-est", CommentRequired),
        ("Non.", "nobody", InvalidSubmission),
        ("Non.", "technique-ouest", InvalidSubmission),
    ],
)
def test_refusal_that_says_too_little_changes_nothing(
    session: Session, toy: Toy, west: Actor, reason: str, team: str, error: type[Exception]
) -> None:
    row = make_signalement(session, toy)
    with pytest.raises(error):
        refuse(session, west, row.reference, reason, team, 1, NOW)
    assert (row.team_id, row.version) == (toy.teams["technique-ouest"].id, 1)


@pytest.mark.parametrize("status", [Status.RESOLVED, Status.CLOSED])
def test_refusal_of_what_has_ended_is_no_move(
    session: Session, toy: Toy, west: Actor, status: Status
) -> None:
    row = make_signalement(session, toy, status=status, settled_at=NOW)
    with pytest.raises(ForbiddenMove):
        refuse(session, west, row.reference, "Non.", None, 1, NOW)


def test_refusal_by_another_team_is_not_theirs_to_make(
    session: Session, toy: Toy, east: Actor
) -> None:
    row = make_signalement(session, toy)
    with pytest.raises(NotAllowed):
        refuse(session, east, row.reference, "Non.", None, 1, NOW)


def test_decision_gives_a_team_and_leaves_a_precedent(
    session: Session, toy: Toy, west: Actor, east: Actor, coordinator: Actor
) -> None:
    row = refused_twice(session, toy, west, east)
    later = NOW + timedelta(days=1)
    decided = decide(
        session, coordinator, row.reference, "technique-ouest", "La rue est à vous.", 3, later
    )
    assert (decided.status, decided.team) == (Status.NEW, toy.teams["technique-ouest"])
    assert decided.clock_stopped_at is None
    [past] = precedents_at(session, row)
    assert (past.team_code, past.reason, past.is_rule) == (
        "technique-ouest",
        "La rue est à vous.",
        False,
    )
    [precedent] = session.scalars(select(Precedent))
    area = session.scalar(
        select(func.ST_Area(func.Geography(Precedent.perimeter))).where(
            Precedent.id == precedent.id
        )
    )
    assert area == pytest.approx(3.14 * 30**2, rel=0.03)


def test_precedent_is_proposed_to_the_next_team_that_refuses_there(
    session: Session, toy: Toy, west: Actor, east: Actor, coordinator: Actor
) -> None:
    row = refused_twice(session, toy, west, east)
    decide(session, coordinator, row.reference, "police", "À vous.", 3, NOW + HOUR)
    near = make_signalement(session, toy)
    moved = refuse(session, west, near.reference, "Pas à nous.", None, 1, NOW + HOUR)
    assert moved.team is toy.teams["police"]


def test_decision_on_an_emprise_holds_for_all_of_it(
    session: Session, toy: Toy, west: Actor, east: Actor, coordinator: Actor
) -> None:
    emprise = estate(session, toy)
    row = refused_twice(session, toy, west, east)
    assert row.emprise_id == emprise.id
    decide(session, coordinator, row.reference, "police", "Au bailleur.", 3, NOW + HOUR)
    [past] = precedents_of(session, toy.territory.id)
    assert past.place == "Organisme police, résidence des Rives"


def test_decision_by_a_team_or_on_what_is_not_to_arbitrate_is_refused(
    session: Session, toy: Toy, west: Actor, east: Actor, coordinator: Actor
) -> None:
    fresh = make_signalement(session, toy)
    with pytest.raises(ForbiddenMove):
        decide(session, coordinator, fresh.reference, "police", "À vous.", 1, NOW)
    row = refused_twice(session, toy, west, east)
    with pytest.raises(NotAllowed):
        decide(session, west, row.reference, "police", "À vous.", 3, NOW)
    with pytest.raises(CommentRequired):
        decide(session, coordinator, row.reference, "police", " ", 3, NOW)
    with pytest.raises(InvalidSubmission):
        decide(session, coordinator, row.reference, "nobody", "À vous.", 3, NOW)


@pytest.mark.parametrize("drawn", [True, False], ids=["on an emprise", "on bare ground"])
def test_rule_made_of_a_precedent_routes_what_is_filed_there_next(
    session: Session, toy: Toy, west: Actor, east: Actor, coordinator: Actor, drawn: bool
) -> None:
    if drawn:
        estate(session, toy)
    row = refused_twice(session, toy, west, east)
    decide(session, coordinator, row.reference, "police", "À vous.", 3, NOW + HOUR)
    [precedent] = session.scalars(select(Precedent))
    rule = rule_from_precedent(session, coordinator, precedent.id, NOW)
    again = rule_from_precedent(session, coordinator, precedent.id, NOW)
    assert again.id == rule.id
    assert session.scalar(select(func.count()).select_from(Emprise)) == 1
    assert precedents_of(session, toy.territory.id)[0].is_rule

    here = submit(session, west, toy.territory, submission(), NOW).signalement
    there = submit(session, west, toy.territory, submission(IN_QUARTER_EAST), NOW).signalement
    assert (here.team, here.routing_ground) == (toy.teams["police"], Ground.PRECEDENT)
    assert there.team is toy.teams["technique-est"]
    assert here.emprise is not None
    said = routing_reason(here.routing_ground, "HSH", here.emprise.name, "Voirie", "Police")
    assert said.startswith(f"emprise HSH, {here.emprise.name} : voirie → Police")


def test_rule_made_on_bare_ground_holds_for_its_category_and_no_other_of_the_body(
    session: Session, toy: Toy, west: Actor, east: Actor, coordinator: Actor
) -> None:
    police = toy.teams["police"]
    session.add(
        RoutingRuleRow(
            territory_id=toy.territory.id,
            category_id=toy.categories["eclairage"].id,
            emprise_organisation_id=police.organisation_id,
            team_id=police.id,
        )
    )
    row = refused_twice(session, toy, west, east)
    decide(session, coordinator, row.reference, "police", "C’est à elle.", 3, NOW)
    precedent = session.scalars(select(Precedent)).one()
    rule_from_precedent(session, coordinator, precedent.id, NOW)
    same = submit(session, west, toy.territory, submission(), NOW).signalement
    other = submit(session, west, toy.territory, submission(category="eclairage"), NOW).signalement
    assert (same.team.code, other.team.code) == ("police", "coordination")


def test_rule_is_made_by_the_coordination_alone(
    session: Session, toy: Toy, west: Actor, east: Actor, coordinator: Actor
) -> None:
    row = refused_twice(session, toy, west, east)
    decide(session, coordinator, row.reference, "police", "À vous.", 3, NOW + HOUR)
    [precedent] = session.scalars(select(Precedent))
    with pytest.raises(NotAllowed):
        rule_from_precedent(session, west, precedent.id, NOW)
    assert (
        session.scalars(select(RoutingRuleRow).where(RoutingRuleRow.emprise_id.is_not(None))).all()
        == []
    )


def test_journal_adds_up_to_the_state_after_refusals_and_a_decision(
    session: Session, toy: Toy, west: Actor, east: Actor, coordinator: Actor
) -> None:
    row = refused_twice(session, toy, west, east)
    decide(session, coordinator, row.reference, "police", "À vous.", 3, NOW + HOUR)
    lines = history(session, row.id, internal=True)
    rebuilt = state_after(line.changes for line in lines)
    assert rebuilt == {name: encoded(getattr(row, name)) for name in rebuilt}
    assert all(line.changes["set"].get("team_id", 1) for line in lines)


def test_doubt_is_kept_with_what_is_filed_between_two_communes(
    session: Session, toy: Toy, west: Actor
) -> None:
    edge = submission(type(IN_QUARTER_WEST)(2.29995, 48.785), accuracy_m=20)
    row = submit(session, west, toy.territory, edge, NOW).signalement
    assert row.team is toy.teams["technique-ouest"]
    assert row.routing_doubt is not None
    assert [other["team"] for other in row.routing_doubt["others"]] == ["technique-est"]
