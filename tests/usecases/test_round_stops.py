"""At a stop: the report moves by the rules of its life, and the stop tells who and when."""

from datetime import datetime
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.errors import (
    CommentRequired,
    InvalidSubmission,
    NotAllowed,
    NotFound,
    PhotoRequired,
    StaleVersion,
)
from qpvmap.core.rounds import DONE_TEXT, REASONS, RoundStatus, StopState
from qpvmap.core.workflow import Outcome, Status
from qpvmap.storage.models import Photo, Round, Signalement
from qpvmap.storage.rounds import stops_of
from qpvmap.storage.signalements import history
from qpvmap.usecases.round_stops import AtStop, block_stop, complete_stop
from qpvmap.usecases.rounds import finish_round, order_stops, remove_stop
from tests.factories import Toy, make_signalement, make_territory
from tests.usecases.round_help import agent_of, make_round, stop_of

OPEN = (Status.NEW, Status.REOPENED, Status.ACKNOWLEDGED, Status.SCHEDULED, Status.IN_PROGRESS)


@pytest.fixture
def toy(session: Session) -> Toy:
    return make_territory(session)


@pytest.fixture
def actor(session: Session, toy: Toy) -> Actor:
    return agent_of(session, toy)


def at_stop(session: Session, actor: Actor, round_: Round, report: Signalement) -> AtStop:
    return AtStop(round_.id, stop_of(session, actor, round_, report).id, report.version)


@pytest.mark.parametrize("status", [*OPEN, Status.WAITING])
def test_complete_stop_when_the_report_is_open_then_resolves_it(
    session: Session, toy: Toy, actor: Actor, now: datetime, status: Status
) -> None:
    stopped = {"clock_stopped_at": now} if status is Status.WAITING else {}
    report = make_signalement(session, toy, status=status, **stopped)
    round_ = make_round(session, actor, [report], now)
    complete_stop(session, actor, at_stop(session, actor, round_, report), DONE_TEXT, now)
    assert (report.status, report.outcome) == (Status.RESOLVED, Outcome.DONE)
    assert history(session, report.id)[-1].comment == DONE_TEXT
    stop = stop_of(session, actor, round_, report)
    assert (stop.state, stop.settled_at, stop.settled_by) == (StopState.DONE, now, "Camille agent")
    assert not stop.is_left
    assert round_.status == RoundStatus.UNDER_WAY


def test_complete_stop_when_nobody_had_taken_it_then_the_journal_says_both_steps(
    session: Session, toy: Toy, actor: Actor, now: datetime
) -> None:
    report = make_signalement(session, toy)
    round_ = make_round(session, actor, [report], now)
    complete_stop(session, actor, at_stop(session, actor, round_, report), DONE_TEXT, now)
    steps = [(line.from_status, line.to_status) for line in history(session, report.id)[1:]]
    assert steps == [("new", "in_progress"), ("in_progress", "resolved")]


@pytest.mark.parametrize("status", [*OPEN, Status.WAITING])
@pytest.mark.parametrize("reason", REASONS)
def test_block_stop_when_it_is_not_possible_then_the_report_goes_where_the_reason_says(
    session: Session, toy: Toy, actor: Actor, now: datetime, reason: str, status: Status
) -> None:
    report = make_signalement(session, toy, status=status)
    round_ = make_round(session, actor, [report], now)
    before = stop_of(session, actor, round_, report)
    at = AtStop(round_.id, before.id, report.version)
    stop = block_stop(session, actor, at, reason, REASONS[reason].text, now)
    expected = REASONS[reason]
    assert stop.reason == reason
    if expected.not_ours:
        assert report.team_id != before.signalement_id
        assert (report.status, report.refusals) == (Status.NEW, 1)
    elif expected.to is None:
        assert (report.status, stop.state) == (status, StopState.POSTPONED)
    else:
        assert report.status == expected.to
        assert report.waiting_on == expected.waiting_on
        assert stop.state == StopState.BLOCKED


def test_block_stop_when_it_is_put_off_then_goes_last_and_can_still_be_done(
    session: Session, toy: Toy, actor: Actor, now: datetime
) -> None:
    reports = [make_signalement(session, toy) for _ in range(3)]
    round_ = make_round(session, actor, reports, now)
    first = stops_of(session, actor, round_.id)[0]
    report = next(one for one in reports if one.id == first.signalement_id)
    at = AtStop(round_.id, first.id, report.version)
    block_stop(session, actor, at, "plus-tard", "", now)
    stops = stops_of(session, actor, round_.id)
    assert stops[-1].id == first.id
    assert stops[-1].is_left
    complete_stop(session, actor, at, DONE_TEXT, now)
    assert stop_of(session, actor, round_, report).state == StopState.DONE


