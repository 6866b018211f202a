"""Site walks: who prepares, writes and reads them; what comes twice; what stays confidential."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from io import BytesIO
from uuid import uuid4

import pytest
from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qpvmap.core.actors import ANONYMOUS, Role
from qpvmap.core.errors import (
    InvalidPhoto,
    InvalidSubmission,
    NotAllowed,
    NotFound,
    OutsideTerritory,
    StaleVersion,
)
from qpvmap.core.geo import LonLat
from qpvmap.core.photos import Areas, Picture, Size
from qpvmap.core.walks import (
    HEADS_MAX,
    MAX_STOPS,
    PHOTOS_PER_PLACE,
    BodyCount,
    BodyKind,
    DecisionStatus,
    Grade,
    RouteSource,
    WalkState,
)
from qpvmap.pictures import prepare
from qpvmap.storage.files import Files, photo_path
from qpvmap.storage.models import Signalement, SiteWalk, WalkBody, WalkPhoto, WalkPoint, WalkStop
from qpvmap.storage.photos import all_kept_keys, kept_keys
from qpvmap.storage.walk_records import decisions_of, points_of, remarks_of
from qpvmap.storage.walks import bodies_of, find_walk, route_of, stops_of, walks_page
from qpvmap.usecases.walk_decisions import NewDecision, add_decision, settle_decision
from qpvmap.usecases.walk_records import (
    WalkPhotoSending,
    add_photo,
    add_point,
    record_visit,
    redact_photo,
    remove_photo,
)
from qpvmap.usecases.walk_stops import NewStop, add_stop, move_stop, remove_stop, set_route
from qpvmap.usecases.walks import (
    Details,
    close_walk,
    create_walk,
    discard_walk,
    edit_walk,
    reopen_walk,
    start_walk,
)
from tests.factories import FAR_AWAY, IN_QUARTER_WEST, Toy, make_actor, make_territory
from tests.pictures import photo
from tests.usecases.walk_help import (
    DAY,
    ITEMS,
    defect,
    good_point,
    make_checklist,
    make_walk,
    new_walk,
    stop_ids,
    visit,
)

PICTURE = Picture(b"full", b"thumb", 4, 3)


@pytest.fixture
def toy(session: Session) -> Toy:
    toy = make_territory(session)
    make_checklist(session, toy)
    return toy


@pytest.fixture
def files() -> Files:
    from obstore.store import MemoryStore

    return Files(MemoryStore())


def test_create_when_the_same_comes_again_then_is_the_first_one(
    session: Session, toy: Toy, now: datetime
) -> None:
    mediator = make_actor(session, toy, Role.MEDIATOR)
    asked = new_walk(starts_at=time(9, 30), ends_at=time(11, 30))
    first = create_walk(session, mediator, toy.territory, asked, now)
    again = create_walk(session, mediator, toy.territory, asked, now)
    assert (first.created, again.created) == (True, False)
    assert again.walk.id == first.walk.id
    assert first.walk.item_codes == list(ITEMS)
    assert session.scalar(select(func.count()).select_from(SiteWalk)) == 1
    assert [body.heads for body in bodies_of(session, [first.walk.id])[first.walk.id]] == [4, 2]
    with pytest.raises(NotAllowed):
        create_walk(session, make_actor(session, toy, Role.COORDINATOR), toy.territory, asked, now)


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (Role.MEDIATOR, True),
        (Role.LEAD, True),
        (Role.COORDINATOR, True),
        (Role.AGENT, False),
        (Role.PLANNER, False),
        (Role.RESIDENT, False),
        (Role.ADMIN, False),
    ],
)
def test_create_when_the_role_prepares_none_then_is_refused(
    session: Session, toy: Toy, now: datetime, role: Role, may: bool
) -> None:
    actor = make_actor(session, toy, role)
    if may:
        assert create_walk(session, actor, toy.territory, new_walk(), now).created
    else:
        with pytest.raises(NotAllowed):
            create_walk(session, actor, toy.territory, new_walk(), now)


def test_read_when_of_another_territory_or_no_team_then_is_not_there(
    session: Session, toy: Toy, now: datetime
) -> None:
    walk = make_walk(session, toy, make_actor(session, toy, Role.MEDIATOR), now)
    other = make_territory(session, "ailleurs", "AI")
    for actor in (
        ANONYMOUS,
        make_actor(session, toy, Role.RESIDENT),
        make_actor(session, toy, Role.ADMIN),
        make_actor(session, other, Role.COORDINATOR),
    ):
        assert find_walk(session, actor, walk.id) is None
        assert walks_page(session, actor)[0] == []
        with pytest.raises(NotFound):
            record_visit(session, actor, walk.id, visit(1, proprete="bad"), now)
    for role in (Role.AGENT, Role.LEAD, Role.PLANNER):
        reader = make_actor(session, toy, role)
        assert find_walk(session, reader, walk.id) is not None
        assert [row.heads for row in walks_page(session, reader)[0]] == [6]


def test_residents_when_given_a_name_then_it_is_not_kept(
    session: Session, toy: Toy, now: datetime
) -> None:
    bodies = (
        BodyCount(BodyKind.RESIDENTS, "Madame Untel", 3),
        BodyCount(BodyKind.POLICE, "Police municipale", 0),
    )
    walk = make_walk(session, toy, make_actor(session, toy, Role.LEAD), now, bodies=bodies)
    kept = session.scalars(select(WalkBody).where(WalkBody.walk_id == walk.id)).all()
    assert [(row.kind, row.name, row.heads) for row in kept] == [("residents", "", 3)]


def test_details_when_wrong_then_each_fault_is_told(
    session: Session, toy: Toy, now: datetime
) -> None:
    lead = make_actor(session, toy, Role.LEAD)
    asked = new_walk(
        title=" ",
        day=None,
        starts_at=time(11),
        ends_at=time(10),
        bodies=(BodyCount(BodyKind.STATE, "", HEADS_MAX + 1),),
        theme="inconnu",
        follows_id=987,
        qpv_code="QN00000X",
    )
    with pytest.raises(InvalidSubmission) as refused:
        create_walk(session, lead, toy.territory, asked, now)
    assert set(refused.value.fields) == {
        "title", "day", "ends_at", "bodies", "theme", "follows", "qpv"
    }  # fmt: skip


def test_edit_when_somebody_did_meanwhile_then_is_refused(
    session: Session, toy: Toy, now: datetime
) -> None:
    lead = make_actor(session, toy, Role.LEAD)
    walk = make_walk(session, toy, lead, now)
    said = Details("Autre titre", DAY, bodies=(BodyCount(BodyKind.STATE, "Préfecture", 1),))
    edit_walk(session, lead, walk.id, said, walk.version, now)
    assert walk.title == "Autre titre"
    with pytest.raises(StaleVersion):
        edit_walk(session, lead, walk.id, said, walk.version - 1, now)


def test_stops_when_added_moved_and_taken_off_then_stay_numbered(
    session: Session, toy: Toy, now: datetime
) -> None:
    lead = make_actor(session, toy, Role.LEAD)
    walk = make_walk(session, toy, lead, now, stops=3)
    first, second, third = stop_ids(session, walk)
    move_stop(session, lead, walk.id, third, -2, now)
    assert stop_ids(session, walk) == [third, first, second]
    remove_stop(session, lead, walk.id, first, now)
    assert [stop.position for stop in stops_of(session, [walk.id])] == [1, 2]
    record_visit(session, lead, walk.id, visit(third, proprete="good"), now)
    add_point(session, lead, walk.id, good_point(second), now)
    for used in (second, third):
        with pytest.raises(InvalidSubmission, match="déjà été vu"):
            remove_stop(session, lead, walk.id, used, now)


def test_stop_when_sent_again_then_is_added_once(session: Session, toy: Toy, now: datetime) -> None:
    lead = make_actor(session, toy, Role.LEAD)
    walk = make_walk(session, toy, lead, now, stops=0)
    asked = NewStop(uuid4(), IN_QUARTER_WEST)
    assert add_stop(session, lead, walk.id, asked, now)[1]
    again, created = add_stop(session, lead, walk.id, asked, now)
    assert not created
    assert again.label == "Arrêt 1"
    with pytest.raises(OutsideTerritory):
        add_stop(session, lead, walk.id, NewStop(uuid4(), FAR_AWAY), now)
    with pytest.raises(InvalidSubmission, match="deux marches"):
        for _ in range(MAX_STOPS + 1):
            add_stop(session, lead, walk.id, NewStop(uuid4(), IN_QUARTER_WEST), now)


def test_visit_when_it_comes_twice_or_late_then_what_was_seen_last_is_kept(
    session: Session, toy: Toy, now: datetime
) -> None:
    """An agent's phone had no signal: what it saw earlier comes after what the mediator saw."""
    mediator, agent = (make_actor(session, toy, role) for role in (Role.MEDIATOR, Role.AGENT))
    walk = make_walk(session, toy, mediator, now)
    stop = stop_ids(session, walk)[0]
    seen = visit(stop, at=now - timedelta(minutes=5), proprete="bad", note="Deux sacs.")
    assert record_visit(session, mediator, walk.id, seen, now)
    assert not record_visit(session, mediator, walk.id, seen, now)
    earlier = visit(
        stop, at=now - timedelta(minutes=9), proprete="good", eclairage="fair", note="Rien."
    )
    assert record_visit(session, agent, walk.id, earlier, now)
    remarks = remarks_of(session, [walk.id])[stop]
    assert {code: remark.grade for code, remark in remarks.items()} == {
        "proprete": Grade.BAD,
        "eclairage": Grade.FAIR,
    }
    session.expire_all()
    assert session.get_one(WalkStop, stop).note == "Deux sacs."
    assert walk.state == WalkState.UNDER_WAY
    with pytest.raises(NotAllowed):
        record_visit(session, agent, walk.id, seen, now)


