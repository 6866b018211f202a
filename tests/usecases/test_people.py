"""Looking after people and teams: nobody gives what they do not hold, everything is kept."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor, Role
from qpvmap.core.errors import (
    CannotChange,
    InvalidSubmission,
    NotAllowed,
    NotFound,
    StaleVersion,
)
from qpvmap.core.people import GIVABLE, PersonDraft, TeamDraft
from qpvmap.storage.accounts import actor_by_token, actor_of
from qpvmap.storage.models import Account, Team, Upkeep
from qpvmap.storage.upkeep import PAGE, people, upkeep
from qpvmap.usecases.accounts import issue_token
from qpvmap.usecases.people import (
    add_person,
    change_person,
    change_team,
    close_person,
    invite,
    reopen_person,
)
from tests.conftest import NOW
from tests.factories import Toy, make_account, make_actor, make_territory

OTHERS = (Role.AGENT, Role.LEAD, Role.MEDIATOR, Role.PLANNER, Role.RESIDENT)


@pytest.fixture
def toy(session: Session) -> Toy:
    return make_territory(session)


@pytest.fixture
def admin(session: Session, toy: Toy) -> Actor:
    return make_actor(session, toy, Role.ADMIN)


@pytest.fixture
def coordinator(session: Session, toy: Toy) -> Actor:
    return make_actor(session, toy, Role.COORDINATOR, "coordination")


def draft(
    *roles: Role, teams: tuple[Team, ...] = (), email: str = "new@toy.example"
) -> PersonDraft:
    keys = frozenset(team.id for team in teams)
    return PersonDraft("Nour Nouvelle", email, frozenset(role.value for role in roles), keys)


def lines(session: Session) -> list[str]:
    return list(session.scalars(select(Upkeep.kind).order_by(Upkeep.id)))


def test_person_when_added_then_has_no_password_and_is_of_the_team(
    session: Session, toy: Toy, admin: Actor
) -> None:
    west = toy.teams["technique-ouest"]
    account = add_person(session, admin, toy.territory.id, draft(Role.AGENT, teams=(west,)), NOW)
    assert account.password is None
    actor = actor_of(account)
    assert (actor.roles, actor.team_ids) == ({Role.AGENT}, {west.id})
    assert actor.territory_ids == {toy.territory.id}
    (line,) = upkeep(session, toy.territory.id, account_id=account.id)
    assert line.kind == "person_added"
    assert line.changes["set"]["rôles"] == "agent d’un service"


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.PUBLIC,)])
def test_role_when_given_then_only_by_who_may(
    session: Session, toy: Toy, admin: Actor, coordinator: Actor, role: Role
) -> None:
    for giver, actor in ((Role.ADMIN, admin), (Role.COORDINATOR, coordinator)):
        asked = draft(role, email=f"{giver}.{role}@toy.example")
        if role in GIVABLE[giver]:
            assert add_person(session, actor, toy.territory.id, asked, NOW).id
        else:
            with pytest.raises(InvalidSubmission, match="pas à vous de le donner"):
                add_person(session, actor, toy.territory.id, asked, NOW)


def test_what_is_confidential_when_the_administration_gives_it_then_refused(
    session: Session, toy: Toy, admin: Actor, coordinator: Actor
) -> None:
    police = toy.teams["police"]
    assert police.confidential
    asked = draft(Role.AGENT, teams=(police,))
    with pytest.raises(InvalidSubmission, match="seule la coordination"):
        add_person(session, admin, toy.territory.id, asked, NOW)
    account = add_person(session, coordinator, toy.territory.id, asked, NOW)
    without = draft(Role.AGENT)
    seen = upkeep(session, toy.territory.id, account_id=account.id)[0].id
    with pytest.raises(InvalidSubmission, match="seule la coordination"):
        change_person(session, admin, toy.territory.id, account.id, without, seen, NOW)


@pytest.mark.parametrize(
    "role", [Role.AGENT, Role.LEAD, Role.MEDIATOR, Role.PLANNER, Role.RESIDENT]
)
def test_others_when_they_try_then_refused(session: Session, toy: Toy, role: Role) -> None:
    actor = make_actor(session, toy, role)
    other = make_account(session, toy, Role.AGENT)
    west = toy.teams["technique-ouest"]
    with pytest.raises(NotAllowed):
        add_person(session, actor, toy.territory.id, draft(Role.AGENT), NOW)
    for act in (close_person, reopen_person, invite):
        with pytest.raises(NotAllowed):
            act(session, actor, toy.territory.id, other.id, NOW)
    with pytest.raises(NotAllowed):
        team = TeamDraft("Voirie", "voirie@ville.example")
        change_team(session, actor, toy.territory.id, west.id, team, 0, NOW)
    assert lines(session) == []


def test_territories_when_another_s_person_or_team_is_named_then_not_found(
    session: Session, toy: Toy, admin: Actor
) -> None:
    elsewhere = make_territory(session, "other", "OT")
    account = make_account(session, elsewhere, Role.AGENT)
    team = elsewhere.teams["technique-ouest"]
    here = toy.territory.id
    with pytest.raises(NotFound):
        close_person(session, admin, here, account.id, NOW)
    with pytest.raises(NotFound):
        change_team(session, admin, here, team.id, TeamDraft("X", ""), 0, NOW)
    with pytest.raises(NotAllowed):
        close_person(session, admin, elsewhere.territory.id, account.id, NOW)
    with pytest.raises(InvalidSubmission, match="cette liste"):
        add_person(session, admin, here, draft(Role.AGENT, teams=(team,)), NOW)


def test_oneself_when_changed_then_refused(session: Session, toy: Toy, admin: Actor) -> None:
    assert admin.account_id is not None
    given = (session, admin, toy.territory.id, admin.account_id)
    with pytest.raises(CannotChange):
        change_person(*given, draft(Role.ADMIN, Role.AGENT), 0, NOW)
    with pytest.raises(CannotChange):
        close_person(*given, NOW)


def test_person_when_changed_twice_from_one_reading_then_the_second_is_refused(
    session: Session, toy: Toy, admin: Actor
) -> None:
    account = make_account(session, toy, Role.AGENT)
    given = (session, admin, toy.territory.id, account.id)
    change_person(*given, draft(Role.LEAD), 0, NOW)
    (line,) = upkeep(session, toy.territory.id, account_id=account.id)
    assert line.changes["was"]["rôles"] == "agent d’un service"
    assert line.changes["set"]["rôles"] == "référent ou référente d’un service"
    with pytest.raises(StaleVersion):
        change_person(*given, draft(Role.AGENT), 0, NOW)
    change_person(*given, draft(Role.LEAD), line.id, NOW)
    assert lines(session) == ["person_changed"]  # nothing changed: nothing to keep


def test_account_when_closed_then_sessions_and_tokens_end_and_it_can_be_opened_again(
    session: Session, toy: Toy, admin: Actor
) -> None:
    account = make_account(session, toy, Role.AGENT, "technique-ouest")
    token = issue_token(session, account.id, "", NOW)
    stamp = account.fs_uniquifier
    given = (session, admin, toy.territory.id, account.id)
    close_person(*given, NOW)
    assert not account.active
    assert account.fs_uniquifier != stamp
    with pytest.raises(CannotChange):
        invite(*given, NOW)
    reopen_person(*given, NOW)
    assert account.active
    assert actor_by_token(session, token, NOW + timedelta(minutes=1)) is None
    assert lines(session) == ["person_closed", "person_reopened"]


def test_mediator_when_closed_by_the_administration_then_only_the_coordination_opens_again(
    session: Session, toy: Toy, admin: Actor, coordinator: Actor
) -> None:
    account = make_account(session, toy, Role.MEDIATOR)
    given = (toy.territory.id, account.id, NOW)
    close_person(session, admin, *given)
    with pytest.raises(InvalidSubmission):
        reopen_person(session, admin, *given)
    reopen_person(session, coordinator, *given)
    assert account.active


@pytest.mark.parametrize("email", ["voirie", "a@b", "a b@ville.example", "@ville.example"])
def test_team_when_its_address_is_none_then_refused(
    session: Session, toy: Toy, admin: Actor, email: str
) -> None:
    west = toy.teams["technique-ouest"]
    with pytest.raises(InvalidSubmission):
        change_team(session, admin, toy.territory.id, west.id, TeamDraft("Voirie", email), 0, NOW)


def test_team_when_given_a_person_s_address_then_refused_and_a_shared_one_is_kept(
    session: Session, toy: Toy, admin: Actor
) -> None:
    west = toy.teams["technique-ouest"]
    somebody = make_account(session, toy, Role.AGENT)
    given = (session, admin, toy.territory.id, west.id)
    with pytest.raises(InvalidSubmission, match="adresse partagée"):
        change_team(*given, TeamDraft("Voirie", somebody.email.upper()), 0, NOW)
    change_team(*given, TeamDraft("Voirie", "voirie@ville.example"), 0, NOW)
    assert (west.name, west.email) == ("Voirie", "voirie@ville.example")
    (line,) = upkeep(session, toy.territory.id, team_id=west.id)
    assert line.changes["set"] == {"nom": "Voirie", "courriel": "voirie@ville.example"}


def test_lines_when_somebody_would_change_them_then_the_database_refuses(
    session: Session, toy: Toy, admin: Actor
) -> None:
    add_person(session, admin, toy.territory.id, draft(Role.AGENT), NOW)
    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(text("delete from upkeep"))


def test_list_when_there_are_many_then_pages_follow_without_residents_or_strangers(
    session: Session, toy: Toy
) -> None:
    for number in range(PAGE + 5):
        make_account(session, toy, Role.AGENT).name = f"Agent {number:03d}"
    make_account(session, toy, Role.RESIDENT).name = "Agent habitant"
    make_account(session, make_territory(session, "other", "OT"), Role.AGENT).name = "Agent autre"
    session.flush()

    def page(after: int = 0, search: str = "") -> list[Account]:
        found = people(session, toy.territory.id, search=search, team_id=None, after=after)
        return list(found)

    first = page()
    assert len(first) == PAGE + 1
    rest = page(after=first[PAGE - 1].id)
    names = [account.name for account in (*first[:PAGE], *rest)]
    assert names == [f"Agent {number:03d}" for number in range(PAGE + 5)]
    assert [account.name for account in page(search="ÀGENT 01")] == [
        f"Agent {number:03d}" for number in range(10, 20)
    ]
    assert page(search="%") == []