@pytest.mark.parametrize("reason", ["", "pluie"])
def test_block_stop_when_the_reason_is_unknown_then_refuses(
    session: Session, toy: Toy, actor: Actor, now: datetime, reason: str
) -> None:
    report = make_signalement(session, toy)
    at = at_stop(session, actor, make_round(session, actor, [report], now), report)
    with pytest.raises(InvalidSubmission, match="pourquoi"):
        block_stop(session, actor, at, reason, "Texte", now)


def test_stops_when_words_are_missing_then_nothing_is_written(
    session: Session, toy: Toy, actor: Actor, now: datetime
) -> None:
    report = make_signalement(session, toy, status=Status.IN_PROGRESS)
    round_ = make_round(session, actor, [report], now)
    at = at_stop(session, actor, round_, report)
    with pytest.raises(CommentRequired), session.begin_nested():
        complete_stop(session, actor, at, " ", now)
    with pytest.raises(CommentRequired), session.begin_nested():
        block_stop(session, actor, at, "acces", "", now)
    assert stop_of(session, actor, round_, report).state == StopState.TODO
    assert report.version == at.version


def test_complete_stop_when_somebody_changed_the_report_then_says_so(
    session: Session, toy: Toy, actor: Actor, now: datetime
) -> None:
    report = make_signalement(session, toy, status=Status.IN_PROGRESS)
    round_ = make_round(session, actor, [report], now)
    at = AtStop(round_.id, stop_of(session, actor, round_, report).id, report.version - 1)
    with pytest.raises(StaleVersion):
        complete_stop(session, actor, at, DONE_TEXT, now)


def test_complete_stop_when_the_category_asks_for_a_photo_then_needs_one(
    session: Session, toy: Toy, actor: Actor, now: datetime
) -> None:
    toy.categories["voirie"].photo_after = True
    report = make_signalement(session, toy)
    at = at_stop(session, actor, make_round(session, actor, [report], now), report)
    with pytest.raises(PhotoRequired), session.begin_nested():
        complete_stop(session, actor, at, DONE_TEXT, now)
    session.expire(report)
    assert report.status == Status.NEW
    session.add(
        Photo(
            client_id=uuid4(),
            signalement_id=report.id,
            moment="after",
            key="k",
            width=1,
            height=1,
            size_bytes=1,
            uploaded_at=now,
        )
    )
    complete_stop(session, actor, at, DONE_TEXT, now)
    assert report.status == Status.RESOLVED


def test_stops_when_the_report_went_to_another_team_then_only_taking_it_off_is_left(
    session: Session, toy: Toy, actor: Actor, now: datetime
) -> None:
    report = make_signalement(session, toy)
    round_ = make_round(session, actor, [report], now)
    at = at_stop(session, actor, round_, report)
    report.team_id = toy.teams["technique-est"].id
    session.flush()
    with pytest.raises(NotAllowed):
        complete_stop(session, actor, at, DONE_TEXT, now)
    with pytest.raises(NotAllowed):
        block_stop(session, actor, at, "acces", "Texte", now)


def test_stops_when_settled_then_cannot_be_settled_again_nor_taken_off(
    session: Session, toy: Toy, actor: Actor, now: datetime
) -> None:
    done, left = make_signalement(session, toy), make_signalement(session, toy)
    round_ = make_round(session, actor, [done, left], now)
    at = at_stop(session, actor, round_, done)
    complete_stop(session, actor, at, DONE_TEXT, now)
    for again in (
        lambda: complete_stop(session, actor, at, DONE_TEXT, now),
        lambda: block_stop(session, actor, at, "acces", "Texte", now),
        lambda: remove_stop(session, actor, round_.id, at.stop_id, now),
    ):
        with pytest.raises(InvalidSubmission):
            again()
    order_stops(session, actor, round_.id, now)
    assert stops_of(session, actor, round_.id)[0].signalement_id == done.id
    finish_round(session, actor, round_.id, now)
    with pytest.raises(InvalidSubmission, match="terminée"):
        complete_stop(session, actor, at_stop(session, actor, round_, left), DONE_TEXT, now)


def test_stops_when_of_another_round_then_are_not_found(
    session: Session, toy: Toy, actor: Actor, now: datetime
) -> None:
    report = make_signalement(session, toy)
    round_ = make_round(session, actor, [report], now)
    other = make_round(session, actor, [], now)
    stop = stop_of(session, actor, round_, report)
    with pytest.raises(NotFound):
        complete_stop(session, actor, AtStop(other.id, stop.id, report.version), DONE_TEXT, now)
