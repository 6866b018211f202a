"""The demonstration: true histories of invented facts, marked so."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, func, select, text
from sqlalchemy.orm import Session

from qpvmap.core.actors import Role
from qpvmap.core.deadlines import PARIS
from qpvmap.core.errors import NotFound
from qpvmap.core.workflow import OPEN_STATUSES, Status
from qpvmap.storage.accounts import account_by_email, actor_of
from qpvmap.storage.geodata import read_demo_signalements, read_plan
from qpvmap.storage.models import Account, Event, Signalement, SiteWalk
from qpvmap.usecases.accounts import has_password
from qpvmap.usecases.demo import STORIES, DemoReport, filed_at, load_demo, reset_demo_passwords

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
PEOPLE = {
    "mediateur@demo.example": Role.MEDIATOR,
    "agent.bagneux@demo.example": Role.AGENT,
    "referent.ept@demo.example": Role.LEAD,
    "bailleur@demo.example": Role.LEAD,
    "police@demo.example": Role.AGENT,
    "planificateur@demo.example": Role.PLANNER,
    "coordinateur@demo.example": Role.COORDINATOR,
    "admin@demo.example": Role.ADMIN,
}


@pytest.fixture(scope="module")
def demo_connection(blagis_engine: Engine) -> Iterator[Connection]:
    """Yield a connection that sees the demonstration, loaded once and never committed."""
    with blagis_engine.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            load_demo(session, "blagis", "mot de passe de démo", NOW)
            session.commit()
        yield connection
        outer.rollback()


@pytest.fixture
def demo(demo_connection: Connection) -> Iterator[Session]:
    """Yield a session on the demonstration; nothing it writes stays."""
    savepoint = demo_connection.begin_nested()
    with Session(demo_connection, join_transaction_mode="create_savepoint") as session:
        yield session
    savepoint.rollback()


def signalements(session: Session) -> list[Signalement]:
    return list(session.scalars(select(Signalement).order_by(Signalement.created_at)))


def test_load_demo_when_new_then_nobody_is_told_of_what_never_happened(demo: Session) -> None:
    assert demo.scalar(text("select count(*) from procrastinate_jobs")) == 0


def test_load_demo_when_new_then_eight_people_with_their_roles(demo: Session) -> None:
    for email, role in PEOPLE.items():
        account = account_by_email(demo, email)
        assert account is not None
        assert account.is_demo
        assert {row.name for row in account.roles} == {role}
        assert has_password(account, "mot de passe de démo")


def test_load_demo_when_run_again_later_then_nothing_is_added(demo: Session, now: datetime) -> None:
    events = demo.scalar(select(func.count()).select_from(Event))

    report = load_demo(demo, "blagis", "un autre", now + timedelta(days=40))

    assert report == DemoReport(people=0, signalements=0)
    assert demo.scalar(select(func.count()).select_from(Event)) == events
    assert reset_demo_passwords(demo, "mot de passe de démo", now) == 0


def test_load_demo_when_new_then_a_walk_and_its_follow_up_are_over(demo: Session) -> None:
    first, second = demo.scalars(select(SiteWalk).order_by(SiteWalk.day)).all()
    assert second.follows_id == first.id
    assert all(walk.is_demo and walk.closed_at for walk in (first, second))
    seen = demo.scalars(select(Signalement).where(Signalement.walk_id == first.id)).all()
    assert len(seen) == 3
    assert {row.created_at.date() for row in seen} == {first.day}


def test_load_demo_when_new_then_some_sixty_marked_signalements_over_18_months(
    demo: Session, now: datetime
) -> None:
    rows = signalements(demo)

    assert 55 <= len(rows) <= 70
    assert all(row.is_demo for row in rows)
    assert len({row.category.code for row in rows}) == 20
    assert now - rows[0].created_at > timedelta(days=530)
    assert now - rows[-1].created_at < timedelta(days=1)
    assert {row.insee_code for row in rows} == {"92007", "92014", "92032", "92071"}
    assert 0.7 < sum(row.inside_qpv for row in rows) / len(rows) < 1


def test_load_demo_when_new_then_each_end_of_a_story_and_some_late(
    demo: Session, now: datetime
) -> None:
    rows = signalements(demo)

    statuses = Counter(row.status for row in rows)
    ends = {story[-1][0] for story in STORIES.values() if story}
    assert set(statuses) == {Status.NEW, *ends}
    late = [row for row in rows if row.status in OPEN_STATUSES and row.due_at < now]
    assert 3 <= len(late) <= 10
    settled_late = [row for row in rows if row.settled_at and row.settled_at > row.due_at]
    assert len(settled_late) >= 5


def test_load_demo_when_new_then_references_follow_the_dates(demo: Session) -> None:
    references = [row.reference for row in signalements(demo)]
    confidential = [reference for reference in references if "-C" in reference]
    public = [reference for reference in references if "-C" not in reference]
    assert confidential == sorted(confidential)
    assert public == sorted(public)


def test_load_demo_when_new_then_journals_run_forward_and_end_at_the_status(
    demo: Session, now: datetime
) -> None:
    for row in signalements(demo):
        events = list(
            demo.scalars(
                select(Event).where(Event.signalement_id == row.id).order_by(Event.version)
            )
        )
        assert [event.version for event in events] == list(range(1, row.version + 1))
        assert [event.at for event in events] == sorted(event.at for event in events)
        assert events[-1].at <= now
        assert events[-1].to_status == row.status
        for event in events[1:]:
            assert event.actor_id is not None
            assert event.at.astimezone(PARIS).weekday() < 5
            assert 9 <= event.at.astimezone(PARIS).hour < 18


def test_load_demo_when_new_then_each_desk_has_open_work(demo: Session) -> None:
    rows = [row for row in signalements(demo) if row.status in OPEN_STATUSES]
    for email in ("agent.bagneux", "referent.ept", "bailleur", "police", "mediateur"):
        account = account_by_email(demo, f"{email}@demo.example")
        assert account is not None
        teams = actor_of(account).team_ids
        assert [row.reference for row in rows if row.team_id in teams], email


def test_load_demo_when_territory_is_missing_then_it_says_so(
    session: Session, now: datetime
) -> None:
    with pytest.raises(NotFound):
        load_demo(session, "blagis", "mot de passe", now)


@pytest.mark.parametrize("hour", range(24))
def test_filed_at_when_at_any_hour_then_never_in_the_future(hour: int) -> None:
    moment = NOW.replace(hour=hour)
    plan = read_plan("blagis")
    assert plan.demo_signalements is not None

    for row in read_demo_signalements(plan.demo_signalements):
        assert filed_at(row, moment) <= moment


def test_reset_demo_passwords_when_another_then_only_demo_people_get_it(
    demo: Session, now: datetime
) -> None:
    demo.add(Account(email="vraie@ville.example", fs_uniquifier="x", active=True))
    demo.flush()

    assert reset_demo_passwords(demo, "nouveau mot de passe", now) == len(PEOPLE)

    account = account_by_email(demo, "police@demo.example")
    assert account is not None
    assert has_password(account, "nouveau mot de passe")
    real = account_by_email(demo, "vraie@ville.example")
    assert real is not None
    assert real.password is None
