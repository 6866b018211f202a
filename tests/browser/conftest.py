"""A real server on the pilot territory, and Debian's Chromium in front of it.

Every page is watched: at the end of a test, a console error, a refusal of the content policy or
a request outside the site makes it fail. `server` is on a database of its test alone.
"""

import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    ViewportSize,
    expect,
    sync_playwright,
)
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from qpvmap.core.actors import Role
from qpvmap.resources import static_manifest
from qpvmap.settings import CHECKOUT, Settings
from qpvmap.storage.session import make_engine, transaction
from qpvmap.usecases.accounts import NewAccount, create_account
from tests.conftest import NOW
from tests.conftest import _database as fresh_database

PATIENCE_MS = 15_000

PASSWORD = "un mot de passe de démonstration"
PHONE = ViewportSize(width=360, height=640)
DESKTOP = ViewportSize(width=1280, height=800)
IN_THE_QUARTER = {"longitude": 2.30250, "latitude": 48.78780}
SCREENSHOTS = CHECKOUT / "var" / "screenshots"
AXE = CHECKOUT / "qpvmap" / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

TEAMS_OF = {
    "mediateur": ((Role.MEDIATOR,), ("mediation",)),
    "agent.bagneux": ((Role.AGENT,), ("bagneux-technique",)),
    "referent.ept": ((Role.LEAD,), ("ept-dechets", "ept-eclairage", "ept-eau")),
    "bailleur": ((Role.AGENT,), ("bailleur-agence",)),
    "police": ((Role.AGENT,), ("bagneux-police",)),
    "planificateur": ((Role.PLANNER,), ()),
    "coordinateur": ((Role.COORDINATOR,), ("coordination",)),
    "admin": ((Role.ADMIN,), ()),
}
"""The people of the tests: `NAME@demo.example`, all with `PASSWORD`."""

SENT_BEHIND = ("test_outbox_people", "test_parcours", "test_storage", "test_walks")
"""The files whose pages may leave what they send to the browser: they take the whole one."""

OpenPage = Callable[..., Page]


def pytest_configure() -> None:
    """Wait longer than usual: on two busy cores a page is late now and then."""
    expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture
def settings(app_database_url: str, tmp_path: Path) -> Settings:
    """Return settings that reach nothing outside this machine."""
    return Settings(
        database_url=app_database_url,
        var_dir=tmp_path / "var",
        secret_key="a secret of the tests, long enough to sign",
        geocoder_url="",
        basemaps=(),
    )


@pytest.fixture(scope="session")
def peopled_template_url(server_url: str, blagis_template_url: str) -> Iterator[str]:
    """Yield the pilot territory with one person of each role, that nobody stays connected to."""
    with fresh_database(server_url, blagis_template_url) as url:
        engine = make_engine(url)
        with transaction(engine) as session:
            for name, (roles, teams) in TEAMS_OF.items():
                add_person(session, name, roles, teams, NOW)
        engine.dispose()
        yield url


@pytest.fixture
def blagis(server_url: str, peopled_template_url: str) -> Iterator[str]:
    """Yield the address of a fresh database of this test alone: the territory and its people."""
    with fresh_database(server_url, peopled_template_url) as url:
        yield url


def add_person(
    session: Session, name: str, roles: tuple[Role, ...], teams: tuple[str, ...], now: datetime
) -> None:
    """Add `NAME@demo.example`."""
    person = NewAccount(
        email=f"{name}@demo.example",
        name=name.replace(".", " ").title(),
        roles=roles,
        team_codes=teams,
        territory_code="blagis",
        password=PASSWORD,
        is_demo=True,
    )
    create_account(session, person, now)


