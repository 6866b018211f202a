"""What must never leave by a mail or a push: swept over every kind of message, for every reader."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Role
from qpvmap.core.deadlines import PARIS, Priority
from qpvmap.core.labels import LETTER_LABELS
from qpvmap.core.notices import Channel
from qpvmap.core.subscriptions import SubscriptionKind, Wish
from qpvmap.core.workflow import Request, Status
from qpvmap.jobs.bulletins import BULLETINS
from qpvmap.jobs.letters import message_of
from qpvmap.settings import Settings
from qpvmap.storage.accounts import actor_by_id
from qpvmap.storage.letters import still_told
from qpvmap.storage.models import Contact, Event, Notice, PushDevice, Signalement, Subscriber
from qpvmap.storage.signalements import find_visible
from qpvmap.usecases.alerts import send_alerts
from qpvmap.usecases.digests import send_digests
from qpvmap.usecases.handling import change_status
from qpvmap.usecases.messages import note
from qpvmap.usecases.push import words_of
from qpvmap.usecases.reminders import send_reminders
from qpvmap.usecases.subscriptions import subscribe, subscribe_by_mail
from qpvmap.usecases.telling import tell
from tests.factories import (
    Toy,
    actor_for,
    make_account,
    make_actor,
    make_signalement,
    make_territory,
)

NIGHT = datetime(2028, 7, 12, 3, 0, tzinfo=PARIS)
MORNING = datetime(2028, 7, 12, 8, 2, tzinfo=PARIS)
EVENING = datetime(2028, 7, 12, 17, 40, tzinfo=PARIS)
WORDS = (
    "SECRETTEXTE",
    "SECRETNOTE",
    "SECRETMOTIF",
    "secret@exemple.fr",
    "Rixe",
    "SECRETLIEU",
)
"""What the confidential signalement holds, and the names behind it."""


@pytest.fixture
def toy(session: Session) -> Toy:
    made = make_territory(session)
    for team in made.teams.values():
        team.email = f"{team.code}@toy.example"
    session.flush()
    return made


def plant(session: Session, toy: Toy) -> Any:
    """Add a confidential emergency that moves, with everything around it that must not leave."""
    people = [
        make_account(session, toy, role, *teams)
        for role, teams in (
            (Role.RESIDENT, ()),
            (Role.MEDIATOR, ("police",)),
            (Role.AGENT, ("police",)),
            (Role.AGENT, ("technique-ouest",)),
            (Role.LEAD, ("police",)),
            (Role.COORDINATOR, ("coordination",)),
            (Role.PLANNER, ("police",)),
        )
    ]
    for person in people:
        person.told_of_teams = True
        actor = actor_for(person)
        subscribe(session, actor, toy.territory.id, Wish(SubscriptionKind.QPV, "QN09299X"), NIGHT)
        session.add(
            PushDevice(
                account_id=person.id,
                endpoint=f"https://fcm.googleapis.com/{person.id}",
                p256dh="B",
                auth="A",
                created_at=NIGHT,
            )
        )
    wish = Wish(SubscriptionKind.STREET, "rue du SECRETLIEU")
    subscribe_by_mail(session, "voisin@exemple.fr", toy.territory.id, wish, NIGHT)
    row = make_signalement(
        session,
        toy,
        category="rixe",
        team="police",
        priority=Priority.EMERGENCY,
        created_at=NIGHT,
        due_at=NIGHT + timedelta(hours=2),
        description="SECRETTEXTE",
        address="3 rue du SECRETLIEU",
    )
    session.add(Contact(signalement_id=row.id, email="secret@exemple.fr", consent_at=NIGHT))
    agent = actor_for(people[2])
    note(session, agent, row.reference, "SECRETNOTE", NIGHT)
    wish = Wish(SubscriptionKind.SIGNALEMENT, row.reference)
    subscribe(session, actor_for(people[5]), toy.territory.id, wish, NIGHT)
    taken = Request(Status.ACKNOWLEDGED, "SECRETMOTIF")
    change_status(session, agent, row.reference, taken, version=row.version, now=NIGHT)
    make_signalement(session, toy, created_at=NIGHT, due_at=EVENING, description="SECRETTEXTE")
    return row


def test_messages_when_something_is_confidential_then_none_says_what_where_or_who(
    session: Session, toy: Toy, settings_of_test: Settings
) -> None:
    row = plant(session, toy)
    for event_id in session.scalars(select(Event.id).order_by(Event.id)):
        tell(session, event_id, None, MORNING)
    send_reminders(session, MORNING)
    send_digests(session, MORNING)
    send_alerts(session, EVENING)
    notices = list(session.scalars(select(Notice).order_by(Notice.id)))
    kinds = {notice.kind for notice in notices}
    assert {"team_digest", "emergency", "reminder", "alert", "followed_move"} <= kinds
    told = {Channel.MAIL: 0, Channel.PUSH: 0}
    for notice in notices:
        said = spoken(session, settings_of_test, notice)
        told[Channel(notice.channel)] += bool(said)
        for word in WORDS:
            assert word not in said, (notice.kind, notice.address, word)
        if notice.kind == "alert" and not reads_it(session, notice):
            assert row.reference not in said, notice.address
    assert all(told.values())


def reads_it(session: Session, notice: Notice) -> bool:
    """Return whether a follower is one of those who may see the confidential signalement."""
    subscriber = session.get_one(Subscriber, notice.subscriber_id)
    if subscriber.account_id is None:
        return False
    actor = actor_by_id(session, subscriber.account_id)
    secret = session.scalars(
        select(Event.signalement_id).where(Event.comment == "SECRETMOTIF")
    ).one()
    reference = session.get_one(Signalement, secret).reference
    return find_visible(session, actor, reference) is not None


def spoken(session: Session, settings: Settings, notice: Notice) -> str:
    """Return all that a message says, headers left out but for its subject."""
    if not still_told(session, notice):
        return ""
    if notice.channel == Channel.PUSH:
        assert notice.account_id is not None
        return str(words_of(session, notice) or "")
    message = message_of(session, settings, notice, EVENING)
    if message is None:
        return ""
    parts = [part.get_content() for part in message.iter_parts()]
    return " ".join([str(message["Subject"]), *parts])


@pytest.fixture
def settings_of_test(tmp_path: Any) -> Settings:
    return Settings(var_dir=tmp_path / "var", secret_key="a secret of the tests, long enough")


def test_recipients_when_confidential_then_are_those_who_may_see_it(
    session: Session, toy: Toy
) -> None:
    row = plant(session, toy)
    for event_id in session.scalars(select(Event.id).where(Event.signalement_id == row.id)):
        tell(session, event_id, None, MORNING)
    emergencies = session.scalars(select(Notice).where(Notice.kind == "emergency")).all()
    teams = {notice.team_id for notice in emergencies if notice.team_id}
    assert teams == {toy.teams["police"].id}
    planner = make_actor(session, toy, Role.PLANNER, "police")
    assert planner.account_id not in {notice.account_id for notice in emergencies}


def test_kinds_when_listed_by_the_administration_then_each_has_its_words() -> None:
    assert set(BULLETINS) <= set(LETTER_LABELS)
