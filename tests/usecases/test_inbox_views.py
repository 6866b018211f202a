"""Kept views of the inbox: whose, how many, shared with whom, and which one opens first."""

import pytest
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor, Role
from qpvmap.core.errors import CannotChange, InvalidSubmission, NotAllowed, NotFound
from qpvmap.core.inbox_views import MOST_VIEWS
from qpvmap.storage.inbox_views import first_query, views_of
from qpvmap.storage.models import InboxView
from qpvmap.usecases.inbox_views import (
    NewView,
    choose_first_view,
    forget_view,
    keep_view,
    rename_view,
)
from tests.factories import NOW, Toy, make_actor, make_territory


@pytest.fixture
def toy(session: Session) -> Toy:
    return make_territory(session)


@pytest.fixture
def lead(session: Session, toy: Toy) -> Actor:
    return make_actor(session, toy, Role.LEAD, "technique-ouest")


@pytest.fixture
def agent(session: Session, toy: Toy) -> Actor:
    return make_actor(session, toy, Role.AGENT, "technique-ouest")


def keep(session: Session, actor: Actor, name: str, team_id: int | None = None) -> InboxView:
    return keep_view(session, actor, NewView(name, "vue=en-retard", team_id), NOW)


def names(session: Session, actor: Actor) -> list[str]:
    return [view.name for view in views_of(session, actor)]


def test_view_kept_is_its_maker_s_alone(session: Session, lead: Actor, agent: Actor) -> None:
    view = keep(session, agent, "  Mes   retards ")
    assert (names(session, agent), names(session, lead)) == (["Mes retards"], [])
    with pytest.raises(NotFound):
        rename_view(session, lead, view.id, "À moi", None)
    with pytest.raises(NotFound):
        forget_view(session, lead, view.id)
    with pytest.raises(NotFound):
        choose_first_view(session, lead, view.id)


def test_view_name_is_asked_for_short_and_once(session: Session, agent: Actor) -> None:
    view = keep(session, agent, "Retards")
    for name in ("", "  ", "x" * 61, "RETARDS", "a\x00b"):
        with pytest.raises(InvalidSubmission):
            keep(session, agent, name)
    other = keep(session, agent, "Lampes")
    with pytest.raises(InvalidSubmission):
        rename_view(session, agent, other.id, "retards", None)
    assert rename_view(session, agent, view.id, "RETARDS", None).name == "RETARDS"


def test_views_are_twenty_at_most(session: Session, agent: Actor) -> None:
    for number in range(MOST_VIEWS):
        keep(session, agent, f"Vue {number}")
    with pytest.raises(CannotChange):
        keep(session, agent, "Une de trop")


def test_view_is_shared_by_those_who_lead_with_their_team(
    session: Session, toy: Toy, lead: Actor, agent: Actor
) -> None:
    west, east = toy.teams["technique-ouest"].id, toy.teams["technique-est"].id
    keep(session, lead, "Pour tous", west)
    assert names(session, agent) == ["Pour tous"]
    with pytest.raises(NotAllowed):
        keep(session, agent, "Pour tous aussi", west)
    with pytest.raises(NotAllowed):
        keep(session, lead, "Chez les voisins", east)
    with pytest.raises(InvalidSubmission):
        keep(session, lead, "Nulle part", 10**12)
    coordinator = make_actor(session, toy, Role.COORDINATOR, "coordination")
    keep(session, coordinator, "Chez les voisins", east)
    assert names(session, make_actor(session, toy, Role.AGENT, "technique-est")) == [
        "Chez les voisins"
    ]


def test_view_opens_first_until_it_is_forgotten_or_no_longer_shared(
    session: Session, toy: Toy, lead: Actor, agent: Actor
) -> None:
    shared = keep(session, lead, "Pour tous", toy.teams["technique-ouest"].id)
    choose_first_view(session, agent, shared.id)
    assert first_query(session, agent) == "vue=en-retard"
    assert first_query(session, lead) == ""
    rename_view(session, lead, shared.id, "Pour moi", None)
    assert first_query(session, agent) == ""
    mine = keep(session, agent, "Les miens")
    choose_first_view(session, agent, mine.id)
    choose_first_view(session, agent, None)
    assert first_query(session, agent) == ""
    choose_first_view(session, agent, mine.id)
    forget_view(session, agent, mine.id)
    assert first_query(session, agent) == ""


def test_views_are_for_those_who_have_an_inbox(session: Session, toy: Toy) -> None:
    for actor in (Actor(), make_actor(session, toy, Role.PLANNER)):
        with pytest.raises(NotAllowed):
            keep(session, actor, "Vue")