def test_visit_when_an_item_is_of_another_walk_then_is_refused(
    session: Session, toy: Toy, now: datetime
) -> None:
    lead = make_actor(session, toy, Role.LEAD)
    walk = make_walk(session, toy, lead, now)
    with pytest.raises(InvalidSubmission, match="Rechargez"):
        record_visit(session, lead, walk.id, visit(stop_ids(session, walk)[0], halls="bad"), now)
    with pytest.raises(NotFound):
        record_visit(session, lead, walk.id, visit(987_654, proprete="bad"), now)
    with pytest.raises(NotAllowed):
        planner = make_actor(session, toy, Role.PLANNER)
        record_visit(session, planner, walk.id, visit(1, proprete="bad"), now)


def test_visit_when_seen_before_the_end_then_is_taken_after_it(
    session: Session, toy: Toy, now: datetime
) -> None:
    lead = make_actor(session, toy, Role.LEAD)
    walk = make_walk(session, toy, lead, now)
    first, second = stop_ids(session, walk)
    close_walk(session, lead, walk.id, now)
    later = now + timedelta(hours=2)
    before = visit(first, at=now - timedelta(minutes=20), proprete="bad")
    assert record_visit(session, lead, walk.id, before, later)
    with pytest.raises(InvalidSubmission, match="terminée"):
        record_visit(session, lead, walk.id, visit(second, at=later, proprete="bad"), later)
    reopen_walk(session, lead, walk.id, later)
    assert record_visit(session, lead, walk.id, visit(second, at=later, proprete="bad"), later)


