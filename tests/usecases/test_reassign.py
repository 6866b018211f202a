"""Another team, another category, another priority: who, why, and what is promised then."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from qpvmap.core.actors import ANONYMOUS, Actor, Role
from qpvmap.core.deadlines import Lateness, Priority, lateness
from qpvmap.core.errors import (
    CannotChange,
    CommentRequired,
    InvalidSubmission,
    NotAllowed,
    NotFound,
    StaleVersion,
)
from qpvmap.core.journal import encoded
from qpvmap.core.permissions import Nature
from qpvmap.core.routing import Ground
from qpvmap.core.workflow import Request, Status
from qpvmap.storage.models import ClosingDay, DeadlineRule, Signalement
from qpvmap.storage.signalements import find_visible, history
from qpvmap.usecases.handling import change_status
from qpvmap.usecases.not_ours import refuse
from qpvmap.usecases.reassign import reassign, recategorise, set_priority
from qpvmap.usecases.signalements import submit
from tests.factories import NOW, Toy, make_actor, make_signalement, make_territory, submission

WHY = "La chaussée est départementale."


@pytest.fixture
def toy(session: Session) -> Toy:
    return make_territory(session)


@pytest.fixture
def agent(session: Session, toy: Toy) -> Actor:
    return make_actor(session, toy, Role.AGENT, "technique-ouest")


def filed(session: Session, toy: Toy, **more: Any) -> Signalement:
    return submit(session, ANONYMOUS, toy.territory, submission(**more), NOW).signalement


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def promise_by(session: Session, toy: Toy, category: str, team: str, days: int) -> None:
    session.add(
        DeadlineRule(
            category_id=toy.categories[category].id,
            team_id=toy.teams[team].id,
            acknowledge_days=1,
            resolve_days=days,
        )
    )
    session.flush()


def test_reassign_gives_the_work_and_its_delays_to_another_team(
    session: Session, toy: Toy, agent: Actor
) -> None:
    promise_by(session, toy, "voirie", "technique-est", 3)
    row = filed(session, toy)
    change_status(session, agent, row.reference, Request(Status.ACKNOWLEDGED), version=1, now=NOW)
    before = row.due_at
    later = NOW + timedelta(days=5)
    reassign(session, agent, row.reference, "technique-est", f" {WHY} ", 2, later)
    assert row.team.code == "technique-est"
    assert (row.status, row.routing_ground) == (Status.NEW, Ground.BY_HAND)
    assert row.due_at == paris("2026-11-25T18:00+01:00"), "from reception, not from the change"
    last = history(session, row.id)[-1]
    assert (last.kind, last.comment, last.version) == ("reassigned", WHY, 3)
    assert last.changes["was"]["due_at"] == encoded(before)
    assert last.changes["was"]["team_id"] == toy.teams["technique-ouest"].id


def test_reassign_while_waiting_starts_the_clock_and_gives_the_days_back(
    session: Session, toy: Toy, agent: Actor
) -> None:
    row = filed(session, toy)
    wait = Request(Status.WAITING, "Une pièce manque.", waiting_on="le fournisseur")
    change_status(session, agent, row.reference, wait, version=1, now=NOW)
    reassign(session, agent, row.reference, "technique-est", WHY, 2, NOW + timedelta(days=5))
    assert (row.status, row.clock_stopped_at, row.waiting_on) == (Status.NEW, None, "")
    assert row.due_at == paris("2026-12-09T18:00+01:00"), "ten working days, and three waited"


def test_reassign_knows_the_days_on_which_the_other_body_is_closed(
    session: Session, toy: Toy, agent: Actor
) -> None:
    east = toy.teams["technique-est"].organisation_id
    session.add(ClosingDay(organisation_id=east, day=date(2026, 11, 23)))
    row = filed(session, toy)
    reassign(session, agent, row.reference, "technique-est", WHY, 1, NOW)
    assert row.due_at == paris("2026-12-07T18:00+01:00")


def test_a_change_that_means_nothing_is_refused(session: Session, toy: Toy, agent: Actor) -> None:
    row = filed(session, toy)
    key = row.reference
    with pytest.raises(CannotChange):
        reassign(session, agent, key, "technique-ouest", WHY, 1, NOW)
    with pytest.raises(InvalidSubmission):
        reassign(session, agent, key, "nulle-part", WHY, 1, NOW)
    with pytest.raises(CommentRequired):
        reassign(session, agent, key, "technique-est", "  ", 1, NOW)
    with pytest.raises(CannotChange):
        recategorise(session, agent, key, "voirie", WHY, 1, NOW)
    with pytest.raises(InvalidSubmission):
        recategorise(session, agent, key, "licorne", WHY, 1, NOW)
    with pytest.raises(CannotChange):
        set_priority(session, agent, key, Priority.NORMAL, WHY, 1, NOW)
    assert (row.version, len(history(session, row.id))) == (1, 1)


@pytest.mark.parametrize("status", [Status.RESOLVED, Status.CLOSED, Status.TO_ARBITRATE])
def test_what_has_ended_or_is_to_be_arbitrated_stays_as_it_is(
    session: Session, toy: Toy, agent: Actor, status: Status
) -> None:
    row = make_signalement(session, toy, status=status)
    with pytest.raises(CannotChange):
        reassign(session, agent, row.reference, "technique-est", WHY, 1, NOW)
    with pytest.raises(CannotChange):
        recategorise(session, agent, row.reference, "eclairage", WHY, 1, NOW)
    with pytest.raises(CannotChange):
        set_priority(session, agent, row.reference, Priority.HIGH, WHY, 1, NOW)


@pytest.mark.parametrize(
    ("role", "teams"),
    [(Role.RESIDENT, ()), (Role.MEDIATOR, ()), (Role.AGENT, ("technique-est",))],
)
def test_only_those_who_handle_change_it(
    session: Session, toy: Toy, role: Role, teams: tuple[str, ...]
) -> None:
    row = filed(session, toy)
    actor = make_actor(session, toy, role, *teams)
    with pytest.raises(NotAllowed):
        reassign(session, actor, row.reference, "coordination", WHY, 1, NOW)
    with pytest.raises(NotAllowed):
        set_priority(session, actor, row.reference, Priority.HIGH, WHY, 1, NOW)


def test_a_stale_version_changes_nothing(session: Session, toy: Toy, agent: Actor) -> None:
    row = filed(session, toy)
    set_priority(session, agent, row.reference, Priority.HIGH, WHY, 1, NOW)
    with pytest.raises(StaleVersion):
        reassign(session, agent, row.reference, "technique-est", WHY, 1, NOW)
    assert row.team.code == "technique-ouest"


def test_recategorise_follows_the_rules_again(session: Session, toy: Toy, agent: Actor) -> None:
    row = filed(session, toy)
    recategorise(session, agent, row.reference, "eclairage", "C’est un lampadaire.", 1, NOW)
    assert (row.category.code, row.team.code) == ("eclairage", "coordination")
    assert row.routing_ground == Ground.COORDINATION
    assert row.due_at == paris("2026-11-27T18:00+01:00")
    last = history(session, row.id)[-1]
    assert last.kind == "recategorised"
    assert last.changes["was"]["category_id"] == toy.categories["voirie"].id


def test_recategorise_to_tranquillite_is_confidential_at_once(
    session: Session, toy: Toy, agent: Actor
) -> None:
    row = filed(session, toy)
    assert find_visible(session, ANONYMOUS, row.reference)
    recategorise(session, agent, row.reference, "rixe", "Des coups furent échangés.", 1, NOW)
    assert (row.nature, row.team.code) == (Nature.TRANQUILLITE, "police")
    assert find_visible(session, ANONYMOUS, row.reference) is None
    with pytest.raises(NotFound):
        set_priority(session, agent, row.reference, Priority.HIGH, WHY, 2, NOW)


def test_what_is_confidential_never_becomes_public(session: Session, toy: Toy) -> None:
    mediator = make_actor(session, toy, Role.MEDIATOR)
    coordinator = make_actor(session, toy, Role.COORDINATOR)
    row = submit(session, mediator, toy.territory, submission(category="rixe"), NOW).signalement
    with pytest.raises(CannotChange):
        recategorise(session, coordinator, row.reference, "voirie", WHY, 1, NOW)
    assert find_visible(session, ANONYMOUS, row.reference) is None


def test_an_emergency_counts_hours_from_reception(session: Session, toy: Toy, agent: Actor) -> None:
    row = filed(session, toy)
    before = row.due_at
    set_priority(session, agent, row.reference, Priority.EMERGENCY, "Un enfant est tombé.", 1, NOW)
    assert row.acknowledge_due_at == NOW + timedelta(hours=4)
    assert row.due_at == NOW + timedelta(hours=24)
    set_priority(session, agent, row.reference, Priority.NORMAL, "Une barrière est là.", 2, NOW)
    assert row.due_at == before
    assert [entry.kind for entry in history(session, row.id)] == [
        "created", "reprioritised", "reprioritised",
    ]  # fmt: skip


def test_what_was_reopened_counts_from_its_reopening(session: Session, toy: Toy) -> None:
    coordinator = make_actor(session, toy, Role.COORDINATOR)
    row = filed(session, toy)
    key = row.reference

    def move(request: Request, version: int, days: int) -> None:
        at = NOW + timedelta(days=days)
        change_status(session, coordinator, key, request, version=version, now=at)

    move(Request(Status.ACKNOWLEDGED), 1, 0)
    move(Request(Status.RESOLVED, "Rebouché."), 2, 3)
    move(Request(Status.REOPENED, "Le trou est revenu."), 3, 10)
    set_priority(session, coordinator, key, Priority.EMERGENCY, WHY, 4, NOW + timedelta(days=11))
    assert row.due_at == NOW + timedelta(days=11, hours=24), "hours run from when it was said"
    late = row.due_at + timedelta(hours=1)
    assert lateness(row.counted_from, row.due_at, late) is Lateness.LATE
    assert lateness(row.counted_from, row.due_at, late + timedelta(days=1)) is Lateness.TWICE_LATE


def test_an_emergency_told_later_counts_hours_from_then(
    session: Session, toy: Toy, agent: Actor
) -> None:
    row = filed(session, toy)
    before, later = row.due_at, NOW + timedelta(days=5)
    set_priority(session, agent, row.reference, Priority.EMERGENCY, WHY, 1, later)
    assert row.acknowledge_due_at == later + timedelta(hours=4)
    assert row.due_at == later + timedelta(hours=24)
    assert lateness(row.counted_from, row.due_at, later) is Lateness.SOON
    set_priority(session, agent, row.reference, Priority.NORMAL, WHY, 2, later)
    assert row.due_at == before, "what was promised first counts from reception again"


def test_handing_on_buys_no_time_whatever_changes_next(
    session: Session, toy: Toy, agent: Actor
) -> None:
    coordinator = make_actor(session, toy, Role.COORDINATOR, "coordination")
    row = filed(session, toy)
    promised = row.due_at
    later = NOW + timedelta(days=12)
    refuse(session, agent, row.reference, WHY, "technique-est", 1, later)
    assert row.due_at == promised
    assert row.acknowledge_due_at == paris("2026-12-04T18:00+01:00"), "its own delay to say so"
    set_priority(session, coordinator, row.reference, Priority.HIGH, WHY, 2, later)
    assert (row.due_at, row.counted_from) == (promised, NOW)
    assert row.acknowledge_due_at == paris("2026-12-04T18:00+01:00")


def test_coordination_that_hands_on_by_a_mere_move_keeps_what_people_were_promised(
    session: Session, toy: Toy, agent: Actor
) -> None:
    coordinator = make_actor(session, toy, Role.COORDINATOR, "coordination")
    row = filed(session, toy, category="eclairage")
    set_priority(session, coordinator, row.reference, Priority.HIGH, WHY, 1, NOW)
    promised = row.due_at
    refuse(session, coordinator, row.reference, WHY, "technique-est", 2, NOW)
    refuse(session, coordinator, row.reference, WHY, None, 3, NOW)
    assert (row.status, row.due_at < promised) == (Status.TO_ARBITRATE, True)
    back = Request(Status.NEW, "Nous le gardons.")
    change_status(session, coordinator, row.reference, back, version=4, now=NOW)
    assert row.due_at == promised
