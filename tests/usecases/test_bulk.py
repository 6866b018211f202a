"""One action on many: each by itself, what cannot be done is said, the rest goes through."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import date, timedelta
from time import process_time
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor, Role
from qpvmap.core.bulk import MOST, BulkAction, Typed
from qpvmap.core.errors import InvalidSubmission, NotAllowed, NotFound
from qpvmap.core.workflow import Outcome, Status
from qpvmap.storage.models import BulkRun, Signalement
from qpvmap.storage.session import make_engine, transaction
from qpvmap.usecases.bulk import AT_A_TIME, BUSY, CHANGED, KEPT_FOR, Item, advance, open_run
from tests.factories import (
    NOW,
    Toy,
    actor_for,
    make_account,
    make_actor,
    make_signalement,
    make_territory,
)

TOMORROW = date(2026, 11, 21)


@pytest.fixture
def toy(session: Session) -> Toy:
    return make_territory(session)


@pytest.fixture
def agent(session: Session, toy: Toy) -> Actor:
    return make_actor(session, toy, Role.AGENT, "technique-ouest")


def item_of(row: Signalement) -> Item:
    return Item(row.reference, row.version)


def run(
    session: Session,
    actor: Actor,
    action: BulkAction,
    items: list[Item],
    typed: Typed | None = None,
    run_id: UUID | None = None,
) -> BulkRun:
    opened = open_run(session, actor, run_id or uuid4(), action, items, typed or Typed(), NOW)
    while advance(session, actor, opened.id, NOW):
        pass
    return opened


def reasons(opened: BulkRun) -> dict[str, str]:
    return {item["reference"]: item["reason"] for item in opened.items if not item["done"]}


def test_a_run_when_some_cannot_move_then_the_others_do_and_each_reason_is_told(
    session: Session, toy: Toy, agent: Actor
) -> None:
    fresh = [make_signalement(session, toy) for _ in range(3)]
    taken = make_signalement(session, toy, status=Status.ACKNOWLEDGED)
    ended = make_signalement(session, toy, status=Status.CLOSED)
    stale = make_signalement(session, toy, version=4)
    others = make_signalement(session, toy, team="technique-est")
    hidden = make_signalement(session, toy, category="rixe", team="police")
    items = [*map(item_of, (*fresh, taken, ended, others, hidden)), Item(stale.reference, 3)]
    opened = run(session, agent, BulkAction.TAKE, [*items, Item("TO-2026-9999", 1)])
    assert [row.status for row in fresh] == [Status.ACKNOWLEDGED] * 3
    assert [row.version for row in fresh] == [2] * 3
    told = reasons(opened)
    assert told[taken.reference] == "Il est déjà «\u00a0pris en charge\u00a0»."
    assert told[ended.reference].startswith("Il est «\u00a0clos\u00a0»")
    assert told[stale.reference] == CHANGED
    assert "pas le droit" in told[others.reference]
    assert "introuvable" in told["TO-2026-9999"]
    # what one may not see is not told apart from what does not exist
    assert told[hidden.reference].replace(hidden.reference, "TO-2026-9999") == told["TO-2026-9999"]
    assert (stale.status, others.status, hidden.status) == (Status.NEW,) * 3


@pytest.mark.parametrize(
    ("action", "typed", "status", "expected"),
    [
        (BulkAction.PLAN, Typed(planned_for=TOMORROW), Status.NEW, Status.SCHEDULED),
        (BulkAction.START, Typed(), Status.ACKNOWLEDGED, Status.IN_PROGRESS),
        (
            BulkAction.WAIT,
            Typed("Une pièce manque.", waiting_on="le fournisseur"),
            Status.NEW,
            Status.WAITING,
        ),
        (BulkAction.RESOLVE, Typed("Fait ce matin."), Status.IN_PROGRESS, Status.RESOLVED),
        (BulkAction.CLOSE, Typed(), Status.RESOLVED, Status.CLOSED),
        (
            BulkAction.CLOSE_WITHOUT_WORK,
            Typed("Rien sur place.", outcome=Outcome.NOT_FOUND),
            Status.NEW,
            Status.CLOSED,
        ),
    ],
)
def test_each_action_when_all_is_typed_then_it_moves(
    session: Session,
    toy: Toy,
    agent: Actor,
    action: BulkAction,
    typed: Typed,
    status: Status,
    expected: Status,
) -> None:
    rows = [make_signalement(session, toy, status=status) for _ in range(2)]
    opened = run(session, agent, action, [item_of(row) for row in rows], typed)
    assert reasons(opened) == {}
    assert [row.status for row in rows] == [expected] * 2


def test_a_resolution_when_a_category_asks_for_a_photo_then_that_one_stays(
    session: Session, toy: Toy, agent: Actor
) -> None:
    toy.categories["eclairage"].photo_after = True
    lamp = make_signalement(session, toy, category="eclairage", status=Status.IN_PROGRESS)
    hole = make_signalement(session, toy, status=Status.IN_PROGRESS)
    items = [item_of(lamp), item_of(hole)]
    opened = run(session, agent, BulkAction.RESOLVE, items, Typed("Fait."))
    assert list(reasons(opened)) == [lamp.reference]
    assert "photo" in reasons(opened)[lamp.reference]
    assert hole.status == Status.RESOLVED


def test_another_team_or_another_person_when_chosen_then_they_have_them(
    session: Session, toy: Toy
) -> None:
    lead = make_actor(session, toy, Role.LEAD, "technique-ouest")
    member = make_account(session, toy, Role.AGENT, "technique-ouest")
    stranger = make_account(session, toy, Role.AGENT, "technique-est")
    rows = [make_signalement(session, toy) for _ in range(2)]
    items = [item_of(row) for row in rows]
    refused = run(session, lead, BulkAction.ASSIGN, items, Typed(person=str(stranger.id)))
    assert len(reasons(refused)) == 2
    run(session, lead, BulkAction.ASSIGN, items, Typed(person=str(member.id)))
    assert [row.assignee_id for row in rows] == [member.id] * 2
    items = [item_of(row) for row in rows]
    typed = Typed("Ce trottoir est à l’est.", team="technique-est")
    assert reasons(run(session, lead, BulkAction.REASSIGN, items, typed)) == {}
    assert {row.team_id for row in rows} == {toy.teams["technique-est"].id}
    assert [row.assignee_id for row in rows] == [None] * 2


@pytest.mark.parametrize(
    ("action", "typed", "faults"),
    [
        (BulkAction.PLAN, Typed(), {"planned_for"}),
        (BulkAction.PLAN, Typed(planned_for=date(2020, 1, 1)), {"planned_for"}),
        (BulkAction.WAIT, Typed(), {"waiting_on", "comment"}),
        (BulkAction.RESOLVE, Typed("x" * 2001), {"comment"}),
        (BulkAction.CLOSE_WITHOUT_WORK, Typed(outcome=Outcome.DONE), {"outcome", "comment"}),
        (BulkAction.REASSIGN, Typed("Pourquoi pas."), {"team"}),
        (BulkAction.ASSIGN, Typed(person="9" * 30), {"person"}),
    ],
)
def test_what_must_be_typed_when_missing_is_said_once_and_nothing_is_done(
    session: Session,
    toy: Toy,
    agent: Actor,
    action: BulkAction,
    typed: Typed,
    faults: set[str],
) -> None:
    row = make_signalement(session, toy)
    with pytest.raises(InvalidSubmission) as refused:
        open_run(session, agent, uuid4(), action, [item_of(row)], typed, NOW)
    assert set(refused.value.fields) == faults
    assert session.scalars(select(BulkRun)).all() == []


@pytest.mark.parametrize("how_many", [0, MOST + 1])
def test_none_or_too_many_when_chosen_then_it_is_refused(
    session: Session, agent: Actor, how_many: int
) -> None:
    items = [Item(f"TO-{number}", 1) for number in range(how_many)]
    with pytest.raises(InvalidSubmission):
        open_run(session, agent, uuid4(), BulkAction.TAKE, items, Typed(), NOW)


def test_a_run_when_asked_by_somebody_without_an_inbox_or_read_by_another_is_refused(
    session: Session, toy: Toy, agent: Actor
) -> None:
    row = make_signalement(session, toy)
    for role in (Role.RESIDENT, Role.PLANNER):
        outsider = make_actor(session, toy, role)
        with pytest.raises(NotAllowed):
            open_run(session, outsider, uuid4(), BulkAction.TAKE, [item_of(row)], Typed(), NOW)
    opened = run(session, agent, BulkAction.TAKE, [item_of(row)])
    colleague = make_actor(session, toy, Role.AGENT, "technique-ouest")
    with pytest.raises(NotFound):
        advance(session, colleague, opened.id, NOW)
    with pytest.raises(NotAllowed):
        open_run(session, colleague, opened.id, BulkAction.TAKE, [item_of(row)], Typed(), NOW)


def test_the_same_run_when_sent_twice_then_it_is_done_once(
    session: Session, toy: Toy, agent: Actor
) -> None:
    rows = [make_signalement(session, toy) for _ in range(2)]
    items, run_id = [item_of(row) for row in rows], uuid4()
    run(session, agent, BulkAction.TAKE, [*items, items[0]], run_id=run_id)
    again = run(session, agent, BulkAction.TAKE, items, run_id=run_id)
    assert len(again.items) == 2
    assert reasons(again) == {}
    assert [row.version for row in rows] == [2, 2]


def test_old_runs_when_another_is_opened_are_forgotten(
    session: Session, toy: Toy, agent: Actor
) -> None:
    rows = [make_signalement(session, toy) for _ in range(2)]
    old = run(session, agent, BulkAction.TAKE, [item_of(rows[0])])
    old.at = NOW - KEPT_FOR - timedelta(days=1)
    session.flush()
    kept = run(session, agent, BulkAction.TAKE, [item_of(rows[1])])
    assert session.scalars(select(BulkRun.id)).all() == [kept.id]


@pytest.fixture
def busy(committed_db: str) -> Iterator[Engine]:
    engine = make_engine(committed_db, pool_size=8)
    yield engine
    engine.dispose()


def prepare(engine: Engine, how_many: int) -> tuple[Actor, list[Item]]:
    with transaction(engine) as session:
        toy = make_territory(session)
        account = make_account(session, toy, Role.AGENT, "technique-ouest")
        rows = [make_signalement(session, toy) for _ in range(how_many)]
        return actor_for(account), [item_of(row) for row in rows]


def through(engine: Engine, actor: Actor, items: list[Item], run_id: UUID) -> BulkRun:
    with transaction(engine) as session:
        open_run(session, actor, run_id, BulkAction.TAKE, items, Typed(), NOW)
    left = 1
    while left:
        with transaction(engine) as session:
            left = advance(session, actor, run_id, NOW)
    with transaction(engine) as session:
        return session.get_one(BulkRun, run_id)


def test_a_row_when_somebody_else_holds_it_then_it_is_left_and_said(busy: Engine) -> None:
    actor, items = prepare(busy, 2)
    with transaction(busy) as other:
        other.scalar(
            select(Signalement).where(Signalement.reference == items[0].reference).with_for_update()
        )
        done = through(busy, actor, items, uuid4())
    assert reasons(done) == {items[0].reference: BUSY}


def test_two_runs_when_they_cross_then_each_row_moves_once(busy: Engine) -> None:
    actor, items = prepare(busy, 40)
    lists = (items, list(reversed(items)))
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda those: through(busy, actor, those, uuid4()), lists))
    done = [item["reference"] for opened in runs for item in opened.items if item["done"]]
    assert sorted(done) == sorted(item.reference for item in items)
    told = {reason for opened in runs for reason in reasons(opened).values()}
    assert told <= {BUSY, CHANGED}


def test_a_run_when_sent_twice_at_once_then_it_is_done_once(busy: Engine) -> None:
    actor, items = prepare(busy, 10)
    run_id = uuid4()
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _: through(busy, actor, items, run_id), range(4)))
    assert all(reasons(opened) == {} for opened in runs)


def test_a_run_of_120_when_measured_then_its_statements_are_bounded_and_it_is_quick(
    busy: Engine,
    count_queries: Callable[[Engine], AbstractContextManager[list[str]]],
) -> None:
    actor, items = prepare(busy, 121)
    through(busy, actor, items[:1], uuid4())  # what is read once per process
    costs = []
    for those in (items[1:2], items[2:12], items[12:]):
        started = process_time()
        with count_queries(busy) as statements:
            assert reasons(through(busy, actor, those, uuid4())) == {}
        took = process_time() - started
        costs.append((len(those), len(statements), took))
    (one, first, _), (ten, second, _), (many, third, took) = costs
    per_item = (second - first) / (ten - one)
    chunks = -(-many // AT_A_TIME) - 1
    assert per_item <= 8
    assert third - first <= per_item * (many - one) + 5 * chunks
    assert took < 3  # of this process alone: the machine may be busy
