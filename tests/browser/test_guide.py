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
    IN_THE_QUARTER,
    PHONE,
    OpenPage,
    Watch,
    assert_accessible,
    assert_no_sideways_scroll,
    login,
    shoot,
)
from tests.browser.kept import wait_until_kept

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
    page.get_by_label("Longitude").fill("2,3025")
    page.get_by_label("Longitude").press("Tab")
    page.locator(".place-map .leaflet-marker-draggable").press("Shift+ArrowRight")
    expect(page.locator("[data-move-said]")).to_contain_text("Repère déplacé")
    assert 2.3025 < float(page.get_by_label("Longitude").input_value()) < 2.3028
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


def test_guide_when_without_network_then_searched_and_sorted_on_the_phone_alone(
    open_page: OpenPage, blagis: str, watch: Watch
) -> None:
    watch.allow("ERR_INTERNET_DISCONNECTED|ERR_FAILED")  # the ground of the map, never drawn here
    engine = make_engine(blagis)
    with transaction(engine) as session:
        for code, lon in (("aspe", 2.3100), ("club-relais", 2.3026)):
            row = session.scalars(select(GuideStructure).where(GuideStructure.code == code)).one()
            row.location = f"SRID=4326;POINT({lon} 48.7879)"  # type: ignore[assignment]  # read back as WKB
            row.position_quality = "exact"
    engine.dispose()
    page = open_page(PHONE)
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation({**IN_THE_QUARTER, "accuracy": 6})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.url} {request.post_data or ''}"))
    page.goto("/guide?q=emploi")
    page.get_by_role("button", name="Près de moi").click()
    expect(page.locator("[data-said]")).to_contain_text("reste sur ce téléphone")
    expect(page.locator("#liste-guide h3").first).to_have_text("Accueil du Club Relais")
    expect(page.locator("#liste-guide .badge").first).to_have_text("à 10\u00a0m")
    looked_at(page, "guide-near")
    here = (f"{IN_THE_QUARTER['longitude']:.3f}", f"{IN_THE_QUARTER['latitude']:.3f}")
    assert not [line for line in asked if any(part in line for part in here)]

    page.goto("/guide")
    wait_until_kept(page)
    page.context.set_offline(True)
    page.get_by_label("Que cherchez-vous").fill("garde d’enfants")
    page.keyboard.press("Enter")
    expect(page.locator("#liste-guide h3")).to_have_count(1)  # the page as it was kept has them all
    expect(page.locator("#liste-guide h3")).to_have_text(
        "Trouver une crèche ou une assistante maternelle"
    )
    expect(page.locator("[data-said]")).to_contain_text("Sans réseau")
    page.goto("/guide?q=violence")
    expect(page.get_by_role("link", name="3919")).to_have_attribute("href", "tel:3919")
    page.locator(".guide-more summary").first.click()
    expect(page.locator(".guide-more").first).to_contain_text("Jour et nuit")
    assert_no_sideways_scroll(page)
    shoot(page, "guide-offline-360", full_page=True)
    page.context.set_offline(False)
