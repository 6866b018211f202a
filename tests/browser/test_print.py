"""On paper: A4 pages that begin with what they are about, and a map with its legend."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from qpvmap.storage.session import make_engine, transaction
from qpvmap.usecases.demo import load_demo
from tests.browser.conftest import PASSWORD
from tests.browser.pdf import page_texts


@pytest.fixture
def invented(blagis: str) -> None:
    """Add the invented signalements of the demonstration, ending now."""
    engine = make_engine(blagis)
    with transaction(engine) as session:
        load_demo(session, "blagis", PASSWORD, datetime.now(UTC))
    engine.dispose()


def printed(page: Page) -> list[str]:
    """Return the text of each A4 page, without blanks."""
    return page_texts(page.pdf(prefer_css_page_size=True, print_background=True))


def test_portrait_when_printed_then_the_signed_table_is_whole_on_one_page(desktop: Page) -> None:
    desktop.goto("/quartiers/QN09219N")
    desktop.wait_for_load_state("networkidle")
    pages = printed(desktop)
    assert len(pages) <= 5
    for words in ("LesBlagis", "Troisfaçonsdecompter", "35,1", "16,8"):
        assert words in pages[0], words
    [signed] = [page for page in pages if "Leportraitducontrat" in page]
    for words in ("Blagis", "2766", "80,5", "interverties"):
        assert words in signed, words
    assert "D’oùviennentcesdonnées" in pages[-1]


def test_map_when_printed_then_its_legend_is_with_it_and_the_list_follows(
    desktop: Page, invented: None
) -> None:
    desktop.goto("/")
    expect(desktop.locator("#carte path.m-qpv").first).to_be_attached()
    desktop.get_by_label("Colorer les IRIS par").select_option("pauvrete_60_pct")
    expect(desktop.locator("#legende-indicateur")).to_be_visible()
    pages = printed(desktop)
    assert 2 <= len(pages) <= 6
    for words in ("BAGNEUX", "Légende", "Nouveau", "Quartier2024", "Tauxdepauvreté", "25%etplus"):
        assert words in pages[0], words
    assert "Exempleinventé" in pages[1]
    assert "Calques" not in "".join(pages)


def test_plan_when_printed_then_it_begins_on_the_first_page(desktop: Page) -> None:
    desktop.goto("/operations")
    desktop.wait_for_load_state("networkidle")
    pages = printed(desktop)
    assert len(pages) <= 5
    assert "ÉcoleMarcelCachin" in pages[0]
    assert "RéaménagementducentrecommercialdesBlagis" in "".join(pages)
