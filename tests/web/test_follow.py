"""A report by its signed link: what is read, written, contested, left; and what never is."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor, Role
from qpvmap.core.notices import PersonKind
from qpvmap.core.workflow import Outcome, Status
from qpvmap.links import FOLLOW_FOR, Links, links_of
from qpvmap.storage.models import Account, Contact, Event, Signalement, Support
from qpvmap.usecases.joining import merge
from qpvmap.usecases.messages import answer, note
from qpvmap.web.throttle import FOLLOWING
from tests.factories import Toy, make_account, make_actor, make_signalement, make_territory
from tests.web.doors import send
from tests.web.people import sign_in

NOTE = "NOTE-INTERNE-1618"


class World:
    """One signalement with Léa's contact, and the link that her mails give."""

    def __init__(self, session: Session, links: Links) -> None:
        self.session, self.links = session, links
        self.now = datetime.now(UTC) - timedelta(hours=2)
        self.toy: Toy = make_territory(session, "blagis")
        self.signalement = make_signalement(
            session, self.toy, created_at=self.now, address="3 rue des Lilas"
        )
        self.contact = self.contact_of(self.signalement)
        self.agent: Actor = make_actor(session, self.toy, Role.AGENT, "technique-ouest")
        session.commit()

    def contact_of(self, row: Signalement, support_id: int | None = None) -> Contact:
        contact = Contact(
            signalement_id=row.id,
            support_id=support_id,
            email="lea@example.org",
            consent_at=self.now,
        )
        self.session.add(contact)
        self.session.flush()
        return contact

    def path(self, contact: Contact | None = None) -> str:
        return f"/suivi/{self.links.follow_token((contact or self.contact).id)}"

    def leave(self, kind: PersonKind = PersonKind.CONTACT, key: int | None = None) -> str:
        return f"/desabonnement/{self.links.unsubscribe_token(kind, key or self.contact.id)}"

    def settle(self, ago: timedelta = timedelta(days=1)) -> None:
        row = self.signalement
        row.status, row.outcome = Status.RESOLVED, Outcome.DONE
        row.settled_at = datetime.now(UTC) - ago
        self.session.commit()

    def last_line(self) -> Event:
        self.session.expire_all()
        return self.session.scalars(select(Event).order_by(Event.id.desc()).limit(1)).one()


@pytest.fixture
def world(app: Any) -> Iterator[World]:
    with Session(app.extensions["qpvmap"].engine) as session:
        yield World(session, links_of(app.extensions["qpvmap"].settings))


def read(client: FlaskClient, path: str) -> str:
    return client.get(path).get_data(as_text=True)


def test_link_when_opened_then_shows_the_report_without_internal_notes(
    client: FlaskClient, world: World
) -> None:
    answer(world.session, world.agent, world.signalement.reference, "On arrive", world.now)
    note(world.session, world.agent, world.signalement.reference, NOTE, world.now)
    world.session.commit()
    page = read(client, world.path())
    assert all(word in page for word in ("On arrive", "3 rue des Lilas", "Équipe technique-ouest"))
    assert NOTE not in page
    assert "lea@example.org" not in page


def test_link_when_opened_then_its_address_goes_nowhere_else(
    client: FlaskClient, world: World
) -> None:
    for path in (world.path(), world.leave(), "/suivi/nobodys"):
        headers = client.get(path).headers
        assert headers["Referrer-Policy"] == "strict-origin"
        assert headers["Cache-Control"] == "private, no-store"
        assert "noindex" in headers["X-Robots-Tag"]
    assert "Disallow: /suivi/" in read(client, "/robots.txt")
    outside = re.findall(r'(?:href|src|action)="(https?:[^"]+)"', read(client, world.path()))
    assert outside == []


def test_message_when_sent_then_is_in_the_journal_on_behalf_of_no_account(
    client: FlaskClient, world: World
) -> None:
    sent = send(client, f"{world.path()}/message", world.path(), text=" Il y en a deux ")
    assert sent.status_code == 303
    line = world.last_line()
    assert (line.kind, line.comment, line.actor_id, line.internal) == (
        "message",
        "Il y en a deux",
        None,
        False,
    )
    page = read(client, world.path())
    assert "Il y en a deux" in page
    assert "une personne qui suit ce signalement" in page


