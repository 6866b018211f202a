"""People and teams from the pages, and the offer to take back: at both sizes, by the keyboard."""

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

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

VIEWS = (("phone", PHONE), ("desktop", DESKTOP))


def check(page: Page, name: str) -> None:
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    shoot(page, name, full_page=True)


def test_people_when_looked_after_then_each_page_reads_well_and_says_what_became(
    open_page: OpenPage, blagis: str, watch: Watch
) -> None:
    watch.allow("422")  # the address of a person given to a team
    for name, viewport in VIEWS:
        page = open_page(viewport)
        login(page, "coordinateur")
        page.goto("/admin/personnes/nouvelle")
        page.get_by_label("Nom").fill(f"Maximilienne-Alexandrine de La Rochefoucauld {name}")
        page.get_by_label("Courriel").fill(f"m.{name}@ville.example")
        page.get_by_label("Agent d’un service").check()
        page.get_by_label("Services techniques de Sceaux").check()
        check(page, f"people-new-{name}")
        page.get_by_role("button", name="Ouvrir le compte").press("Enter")
        expect(page.get_by_role("status").first).to_contain_text("reçoit un lien")
        check(page, f"people-{name}")
        page.get_by_role("link", name=f"Rochefoucauld {name}").click()
        check(page, f"person-{name}")
        page.goto("/admin/services")
        check(page, f"teams-{name}")
        page.get_by_role("link", name="Services techniques de Sceaux", exact=True).click()
        page.get_by_label("Adresse partagée").fill("agent.bagneux@demo.example")
        page.get_by_label("Adresse partagée").press("Enter")
        expect(page.get_by_role("alert")).to_be_focused()
        check(page, f"team-{name}")
        page.get_by_label("Adresse partagée").fill(f"voirie.{name}@sceaux.example")
        page.get_by_label("Adresse partagée").press("Enter")
        expect(page.get_by_text(f"voirie.{name}@sceaux.example")).to_be_visible()
        page.goto("/admin/journal")
        check(page, f"journal-{name}")


def test_move_when_it_was_a_slip_then_z_leads_to_the_offer_and_enter_takes_it_back(
    open_page: OpenPage, blagis: str
) -> None:
    reference = file(blagis, datetime.now(UTC) - timedelta(hours=2))
    for name, viewport in VIEWS:
        page = open_page(viewport)
        login(page, "agent.bagneux")
        page.goto(f"/signalements/{reference}")
        page.locator("main button[name=to][value=acknowledged]").first.press("Enter")
        offer = page.locator("[data-undo]")
        expect(offer).to_contain_text("une minute pour annuler")
        check(page, f"undo-{name}")
        page.locator("h1").click()
        page.keyboard.press("z")
        expect(offer.get_by_role("button")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").first).to_contain_text("Personne n’a été prévenu")
        expect(page.locator("h1 + .row")).to_contain_text("Nouveau")
        expect(offer).to_have_count(0)
