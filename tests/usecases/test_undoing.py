"""Taking back: the state goes back whole, nobody is told, and only who did it may."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor, Role
from qpvmap.core.errors import CannotChange, NotAllowed, StaleVersion
from qpvmap.core.journal import STATE_FIELDS, encoded, state_after
from qpvmap.core.undoing import HELD_FOR, UNDO_FOR, UNDONE
from qpvmap.core.workflow import Outcome, Request, Status
from qpvmap.storage.models import Contact, Event, Notice, RoundStop, Signalement
from qpvmap.storage.session import make_engine, transaction
from qpvmap.storage.signalements import changes_over_time, history
from qpvmap.usecases.assigning import assign
from qpvmap.usecases.handling import change_status
from qpvmap.usecases.joining import Part, merge, split
from qpvmap.usecases.messages import message
from qpvmap.usecases.reassign import reassign
from qpvmap.usecases.round_stops import AtStop, complete_stop
from qpvmap.usecases.rounds import NewRound, create_round
from qpvmap.usecases.telling import tell
from qpvmap.usecases.undoing import undo
from tests.conftest import NOW
from tests.factories import Toy, make_actor, make_signalement, make_territory

SOON = NOW + timedelta(seconds=20)
MOVES = {
    "take": Request(Status.ACKNOWLEDGED),
    "plan": Request(Status.SCHEDULED, planned_for=date(2026, 12, 4)),
    "wait": Request(Status.WAITING, "Une pièce manque.", waiting_on="le fournisseur"),
    "resolve": Request(Status.RESOLVED, "C’est fait."),
    "close": Request(Status.CLOSED, "Rien à faire.", Outcome.NO_ACTION),
}


@pytest.fixture
def toy(session: Session) -> Toy:
    return make_territory(session)


@pytest.fixture
def agent(session: Session, toy: Toy) -> Actor:
    return make_actor(session, toy, Role.AGENT, "technique-ouest")


def move(
    session: Session, actor: Actor, row: Signalement, request: Request, now: datetime = NOW
) -> None:
    change_status(session, actor, row.reference, request, version=row.version, now=now)


def take_back(
    session: Session, actor: Actor, row: Signalement, now: datetime = SOON
) -> Signalement:
    return undo(session, actor, row.reference, row.version, now)


def state_of(row: Signalement) -> dict[str, Any]:
    return {name: encoded(getattr(row, name)) for name in STATE_FIELDS}


def lines_of(session: Session, row: Signalement) -> Sequence[Event]:
    chosen = select(Event).where(Event.signalement_id == row.id).order_by(Event.sequence)
    return session.scalars(chosen).all()


def told(session: Session, event: Event, now: datetime = NOW + HELD_FOR) -> int:
    return tell(session, event.id, None, now)


def add_contact(session: Session, row: Signalement) -> None:
    session.add(Contact(signalement_id=row.id, email="lea@example.org", consent_at=NOW))
    session.flush()


@pytest.mark.parametrize("name", MOVES)
def test_move_when_taken_back_then_the_state_is_as_before_and_nobody_hears_of_it(
    session: Session, toy: Toy, agent: Actor, name: str
) -> None:
    row = make_signalement(session, toy, status=Status.ACKNOWLEDGED, created_at=NOW)
    if name == "take":
        row = make_signalement(session, toy)
    add_contact(session, row)
    before = state_of(row)
    move(session, agent, row, MOVES[name])
    moved = lines_of(session, row)[-1]
    take_back(session, agent, row)
    assert state_of(row) == before
    last = lines_of(session, row)[-1]
    assert (last.kind, last.undoes_id, last.internal) == (UNDONE, moved.id, True)
    assert row.version == last.version == 3
    assert told(session, moved) == told(session, last) == 0
    assert session.scalars(select(Notice)).all() == []


def test_move_when_not_taken_back_then_it_is_told_once_its_minute_is_over(
    session: Session, toy: Toy, agent: Actor
) -> None:
    row = make_signalement(session, toy)
    add_contact(session, row)
    session.execute(text("delete from procrastinate_jobs"))
    move(session, agent, row, MOVES["take"])
    jobs = session.execute(text("select args, scheduled_at from procrastinate_jobs")).all()
    assert [(job.args["parties"], job.scheduled_at) for job in jobs] == [
        (["reporter"], NOW + HELD_FOR)
    ]
    assert told(session, lines_of(session, row)[-1]) == 1
    with pytest.raises(CannotChange, match="Trop tard"):
        take_back(session, agent, row)


def test_lines_of_a_journal_when_some_were_taken_back_then_add_up_to_the_state(
    session: Session, toy: Toy, agent: Actor
) -> None:
    row = make_signalement(session, toy)
    first = row.due_at
    move(session, agent, row, MOVES["wait"])
    take_back(session, agent, row)
    move(session, agent, row, MOVES["take"], NOW + timedelta(days=1))
    changes = [line.changes for line in lines_of(session, row)]
    summed = state_after(changes)
    assert {name: summed[name] for name in STATE_FIELDS} == state_of(row)
    assert row.due_at == first
    counted = changes_over_time(session, row.id)
    assert [change.get("set", {}).get("status") for _, change in counted] == [
        "new",
        "acknowledged",
    ]


def test_history_when_something_was_taken_back_then_teams_alone_read_of_it(
    session: Session, toy: Toy, agent: Actor
) -> None:
    row = make_signalement(session, toy)
    move(session, agent, row, Request(Status.WAITING, "Mauvais dossier.", waiting_on="X"))
    take_back(session, agent, row)
    assert [entry.kind for entry in history(session, row.id)] == ["created"]
    internal = history(session, row.id, internal=True)
    assert [entry.kind for entry in internal] == ["created", "moved", "undone"]


def test_undo_when_the_minute_is_over_then_refused_with_what_to_do(
    session: Session, toy: Toy, agent: Actor
) -> None:
    row = make_signalement(session, toy)
    move(session, agent, row, MOVES["take"])
    with pytest.raises(CannotChange, match="action qui corrige"):
        take_back(session, agent, row, NOW + UNDO_FOR + timedelta(seconds=1))
    assert row.status == Status.ACKNOWLEDGED


def test_undo_when_somebody_else_did_it_then_refused(
    session: Session, toy: Toy, agent: Actor
) -> None:
    colleague = make_actor(session, toy, Role.AGENT, "technique-ouest")
    elsewhere = make_actor(session, toy, Role.AGENT, "technique-est")
    row = make_signalement(session, toy)
    move(session, agent, row, MOVES["take"])
    for other in (colleague, elsewhere):
        with pytest.raises(NotAllowed):
            take_back(session, other, row)


def test_undo_when_it_changed_since_then_refused(session: Session, toy: Toy, agent: Actor) -> None:
    row = make_signalement(session, toy)
    move(session, agent, row, MOVES["take"])
    read = row.version
    move(session, agent, row, MOVES["plan"], SOON)
    with pytest.raises(StaleVersion):
        undo(session, agent, row.reference, read, SOON)


def test_undo_when_done_twice_then_the_second_finds_nothing(
    session: Session, toy: Toy, agent: Actor
) -> None:
    row = make_signalement(session, toy)
    move(session, agent, row, MOVES["take"])
    take_back(session, agent, row)
    with pytest.raises(CannotChange, match="rien à annuler"):
        take_back(session, agent, row)


def test_undo_when_it_went_to_another_team_then_refused(
    session: Session, toy: Toy, agent: Actor
) -> None:
    coordinator = make_actor(session, toy, Role.COORDINATOR, "coordination")
    row = make_signalement(session, toy)
    reassign(session, coordinator, row.reference, "technique-est", "À eux.", row.version, NOW)
    with pytest.raises(CannotChange, match="rien à annuler"):
        take_back(session, coordinator, row)


def test_person_when_given_by_mistake_then_taken_back(
    session: Session, toy: Toy, agent: Actor
) -> None:
    row = make_signalement(session, toy)
    assign(session, agent, row.reference, agent.account_id, row.version, NOW)
    take_back(session, agent, row)
    assert row.assignee_id is None


def test_message_when_it_came_meanwhile_then_it_stays(
    session: Session, toy: Toy, agent: Actor
) -> None:
    reporter = make_actor(session, toy, Role.RESIDENT)
    row = make_signalement(session, toy, reporter_id=reporter.account_id)
    move(session, agent, row, MOVES["take"])
    message(session, reporter, row.reference, "Merci.", NOW + timedelta(seconds=5))
    take_back(session, agent, row)
    assert [entry.kind for entry in history(session, row.id)] == ["created", "message"]
    assert row.status == Status.NEW


def test_duplicate_when_news_of_its_original_is_taken_back_then_its_people_never_read_it(
    session: Session, toy: Toy, agent: Actor
) -> None:
    original, double = make_signalement(session, toy), make_signalement(session, toy)
    merge(session, agent, double.reference, original.reference, double.version, NOW, "")
    move(session, agent, original, Request(Status.WAITING, "Pour un autre.", waiting_on="X"), SOON)
    assert history(session, double.id)[-1].kind == "original_moved"
    take_back(session, agent, original, SOON + timedelta(seconds=9))
    assert "original_moved" not in [entry.kind for entry in history(session, double.id)]


def test_whole_when_its_last_part_comes_back_then_it_is_open_again(
    session: Session, toy: Toy
) -> None:
    chief = make_actor(session, toy, Role.COORDINATOR, "coordination")
    whole = make_signalement(session, toy, status=Status.ACKNOWLEDGED)
    parts = split(
        session,
        chief,
        whole.reference,
        [Part("voirie", "Le trou."), Part("voirie", "La bordure.")],
        whole.version,
        NOW - timedelta(hours=1),
    )
    before = state_of(whole)
    closing = Request(Status.CLOSED, "Rien.", Outcome.NO_ACTION)
    move(session, chief, parts[0], closing)
    move(session, chief, parts[1], closing, SOON)
    assert whole.status == Status.CLOSED
    ended = lines_of(session, whole)[-1]
    take_back(session, chief, parts[0], SOON + timedelta(seconds=5))
    assert state_of(whole) == before
    assert told(session, ended) == 0


def test_stop_when_taken_back_then_it_is_to_do_again(
    session: Session, toy: Toy, agent: Actor
) -> None:
    row = make_signalement(session, toy)
    added = create_round(session, agent, NewRound((row.reference,)), NOW - timedelta(hours=1))
    stop = session.scalars(select(RoundStop)).one()
    at = AtStop(added.round.id, stop.id, row.version)
    complete_stop(session, agent, at, "Fait.", NOW)
    assert (row.status, stop.state) == (Status.RESOLVED, "done")
    take_back(session, agent, row)
    session.refresh(stop)
    assert (row.status, stop.state, stop.settled_at) == (Status.NEW, "todo", None)


@pytest.fixture
def slip(committed_db: str) -> Iterator[tuple[Engine, Actor, str, int]]:
    """Return a report just taken in charge by mistake, and the line that somebody is told of."""
    engine = make_engine(committed_db, pool_size=3)
    with transaction(engine) as session:
        toy = make_territory(session)
        actor = make_actor(session, toy, Role.AGENT, "technique-ouest")
        row = make_signalement(session, toy)
        add_contact(session, row)
        move(session, actor, row, MOVES["take"])
        found = engine, actor, row.reference, lines_of(session, row)[-1].id
    yield found
    engine.dispose()


def test_undo_when_it_is_being_told_then_waits_and_is_refused(
    slip: tuple[Engine, Actor, str, int],
) -> None:
    engine, actor, reference, event_id = slip

    def late() -> None:
        with transaction(engine) as session:
            undo(session, actor, reference, 2, SOON)

    with ThreadPoolExecutor(1) as pool:
        with transaction(engine) as session:
            assert tell(session, event_id, None, NOW + HELD_FOR) == 1
            taking_back = pool.submit(late)
            with pytest.raises(TimeoutError):
                taking_back.result(timeout=1)
        with pytest.raises(CannotChange, match="Trop tard"):
            taking_back.result(timeout=30)


def test_telling_when_it_is_being_taken_back_then_waits_and_tells_nobody(
    slip: tuple[Engine, Actor, str, int],
) -> None:
    engine, actor, reference, event_id = slip

    def late() -> int:
        with transaction(engine) as session:
            return tell(session, event_id, None, NOW + HELD_FOR)

    with ThreadPoolExecutor(1) as pool:
        with transaction(engine) as session:
            undo(session, actor, reference, 2, SOON)
            telling = pool.submit(late)
            with pytest.raises(TimeoutError):
                telling.result(timeout=1)
        assert telling.result(timeout=30) == 0
