"""The map with real clicks: layers, colours, cards, permalink, base maps, position, keyboard."""

import base64
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from qpvmap.settings import Basemap, Settings
from qpvmap.storage.session import make_engine, transaction
from qpvmap.usecases.demo import load_demo
from tests.browser.conftest import (
    DESKTOP,
    IN_THE_QUARTER,
    PASSWORD,
    PHONE,
    OpenPage,
    Watch,
    assert_accessible,
    assert_no_sideways_scroll,
    login,
    shoot,
)

GREY_TILE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)
"""A PNG of one grey pixel."""

SECRET = "secret statistique"
POINT_ON = """(selector) => {
  for (const path of document.querySelectorAll(selector)) {
    const box = path.getBoundingClientRect();
    for (let x = box.x + 3; x < box.right; x += 4)
      for (let y = box.y + 3; y < box.bottom; y += 4)
        if (document.elementFromPoint(x, y) === path) return [x, y];
  }
}"""
"""Returns where the mouse hits a perimeter."""
PINS = "#carte .leaflet-marker-pane .m-pin:not(.m-op, .m-eq)"


IS_ON_TOP = """(one) => {
  const {left, top, width, height} = one.getBoundingClientRect();
  return one.contains(document.elementFromPoint(left + width / 2, top + height / 2));
}"""
PINS_UNDER_THE_NAME = """() => {
  const name = document.querySelector(".m-lab-qpv > span").getBoundingClientRect();
  return [...document.querySelectorAll("#carte .leaflet-marker-pane svg > g")].filter((pin) => {
    const box = pin.getBoundingClientRect();
    return box.left < name.right - 2 && box.right > name.left + 2
      && box.top < name.bottom - 2 && box.bottom > name.top + 2;
  }).length;
}"""
ACTIVE = """() => {
  const {activeElement: at} = document;
  if (at === document.body) return null;
  const label = at.labels?.[0]?.textContent ?? at.textContent;
  return {
    name: (at.getAttribute("aria-label") || label || "").trim(),
    in_map: Boolean(at.closest(".folium-map")),
  };
}"""
"""What has the focus, as it is called; nothing once every stop of the page was made."""


def tab_stops(page: Page) -> list[dict[str, object]]:
    """Return every stop of the Tab key, from the head of the page to its end."""
    stops = []
    for _ in range(200):
        page.keyboard.press("Tab")
        stop = page.evaluate(ACTIVE)
        if stop is None:
            return stops
        stops.append(stop)
    pytest.fail("the Tab key never comes to the end of the page")


@pytest.fixture(scope="module")
def tiles() -> Iterator[str]:
    """Yield the address of a local server that has tiles, for who says where from."""

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.headers.get("Referer") else 403)
            self.send_header("Content-Type", "image/png")
            self.end_headers()
            if self.headers.get("Referer"):
                self.wfile.write(GREY_TILE)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def first_basemap() -> str:
    """Return the background shown before anybody chooses: none, unless the test says so."""
    return "sans-fond"


@pytest.fixture
def settings(app_database_url: str, tmp_path: Path, tiles: str, first_basemap: str) -> Settings:
    """Return settings with one background that answers and one that is dead."""
    return Settings(
        default_basemap=first_basemap,
        database_url=app_database_url,
        var_dir=tmp_path / "var",
        secret_key="a secret of the tests, long enough to sign",
        geocoder_url="",
        basemaps=(
            Basemap(
                key="vivant",
                title="Fond vivant",
                url=f"{tiles}/{{z}}/{{x}}/{{y}}.png",
                attribution="© essai",
            ),
            Basemap(
                key="mort",
                title="Fond mort",
                url="http://127.0.0.1:9/{z}/{x}/{y}.png",
                attribution="© personne",
            ),
        ),
    )


@pytest.fixture
def invented(blagis: str) -> None:
    """Add the invented signalements of the demonstration, ending now."""
    engine = make_engine(blagis)
    with transaction(engine) as session:
        load_demo(session, "blagis", PASSWORD, datetime.now(UTC))
    engine.dispose()


