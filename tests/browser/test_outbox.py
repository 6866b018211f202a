"""Filing with no network at all, and what becomes of it: nothing lost, nothing twice.

The server is the real one, run by the command line and killed; the network before it is cut, fails
and loses answers after the server wrote them; the browser is closed and opened again.
"""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from geoalchemy2 import functions as geo
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect
from playwright.sync_api import TimeoutError as TooLate
from sqlalchemy import func, select

from qpvmap.storage.models import Photo, Signalement
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
from tests.browser.flaky import Network
from tests.browser.kept import wait_until_kept
from tests.setup.test_serving import environment, free_port, server

REPORTS = 25
PHOTOS = [3 if at < 10 else 2 for at in range(REPORTS)]
SEND = "#suite"
ALL_KEPT = """async () => {
  const name = (await caches.keys()).find((one) => one.startsWith("qpvmap-pages-"));
  const all = await (await caches.open(name)).matchAll();
  const pages = all.filter((one) => one.headers.get("Content-Type").startsWith("text/html"));
  return Promise.all(pages.map((one) => one.text()));
}"""


@pytest.fixture(autouse=True)
def all_sixty() -> None:
    assert sum(PHOTOS) == 60


class Phone:
    """A browser with a memory on disk, that can be closed and opened again."""

    def __init__(self, browser: Browser, chromium: str, folder: Path, site: str) -> None:
        self.browser, self.chromium, self.folder, self.site = browser, chromium, folder, site

    def open(self, *, offline: bool = False) -> Page:
        self.context: BrowserContext = self.browser.browser_type.launch_persistent_context(
            self.folder,
            executable_path=self.chromium,
            base_url=self.site,
            viewport=PHONE,
            locale="fr-FR",
            has_touch=True,
            geolocation={**IN_THE_QUARTER, "accuracy": 6},
            permissions=["geolocation"],
            reduced_motion="reduce",
        )
        self.context.set_default_timeout(15_000)
        self.context.set_offline(offline)
        return self.context.pages[0]