def test_defect_when_seen_then_is_one_signalement_that_comes_from_the_walk(
    session: Session, toy: Toy, now: datetime
) -> None:
    mediator = make_actor(session, toy, Role.MEDIATOR)
    walk = make_walk(session, toy, mediator, now)
    asked = defect(stop_ids(session, walk)[0])
    point, created = add_point(session, mediator, walk.id, asked, now)
    again, twice = add_point(session, mediator, walk.id, asked, now)
    assert (created, twice, again.id) == (True, False, point.id)
    (filed,) = session.scalars(select(Signalement)).all()
    assert filed.walk_id == walk.id
    assert filed.team_id == toy.teams["technique-ouest"].id
    (row,) = points_of(session, mediator, [walk.id])
    assert (row.reference, row.category) == (filed.reference, "Voirie")


def test_good_point_when_noted_then_nobody_is_given_work(
    session: Session, toy: Toy, now: datetime
) -> None:
    mediator = make_actor(session, toy, Role.MEDIATOR)
    walk = make_walk(session, toy, mediator, now)
    add_point(session, mediator, walk.id, good_point(), now)
    assert session.scalars(select(Signalement)).all() == []
    (row,) = points_of(session, mediator, [walk.id])
    assert (row.kind, row.reference, row.due_at) == ("satisfaction", None, None)
    with pytest.raises(InvalidSubmission, match="va bien"):
        add_point(session, mediator, walk.id, good_point(text=""), now)