def opened(page: Page, address: str = "/") -> Page:
    """Open the map and wait until the ground and the quarter are drawn."""
    page.goto(address)
    expect(page.locator("#carte .leaflet-pane path.m-land")).to_have_count(4)
    expect(page.locator("#carte .leaflet-pane path.m-qpv").first).to_be_attached()
    return page


def drawn(page: Page) -> int:
    """Return how many signalements the map shows, those of groups included."""
    groups = page.locator("#carte .leaflet-marker-pane .m-cluster text").all_text_contents()
    return page.locator(PINS).count() + sum(int(count) for count in groups)


def place(address: str) -> list[float]:
    """Return zoom, latitude and longitude of a link."""
    return [float(part) for part in address.split("#carte=")[1].split("&")[0].split("/")]


def choices(address: str) -> str:
    """Return what a link keeps beside the place."""
    return address.split("&", 1)[1]


def iris(page: Page) -> Locator:
    return page.locator("#carte .leaflet-iris-pane path")


def test_map_when_opened_then_drawn_without_a_word_from_outside(
    desktop: Page, invented: None
) -> None:
    opened(desktop)
    expect(iris(desktop)).to_have_count(44)
    expect(desktop.locator("#carte .leaflet-pane path.m-land")).to_have_count(4)
    expect(desktop.locator("#carte .leaflet-pane path.m-band")).to_have_count(1)
    expect(desktop.locator("#carte .leaflet-pane path.m-qpv15")).to_have_count(0)
    expect(desktop.locator(".m-op")).not_to_have_count(0)
    expect(desktop.locator(".leaflet-control-scale-line")).to_contain_text("m")
    expect(desktop.locator(".m-lab-qpv span")).to_have_text("Les Blagis")
    assert_accessible(desktop)
    shoot(desktop, "map-desktop")


def test_signalements_when_drawn_then_pins_and_list_agree(desktop: Page, invented: None) -> None:
    opened(desktop)
    desktop.get_by_label("Plan d’investissement").uncheck()
    desktop.get_by_label("Équipements").uncheck()
    rows = desktop.locator('[data-kind="signalement"]')
    expect(desktop.locator(PINS).first).to_be_visible()
    assert drawn(desktop) == rows.count()
    desktop.get_by_role("button", name="En retard").click()
    late = desktop.locator('[data-kind="signalement"][data-filters~="retard"]')
    expect(rows.locator("visible=true")).to_have_count(late.count())
    assert drawn(desktop) == late.count()
    row = late.first
    reference = row.get_attribute("data-code")
    row.get_by_role("link").click()
    expect(desktop.locator("#fiche")).to_contain_text(reference or "?")
    expect(desktop.locator(".pin.is-on")).to_have_count(1)
    opening = desktop.get_by_role("link", name="Ouvrir le signalement")
    expect(opening).to_have_attribute("href", f"/signalements/{reference}")


def test_layers_when_toggled_then_drawn_or_gone_with_their_legend(desktop: Page) -> None:
    opened(desktop)
    desktop.get_by_label("Quartiers prioritaires 2015").check()
    expect(desktop.locator("#carte .leaflet-pane path.m-qpv15").first).to_be_attached()
    expect(desktop.locator('[data-legend="qpv-2015"]')).to_be_visible()
    desktop.get_by_label("IRIS", exact=True).uncheck()
    expect(iris(desktop)).to_have_count(0)
    expect(desktop.locator('[data-legend="iris"]')).to_be_hidden()
    desktop.get_by_label("Plan d’investissement").uncheck()
    expect(desktop.locator("#carte .leaflet-marker-pane .m-op")).to_have_count(0)


