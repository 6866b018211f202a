"""A report by its signed link, on a phone: read, write, contest, leave. And the administration."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from qpvmap.core.notices import Channel, PersonKind, Sending
from qpvmap.core.telling import Letter
from qpvmap.core.workflow import Status
from qpvmap.jobs.letters import message_of
from qpvmap.jobs.mail import keep
from qpvmap.links import links_of
from qpvmap.storage.models import Contact, Event, Notice, Signalement
from qpvmap.storage.session import make_engine
from tests.browser.conftest import (
    DESKTOP,
    PHONE,
    OpenPage,
    Watch,
    assert_accessible,
    assert_no_sideways_scroll,
    login,
    shoot,
)
from tests.browser.filed import file

EARLIER = timedelta(days=2)
DONE = (Status.ACKNOWLEDGED, Status.IN_PROGRESS, Status.RESOLVED)


@pytest.fixture
def db(blagis: str) -> Iterator[Session]:
    engine = make_engine(blagis, pool_size=1)
    with Session(engine) as session:
        yield session
    engine.dispose()


def contact_on(db: Session, reference: str) -> Contact:
    row = db.scalars(select(Signalement).where(Signalement.reference == reference)).one()
    contact = Contact(signalement_id=row.id, email="lea@example.org", consent_at=row.created_at)
    db.add(contact)
    db.commit()
    return contact


def test_link_on_a_phone_when_the_work_is_not_over_then_reopens_it(
    app: Any, open_page: OpenPage, db: Session, blagis: str, watch: Watch
) -> None:
    reference = file(blagis, datetime.now(UTC) - EARLIER, moves=DONE)
    contact = contact_on(db, reference)
    links = links_of(app.extensions["qpvmap"].settings)
    page = open_page(PHONE, has_touch=True)
    page.goto(f"/suivi/{links.follow_token(contact.id)}")
    expect(page.locator("h1")).to_have_text("Voirie et trottoir")
    shoot(page, "suivi-phone", full_page=True)
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    watch.allow("422")
    page.get_by_role("button", name="Rouvrir").click()
    expect(page.locator(".error-summary")).to_contain_text("Dites pourquoi en une phrase")
    assert_accessible(page)
    page.get_by_label("Ce qui ne va pas").fill("Le trou est revenu après la pluie.")
    page.get_by_role("button", name="Rouvrir").click()
    expect(page.get_by_role("status").first).to_contain_text("Le service est prévenu")
    expect(page.locator(".page .badge").first).to_contain_text("Rouvert")
    page.get_by_label("Votre message").fill("Il y a une poussette dedans.")
    page.get_by_role("button", name="Envoyer", exact=True).click()
    expect(page.locator(".timeline")).to_contain_text("Il y a une poussette dedans.")
    page.get_by_role("link", name="Ne plus recevoir de courriels").click()
    shoot(page, "desabonnement-phone")
    assert_accessible(page)
    page.get_by_role("button", name="Ne plus en recevoir").click()
    expect(page.locator("h1")).to_have_text("C’est noté")
    assert_accessible(page)
    assert_no_sideways_scroll(page)


def test_link_on_a_phone_when_it_opens_nothing_then_says_what_to_do(
    open_page: OpenPage, watch: Watch
) -> None:
    watch.allow("404")
    page = open_page(PHONE)
    page.goto("/suivi/coupe")
    expect(page.locator("h1")).to_have_text("Ce lien n’ouvre rien")
    shoot(page, "suivi-lien-phone")
    assert_accessible(page)


def plant_notice(app: Any, db: Session, contact: Contact, **values: Any) -> Notice:
    """Add a notice of the last line of the contact's signalement, and keep its mail."""
    event = db.scalars(
        select(Event)
        .where(Event.signalement_id == contact.signalement_id)
        .order_by(Event.sequence.desc())
        .limit(1)
    ).one()
    row = db.get_one(Signalement, contact.signalement_id)
    notice = Notice(
        key=f"event:{event.id}:{Channel.MAIL}:{PersonKind.CONTACT}:{contact.id}",
        territory_id=row.territory_id,
        kind=Letter.DONE,
        channel=Channel.MAIL,
        signalement_id=row.id,
        event_id=event.id,
        contact_id=contact.id,
        address=contact.email,
        created_at=event.at,
        **values,
    )
    db.add(notice)
    db.commit()
    settings = app.extensions["qpvmap"].settings
    message = message_of(db, settings, notice, datetime.now(UTC))
    assert message is not None
    keep(message, settings.outbox_dir, f"{notice.id:08d}")
    return notice


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_outbox_of_the_demonstration_when_opened_then_shows_a_mail_as_it_is_read(
    app: Any, open_page: OpenPage, db: Session, blagis: str, scheme: str
) -> None:
    reference = file(blagis, datetime.now(UTC) - EARLIER, moves=DONE)
    contact = contact_on(db, reference)
    notice = plant_notice(app, db, contact, state=Sending.SENT, sent_at=datetime.now(UTC))
    page = open_page(DESKTOP, color_scheme=scheme)
    login(page, "admin")
    page.goto("/admin/courriels")
    assert_accessible(page)
    shoot(page, f"admin-courriels-{scheme}")
    page.get_by_role("link", name=re.compile(f"Fait, {reference}")).click()
    expect(page).to_have_url(re.compile(f"/admin/courriels/{notice.id}$"))
    frame = page.frame_locator("iframe")
    expect(frame.locator("h1")).to_have_text("C’est fait")
    expect(frame.get_by_role("link", name="Voir la réponse")).to_be_visible()
    shoot(page, f"admin-courriel-{scheme}", full_page=True)
    assert_accessible(page, without=("frame-tested",))
    page.set_viewport_size(PHONE)
    assert_no_sideways_scroll(page)


def test_admin_on_a_phone_when_a_mail_failed_then_it_is_sent_again(
    app: Any, open_page: OpenPage, db: Session, blagis: str
) -> None:
    reference = file(blagis, datetime.now(UTC) - EARLIER, moves=DONE)
    contact = contact_on(db, reference)
    reason = "Peut-être parti : l’envoi s’est interrompu au dernier moment."
    plant_notice(app, db, contact, state=Sending.FAILED, in_doubt=True, error=reason, attempts=1)
    db.execute(text("insert into procrastinate_workers (last_heartbeat) values (now())"))
    db.commit()
    page = open_page(PHONE)
    login(page, "coordinateur")
    page.goto(f"/signalements/{reference}")
    expect(page.locator(".note-warn").first).to_contain_text("Le courriel à la personne")
    page.goto("/admin")
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    shoot(page, "admin-phone", full_page=True)
    page.get_by_role("button", name="Envoyer de nouveau").click()
    expect(page.get_by_role("status").first).to_contain_text("Renvoyé.")
    expect(page.locator(".empty")).to_contain_text("Aucun envoi en échec.")
