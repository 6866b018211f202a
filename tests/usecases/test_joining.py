"""Merging, undoing it, splitting: what is kept, who may, and that nobody is forgotten."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.core.actors import ANONYMOUS, Actor, Role
from qpvmap.core.contacts import ContactDetails
from qpvmap.core.errors import (
    CannotJoin,
    ForbiddenMove,
    InvalidSubmission,
    NotAllowed,
    NotFound,
    QpvmapError,
    StaleVersion,
)
from qpvmap.core.journal import STATE_FIELDS, encoded, state_after
from qpvmap.core.workflow import Outcome, Request, Status
from qpvmap.storage.contacts import add_contact, contacts_of
from qpvmap.storage.models import Event, Signalement
from qpvmap.storage.session import make_engine, transaction
from qpvmap.storage.signalements import history
from qpvmap.usecases.handling import change_status, possible_moves
from qpvmap.usecases.joining import Part, family, merge, split, unmerge
from tests.factories import NOW, Toy, make_actor, make_signalement, make_territory

REACHED = ContactDetails(email="lea@example.org", consent=True)
PARTS = (Part("voirie", "Reboucher le trou."), Part("eclairage", "Rallumer.", "technique-est"))


@pytest.fixture
def toy(session: Session) -> Toy:
    return make_territory(session)


@pytest.fixture
def coordinator(session: Session, toy: Toy) -> Actor:
    return make_actor(session, toy, Role.COORDINATOR, "coordination")


@pytest.fixture
def agent(session: Session, toy: Toy) -> Actor:
    return make_actor(session, toy, Role.AGENT, "technique-ouest")


def rebuilt(session: Session, row: Signalement) -> bool:
    """Return whether the journal adds up to the row."""
    session.refresh(row)
    lines = session.scalars(
        select(Event.changes).where(Event.signalement_id == row.id).order_by(Event.sequence)
    )
    return state_after(lines) == {name: encoded(getattr(row, name)) for name in STATE_FIELDS}


def close(session: Session, actor: Actor, row: Signalement, outcome: Outcome) -> None:
    request = Request(Status.CLOSED, "Vu sur place.", outcome)
    change_status(session, actor, row.reference, request, version=row.version, now=NOW)


def test_merge_when_two_are_one_then_the_duplicate_is_closed_and_people_follow(
    session: Session, toy: Toy, agent: Actor
) -> None:
    original, duplicate = (make_signalement(session, toy) for _ in range(2))
    duplicate.supports = 2
    add_contact(session, ANONYMOUS, duplicate.id, REACHED, NOW)
    merge(session, agent, duplicate.reference, original.reference, 1, NOW)
    assert (duplicate.status, duplicate.outcome) == (Status.CLOSED, Outcome.DUPLICATE)
    assert (duplicate.duplicate_of_id, original.supports) == (original.id, 3)
    assert original.status == Status.NEW
    assert [known.email for known in contacts_of(session, agent, original.id)] == [REACHED.email]
    assert history(session, original.id)[-1].kind == "duplicate_added"
    assert rebuilt(session, duplicate)
    assert rebuilt(session, original)


def test_merge_when_the_original_moves_then_its_duplicates_are_told(
    session: Session, toy: Toy, agent: Actor
) -> None:
    original, duplicate = (make_signalement(session, toy) for _ in range(2))
    merge(session, agent, duplicate.reference, original.reference, 1, NOW)
    close(session, agent, original, Outcome.NO_ACTION)
    last = history(session, duplicate.id)[-1]
    assert (last.kind, last.comment) == ("original_moved", "Clos. Vu sur place.")
    assert duplicate.outcome == Outcome.DUPLICATE


def test_merge_when_the_original_is_a_duplicate_then_there_is_no_chain(
    session: Session, toy: Toy, agent: Actor
) -> None:
    first, second, third = (make_signalement(session, toy) for _ in range(3))
    merge(session, agent, second.reference, first.reference, 1, NOW)
    found = merge(session, agent, third.reference, second.reference, 1, NOW)
    assert found is first
    assert (third.duplicate_of_id, first.supports) == (first.id, 2)


def test_merge_when_the_duplicate_has_duplicates_then_they_follow(
    session: Session, toy: Toy, agent: Actor
) -> None:
    first, second, third = (make_signalement(session, toy) for _ in range(3))
    merge(session, agent, third.reference, second.reference, 1, NOW)
    merge(session, agent, second.reference, first.reference, second.version, NOW)
    assert {second.duplicate_of_id, third.duplicate_of_id} == {first.id}
    assert (first.supports, second.supports) == (2, 0)
    unmerge(session, agent, third.reference, third.version, NOW)
    assert (third.status, third.outcome, first.supports) == (Status.NEW, None, 1)
    assert all(rebuilt(session, row) for row in (first, second, third))


def test_unmerge_when_merged_then_the_state_before_comes_back_and_the_time_is_given_back(
    session: Session, toy: Toy, agent: Actor
) -> None:
    original = make_signalement(session, toy)
    row = make_signalement(session, toy, due_at=NOW + timedelta(days=3))
    plan = Request(Status.SCHEDULED, planned_for=NOW.date() + timedelta(days=2))
    change_status(session, agent, row.reference, plan, version=1, now=NOW)
    merge(session, agent, row.reference, original.reference, 2, NOW)
    week_later = NOW + timedelta(days=7)
    unmerge(session, agent, row.reference, row.version, week_later)
    assert (row.status, row.outcome, row.duplicate_of_id) == (Status.SCHEDULED, None, None)
    assert (row.planned_for, row.settled_at) == (plan.planned_for, None)
    assert row.due_at == datetime(2026, 12, 11, 17, tzinfo=UTC)  # 10 working days, and 5 merged
    assert original.supports == 0
    assert family(session, agent, original).duplicates == ()
    assert rebuilt(session, row)


def test_unmerge_when_it_was_waiting_then_its_clock_is_still_stopped(
    session: Session, toy: Toy, agent: Actor
) -> None:
    original, row = (make_signalement(session, toy) for _ in range(2))
    wait = Request(Status.WAITING, "Une pièce manque.", waiting_on="le fournisseur")
    change_status(session, agent, row.reference, wait, version=1, now=NOW)
    merge(session, agent, row.reference, original.reference, 2, NOW + timedelta(days=1))
    unmerge(session, agent, row.reference, row.version, NOW + timedelta(days=2))
    assert (row.status, row.waiting_on) == (Status.WAITING, "le fournisseur")
    assert row.clock_stopped_at == NOW
    assert rebuilt(session, row)


def test_unmerge_when_it_is_no_duplicate_then_refused(
    session: Session, toy: Toy, agent: Actor
) -> None:
    row = make_signalement(session, toy)
    with pytest.raises(CannotJoin):
        unmerge(session, agent, row.reference, 1, NOW)


@pytest.mark.parametrize(
    ("duplicate", "original"),
    [
        ({}, {"status": Status.CLOSED, "settled_at": NOW}),
        ({"status": Status.RESOLVED, "settled_at": NOW}, {}),
        ({}, {"category": "rixe"}),
        ({"parent": True}, {}),
        ({"parts": True}, {}),
        ({"same": True}, {}),
    ],
)
def test_merge_when_it_makes_no_sense_then_refused_and_nothing_is_written(
    session: Session, toy: Toy, coordinator: Actor, duplicate: dict, original: dict
) -> None:
    one = make_signalement(session, toy, **original)
    same, parent, parts = (duplicate.pop(name, False) for name in ("same", "parent", "parts"))
    other = one if same else make_signalement(session, toy, **duplicate)
    if parent:
        other.parent_id = make_signalement(session, toy).id
    if parts:
        make_signalement(session, toy, parent_id=other.id)
    session.flush()
    with pytest.raises(CannotJoin):
        merge(session, coordinator, other.reference, one.reference, 1, NOW)
    assert (one.version, other.version, one.supports) == (1, 1, 0)


def test_merge_when_one_is_not_theirs_then_refused(
    session: Session, toy: Toy, agent: Actor
) -> None:
    mine = make_signalement(session, toy)
    theirs = make_signalement(session, toy, team="technique-est")
    hidden = make_signalement(session, toy, category="rixe", team="police")
    for other, error in ((theirs, NotAllowed), (hidden, NotFound)):
        with pytest.raises(error):
            merge(session, agent, mine.reference, other.reference, 1, NOW)
        with pytest.raises(error):
            merge(session, agent, other.reference, mine.reference, 1, NOW)
    with pytest.raises(NotFound):
        merge(session, agent, mine.reference, "TO-2026-0", 1, NOW)
    with pytest.raises(StaleVersion):
        merge(session, agent, mine.reference, make_signalement(session, toy).reference, 9, NOW)


def test_merge_when_the_confidential_original_moves_then_its_public_duplicate_says_nothing(
    session: Session, toy: Toy, coordinator: Actor
) -> None:
    original, duplicate = (make_signalement(session, toy) for _ in range(2))
    merge(session, coordinator, duplicate.reference, original.reference, 1, NOW)
    lines = len(history(session, duplicate.id))
    original.nature = "tranquillite"
    session.flush()
    close(session, coordinator, original, Outcome.NO_ACTION)
    assert len(history(session, duplicate.id)) == lines


def test_merge_when_each_is_merged_into_the_other_at_once_then_one_wins(
    committed_db: str,
) -> None:
    engine = make_engine(committed_db, pool_size=8)
    with transaction(engine) as session:
        toy = make_territory(session)
        actor = make_actor(session, toy, Role.AGENT, "technique-ouest")
        one, other = (make_signalement(session, toy).reference for _ in range(2))

    def join(pair: tuple[str, str]) -> str:
        try:
            with transaction(engine) as session:
                merge(session, actor, *pair, 1, NOW)
        except QpvmapError as refused:
            return type(refused).__name__
        return "merged"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(join, [(one, other), (other, one)] * 4))
    assert outcomes.count("merged") == 1
    with transaction(engine) as session:
        rows = session.scalars(select(Signalement)).all()
        assert sorted(row.supports for row in rows) == [0, 1]
        assert sum(row.duplicate_of_id is not None for row in rows) == 1
        assert all(rebuilt(session, row) for row in rows)
    engine.dispose()


def test_unmerge_when_others_had_followed_then_they_come_back(
    session: Session, toy: Toy, agent: Actor
) -> None:
    first, second, third = (make_signalement(session, toy) for _ in range(3))
    merge(session, agent, third.reference, second.reference, 1, NOW)
    merge(session, agent, second.reference, first.reference, 1, NOW)
    assert (third.duplicate_of_id, first.supports, second.supports) == (first.id, 2, 0)
    unmerge(session, agent, second.reference, second.version, NOW)
    assert third.duplicate_of_id == second.id
    assert (first.supports, second.supports) == (0, 1)
    assert all(rebuilt(session, row) for row in (first, second, third))


def test_contest_when_the_reporter_s_own_was_merged_then_the_original_can_be(
    session: Session, toy: Toy, agent: Actor
) -> None:
    resident, stranger = (make_actor(session, toy, Role.RESIDENT) for _ in range(2))
    original = make_signalement(session, toy, status=Status.IN_PROGRESS)
    theirs = make_signalement(session, toy, reporter_id=resident.account_id)
    merge(session, agent, theirs.reference, original.reference, 1, NOW)
    close(session, agent, original, Outcome.NO_ACTION)
    again = Request(Status.REOPENED, "Rien n’a changé.")
    assert list(possible_moves(session, resident, original, NOW)) == [Status.REOPENED]
    with pytest.raises(NotAllowed):
        change_status(
            session, stranger, original.reference, again, version=original.version, now=NOW
        )
    change_status(session, resident, original.reference, again, version=original.version, now=NOW)
    assert original.status == Status.REOPENED


def test_split_when_there_are_two_trades_then_two_linked_signalements_each_with_its_team(
    session: Session, toy: Toy, agent: Actor
) -> None:
    author = make_actor(session, toy, Role.RESIDENT)
    parent = make_signalement(session, toy, reporter_id=author.account_id, address="2 allée")
    voirie, light = split(session, agent, parent.reference, PARTS, 1, NOW)
    assert (voirie.team.code, light.team.code) == ("technique-ouest", "technique-est")
    assert {voirie.parent_id, light.parent_id} == {parent.id}
    assert (voirie.reporter_id, voirie.address) == (author.account_id, "2 allée")
    assert (parent.status, parent.version) == (Status.NEW, 1)
    assert [row.reference for row in family(session, agent, parent).children] == [
        voirie.reference,
        light.reference,
    ]
    assert family(session, agent, light).parent is parent
    assert all(rebuilt(session, row) for row in (parent, voirie, light))


def test_split_when_all_parts_have_ended_then_the_whole_closes_and_one_reopened_reopens_it(
    session: Session, toy: Toy, agent: Actor
) -> None:
    coordinator = make_actor(session, toy, Role.COORDINATOR)
    parent = make_signalement(session, toy)
    voirie, light = split(session, agent, parent.reference, PARTS, 1, NOW)
    close(session, coordinator, voirie, Outcome.NO_ACTION)
    session.refresh(parent)
    assert parent.status == Status.NEW
    close(session, coordinator, light, Outcome.NOT_FOUND)
    session.refresh(parent)
    assert (parent.status, parent.outcome) == (Status.CLOSED, Outcome.NOT_FOUND)
    again = Request(Status.REOPENED, "La lampe est toujours éteinte.")
    change_status(session, coordinator, light.reference, again, version=light.version, now=NOW)
    session.refresh(parent)
    assert (parent.status, parent.outcome, parent.reopenings) == (Status.REOPENED, None, 1)
    assert rebuilt(session, parent)


@pytest.mark.parametrize("outcome", [None, Outcome.NO_ACTION])
def test_split_when_a_part_is_open_then_the_whole_does_not_end_by_hand(
    session: Session, toy: Toy, agent: Actor, outcome: Outcome | None
) -> None:
    row = make_signalement(session, toy, status=Status.IN_PROGRESS)
    split(session, agent, row.reference, PARTS, 1, NOW)
    to = Status.CLOSED if outcome else Status.RESOLVED
    with pytest.raises(ForbiddenMove):
        change_status(
            session, agent, row.reference, Request(to, "Fini.", outcome), version=1, now=NOW
        )
    offered = possible_moves(session, agent, row, NOW)
    assert offered and not {Status.RESOLVED, Status.CLOSED} & set(offered)


def test_split_when_sent_twice_then_made_once(session: Session, toy: Toy, agent: Actor) -> None:
    parent = make_signalement(session, toy)
    parts = split(session, agent, parent.reference, PARTS, 1, NOW)
    for reference in (parent.reference, parts[0].reference):
        with pytest.raises(CannotJoin):
            split(session, agent, reference, PARTS, 1, NOW)


@pytest.mark.parametrize(
    ("parts", "error"),
    [
        (PARTS[:1], CannotJoin),
        (PARTS * 6, CannotJoin),
        ((*PARTS, Part("inconnue", "Texte")), InvalidSubmission),
        ((*PARTS, Part("rixe", "Texte")), InvalidSubmission),
        ((*PARTS, Part("voirie", "  ")), InvalidSubmission),
        ((*PARTS, Part("voirie", "x" * 2001)), InvalidSubmission),
        ((*PARTS, Part("voirie", "Texte", "inconnue")), InvalidSubmission),
    ],
)
def test_split_when_it_makes_no_sense_then_refused(
    session: Session, toy: Toy, agent: Actor, parts: tuple[Part, ...], error: type[QpvmapError]
) -> None:
    parent = make_signalement(session, toy)
    with pytest.raises(error):
        split(session, agent, parent.reference, parts, 1, NOW)


def test_split_when_ten_parts_then_made_and_when_ended_or_not_theirs_then_refused(
    session: Session, toy: Toy, agent: Actor
) -> None:
    parent = make_signalement(session, toy)
    assert len(split(session, agent, parent.reference, PARTS * 5, 1, NOW)) == 10
    ended = make_signalement(session, toy, status=Status.CLOSED, settled_at=NOW)
    with pytest.raises(CannotJoin):
        split(session, agent, ended.reference, PARTS, 1, NOW)
    stranger = make_actor(session, toy, Role.MEDIATOR)
    with pytest.raises(NotAllowed):
        split(session, stranger, make_signalement(session, toy).reference, PARTS, 1, NOW)


def test_family_when_a_relative_is_confidential_then_it_is_not_named(
    session: Session, toy: Toy, agent: Actor
) -> None:
    original, duplicate = (make_signalement(session, toy) for _ in range(2))
    merge(session, agent, duplicate.reference, original.reference, 1, NOW)
    original.nature = "tranquillite"
    session.flush()
    assert family(session, ANONYMOUS, duplicate).original is None
    coordinator = make_actor(session, toy, Role.COORDINATOR)
    assert family(session, coordinator, duplicate).original is original
