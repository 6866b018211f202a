"""Notices by a real worker and a real mail server: once, whatever is killed, refused or away."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor, Role
from qpvmap.core.notices import NewNotice, PersonKind, Recipient, Sending, event_source
from qpvmap.core.telling import Letter
from qpvmap.core.workflow import Request, Status
from qpvmap.jobs.app import CONCURRENCY
from qpvmap.storage.models import Contact, Event, Notice, Signalement
from qpvmap.storage.notices import Turn
from qpvmap.storage.queue import enqueue
from qpvmap.storage.session import make_engine, transaction
from qpvmap.usecases.handling import change_status
from qpvmap.usecases.notices import (
    MAYBE_SENT,
    find_lost,
    hand,
    mark_sent,
    post,
    send_again,
    take_up,
)
from tests.conftest import NOW
from tests.factories import Toy, make_actor, make_signalement, make_territory
from tests.jobs.workers import Server, environment_of, free_port, listening, wait_for, worker

PORT = free_port()
MANY = 200


@pytest.fixture
def queue_engine(committed_db: str) -> Iterator[Engine]:
    engine = make_engine(committed_db, pool_size=1)
    yield engine
    engine.dispose()


@pytest.fixture
def environment(committed_db: str, tmp_path: Path) -> dict[str, str]:
    return environment_of(committed_db, tmp_path, PORT)


def plant(session: Session) -> tuple[Toy, Signalement]:
    """Add a signalement without its own notices."""
    toy = make_territory(session)
    signalement = make_signalement(session, toy)
    session.execute(text("delete from procrastinate_jobs"))
    return toy, signalement


def add_contact(session: Session, signalement: Signalement, name: str = "lea") -> Contact:
    """Add somebody to be told."""
    contact = Contact(signalement_id=signalement.id, email=f"{name}@example.org", consent_at=NOW)
    session.add(contact)
    session.flush()
    return contact


def post_to(session: Session, signalement: Signalement, contact: Contact) -> int:
    """Post the receipt of a signalement to a contact."""
    event = session.scalars(select(Event).where(Event.signalement_id == signalement.id)).first()
    assert event is not None
    posted = post(
        session,
        NewNotice(
            source=event_source(event.id),
            kind=Letter.RECEIVED,
            territory_id=signalement.territory_id,
            recipient=Recipient(PersonKind.CONTACT, contact.id, contact.email),
            signalement_id=signalement.id,
            event_id=event.id,
        ),
        NOW,
    )
    assert posted is not None
    return posted


def plant_notice(engine: Engine) -> int:
    """Post one notice to one contact, and return its id."""
    with transaction(engine) as session:
        _, signalement = plant(session)
        return post_to(session, signalement, add_contact(session, signalement))


def notices(engine: Engine) -> list[Notice]:
    """Return every notice as it is now."""
    with Session(engine) as session:
        return list(session.scalars(select(Notice).order_by(Notice.id)))


def all_in(engine: Engine, *states: Sending) -> bool:
    """Tell whether every notice has reached one of these states."""
    found = notices(engine)
    return bool(found) and all(notice.state in states for notice in found)


class SlowServer(Server):
    """A server that takes its time to answer: whoever is killed then does not know."""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        answer = await super().handle_DATA(server, session, envelope)
        await asyncio.sleep(0.05)
        return answer


def test_two_hundred_mails_when_the_worker_is_killed_in_the_middle_then_each_arrives_once(
    queue_engine: Engine, environment: dict[str, str]
) -> None:
    with transaction(queue_engine) as session:
        _, signalement = plant(session)
        for n in range(MANY):
            post_to(session, signalement, add_contact(session, signalement, f"p{n}"))
    server = SlowServer()
    with listening(server, PORT):
        with worker(environment) as first:
            wait_for(lambda: len(server.messages) >= MANY // 3)
            first.kill()
            first.wait()
        interrupted = Counter(notice.state for notice in notices(queue_engine))
        with worker(environment):
            wait_for(lambda: rescued(queue_engine))
            wait_for(lambda: all_in(queue_engine, Sending.SENT, Sending.FAILED))
    assert interrupted[Sending.WAITING] > 0
    arrived = Counter(str(message["Message-ID"]) for message in server.messages)
    assert arrived.most_common(1)[0][1] == 1, "a mail arrived twice"
    ended = notices(queue_engine)
    doubtful = [notice for notice in ended if notice.state == Sending.FAILED]
    assert all(notice.in_doubt and notice.error == MAYBE_SENT for notice in doubtful)
    assert len(doubtful) <= CONCURRENCY
    sent = {f"<notice-{n.id}.qpvmap@qpvmap.example>" for n in ended if n.state == Sending.SENT}
    in_doubt = {f"<notice-{n.id}.qpvmap@qpvmap.example>" for n in doubtful}
    assert sent <= set(arrived) <= sent | in_doubt
    assert len(sent) + len(in_doubt) == MANY


def rescued(engine: Engine) -> bool:
    """Ask for the jobs of dead workers to be taken up; tell whether none is left to a dead one."""
    with transaction(engine) as session:
        enqueue(session, "rescue", timestamp=0)
    with engine.connect() as connection:
        orphans = connection.scalar(
            text(
                "select count(*) from procrastinate_jobs where status = 'doing'"
                " and worker_id is null"
            )
        )
        workers = connection.scalar(text("select count(*) from procrastinate_workers"))
    return orphans == 0 and workers == 1


@pytest.mark.parametrize(
    ("state", "expected", "arrives"),
    [(Sending.SENDING, Sending.SENT, 1), (Sending.HANDING, Sending.FAILED, 0)],
)
def test_notice_when_its_worker_died_then_is_sent_again_only_if_nobody_got_it(
    queue_engine: Engine,
    environment: dict[str, str],
    state: Sending,
    expected: Sending,
    arrives: int,
) -> None:
    notice_id = plant_notice(queue_engine)
    with transaction(queue_engine) as session:
        session.get_one(Notice, notice_id).state = state
    server = Server()
    with listening(server, PORT), worker(environment):
        wait_for(lambda: all_in(queue_engine, expected))
    [notice] = notices(queue_engine)
    assert len(server.messages) == arrives
    assert notice.in_doubt is (expected is Sending.FAILED)


def test_doubtful_notice_when_somebody_decides_so_then_is_sent_again(
    queue_engine: Engine, environment: dict[str, str]
) -> None:
    notice_id = plant_notice(queue_engine)
    with transaction(queue_engine) as session:
        notice = session.get_one(Notice, notice_id)
        notice.state, notice.in_doubt = Sending.FAILED, True
        session.execute(text("delete from procrastinate_jobs"))
        territory_id = notice.territory_id
    with transaction(queue_engine) as session:
        send_again(session, _admin(territory_id), notice_id)
    server = Server()
    with listening(server, PORT), worker(environment):
        wait_for(lambda: all_in(queue_engine, Sending.SENT))
    assert len(server.messages) == 1


def _admin(territory_id: int) -> Actor:
    return Actor(
        account_id=1, roles=frozenset({Role.ADMIN}), territory_ids=frozenset({territory_id})
    )


@pytest.mark.parametrize("step", ["rcpt", "data"])
def test_notice_when_refused_for_the_moment_then_is_sent_later(
    queue_engine: Engine, environment: dict[str, str], step: str
) -> None:
    plant_notice(queue_engine)
    server = Server(**{step: ["451 4.7.1 Greylisted, come back"]})
    with listening(server, PORT), worker(environment):
        wait_for(lambda: notices(queue_engine)[0].error)
        [waiting] = notices(queue_engine)
        assert (waiting.state, waiting.in_doubt) == (Sending.WAITING, False)
        assert "451 4.7.1 Greylisted" in waiting.error
        wait_for(lambda: all_in(queue_engine, Sending.SENT))
    [sent] = notices(queue_engine)
    assert (sent.attempts, sent.error) == (2, "")
    assert len(server.messages) == 1


@pytest.mark.parametrize("step", ["rcpt", "data"])
def test_notice_when_refused_for_good_then_fails_at_once_with_the_reason(
    queue_engine: Engine, environment: dict[str, str], step: str
) -> None:
    plant_notice(queue_engine)
    server = Server(**{step: ["550 5.1.1 No such user"]})
    with listening(server, PORT), worker(environment):
        wait_for(lambda: all_in(queue_engine, Sending.FAILED))
    [failed] = notices(queue_engine)
    assert failed.error == "Refusé par le serveur de courriel : 550 5.1.1 No such user"
    assert (failed.attempts, failed.in_doubt, server.messages) == (1, False, [])


def test_notice_when_the_server_is_away_then_waits_and_says_why(
    queue_engine: Engine, environment: dict[str, str]
) -> None:
    plant_notice(queue_engine)
    with worker(environment):
        wait_for(lambda: notices(queue_engine)[0].error)
    [waiting] = notices(queue_engine)
    assert waiting.state == Sending.WAITING
    assert waiting.error == "Le serveur de courriel ne répond pas (ConnectionRefusedError)."


def test_notice_when_the_person_left_meanwhile_then_is_cancelled(
    queue_engine: Engine, environment: dict[str, str]
) -> None:
    plant_notice(queue_engine)
    with transaction(queue_engine) as session:
        session.scalars(select(Contact)).one().unsubscribed_at = NOW
    server = Server()
    with listening(server, PORT), worker(environment):
        wait_for(lambda: all_in(queue_engine, Sending.CANCELLED))
    assert server.messages == []


def test_notice_when_its_job_was_lost_then_is_found_and_sent(
    queue_engine: Engine, environment: dict[str, str]
) -> None:
    notice_id = plant_notice(queue_engine)
    with transaction(queue_engine) as session:
        assert find_lost(session, NOW + timedelta(hours=1)) == 0
        session.execute(text("delete from procrastinate_jobs"))
        assert find_lost(session, NOW + timedelta(minutes=5)) == 0
        assert find_lost(session, NOW + timedelta(hours=1)) == 1
    server = Server()
    with listening(server, PORT), worker(environment):
        wait_for(lambda: all_in(queue_engine, Sending.SENT))
    assert [m["Message-ID"] for m in server.messages] == [
        f"<notice-{notice_id}.qpvmap@qpvmap.example>"
    ]


def test_worker_when_another_took_the_notice_up_then_gives_it_up_before_the_last_byte(
    queue_engine: Engine,
) -> None:
    notice_id = plant_notice(queue_engine)
    turns = []
    for _ in range(2):
        with transaction(queue_engine) as session:
            taken = take_up(session, notice_id)
            assert taken is not None
            turns.append(Turn(taken.id, taken.attempts))
    with transaction(queue_engine) as session:
        assert hand(session, turns[0]) is False
        mark_sent(session, turns[0], NOW)
        assert session.get_one(Notice, notice_id).state == Sending.SENDING
        assert hand(session, turns[1]) is True


def test_move_when_made_then_its_people_are_told_in_one_thread(
    queue_engine: Engine, environment: dict[str, str]
) -> None:
    with transaction(queue_engine) as session:
        toy, signalement = plant(session)
        contact = add_contact(session, signalement)
        post_to(session, signalement, contact)
        agent = make_actor(session, toy, Role.AGENT, "technique-ouest")
        request = Request(Status.ACKNOWLEDGED, "On passe demain.\n.Merci")
        change_status(session, agent, signalement.reference, request, version=1, now=NOW)
    server = Server()
    with listening(server, PORT), worker(environment):
        wait_for(lambda: len(server.messages) == 2)
        wait_for(lambda: all_in(queue_engine, Sending.SENT))
    by_id = {str(message["Message-ID"]): message for message in server.messages}
    first, second = (by_id[f"<notice-{n.id}.qpvmap@qpvmap.example>"] for n in notices(queue_engine))
    assert first["References"] is None
    assert second["In-Reply-To"] == second["References"] == first["Message-ID"]
    assert (
        first["Subject"]
        == second["Subject"]
        == f"Signalement {signalement.reference}, {toy.territory.name}"
    )
    assert "/desabonnement/" in second["List-Unsubscribe"]
    assert second["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert second["To"] == "lea@example.org"
    plain = second.get_body(("plain",))
    assert plain is not None
    assert "> On passe demain.\n> .Merci" in plain.get_content().replace("\r\n", "\n")


def test_move_when_rolled_back_then_tells_nobody(queue_engine: Engine) -> None:
    with transaction(queue_engine) as session:
        toy, signalement = plant(session)
        agent = make_actor(session, toy, Role.AGENT, "technique-ouest")
    with Session(queue_engine) as session:
        request = Request(Status.ACKNOWLEDGED)
        change_status(session, agent, signalement.reference, request, version=1, now=NOW)
        asked = text("select count(*) from procrastinate_jobs where task_name = 'tell_event'")
        assert session.scalar(asked) == 1
        session.rollback()
        assert session.scalar(asked) == 0


def test_notice_when_there_is_no_server_then_is_kept_for_the_demonstration(
    queue_engine: Engine, committed_db: str, tmp_path: Path
) -> None:
    notice_id = plant_notice(queue_engine)
    with worker(environment_of(committed_db, tmp_path)):
        wait_for(lambda: all_in(queue_engine, Sending.SENT))
    path = tmp_path / "outbox" / "notices" / f"{notice_id:08d}.eml"
    assert path.stat().st_mode & 0o077 == 0
    assert b"lea@example.org" in path.read_bytes()
