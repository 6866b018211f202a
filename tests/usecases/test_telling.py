"""Which lines are told, to whom, by which letter: never twice, never to who acted."""

from collections.abc import Callable
from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.core.actors import ANONYMOUS, Actor, Role
from qpvmap.core.contacts import ContactDetails
from qpvmap.core.deadlines import Priority
from qpvmap.core.notices import Channel, NewNotice, PersonKind, Recipient, notice_key
from qpvmap.core.permissions import Nature
from qpvmap.core.telling import Letter
from qpvmap.core.workflow import Outcome, Request, Status
from qpvmap.storage.models import Account, Contact, Event, Notice, Signalement
from qpvmap.usecases.following import contest, unsubscribe
from qpvmap.usecases.handling import change_status
from qpvmap.usecases.joining import Part, merge, split, unmerge
from qpvmap.usecases.messages import answer, message, note
from qpvmap.usecases.not_ours import refuse
from qpvmap.usecases.notices import post
from qpvmap.usecases.reassign import reassign, set_priority
from qpvmap.usecases.signalements import submit
from qpvmap.usecases.support import support
from qpvmap.usecases.telling import tell
from tests.conftest import NOW
from tests.factories import (
    Toy,
    make_account,
    make_actor,
    make_signalement,
    make_territory,
    submission,
)
from tests.factories import actor_for as actor_of

CONSENT = {"email": "lea@example.org", "consent": True}
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def toy(session: Session) -> Toy:
    return make_territory(session)


@pytest.fixture
def agent(session: Session, toy: Toy) -> Actor:
    return make_actor(session, toy, Role.AGENT, "technique-ouest")


@pytest.fixture
def coordinator(session: Session, toy: Toy) -> Actor:
    return make_actor(session, toy, Role.COORDINATOR, "coordination")


def reported(session: Session, toy: Toy, **more: object) -> Signalement:
    """File one with Léa's address, without an account."""
    sent = submission(contact=ContactDetails.model_validate(CONSENT), **more)
    return submit(session, ANONYMOUS, toy.territory, sent, NOW).signalement


def last_told(
    session: Session, signalement: Signalement, contact_id: int | None = None
) -> list[tuple[str, str]]:
    """Have the last line told, and return who got what by it."""
    event = session.scalars(
        select(Event)
        .where(Event.signalement_id == signalement.id)
        .order_by(Event.sequence.desc())
        .limit(1)
    ).one()
    tell(session, event.id, contact_id, LATER)
    found = session.scalars(select(Notice).where(Notice.event_id == event.id).order_by(Notice.id))
    return [(notice.address, notice.kind) for notice in found]


LEA = "lea@example.org"


def test_filing_when_told_then_its_author_has_a_receipt(session: Session, toy: Toy) -> None:
    assert last_told(session, reported(session, toy)) == [(LEA, Letter.RECEIVED)]


def test_filing_by_a_resident_then_they_have_a_receipt_and_a_mediator_has_none(
    session: Session, toy: Toy
) -> None:
    resident = make_account(session, toy, Role.RESIDENT)
    mediator = make_account(session, toy, Role.MEDIATOR)
    got = {}
    for account in (resident, mediator):
        receipt = submit(session, actor_of(account), toy.territory, submission(), NOW)
        got[account.id] = last_told(session, receipt.signalement)
    assert got == {resident.id: [(resident.email, Letter.RECEIVED)], mediator.id: []}


MOVES = [
    (Request(Status.ACKNOWLEDGED), Letter.TAKEN),
    (Request(Status.IN_PROGRESS), Letter.STARTED),
    (Request(Status.SCHEDULED, planned_for=date(2026, 12, 1)), Letter.PLANNED),
    (Request(Status.WAITING, "Pièce commandée", waiting_on="Enedis"), Letter.WAITING),
    *(
        (Request(Status.CLOSED, "Voilà pourquoi", outcome), Letter.CLOSED_WITHOUT)
        for outcome in (Outcome.NO_ACTION, Outcome.NOT_OURS, Outcome.CANCELLED, Outcome.NOT_FOUND)
    ),
]


@pytest.mark.parametrize(
    ("request_", "letter"), MOVES, ids=[f"{move.to}-{move.outcome}" for move, _ in MOVES]
)
def test_move_when_told_then_by_its_own_letter(
    session: Session, toy: Toy, agent: Actor, request_: Request, letter: Letter
) -> None:
    signalement = reported(session, toy)
    change_status(session, agent, signalement.reference, request_, version=1, now=LATER)
    assert last_told(session, signalement) == [(LEA, letter)]