def place(at: int) -> tuple[float, float]:
    """Return the place of a report, a few metres from the others."""
    return round(2.3020 + at % 5 * 0.0003, 6), round(48.7872 + at // 5 * 0.0003, 6)


def pictures(folder: Path) -> list[Path]:
    paths = [folder / f"photo{at}.jpg" for at in range(3)]
    for at, path in enumerate(paths):
        Image.new("RGB", (640, 480), (60 * at, 120, 90)).save(path, "JPEG")
    return paths


def file_in_three_taps(page: Page, at: int, photos: list[Path]) -> datetime:
    """File a report as a mediator does: category, photos, send. Return when it was captured."""
    lon, lat = place(at)
    page.context.set_geolocation({"longitude": lon, "latitude": lat, "accuracy": 6})
    page.goto("/signaler")
    expect(page.locator("input[name=lon]")).to_have_value(f"{lon:.6f}")
    page.locator(".tile", has_text="Encombrants").click()
    page.locator("#photos input[type=file]").set_input_files(photos)
    expect(page.locator("#photos li")).to_have_count(len(photos))
    captured = page.locator("input[name=captured_at]").input_value()
    page.locator(SEND).click()
    expect(page.locator("h1")).to_have_text("Gardé dans ce téléphone")
    return datetime.fromisoformat(captured)


def filed(url: str) -> list[Any]:
    """Return the place, the captured place, the captured time and the photos of each report."""
    engine = make_engine(url)
    photos = select(func.count(Photo.id)).where(Photo.signalement_id == Signalement.id)
    with transaction(engine) as session:
        rows = session.execute(
            select(
                geo.ST_X(Signalement.location),
                geo.ST_Y(Signalement.location),
                geo.ST_X(Signalement.captured_location),
                geo.ST_Y(Signalement.captured_location),
                Signalement.captured_at,
                photos.scalar_subquery(),
            ).order_by(Signalement.captured_at)
        ).all()
    engine.dispose()
    return list(rows)


@pytest.fixture
def closing() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_reports_when_filed_offline_then_each_arrives_once_through_a_bad_network(
    browser: Browser, chromium_path: str, blagis: str, tmp_path: Path, closing: ExitStack
) -> None:
    port = free_port()
    variables = environment(blagis, tmp_path / "var", port)
    network = Network(port)
    closing.callback(network.server_close)
    closing.callback(network.shutdown)
    phone = Phone(browser, chromium_path, tmp_path / "phone", network.address)
    photos = pictures(tmp_path)
    with server(variables, tmp_path / "first.log") as process:
        page = phone.open()
        login(page, "mediateur")
        page.goto("/signaler")
        expect(page.locator("#quartier")).to_be_visible()
        wait_until_kept(page)
        process.kill()
    network.is_cut = True
    phone.context.set_offline(True)
    captured = [file_in_three_taps(page, at, photos[:n]) for at, n in enumerate(PHOTOS)]
    page.goto("/corbeille")
    expect(page.locator("h1")).to_have_text("Cette page demande le réseau")
    shoot(page, "hors-ligne-phone")
    phone.context.close()

    page = phone.open(offline=True)
    closing.callback(lambda: phone.context.close())
    page.goto("/envois")
    expect(page.locator("[data-group=ready] .outbox-row")).to_have_count(REPORTS)
    shoot(page, "envois-phone")
    network.is_cut, network.failing, network.worker_version = False, 0.3, b"0000NEW0"
    with server(variables, tmp_path / "second.log"):
        phone.context.set_offline(False)
        page.goto("/envois")
        page.get_by_role("button", name="Mettre à jour").click()
        expect(page.locator("#nouvelle-version")).to_be_hidden()
        deadline = time.monotonic() + 90
        everything = page.locator("#tout-envoyer")
        expect(everything).to_be_visible()
        while everything.is_visible() and time.monotonic() < deadline:
            with suppress(TooLate):  # it may go while it is pressed
                everything.click(timeout=2_000)
            page.wait_for_timeout(1000)
        expect(page.locator("[data-group=sent] .outbox-row")).to_have_count(REPORTS)
        expect(page.locator("#a-envoyer")).to_be_hidden()
        names = page.evaluate("caches.keys()")
        assert sorted(names) == ["qpvmap-files-0000NEW0", "qpvmap-pages-0000NEW0"]
    assert network.lost_before > 5
    assert network.lost_after > 5
    rows = filed(blagis)
    assert [row[:2] for row in rows] == [place(at) for at in range(REPORTS)]
    assert [row[2:4] for row in rows] == [place(at) for at in range(REPORTS)]
    assert [row[4] for row in rows] == captured
    assert Counter(row[5] for row in rows) == Counter(PHOTOS)


def tick(page: Page, category: str) -> None:
    """Choose a category once its step is there: a forced click does not wait for it."""
    tile = page.locator(".tile", has_text=category)
    expect(tile).to_be_visible()
    tile.locator("input").check(force=True)


def chosen(page: Page, category: str, text: str) -> None:
    """Write a report up to its last step."""
    page.goto("/signaler#quoi")
    expect(page.locator("input[name=lon]")).not_to_have_value("")
    tick(page, category)
    page.goto("/signaler#preuve")
    page.get_by_label("Ce qu’il faut savoir").fill(text)
    expect(page.locator("#discretion")).to_be_hidden()


def test_outbox_when_one_is_stuck_and_the_session_ends_then_nothing_is_lost(
    phone: Page, watch: Watch, tmp_path: Path, blagis: str
) -> None:
    watch.allow("ERR_INTERNET_DISCONNECTED|status of 422|status of 404|status of 401")
    login(phone, "mediateur")
    phone.goto("/signaler")
    expect(phone.locator("#quartier")).to_be_visible()
    wait_until_kept(phone)
    phone.context.set_offline(True)
    for text, broken in (("Un trou.", True), ("Un canapé.", False)):
        phone.goto("/signaler")
        chosen(phone, "Encombrants", text)
        if broken:
            phone.locator("[name=category]:checked").evaluate("(one) => { one.value = 'rien'; }")
        phone.locator(SEND).click()
        expect(phone.locator("h1")).to_have_text("Gardé dans ce téléphone")

    cookies = phone.context.cookies()
    phone.context.clear_cookies()
    phone.context.set_offline(False)
    phone.goto("/envois")
    expect(phone.locator("#session-finie")).to_be_visible()
    expect(phone.locator("#envois-autre")).to_contain_text("2 envois d’une autre personne")
    assert len(filed(blagis)) == 0
    shoot(phone, "envois-session-phone")
    phone.context.add_cookies(cookies)  # type: ignore[arg-type]  # what it gave itself

    phone.goto("/envois")
    stuck = phone.locator("[data-group=stuck] .outbox-row")
    expect(stuck).to_have_count(1)
    expect(stuck).to_contain_text("Choisissez une catégorie")
    expect(phone.locator("[data-group=sent] .outbox-row")).to_have_count(1)
    shoot(phone, "envois-corriger-phone", full_page=True)
    assert_accessible(phone)
    assert_no_sideways_scroll(phone)
    with phone.expect_download() as saved:
        stuck.get_by_role("button", name="Exporter").click()
    saved.value.save_as(tmp_path / "envoi.zip")
    with ZipFile(tmp_path / "envoi.zip") as exported:
        assert exported.testzip() is None
        assert "Un trou." in exported.read("envoi.json").decode()

    phone.get_by_role("navigation", name="Rubriques, en bas").get_by_text(
        "Plus", exact=True
    ).click()
    phone.get_by_role("button", name="Se déconnecter").click()
    expect(phone.get_by_role("dialog")).to_contain_text("1 signalement")
    shoot(phone, "partir-phone")
    phone.get_by_role("button", name="Rester connecté").click()

    phone.goto("/envois")
    stuck.get_by_role("link", name="Reprendre").click()
    expect(phone.locator("#envoi-erreur")).to_contain_text("Choisissez une catégorie")
    tick(phone, "Voirie")
    phone.goto(phone.url.split("#")[0] + "#preuve")
    expect(phone.get_by_label("Ce qu’il faut savoir")).to_have_value("Un trou.")
    phone.locator(SEND).click()
    expect(phone.locator("h1")).to_contain_text("Envoyé. Référence BL-")
    assert len(filed(blagis)) == 2

    phone.goto("/envois")
    phone.get_by_role("navigation", name="Rubriques, en bas").get_by_text(
        "Plus", exact=True
    ).click()
    phone.get_by_role("button", name="Se déconnecter").click()
    expect(phone.get_by_role("link", name="Se connecter").first).to_be_attached()
    wait_until_kept(phone)
    for kept in phone.evaluate(ALL_KEPT):
        assert 'data-person=""' in kept
        assert "tranquillite" not in kept


def test_position_when_fixes_jump_then_the_best_is_kept_and_both_points_go(
    open_page: OpenPage, blagis: str
) -> None:
    page = open_page(DESKTOP, position={"longitude": 2.3025, "latitude": 48.7878}, accuracy=80)
    page.goto("/signaler")
    expect(page.locator("#position")).to_contain_text("Position à 80 m près")
    page.context.set_geolocation({"longitude": 2.35, "latitude": 48.80, "accuracy": 3000})
    page.wait_for_timeout(300)
    expect(page.locator("input[name=lon]")).to_have_value("2.302500")
    page.context.set_geolocation({"longitude": 2.3026, "latitude": 48.7878, "accuracy": 12})
    expect(page.locator("#position")).to_contain_text("Position à 12 m près")
    pin = page.get_by_role("button", name="Repère du signalement")
    pin.focus()
    pin.press("Shift+ArrowUp")
    page.locator(SEND).click()
    tick(page, "Voirie")
    page.locator(SEND).click()
    page.locator(SEND).click()
    expect(page.locator("h1")).to_contain_text("Envoyé. Référence BL-")
    [row] = filed(blagis)
    assert row[2:4] == (2.3026, 48.7878)
    assert 0.00008 < row[1] - row[3] < 0.0001
    assert row[4] <= datetime.now(UTC)
