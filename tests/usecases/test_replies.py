"""Ready-made answers: who writes which, what is kept, what fits a signalement."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qpvmap.core.actors import ANONYMOUS, Actor, Role
from qpvmap.core.errors import InvalidSubmission, NotAllowed, NotFound, StaleVersion
from qpvmap.core.replies import Occasion, ReplyDraft
from qpvmap.storage.models import Category, ReplyTemplate, Team
from qpvmap.storage.replies import replies_for
from qpvmap.usecases.replies import find_reply, readable_replies, remove_reply, save_reply
from qpvmap.usecases.territory import load_territory
from tests.factories import Toy, make_actor, make_signalement, make_territory

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.fixture
def toy(session: Session) -> Toy:
    return make_territory(session)


@pytest.fixture
def lead(session: Session, toy: Toy) -> Actor:
    return make_actor(session, toy, Role.LEAD, "technique-ouest")


@pytest.fixture
def coordinator(session: Session, toy: Toy) -> Actor:
    return make_actor(session, toy, Role.COORDINATOR, "coordination")


def draft(team: str = "", category: str = "", title: str = "Nous passons") -> ReplyDraft:
    return ReplyDraft(Occasion.TAKEN, title, "Bonjour, {lieu}.", category, team)


def save(session: Session, actor: Actor, toy: Toy, wanted: ReplyDraft) -> ReplyTemplate:
    return save_reply(session, actor, toy.territory.id, wanted, NOW)


def test_lead_writes_for_their_team_alone(session: Session, toy: Toy, lead: Actor) -> None:
    reply = save(session, lead, toy, draft("technique-ouest", "voirie"))
    assert (reply.version, reply.updated_by) == (2, lead.account_id)
    for other in ("", "technique-est", "nobody"):
        with pytest.raises(InvalidSubmission, match="vos services"):
            save(session, lead, toy, draft(other))


def test_coordinator_writes_for_all_and_for_any_team(
    session: Session, toy: Toy, coordinator: Actor
) -> None:
    assert save(session, coordinator, toy, draft()).team_id is None
    assert save(session, coordinator, toy, draft("police")).team_id == toy.teams["police"].id


@pytest.mark.parametrize(
    "role", [Role.RESIDENT, Role.MEDIATOR, Role.AGENT, Role.PLANNER, Role.ADMIN]
)
def test_others_neither_read_nor_write(session: Session, toy: Toy, role: Role) -> None:
    actor = make_actor(session, toy, role, "technique-ouest")
    with pytest.raises(NotAllowed):
        save(session, actor, toy, draft("technique-ouest"))
    with pytest.raises(NotAllowed):
        readable_replies(session, actor, toy.territory.id)
    with pytest.raises(NotAllowed):
        readable_replies(session, ANONYMOUS, toy.territory.id)


def test_lead_reads_those_of_all_but_not_those_of_another_team(
    session: Session, toy: Toy, lead: Actor, coordinator: Actor
) -> None:
    shared = save(session, coordinator, toy, draft(title="Pour tous"))
    other = save(session, coordinator, toy, draft("police", title="Pour la police"))
    titles = [row.title for row in readable_replies(session, lead, toy.territory.id)]
    assert titles == ["Pour tous"]
    assert find_reply(session, lead, toy.territory.id, shared.id).title == "Pour tous"
    for act in (
        lambda: find_reply(session, lead, toy.territory.id, other.id),
        lambda: remove_reply(session, lead, toy.territory.id, other.id, other.version, NOW),
    ):
        with pytest.raises(NotFound):
            act()
    with pytest.raises(NotAllowed):
        remove_reply(session, lead, toy.territory.id, shared.id, shared.version, NOW)


def test_lead_cannot_take_a_shared_one_over(
    session: Session, toy: Toy, lead: Actor, coordinator: Actor
) -> None:
    shared = save(session, coordinator, toy, draft())
    with pytest.raises(NotAllowed):
        save_reply(
            session,
            lead,
            toy.territory.id,
            draft("technique-ouest"),
            NOW,
            reply_id=shared.id,
            version=shared.version,
        )


def test_coordinator_of_another_territory_is_refused(session: Session, toy: Toy) -> None:
    stranger = make_actor(session, make_territory(session, "other", "OT"), Role.COORDINATOR)
    with pytest.raises(NotAllowed):
        save(session, stranger, toy, draft())


def test_change_after_somebody_else_s_is_refused(
    session: Session, toy: Toy, coordinator: Actor
) -> None:
    reply = save(session, coordinator, toy, draft())
    key, stale = reply.id, reply.version - 1
    with pytest.raises(StaleVersion):
        save_reply(
            session, coordinator, toy.territory.id, draft(), NOW, reply_id=key, version=stale
        )
    with pytest.raises(StaleVersion):
        remove_reply(session, coordinator, toy.territory.id, key, stale, NOW)


def test_all_that_is_wrong_is_said_at_once(session: Session, toy: Toy, lead: Actor) -> None:
    wrong = ReplyDraft("", "", "{nom}", "nothing", "police")
    with pytest.raises(InvalidSubmission) as refused:
        save(session, lead, toy, wrong)
    assert set(refused.value.fields) == {"occasion", "title", "text", "category", "team"}


def test_signalement_is_offered_what_fits_it_the_most_particular_first(
    session: Session, toy: Toy, coordinator: Actor
) -> None:
    row = make_signalement(session, toy, category="voirie", team="technique-ouest")
    save(session, coordinator, toy, draft(title="Partout"))
    save(session, coordinator, toy, draft("technique-ouest", title="Notre service"))
    save(session, coordinator, toy, draft("", "voirie", title="Voirie"))
    save(session, coordinator, toy, draft("technique-est", title="Autre service"))
    save(session, coordinator, toy, draft("", "eclairage", title="Autre catégorie"))
    gone = save(session, coordinator, toy, draft(title="Retirée"))
    remove_reply(session, coordinator, toy.territory.id, gone.id, gone.version, NOW)
    titles = [reply.title for reply in replies_for(session, row)]
    assert titles == ["Voirie", "Notre service", "Partout"]


def test_loading_again_keeps_what_the_town_changed_and_what_it_removed(
    blagis_session: Session,
) -> None:
    session = blagis_session
    count = session.scalar(select(func.count()).select_from(ReplyTemplate))
    changed, removed = session.scalars(
        select(ReplyTemplate)
        .where(ReplyTemplate.code.in_(["fait", "pris-en-charge"]))
        .order_by(ReplyTemplate.code)
    ).all()
    territory_id = changed.territory_id
    team = session.scalars(select(Team).where(Team.code == "coordination")).one()
    actor = Actor(
        roles=frozenset({Role.COORDINATOR}),
        team_ids=frozenset({team.id}),
        territory_ids=frozenset({territory_id}),
    )
    save_reply(
        session,
        actor,
        territory_id,
        ReplyDraft(Occasion.DONE, "À notre façon", "Fini, {lieu}."),
        NOW,
        reply_id=changed.id,
        version=changed.version,
    )
    remove_reply(session, actor, territory_id, removed.id, removed.version, NOW)
    assert not load_territory(session, "blagis", NOW).wrote
    assert session.scalar(select(func.count()).select_from(ReplyTemplate)) == count == 27
    session.refresh(changed)
    session.refresh(removed)
    assert (changed.title, removed.removed_at) == ("À notre façon", NOW)


def test_pilot_territory_has_an_answer_for_each_occasion_and_category_answers_where_they_count(
    blagis_session: Session,
) -> None:
    occasions = set(blagis_session.scalars(select(ReplyTemplate.occasion)))
    assert occasions == set(Occasion)
    particular = set(
        blagis_session.scalars(
            select(Category.code).join(ReplyTemplate, ReplyTemplate.category_id == Category.id)
        )
    )
    assert {"depot-sauvage", "voirie", "eclairage", "parties-communes"} <= particular