def test_indicator_when_chosen_then_coloured_hatched_and_explained(desktop: Page) -> None:
    opened(desktop)
    desktop.get_by_label("Colorer les IRIS par").select_option("pauvrete_60_pct")
    expect(desktop.locator("#carte .leaflet-pane path.m-ch-5")).to_have_count(1)
    hatched = desktop.locator("#carte .leaflet-pane path.m-ch-secret")
    expect(hatched).to_have_count(4)
    expect(hatched.first).to_have_attribute("fill", "url(#hachures)")
    legend = desktop.locator("#legende-indicateur")
    expect(legend).to_contain_text("Taux de pauvreté")
    expect(legend).to_contain_text(SECRET)
    expect(legend).to_contain_text("semblent interverties")
    desktop.get_by_role("link", name="Périmètres").click()
    row = desktop.locator('[data-kind="iris"][data-code="920070115"] [data-figure]')
    expect(row).to_have_text(SECRET)
    assert_accessible(desktop)
    shoot(desktop, "map-indicator-desktop")
    desktop.get_by_label("Colorer les IRIS par").select_option("chomage_pct")
    expect(hatched).to_have_count(0)
    desktop.get_by_label("Colorer les IRIS par").select_option("")
    expect(legend).to_be_hidden()
    expect(desktop.locator("#carte .leaflet-pane path.m-ch")).to_have_count(0)


def test_card_when_an_iris_is_clicked_then_all_its_figures(desktop: Page) -> None:
    opened(desktop)
    desktop.get_by_label("Colorer les IRIS par").select_option("pauvrete_60_pct")
    desktop.locator("#carte .leaflet-pane path.m-ch-secret").first.dispatch_event("click")
    card = desktop.locator("#fiche")
    expect(card).to_contain_text("Portrait du contrat")
    expect(card).to_contain_text(SECRET)
    assert_accessible(desktop)


@pytest.mark.parametrize(
    ("perimeter", "words"),
    [
        (".leaflet-iris-pane path", re.compile(r"IRIS 92\d{7}")),
        (".leaflet-qpv-2024-pane path:not(.m-qpv-other)", "Répartition par commune"),
    ],
    ids=["iris", "qpv"],
)
def test_card_when_a_perimeter_is_clicked_with_the_mouse_then_it_opens(
    desktop: Page, perimeter: str, words: str | re.Pattern[str]
) -> None:
    opened(desktop)
    for layer in ("Plan d’investissement", "Équipements"):
        desktop.get_by_label(layer).uncheck()
    x, y = desktop.evaluate(POINT_ON, f"#carte {perimeter}")
    desktop.mouse.click(x, y)
    expect(desktop.locator("#fiche")).to_contain_text(words)


def test_card_when_a_commune_is_clicked_with_iris_off_then_the_commune(desktop: Page) -> None:
    opened(desktop)
    desktop.get_by_label("IRIS", exact=True).uncheck()
    expect(iris(desktop)).to_have_count(0)
    desktop.locator("#carte .folium-map").click(position={"x": 250, "y": 60})
    expect(desktop.locator("#fiche")).to_contain_text("Code Insee")


def test_card_when_opened_by_keyboard_then_focus_goes_in_and_back(desktop: Page) -> None:
    opened(desktop)
    desktop.get_by_role("link", name="Opérations").click()
    link = desktop.get_by_role("link", name="Plus Petit Cirque du Monde")
    link.focus()
    expect(desktop.locator(".pin.is-on")).to_have_count(1)
    link.press("Enter")
    card = desktop.locator("#fiche")
    expect(card.get_by_role("heading", name="Plus Petit Cirque du Monde")).to_be_focused()
    expect(card).to_contain_text("Lieu approximatif")
    expect(desktop.locator(".item.is-on")).to_contain_text("Plus Petit Cirque du Monde")
    desktop.keyboard.press("Escape")
    expect(card).to_be_hidden()
    expect(link).to_be_focused()


