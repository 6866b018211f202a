"""Insertion and job offers with real keys: a line by hand, offers on the main map by trade."""

import json
import re

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.conftest import (
    DESKTOP,
    PHONE,
    OpenPage,
    assert_accessible,
    assert_no_sideways_scroll,
    login,
    shoot,
    uncovered,
)

TRADES = (("K1304", "Services domestiques"), ("F1703", "Maçonnerie"))
BAGNEUX = (48.7975, 2.3106)


def offers() -> bytes:
    """Return offers of two trades, each on its own point in Bagneux."""
    lat, lon = BAGNEUX
    rows = [
        {
            "id": str(n),
            "intitule": name,
            "romeCode": code,
            "romeLibelle": name,
            "lieuTravail": {
                "commune": "92007",
                "latitude": lat + n * 0.0007,
                "longitude": lon - n * 0.0006,
            },
        }
        for n, (code, name) in enumerate(TRADES * 4)
    ]
    return json.dumps({"resultats": rows}).encode()


def add_line(page: Page) -> None:
    """Add a line of an operation with the keyboard alone."""
    page.goto("/insertion/clauses/nouvelle?operation=SCX-04")
    expect(page.locator("#insee_code")).to_have_value("92071")
    page.locator("#body").fill("Ville de Sceaux")
    page.locator("#hours_done").fill("120,5")
    page.locator("#hours_done").press("Enter")
    expect(page.get_by_text("Ligne ajoutée.")).to_be_visible()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_insertion_when_kept_by_hand_then_on_the_page_and_offers_on_the_map_by_trade(
    open_page: OpenPage, size: ViewportSize
) -> None:
    page = open_page(size)
    login(page, "planificateur")
    add_line(page)
    page.get_by_role("link", name="Qui a changé quoi").click()
    expect(page.get_by_role("definition").filter(has_text="120,5")).to_be_visible()
    assert_no_sideways_scroll(page)
    with uncovered(page):
        assert_accessible(page)
    shoot(page, f"insertion-journal-{size['width']}", full_page=True)
    page.goto("/insertion/importer")
    page.locator("input[name=offres]").set_input_files(
        {"name": "offres.json", "mimeType": "application/json", "buffer": offers()}
    )
    page.get_by_role("button", name="Remplacer les offres").click()
    page.goto("/insertion?metier=F1703")
    expect(page.locator(".offers-map")).to_be_visible()
    assert_no_sideways_scroll(page)
    with uncovered(page):
        assert_accessible(page)
    shoot(page, f"insertion-{size['width']}", full_page=True)
    page.goto("/insertion/clauses/nouvelle")
    assert_no_sideways_scroll(page)
    with uncovered(page):
        assert_accessible(page)
    page.goto("/#carte=14/48.7900/2.3050&calques=communes,offres&fond=sans-fond&metier=F1703")
    page.reload()
    expect(page.locator(".m-lab-offers > span", has_text="4 offres")).to_be_visible()
    expect(page.locator(".m-lab-offers > span", has_text="0 offre")).to_have_count(3)
    assert sum(map(int, page.locator(".m-offers").all_inner_texts())) == 4
    shoot(page, f"map-offers-{size['width']}")
    page.locator("#metier").select_option("", force=True)
    expect(page.locator(".m-lab-offers > span", has_text="8 offres")).to_be_visible()
    assert "metier" not in page.url and re.search(r"calques=[^&]*offres", page.url)
