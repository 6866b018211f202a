"""« C’est le même »: counted once, never on what one may not see, contacts kept with consent."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.core.actors import ANONYMOUS, Role
from qpvmap.core.contacts import ContactDetails
from qpvmap.core.errors import InvalidSubmission, NotAllowed, NotFound
from qpvmap.core.privacy import BEING_CHECKED
from qpvmap.core.signalements import parse_contact, parse_submission
from qpvmap.core.workflow import Status
from qpvmap.storage.contacts import contacts_of
from qpvmap.storage.models import Contact, Signalement
from qpvmap.storage.session import make_engine, transaction
from qpvmap.storage.signalements import history
from qpvmap.usecases.joining import merge
from qpvmap.usecases.moderation import (
    description_for,
    hide_description,
    release_description,
)
from qpvmap.usecases.signalements import submit
from qpvmap.usecases.support import support
from tests.factories import (
    NOW,
    Toy,
    make_actor,
    make_signalement,
    make_territory,
    submission,
)

REACHED = ContactDetails(email="lea@example.org", consent=True)


@pytest.fixture
def toy(session: Session) -> Toy:
    return make_territory(session)


def test_support_when_sent_again_then_counted_once(session: Session, toy: Toy) -> None:
    row = make_signalement(session, toy)
    key = uuid4()
    first = support(session, ANONYMOUS, row.reference, key, None, NOW)
    again = support(session, ANONYMOUS, row.reference, key, None, NOW)
    other = support(session, ANONYMOUS, row.reference, uuid4(), None, NOW)
    assert [first.created, again.created, other.created] == [True, False, True]
    assert (row.supports, other.people, row.version) == (2, 3, 1)
    assert [line.kind for line in history(session, row.id)] == ["created", "supported", "supported"]


def test_support_when_by_an_account_then_once_and_never_by_its_author(
    session: Session, toy: Toy
) -> None:
    author, other = (make_actor(session, toy, Role.RESIDENT) for _ in range(2))
    row = make_signalement(session, toy, reporter_id=author.account_id)
    for actor in (author, other, other):
        support(session, actor, row.reference, uuid4(), None, NOW)
    assert row.supports == 1


def test_support_when_on_a_duplicate_then_its_original_is_supported(
    session: Session, toy: Toy
) -> None:
    agent = make_actor(session, toy, Role.AGENT, "technique-ouest")
    original, duplicate = (make_signalement(session, toy) for _ in range(2))
    merge(session, agent, duplicate.reference, original.reference, 1, NOW)
    done = support(session, ANONYMOUS, duplicate.reference, uuid4(), None, NOW)
    assert (done.signalement is original, original.supports, duplicate.supports) == (True, 2, 0)


def test_support_when_settled_then_counted_and_nothing_reopened(session: Session, toy: Toy) -> None:
    row = make_signalement(session, toy, status=Status.CLOSED, settled_at=NOW)
    support(session, ANONYMOUS, row.reference, uuid4(), None, NOW)
    assert (row.status, row.supports) == (Status.CLOSED, 1)


def test_support_when_one_may_not_then_refused(session: Session, toy: Toy) -> None:
    hidden = make_signalement(session, toy, category="rixe", team="police")
    resident = make_actor(session, toy, Role.RESIDENT)
    own = make_signalement(
        session, toy, category="rixe", team="police", reporter_id=resident.account_id
    )
    for actor in (ANONYMOUS, resident):
        with pytest.raises(NotFound):
            support(session, actor, hidden.reference, uuid4(), None, NOW)
    with pytest.raises(NotAllowed):
        support(session, resident, own.reference, uuid4(), None, NOW)
    key = uuid4()
    row = make_signalement(session, toy)
    support(session, resident, row.reference, key, None, NOW)
    with pytest.raises(NotAllowed):
        support(session, ANONYMOUS, row.reference, key, None, NOW)


def test_support_when_the_contact_comes_later_then_kept_once(session: Session, toy: Toy) -> None:
    agent = make_actor(session, toy, Role.AGENT, "technique-ouest")
    row = make_signalement(session, toy)
    key = uuid4()
    for contact in (None, REACHED, REACHED):
        support(session, ANONYMOUS, row.reference, key, contact, NOW)
    [known] = contacts_of(session, agent, row.id)
    assert (known.email, known.consent_at, known.from_support) == (REACHED.email, NOW, True)


def test_support_when_many_at_once_then_each_is_counted(committed_db: str) -> None:
    engine = make_engine(committed_db, pool_size=8)
    with transaction(engine) as session:
        reference = make_signalement(session, make_territory(session)).reference
    keys = [uuid4() for _ in range(10)]

    def send(key: object) -> None:
        with transaction(engine) as session:
            support(session, ANONYMOUS, reference, key, None, NOW)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, keys * 2))
    with transaction(engine) as session:
        assert session.scalars(select(Signalement.supports)).one() == 10
    engine.dispose()


@pytest.mark.parametrize(
    ("role", "teams", "sees"),
    [
        (Role.RESIDENT, (), False),
        (Role.MEDIATOR, (), False),
        (Role.AGENT, ("technique-est",), False),
        (Role.PLANNER, (), False),
        (Role.ADMIN, (), False),
        (Role.AGENT, ("technique-ouest",), True),
        (Role.COORDINATOR, (), True),
    ],
)
def test_contacts_when_read_then_only_by_those_who_handle(
    session: Session, toy: Toy, role: Role, teams: tuple[str, ...], sees: bool
) -> None:
    filed = submit(session, ANONYMOUS, toy.territory, submission(contact=REACHED), NOW)
    actor = make_actor(session, toy, role, *teams)
    assert bool(contacts_of(session, actor, filed.signalement.id)) == sees
    assert contacts_of(session, ANONYMOUS, filed.signalement.id) == []


def test_contact_when_a_mediator_files_for_somebody_then_who_recorded_it_is_kept(
    session: Session, toy: Toy
) -> None:
    mediator = make_actor(session, toy, Role.MEDIATOR)
    resident = make_actor(session, toy, Role.RESIDENT)
    for actor in (mediator, resident):
        submit(session, actor, toy.territory, submission(contact=REACHED), NOW)
    found = session.scalars(select(Contact.recorded_by).order_by(Contact.id)).all()
    assert found == [mediator.account_id, None]


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({"email": "lea@example.org"}, "contact"),
        ({"consent": True}, "contact"),
        ({"email": "lea", "consent": True}, "contact.email"),
        ({"phone": "06 12", "consent": True}, "contact.phone"),
        ({"phone": "0612345678", "consent": True, "name": "x" * 121}, "contact.name"),
    ],
)
def test_contact_when_without_consent_or_unreadable_then_refused_by_its_name(
    fields: dict[str, object], at_fault: str
) -> None:
    with pytest.raises(InvalidSubmission) as refused:
        parse_contact(fields)
    assert list(refused.value.fields) == [at_fault]
    whole = {"client_id": uuid4(), "category": "voirie", "lon": 2.3, "lat": 48.78}
    with pytest.raises(InvalidSubmission) as refused:
        parse_submission({**whole, "contact": fields})
    assert list(refused.value.fields) == [at_fault]


def test_description_when_it_looks_personal_then_hidden_until_somebody_has_read_it(
    session: Session, toy: Toy
) -> None:
    agent = make_actor(session, toy, Role.AGENT, "technique-ouest")
    author = make_actor(session, toy, Role.RESIDENT)
    text = "Appelez-moi au 06 12 34 56 78."
    row = submit(session, author, toy.territory, submission(description=text), NOW).signalement
    seen = [description_for(actor, row) for actor in (ANONYMOUS, author, agent)]
    assert seen == [BEING_CHECKED, text, text]
    with pytest.raises(NotAllowed):
        release_description(session, author, row.reference, 1, NOW)
    release_description(session, agent, row.reference, 1, NOW)
    assert (description_for(ANONYMOUS, row), row.version) == (text, 2)
    hide_description(session, agent, row.reference, 2, NOW)
    assert description_for(ANONYMOUS, row) == BEING_CHECKED
    kinds = [line.kind for line in history(session, row.id)]
    assert kinds == ["created", "text_released", "text_hidden"]
