"""Digests and reminders on the browsers of those who asked: counts, never what nor where."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Role
from qpvmap.core.deadlines import PARIS
from qpvmap.core.notices import Channel
from qpvmap.core.workflow import Outcome, Status
from qpvmap.storage.models import Account, Notice, PushDevice
from qpvmap.usecases.digests import DIGEST, send_digests
from qpvmap.usecases.reminders import REMINDER, send_reminders
from qpvmap.usecases.team_push import message_of
from tests.factories import Toy, make_account, make_signalement, make_territory

FILED = datetime(2028, 7, 3, 10, 0, tzinfo=PARIS)
DUE = datetime(2028, 7, 17, 18, 0, tzinfo=PARIS)
PLACE = "4 rue des Lilas"


@pytest.fixture
def toy(session: Session) -> Toy:
    made = make_territory(session)
    for code in ("technique-ouest", "police"):
        made.teams[code].email = f"{code}@toy.example"
    session.flush()
    return made


def member(session: Session, toy: Toy, role: Role, *teams: str, copied: bool = True) -> Account:
    account = make_account(session, toy, role, *teams)
    account.told_of_teams = copied
    session.add(
        PushDevice(
            account_id=account.id,
            endpoint=f"https://fcm.googleapis.com/{account.id}",
            p256dh="x",
            auth="y",
            label="Firefox sur Android",
            created_at=FILED,
        )
    )
    session.flush()
    return account


def pushed(session: Session, kind: str) -> list[Notice]:
    rows = select(Notice).where(Notice.kind == kind, Notice.channel == Channel.PUSH)
    return list(session.scalars(rows.order_by(Notice.id)))


def test_digest_goes_to_the_browsers_of_those_who_want_a_copy(session: Session, toy: Toy) -> None:
    wants = member(session, toy, Role.AGENT, "technique-ouest")
    member(session, toy, Role.AGENT, "technique-ouest", copied=False)
    member(session, toy, Role.AGENT, "technique-est")
    filed = FILED.replace(hour=15)
    make_signalement(session, toy, created_at=filed, due_at=DUE, address=PLACE, description="Zut")
    now = FILED.replace(day=4, hour=8, minute=1)
    send_digests(session, now)
    (notice,) = pushed(session, DIGEST)
    assert notice.account_id == wants.id
    message = message_of(session, notice, now)
    assert message is not None
    assert message["url"].startswith("/corbeille")
    assert PLACE not in str(message)
    assert "Zut" not in str(message)
    assert send_digests(session, now) == 0


def test_reminder_goes_to_browsers_while_the_mail_goes_to_the_team_alone(
    session: Session, toy: Toy
) -> None:
    agent = member(session, toy, Role.AGENT, "technique-ouest")
    lead = member(session, toy, Role.LEAD, "technique-ouest")
    row = make_signalement(session, toy, created_at=FILED, due_at=DUE, address=PLACE)
    assert send_reminders(session, DUE + timedelta(minutes=1)) == 3
    first = pushed(session, REMINDER)
    assert [notice.account_id for notice in first] == [agent.id, lead.id]
    message = message_of(session, first[0], DUE + timedelta(minutes=1))
    assert message is not None
    assert PLACE not in str(message)
    # twice late: the lead has the mail too, and is told on the browser once
    assert send_reminders(session, DUE.replace(month=8, day=1, hour=8)) == 4
    assert [notice.account_id for notice in pushed(session, REMINDER)[2:]] == [lead.id, agent.id]
    row.status, row.outcome = Status.CLOSED, Outcome.NO_ACTION
    session.flush()
    assert message_of(session, first[0], DUE + timedelta(hours=1)) is None


def test_reminder_of_a_confidential_team_goes_to_those_who_may_know(
    session: Session, toy: Toy
) -> None:
    officer = member(session, toy, Role.AGENT, "police")
    member(session, toy, Role.PLANNER, "police")
    make_signalement(
        session, toy, category="rixe", team="police", created_at=FILED, due_at=DUE, address=PLACE
    )
    send_reminders(session, DUE + timedelta(minutes=1))
    assert [notice.account_id for notice in pushed(session, REMINDER)] == [officer.id]
