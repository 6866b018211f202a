"""A prefecture's planner reads how a figure was made, then brings a spreadsheet of clauses."""

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import (
    DESKTOP,
    PHONE,
    OpenPage,
    assert_accessible,
    assert_no_sideways_scroll,
    login,
    shoot,
)
from tests.importers.test_insertion import HEADER, ROW, rows_xlsx

HERE = "/quartiers/QN09219N"


def test_portrait_when_read_then_each_figure_leads_to_its_reckoning(open_page: OpenPage) -> None:
    for size, name in ((DESKTOP, "desktop"), (PHONE, "phone")):
        page = open_page(size)
        page.goto(HERE)
        assert_no_sideways_scroll(page)
        assert_accessible(page)
        shoot(page, f"portrait-{name}", full_page=True)
        link = page.get_by_role("link", name="Taux de chômage")
        link.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Taux de chômage")
        expect(page.locator(".portrait-map .portrait-quarter")).to_be_attached()
        assert_no_sideways_scroll(page)
        assert_accessible(page)
        shoot(page, f"portrait-indicator-{name}", full_page=True)
    page.goto("/#carte=&iris=rp_locataires_hlm_pct")
    expect(page.locator("#legende-indicateur h3")).to_contain_text("HLM")


def test_clauses_when_brought_then_previewed_written_and_shown(
    open_page: OpenPage, tmp_path: Path
) -> None:
    book = tmp_path / "suivi.xlsx"
    book.write_bytes(rows_xlsx([*HEADER, "Nom"], [*ROW, "DURAND"]))
    page = open_page(PHONE)
    login(page, "planificateur")
    page.goto("/insertion")
    assert_accessible(page)
    page.get_by_role("link", name="Importer", exact=True).click()
    assert_accessible(page)
    page.locator("#clauses").set_input_files(book)
    page.get_by_role("button", name="Voir ce qui change").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ce qui va changer")
    expect(page.get_by_text("jamais lues ni gardées")).to_be_visible()
    assert_no_sideways_scroll(page)
    assert_accessible(page)
    shoot(page, "insertion-preview-phone", full_page=True)
    page.get_by_role("button", name="Écrire ces lignes").click()
    expect(page.get_by_role("status").get_by_text("1 ligne ajoutée")).to_be_visible()
    expect(page.get_by_role("rowheader", name="Pierre Plate")).to_be_visible()
    for size in (PHONE, DESKTOP):
        page.set_viewport_size(size)
        assert_no_sideways_scroll(page)
    assert_accessible(page)
    shoot(page, "insertion-desktop", full_page=True)