def test_link_when_opened_again_then_same_place_layers_colour_and_card(
    desktop: Page, open_page: OpenPage
) -> None:
    opened(desktop)
    desktop.get_by_label("À moins de 300 m").uncheck()
    desktop.get_by_label("Colorer les IRIS par").select_option("locataires_pct")
    expect(desktop.locator("#legende-indicateur")).to_be_visible()
    desktop.get_by_role("button", name="Zoomer", exact=True).click()
    desktop.get_by_role("link", name="Périmètres").click()
    desktop.locator('[data-kind="qpv"][data-code="QN09219N"] a').click()
    expect(desktop.locator("#fiche")).to_contain_text("Répartition par commune")
    link = desktop.url
    assert "#carte=" in link
    again = open_page(DESKTOP)
    opened(again, link)
    expect(again.get_by_label("À moins de 300 m")).not_to_be_checked()
    expect(again.locator("#carte .leaflet-pane path.m-band")).to_have_count(0)
    expect(again.get_by_label("Colorer les IRIS par")).to_have_value("locataires_pct")
    expect(again.locator("#fiche")).to_contain_text("Répartition par commune")
    assert choices(again.url) == choices(link)
    assert place(again.url) == pytest.approx(place(link), abs=3e-5)


def test_base_map_when_it_answers_then_tiles_and_its_credit(
    desktop: Page, watch: Watch, tiles: str
) -> None:
    watch.allow(f"outside the site: {tiles}")
    opened(desktop)
    desktop.get_by_label("Fond de carte").select_option("vivant")
    expect(desktop.locator("#carte.on-tiles")).to_be_attached()
    expect(desktop.locator(".leaflet-control-attribution")).to_contain_text("© essai")
    expect(desktop.locator(".map-tiles")).to_be_hidden()
    desktop.reload()
    expect(desktop.locator("#carte.on-tiles")).to_be_attached()
    expect(desktop.get_by_label("Fond de carte")).to_have_value("vivant")


@pytest.mark.parametrize("first_basemap", ["vivant"])
def test_base_map_when_nobody_chose_then_the_first_one_of_the_site(
    desktop: Page, watch: Watch, tiles: str
) -> None:
    watch.allow(f"outside the site: {tiles}")
    opened(desktop)
    expect(desktop.locator("#carte.on-tiles")).to_be_attached()
    expect(desktop.get_by_label("Fond de carte")).to_have_value("vivant")


def test_base_map_when_tiles_are_dead_then_our_own_ground_and_a_sentence(
    desktop: Page, watch: Watch
) -> None:
    watch.allow("127.0.0.1:9/")
    watch.allow("ERR_UNSAFE_PORT|ERR_CONNECTION_REFUSED|Failed to load resource")
    opened(desktop)
    desktop.get_by_label("Fond de carte").select_option("mort")
    expect(desktop.locator(".map-tiles")).to_contain_text("Fond de carte indisponible")
    expect(desktop.locator("#annonce")).to_contain_text("Fond de carte indisponible")
    expect(desktop.locator(".map-message")).to_be_hidden()
    expect(desktop.locator("#carte .leaflet-pane path.m-land")).to_have_count(4)
    expect(desktop.locator("#carte .leaflet-pane path.m-land").first).to_be_visible()


def test_base_map_when_its_notice_is_read_then_it_goes_and_errors_have_their_own_place(
    open_page: OpenPage, watch: Watch, invented: None
) -> None:
    watch.allow("127.0.0.1:9/")
    watch.allow("ERR_UNSAFE_PORT|ERR_CONNECTION_REFUSED|ERR_FAILED|Failed to load resource")
    page = opened(open_page(PHONE, has_touch=True), "/#carte=16/48.78700/2.30100&fond=mort")
    notice = page.locator(".map-tiles")
    expect(notice).to_be_visible()
    page.locator("#recherche-carte").fill("ailantes")
    answer = page.locator("#recherche-carte-liste [role=option]").first
    expect(answer).to_be_visible()
    assert answer.evaluate(IS_ON_TOP)
    page.locator("#recherche-carte").press("Escape")
    page.context.route("**/carte/fiches/**", lambda route: route.abort())
    page.locator(".sheet-handle").click()
    page.locator('[data-kind="signalement"] a').first.click()
    expect(page.locator(".map-message")).to_contain_text("n’a pas pu être ouverte")
    expect(page.locator("#annonce")).to_contain_text("n’a pas pu être ouverte")
    expect(notice).to_be_visible()
    notice.get_by_role("button").click()
    expect(notice).to_be_hidden()
    expect(page.locator(".map-message")).to_be_visible()
    page.get_by_role("button", name="Fermer ce message").click()
    expect(page.locator(".map-message")).to_be_hidden()


