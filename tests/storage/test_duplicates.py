"""What was already reported near by: who sees it, within how many metres, how alike."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from qpvmap.core.actors import ANONYMOUS, Role
from qpvmap.core.geo import LonLat
from qpvmap.core.privacy import BEING_CHECKED
from qpvmap.core.workflow import Outcome, Status
from qpvmap.storage.duplicates import (
    already_reported,
    likely_duplicates,
    with_likely_duplicates,
)
from tests.factories import IN_QUARTER_WEST, NOW, Toy, make_actor, make_signalement, make_territory

METRE_NORTH = 1 / 111_200
METRE_EAST = METRE_NORTH / 0.659  # at 48.78 degrees
HERE = IN_QUARTER_WEST


def east(metres: float, start: LonLat = HERE) -> LonLat:
    return LonLat(start.lon + metres * METRE_EAST, start.lat)


def north(metres: float) -> LonLat:
    return LonLat(HERE.lon, HERE.lat + metres * METRE_NORTH)


def plan_of(session: Session, ask: Callable[[], object]) -> str:
    """Return the plans of the statements that `ask` sends."""
    for setting in (
        "load 'auto_explain'",
        "set local auto_explain.log_min_duration = 0",
        "set local client_min_messages = log",
    ):
        session.execute(text(setting))
    notices: list[str] = []
    driver = session.connection().connection.driver_connection
    assert driver is not None

    def note(notice: Any) -> None:
        notices.append(notice.message_primary or "")

    driver.add_notice_handler(note)
    ask()
    session.execute(text("set local auto_explain.log_min_duration = -1"))  # ends the one before
    driver.remove_notice_handler(note)
    return "\n".join(notices)


@pytest.fixture
def toy(session: Session) -> Toy:
    toy = make_territory(session)
    for code in ("voirie", "eclairage"):
        toy.categories[code].kindred = "street"
    session.flush()
    return toy


def seen(session: Session, toy: Toy, actor=ANONYMOUS, category: str = "voirie") -> list[str]:
    found = already_reported(session, actor, HERE, toy.categories[category], NOW)
    return [row.reference for row in found]


@pytest.mark.parametrize("place", [east(45), north(45), east(-45), north(-45)])
def test_already_reported_when_within_the_radius_on_the_ground_then_shown(
    session: Session, toy: Toy, place: LonLat
) -> None:
    row = make_signalement(session, toy, point=place)
    [found] = already_reported(session, ANONYMOUS, HERE, toy.categories["voirie"], NOW)
    assert (found.reference, found.is_open) == (row.reference, True)
    assert found.distance_m == pytest.approx(45, abs=0.5)


@pytest.mark.parametrize(
    "place", [east(56), north(56), LonLat(*(c + 0.0004 for c in (2.299, 48.781)))]
)
def test_already_reported_when_beyond_the_radius_then_not_shown(
    session: Session, toy: Toy, place: LonLat
) -> None:
    make_signalement(session, toy, point=place)
    assert seen(session, toy) == []


def test_already_reported_when_the_category_has_its_own_radius_then_it_is_used(
    session: Session, toy: Toy
) -> None:
    make_signalement(session, toy, point=east(80))
    toy.categories["voirie"].duplicate_radius_m = 100
    session.flush()
    assert len(seen(session, toy)) == 1


def test_already_reported_when_several_then_nearest_first_and_five_at_most(
    session: Session, toy: Toy
) -> None:
    for metres in (30, 10, 40, 20, 5, 35):
        make_signalement(session, toy, point=east(metres))
    found = already_reported(session, ANONYMOUS, HERE, toy.categories["voirie"], NOW)
    assert len(found) == 5
    assert all(one.distance_m <= other.distance_m for one, other in pairwise(found))


def test_already_reported_when_kindred_then_shown_and_when_other_then_not(
    session: Session, toy: Toy
) -> None:
    kindred = make_signalement(session, toy, category="eclairage")
    make_signalement(session, toy, category="rixe", team="police")
    coordinator = make_actor(session, toy, Role.COORDINATOR)
    assert seen(session, toy, coordinator) == [kindred.reference]


def test_already_reported_when_confidential_then_only_for_who_may_see_it(
    session: Session, toy: Toy
) -> None:
    row = make_signalement(session, toy, category="rixe", team="police")
    blind = [ANONYMOUS, make_actor(session, toy, Role.AGENT, "technique-ouest")]
    assert [seen(session, toy, actor, "rixe") for actor in blind] == [[], []]
    mediator = make_actor(session, toy, Role.MEDIATOR)
    assert seen(session, toy, mediator, "rixe") == [row.reference]


@pytest.mark.parametrize(
    ("days", "outcome", "shown"),
    [(59, Outcome.DONE, True), (61, Outcome.DONE, False), (1, Outcome.DUPLICATE, False)],
)
def test_already_reported_when_settled_then_for_sixty_days_and_never_a_duplicate(
    session: Session, toy: Toy, days: int, outcome: Outcome, shown: bool
) -> None:
    make_signalement(
        session,
        toy,
        status=Status.CLOSED,
        outcome=outcome,
        settled_at=NOW - timedelta(days=days),
        created_at=NOW - timedelta(days=100),
    )
    assert len(seen(session, toy)) == shown


def test_already_reported_when_split_then_its_parts_stand_for_it(
    session: Session, toy: Toy
) -> None:
    parent = make_signalement(session, toy)
    parts = [make_signalement(session, toy, parent_id=parent.id) for _ in range(2)]
    assert seen(session, toy) == [part.reference for part in parts]


def test_already_reported_when_the_text_is_not_checked_then_it_is_not_shown(
    session: Session, toy: Toy
) -> None:
    make_signalement(session, toy, description="06 12 34 56 78", description_hidden=True)
    [public] = already_reported(session, ANONYMOUS, HERE, toy.categories["voirie"], NOW)
    assert public.description == BEING_CHECKED
    agent = make_actor(session, toy, Role.AGENT, "technique-ouest")
    [known] = already_reported(session, agent, HERE, toy.categories["voirie"], NOW)
    assert known.description == "06 12 34 56 78"


def test_likely_duplicates_when_nearer_and_worded_alike_then_first(
    session: Session, toy: Toy
) -> None:
    agent = make_actor(session, toy, Role.AGENT, "technique-ouest")
    row = make_signalement(session, toy, description="Gros nid-de-poule devant l’école")
    twin = make_signalement(session, toy, point=east(3), description="Nid-de-poule devant l’école")
    other = make_signalement(
        session, toy, category="eclairage", point=east(40), description="Lampe éteinte"
    )
    make_signalement(session, toy, point=east(300))
    make_signalement(session, toy, team="technique-est", point=east(2))
    found = likely_duplicates(session, agent, row)
    assert found[0].reference == twin.reference
    assert found[0].score > 0.8
    assert other.reference not in [one.reference for one in found if one.score > 0.7]
    assert all(0 <= one.score <= 1 for one in found)
    hints = with_likely_duplicates(session, agent, [row.id, twin.id])
    assert hints.keys() == {row.id, twin.id}
    assert hints[row.id] == pytest.approx(found[0].score)


def test_likely_duplicates_when_of_one_family_then_left_out(session: Session, toy: Toy) -> None:
    agent = make_actor(session, toy, Role.AGENT, "technique-ouest")
    parent = make_signalement(session, toy)
    parts = [make_signalement(session, toy, parent_id=parent.id) for _ in range(2)]
    for row in (parent, *parts):
        assert likely_duplicates(session, agent, row) == []
    assert with_likely_duplicates(session, agent, []) == {}


def test_questions_when_there_are_many_rows_then_the_index_is_used(
    session: Session, toy: Toy, engine: Engine, count_queries
) -> None:
    agent = make_actor(session, toy, Role.AGENT, "technique-ouest")
    row = make_signalement(session, toy)
    columns = [
        name
        for (name,) in session.execute(
            text(
                "select column_name from information_schema.columns"
                " where table_name = 'signalement' and is_generated = 'NEVER'"
                " and column_name not in ('id', 'client_id', 'reference', 'location')"
            )
        )
    ]
    names = ", ".join(columns)
    session.execute(text("set local statement_timeout = 0"))  # the rows are many, not the questions
    session.execute(
        text(
            f"insert into signalement (client_id, reference, location, {names})"
            " select gen_random_uuid(), 'Z-' || n, st_setsrid(st_makepoint("
            " 2.28 + 0.04 * random(), 48.77 + 0.02 * random()), 4326), "
            f"{names} from signalement, generate_series(1, 50000) as n where id = :id"
        ),
        {"id": row.id},
    )
    session.execute(text("analyze signalement"))
    with count_queries(engine) as sent:
        already_reported(session, agent, HERE, toy.categories["voirie"], NOW)
        likely_duplicates(session, agent, row)
        with_likely_duplicates(session, agent, [row.id])
    assert len(sent) == 3
    for ask in (
        lambda: already_reported(session, ANONYMOUS, HERE, toy.categories["voirie"], NOW),
        lambda: likely_duplicates(session, agent, row),
    ):
        plan = plan_of(session, ask)
        assert "ix_signalement_location" in plan, plan
        assert "Seq Scan on signalement" not in plan, plan