def test_resolved_then_closed_then_contested_then_each_is_told_but_not_to_who_contests(
    session: Session, toy: Toy, agent: Actor
) -> None:
    signalement = reported(session, toy)
    contact = session.scalars(select(Contact)).one()
    for to, letter in (
        (Status.ACKNOWLEDGED, Letter.TAKEN),
        (Status.RESOLVED, Letter.DONE),
        (Status.CLOSED, Letter.CLOSED_DONE),
    ):
        asked = Request(to, "Trou rebouché")
        version = signalement.version
        change_status(session, agent, signalement.reference, asked, version=version, now=LATER)
        assert last_told(session, signalement) == [(LEA, letter)]
    contest(session, contact.id, "Le trou est revenu", signalement.version, LATER)
    assert signalement.status == Status.REOPENED
    line = session.scalars(select(Event).order_by(Event.id.desc()).limit(1)).one()
    assert (line.actor_id, line.organisation_id, line.comment) == (None, None, "Le trou est revenu")
    assert last_told(session, signalement, contact.id) == []


Deed = Callable[[Session, Actor, Signalement], object]


def _answer(session: Session, actor: Actor, row: Signalement) -> object:
    return answer(session, actor, row.reference, "Quand ?", LATER)


def _reassign(session: Session, actor: Actor, row: Signalement) -> object:
    return reassign(session, actor, row.reference, "technique-est", "À eux", 1, LATER)


def _refuse(session: Session, actor: Actor, row: Signalement) -> object:
    return refuse(session, actor, row.reference, "Pas à nous", "technique-est", 1, LATER)


def _split(session: Session, actor: Actor, row: Signalement) -> object:
    parts = [Part("voirie", "Un"), Part("voirie", "Deux")]
    return split(session, actor, row.reference, parts, 1, LATER)


DEEDS: dict[str, tuple[Deed, Letter]] = {
    "answer": (_answer, Letter.ANSWER),
    "reassign": (_reassign, Letter.HANDED),
    "refuse": (_refuse, Letter.HANDED),
    "split": (_split, Letter.SPLIT),
}


@pytest.mark.parametrize("name", DEEDS)
def test_deed_when_told_then_by_its_own_letter(
    session: Session, toy: Toy, agent: Actor, name: str
) -> None:
    signalement = reported(session, toy)
    deed, letter = DEEDS[name]
    deed(session, agent, signalement)
    assert last_told(session, signalement) == [(LEA, letter)]


def test_second_refusal_when_told_then_says_that_the_coordination_decides(
    session: Session, toy: Toy, agent: Actor
) -> None:
    signalement = reported(session, toy)
    refuse(session, agent, signalement.reference, "Pas à nous", "technique-est", 1, LATER)
    other = make_actor(session, toy, Role.AGENT, "technique-est")
    refuse(session, other, signalement.reference, "Ni à nous", None, 2, LATER)
    assert last_told(session, signalement) == [(LEA, Letter.ARBITRATION)]


def test_note_and_priority_when_written_then_tell_nobody(
    session: Session, toy: Toy, agent: Actor
) -> None:
    signalement = reported(session, toy)
    note(session, agent, signalement.reference, "Entre nous", LATER)
    assert last_told(session, signalement) == []
    set_priority(session, agent, signalement.reference, Priority.HIGH, "Vite", 1, LATER)
    assert last_told(session, signalement) == []


def test_message_of_the_reporter_when_written_then_is_not_mailed_back(
    session: Session, toy: Toy
) -> None:
    account = make_account(session, toy, Role.RESIDENT)
    row = submit(session, actor_of(account), toy.territory, submission(), NOW).signalement
    message(session, actor_of(account), row.reference, "Toujours là", LATER)
    assert last_told(session, row) == []


def test_merged_when_told_then_each_follows_and_the_original_tells_both(
    session: Session, toy: Toy, agent: Actor
) -> None:
    original = reported(session, toy)
    sam = ContactDetails.model_validate({"email": "sam@example.org", "consent": True})
    filed = submit(session, ANONYMOUS, toy.territory, submission(contact=sam), NOW)
    duplicate = filed.signalement
    merge(session, agent, duplicate.reference, original.reference, 1, LATER)
    assert last_told(session, duplicate) == [("sam@example.org", Letter.MERGED)]
    assert last_told(session, original) == []
    taken = Request(Status.ACKNOWLEDGED)
    change_status(session, agent, original.reference, taken, version=original.version, now=LATER)
    assert last_told(session, original) == [(LEA, "taken"), ("sam@example.org", "taken")]
    assert last_told(session, duplicate) == [], "the line about the original is not told again"
    threads = select(Notice.signalement_id).where(Notice.address == "sam@example.org")
    assert set(session.scalars(threads)) == {duplicate.id}
    unmerge(session, agent, duplicate.reference, duplicate.version, LATER)
    assert last_told(session, duplicate) == [("sam@example.org", Letter.UNMERGED)]