def test_tab_when_pressed_through_the_page_then_every_stop_has_a_name(
    desktop: Page, invented: None
) -> None:
    opened(desktop)
    expect(desktop.locator(PINS).first).to_be_visible()
    stops = tab_stops(desktop)
    assert not [stop for stop in stops if not stop["name"]], "a stop that says nothing"
    assert sum(stop["in_map"] for stop in stops) == 1, "the map is one stop: pins are in the list"


def test_search_when_enter_comes_first_then_shown_before_it_is_opened(desktop: Page) -> None:
    opened(desktop)
    field = desktop.locator("#recherche-liste")
    field.fill("ecole eluard")
    field.press("Enter")
    first = desktop.locator("#recherche-liste-liste [role=option]").first
    expect(first).to_have_attribute("aria-selected", "true")
    expect(desktop.locator("#fiche")).to_be_hidden()
    field.press("Enter")
    expect(desktop.locator("#fiche")).to_contain_text("École Paul Éluard")


@pytest.mark.parametrize("width", [320, 360])
def test_legend_on_a_phone_when_open_then_figures_first_and_the_keyboard_reaches_it(
    open_page: OpenPage, invented: None, width: int
) -> None:
    page = opened(open_page({"width": width, "height": 640}, has_touch=True))
    page.locator(".panel-layers > summary").click()
    page.get_by_label("Colorer les IRIS par").select_option(index=1)
    page.locator(".panel-layers > summary").click()
    page.locator(".panel-legend > summary").click()
    expect(page.locator("#legende-indicateur li").first).to_be_in_viewport()
    expect(page.get_by_role("group", name="Légende de la carte")).to_have_attribute("tabindex", "0")
    edges = page.locator(".panel-legend > div > .legend > li:visible > svg").evaluate_all(
        "(all) => all.map((one) => Math.round(one.getBoundingClientRect().left))"
    )
    assert len(set(edges)) == 1, "icons of the legend stand in one column"
    assert_accessible(page)
    assert_no_sideways_scroll(page)


def test_sheet_when_escape_is_pressed_then_it_goes_down(
    open_page: OpenPage, invented: None
) -> None:
    page = opened(open_page(PHONE, has_touch=True))
    handle = page.locator(".sheet-handle")
    handle.click()
    page.get_by_role("link", name="Périmètres").focus()
    page.keyboard.press("Escape")
    expect(handle).to_have_attribute("aria-expanded", "false")
    expect(handle).to_be_focused()


def test_credits_when_tiles_show_then_no_control_covers_them(
    desktop: Page, watch: Watch, tiles: str
) -> None:
    watch.allow(f"outside the site: {tiles}")
    opened(desktop)
    desktop.get_by_label("Fond de carte").select_option("vivant")
    credit = desktop.locator(".leaflet-control-attribution")
    expect(credit).to_contain_text("© essai")
    assert credit.evaluate(IS_ON_TOP)


def test_names_when_pins_are_drawn_then_the_quarter_hides_none(
    desktop: Page, invented: None
) -> None:
    opened(desktop)
    expect(desktop.locator(PINS).first).to_be_visible()
    desktop.wait_for_timeout(400)
    assert desktop.evaluate(PINS_UNDER_THE_NAME) == 0


def test_text_when_twice_as_large_then_the_map_page_holds_on_a_phone(
    open_page: OpenPage, invented: None
) -> None:
    page = opened(open_page({"width": 360, "height": 740}, has_touch=True))
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert_no_sideways_scroll(page)
    expect(page.locator(".tabbar a").first).to_be_in_viewport(ratio=1)