def test_point_when_confidential_then_the_others_do_not_know_of_it(
    session: Session, toy: Toy, now: datetime
) -> None:
    mediator = make_actor(session, toy, Role.MEDIATOR)
    walk = make_walk(session, toy, mediator, now)
    point, _ = add_point(session, mediator, walk.id, defect(category="rixe"), now)
    add_point(session, mediator, walk.id, defect(), now)
    secret = session.get_one(Signalement, point.signalement_id)
    add_decision(
        session,
        mediator,
        walk.id,
        NewDecision(uuid4(), "Passer plus souvent", "police", references=[secret.reference]),
        now,
    )
    agent = make_actor(session, toy, Role.AGENT, "technique-ouest")
    police = make_actor(session, toy, Role.AGENT, "police")
    assert len(points_of(session, mediator, [walk.id])) == 2
    assert len(points_of(session, police, [walk.id])) == 2
    assert [row.category for row in points_of(session, agent, [walk.id])] == ["Voirie"]
    assert decisions_of(session, agent, [walk.id])[0].linked == ()
    assert len(decisions_of(session, police, [walk.id])[0].linked) == 1


def test_follow_up_when_prepared_then_sees_the_same_stops_again(
    session: Session, toy: Toy, now: datetime
) -> None:
    lead = make_actor(session, toy, Role.LEAD)
    first = make_walk(session, toy, lead, now, stops=3)
    with pytest.raises(InvalidSubmission):  # not before the first is over
        create_walk(session, lead, toy.territory, new_walk(follows_id=first.id), now)
    close_walk(session, lead, first.id, now)
    second = create_walk(session, lead, toy.territory, new_walk(follows_id=first.id), now).walk
    before, after = stops_of(session, [first.id]), stops_of(session, [second.id])
    assert [stop.before_id for stop in after] == [stop.id for stop in before]
    assert [stop.label for stop in after] == [stop.label for stop in before]
    assert second.item_codes == first.item_codes


def test_decision_when_settled_then_by_its_team_or_who_leads_walks(
    session: Session, toy: Toy, now: datetime
) -> None:
    lead = make_actor(session, toy, Role.LEAD)
    walk = make_walk(session, toy, lead, now)
    asked = NewDecision(uuid4(), "Tailler la haie", "technique-ouest", due_on=DAY)
    decision, created = add_decision(session, lead, walk.id, asked, now)
    assert created
    assert not add_decision(session, lead, walk.id, asked, now)[1]
    stranger = make_actor(session, toy, Role.AGENT, "technique-est")
    with pytest.raises(NotAllowed):
        settle_decision(session, stranger, walk.id, decision.id, DecisionStatus.DONE, "", now)
    owner = make_actor(session, toy, Role.AGENT, "technique-ouest")
    settle_decision(session, owner, walk.id, decision.id, DecisionStatus.DONE, "Fait.", now)
    (row,) = decisions_of(session, lead, [walk.id])
    assert (row.status, row.settled_note, row.who) == ("done", "Fait.", "Équipe technique-ouest")
    coordinator = make_actor(session, toy, Role.COORDINATOR)
    settle_decision(session, coordinator, walk.id, decision.id, DecisionStatus.PROMISED, "", now)
    assert (decision.settled_at, decision.settled_by) == (None, None)


def test_decision_when_wrong_then_each_fault_is_told(
    session: Session, toy: Toy, now: datetime
) -> None:
    lead = make_actor(session, toy, Role.LEAD)
    walk = make_walk(session, toy, lead, now)
    asked = NewDecision(uuid4(), " ", references=["TO-2026-9999"])
    with pytest.raises(InvalidSubmission) as refused:
        add_decision(session, lead, walk.id, asked, now)
    assert set(refused.value.fields) == {"what", "team", "references"}
    with pytest.raises(InvalidSubmission, match="pas de ce territoire"):
        add_decision(session, lead, walk.id, replace(asked, what="Oui", team="ailleurs"), now)


def test_photo_when_it_comes_twice_then_is_kept_once_and_its_file_is_not_an_orphan(
    session: Session, toy: Toy, now: datetime, files: Files
) -> None:
    mediator, agent = (make_actor(session, toy, role) for role in (Role.MEDIATOR, Role.AGENT))
    walk = make_walk(session, toy, mediator, now)
    stop = stop_ids(session, walk)[0]
    sending = WalkPhotoSending(uuid4(), stop, item="proprete", captured_at=now)
    photo, created = add_photo(session, files, mediator, walk.id, sending, PICTURE, now)
    assert walk.state == WalkState.UNDER_WAY
    again, twice = add_photo(session, files, mediator, walk.id, sending, PICTURE, now)
    assert (created, twice, again.id) == (True, False, photo.id)
    assert kept_keys(session, [photo.key, "autre"]) == {photo.key} == all_kept_keys(session)
    with pytest.raises(NotAllowed):
        remove_photo(session, agent, photo.id, now)
    assert remove_photo(session, mediator, photo.id, now) == photo.key
    assert all_kept_keys(session) == set()
    with pytest.raises(NotFound):
        remove_photo(session, mediator, photo.id, now)


