"""From the street to the answer, with real clicks: filed, found first, resolved, followed."""

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from tests.browser.conftest import (
    DESKTOP,
    IN_THE_QUARTER,
    PHONE,
    OpenPage,
    assert_accessible,
    login,
    shoot,
)
from tests.browser.filed import file

WHAT = "Nid-de-poule devant le 4, une roue s’y est prise."


def filed_on_the_phone(page: Page) -> str:
    """File as the mediator does on foot, and return the reference of the answer."""
    login(page, "mediateur")
    page.goto("/signaler")
    expect(page.locator("#quartier")).to_contain_text("Dans le quartier")
    page.locator("#suite").click()
    page.locator(".tile", has_text="Voirie").click()
    page.locator("#suite").click()
    page.get_by_label("Ce qu’il faut savoir").fill(WHAT)
    page.locator("#suite").click()
    heading = page.locator("h1")
    expect(heading).to_contain_text("Envoyé. Référence BL-")
    answer = page.locator("main")
    for words in ("Bagneux", "Dans le quartier", "Services techniques de Bagneux", "Avant le"):
        expect(answer).to_contain_text(words)
    found = re.search(r"BL-\d{4}-\d{4}", heading.inner_text())
    assert found
    return found[0]


def expect_on_map(page: Page, status_class: str) -> None:
    """Check that the map's only pin at that place has the colour of a status."""
    place = f"{IN_THE_QUARTER['latitude']:.5f}/{IN_THE_QUARTER['longitude']:.5f}"
    page.goto(f"/#carte=19/{place}&calques=ouverts,resolus,qpv-2024&fond=sans-fond")
    page.reload()
    expect(page.locator(f".leaflet-marker-pane .m-pin.{status_class}")).to_have_count(1)


def test_signalement_from_the_street_to_its_answer_is_seen_by_all(
    open_page: OpenPage, blagis: str
) -> None:
    far = {"lon": 2.3062, "lat": 48.7885}
    earlier = file(blagis, datetime.now(UTC) - timedelta(days=2), **far)
    phone = open_page(PHONE, position=IN_THE_QUARTER, has_touch=True)
    reference = filed_on_the_phone(phone)
    public = open_page(DESKTOP)
    expect_on_map(public, "st-new")

    desk = open_page(DESKTOP)
    login(desk, "agent.bagneux")
    desk.goto("/corbeille")
    rows = desk.locator("[data-rows] [data-reference]")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_have_attribute("data-reference", reference)
    expect(rows.nth(1)).to_have_attribute("data-reference", earlier)
    rows.nth(0).get_by_role("link").click()
    expect(desk.locator("main")).to_contain_text(WHAT)
    expect(desk.locator(".app-header .count")).to_have_count(0)

    desk.get_by_role("button", name="Commencer les travaux", exact=True).click()
    expect(desk.get_by_role("status").first).to_contain_text("En cours.")
    expect_on_map(public, "st-progress")
    expect(desk).to_have_url(re.compile(r"/corbeille\?vue=a-prendre-en-charge$"))
    desk.goto(f"/signalements/{reference}")
    desk.get_by_label("Un mot pour la personne").fill("Rebouché ce matin à l’enrobé.")
    desk.get_by_role("button", name="Résoudre et répondre").click()
    expect(desk.get_by_role("status").first).to_contain_text("Résolu.")

    phone.goto(f"/signalements/{reference}")
    steps = phone.locator(".timeline .entry header b")
    expect(steps).to_have_text(["Signalé", "En cours", "Résolu"])
    expect(phone.locator(".timeline")).to_contain_text("Rebouché ce matin à l’enrobé.")
    shoot(phone, "signalement-resolu-phone", full_page=True)
    assert_accessible(phone)
    expect_on_map(public, "st-resolved")
    public.goto(f"/signalements/{reference}")
    expect(public.locator(".timeline")).to_contain_text("Ville de Bagneux")
    expect(public.locator("main")).not_to_contain_text("Mediateur")