def test_locate_when_sure_then_dot_disc_and_distances(open_page: OpenPage) -> None:
    page = opened(open_page(PHONE, position=IN_THE_QUARTER, accuracy=12, has_touch=True))
    page.get_by_role("button", name="Me situer").click()
    expect(page.locator("#carte .leaflet-pane path.m-acc")).to_have_count(1)
    expect(page.locator(".map-message")).to_contain_text("Position à 12 m près")


def test_locate_when_poor_then_says_so(open_page: OpenPage) -> None:
    page = opened(open_page(PHONE, position=IN_THE_QUARTER, accuracy=80, has_touch=True))
    page.get_by_role("button", name="Me situer").click()
    expect(page.locator(".map-message")).to_contain_text("Position à 80 m près")
    expect(page.locator(".map-message")).to_contain_text("Attendez quelques secondes")


def test_locate_when_refused_then_says_what_to_do(open_page: OpenPage) -> None:
    page = opened(open_page(PHONE, has_touch=True))
    page.get_by_role("button", name="Me situer").click()
    expect(page.locator(".map-message")).to_contain_text("ne donne pas sa position")


def test_search_when_a_place_is_typed_then_it_is_shown(desktop: Page) -> None:
    opened(desktop)
    field = desktop.locator("#recherche-liste")
    field.press_sequentially("ecole eluard")
    expect(desktop.locator("#recherche-liste-liste [role=option]").first).to_contain_text(
        "École Paul Éluard"
    )
    field.press("ArrowDown")
    field.press("Enter")
    expect(desktop.locator("#fiche")).to_contain_text("École Paul Éluard")
    desktop.keyboard.press("Escape")
    field.fill("")
    field.press_sequentially("zzzz")
    expect(desktop.locator("#recherche-liste-liste")).to_contain_text("Aucun lieu de ce nom")


def test_map_on_a_phone_when_opened_then_sheet_and_panels_work(
    open_page: OpenPage, invented: None
) -> None:
    page = opened(open_page(PHONE, has_touch=True))
    assert_no_sideways_scroll(page)
    assert_accessible(page)
    shoot(page, "map-phone")
    handle = page.locator(".sheet-handle")
    expect(handle).to_have_attribute("aria-expanded", "false")
    handle.click()
    expect(handle).to_have_attribute("aria-expanded", "true")
    page.get_by_role("link", name="Opérations").click()
    page.get_by_role("link", name="Halle des sports Janine Jambu").click()
    expect(page.locator("#fiche")).to_contain_text("Halle des sports Janine Jambu")
    expect(handle).to_have_attribute("aria-expanded", "false")
    assert_no_sideways_scroll(page)
    shoot(page, "map-card-phone")
    page.get_by_role("button", name="Fermer la fiche").click()
    page.locator(".panel-layers > summary").click()
    expect(page.get_by_label("Fond de carte")).to_be_visible()


def test_map_in_the_dark_when_opened_then_readable(open_page: OpenPage, invented: None) -> None:
    page = opened(open_page(DESKTOP, color_scheme="dark"))
    assert_accessible(page)
    shoot(page, "map-desktop-dark")


def test_map_without_a_script_when_opened_then_plan_and_lists(open_page: OpenPage) -> None:
    page = open_page(PHONE, java_script_enabled=False)
    page.goto("/?liste=operations")
    expect(page.locator("img.map-still")).to_be_visible()
    page.get_by_role("link", name="Plus Petit Cirque du Monde").click()
    expect(page.get_by_role("heading", name="Plus Petit Cirque du Monde")).to_be_visible()


def test_map_when_a_mediator_reads_it_then_same_page(desktop: Page) -> None:
    login(desktop, "mediateur")
    opened(desktop)
    expect(desktop.locator("#liste-titre")).to_contain_text("signalement")
