"""What is missing where, in a real browser: read, chosen by keyboard, its zones on the map."""

import pytest
from playwright.sync_api import ViewportSize, expect
from sqlalchemy.orm import Session

from qpvmap.storage.session import make_engine
from tests.browser.conftest import DESKTOP, PHONE, OpenPage
from tests.browser.test_guide import looked_at
from tests.web.test_coverage import walk_along


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_coverage_when_a_theme_is_chosen_by_keyboard_then_its_far_zones_are_drawn(
    open_page: OpenPage, blagis: str, size: ViewportSize
) -> None:
    engine = make_engine(blagis)
    with Session(engine) as session:
        walk_along(session)
    engine.dispose()
    page = open_page(size)
    page.goto("/equipements/couverture")
    choice = page.get_by_label("Thème", exact=True)
    choice.focus()
    choice.press("T")
    expect(choice).to_have_value("transport")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Voir")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Transport, commune par commune")).to_be_visible()
    expect(page.locator("path.m-far").first).to_be_attached()
    assert page.locator("path.m-far.leaflet-interactive").count() == 0
    looked_at(page, "coverage-walked")
