"""The table of permissions and its SQL twin give the same answer, everywhere."""

from itertools import product

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.core.actors import ANONYMOUS, Actor, Role
from qpvmap.core.permissions import GRANTS, Action, Nature, Reach, Target, may
from qpvmap.storage.models import Signalement
from qpvmap.storage.visibility import reached_by, visible_to
from qpvmap.usecases.handling import target_of
from tests.factories import Toy, make_account, make_actor, make_signalement, make_territory

TEAMS = ("technique-ouest", "technique-est", "police")


def every_signalement(session: Session, toy: Toy, reporters: list[int | None]) -> None:
    """Add one signalement per nature x team x reporter."""
    for category, team, reporter in product(("voirie", "rixe"), TEAMS, reporters):
        make_signalement(session, toy, category=category, team=team, reporter_id=reporter)


def every_actor(session: Session, toy: Toy) -> list[Actor]:
    """Return nobody, and each role in no team, in one, in two."""
    people = [
        make_actor(session, toy, role, *teams)
        for role in Role
        if role is not Role.PUBLIC
        for teams in ((), TEAMS[:1], TEAMS[1:])
    ]
    return [ANONYMOUS, *people]


@pytest.mark.parametrize("action", Action)
def test_sql_agrees_with_the_table_for_every_role_action_and_target(
    session: Session, action: Action
) -> None:
    here, elsewhere = make_territory(session), make_territory(session, "other", "OT")
    actors = every_actor(session, here)
    somebody = make_account(session, here, Role.RESIDENT)
    for toy in (here, elsewhere):
        every_signalement(session, toy, [None, somebody.id, *(a.account_id for a in actors[1:])])
    rows = session.scalars(select(Signalement)).all()
    assert len(rows) == 2 * 2 * 3 * (2 + 21)
    for actor in actors:
        by_table = {row.id for row in rows if may(actor, action, target_of(row))}
        by_sql = set(session.scalars(select(Signalement.id).where(reached_by(actor, action))))
        assert by_sql == by_table, (action, actor.roles, actor.team_ids)


@pytest.mark.parametrize("action", Action)
def test_sql_agrees_with_the_table_for_who_holds_a_link(session: Session, action: Action) -> None:
    toy = make_territory(session)
    every_signalement(session, toy, [None, make_account(session, toy, Role.RESIDENT).id])
    rows = session.scalars(select(Signalement)).all()
    held = frozenset(row.id for row in rows[::3])
    holder = Actor(
        roles=frozenset({Role.RESIDENT}),
        territory_ids=frozenset({toy.territory.id}),
        holds=held,
    )
    by_table = {row.id for row in rows if may(holder, action, target_of(row))}
    by_sql = set(session.scalars(select(Signalement.id).where(reached_by(holder, action))))
    assert by_sql == by_table
    if action is Action.CONTEST:
        assert by_table == held


def test_tranquillite_is_hidden_from_those_who_need_not_act(session: Session) -> None:
    toy = make_territory(session)
    make_signalement(session, toy, category="rixe", team="police")
    blind = [
        ANONYMOUS,
        make_actor(session, toy, Role.RESIDENT),
        make_actor(session, toy, Role.AGENT, "technique-ouest"),
        make_actor(session, toy, Role.PLANNER),
        make_actor(session, toy, Role.ADMIN),
    ]
    for actor in blind:
        assert session.scalars(select(Signalement).where(visible_to(actor))).all() == []
    seeing = [
        make_actor(session, toy, Role.MEDIATOR),
        make_actor(session, toy, Role.AGENT, "police"),
        make_actor(session, toy, Role.COORDINATOR),
    ]
    for actor in seeing:
        assert len(session.scalars(select(Signalement).where(visible_to(actor))).all()) == 1


def test_what_is_not_in_the_table_is_refused() -> None:
    everything = Actor(account_id=1, roles=frozenset(Role), territory_ids=frozenset({1}))
    assert not may(everything, Action.HANDLE, Target(territory_id=1, nature=None))
    assert not may(ANONYMOUS, Action.ADMINISTER, Target(territory_id=1))
    assert set(GRANTS) == set(Action)


def test_only_what_is_public_reaches_everywhere() -> None:
    everywhere = {
        (action, nature, role)
        for action, natures in GRANTS.items()
        for nature, grants in natures.items()
        for role, reach in grants.items()
        if Reach.EVERYWHERE in reach
    }
    assert everywhere == {
        (Action.VIEW, Nature.TECHNIQUE, Role.PUBLIC),
        (Action.SUBMIT, Nature.TECHNIQUE, Role.PUBLIC),
        (Action.SUPPORT, Nature.TECHNIQUE, Role.PUBLIC),
    }
