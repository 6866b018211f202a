"""A mediator's round: started, moved, ended, once each; forgotten, entered, corrected."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor, Role
from qpvmap.core.errors import InvalidSubmission, NotAllowed, NotFound, StaleVersion
from qpvmap.core.presences import FORGOTTEN_AFTER, FORGOTTEN_COUNTS
from qpvmap.storage.models import Presence
from qpvmap.storage.presence_figures import Scope, presence_figures
from qpvmap.storage.presences import changes_of, find_presence
from qpvmap.usecases.presence_corrections import (
    Leg,
    Whole,
    cancel_presence,
    correct_presence,
    leave_presence,
    note_presence,
)
from qpvmap.usecases.presence_upkeep import close_forgotten_rounds, forget_names
from qpvmap.usecases.presences import (
    End,
    Move,
    Start,
    end_presence,
    move_presence,
    start_presence,
)
from tests.factories import Toy, make_actor, make_territory
from tests.walkers import AROUND, EAST, WEST, make_words, walked

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def toy(session: Session) -> Toy:
    toy = make_territory(session)
    make_words(session, toy)
    return toy


@pytest.fixture
def mediator(session: Session, toy: Toy) -> Actor:
    return make_actor(session, toy, Role.MEDIATOR, "police")


@pytest.fixture
def colleague(session: Session, toy: Toy) -> Actor:
    return make_actor(session, toy, Role.MEDIATOR, "police")


def totals(
    session: Session, toy: Toy, now: datetime = NOW + timedelta(days=2)
) -> tuple[float, float]:
    """Return the hours of presence and the person-hours of the year."""
    scope = Scope(toy.territory.id, date(2026, 1, 1), date(2027, 1, 1))
    found = presence_figures(session, scope, now)
    return found.presence / HOUR, found.person / HOUR


def test_round_when_sent_again_and_again_then_is_one(
    session: Session, toy: Toy, mediator: Actor
) -> None:
    start = Start(uuid4(), WEST, NOW)
    move = Move(uuid4(), start.client_id, EAST, NOW + HOUR)
    end = End(uuid4(), start.client_id, NOW + 2 * HOUR)
    late = NOW + 5 * HOUR
    created = []
    for _ in range(2):
        created.append(start_presence(session, mediator, start, late).created)
        created.append(move_presence(session, mediator, move, late).created)
        created.append(end_presence(session, mediator, end, late).created)
    assert created == [True, True, True, False, False, False]
    presence = session.scalars(select(Presence)).one()
    assert (presence.started_at, presence.ended_at) == (NOW, NOW + 2 * HOUR)
    assert [one.sector.code for one in presence.stretches] == [WEST, EAST]
    assert not presence.to_check
    assert totals(session, toy) == (2, 2)


def test_move_when_it_comes_after_the_end_then_finds_its_place(
    session: Session, toy: Toy, mediator: Actor
) -> None:
    """A phone without network sends in any order."""
    presence = walked(session, mediator, NOW)
    move = Move(uuid4(), presence.client_id, AROUND, NOW + HOUR)
    move_presence(session, mediator, move, NOW + 9 * HOUR)
    scope = Scope(toy.territory.id, date(2026, 11, 1), date(2026, 12, 1))
    found = presence_figures(session, scope, NOW).by_qpv
    places = {cell.place: hours.presence / HOUR for cell, hours in found.items()}
    assert places == {"QN09299X": 1, "": 1}


def test_start_when_on_a_round_already_then_says_since_when(
    session: Session, mediator: Actor
) -> None:
    start_presence(session, mediator, Start(uuid4(), WEST, NOW), NOW)
    with pytest.raises(InvalidSubmission, match="déjà une sortie en cours depuis le mardi"):
        start_presence(session, mediator, Start(uuid4(), EAST), NOW + HOUR)


def test_two_open_rounds_when_written_past_the_rules_then_the_database_refuses(
    session: Session, mediator: Actor
) -> None:
    first = start_presence(session, mediator, Start(uuid4(), WEST, NOW), NOW).presence
    session.add(
        Presence(
            client_id=uuid4(),
            territory_id=first.territory_id,
            team_id=first.team_id,
            walker_id=first.walker_id,
            started_at=NOW,
            entry="live",
            created_at=NOW,
            updated_at=NOW,
        )
    )
    with pytest.raises(IntegrityError, match="uq_presence_open"), session.begin_nested():
        session.flush()


def test_start_when_the_last_one_was_forgotten_then_that_is_closed_to_be_checked(
    session: Session, mediator: Actor
) -> None:
    forgotten = start_presence(session, mediator, Start(uuid4(), WEST, NOW), NOW).presence
    tomorrow = NOW + timedelta(days=1)
    start_presence(session, mediator, Start(uuid4(), WEST), tomorrow)
    assert forgotten.to_check
    assert forgotten.ended_at == NOW + FORGOTTEN_COUNTS


def test_start_when_two_rounds_follow_then_they_may_touch_but_not_overlap(
    session: Session, toy: Toy, mediator: Actor
) -> None:
    walked(session, mediator, NOW, hours=2)
    follows = start_presence(
        session, mediator, Start(uuid4(), EAST, NOW + 2 * HOUR - MINUTE), NOW + 3 * HOUR
    )
    assert follows.presence.started_at == NOW + 2 * HOUR
    end_presence(session, mediator, End(uuid4(), follows.presence.client_id), NOW + 3 * HOUR)
    with pytest.raises(InvalidSubmission, match="déjà noté une sortie à ces heures"):
        start_presence(session, mediator, Start(uuid4(), EAST, NOW + HOUR), NOW + 4 * HOUR)
    assert totals(session, toy) == (3, 3)


def test_forgotten_round_when_its_time_is_up_then_is_closed_and_the_phone_has_the_last_word(
    session: Session, mediator: Actor
) -> None:
    presence = start_presence(session, mediator, Start(uuid4(), WEST, NOW), NOW).presence
    assert close_forgotten_rounds(session, NOW + FORGOTTEN_AFTER - MINUTE) == 0
    assert close_forgotten_rounds(session, NOW + FORGOTTEN_AFTER) == 1
    assert presence.to_check
    assert presence.ended_at == NOW + FORGOTTEN_COUNTS
    end = End(uuid4(), presence.client_id, NOW + 3 * HOUR)  # pressed in time, sent the day after
    end_presence(session, mediator, end, NOW + timedelta(days=1))
    assert presence.ended_at == NOW + 3 * HOUR
    assert not presence.to_check


def test_forgotten_round_when_something_was_noted_during_it_then_ends_there(
    session: Session, mediator: Actor
) -> None:
    presence = start_presence(session, mediator, Start(uuid4(), WEST, NOW), NOW).presence
    at = NOW + 3 * HOUR
    move_presence(session, mediator, Move(uuid4(), presence.client_id, EAST, at), at)
    close_forgotten_rounds(session, NOW + FORGOTTEN_AFTER)
    assert presence.ended_at == at


def test_pair_when_both_note_it_then_nobody_counts_twice(
    session: Session, toy: Toy, mediator: Actor, colleague: Actor
) -> None:
    walked(session, mediator, NOW, companion_id=colleague.account_id)
    walked(session, colleague, NOW + HOUR, companion_id=mediator.account_id)
    assert totals(session, toy) == (3, 6)


def test_companion_when_of_another_team_then_is_refused(
    session: Session, toy: Toy, mediator: Actor
) -> None:
    stranger = make_actor(session, toy, Role.MEDIATOR, "technique-ouest")
    with pytest.raises(InvalidSubmission, match="collègue"):
        walked(session, mediator, NOW, companion_id=stranger.account_id)


def test_companion_when_they_were_not_there_then_they_say_so_and_it_is_traced(
    session: Session, toy: Toy, mediator: Actor, colleague: Actor
) -> None:
    presence = walked(session, mediator, NOW, companion_id=colleague.account_id)
    assert find_presence(session, colleague, presence.client_id) is presence
    with pytest.raises(NotFound):
        leave_presence(session, mediator, presence.client_id, NOW)
    leave_presence(session, colleague, presence.client_id, NOW)
    assert totals(session, toy) == (2, 2)
    assert find_presence(session, colleague, presence.client_id) is None
    assert len(changes_of(session, presence.id)) == 1


def whole(*legs: tuple[datetime, str], end: datetime, **more: int | None) -> Whole:
    return Whole([Leg(at, sector) for at, sector in legs], end, **more)


def test_round_when_entered_afterwards_then_counts_and_says_so(
    session: Session, toy: Toy, mediator: Actor
) -> None:
    yesterday = NOW - timedelta(days=1)
    told = whole((yesterday, WEST), (yesterday + HOUR, EAST), end=yesterday + 3 * HOUR)
    key = uuid4()
    assert note_presence(session, mediator, key, told, NOW).created
    assert not note_presence(session, mediator, key, told, NOW).created
    assert session.scalars(select(Presence.entry)).one() == "after"
    assert totals(session, toy) == (3, 3)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (whole(end=NOW), "Dites où vous étiez"),
        (whole((NOW - HOUR, WEST), end=NOW + HOUR), "pas encore finie"),
        (whole((NOW - HOUR, WEST), end=NOW - 2 * HOUR), "se suivre"),
        (whole((NOW - 13 * HOUR, WEST), end=NOW), "Plus de 12 heures"),
        (whole((NOW - timedelta(days=80), WEST), end=NOW - timedelta(days=80) + HOUR), "62 jours"),
        (whole((NOW - HOUR, "lune"), end=NOW), "secteurs de la liste"),
        (whole((NOW - HOUR, WEST), end=NOW, others=40), "entre 0 et 9"),
    ],
)
def test_round_when_its_hours_make_no_sense_then_says_what_to_do(
    session: Session, mediator: Actor, told: Whole, words: str
) -> None:
    with pytest.raises(InvalidSubmission, match=words):
        note_presence(session, mediator, uuid4(), told, NOW)


def test_correction_when_made_then_counts_anew_and_keeps_what_was_said(
    session: Session, toy: Toy, mediator: Actor
) -> None:
    presence = walked(session, mediator, NOW, hours=5)
    told = whole((NOW, WEST), (NOW + HOUR, EAST), end=NOW + 2 * HOUR, others=1)
    late = NOW + timedelta(days=1)
    with pytest.raises(StaleVersion):
        correct_presence(session, mediator, presence.client_id, told, 77, late)
    correct_presence(session, mediator, presence.client_id, told, presence.version, late)
    assert totals(session, toy) == (2, 4)
    (change,) = changes_of(session, presence.id)
    assert change.said == "24/11/2026 : 15\u00a0h\u00a000 Côté ouest, fin 20\u00a0h\u00a000."
    late_move = Move(uuid4(), presence.client_id, AROUND, NOW + MINUTE)
    assert not move_presence(session, mediator, late_move, late).created


def test_correction_when_over_another_round_then_is_refused(
    session: Session, mediator: Actor
) -> None:
    walked(session, mediator, NOW - 4 * HOUR)
    presence = walked(session, mediator, NOW)
    told = whole((NOW - 3 * HOUR, WEST), end=NOW + HOUR)
    with pytest.raises(InvalidSubmission, match="déjà noté une sortie à ces heures"):
        correct_presence(
            session, mediator, presence.client_id, told, presence.version, NOW + 9 * HOUR
        )


def test_round_when_taken_back_then_counts_no_more(
    session: Session, toy: Toy, mediator: Actor
) -> None:
    presence = walked(session, mediator, NOW)
    cancel_presence(session, mediator, presence.client_id, NOW + 3 * HOUR)
    assert totals(session, toy) == (0, 0)
    walked(session, mediator, NOW)  # its hours are free again
    assert totals(session, toy) == (2, 2)


WRITES: dict[str, Callable[[Session, Actor, Presence], object]] = {
    "again": lambda s, a, p: start_presence(s, a, Start(p.client_id, WEST), NOW),
    "move": lambda s, a, p: move_presence(s, a, Move(uuid4(), p.client_id, EAST), NOW),
    "end": lambda s, a, p: end_presence(s, a, End(uuid4(), p.client_id), NOW),
    "cancel": lambda s, a, p: cancel_presence(s, a, p.client_id, NOW),
    "leave": lambda s, a, p: leave_presence(s, a, p.client_id, NOW),
    "correct": lambda s, a, p: correct_presence(
        s, a, p.client_id, whole((NOW, WEST), end=NOW + HOUR), p.version, NOW + HOUR
    ),
}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PUBLIC])
def test_round_when_somebody_else_writes_it_then_is_as_it_was(
    session: Session, toy: Toy, mediator: Actor, role: Role, write: str
) -> None:
    presence = walked(session, mediator, NOW - 5 * HOUR)
    other = make_actor(session, toy, role, "police")
    with pytest.raises((NotFound, NotAllowed)):
        WRITES[write](session, other, presence)
    assert (presence.version, presence.cancelled_at) == (2, None)


@pytest.mark.parametrize("role", [r for r in Role if r not in (Role.PUBLIC, Role.MEDIATOR)])
def test_start_when_no_mediator_then_is_not_allowed(session: Session, toy: Toy, role: Role) -> None:
    other = make_actor(session, toy, role, "police")
    with pytest.raises(NotAllowed):
        start_presence(session, other, Start(uuid4(), WEST), NOW)


def test_start_when_in_no_team_then_says_whom_to_ask(session: Session, toy: Toy) -> None:
    alone = make_actor(session, toy, Role.MEDIATOR)
    with pytest.raises((InvalidSubmission, NotAllowed)):
        start_presence(session, alone, Start(uuid4(), WEST), NOW)


def test_names_when_kept_long_enough_then_go_and_no_figure_moves(
    session: Session, toy: Toy, mediator: Actor, colleague: Actor
) -> None:
    first = walked(session, mediator, NOW, companion_id=colleague.account_id)
    second = walked(session, colleague, NOW + HOUR, companion_id=mediator.account_id)
    later = walked(session, mediator, NOW + timedelta(days=3))
    before = totals(session, toy)
    assert before == (5, 8)
    assert forget_names(session, NOW + timedelta(days=300)) == 0
    assert forget_names(session, datetime(2027, 11, 26, 3, tzinfo=UTC)) == 2
    session.expire_all()
    assert (first.walker_id, first.companion_id, second.walker_id) == (None, None, None)
    assert first.walker_alias == second.companion_alias
    assert first.companion_alias == second.walker_alias
    assert later.walker_id == mediator.account_id
    assert totals(session, toy) == before
    assert forget_names(session, datetime(2028, 3, 1, tzinfo=UTC)) == 1
    session.expire_all()
    assert later.walker_alias not in (None, first.walker_alias)
    assert totals(session, toy) == before


TABLES = (
    "sector",
    "presence_word",
    "presence",
    "presence_stretch",
    "presence_change",
    "solicitation",
    "initiative",
    "initiative_partner",
    "initiative_photo",
)
NUMBERS = {"others", "version", "times", "minutes", "people", "position", "width", "height"}
NUMBERS |= {"size_bytes", "clock_off_s", "end_clock_off_s"}
TEXTS = {"code", "name", "qpv_code", "insee_code", "kind", "icon", "entry", "said", "note"}
TEXTS |= {"title", "place", "story", "key"}


def test_tables_when_read_in_the_catalogue_then_no_column_can_hold_a_position(
    session: Session,
) -> None:
    """Only keys, instants, days, yes or no, counts and named words: each column is known here."""
    look = inspect(session.connection())
    kinds = {"UUID", "TIMESTAMP", "DATE", "BOOLEAN"}
    unknown = []
    for table in TABLES:
        for column in look.get_columns(table):
            name, kind = column["name"], type(column["type"]).__name__
            fine = (
                kind in kinds
                or (kind == "BIGINT" and (name in NUMBERS or name == "id" or name.endswith("_id")))
                or (kind == "TEXT" and name in TEXTS)
            )
            if not fine:
                unknown.append((table, name, kind))
    assert unknown == []
