"""Rounds: who may prepare them, what may be on them, in which order."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Role
from qpvmap.core.deadlines import Priority
from qpvmap.core.errors import (
    InvalidSubmission,
    NotFound,
    OutsideTerritory,
    StaleVersion,
)
from qpvmap.core.geo import LonLat
from qpvmap.core.rounds import MAX_STOPS, RoundStatus
from qpvmap.core.walking import tour_length
from qpvmap.core.workflow import Status
from qpvmap.storage.models import Round, RoundStop, Signalement
from qpvmap.storage.rounds import (
    PAGE_SIZE,
    depot_of,
    distances_between,
    near_by,
    rounds_page,
    stops_of,
)
from qpvmap.storage.signalements import point_of
from qpvmap.usecases.round_order import straight_length
from qpvmap.usecases.rounds import (
    Depot,
    Details,
    NewRound,
    add_stops,
    create_round,
    discard_round,
    edit_round,
    finish_round,
    left_out_words,
    move_stop,
    order_stops,
    remove_stop,
    set_depot,
    start_round,
)
from tests.factories import (
    FAR_AWAY,
    IN_QUARTER_WEST,
    Toy,
    make_account,
    make_actor,
    make_signalement,
    make_territory,
)
from tests.usecases.round_help import agent_of, make_round

DEPOT = LonLat(2.285, 48.781)


@pytest.fixture
def toy(session: Session) -> Toy:
    return make_territory(session)


def along(session: Session, toy: Toy, *lons: float, **columns: Any) -> list[Signalement]:
    """Add a report at each of these longitudes, all on one street."""
    return [make_signalement(session, toy, point=LonLat(lon, 48.781), **columns) for lon in lons]


def order_of(session: Session, actor: Any, round_: Round) -> list[str | None]:
    return [stop.reference for stop in stops_of(session, actor, round_.id)]


def test_create_round_when_a_team_has_a_depot_then_walks_out_and_back(
    session: Session, toy: Toy, now: datetime
) -> None:
    toy.teams["technique-ouest"].depot = point_of(DEPOT)  # type: ignore[assignment]
    toy.teams["technique-ouest"].depot_label = "Dépôt"
    far, near, middle = along(session, toy, 2.299, 2.287, 2.293)
    actor = agent_of(session, toy)
    round_ = make_round(session, actor, [far, near, middle], now)
    assert round_.team is toy.teams["technique-ouest"]
    assert (round_.day, round_.title) == (
        date(2026, 11, 22),
        "Tournée du dimanche 22\u00a0novembre",
    )
    assert round_.depot_label == "Dépôt"
    assert depot_of(session, round_) == DEPOT
    order = order_of(session, actor, round_)
    assert order in (
        [near.reference, middle.reference, far.reference],
        [far.reference, middle.reference, near.reference],
    )
    stops = stops_of(session, actor, round_.id)
    assert straight_length(session, DEPOT, stops) == pytest.approx(2 * 1029, rel=0.01)


def test_create_round_when_nobody_said_where_it_starts_then_goes_from_first_to_last(
    session: Session, toy: Toy, now: datetime
) -> None:
    reports = along(session, toy, 2.299, 2.287, 2.293)
    actor = agent_of(session, toy)
    round_ = make_round(session, actor, reports, now)
    assert depot_of(session, round_) is None
    stops = stops_of(session, actor, round_.id)
    assert straight_length(session, None, stops) == pytest.approx(882, rel=0.01)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_create_round_when_there_are_few_stops_then_holds_them(
    session: Session, toy: Toy, now: datetime, count: int
) -> None:
    reports = [make_signalement(session, toy) for _ in range(count)]
    actor = agent_of(session, toy)
    round_ = make_round(session, actor, reports, now)
    assert len(stops_of(session, actor, round_.id)) == count


def test_create_round_when_some_cannot_be_on_it_then_says_which_and_why(
    session: Session, toy: Toy, now: datetime
) -> None:
    ours = make_signalement(session, toy)
    theirs = make_signalement(session, toy, team="technique-est")
    secret = make_signalement(session, toy, category="rixe", team="police")
    ended = make_signalement(session, toy, status=Status.RESOLVED)
    disputed = make_signalement(session, toy, status=Status.TO_ARBITRATE)
    asked = [r.reference for r in (ours, theirs, secret, ended, disputed)]
    added = create_round(
        session, agent_of(session, toy), NewRound([*asked, ours.reference.lower(), "XX"]), now
    )
    assert added.added == 1
    assert [(one.reference, one.reason) for one in added.left_out] == [
        (theirs.reference, "introuvable, ou confié à un autre service"),
        (secret.reference, "introuvable, ou confié à un autre service"),
        (ended.reference, "déjà terminé"),
        (disputed.reference, "la coordination doit d’abord décider qui s’en occupe"),
        ("XX", "introuvable, ou confié à un autre service"),
    ]
    assert left_out_words(added.left_out).startswith("5\u00a0signalements laissés de côté : ")


def test_stops_when_a_report_is_on_two_rounds_then_each_says_so_while_it_is_to_be_done(
    session: Session, toy: Toy, now: datetime
) -> None:
    report = make_signalement(session, toy)
    actor, boss = agent_of(session, toy), make_actor(session, toy, Role.COORDINATOR, "coordination")
    first, second = (make_round(session, actor, [report], now) for _ in range(2))
    of_others = make_round(session, boss, [report], now)
    assert stops_of(session, actor, first.id)[0].elsewhere
    assert not stops_of(session, boss, of_others.id)[0].elsewhere
    finish_round(session, actor, second.id, now)
    assert not stops_of(session, actor, first.id)[0].elsewhere


def test_create_round_when_there_are_too_many_stops_then_refuses(
    session: Session, toy: Toy, now: datetime
) -> None:
    reports = [make_signalement(session, toy) for _ in range(MAX_STOPS + 1)]
    actor = agent_of(session, toy)
    with pytest.raises(InvalidSubmission, match="60 arrêts au plus"), session.begin_nested():
        make_round(session, actor, reports, now)
    round_ = make_round(session, actor, reports[:MAX_STOPS], now)
    assert len(stops_of(session, actor, round_.id)) == MAX_STOPS
    with pytest.raises(InvalidSubmission, match="60 arrêts au plus"):
        add_stops(session, actor, round_.id, [reports[-1].reference], now)


def test_create_round_when_the_actor_is_in_no_team_then_refuses(
    session: Session, toy: Toy, now: datetime
) -> None:
    with pytest.raises(InvalidSubmission, match="aucun service"):
        make_round(session, make_actor(session, toy, Role.AGENT), [], now)


def test_create_round_when_the_coordination_chooses_then_may_cross_teams(
    session: Session, toy: Toy, now: datetime
) -> None:
    west, east = make_signalement(session, toy), make_signalement(session, toy, team="police")
    actor = make_actor(session, toy, Role.COORDINATOR, "coordination")
    round_ = make_round(session, actor, [west, east], now)
    assert round_.team is toy.teams["coordination"]
    assert len(stops_of(session, actor, round_.id)) == 2


def test_rounds_when_read_by_others_then_are_not_there(
    session: Session, toy: Toy, now: datetime
) -> None:
    other = make_territory(session, "other", "OT")
    round_ = make_round(session, agent_of(session, toy), [], now)
    colleague = make_actor(session, toy, Role.MEDIATOR, "technique-ouest")
    boss = make_actor(session, toy, Role.COORDINATOR)
    for reader in (colleague, boss):
        assert [row.id for row in rounds_page(session, reader)[0]] == [round_.id]
    strangers = [
        agent_of(session, toy, "technique-est"),
        make_actor(session, toy, Role.RESIDENT),
        make_actor(session, toy, Role.PLANNER, "technique-ouest"),
        make_actor(session, toy, Role.ADMIN, "technique-ouest"),
        make_actor(session, other, Role.COORDINATOR, "coordination"),
    ]
    for reader in strangers:
        assert rounds_page(session, reader)[0] == []
        with pytest.raises(NotFound):
            start_round(session, reader, round_.id, now)


def test_stops_when_a_report_went_to_another_team_then_tell_nothing_of_it(
    session: Session, toy: Toy, now: datetime
) -> None:
    secret = make_signalement(session, toy, category="rixe", team="police", address="3 rue A")
    actor = agent_of(session, toy, "police")
    round_ = make_round(session, actor, [secret], now)
    secret.team_id = toy.teams["technique-ouest"].id
    session.flush()
    (stop,) = stops_of(session, actor, round_.id)
    assert not stop.is_ours
    told = (stop.reference, stop.category, stop.description, stop.address, stop.lon, stop.nature)
    assert told == (None,) * 6
    order_stops(session, actor, round_.id, now)
    remove_stop(session, actor, round_.id, stop.id, now)
    assert stops_of(session, actor, round_.id) == []


def test_order_stops_when_emergencies_come_first_then_they_do(
    session: Session, toy: Toy, now: datetime
) -> None:
    reports = along(session, toy, 2.287, 2.289, 2.291, 2.293)
    (urgent,) = along(session, toy, 2.299, priority=Priority.EMERGENCY)
    actor = agent_of(session, toy)
    round_ = make_round(session, actor, [*reports, urgent], now)
    set_depot(session, actor, round_.id, Depot(DEPOT, "Dépôt"), now)
    order_stops(session, actor, round_.id, now, emergencies_first=True)
    assert order_of(session, actor, round_)[0] == urgent.reference
    assert round_.emergencies_first
    order_stops(session, actor, round_.id, now)
    assert not round_.emergencies_first
    stops = stops_of(session, actor, round_.id)
    assert straight_length(session, DEPOT, stops) == pytest.approx(2 * 1029, rel=0.01)


def test_move_stop_when_moved_by_hand_then_stays_where_it_was_put(
    session: Session, toy: Toy, now: datetime
) -> None:
    actor = agent_of(session, toy)
    round_ = make_round(session, actor, along(session, toy, 2.287, 2.289, 2.291), now)
    first, second, third = (stop.id for stop in stops_of(session, actor, round_.id))
    version = round_.version
    move_stop(session, actor, round_.id, third, -1, now)
    move_stop(session, actor, round_.id, first, -1, now)
    stops = stops_of(session, actor, round_.id)
    assert [stop.id for stop in stops] == [first, third, second]
    assert [stop.position for stop in stops] == [1, 2, 3]
    assert round_.version == version + 2
    remove_stop(session, actor, round_.id, first, now)
    assert [s.position for s in stops_of(session, actor, round_.id)] == [1, 2]
    with pytest.raises(NotFound):
        move_stop(session, actor, round_.id, first, 1, now)


def test_edit_round_when_somebody_changed_it_then_says_so(
    session: Session, toy: Toy, now: datetime
) -> None:
    actor = agent_of(session, toy)
    colleague = make_account(session, toy, Role.AGENT, "technique-ouest")
    stranger = make_account(session, toy, Role.AGENT, "technique-est")
    round_ = make_round(session, actor, [], now)
    read = round_.version
    day = date(2026, 11, 24)
    edit_round(session, actor, round_.id, Details("Nord", day, colleague.id, read), now)
    assert (round_.title, round_.day, round_.walker) == ("Nord", day, colleague)
    with pytest.raises(StaleVersion):
        edit_round(session, actor, round_.id, Details("Sud", day, None, read), now)
    for title, walker in (("", None), ("x" * 121, None), ("Sud", stranger.id)):
        with pytest.raises(InvalidSubmission):
            details = Details(title, day, walker, round_.version)
            edit_round(session, actor, round_.id, details, now)


def test_set_depot_when_it_is_nowhere_then_refuses(
    session: Session, toy: Toy, now: datetime
) -> None:
    actor = agent_of(session, toy)
    round_ = make_round(session, actor, [], now)
    with pytest.raises(OutsideTerritory):
        set_depot(session, actor, round_.id, Depot(FAR_AWAY, "Loin"), now)
    with pytest.raises(InvalidSubmission):
        set_depot(session, actor, round_.id, Depot(DEPOT, "x" * 201), now)
    set_depot(session, actor, round_.id, Depot(DEPOT, "Garage"), now)
    session.refresh(round_)
    assert (depot_of(session, round_), round_.depot_label) == (DEPOT, "Garage")
    set_depot(session, actor, round_.id, Depot(None, "Garage"), now)
    session.refresh(round_)
    assert (depot_of(session, round_), round_.depot_label) == (None, "")


def test_finish_round_when_finished_then_it_changes_no_more(
    session: Session, toy: Toy, now: datetime
) -> None:
    actor = agent_of(session, toy)
    round_ = make_round(session, actor, along(session, toy, 2.287, 2.289), now)
    stop = stops_of(session, actor, round_.id)[0]
    start_round(session, actor, round_.id, now)
    assert (round_.status, round_.started_at) == (RoundStatus.UNDER_WAY, now)
    with pytest.raises(InvalidSubmission, match="a commencé"):
        discard_round(session, actor, round_.id)
    finish_round(session, actor, round_.id, now)
    assert (round_.status, round_.finished_at) == (RoundStatus.DONE, now)
    changes: list[Callable[[], object]] = [
        lambda: move_stop(session, actor, round_.id, stop.id, 1, now),
        lambda: remove_stop(session, actor, round_.id, stop.id, now),
        lambda: order_stops(session, actor, round_.id, now),
        lambda: add_stops(session, actor, round_.id, ["A"], now),
        lambda: start_round(session, actor, round_.id, now),
    ]
    for change in changes:
        with pytest.raises(InvalidSubmission, match="terminée"):
            change()


def test_discard_round_when_it_has_not_begun_then_forgets_it_alone(
    session: Session, toy: Toy, now: datetime
) -> None:
    (report,) = along(session, toy, 2.287)
    actor = agent_of(session, toy)
    round_ = make_round(session, actor, [report], now)
    discard_round(session, actor, round_.id)
    assert session.scalars(select(RoundStop)).all() == []
    assert session.get(Signalement, report.id) is report


def test_near_by_when_reports_are_on_the_way_then_proposes_them_nearest_first(
    session: Session, toy: Toy, now: datetime
) -> None:
    inside, near, far = along(session, toy, 2.287, 2.288, 2.298)
    make_signalement(session, toy, team="technique-est", point=LonLat(2.2871, 48.781))
    along(session, toy, 2.2872, status=Status.RESOLVED)
    actor = agent_of(session, toy)
    round_ = make_round(session, actor, [inside], now)
    found = near_by(session, actor, round_, LonLat(2.287, 48.781))
    assert [one.reference for one in found] == [near.reference, far.reference]
    assert found[0].distance_m == pytest.approx(73.5, rel=0.01)


def test_rounds_page_when_there_are_many_then_goes_on_where_it_stopped(
    session: Session, toy: Toy, now: datetime
) -> None:
    actor = agent_of(session, toy)
    made = [make_round(session, actor, [], now) for _ in range(PAGE_SIZE + 3)]
    first, after = rounds_page(session, actor)
    rest, end = rounds_page(session, actor, after)
    assert [row.id for row in (*first, *rest)] == [one.id for one in reversed(made)]
    assert (len(first), end) == (PAGE_SIZE, None)


def test_distances_when_measured_then_are_metres_on_the_ellipsoid(session: Session) -> None:
    north = LonLat(2.299, 48.791)
    table = distances_between(session, [IN_QUARTER_WEST, north, IN_QUARTER_WEST])
    assert table[0][1] == table[1][0] == pytest.approx(1112.1, abs=0.3)
    assert table[0][2] == 0
    assert tour_length(table, [1, 2]) == pytest.approx(2224.2, abs=0.6)
    assert distances_between(session, []) == []
