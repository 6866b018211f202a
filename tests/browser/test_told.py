"""Following and being told, as a person does it: the pages, the switch, a push that is shown."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, ViewportSize, expect
from sqlalchemy import select

from qpvmap.core.actors import ANONYMOUS
from qpvmap.core.signalements import Submission
from qpvmap.core.subscriptions import SubscriptionKind, Wish
from qpvmap.storage.models import Territory
from qpvmap.storage.session import make_engine, transaction
from qpvmap.subscription_links import subscription_links
from qpvmap.usecases.signalements import submit
from qpvmap.usecases.subscriptions import subscribe_by_mail
from tests.browser.conftest import (
    DESKTOP,
    IN_THE_QUARTER,
    OpenPage,
    Watch,
    assert_accessible,
    assert_no_sideways_scroll,
    login,
    shoot,
)
from tests.conftest import NOW

PHONE = ViewportSize(width=360, height=740)
VIEWS = (("phone", PHONE), ("desktop", DESKTOP))


def file_one(url: str) -> str:
    """File a signalement and return its reference."""
    engine = make_engine(url)
    with transaction(engine) as session:
        submission = Submission(
            client_id=uuid4(),
            category="depot-sauvage",
            lon=IN_THE_QUARTER["longitude"],
            lat=IN_THE_QUARTER["latitude"],
            address="12 rue Léo-Delibes, Bagneux",
            description="Gravats au pied du mur.",
        )
        territory = session.scalars(select(Territory)).one()
        done = submit(session, ANONYMOUS, territory, submission, NOW - timedelta(days=1))
        reference = done.signalement.reference
    engine.dispose()
    return reference


def follow_two(url: str, settings: Any) -> str:
    """Have an address follow two things and return the token of its list."""
    engine = make_engine(url)
    with transaction(engine) as session:
        territory = session.scalars(select(Territory)).one()
        for wish in (
            Wish(SubscriptionKind.QPV, "QN09219N"),
            Wish(SubscriptionKind.STREET, "rue Léo-Delibes"),
        ):
            done = subscribe_by_mail(session, "nadia@exemple.fr", territory.id, wish, NOW)
    engine.dispose()
    return subscription_links(settings).manage_token(done.subscriber_id)


def check(page: Page, name: str) -> None:
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    shoot(page, name, full_page=True)


def test_following_when_by_mail_then_reads_well_from_the_page_to_the_list(
    open_page: OpenPage, blagis: str, settings: Any, watch: Watch
) -> None:
    watch.allow("422")  # the street that is none
    reference = file_one(blagis)
    token = follow_two(blagis, settings)
    for name, viewport in VIEWS:
        page = open_page(viewport)
        page.goto(f"/signalements/{reference}")
        page.get_by_role("link", name="Suivre par courriel").click()
        expect(page.get_by_role("heading", name="Suivre", level=1)).to_be_visible()
        expect(page.get_by_label("Rue Léo-Delibes", exact=True)).to_be_visible()
        check(page, f"told-follow-{name}")
        page.get_by_label("Une autre rue").check()
        page.get_by_label("Nom de la rue").fill("ici")
        page.get_by_label("Votre courriel").fill("nadia@exemple.fr")
        page.get_by_role("button", name="Recevoir le lien").click()
        expect(page.get_by_role("alert")).to_be_focused()
        check(page, f"told-follow-error-{name}")
        page.get_by_label("Nom de la rue").fill("rue des Blagis")
        page.get_by_role("button", name="Recevoir le lien").click()
        expect(page.get_by_role("heading", name="Ouvrez le lien reçu")).to_be_visible()
        check(page, f"told-link-sent-{name}")
        page.goto(f"/suivre/liste/{token}")
        expect(page.get_by_role("button", name="Ne plus suivre")).to_have_count(2)
        check(page, f"told-list-{name}")


def test_account_when_shown_then_says_what_it_is_told_of_and_lets_choose(
    open_page: OpenPage, blagis: str, watch: Watch
) -> None:
    reference = file_one(blagis)
    for name, viewport in VIEWS:
        page = open_page(viewport)
        login(page, "agent.bagneux")
        page.goto(f"/signalements/{reference}")
        if name == "phone":
            page.get_by_role("button", name="Suivre ce signalement").click()
        expect(page.get_by_role("button", name="Ne plus suivre")).to_be_visible()
        check(page, f"told-signalement-{name}")
        page.goto("/compte")
        box = page.get_by_label("une copie du point")
        box.set_checked(name == "phone")
        page.get_by_role("button", name="Enregistrer").click()
        expect(box).to_be_checked(checked=name == "phone")
        check(page, f"told-account-{name}")


def test_switch_when_the_browser_cannot_or_must_not_then_says_so_plainly(
    open_page: OpenPage, blagis: str
) -> None:
    cases = {
        "delete window.PushManager": "ne sait pas afficher de notifications",
        "Object.defineProperty(Notification, 'permission', {get: () => 'denied'})": (
            "refuse les notifications de ce site"
        ),
    }
    for script, words in cases.items():
        page = open_page(PHONE)
        login(page, "mediateur")
        page.add_init_script(script)
        page.goto("/compte")
        expect(page.get_by_text(words)).to_be_visible()
        expect(page.get_by_role("button", name="Activer sur cet appareil")).to_be_hidden()


def test_switch_when_pressed_then_asks_permission_and_not_before(
    open_page: OpenPage, blagis: str, watch: Watch
) -> None:
    """No push service answers here: what a refusal of it says is seen, not what it gives."""
    watch.allow("does not support the Push API in incognito mode")
    page = open_page(PHONE)
    login(page, "mediateur")
    page.add_init_script(
        "Object.defineProperty(Notification, 'permission', {get: () => window.given ?? 'default'});"
        "window.asked = 0; Notification.requestPermission = async () =>"
        " { window.asked += 1; return (window.given = window.answer ?? 'denied'); };"
    )
    page.goto("/compte")
    button = page.get_by_role("button", name="Activer sur cet appareil")
    expect(button).to_be_visible()
    assert page.evaluate("window.asked") == 0
    button.click()
    expect(page.get_by_text("refuse les notifications de ce site")).to_be_visible()
    assert page.evaluate("window.asked") == 1
    page.goto("/compte")
    page.evaluate("window.answer = 'granted'")
    button.click()
    expect(page.get_by_text("ne répond pas")).to_be_visible()
    expect(button).to_be_visible()
    check(page, "told-switch-phone")


@pytest.mark.usefixtures("whole_browser")
def test_push_when_it_arrives_then_the_worker_shows_it_and_leads_to_its_page(
    open_page: OpenPage, blagis: str
) -> None:
    page = open_page(PHONE)
    page.context.grant_permissions(["notifications"])
    page.goto("/suivre")
    page.evaluate(
        "navigator.serviceWorker.register('/sw.js', {scope: '/'})"
        ".then(() => navigator.serviceWorker.ready)"
    )
    devtools = page.context.new_cdp_session(page)
    found: list[dict[str, Any]] = []
    devtools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda said: found.extend(said["registrations"]),
    )
    devtools.send("ServiceWorker.enable")
    page.wait_for_timeout(500)
    sent = {"title": "Signalement BL-2026-0007", "body": "Pris en charge", "tag": "BL-2026-0007"}
    for url in ("/signalements/BL-2026-0007", "https://ailleurs.example/x"):
        devtools.send(
            "ServiceWorker.deliverPushMessage",
            {
                "origin": page.evaluate("location.origin"),
                "registrationId": found[-1]["registrationId"],
                "data": json.dumps(sent | {"url": url}),
            },
        )
        page.wait_for_function(
            "path => navigator.serviceWorker.ready.then((r) => r.getNotifications())"
            ".then((shown) => shown.some((one) => new URL(one.data.page).pathname === path))",
            arg=url if url.startswith("/") else "/",
        )
    shown = page.evaluate(
        "navigator.serviceWorker.ready.then((r) => r.getNotifications())"
        ".then((shown) => shown.map((one) => [one.title, one.body, one.data.page]))"
    )
    assert shown == [
        ["Signalement BL-2026-0007", "Pris en charge", page.evaluate("location.origin") + "/"]
    ]
