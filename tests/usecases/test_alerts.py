"""Subscribers: what they hear of, what they never see, how often."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from geoalchemy2 import WKTElement
from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.core.actors import ANONYMOUS, Actor, Role
from qpvmap.core.bulletins import Bulletin, Link
from qpvmap.core.deadlines import PARIS
from qpvmap.core.digests import MAX_LINES
from qpvmap.core.errors import InvalidSubmission, NotFound
from qpvmap.core.subscriptions import MAX_AT_ONCE_A_DAY, MAX_SUBSCRIPTIONS, SubscriptionKind, Wish
from qpvmap.core.undoing import HELD_FOR
from qpvmap.core.workflow import Request, Status
from qpvmap.storage.models import Account, Contact, Event, Notice, Road, Subscriber, Subscription
from qpvmap.storage.session import make_engine, transaction
from qpvmap.usecases.alerts import (
    ALERT,
    alert_bulletin,
    move_bulletin,
    moves_followed,
    send_alerts,
)
from qpvmap.usecases.handling import change_status
from qpvmap.usecases.messages import note
from qpvmap.usecases.notices import post
from qpvmap.usecases.subscriptions import (
    list_of,
    stop,
    stop_all,
    stop_of,
    subscribe,
    subscribe_by_mail,
)
from qpvmap.usecases.telling import tell
from qpvmap.usecases.undoing import undo
from tests.factories import (
    OUT_OF_QUARTER_WEST,
    Toy,
    actor_for,
    make_account,
    make_actor,
    make_signalement,
    make_territory,
)

MORNING = datetime(2028, 7, 12, 9, 0, tzinfo=PARIS)
EVENING = datetime(2028, 7, 12, 17, 32, tzinfo=PARIS)
STOP = Link("Ne plus rien recevoir", "/desabonnement/x")
QUARTER = Wish(SubscriptionKind.QPV, "QN09299X")


@pytest.fixture
def toy(session: Session) -> Toy:
    return make_territory(session)


def filed(session: Session, toy: Toy, at: datetime = MORNING, **more: Any) -> Any:
    return make_signalement(session, toy, created_at=at, due_at=at + timedelta(days=9), **more)


def by_mail(session: Session, toy: Toy, wish: Wish, email: str = "nadia@exemple.fr") -> Subscriber:
    at = MORNING - timedelta(days=1)
    done = subscribe_by_mail(session, email, toy.territory.id, wish, at)
    return session.get_one(Subscriber, done.subscriber_id)


def alerts(session: Session) -> list[Notice]:
    return list(session.scalars(select(Notice).where(Notice.kind == ALERT).order_by(Notice.id)))


def read(session: Session, notice: Notice) -> Bulletin | None:
    subscriber = session.get_one(Subscriber, notice.subscriber_id)
    return alert_bulletin(session, subscriber, notice.payload, STOP)


def told(session: Session) -> list[str]:
    """Return the references that the last alert names."""
    if not alerts(session):
        return []
    bulletin = read(session, alerts(session)[-1])
    groups = bulletin.groups if bulletin else []
    return [line.href.rpartition("/")[2] for group in groups for line in group.lines]


def test_alert_when_a_quarter_is_followed_then_tells_what_is_in_it_or_at_its_edge(
    session: Session, toy: Toy
) -> None:
    by_mail(session, toy, QUARTER)
    inside = filed(session, toy)
    filed(session, toy, share_inside=0.0, inside_qpv=False)
    filed(session, toy, qpv_code=None)
    assert send_alerts(session, EVENING) == 1
    assert told(session) == [inside.reference]


def test_alert_when_a_street_is_followed_then_is_found_by_address_or_on_the_ground(
    session: Session, toy: Toy
) -> None:
    session.add(
        Road(
            source_key="r1",
            vintage=2024,
            name="Avenue Jean-Jaurès",
            line=WKTElement("MULTILINESTRING((2.289 48.78110, 2.291 48.78110))", srid=4326),
        )
    )
    by_mail(session, toy, Wish(SubscriptionKind.STREET, "avenue Jean Jaures"))
    named = filed(session, toy, address="12 bis Avenue JEAN‑JAURÈS, Bagneux")
    near = filed(session, toy, point=OUT_OF_QUARTER_WEST)
    filed(session, toy, address="3 rue Jean-Jaurès, Bagneux")
    assert send_alerts(session, EVENING) == 1
    assert sorted(told(session)) == sorted([named.reference, near.reference])


def test_alert_when_a_category_is_followed_then_tells_that_one_alone(
    session: Session, toy: Toy
) -> None:
    by_mail(session, toy, Wish(SubscriptionKind.CATEGORY, "eclairage"))
    filed(session, toy)
    lamp = filed(session, toy, category="eclairage")
    send_alerts(session, EVENING)
    assert told(session) == [lamp.reference]


def test_alert_when_something_is_confidential_then_the_public_never_hears_of_it(
    session: Session, toy: Toy
) -> None:
    with pytest.raises(NotFound):
        by_mail(session, toy, Wish(SubscriptionKind.CATEGORY, "rixe"))
    by_mail(session, toy, QUARTER)
    secret = filed(session, toy, category="rixe", team="police")
    with pytest.raises(NotFound):
        by_mail(session, toy, Wish(SubscriptionKind.SIGNALEMENT, secret.reference))
    send_alerts(session, EVENING)
    assert told(session) == []
    if alerts(session):
        assert read(session, alerts(session)[-1]) is None


def test_alert_when_it_turns_confidential_before_it_is_sent_then_is_left_out(
    session: Session, toy: Toy
) -> None:
    by_mail(session, toy, QUARTER)
    kept, turned = filed(session, toy), filed(session, toy)
    send_alerts(session, EVENING)
    turned.category_id, turned.nature = toy.categories["rixe"].id, "tranquillite"
    session.flush()
    assert told(session) == [kept.reference]


def test_alert_when_a_member_of_the_police_follows_then_hears_of_what_they_may_see(
    session: Session, toy: Toy
) -> None:
    police = make_actor(session, toy, Role.AGENT, "police")
    other = make_actor(session, toy, Role.AGENT, "technique-ouest")
    before = MORNING - timedelta(days=1)
    subscribe(session, police, toy.territory.id, Wish(SubscriptionKind.CATEGORY, "rixe"), before)
    with_rights = subscribe(session, other, toy.territory.id, QUARTER, before)
    secret = filed(session, toy, category="rixe", team="police")
    send_alerts(session, EVENING)
    by_subscriber = {notice.subscriber_id: notice for notice in alerts(session)}
    assert len(by_subscriber) == 2
    assert read(session, by_subscriber.pop(with_rights.subscriber_id)) is None
    [bulletin] = [read(session, notice) for notice in by_subscriber.values()]
    assert bulletin is not None
    assert bulletin.groups[0].lines[0].href == f"/signalements/{secret.reference}"


def test_alert_when_a_day_is_over_then_is_one_mail_and_repeats_nothing(
    session: Session, toy: Toy
) -> None:
    by_mail(session, toy, QUARTER)
    by_mail(session, toy, Wish(SubscriptionKind.CATEGORY, "voirie"))
    first = filed(session, toy)
    assert send_alerts(session, EVENING.replace(hour=12)) == 0
    assert send_alerts(session, EVENING) == 1
    assert send_alerts(session, EVENING + timedelta(minutes=10)) == 0
    assert told(session) == [first.reference]
    assert send_alerts(session, EVENING + timedelta(days=1)) == 0
    second = filed(session, toy, EVENING + timedelta(hours=2))
    assert send_alerts(session, EVENING + timedelta(days=1)) == 1
    assert told(session) == [second.reference]


def test_alert_when_there_is_much_then_30_have_a_line(session: Session, toy: Toy) -> None:
    by_mail(session, toy, QUARTER)
    for _ in range(177):
        filed(session, toy)
    send_alerts(session, EVENING)
    bulletin = read(session, alerts(session)[0])
    assert bulletin is not None and bulletin.more is not None
    assert len(told(session)) == MAX_LINES
    assert bulletin.more.text == "et 147\u00a0autres"


def test_alert_when_it_tells_then_not_a_word_of_what_people_wrote(
    session: Session, toy: Toy
) -> None:
    resident = make_account(session, toy, Role.RESIDENT)
    agent = make_actor(session, toy, Role.AGENT, "technique-ouest")
    by_mail(session, toy, QUARTER)
    row = filed(session, toy, description="Chez Mme Martin", reporter_id=resident.id)
    note(session, agent, row.reference, "Note interne", MORNING)
    done = Request(Status.ACKNOWLEDGED, "Vu avec Mme Martin")
    change_status(session, agent, row.reference, done, version=row.version, now=MORNING)
    send_alerts(session, EVENING)
    said = repr(read(session, alerts(session)[0]))
    for never in ("Martin", "interne", "Camille", resident.email):
        assert never not in said
    assert "pris en charge" in said


def test_alert_when_it_is_one_s_own_doing_then_says_nothing(session: Session, toy: Toy) -> None:
    agent = make_actor(session, toy, Role.AGENT, "technique-ouest")
    row = filed(session, toy, MORNING - timedelta(days=3))
    subscribe(session, agent, toy.territory.id, QUARTER, MORNING - timedelta(days=1))
    taken = Request(Status.ACKNOWLEDGED)
    change_status(session, agent, row.reference, taken, version=row.version, now=MORNING)
    assert send_alerts(session, EVENING) == 0


def test_alerts_when_an_account_wants_none_then_are_not_posted(session: Session, toy: Toy) -> None:
    account = make_account(session, toy, Role.RESIDENT)
    done = subscribe(
        session, actor_for(account), toy.territory.id, QUARTER, MORNING - timedelta(days=1)
    )
    filed(session, toy)
    stop_all(session, done.subscriber_id)
    assert send_alerts(session, EVENING) == 0
    assert session.get_one(Account, account.id).told_of_followed is False
    assert len(list_of(session, actor_for(account))) == 1


def taken(session: Session, toy: Toy, row: Any, by: Actor, now: datetime) -> Event:
    to = Status.ACKNOWLEDGED if row.status == Status.NEW else Status.IN_PROGRESS
    if row.status == Status.IN_PROGRESS:
        to = Status.SCHEDULED
    request = Request(to, planned_for=now.date() + timedelta(days=5))
    change_status(session, by, row.reference, request, version=row.version, now=now)
    newest = select(Event).where(Event.signalement_id == row.id).order_by(Event.id.desc())
    return session.scalars(newest.limit(1)).one()


def test_move_when_a_signalement_is_followed_then_is_told_at_once_and_not_again(
    session: Session, toy: Toy
) -> None:
    agent = make_actor(session, toy, Role.AGENT, "technique-ouest")
    row = filed(session, toy, MORNING - timedelta(days=3))
    subscriber = by_mail(session, toy, Wish(SubscriptionKind.SIGNALEMENT, row.reference))
    event = taken(session, toy, row, agent, MORNING)
    [notice] = moves_followed(session, event, row, MORNING)
    assert notice.recipient.address == "nadia@exemple.fr"
    assert post(session, notice, MORNING) is not None
    assert post(session, notice, MORNING) is None
    bulletin = move_bulletin(session, subscriber, event.id, STOP)
    assert bulletin is not None
    assert bulletin.subject.replace("\u00a0", " ") == f"{row.reference} : pris en charge"
    assert send_alerts(session, EVENING) == 0


def test_move_when_it_was_taken_back_then_the_evening_says_nothing_of_it(
    session: Session, toy: Toy
) -> None:
    agent = make_actor(session, toy, Role.AGENT, "technique-ouest")
    row = filed(session, toy, MORNING - timedelta(days=3))
    by_mail(session, toy, Wish(SubscriptionKind.SIGNALEMENT, row.reference))
    event = taken(session, toy, row, agent, MORNING)
    undo(session, agent, row.reference, row.version, MORNING + timedelta(seconds=9))
    assert tell(session, event.id, None, MORNING + HELD_FOR) == 0
    assert send_alerts(session, EVENING) == 0


def test_move_when_its_signalement_turns_confidential_then_is_not_told(
    session: Session, toy: Toy
) -> None:
    agent = make_actor(session, toy, Role.AGENT, "technique-ouest")
    row = filed(session, toy, MORNING - timedelta(days=3))
    subscriber = by_mail(session, toy, Wish(SubscriptionKind.SIGNALEMENT, row.reference))
    event = taken(session, toy, row, agent, MORNING)
    row.category_id, row.nature = toy.categories["rixe"].id, "tranquillite"
    session.flush()
    assert move_bulletin(session, subscriber, event.id, STOP) is None


def test_moves_when_there_are_many_in_a_day_then_the_rest_waits_for_the_evening(
    session: Session, toy: Toy
) -> None:
    agent = make_actor(session, toy, Role.AGENT, "technique-ouest")
    row = filed(session, toy, MORNING - timedelta(days=3))
    by_mail(session, toy, Wish(SubscriptionKind.SIGNALEMENT, row.reference))
    at_once = 0
    for minute in range(MAX_AT_ONCE_A_DAY + 3):
        now = MORNING + timedelta(minutes=minute)
        event = taken(session, toy, row, agent, now)
        for notice in moves_followed(session, event, row, now):
            post(session, notice, now)
            at_once += 1
    assert at_once == MAX_AT_ONCE_A_DAY
    assert send_alerts(session, EVENING) == 1
    assert told(session) == [row.reference]


def test_move_when_its_reader_has_letters_of_their_own_then_is_not_told_twice(
    session: Session, toy: Toy
) -> None:
    agent = make_actor(session, toy, Role.AGENT, "technique-ouest")
    reporter = make_account(session, toy, Role.RESIDENT)
    row = filed(session, toy, MORNING - timedelta(days=3), reporter_id=reporter.id)
    wish = Wish(SubscriptionKind.SIGNALEMENT, row.reference)
    subscribe(session, actor_for(reporter), toy.territory.id, wish, MORNING - timedelta(days=1))
    subscribe(session, agent, toy.territory.id, wish, MORNING - timedelta(days=1))
    by_mail(session, toy, wish, "voisin@exemple.fr")
    session.add(Contact(signalement_id=row.id, email="Voisin@exemple.fr", consent_at=MORNING))
    session.flush()
    event = taken(session, toy, row, agent, MORNING)
    assert list(moves_followed(session, event, row, MORNING)) == []


def test_subscription_when_twice_then_is_once_and_when_stopped_the_address_is_forgotten(
    session: Session, toy: Toy
) -> None:
    subscriber = by_mail(session, toy, QUARTER)
    assert by_mail(session, toy, QUARTER).id == subscriber.id
    [kept] = session.scalars(
        select(Subscription).where(Subscription.subscriber_id == subscriber.id)
    )
    stop(session, subscriber.id, kept.id)
    assert session.scalar(select(Subscriber.id)) is None
    with pytest.raises(NotFound):
        stop(session, subscriber.id, kept.id)


def test_subscription_when_it_is_somebody_elses_then_cannot_be_stopped(
    session: Session, toy: Toy
) -> None:
    mine, other = (make_actor(session, toy, Role.RESIDENT) for _ in range(2))
    subscribe(session, mine, toy.territory.id, QUARTER, MORNING)
    subscribe(session, other, toy.territory.id, QUARTER, MORNING)
    [kept] = list_of(session, other)
    with pytest.raises(NotFound):
        stop_of(session, mine, kept.id)
    with pytest.raises(NotFound):
        stop_of(session, ANONYMOUS, kept.id)


def test_subscription_when_the_address_has_an_account_then_is_that_account_s(
    session: Session, toy: Toy
) -> None:
    account = make_account(session, toy, Role.RESIDENT)
    subscriber = by_mail(session, toy, QUARTER, account.email)
    assert (subscriber.account_id, subscriber.email) == (account.id, None)


def test_subscription_when_too_many_then_is_refused(session: Session, toy: Toy) -> None:
    actor = make_actor(session, toy, Role.RESIDENT)
    for number in range(MAX_SUBSCRIPTIONS):
        wish = Wish(SubscriptionKind.STREET, f"rue numéro {number}")
        subscribe(session, actor, toy.territory.id, wish, MORNING)
    with pytest.raises(InvalidSubmission):
        subscribe(session, actor, toy.territory.id, QUARTER, MORNING)


def test_alerts_when_two_workers_see_to_them_at_once_then_are_posted_once(
    committed_db: str,
) -> None:
    engine = make_engine(committed_db, pool_size=4)
    with transaction(engine) as session:
        toy = make_territory(session)
        by_mail(session, toy, QUARTER)
        filed(session, toy)
    together, counts = threading.Barrier(4), []

    def run() -> None:
        with transaction(engine) as session:
            together.wait(20)
            counts.append(send_alerts(session, EVENING))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts) == [0, 0, 0, 1]
    engine.dispose()
