"""Moving along: who may, from where, and two at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qpvmap.core.actors import ANONYMOUS, Actor, Role
from qpvmap.core.errors import (
    CommentRequired,
    ForbiddenMove,
    NotAllowed,
    NotFound,
    StaleVersion,
)
from qpvmap.core.workflow import Outcome, Request, Status
from qpvmap.storage.models import Event, Signalement
from qpvmap.storage.session import make_engine, transaction
from qpvmap.storage.signalements import history
from qpvmap.usecases.handling import change_status, possible_moves
from tests.factories import NOW, Toy, make_actor, make_signalement, make_territory


@pytest.fixture
def toy(session: Session) -> Toy:
    return make_territory(session)


@pytest.fixture
def agent(session: Session, toy: Toy) -> Actor:
    return make_actor(session, toy, Role.AGENT, "technique-ouest")


def move(
    session: Session,
    actor: Actor,
    row: Signalement,
    to: Status,
    comment: str = "",
    outcome: Outcome | None = None,
) -> None:
    request = Request(to, comment, outcome)
    change_status(session, actor, row.reference, request, version=row.version, now=NOW)


def test_a_signalement_goes_through_its_whole_life(
    session: Session, toy: Toy, agent: Actor
) -> None:
    row = make_signalement(session, toy)
    move(session, agent, row, Status.ACKNOWLEDGED)
    move(session, agent, row, Status.IN_PROGRESS)
    assert row.settled_at is None
    move(session, agent, row, Status.RESOLVED, "  Trou rebouché.  ")
    assert row.settled_at == NOW
    move(session, agent, row, Status.CLOSED)
    entries = history(session, row.id)
    assert [entry.to_status for entry in entries] == [
        "new", "acknowledged", "in_progress", "resolved", "closed",
    ]  # fmt: skip
    assert entries[3].comment == "Trou rebouché."
    assert entries[-1].to_status == row.status
    assert entries[-1].version == row.version == 5


def test_contesting_starts_the_clock_again_and_is_counted(session: Session, toy: Toy) -> None:
    reporter = make_actor(session, toy, Role.RESIDENT)
    row = make_signalement(
        session,
        toy,
        status=Status.RESOLVED,
        settled_at=NOW - timedelta(days=2),
        reporter_id=reporter.account_id,
    )
    move(session, reporter, row, Status.REOPENED, "Le trou s’est rouvert.")
    assert (row.settled_at, row.outcome, row.reopenings) == (None, None, 1)
    assert row.due_at > NOW


def test_waiting_stops_the_clock_and_gives_the_days_back(
    session: Session, toy: Toy, agent: Actor
) -> None:
    due = datetime(2026, 11, 24, 17, tzinfo=UTC)
    row = make_signalement(session, toy, due_at=due, acknowledge_due_at=due)
    wait = Request(Status.WAITING, "Une pièce manque.", waiting_on="le fournisseur")
    change_status(session, agent, row.reference, wait, version=1, now=NOW)
    assert (row.clock_stopped_at, row.waiting_on) == (NOW, "le fournisseur")
    resume = Request(Status.IN_PROGRESS)
    tuesday = NOW + timedelta(days=4)
    change_status(session, agent, row.reference, resume, version=2, now=tuesday)
    assert row.due_at == datetime(2026, 11, 26, 17, tzinfo=UTC)
    assert (row.clock_stopped_at, row.waiting_on) == (None, "")
    last = history(session, row.id)[-1]
    assert last.changes["was"]["due_at"] == due.isoformat()


@pytest.mark.parametrize(
    ("role", "teams"),
    [
        (Role.RESIDENT, ()),
        (Role.MEDIATOR, ()),
        (Role.AGENT, ("technique-est",)),
        (Role.PLANNER, ()),
        (Role.ADMIN, ()),
    ],
)
def test_those_outside_the_team_see_but_do_not_move(
    session: Session, toy: Toy, role: Role, teams: tuple[str, ...]
) -> None:
    row = make_signalement(session, toy)
    actor = make_actor(session, toy, role, *teams)
    assert possible_moves(session, actor, row, NOW) == {}
    with pytest.raises(NotAllowed):
        move(session, actor, row, Status.ACKNOWLEDGED)


def test_what_one_may_not_see_does_not_exist(session: Session, toy: Toy, agent: Actor) -> None:
    row = make_signalement(session, toy, category="rixe", team="police")
    for actor in (agent, ANONYMOUS):
        with pytest.raises(NotFound):
            move(session, actor, row, Status.ACKNOWLEDGED)


def test_a_stale_version_writes_nothing(session: Session, toy: Toy, agent: Actor) -> None:
    row = make_signalement(session, toy, version=3)
    with pytest.raises(StaleVersion) as stale:
        change_status(
            session,
            agent,
            row.reference,
            Request(Status.ACKNOWLEDGED),
            version=2,
            now=NOW + timedelta(hours=1),
        )
    assert (stale.value.sent, stale.value.current) == (2, 3)
    assert row.status == Status.NEW


def test_the_workflow_is_kept(session: Session, toy: Toy, agent: Actor) -> None:
    row = make_signalement(session, toy)
    with pytest.raises(ForbiddenMove):
        move(session, agent, row, Status.RESOLVED, "Fait.")
    with pytest.raises(CommentRequired):
        move(session, agent, row, Status.CLOSED, "", Outcome.NO_ACTION)
    assert list(possible_moves(session, agent, row, NOW)) == [
        Status.ACKNOWLEDGED, Status.SCHEDULED, Status.IN_PROGRESS, Status.WAITING, Status.CLOSED,
    ]  # fmt: skip


def test_two_agents_at_once_make_one_move(committed_db: str) -> None:
    engine = make_engine(committed_db, pool_size=8)
    with transaction(engine) as session:
        toy = make_territory(session)
        agents = [make_actor(session, toy, Role.AGENT, "technique-ouest") for _ in range(8)]
        reference = make_signalement(session, toy).reference

    def acknowledge(actor: Actor) -> str:
        try:
            with transaction(engine) as session:
                change_status(
                    session,
                    actor,
                    reference,
                    Request(Status.ACKNOWLEDGED),
                    version=1,
                    now=NOW,
                )
        except StaleVersion:
            return "stale"
        return "moved"

    with ThreadPoolExecutor(8) as pool:
        outcomes = sorted(pool.map(acknowledge, agents))
    assert outcomes == ["moved"] + ["stale"] * 7
    with transaction(engine) as session:
        assert session.scalar(select(func.count()).select_from(Event)) == 2
    engine.dispose()