def test_message_when_empty_then_the_page_says_so(client: FlaskClient, world: World) -> None:
    sent = send(client, f"{world.path()}/message", world.path(), text="  ")
    assert sent.status_code == 422
    assert "Écrivez votre message." in sent.get_data(as_text=True)


def test_message_when_there_were_too_many_then_waits_and_keeps_the_text(
    client: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qpvmap.web.follow.FOLLOWING", replace(FOLLOWING, attempts=1))
    send(client, f"{world.path()}/message", world.path(), text="Un")
    slowed = send(client, f"{world.path()}/message", world.path(), text="Deux trous")
    assert slowed.status_code == 429
    assert "Deux trous" in slowed.get_data(as_text=True)
    assert world.last_line().comment == "Un"


def test_contest_when_in_time_then_the_service_takes_it_up_again(
    client: FlaskClient, world: World
) -> None:
    world.settle()
    page = read(client, world.path())
    assert "Quelque chose ne va pas" in page
    version = str(world.signalement.version)
    path = f"{world.path()}/contestation"
    empty = send(client, path, world.path(), comment=" ", version=version)
    assert empty.status_code == 422
    assert "Dites pourquoi en une phrase" in empty.get_data(as_text=True)
    sent = send(client, path, world.path(), comment="Toujours cassé", version=version)
    assert sent.status_code == 303
    line = world.last_line()
    assert (line.to_status, line.comment, line.actor_id) == ("reopened", "Toujours cassé", None)


def test_contest_when_too_late_then_is_not_offered_and_is_refused(
    client: FlaskClient, world: World
) -> None:
    world.settle(timedelta(days=31))
    assert "Quelque chose ne va pas" not in read(client, world.path())
    version = str(world.signalement.version)
    path = f"{world.path()}/contestation"
    sent = send(client, path, world.path(), comment="Trop tard", version=version)
    assert sent.status_code == 422
    assert "Plus de 30 jours ont passé" in sent.get_data(as_text=True)


def test_contest_when_somebody_moved_it_meanwhile_then_keeps_the_text(
    client: FlaskClient, world: World
) -> None:
    world.settle()
    path = f"{world.path()}/contestation"
    sent = send(client, path, world.path(), comment="Toujours cassé", version="99")
    assert sent.status_code == 409
    assert "Toujours cassé" in sent.get_data(as_text=True)


def test_duplicate_when_its_holder_writes_then_the_original_hears_it(
    client: FlaskClient, world: World
) -> None:
    original = make_signalement(world.session, world.toy, created_at=world.now)
    merge(
        world.session,
        world.agent,
        world.signalement.reference,
        original.reference,
        world.signalement.version,
        world.now,
    )
    world.session.commit()
    page = read(client, world.path())
    assert original.reference in page
    send(client, f"{world.path()}/message", world.path(), text="Encore là")
    line = world.last_line()
    assert (line.signalement_id, line.comment) == (original.id, "Encore là")


def test_token_when_of_another_use_or_cut_then_opens_nothing(
    client: FlaskClient, world: World
) -> None:
    leave = world.links.unsubscribe_token(PersonKind.CONTACT, world.contact.id)
    follow = world.links.follow_token(world.contact.id)
    for path in (f"/suivi/{leave}", f"/suivi/{follow[:-2]}", f"/desabonnement/{follow}"):
        answered = client.get(path)
        assert answered.status_code == 404
        assert "Ce lien n’ouvre rien" in answered.get_data(as_text=True)


def test_token_when_old_then_says_to_open_the_last_mail(
    client: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = world.path()
    long_after = datetime.now(UTC) + FOLLOW_FOR + timedelta(days=2)
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: long_after.timestamp())
    answered = client.get(path)
    assert answered.status_code == 410
    assert "Ce lien a expiré" in answered.get_data(as_text=True)


def test_unsubscribing_when_only_looked_at_then_changes_nothing(
    client: FlaskClient, world: World
) -> None:
    assert client.get(world.leave()).status_code == 200
    world.session.expire_all()
    assert world.contact.unsubscribed_at is None


def test_unsubscribing_when_by_one_click_then_closes_the_link_and_can_be_undone(
    client: FlaskClient, world: World
) -> None:
    clicked = client.post(world.leave(), data={"List-Unsubscribe": "One-Click"})
    assert clicked.status_code == 200
    world.session.expire_all()
    assert world.contact.unsubscribed_at is not None
    closed = client.get(world.path())
    assert closed.status_code == 410
    assert "Ce lien ne sert plus" in closed.get_data(as_text=True)
    refused = client.post(f"{world.leave()}/annuler")
    assert refused.status_code == 400, "only the click of a mail program comes without our form"
    again = client.post(world.leave())
    token = re.search(r'name="csrf_token" value="([^"]+)"', again.get_data(as_text=True))
    assert token
    client.post(f"{world.leave()}/annuler", data={"csrf_token": token[1]})
    assert client.get(world.path()).status_code == 200


def test_unsubscribing_when_an_account_then_it_is_told_no_more_and_says_so_in_its_page(
    client: FlaskClient, world: World
) -> None:
    account = make_account(world.session, world.toy, Role.RESIDENT)
    world.session.commit()
    client.post(world.leave(PersonKind.ACCOUNT, account.id))
    world.session.expire_all()
    assert world.session.get_one(Account, account.id).told_by_mail is False
    sign_in(client, account)
    send(client, "/compte/courriels", "/compte", mails="oui")
    world.session.expire_all()
    assert world.session.get_one(Account, account.id).told_by_mail is True


def test_contact_when_unsubscribed_then_its_address_is_not_shown_to_those_who_handle(
    client: FlaskClient, world: World
) -> None:
    page = f"/signalements/{world.signalement.reference}"
    agent = world.session.get_one(Account, world.agent.account_id)
    sign_in(client, agent)
    assert "lea@example.org" in read(client, page)
    client.post(world.leave())
    assert "lea@example.org" not in read(client, page)


def test_confidential_when_its_author_opens_the_link_then_reads_it_and_a_supporter_does_not(
    client: FlaskClient, world: World
) -> None:
    secret = make_signalement(
        world.session,
        world.toy,
        category="rixe",
        team="police",
        description="TEXTE-SECRET",
        address="ADRESSE-SECRETE",
        created_at=world.now,
    )
    police = make_actor(world.session, world.toy, Role.AGENT, "police")
    answer(world.session, police, secret.reference, "REPONSE-SECRETE", world.now)
    support = Support(
        client_id=secret.client_id, signalement_id=secret.id, account_id=None, at=world.now
    )
    world.session.add(support)
    world.session.flush()
    author, other = world.contact_of(secret), world.contact_of(secret, support.id)
    world.session.commit()
    words = ("TEXTE-SECRET", "ADRESSE-SECRETE", "REPONSE-SECRETE", "Rixe")
    assert all(word in read(client, world.path(author)) for word in words)
    assert not any(word in read(client, world.path(other)) for word in words)


def test_link_when_somebody_elses_reference_is_asked_then_opens_only_its_own(
    client: FlaskClient, world: World
) -> None:
    secret = make_signalement(
        world.session, world.toy, category="rixe", team="police", created_at=world.now
    )
    world.session.commit()
    client.get(world.path())
    assert client.get(f"/signalements/{secret.reference}").status_code == 404


def test_hidden_text_when_a_supporter_opens_the_link_then_is_not_shown(
    client: FlaskClient, world: World
) -> None:
    world.signalement.description, world.signalement.description_hidden = "06 12 34 56 78", True
    support = Support(
        client_id=world.signalement.client_id,
        signalement_id=world.signalement.id,
        account_id=None,
        at=world.now,
    )
    world.session.add(support)
    world.session.flush()
    other = world.contact_of(world.signalement, support.id)
    world.session.commit()
    assert "06 12 34 56 78" in read(client, world.path())
    assert "06 12 34 56 78" not in read(client, world.path(other))


def test_form_when_sent_without_our_page_then_is_refused(client: FlaskClient, world: World) -> None:
    assert client.post(f"{world.path()}/message", data={"text": "x"}).status_code == 400