def test_photo_when_blackened_then_has_another_name_and_nothing_under_it(
    session: Session, toy: Toy, now: datetime, files: Files
) -> None:
    mediator, agent = (make_actor(session, toy, role) for role in (Role.MEDIATOR, Role.AGENT))
    walk = make_walk(session, toy, mediator, now)
    sending = WalkPhotoSending(uuid4(), stop_ids(session, walk)[0])
    picture = prepare(photo())
    kept, _ = add_photo(session, files, mediator, walk.id, sending, picture, now)
    areas, former = Areas(rectangles=((0.0, 0.0, 1.0, 1.0),)), kept.key
    with pytest.raises(NotAllowed):
        redact_photo(session, files, agent, kept.id, areas)
    assert redact_photo(session, files, mediator, kept.id, areas) == former != kept.key
    content = files.get(photo_path(kept.key, Size.FULL))
    assert content is not None
    assert Image.open(BytesIO(content)).convert("L").getextrema()[1] < 20


def test_photo_when_its_point_has_not_come_then_waits_for_it(
    session: Session, toy: Toy, now: datetime, files: Files
) -> None:
    mediator = make_actor(session, toy, Role.MEDIATOR)
    walk = make_walk(session, toy, mediator, now)
    asked = good_point()
    sending = WalkPhotoSending(uuid4(), point=asked.submission.client_id)
    with pytest.raises(NotFound):
        add_photo(session, files, mediator, walk.id, sending, PICTURE, now)
    add_point(session, mediator, walk.id, asked, now)
    photo, _ = add_photo(session, files, mediator, walk.id, sending, PICTURE, now)
    assert photo.point_id == session.scalars(select(WalkPoint.id)).one()
    with pytest.raises(InvalidPhoto):
        for _ in range(PHOTOS_PER_PLACE):
            add_photo(
                session, files, mediator, walk.id, replace(sending, client_id=uuid4()), PICTURE, now
            )
    assert session.scalar(select(func.count()).select_from(WalkPhoto)) == PHOTOS_PER_PLACE


def test_route_when_recorded_then_is_simplified_and_kept_once(
    session: Session, toy: Toy, now: datetime
) -> None:
    mediator = make_actor(session, toy, Role.MEDIATOR)
    walk = make_walk(session, toy, mediator, now)
    straight = [LonLat(round(2.2985 + n * 0.00001, 6), 48.7805) for n in range(200)]
    sending = uuid4()
    assert set_route(session, mediator, walk.id, straight, RouteSource.RECORDED, now, sending)
    assert not set_route(session, mediator, walk.id, straight, RouteSource.RECORDED, now, sending)
    assert route_of(session, walk.id) == [straight[0], straight[-1]]
    agent = make_actor(session, toy, Role.AGENT)
    assert not set_route(session, agent, walk.id, straight[:9], RouteSource.RECORDED, now, uuid4())
    with pytest.raises(NotAllowed):
        set_route(session, agent, walk.id, straight, RouteSource.DRAWN, now)
    assert set_route(session, mediator, walk.id, [], RouteSource.DRAWN, now)
    assert route_of(session, walk.id) == []


def test_state_when_moved_then_only_forwards(session: Session, toy: Toy, now: datetime) -> None:
    lead = make_actor(session, toy, Role.LEAD)
    empty = make_walk(session, toy, lead, now, stops=0)
    with pytest.raises(InvalidSubmission, match="au moins un arrêt"):
        start_walk(session, lead, empty.id, now)
    discard_walk(session, lead, empty.id)
    walk = make_walk(session, toy, lead, now)
    start_walk(session, lead, walk.id, now)
    assert start_walk(session, lead, walk.id, now + timedelta(hours=1)).started_at == now
    with pytest.raises(InvalidSubmission, match="commencé"):
        discard_walk(session, lead, walk.id)
    later = now + timedelta(days=1)
    told = now + timedelta(hours=2)
    assert close_walk(session, lead, walk.id, later, told)[1]
    assert close_walk(session, lead, walk.id, later)[0].closed_at == told
    reopen_walk(session, lead, walk.id, later)
    close_walk(session, lead, walk.id, later, now - timedelta(days=400))
    assert walk.closed_at == later
    with pytest.raises(InvalidSubmission):
        add_stop(session, lead, walk.id, NewStop(uuid4(), IN_QUARTER_WEST), now)
    with pytest.raises(InvalidSubmission):
        start_walk(session, lead, walk.id, now)
