"""The teams' digests: when, what, to whom, once, and what is never in them."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Role
from qpvmap.core.bulletins import Bulletin
from qpvmap.core.deadlines import PARIS
from qpvmap.core.digests import MAX_LINES
from qpvmap.core.workflow import Request, Status
from qpvmap.storage.accounts import actor_of
from qpvmap.storage.models import ClosingDay, Notice, Signalement, TeamDigest
from qpvmap.storage.session import make_engine, transaction
from qpvmap.usecases.digests import DIGEST, digest_bulletin, send_digests
from qpvmap.usecases.handling import change_status
from qpvmap.usecases.messages import message
from qpvmap.usecases.undoing import undo
from tests.factories import (
    Toy,
    actor_for,
    make_account,
    make_actor,
    make_signalement,
    make_territory,
)

THURSDAY = datetime(2028, 7, 13, 8, 2, tzinfo=PARIS)
BASTILLE_DAY = datetime(2028, 7, 14, 8, 2, tzinfo=PARIS)  # a Friday
MONDAY = datetime(2028, 7, 17, 8, 2, tzinfo=PARIS)
LATER = datetime(2028, 8, 1, 18, 0, tzinfo=PARIS)


@pytest.fixture
def toy(session: Session) -> Toy:
    made = make_territory(session)
    made.teams["technique-ouest"].email = "technique.ouest@toy.example"
    made.teams["police"].email = "police@toy.example"
    session.flush()
    return made


def notices(session: Session) -> list[Notice]:
    return list(session.scalars(select(Notice).where(Notice.kind == DIGEST).order_by(Notice.id)))


def read(session: Session, now: datetime, notice: Notice | None = None) -> Bulletin:
    [*_, last] = notices(session)
    bulletin = digest_bulletin(session, (notice or last).payload, None, now)
    assert bulletin is not None
    return bulletin


def words(bulletin: Bulletin) -> str:
    lines = [f"{line.title} {line.detail}" for group in bulletin.groups for line in group.lines]
    titles = [group.title for group in bulletin.groups]
    said = "\n".join([bulletin.subject, bulletin.opening, *titles, *lines, *bulletin.notes])
    return plain(said)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def filed(session: Session, toy: Toy, at: datetime, due_at: datetime = LATER, **more: Any) -> Any:
    return make_signalement(session, toy, created_at=at, due_at=due_at, **more)


def test_digest_when_it_is_a_friday_14_july_then_waits_for_monday(
    session: Session, toy: Toy
) -> None:
    filed(session, toy, THURSDAY + timedelta(hours=10))
    filed(session, toy, BASTILLE_DAY + timedelta(hours=3))
    assert send_digests(session, BASTILLE_DAY) == 0
    assert send_digests(session, BASTILLE_DAY + timedelta(days=1)) == 0
    assert send_digests(session, MONDAY) == 1
    bulletin = read(session, MONDAY)
    assert "Équipe technique-ouest : 2 nouveaux" in words(bulletin)
    assert "lundi 17 juillet à 8 h 00" in words(bulletin)


def test_digest_when_the_body_is_closed_then_is_not_sent(session: Session, toy: Toy) -> None:
    organisation_id = toy.teams["technique-ouest"].organisation_id
    session.add(ClosingDay(organisation_id=organisation_id, day=MONDAY.date()))
    filed(session, toy, BASTILLE_DAY)
    assert send_digests(session, MONDAY) == 0
    assert send_digests(session, MONDAY + timedelta(days=1)) == 1


def test_digest_when_there_is_nothing_to_say_then_is_no_mail(session: Session, toy: Toy) -> None:
    filed(session, toy, THURSDAY - timedelta(days=9))
    assert send_digests(session, THURSDAY) == 0
    assert notices(session) == []


def test_digest_when_sent_then_goes_to_the_shared_address_alone(session: Session, toy: Toy) -> None:
    make_account(session, toy, Role.AGENT, "technique-ouest")
    filed(session, toy, THURSDAY - timedelta(hours=2))
    send_digests(session, THURSDAY)
    [notice] = notices(session)
    assert notice.address == "technique.ouest@toy.example"
    assert (notice.team_id, notice.account_id) == (toy.teams["technique-ouest"].id, None)


def test_digest_when_its_hour_comes_again_then_is_sent_once(session: Session, toy: Toy) -> None:
    filed(session, toy, THURSDAY - timedelta(hours=2))
    assert send_digests(session, THURSDAY) == 1
    assert send_digests(session, THURSDAY + timedelta(minutes=2)) == 0
    assert send_digests(session, THURSDAY.replace(hour=13, minute=31)) == 0


def test_digest_when_the_worker_stood_still_then_the_next_one_tells_all(
    session: Session, toy: Toy
) -> None:
    assert send_digests(session, THURSDAY - timedelta(days=2)) == 0
    filed(session, toy, THURSDAY - timedelta(days=1, hours=3))
    assert send_digests(session, THURSDAY) == 1


def test_digest_when_several_things_happened_then_each_is_told_once_under_its_reason(
    session: Session, toy: Toy
) -> None:
    agent = make_actor(session, toy, Role.AGENT, "technique-ouest")
    resident = make_account(session, toy, Role.RESIDENT)
    night = THURSDAY - timedelta(hours=5)
    new = filed(session, toy, night)
    late = filed(session, toy, night - timedelta(days=20), night - timedelta(days=1))
    due = filed(session, toy, night - timedelta(days=9), THURSDAY.replace(hour=18, minute=0))
    answered = filed(session, toy, night - timedelta(days=9), reporter_id=resident.id)
    message(session, actor_for(resident), answered.reference, "C’est au numéro 12.", night)
    contested = filed(
        session,
        toy,
        night - timedelta(days=9),
        status=Status.RESOLVED,
        reporter_id=resident.id,
        settled_at=night - timedelta(days=2),
    )
    change_status(
        session,
        actor_for(resident),
        contested.reference,
        Request(Status.REOPENED, "Ce n’est pas fait"),
        version=contested.version,
        now=night,
    )
    reopened = filed(
        session,
        toy,
        night - timedelta(days=9),
        status=Status.RESOLVED,
        settled_at=night - timedelta(days=2),
    )
    change_status(
        session,
        agent,
        reopened.reference,
        Request(Status.REOPENED, "Travail à reprendre"),
        version=reopened.version,
        now=night,
    )
    send_digests(session, THURSDAY)
    bulletin = read(session, THURSDAY)
    told = {group.title: [line.href for line in group.lines] for group in bulletin.groups}
    assert told == {
        "Contestés (1)": [f"/signalements/{contested.reference}"],
        "Rouverts (1)": [f"/signalements/{reopened.reference}"],
        "La personne a répondu (1)": [f"/signalements/{answered.reference}"],
        "En retard (1)": [f"/signalements/{late.reference}"],
        "À rendre aujourd’hui ou le prochain jour ouvré (1)": [f"/signalements/{due.reference}"],
        "Nouveaux (1)": [f"/signalements/{new.reference}"],
    }
    said = words(bulletin)
    for never in ("numéro 12", "pas fait", "à reprendre", "Un trou dans la chaussée", "Camille"):
        assert never not in said


def test_digest_when_a_move_was_taken_back_then_nothing_was_reopened_by_it(
    session: Session, toy: Toy
) -> None:
    agent = make_actor(session, toy, Role.AGENT, "technique-ouest")
    night = THURSDAY - timedelta(hours=5)
    row = filed(session, toy, night - timedelta(days=9), status=Status.REOPENED)
    taking = Request(Status.ACKNOWLEDGED)
    change_status(session, agent, row.reference, taking, version=row.version, now=night)
    undo(session, agent, row.reference, row.version, night + timedelta(seconds=9))
    assert row.status == Status.REOPENED
    assert send_digests(session, THURSDAY) == 0


def test_digest_when_there_are_177_then_30_have_a_line_and_a_link_leads_to_the_rest(
    session: Session, toy: Toy
) -> None:
    for number in range(177):
        due_at = THURSDAY - timedelta(days=1, hours=number % 50)
        filed(session, toy, THURSDAY - timedelta(days=20, hours=number), due_at)
    send_digests(session, THURSDAY)
    bulletin = read(session, THURSDAY)
    assert sum(len(group.lines) for group in bulletin.groups) == MAX_LINES
    assert bulletin.groups[0].title == "En retard (177)"
    assert bulletin.more is not None
    assert plain(bulletin.more.text) == "et 147 autres"
    assert bulletin.more.href == "/corbeille?vue=en-retard"


def test_digest_when_the_clock_is_stopped_then_nothing_is_owed(session: Session, toy: Toy) -> None:
    stopped = {"clock_stopped_at": THURSDAY - timedelta(days=2), "waiting_on": "le fournisseur"}
    late = THURSDAY - timedelta(days=1)
    filed(session, toy, THURSDAY - timedelta(days=9), late, status=Status.WAITING, **stopped)
    filed(session, toy, THURSDAY - timedelta(days=9), late, status=Status.TO_ARBITRATE, **stopped)
    assert send_digests(session, THURSDAY) == 0


def test_digest_when_handed_over_by_another_team_then_is_new(session: Session, toy: Toy) -> None:
    from qpvmap.usecases.reassign import reassign

    coordinator = make_actor(session, toy, Role.COORDINATOR, "coordination")
    handed = filed(session, toy, THURSDAY - timedelta(days=9), team="technique-est")
    reassign(
        session,
        coordinator,
        handed.reference,
        "technique-ouest",
        "C’est votre rue",
        version=handed.version,
        now=THURSDAY - timedelta(hours=3),
    )
    assert send_digests(session, THURSDAY) == 1
    assert handed.reference in words(read(session, THURSDAY))


def test_digest_when_something_is_confidential_then_is_counted_and_not_named(
    session: Session, toy: Toy
) -> None:
    night = THURSDAY - timedelta(hours=4)
    secret = filed(
        session,
        toy,
        night,
        category="rixe",
        team="police",
        description="Deux hommes, porte B",
        address="3 rue du Secret",
    )
    send_digests(session, THURSDAY)
    [notice] = notices(session)
    assert notice.address == "police@toy.example"
    said = words(read(session, THURSDAY))
    assert "1 signalement confidentiel est à lire dans la corbeille" in said
    for never in ("Rixe", secret.reference, "porte B", "Secret"):
        assert never not in said


def test_copy_when_wanted_then_says_no_more_than_its_reader_may_see(
    session: Session, toy: Toy
) -> None:
    agent = make_account(session, toy, Role.AGENT, "police")
    planner = make_account(session, toy, Role.PLANNER, "police")
    make_account(session, toy, Role.AGENT, "police")
    agent.told_of_teams = planner.told_of_teams = True
    night = THURSDAY - timedelta(hours=4)
    filed(session, toy, night, category="rixe", team="police")
    send_digests(session, THURSDAY)
    assert [n.account_id for n in notices(session)] == [None, agent.id]

    filed(session, toy, THURSDAY + timedelta(hours=2), team="police")
    send_digests(session, THURSDAY.replace(hour=13, minute=32))
    copy = next(n for n in notices(session) if n.account_id == planner.id)
    bulletin = digest_bulletin(
        session, copy.payload, actor_of(planner), THURSDAY.replace(hour=13, minute=32)
    )
    assert bulletin is not None and bulletin.stop is not None
    assert "confidentiel" not in words(bulletin)


def test_digest_when_all_was_done_before_it_left_then_says_nothing(
    session: Session, toy: Toy
) -> None:
    row = filed(session, toy, THURSDAY - timedelta(hours=2))
    send_digests(session, THURSDAY)
    session.get_one(Signalement, row.id).status = Status.CLOSED
    row.outcome = "no_action"
    session.flush()
    assert digest_bulletin(session, notices(session)[0].payload, None, THURSDAY) is None


def test_digest_when_two_workers_see_to_it_at_once_then_is_posted_once(
    committed_db: str,
) -> None:
    engine = make_engine(committed_db, pool_size=4)
    with transaction(engine) as session:
        toy = make_territory(session)
        toy.teams["technique-ouest"].email = "technique.ouest@toy.example"
        filed(session, toy, THURSDAY - timedelta(hours=2))
    together, counts = threading.Barrier(4), []

    def run() -> None:
        with transaction(engine) as session:
            together.wait(20)
            counts.append(send_digests(session, THURSDAY))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with transaction(engine) as session:
        assert sorted(counts) == [0, 0, 0, 1]
        assert len(notices(session)) == 1
        assert session.scalar(select(func.count()).select_from(TeamDigest)) == 1
    engine.dispose()


def test_digests_when_teams_are_many_then_cost_the_same_statements(
    session: Session, toy: Toy, count_queries: Any, engine: Any
) -> None:
    for team in toy.teams.values():
        team.email = f"{team.code}@toy.example"
    filed(session, toy, THURSDAY - timedelta(hours=2))
    with count_queries(engine) as statements:
        send_digests(session, THURSDAY)
    reads = [s for s in statements if "wanted as" in s]
    assert len(reads) == 1