def read_whole(app: Any) -> Any:
    """Return the application, each answer read and closed before it is sent.

    The server of the tests leaves open an answer whose reader hung up meanwhile, its file with it.
    """

    def answered(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        answer = app(environ, start_response)
        try:
            return [b"".join(answer)]
        finally:
            answer.close()

    return answered


@pytest.fixture
def server(app: Any, blagis: str) -> Iterator[str]:
    """Yield the address of the application, served on a free port."""
    if not static_manifest():
        pytest.fail("the front end is not built: run scripts/build")
    http = make_server("127.0.0.1", 0, read_whole(app), threaded=True)
    http.daemon_threads = (
        False  # pages ask by themselves: a last answer ends before the engine does
    )
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    thread.join()
    http.server_close()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Yield what drives browsers; nothing is downloaded."""
    with sync_playwright() as found:
        yield found


@pytest.fixture(scope="session")
def browser(playwright: Playwright, chromium_path: str) -> Iterator[Browser]:
    """Yield the machine's Chromium, without its window if it can: a page costs a quarter then."""
    named = os.environ.get("QPVMAP_CHROMIUM")
    shell = None if named else shutil.which("chromium-headless-shell")
    chromium = playwright.chromium.launch(executable_path=shell or chromium_path)
    yield chromium
    chromium.close()


@pytest.fixture(scope="session")
def whole_browser(playwright: Playwright, chromium_path: str) -> Iterator[Browser]:
    """Yield the machine's Chromium with what it does beside its pages, as sending behind them."""
    chromium = playwright.chromium.launch(executable_path=chromium_path)
    yield chromium
    chromium.close()


@dataclass
class Watch:
    """What went wrong in the pages of a test; `allow` names, by a pattern, what was meant to."""

    site: str
    faults: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)

    def allow(self, pattern: str) -> None:
        """Expect faults whose text holds `pattern`."""
        self.allowed.append(pattern)

    def follow(self, context: BrowserContext) -> None:
        """Note the faults of every page of a context."""
        context.on("request", lambda request: self._note_address(request.url))
        context.on("page", self._follow_page)
        context.add_init_script(
            "addEventListener('securitypolicyviolation', (e) =>"
            " console.error('content policy: ' + e.violatedDirective + ' ' + e.blockedURI))"
        )

    def _follow_page(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        page.on(
            "console",
            lambda said: (
                self.faults.append(f"console: {said.text}") if said.type == "error" else None
            ),
        )

    def _note_address(self, url: str) -> None:
        if not url.startswith((self.site, "data:", "blob:", "about:")):
            self.faults.append(f"outside the site: {url}")

    def check(self) -> None:
        """Fail if something went wrong that was not meant to."""
        left = [f for f in self.faults if not any(re.search(p, f) for p in self.allowed)]
        assert not left, "\n".join(left)


@pytest.fixture
def watch(server: str) -> Iterator[Watch]:
    """Yield the watch over this test's pages; it is checked when the test ends."""
    watching = Watch(server)
    yield watching
    watching.check()


def needs_whole_browser(request: pytest.FixtureRequest) -> bool:
    """Tell whether a test asks for the whole browser, or its file does."""
    return "whole_browser" in request.fixturenames or request.path.stem in SENT_BEHIND


@pytest.fixture
def open_page(request: pytest.FixtureRequest, server: str, watch: Watch) -> Iterator[OpenPage]:
    """Return a function that opens a page in a context of its own.

    `open_page(PHONE, position={...}, accuracy=12)`; further names go to Playwright's
    `new_context`: `java_script_enabled=False`, `color_scheme="dark"`.
    """
    browser: Browser = request.getfixturevalue(
        "whole_browser" if needs_whole_browser(request) else "browser"
    )
    contexts: list[BrowserContext] = []

    def opened(
        viewport: ViewportSize = DESKTOP,
        *,
        position: dict[str, float] | None = None,
        accuracy: float = 8,
        **options: Any,
    ) -> Page:
        if position:
            options["geolocation"] = {**position, "accuracy": accuracy}
            options["permissions"] = ["geolocation"]
        context = browser.new_context(
            base_url=server, viewport=viewport, locale="fr-FR", reduced_motion="reduce", **options
        )
        context.set_default_timeout(10_000)
        watch.follow(context)
        contexts.append(context)
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def phone(open_page: OpenPage) -> Page:
    """Return a page on a small phone that stands in the quarter, known to 8 m."""
    return open_page(PHONE, position=IN_THE_QUARTER, has_touch=True)


@pytest.fixture
def desktop(open_page: OpenPage) -> Page:
    """Return a page on a desk."""
    return open_page(DESKTOP)


def login(page: Page, name: str) -> None:
    """Sign in as `NAME@demo.example`."""
    page.goto("/connexion")
    page.locator("input[name=email]").fill(f"{name}@demo.example")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url(lambda url: "/connexion" not in url)


def shoot(page: Page, name: str, *, full_page: bool = False) -> None:
    """Write what the page looks like to var/screenshots/NAME.png."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=full_page)


def assert_accessible(page: Page, *, without: tuple[str, ...] = ()) -> None:
    """Fail on anything axe-core finds, but for the rules named in `without`."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        "([tags, without]) => axe.run(document, {runOnly: {type: 'tag', values: tags},"
        " rules: Object.fromEntries(without.map((id) => [id, {enabled: false}]))})",
        [AXE_TAGS, list(without)],
    )
    faults = [
        f"{fault['id']} ({fault['impact']}): {fault['help']}: {node['html'][:160]}"
        for fault in found["violations"]
        for node in fault["nodes"]
    ]
    assert not faults, "\n".join(faults)


@contextmanager
def uncovered(page: Page) -> Iterator[None]:
    """Make the window as tall as the page meanwhile: a bar that sticks then covers nothing."""
    before = page.viewport_size
    assert before
    tall = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": before["width"], "height": max(before["height"], tall)})
    yield
    page.set_viewport_size(before)


def assert_no_sideways_scroll(page: Page) -> None:
    """Fail if the page is wider than the window."""
    wide, window = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert wide <= window, f"the page is {wide} px wide in a window of {window} px"
