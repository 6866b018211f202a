"""A round in a real browser: prepared at the desk, walked on the phone in two taps a stop."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import (
    PHONE,
    OpenPage,
    assert_accessible,
    assert_no_sideways_scroll,
    login,
    shoot,
    uncovered,
)
from tests.browser.filed import file

PLACES = ((2.3025, 48.7878), (2.3040, 48.7885), (2.3012, 48.7869), (2.3031, 48.7862))
WORDS = (
    "Un trou dans le trottoir, une roue de poussette s’y est coincée.",
    "Dalle cassée devant l’école.",
    "Bordure arrachée, on trébuche la nuit.",
    "Nid-de-poule profond sur le passage piéton.",
)


@pytest.fixture
def references(blagis: str) -> list[str]:
    now = datetime.now(UTC) - timedelta(days=2)
    return [
        file(blagis, now, lon=lon, lat=lat, description=words)
        for (lon, lat), words in zip(PLACES, WORDS, strict=True)
    ]


def prepare(page: Page, references: list[str]) -> None:
    """Make a round of these reports by the form of the list."""
    page.goto("/tournees")
    page.get_by_label("Références des signalements").fill(" ".join(references))
    page.get_by_role("button", name="Préparer la tournée").click()
    expect(page).to_have_url(re.compile(r"/tournees/\d+$"))


def test_round_when_prepared_at_a_desk_then_can_be_put_in_order_by_keyboard(
    desktop: Page, references: list[str]
) -> None:
    login(desktop, "coordinateur")
    prepare(desktop, references)
    expect(desktop.locator(".m-stop")).to_have_count(4)
    expect(desktop.get_by_text("de marche, hors interventions")).to_be_visible()
    shoot(desktop, "round-desk")
    assert_accessible(desktop)
    stops = desktop.locator(".stop")
    second = stops.nth(1).locator(".small").first.inner_text()
    desktop.get_by_role("button", name="Avancer l’arrêt 2").focus()
    desktop.keyboard.press("Enter")
    expect(stops.nth(0).locator(".small").first).to_have_text(second)
    desktop.get_by_role("button", name="Recalculer l’ordre").click()
    expect(desktop.get_by_text("Ordre recalculé.")).to_be_visible()


def test_moved_stop_when_moved_by_keyboard_then_its_button_keeps_the_focus(
    desktop: Page, references: list[str]
) -> None:
    login(desktop, "coordinateur")
    prepare(desktop, references)
    desktop.get_by_role("button", name="Avancer l’arrêt 4").focus()
    desktop.keyboard.press("Enter")
    expect(desktop).to_have_url(re.compile("bouge="))
    expect(desktop.get_by_role("button", name="Avancer l’arrêt 3")).to_be_focused()


def test_depot_when_moved_with_arrows_then_is_kept(desktop: Page, references: list[str]) -> None:
    login(desktop, "coordinateur")
    prepare(desktop, references)
    desktop.locator(".pin-drop").focus()
    for _ in range(3):
        desktop.keyboard.press("Shift+ArrowUp")
    expect(desktop.get_by_text("Départ déplacé.")).to_be_visible()
    desktop.get_by_label("Lieu de départ").fill("Garage")
    desktop.get_by_role("button", name="Enregistrer le départ").click()
    expect(desktop.get_by_text("Départ et retour : Garage")).to_be_visible()


def test_stop_when_done_on_the_phone_then_takes_two_taps(
    open_page: OpenPage, references: list[str]
) -> None:
    phone = open_page(PHONE, has_touch=True)
    login(phone, "coordinateur")
    prepare(phone, references)
    shoot(phone, "round-phone", full_page=True)
    assert_no_sideways_scroll(phone)
    assert_accessible(phone)
    taps = 0
    for stop in range(1, len(references) + 1):
        expect(phone.get_by_text(f"{stop - 1} sur 4", exact=True)).to_be_visible()
        for button in (
            phone.locator("summary", has_text=re.compile("^Fait")),
            phone.get_by_role("button", name="Confirmer : c’est fait"),
        ):
            box = button.bounding_box()
            assert box
            assert box["height"] >= 56
            button.tap()
            taps += 1
        expect(phone.get_by_text(f"{stop} sur 4", exact=True)).to_be_visible()
    assert taps == 2 * len(references)
    expect(phone.get_by_role("heading", name="Tous les arrêts sont passés")).to_be_visible()
    phone.get_by_role("button", name="Terminer la tournée").tap()
    expect(phone.get_by_text("Terminée", exact=True)).to_be_visible()
    shoot(phone, "round-phone-over")


def test_stop_when_not_possible_then_the_reason_brings_its_words(
    open_page: OpenPage, references: list[str]
) -> None:
    phone = open_page(PHONE, has_touch=True)
    login(phone, "coordinateur")
    prepare(phone, references)
    phone.locator("summary", has_text="Pas possible").tap()
    text = phone.locator("#pas-possible-comment")
    phone.get_by_label(re.compile("Accès impossible")).check()
    expect(text).to_have_value(re.compile("l’accès était impossible"))
    phone.get_by_label(re.compile("Il faut une entreprise")).check()
    expect(text).to_have_value(re.compile("une entreprise"))
    text.fill("Il faut une nacelle.")
    phone.get_by_label(re.compile("Rien constaté")).check()
    expect(text).to_have_value("Il faut une nacelle.")
    phone.get_by_label(re.compile("Il faut une entreprise")).check()
    shoot(phone, "round-phone-blocked", full_page=True)
    with uncovered(phone):
        assert_accessible(phone)
    phone.get_by_role("button", name="Confirmer", exact=True).tap()
    expect(phone.get_by_text("1 sur 4", exact=True)).to_be_visible()
    phone.goto("/tournees")
    shoot(phone, "rounds-phone")
    assert_accessible(phone)


def test_round_when_there_is_no_script_then_works_the_same(
    open_page: OpenPage, references: list[str]
) -> None:
    phone = open_page(PHONE, java_script_enabled=False)
    login(phone, "coordinateur")
    prepare(phone, references)
    phone.locator("summary", has_text="Pas possible").click()
    phone.get_by_label(re.compile("Rien constaté")).check()
    phone.get_by_role("button", name="Confirmer", exact=True).click()
    expect(phone.get_by_text("1 sur 4", exact=True)).to_be_visible()
    phone.locator("summary", has_text=re.compile("^Fait")).click()
    phone.get_by_role("button", name="Confirmer : c’est fait").click()
    expect(phone.get_by_text("2 sur 4", exact=True)).to_be_visible()
