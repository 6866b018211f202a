"""Digests, reminders, emergencies and alerts by real workers and a real mail server."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from qpvmap.core.actors import Role
from qpvmap.core.deadlines import PARIS, Priority
from qpvmap.core.notices import Channel, Sending
from qpvmap.core.subscriptions import SubscriptionKind, Wish
from qpvmap.core.undoing import HELD_FOR
from qpvmap.core.workflow import Request, Status
from qpvmap.storage.models import Notice, PushDevice, Subscriber, TeamDigest
from qpvmap.storage.queue import enqueue
from qpvmap.storage.session import make_engine, transaction
from qpvmap.usecases.handling import change_status
from qpvmap.usecases.subscriptions import subscribe, subscribe_by_mail
from tests.factories import (
    Toy,
    actor_for,
    make_account,
    make_actor,
    make_signalement,
    make_territory,
)
from tests.jobs.test_push import PushService, service
from tests.jobs.workers import (
    Server,
    environment_of,
    free_port,
    listening,
    wait_for,
    worker,
)

__all__ = ["service"]

PORT = free_port()
MONDAY = datetime(2028, 7, 17, 8, 2, tzinfo=PARIS)
"""The working day after Friday 14 July 2028, a holiday."""
EVENING = datetime(2028, 7, 17, 17, 40, tzinfo=PARIS)


@pytest.fixture
def queue_engine(committed_db: str) -> Iterator[Engine]:
    engine = make_engine(committed_db, pool_size=2)
    yield engine
    engine.dispose()


@pytest.fixture
def environment(committed_db: str, tmp_path: Path) -> dict[str, str]:
    return environment_of(committed_db, tmp_path, PORT) | {
        "QPVMAP_PUBLIC_URL": "https://carte.exemple.fr"
    }


def plant(session: Session) -> Toy:
    toy = make_territory(session)
    for code in ("technique-ouest", "police"):
        toy.teams[code].email = f"{code}@toy.example"
    session.flush()
    return toy


def filed(session: Session, toy: Toy, **more: Any) -> Any:
    at = MONDAY - timedelta(days=2)
    row = make_signalement(
        session, toy, **{"created_at": at, "due_at": at + timedelta(days=20)} | more
    )
    session.execute(text("delete from procrastinate_jobs"))
    return row


def run_now(session: Session, task: str, now: datetime) -> None:
    enqueue(session, task, timestamp=int(now.timestamp()))


def settled(engine: Engine) -> bool:
    """Return whether every notice that there is left, and no job waits."""
    with engine.connect() as connection:
        jobs = connection.scalar(
            text(
                "select count(*) from procrastinate_jobs where status in ('todo', 'doing')"
                " and task_name in ('team_digests', 'team_reminders', 'follow_alerts',"
                " 'tell_event', 'deliver_notice')"
            )
        )
    return jobs == 0


def notices(engine: Engine) -> list[Notice]:
    with transaction(engine) as session:
        return list(session.scalars(select(Notice).order_by(Notice.id)))


def both_parts(mail: EmailMessage) -> tuple[str, str]:
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None and html is not None
    return plain.get_content(), html.get_content()


def test_digest_when_177_are_late_then_two_workers_send_one_mail_of_30_lines(
    queue_engine: Engine, environment: dict[str, str]
) -> None:
    with transaction(queue_engine) as session:
        toy = plant(session)
        for number in range(177):
            due_at = MONDAY - timedelta(days=5, minutes=number)
            filed(session, toy, created_at=MONDAY - timedelta(days=40), due_at=due_at)
        for _ in range(6):
            run_now(session, "team_digests", MONDAY)
    server = Server()
    with listening(server, PORT), ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(worker(environment))
        wait_for(lambda: server.messages)
        wait_for(lambda: settled(queue_engine))
    [mail] = server.messages
    assert mail["To"] == "technique-ouest@toy.example"
    assert "177" in mail["Subject"]
    for part in both_parts(mail):
        assert part.count("/signalements/TO-2026-") == 30
        assert "147" in part
        assert "https://carte.exemple.fr/corbeille?vue=en-retard" in part
        assert "Un trou dans la chaussée" not in part
    assert mail["List-Unsubscribe"] is None
    with transaction(queue_engine) as session:
        that_day = TeamDigest.slot.between(
            MONDAY - timedelta(days=1), MONDAY
        )  # a worker has its own
        taken = select(func.count()).select_from(TeamDigest).where(that_day)
        assert session.scalar(taken) == 2  # both teams that have an address were seen to


def test_reminders_when_run_by_two_workers_then_each_promise_is_told_once(
    queue_engine: Engine, environment: dict[str, str]
) -> None:
    with transaction(queue_engine) as session:
        toy = plant(session)
        rows = [filed(session, toy, due_at=MONDAY - timedelta(hours=14)) for _ in range(12)]
        for _ in range(4):
            run_now(session, "team_reminders", MONDAY)
    server = Server()
    with listening(server, PORT), ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(worker(environment))
        wait_for(lambda: server.messages)
        wait_for(lambda: settled(queue_engine))
    said = "".join(both_parts(mail)[0] for mail in server.messages)
    assert Counter(said.count(row.reference) for row in rows) == {2: 12}  # title and address


def test_emergency_when_filed_then_its_team_is_told_at_once_and_nobody_of_what_is_normal(
    queue_engine: Engine, environment: dict[str, str]
) -> None:
    with transaction(queue_engine) as session:
        toy = plant(session)
        make_signalement(session, toy, due_at=MONDAY)
        urgent = make_signalement(
            session, toy, due_at=MONDAY, priority=Priority.EMERGENCY, address="3 rue X"
        )
        secret = make_signalement(
            session,
            toy,
            category="rixe",
            team="police",
            priority=Priority.EMERGENCY,
            due_at=MONDAY,
            address="9 rue du Secret",
            description="Deux hommes",
        )
    server = Server()
    with listening(server, PORT), worker(environment):
        wait_for(lambda: len(server.messages) == 2)
        wait_for(lambda: settled(queue_engine))
    by_team = {mail["To"]: mail for mail in server.messages}
    plain, _ = both_parts(by_team["technique-ouest@toy.example"])
    assert urgent.reference in plain and "3 rue X" in plain
    mail = by_team["police@toy.example"]
    for part in (mail["Subject"], *both_parts(mail)):
        assert secret.reference in part
        for never in ("Rixe", "Secret", "Deux hommes"):
            assert never not in part


def test_alert_when_a_street_is_followed_by_mail_then_can_be_stopped_at_one_press(
    queue_engine: Engine, environment: dict[str, str]
) -> None:
    with transaction(queue_engine) as session:
        toy = plant(session)
        wish = Wish(SubscriptionKind.STREET, "rue Léo-Delibes")
        at = MONDAY - timedelta(days=3)
        subscribe_by_mail(session, "nadia@exemple.fr", toy.territory.id, wish, at)
        row = filed(session, toy, address="4 rue Léo Delibes")
        filed(session, toy, category="rixe", team="police", address="6 rue Léo Delibes")
        for _ in range(3):
            run_now(session, "follow_alerts", EVENING)
    server = Server()
    with listening(server, PORT), worker(environment):
        wait_for(lambda: server.messages)
        wait_for(lambda: settled(queue_engine))
    [mail] = server.messages
    assert mail["To"] == "nadia@exemple.fr"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["List-Unsubscribe"].startswith("<https://carte.exemple.fr/suivre/arreter/")
    plain, html = both_parts(mail)
    assert plain.count("/signalements/") == 1
    assert f"/signalements/{row.reference}" in html
    assert "https://carte.exemple.fr/suivre/liste/" in plain


def test_alert_when_stopped_before_it_leaves_then_is_not_sent(
    queue_engine: Engine, environment: dict[str, str]
) -> None:
    from qpvmap.usecases.alerts import send_alerts
    from qpvmap.usecases.subscriptions import stop_all

    with transaction(queue_engine) as session:
        toy = plant(session)
        account = make_account(session, toy, Role.RESIDENT)
        wish = Wish(SubscriptionKind.QPV, "QN09299X")
        at = MONDAY - timedelta(days=3)
        subscribe(session, actor_for(account), toy.territory.id, wish, at)
        filed(session, toy)
        assert send_alerts(session, EVENING) == 1
        stop_all(session, session.scalars(select(Subscriber.id)).one())
    server = Server()
    with listening(server, PORT), worker(environment):
        wait_for(lambda: settled(queue_engine))
    assert server.messages == []
    assert [notice.state for notice in notices(queue_engine)] == [Sending.CANCELLED]


def test_move_when_followed_then_mail_and_browser_are_told_and_a_browser_gone_is_forgotten(
    queue_engine: Engine, environment: dict[str, str], service: PushService
) -> None:
    with transaction(queue_engine) as session:
        toy = plant(session)
        agent = make_actor(session, toy, Role.AGENT, "technique-ouest")
        account = make_account(session, toy, Role.RESIDENT)
        row = filed(session, toy)
        wish = Wish(SubscriptionKind.SIGNALEMENT, row.reference)
        subscribe(session, actor_for(account), toy.territory.id, wish, MONDAY)
        sealed = service.sealed
        for name in ("", "-gone"):
            session.add(
                PushDevice(
                    account_id=account.id,
                    endpoint=sealed.endpoint + name,
                    p256dh=sealed.p256dh,
                    auth=sealed.auth,
                    created_at=MONDAY,
                )
            )
        session.flush()
        taken = Request(Status.ACKNOWLEDGED, "Vu avec Mme Martin")
        before = datetime.now(UTC) - HELD_FOR  # its minute is over: nothing is held any more
        change_status(session, agent, row.reference, taken, version=row.version, now=before)
        reference, email = row.reference, account.email
    service.gone.add("-gone")
    server = Server()
    with listening(server, PORT), worker(environment):
        wait_for(lambda: server.messages)
        wait_for(lambda: settled(queue_engine))
    [mail] = server.messages
    assert mail["To"] == email
    assert "Martin" not in "".join(both_parts(mail))
    [(_, body)] = [told for told in service.received if "-gone" not in told[0]["path"]]
    assert service.unseal(body) == {
        "title": f"Signalement {reference}",
        "body": "Pris en charge",
        "url": f"/signalements/{reference}",
        "tag": reference,
    }
    with transaction(queue_engine) as session:
        assert session.scalars(select(PushDevice.endpoint)).all() == [sealed.endpoint]
        states = Counter(
            tuple(row) for row in session.execute(select(Notice.channel, Notice.state))
        )
    assert states == {
        (Channel.MAIL, Sending.SENT): 1,
        (Channel.PUSH, Sending.SENT): 1,
        (Channel.PUSH, Sending.CANCELLED): 1,
    }
    assert "Martin" not in json.dumps([notice.payload for notice in notices(queue_engine)])
