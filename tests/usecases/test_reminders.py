"""Reminders: before, at, twice; once each; on working days; never while the clock is stopped."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Role
from qpvmap.core.bulletins import Bulletin
from qpvmap.core.deadlines import PARIS, Priority, Step
from qpvmap.core.workflow import Request, Status
from qpvmap.storage.models import ClosingDay, Notice, Reminder
from qpvmap.storage.session import make_engine, transaction
from qpvmap.usecases.handling import change_status
from qpvmap.usecases.reminders import REMINDER, reminder_bulletin, send_reminders
from tests.factories import Toy, make_account, make_actor, make_signalement, make_territory

DUE = datetime(2028, 7, 17, 18, 0, tzinfo=PARIS)
"""A Monday; the Friday before it, 14 July, is a holiday."""
FILED = datetime(2028, 7, 3, 10, 0, tzinfo=PARIS)


def july(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2028, 7, day, hour, minute, tzinfo=PARIS)


@pytest.fixture
def toy(session: Session) -> Toy:
    made = make_territory(session)
    for code in ("technique-ouest", "police"):
        made.teams[code].email = f"{code}@toy.example"
    session.flush()
    return made


def owed(session: Session, toy: Toy, **more: Any) -> Any:
    return make_signalement(session, toy, **{"created_at": FILED, "due_at": DUE} | more)


def steps(session: Session) -> list[str]:
    return list(session.scalars(select(Reminder.step).order_by(Reminder.sent_at)))


def notices(session: Session) -> list[Notice]:
    return list(session.scalars(select(Notice).where(Notice.kind == REMINDER).order_by(Notice.id)))


def words(bulletin: Bulletin | None) -> str:
    assert bulletin is not None
    lines = [f"{line.title} {line.detail}" for group in bulletin.groups for line in group.lines]
    return "\n".join([bulletin.subject, bulletin.opening, *lines]).replace("\u00a0", " ")


def test_reminders_when_time_passes_then_each_step_is_told_once(session: Session, toy: Toy) -> None:
    owed(session, toy)
    silent = [july(12, 12), july(13, 7, 50), july(13, 19, 5)]
    assert [send_reminders(session, now) for now in silent] == [0, 0, 0]
    # Friday is off: the working day before Monday is Thursday
    assert send_reminders(session, july(13, 8, 1)) == 1
    assert send_reminders(session, july(13, 8, 2)) == 0
    assert send_reminders(session, july(17, 9)) == 0
    assert send_reminders(session, july(17, 18, 1)) == 1
    assert send_reminders(session, july(18, 9)) == 0
    # twice the delay is Tuesday 1 August at 2 h: it waits for the desk to open
    august = july(31, 3) + timedelta(days=1)
    assert send_reminders(session, august) == 0
    assert send_reminders(session, august.replace(hour=8)) == 1
    assert send_reminders(session, august.replace(hour=9)) == 0
    assert steps(session) == [Step.BEFORE, Step.AT, Step.TWICE]


def test_reminder_when_twice_late_then_the_lead_and_the_coordinator_are_told_too(
    session: Session, toy: Toy
) -> None:
    lead = make_account(session, toy, Role.LEAD, "technique-ouest")
    coordinator = make_account(session, toy, Role.COORDINATOR, "coordination")
    make_account(session, toy, Role.LEAD, "technique-est")
    make_account(session, toy, Role.AGENT, "technique-ouest")
    gone = make_account(session, toy, Role.LEAD, "technique-ouest")
    gone.active = False
    owed(session, toy)
    assert send_reminders(session, july(17, 18, 1)) == 1
    assert send_reminders(session, july(31, 8) + timedelta(days=1)) == 3
    told = [notice.address for notice in notices(session)]
    assert told[1:] == ["technique-ouest@toy.example", lead.email, coordinator.email]


def test_reminder_when_its_date_changes_then_is_told_anew(session: Session, toy: Toy) -> None:
    row = owed(session, toy)
    send_reminders(session, july(17, 18, 1))
    row.due_at = DUE + timedelta(days=4)
    session.flush()
    assert send_reminders(session, july(18, 9)) == 0
    assert send_reminders(session, july(20, 9)) == 1
    assert send_reminders(session, july(21, 18, 1)) == 1
    assert steps(session) == [Step.AT, Step.BEFORE, Step.AT]


def test_reminder_when_the_clock_is_stopped_then_is_silent_until_it_runs(
    session: Session, toy: Toy
) -> None:
    agent = make_actor(session, toy, Role.AGENT, "technique-ouest")
    row = owed(session, toy, status=Status.ACKNOWLEDGED)
    wait = Request(Status.WAITING, "Pièce commandée", waiting_on="le fournisseur")
    change_status(session, agent, row.reference, wait, version=row.version, now=july(10, 9))
    owed(session, toy, status=Status.TO_ARBITRATE, clock_stopped_at=july(10, 9))
    for day in (13, 17, 18, 31):
        assert send_reminders(session, july(day, 18, 1)) == 0
    resumed = Request(Status.IN_PROGRESS)
    change_status(session, agent, row.reference, resumed, version=row.version, now=july(31, 9))
    assert row.due_at > DUE
    assert send_reminders(session, row.due_at + timedelta(minutes=1)) == 1


def test_reminder_when_settled_meanwhile_then_is_not_sent(session: Session, toy: Toy) -> None:
    row = owed(session, toy)
    send_reminders(session, july(17, 18, 1))
    [notice] = notices(session)
    assert "échéance passée" in words(reminder_bulletin(session, notice.payload, july(17, 18, 2)))
    row.due_at = DUE + timedelta(days=9)
    session.flush()
    assert reminder_bulletin(session, notice.payload, july(17, 18, 2)) is None


def test_reminders_when_many_are_late_at_first_then_are_one_mail_for_each_team(
    session: Session, toy: Toy
) -> None:
    rows = [owed(session, toy) for _ in range(40)]
    owed(session, toy, category="rixe", team="police")
    assert send_reminders(session, july(18, 9)) == 2
    assert len(steps(session)) == 41
    payload = notices(session)[0].payload
    bulletin = reminder_bulletin(session, payload, july(18, 9))
    assert bulletin is not None and bulletin.more is not None
    assert len(bulletin.groups[0].lines) == 30
    assert bulletin.more.text == "et 10\u00a0autres"
    assert rows[0].reference in words(bulletin)


def test_reminder_when_confidential_then_names_the_reference_alone(
    session: Session, toy: Toy
) -> None:
    row = owed(
        session, toy, category="rixe", team="police", description="Porte B", address="3 rue X"
    )
    send_reminders(session, july(18, 9))
    [notice] = notices(session)
    assert notice.address == "police@toy.example"
    said = words(reminder_bulletin(session, notice.payload, july(18, 9)))
    assert row.reference in said
    for never in ("Rixe", "Porte B", "rue X"):
        assert never not in said


def test_reminder_when_an_emergency_then_does_not_wait_for_the_desk(
    session: Session, toy: Toy
) -> None:
    filed = july(14, 23)
    due = filed + timedelta(hours=24)
    owed(session, toy, created_at=filed, due_at=due, priority=Priority.EMERGENCY)
    assert send_reminders(session, july(15, 9)) == 0
    assert send_reminders(session, july(15, 23, 1)) == 1
    assert send_reminders(session, july(16, 23, 1)) == 1
    assert steps(session) == [Step.AT, Step.TWICE]


def test_reminder_when_the_body_is_closed_then_waits(session: Session, toy: Toy) -> None:
    organisation_id = toy.teams["technique-ouest"].organisation_id
    session.add(ClosingDay(organisation_id=organisation_id, day=july(18, 0).date()))
    owed(session, toy, due_at=july(17, 18, 45))
    assert send_reminders(session, july(17, 19, 1)) == 0
    assert send_reminders(session, july(18, 9)) == 0
    assert send_reminders(session, july(19, 8)) == 1


def test_reminders_when_two_workers_see_to_them_at_once_then_are_told_once(
    committed_db: str,
) -> None:
    engine = make_engine(committed_db, pool_size=4)
    with transaction(engine) as session:
        toy = make_territory(session)
        toy.teams["technique-ouest"].email = "technique.ouest@toy.example"
        for _ in range(25):
            owed(session, toy)
    together, counts = threading.Barrier(4), []

    def run() -> None:
        with transaction(engine) as session:
            together.wait(20)
            counts.append(send_reminders(session, july(18, 9)))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with transaction(engine) as session:
        told = [tuple(pair) for n in notices(session) for pair in n.payload["promises"]]
        assert len(told) == len(set(told)) == 25
        assert sum(counts) == len(notices(session))
    engine.dispose()
