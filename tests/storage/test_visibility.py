"""The table of permissions and its SQL twin give the same answer, everywhere."""

from dataclasses import replace
from datetime import timedelta
from itertools import product
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.core.actors import ANONYMOUS, Actor, Role
from qpvmap.core.permissions import GRANTS, Action, Nature, Reach, Target, may
from qpvmap.storage.models import Presence, Round, Signalement, SiteWalk
from qpvmap.storage.visibility import (
    presences_of,
    reached_by,
    rounds_of,
    visible_to,
    walks_of,
)
from qpvmap.usecases.handling import target_of
from tests.factories import NOW, Toy, make_account, make_actor, make_signalement, make_territory
from tests.usecases.walk_help import make_walk

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


def mixed_actors(session: Session, here: Toy, elsewhere: Toy) -> list[Actor]:
    """Return people of several roles, people of two territories, and some of both."""
    pairs = (
        (Role.RESIDENT, Role.AGENT),
        (Role.MEDIATOR, Role.PLANNER),
        (Role.AGENT, Role.ADMIN),
        (Role.LEAD, Role.COORDINATOR),
        tuple(Role),
    )
    several = [
        replace(make_actor(session, here, roles[0], *TEAMS[1:]), roles=frozenset(roles))
        for roles in pairs
    ]
    one_role = [
        make_actor(session, here, role, *TEAMS[:1])
        for role in (Role.RESIDENT, Role.MEDIATOR, Role.AGENT, Role.COORDINATOR)
    ]
    return [*several, *(on_both(actor, elsewhere) for actor in (*one_role, *several))]


def on_both(actor: Actor, elsewhere: Toy) -> Actor:
    """Return an actor who is also of another territory, in its police."""
    police = {elsewhere.teams["police"].id}
    return replace(
        actor,
        territory_ids=actor.territory_ids | {elsewhere.territory.id},
        team_ids=actor.team_ids | police,
        confidential_team_ids=actor.confidential_team_ids | police,
    )


@pytest.mark.parametrize("action", Action)
def test_sql_agrees_with_the_table_for_every_role_action_and_target(
    session: Session, action: Action
) -> None:
    here, elsewhere = make_territory(session), make_territory(session, "other", "OT")
    actors = [*every_actor(session, here), *mixed_actors(session, here, elsewhere)]
    somebody = make_account(session, here, Role.RESIDENT)
    reporters = sorted({actor.account_id for actor in actors if actor.account_id is not None})
    for toy in (here, elsewhere):
        every_signalement(session, toy, [None, somebody.id, *reporters])
    rows = session.scalars(select(Signalement)).all()
    assert len(rows) == 2 * 2 * 3 * (2 + len(reporters))
    assert len(actors) == 1 + 21 + 14
    for actor in actors:
        by_table = {row.id for row in rows if may(actor, action, target_of(row))}
        by_sql = set(session.scalars(select(Signalement.id).where(reached_by(actor, action))))
        assert by_sql == by_table, (action, actor.roles, actor.team_ids)


def test_sql_agrees_with_the_table_on_whose_rounds_are_led(session: Session) -> None:
    here, elsewhere = make_territory(session), make_territory(session, "other", "OT")
    actors = every_actor(session, here)
    for toy, team in product((here, elsewhere), TEAMS):
        session.add(
            Round(
                territory_id=toy.territory.id,
                team_id=toy.teams[team].id,
                title="Tournée",
                day=NOW.date(),
                author_id=actors[1].account_id,
                created_at=NOW,
                updated_at=NOW,
            )
        )
    session.flush()
    rows = session.scalars(select(Round)).all()
    assert len(rows) == 6
    for actor in actors:
        by_table = {
            row.id
            for row in rows
            if may(actor, Action.LEAD_ROUND, Target(row.territory_id, None, row.team_id))
        }
        by_sql = set(session.scalars(select(Round.id).where(rounds_of(actor))))
        assert by_sql == by_table, (actor.roles, actor.team_ids)


@pytest.mark.parametrize("action", [Action.READ_PRESENCE, Action.COUNT_PRESENCE])
def test_sql_agrees_with_the_table_on_whose_presences_are_read(
    session: Session, action: Action
) -> None:
    here, elsewhere = make_territory(session), make_territory(session, "other", "OT")
    actors = [*every_actor(session, here), *mixed_actors(session, here, elsewhere)]
    keys = [actor.account_id for actor in actors if actor.account_id is not None]
    for toy, team, place in product((here, elsewhere), TEAMS, range(len(keys))):
        session.add(
            Presence(
                client_id=uuid4(),
                territory_id=toy.territory.id,
                team_id=toy.teams[team].id,
                walker_id=keys[place],
                companion_id=keys[place - 1],
                started_at=NOW,
                ended_at=NOW + timedelta(hours=1),
                entry="live",
                created_at=NOW,
                updated_at=NOW,
            )
        )
    session.flush()
    rows = session.scalars(select(Presence)).all()
    for actor in actors:
        by_table = {
            row.id
            for row in rows
            if any(
                may(actor, action, Target(row.territory_id, None, row.team_id, who))
                for who in (row.walker_id, row.companion_id)
            )
        }
        by_sql = set(session.scalars(select(Presence.id).where(presences_of(actor, action))))
        assert by_sql == by_table, (actor.roles, actor.team_ids)


def test_sql_agrees_with_the_table_on_whose_walks_are_read(session: Session) -> None:
    here, elsewhere = make_territory(session), make_territory(session, "other", "OT")
    actors = every_actor(session, here)
    for toy in (here, elsewhere):
        make_walk(session, toy, make_actor(session, toy, Role.COORDINATOR), NOW, stops=0)
    rows = session.scalars(select(SiteWalk)).all()
    assert len(rows) == 2
    for actor in actors:
        by_table = {
            row.id for row in rows if may(actor, Action.VIEW_WALK, Target(row.territory_id))
        }
        by_sql = set(session.scalars(select(SiteWalk.id).where(walks_of(actor))))
        assert by_sql == by_table, actor.roles


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
