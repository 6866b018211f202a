"""The table of moves."""

from datetime import UTC, date, datetime, timedelta

import pytest

from qpvmap.core.errors import (
    CommentRequired,
    ContestTooLate,
    ForbiddenMove,
    OutcomeRequired,
    PhotoRequired,
    PlannedDateRequired,
    QpvmapError,
    WaitingOnRequired,
)
from qpvmap.core.labels import MOVE_LABELS, OUTCOME_LABELS, STATUS_LABELS
from qpvmap.core.workflow import (
    CLOCKS,
    CONTEST_FOR,
    OPEN_STATUSES,
    RUNNING_STATUSES,
    TRANSITIONS,
    Clock,
    Move,
    Outcome,
    Request,
    Situation,
    Status,
    check_transition,
    outcome_after,
)

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)

TAKEN = {"in_progress", "scheduled", "waiting", "closed"}
WRITTEN_OUT = {
    "new": TAKEN | {"acknowledged"},
    "reopened": TAKEN | {"acknowledged"},
    "to_arbitrate": {"new", "closed"},
    "acknowledged": TAKEN | {"resolved"},
    "scheduled": TAKEN | {"resolved"},
    "in_progress": {"scheduled", "waiting", "resolved", "closed"},
    "waiting": {"acknowledged", "scheduled", "in_progress", "resolved", "closed"},
    "resolved": {"closed", "reopened"},
    "closed": {"reopened"},
}


def complete(to: Status) -> Request:
    """Return a request with everything that a move could ask for."""
    return Request(to, "Fait ce matin.", Outcome.NO_ACTION, NOW.date(), "l’entreprise")


def situation(status: Status, **more: object) -> Situation:
    """Return an ordinary situation: settled yesterday if it is."""
    settled = NOW - timedelta(days=1) if status not in OPEN_STATUSES else None
    return Situation(status, NOW, settled_at=settled, **more)  # type: ignore[arg-type]


def test_the_table_is_the_one_agreed() -> None:
    table = {start.value: {to.value for to in moves} for start, moves in TRANSITIONS.items()}
    assert table == WRITTEN_OUT


@pytest.mark.parametrize("start", Status)
@pytest.mark.parametrize("to", Status)
def test_every_pair_is_either_in_the_table_or_refused(start: Status, to: Status) -> None:
    if to in TRANSITIONS[start]:
        assert check_transition(situation(start), complete(to)) is TRANSITIONS[start][to]
        return
    with pytest.raises(ForbiddenMove) as refused:
        check_transition(situation(start), complete(to))
    assert refused.value.allowed == tuple(TRANSITIONS[start])


@pytest.mark.parametrize(
    ("start", "request_", "error"),
    [
        (Status.IN_PROGRESS, Request(Status.RESOLVED, "  "), CommentRequired),
        (Status.NEW, Request(Status.CLOSED, "Non."), OutcomeRequired),
        (Status.NEW, Request(Status.CLOSED, "Non.", Outcome.DONE), OutcomeRequired),
        (Status.NEW, Request(Status.CLOSED, "Non.", Outcome.DUPLICATE), OutcomeRequired),
        (Status.NEW, Request(Status.CLOSED, "", Outcome.NO_ACTION), CommentRequired),
        (Status.NEW, Request(Status.SCHEDULED), PlannedDateRequired),
        (
            Status.NEW,
            Request(Status.SCHEDULED, planned_for=date(2026, 11, 19)),
            PlannedDateRequired,
        ),
        (Status.NEW, Request(Status.WAITING, "Une pièce."), WaitingOnRequired),
        (Status.NEW, Request(Status.WAITING, "", waiting_on="Enedis"), CommentRequired),
        (Status.RESOLVED, Request(Status.REOPENED, ""), CommentRequired),
        (Status.TO_ARBITRATE, Request(Status.NEW, ""), CommentRequired),
    ],
)
def test_what_is_missing_is_named(
    start: Status, request_: Request, error: type[QpvmapError]
) -> None:
    with pytest.raises(error):
        check_transition(situation(start), request_)


def test_a_photo_of_the_work_is_asked_where_the_category_says_so() -> None:
    resolve = complete(Status.RESOLVED)
    with pytest.raises(PhotoRequired):
        check_transition(situation(Status.IN_PROGRESS, photo_after_asked=True), resolve)
    done = situation(Status.IN_PROGRESS, photo_after_asked=True, has_photo_after=True)
    assert check_transition(done, resolve)


def test_a_resolution_is_contested_for_thirty_days_and_no_longer() -> None:
    reopen = complete(Status.REOPENED)
    last_moment = Situation(Status.CLOSED, NOW, settled_at=NOW - CONTEST_FOR)
    assert check_transition(last_moment, reopen)
    with pytest.raises(ContestTooLate):
        check_transition(
            Situation(Status.CLOSED, NOW, settled_at=NOW - CONTEST_FOR - timedelta(seconds=1)),
            reopen,
        )


def test_a_duplicate_is_not_moved_by_hand() -> None:
    merged = situation(Status.CLOSED, outcome=Outcome.DUPLICATE)
    with pytest.raises(ForbiddenMove):
        check_transition(merged, complete(Status.REOPENED))


@pytest.mark.parametrize(
    ("to", "move", "asked", "before", "after"),
    [
        (Status.RESOLVED, TRANSITIONS[Status.IN_PROGRESS][Status.RESOLVED], None, None, "done"),
        (Status.CLOSED, TRANSITIONS[Status.RESOLVED][Status.CLOSED], None, Outcome.DONE, "done"),
        (Status.CLOSED, TRANSITIONS[Status.NEW][Status.CLOSED], Outcome.NOT_FOUND, None,
         "not_found_on_site"),
        (Status.REOPENED, TRANSITIONS[Status.CLOSED][Status.REOPENED], None, Outcome.DONE, None),
    ],
)  # fmt: skip
def test_only_work_done_ends_as_done(
    to: Status, move: Move, asked: Outcome | None, before: Outcome | None, after: str | None
) -> None:
    assert outcome_after(Request(to, outcome=asked), move, before) == after


def test_every_status_has_its_clock_its_word_and_every_move_its_verb() -> None:
    assert set(STATUS_LABELS) == set(CLOCKS) == set(TRANSITIONS) == set(Status)
    assert set(OUTCOME_LABELS) == set(Outcome)
    assert set(MOVE_LABELS) == {to for moves in TRANSITIONS.values() for to in moves}
    assert {s for s in Status if CLOCKS[s] is Clock.STOPPED} == {
        Status.WAITING,
        Status.TO_ARBITRATE,
    }
    assert set(RUNNING_STATUSES) < set(OPEN_STATUSES)


def test_planned_day_is_the_one_of_the_place_not_of_greenwich() -> None:
    after_midnight_in_paris = datetime(2026, 11, 19, 23, 30, tzinfo=UTC)
    at = Situation(Status.NEW, after_midnight_in_paris)
    check_transition(at, Request(Status.SCHEDULED, planned_for=date(2026, 11, 20)))
    with pytest.raises(PlannedDateRequired):
        check_transition(at, Request(Status.SCHEDULED, planned_for=date(2026, 11, 19)))
