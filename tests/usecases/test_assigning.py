"""Giving a signalement to a person of its team: who may, who can be chosen, who is told."""

import pytest
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor, Role
from qpvmap.core.errors import CannotChange, InvalidSubmission, NotAllowed, StaleVersion
from qpvmap.core.journal import STATE_FIELDS, encoded, state_after
from qpvmap.core.workflow import Status
from qpvmap.storage.models import Account
from qpvmap.storage.people import members_of
from qpvmap.storage.signalements import changes_over_time, history
from qpvmap.usecases.assigning import assign
from qpvmap.usecases.not_ours import refuse
from qpvmap.usecases.reassign import reassign
from tests.factories import NOW, Toy, actor_for, make_account, make_signalement, make_territory

WHY = "La chaussée est départementale."


@pytest.fixture
def toy(session: Session) -> Toy:
    return make_territory(session)


@pytest.fixture
def account(session: Session, toy: Toy) -> Account:
    return make_account(session, toy, Role.AGENT, "technique-ouest")


@pytest.fixture
def agent(account: Account) -> Actor:
    return actor_for(account)


def test_assign_when_the_person_is_of_the_team_then_it_is_theirs_and_only_handlers_read_it(
    session: Session, toy: Toy, agent: Actor, account: Account
) -> None:
    row = make_signalement(session, toy)
    assign(session, agent, row.reference, account.id, 1, NOW)
    assert (row.assignee, row.version) == (account, 2)
    assert [entry.kind for entry in history(session, row.id)] == ["created"]
    last = history(session, row.id, internal=True)[-1]
    assert (last.kind, last.changes["set"]) == ("assigned", {"assignee_id": account.id})
    assign(session, agent, row.reference, None, 2, NOW)
    assert row.assignee is None
    lines = [changes for _, changes in changes_over_time(session, row.id)]
    assert state_after(lines) == {name: encoded(getattr(row, name)) for name in STATE_FIELDS}


def test_assign_when_it_means_nothing_then_it_is_refused(
    session: Session, toy: Toy, agent: Actor, account: Account
) -> None:
    row = make_signalement(session, toy)
    stranger = make_account(session, toy, Role.AGENT, "technique-est")
    gone = make_account(session, toy, Role.AGENT, "technique-ouest")
    gone.active = False
    session.flush()
    for nobody_of_it in (stranger.id, gone.id, 10**9):
        with pytest.raises(InvalidSubmission):
            assign(session, agent, row.reference, nobody_of_it, 1, NOW)
    with pytest.raises(CannotChange):
        assign(session, agent, row.reference, None, 1, NOW)
    with pytest.raises(StaleVersion):
        assign(session, agent, row.reference, account.id, 3, NOW)
    assert members_of(session, [row.team_id]) == {account.id: account.name}
    assert row.version == 1


def test_assign_when_somebody_does_not_handle_it_then_it_is_refused(
    session: Session, toy: Toy, account: Account
) -> None:
    row = make_signalement(session, toy)
    for role, teams in ((Role.RESIDENT, ()), (Role.AGENT, ("technique-est",))):
        other = actor_for(make_account(session, toy, role, *teams))
        with pytest.raises(NotAllowed):
            assign(session, other, row.reference, account.id, 1, NOW)
    coordinator = actor_for(make_account(session, toy, Role.COORDINATOR, "coordination"))
    assert assign(session, coordinator, row.reference, account.id, 1, NOW).assignee == account


@pytest.mark.parametrize("status", [Status.RESOLVED, Status.CLOSED, Status.TO_ARBITRATE])
def test_assign_when_it_has_ended_or_is_to_be_arbitrated_then_it_is_refused(
    session: Session, toy: Toy, agent: Actor, account: Account, status: Status
) -> None:
    row = make_signalement(session, toy, status=status)
    with pytest.raises(CannotChange):
        assign(session, agent, row.reference, account.id, 1, NOW)


def test_another_team_whichever_way_it_comes_frees_the_person(
    session: Session, toy: Toy, agent: Actor, account: Account
) -> None:
    moved, refused = (make_signalement(session, toy) for _ in range(2))
    for row in (moved, refused):
        assign(session, agent, row.reference, account.id, 1, NOW)
    reassign(session, agent, moved.reference, "technique-est", WHY, 2, NOW)
    refuse(session, agent, refused.reference, WHY, "technique-est", 2, NOW)
    for row in (moved, refused):
        assert row.assignee_id is None
        assert history(session, row.id)[-1].changes["was"]["assignee_id"] == account.id
