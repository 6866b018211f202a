"""Filing: once, in the right hands, with a promise."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qpvmap.core.actors import ANONYMOUS, Role
from qpvmap.core.errors import InvalidSubmission, NotAllowed, OutsideTerritory
from qpvmap.core.geo import LonLat
from qpvmap.core.routing import Ground
from qpvmap.storage.models import Equipment, Event, Signalement
from qpvmap.storage.session import make_engine, transaction
from qpvmap.storage.signalements import history, point_of, territory_by_code
from qpvmap.usecases.signalements import preview, submit
from tests.factories import (
    FAR_AWAY,
    IN_QUARTER_EAST,
    NOW,
    make_actor,
    make_territory,
    submission,
)


def test_submit_routes_dates_and_journals(session: Session) -> None:
    toy = make_territory(session)
    mediator = make_actor(session, toy, Role.MEDIATOR)
    receipt = submit(session, mediator, toy.territory, submission(accuracy_m=12), NOW)
    filed = receipt.signalement
    assert receipt.created
    assert filed.reference == "TO-2026-0001"
    assert filed.team.code == "technique-ouest"
    assert filed.routing_ground == Ground.COMMUNE_AND_CATEGORY
    assert filed.due_at == datetime(2026, 12, 4, 17, tzinfo=UTC)
    assert (filed.inside_qpv, filed.share_inside) == (True, 1.0)
    assert filed.reporter_id == mediator.account_id
    [entry] = history(session, filed.id)
    assert (entry.kind, entry.to_status, entry.actor_id) == ("created", "new", mediator.account_id)


@pytest.mark.parametrize(
    ("point", "category", "team"),
    [
        (IN_QUARTER_EAST, "voirie", "technique-est"),
        (IN_QUARTER_EAST, "rixe", "police"),
        (IN_QUARTER_EAST, "eclairage", "coordination"),
    ],
)
def test_submit_follows_the_rules_of_competence(
    session: Session, point: LonLat, category: str, team: str
) -> None:
    toy = make_territory(session)
    mediator = make_actor(session, toy, Role.MEDIATOR)
    filed = submit(session, mediator, toy.territory, submission(point, category), NOW).signalement
    assert filed.team.code == team


def test_submit_numbers_what_is_confidential_apart(session: Session) -> None:
    toy = make_territory(session)
    mediator = make_actor(session, toy, Role.MEDIATOR)
    references = [
        submit(
            session, mediator, toy.territory, submission(category=code), NOW
        ).signalement.reference
        for code in ("voirie", "rixe", "voirie", "rixe")
    ]
    assert references == ["TO-2026-0001", "TO-2026-C001", "TO-2026-0002", "TO-2026-C002"]


def test_submit_twice_with_one_client_id_files_once(session: Session) -> None:
    toy = make_territory(session)
    mediator = make_actor(session, toy, Role.MEDIATOR)
    sent = submission()
    first = submit(session, mediator, toy.territory, sent, NOW)
    again = submit(
        session,
        mediator,
        toy.territory,
        submission(client_id=sent.client_id, description="Autre texte"),
        NOW + timedelta(hours=1),
    )
    assert not again.created
    assert again.signalement.id == first.signalement.id
    assert again.location == first.location
    assert session.scalar(select(func.count()).select_from(Event)) == 1


def test_submit_again_after_the_category_is_gone_still_gives_the_first(session: Session) -> None:
    toy = make_territory(session)
    mediator = make_actor(session, toy, Role.MEDIATOR)
    sent = submission()
    first = submit(session, mediator, toy.territory, sent, NOW)
    toy.categories["voirie"].code = "ancienne-voirie"
    session.flush()
    again = submit(session, mediator, toy.territory, sent, NOW)
    assert (again.created, again.signalement.id) == (False, first.signalement.id)


def test_submit_with_the_client_id_of_another_tells_nothing(session: Session) -> None:
    toy = make_territory(session)
    sent = submission(category="rixe")
    submit(session, make_actor(session, toy, Role.MEDIATOR), toy.territory, sent, NOW)
    with pytest.raises(NotAllowed):
        submit(session, ANONYMOUS, toy.territory, submission(client_id=sent.client_id), NOW)


def test_submit_without_an_account_is_for_technical_matters(session: Session) -> None:
    toy = make_territory(session)
    assert submit(session, ANONYMOUS, toy.territory, submission(), NOW).created
    with pytest.raises(NotAllowed):
        submit(session, ANONYMOUS, toy.territory, submission(category="rixe"), NOW)


def test_submit_outside_or_with_an_unknown_category_is_refused(session: Session) -> None:
    toy = make_territory(session)
    with pytest.raises(OutsideTerritory):
        submit(session, ANONYMOUS, toy.territory, submission(FAR_AWAY), NOW)
    with pytest.raises(InvalidSubmission):
        submit(session, ANONYMOUS, toy.territory, submission(category="licorne"), NOW)
    assert session.scalar(select(func.count()).select_from(Signalement)) == 0


def test_preview_says_who_and_writes_nothing(session: Session) -> None:
    toy = make_territory(session)
    seen = preview(session, ANONYMOUS, toy.territory, IN_QUARTER_EAST, 10, "voirie", NOW)
    assert seen.handling is not None and seen.handling.team.code == "technique-est"
    assert (
        preview(session, ANONYMOUS, toy.territory, IN_QUARTER_EAST, 10, None, NOW).handling is None
    )
    assert session.scalar(select(func.count()).select_from(Signalement)) == 0


def test_submit_by_many_at_once_gives_each_its_reference_and_one_per_client_id(
    committed_db: str,
) -> None:
    engine = make_engine(committed_db, pool_size=8)
    with transaction(engine) as session:
        make_territory(session)
    client_ids = [uuid4() for _ in range(12)]

    def send(client_id: object) -> str:
        with transaction(engine) as session:
            territory = territory_by_code(session, "toy")
            assert territory is not None
            sent = submission(client_id=client_id)
            return submit(session, ANONYMOUS, territory, sent, NOW).signalement.reference

    with ThreadPoolExecutor(8) as pool:
        references = list(pool.map(send, client_ids * 3))
    assert references[:12] == references[12:24] == references[24:]
    assert sorted(set(references)) == [f"TO-2026-{n:04d}" for n in range(1, 13)]
    engine.dispose()


def test_submit_when_no_address_is_given_then_says_the_nearest_place_and_that_it_was_found(
    session: Session,
) -> None:
    toy = make_territory(session)
    session.add(
        Equipment(
            source="essai",
            source_key="1",
            vintage=2026,
            name="École Paul Éluard",
            theme="education",
            kind="school",
            location=point_of(LonLat(IN_QUARTER_EAST.lon + 0.0005, IN_QUARTER_EAST.lat)),
        )
    )
    session.flush()
    actor = make_actor(session, toy, Role.MEDIATOR)
    told = submit(session, actor, toy.territory, submission(IN_QUARTER_EAST), NOW).signalement
    assert re.fullmatch(
        r"Près de «\xa0École Paul Éluard\xa0», à 3\d\xa0m \(d’après la position\)", told.address
    )
    typed = submission(IN_QUARTER_EAST, address="2 rue des Aulnes")
    assert submit(session, actor, toy.territory, typed, NOW).signalement.address == (
        "2 rue des Aulnes"
    )