def test_part_when_moved_then_who_reported_the_whole_is_told(
    session: Session, toy: Toy, agent: Actor
) -> None:
    whole = reported(session, toy)
    parts = [Part("voirie", "Un", "technique-ouest"), Part("voirie", "Deux", "technique-ouest")]
    [first, _] = split(session, agent, whole.reference, parts, 1, LATER)
    assert last_told(session, first) == []
    taken = Request(Status.ACKNOWLEDGED)
    change_status(session, agent, first.reference, taken, version=1, now=LATER)
    assert last_told(session, first) == [(LEA, Letter.TAKEN)]


def test_supporters_when_something_moves_then_are_told_once_for_an_address(
    session: Session, toy: Toy, agent: Actor
) -> None:
    signalement = reported(session, toy)
    again = ContactDetails.model_validate({"email": "Lea@Example.org", "consent": True})
    neighbour = make_account(session, toy, Role.RESIDENT)
    support(session, ANONYMOUS, signalement.reference, uuid4(), again, LATER)
    support(session, actor_of(neighbour), signalement.reference, uuid4(), None, LATER)
    taken = Request(Status.ACKNOWLEDGED)
    change_status(session, agent, signalement.reference, taken, version=1, now=LATER)
    assert sorted(last_told(session, signalement)) == sorted(
        [(LEA, Letter.TAKEN), (neighbour.email, Letter.TAKEN)]
    )


@pytest.mark.parametrize("why", ["mails", "active", "acted"])
def test_account_when_it_wants_no_mail_or_acted_then_is_not_told(
    session: Session, toy: Toy, why: str
) -> None:
    account = make_account(session, toy, Role.AGENT, "technique-ouest")
    row = make_signalement(session, toy, reporter_id=account.id)
    someone = make_actor(session, toy, Role.AGENT, "technique-ouest")
    actor = actor_of(account) if why == "acted" else someone
    account.told_by_mail, account.active = why != "mails", why != "active"
    session.flush()
    taken = Request(Status.ACKNOWLEDGED)
    change_status(session, actor, row.reference, taken, version=1, now=LATER)
    assert last_told(session, row) == []


def test_contact_when_unsubscribed_then_is_not_told(
    session: Session, toy: Toy, agent: Actor
) -> None:
    signalement = reported(session, toy)
    contact = session.scalars(select(Contact)).one()
    unsubscribe(session, PersonKind.CONTACT, contact.id, NOW)
    answer(session, agent, signalement.reference, "Bonjour", LATER)
    assert last_told(session, signalement) == []


def test_duplicate_when_it_is_of_another_nature_then_its_people_are_not_told(
    session: Session, toy: Toy
) -> None:
    police = make_actor(session, toy, Role.AGENT, "police")
    hidden = make_signalement(session, toy, category="rixe", team="police")
    public = reported(session, toy)
    public.duplicate_of_id = hidden.id
    session.flush()
    answer(session, police, hidden.reference, "Secret", LATER)
    assert hidden.nature == Nature.TRANQUILLITE
    assert last_told(session, hidden) == []


def test_posting_when_done_twice_then_there_is_one(session: Session, toy: Toy) -> None:
    account: Account = make_account(session, toy, Role.RESIDENT)
    notice = NewNotice(
        source="digest:2026-11-25T08",
        kind="digest",
        territory_id=toy.territory.id,
        recipient=Recipient(PersonKind.ACCOUNT, account.id, account.email),
    )
    assert post(session, notice, NOW) is not None
    assert post(session, notice, NOW) is None


def test_key_when_by_push_then_tells_endpoints_apart() -> None:
    first, second = (Recipient(PersonKind.ACCOUNT, 5, endpoint) for endpoint in "12")
    assert notice_key("event:1", Channel.PUSH, first) == "event:1:push:account:5:1"
    assert notice_key("event:1", Channel.PUSH, first) != notice_key("event:1", Channel.PUSH, second)
    assert notice_key("event:1", Channel.MAIL, first) == "event:1:mail:account:5"
