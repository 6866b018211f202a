"""What stands where: nothing hides something else, and fingers find what they aim at."""

from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import (
    PHONE,
    OpenPage,
    Watch,
    assert_accessible,
    assert_no_sideways_scroll,
    login,
)
from tests.browser.filed import file

TARGETS = (Path(__file__).parent / "targets.js").read_text(encoding="utf-8")
PUBLIC = (
    "/",
    "/signaler",
    "/operations",
    "/operations/BAG-03",
    "/equipements",
    "/equipements/couverture",
    "/guide",
    "/guide/m7-service-jeunesse",
    "/quartiers/QN09219N",
    "/carte/fiches/iris/920070115",
    "/connexion",
    "/mot-de-passe/oubli",
)


def opened(page: Page, address: str = "/") -> Page:
    page.goto(address)
    expect(page.locator("#carte path.m-qpv").first).to_be_attached()
    return page


def small_targets(page: Page, address: str) -> list[str]:
    """Return the controls of a page that are harder to hit than they may be."""
    page.goto(address)
    page.wait_for_load_state("networkidle")
    told = page.evaluate(TARGETS)
    assert told["measured"] >= 5, address
    return [f"{address}: {found}" for found in told["found"]]


def test_targets_on_a_phone_when_measured_then_a_finger_can_hit_them(open_page: OpenPage) -> None:
    page = open_page(PHONE, has_touch=True)
    small = [found for address in PUBLIC for found in small_targets(page, address)]
    assert not small, "\n".join(small)


def test_targets_of_an_agent_when_measured_then_a_finger_can_hit_them(
    open_page: OpenPage, blagis: str
) -> None:
    reference = file(blagis, datetime.now(UTC))
    page = open_page(PHONE, has_touch=True)
    login(page, "agent.bagneux")
    addresses = ("/corbeille", f"/signalements/{reference}", "/compte")
    small = [found for address in addresses for found in small_targets(page, address)]
    assert not small, "\n".join(small)


def under_each_other(page: Page) -> list[str]:
    """Return the things of the header that lie under another, or out of the window."""
    found: list[str] = page.evaluate(
        """() => {
          const shown = [...document.querySelectorAll(
            ".app-header > .brand, .nav > a, .nav > .more > summary, .header-end > *")]
            .filter((one) => one.offsetParent)
            .map((one) => [one.textContent.trim(), one.getBoundingClientRect()]);
          return shown.filter(([, a], at) => a.right > innerWidth || shown.slice(at + 1)
            .some(([, b]) => a.left < b.right - 1 && b.left < a.right - 1)).map(([words]) => words);
        }"""
    )
    return found


def test_header_when_the_window_is_of_any_width_then_nothing_lies_under_another(
    open_page: OpenPage, blagis: str
) -> None:
    for name in ("", "coordinateur"):
        page = open_page()
        if name:
            login(page, name)
        page.goto("/guide")
        for width in (360, 480, 768, 1023, 1024, 1100, 1215, 1216, 1280, 1519, 1520):
            page.set_viewport_size({"width": width, "height": 740})
            assert not under_each_other(page), (name, width)
            assert_no_sideways_scroll(page)


def test_pages_apart_when_shown_then_are_accessible(open_page: OpenPage, watch: Watch) -> None:
    watch.allow("404")
    page = open_page(PHONE)
    for address in ("/nulle-part", "/carte/fiches/iris/920070115", "/carte/fiches/qpv/QN09219N"):
        page.goto(address)
        assert_accessible(page)
        assert_no_sideways_scroll(page)


def test_panels_when_the_map_opens_then_the_quarter_and_each_other_are_clear_of_them(
    desktop: Page,
) -> None:
    opened(desktop)
    desktop.get_by_label("Colorer les IRIS par").select_option("pauvrete_60_pct")
    expect(desktop.locator("#legende-indicateur")).to_be_visible()
    layers, legend, quarter = (
        desktop.locator(place).bounding_box()
        for place in (
            ".panel-layers",
            ".panel-legend",
            "#carte .leaflet-pane path.m-qpv:not(.m-qpv-other)",
        )
    )
    assert layers and legend and quarter
    assert legend["x"] + legend["width"] <= layers["x"]
    assert quarter["x"] + quarter["width"] <= layers["x"]
    assert quarter["y"] + quarter["height"] <= legend["y"]


def test_handle_when_the_title_takes_two_lines_then_above_it(open_page: OpenPage) -> None:
    page = opened(open_page(PHONE, has_touch=True))
    handle, title = (
        page.locator(place).bounding_box() for place in (".sheet-handle", ".sheet-handle > span")
    )
    assert handle and title
    assert title["y"] >= handle["y"] + 10
