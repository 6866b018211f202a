"""The guide in a real browser: sought on a phone, kept at a desk, checked by a link."""

import pytest
from playwright.sync_api import Page, ViewportSize, expect
from sqlalchemy import select

from qpvmap.guide_links import guide_links
from qpvmap.settings import Settings
from qpvmap.storage.models import GuideStructure
from qpvmap.storage.session import make_engine, transaction
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

MAIL = "accueil@structure.example"


def looked_at(page: Page, name: str) -> None:
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    width = page.viewport_size["width"] if page.viewport_size else 0
    shoot(page, f"{name}-{width}", full_page=True)


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_guide_when_sought_kept_and_checked_then_each_page_holds(
    open_page: OpenPage, blagis: str, settings: Settings, size: ViewportSize, watch: Watch
) -> None:
    watch.allow("status of 422")
    page = open_page(size)
    page.goto("/guide")
    looked_at(page, "guide")
    page.get_by_label("Que cherchez-vous").fill("aide pour trouver un stage")
    page.keyboard.press("Enter")
    expect(page.locator("#liste-guide h3").first).to_have_text("Aide aux stages")
    page.locator("#liste-guide h3 a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("M7 / service jeunesse")
    looked_at(page, "guide-card")

    login(page, "coordinateur")
    page.goto("/coordination/guide")
    looked_at(page, "guide-keep")
    page.get_by_role("link", name="M7 / service jeunesse").click()
    page.get_by_label("Courriel de la structure").fill(MAIL)
    page.get_by_label("Latitude").fill("48,7879")
    page.get_by_label("Longitude").fill("2,3026")
    page.get_by_role("button", name="Enregistrer la structure").click()
    expect(page.locator(".flashes")).to_contain_text("Structure enregistrée")
    looked_at(page, "guide-edit")
    page.get_by_role("link", name="Aide aux stages").click()
    page.get_by_label("Permanences").fill("mardi 14h-17h, à la mairie\nun jour")
    page.get_by_role("button", name="Enregistrer l’offre").click()
    expect(page.get_by_role("alert")).to_contain_text("Ligne 2")
    looked_at(page, "guide-offer")
    page.get_by_label("Permanences").fill("mardi 14h-17h, à la mairie")
    page.get_by_role("button", name="Enregistrer l’offre").click()
    page.goto("/guide?q=stage")
    expect(page.locator(".map-shell .m-pin, .map-shell .leaflet-marker-icon").first).to_be_visible()
    page.goto("/coordination/guide/mots")
    looked_at(page, "guide-words")

    engine = make_engine(blagis)
    with transaction(engine) as session:
        row = session.scalars(select(GuideStructure).where(GuideStructure.email == MAIL)).one()
        token = guide_links(settings).review_token(row.id, MAIL)
    engine.dispose()
    page.goto(f"/guide/verifier/{token}")
    looked_at(page, "guide-review")
    page.get_by_role("button", name="Tout est juste").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Merci")
    looked_at(page, "guide-thanks")
