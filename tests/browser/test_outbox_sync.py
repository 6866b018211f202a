"""What the service worker does alone, every page closed: it sends what waits, shows a message.

The browser is told by its own developer tools that the network is back, or that a message came.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect
from sqlalchemy import func, select

from qpvmap.storage.models import Photo, Signalement
from qpvmap.storage.session import make_engine, transaction
from tests.browser.conftest import IN_THE_QUARTER, PHONE, login
from tests.browser.flaky import Network
from tests.browser.kept import wait_until_kept
from tests.pictures import photo

SEND = "#suite"
REPORTS = 3
PICTURE = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": photo(640, 480)}


@pytest.fixture
def network(server: str) -> Iterator[Network]:
    """Yield what stands between the phone and the site."""
    found = Network(urlsplit(server).port or 0)
    yield found
    found.shutdown()
    found.server_close()


@pytest.fixture
def context(whole_browser: Browser, network: Network) -> Iterator[BrowserContext]:
    """Yield the browser of a phone behind the network."""
    opened = whole_browser.new_context(
        base_url=network.address,
        viewport=PHONE,
        locale="fr-FR",
        has_touch=True,
        geolocation={**IN_THE_QUARTER, "accuracy": 6},
        permissions=["geolocation", "notifications", "background-sync"],
        reduced_motion="reduce",
    )
    yield opened
    opened.close()


class Worker:
    """The service worker of the site, as the browser's developer tools reach it."""

    def __init__(self, page: Page, origin: str) -> None:
        self.origin = origin
        self.found: list[dict[str, Any]] = []
        self.tools: CDPSession = page.context.new_cdp_session(page)
        self.tools.on(
            "ServiceWorker.workerRegistrationUpdated",
            lambda said: self.found.extend(said["registrations"]),
        )
        self.tools.send("ServiceWorker.enable")
        page.wait_for_timeout(500)

    def tell(self, event: str, **said: Any) -> None:
        """Have the browser give the worker an event."""
        [key] = {one["registrationId"] for one in self.found if self.origin in one["scopeURL"]}
        self.tools.send(
            f"ServiceWorker.{event}", {"origin": self.origin, "registrationId": key, **said}
        )

    def sync(self) -> None:
        """Tell it that the network is back."""
        self.tell("dispatchSyncEvent", tag="envois", lastChance=False)


def arrived(url: str) -> tuple[int, int]:
    """Return how many signalements and photos the site has."""
    engine = make_engine(url)
    with transaction(engine) as session:
        found = [session.scalar(select(func.count(one.id))) or 0 for one in (Signalement, Photo)]
    engine.dispose()
    return found[0], found[1]


def wait_for(page: Page, test: Callable[[], bool]) -> None:
    """Wait until something is so, half a minute at most."""
    until = time.monotonic() + 30
    while not test() and time.monotonic() < until:
        page.wait_for_timeout(200)
    assert test()


def ready_phone(context: BrowserContext) -> Page:
    """Return a page of somebody who signed in, once the filing page opens without network."""
    page = context.new_page()
    login(page, "mediateur")
    page.goto("/signaler")
    expect(page.locator("#quartier")).to_be_visible()
    wait_until_kept(page)
    return page


def file_reports(page: Page) -> None:
    """File reports, a photo with each, that stay in the phone."""
    for _ in range(REPORTS):
        page.goto("/signaler")
        expect(page.locator("input[name=lon]")).not_to_have_value("")
        page.locator(".tile", has_text="Encombrants").click()
        page.locator("#photos input[type=file]").set_input_files(PICTURE)
        expect(page.locator("#photos li")).to_have_count(1)
        page.locator(SEND).click()
        expect(page.locator("h1")).to_have_text("Gardé dans ce téléphone")


def test_sync_when_every_page_is_closed_then_the_worker_sends_all_of_it_once(
    context: BrowserContext, network: Network, blagis: str
) -> None:
    page = ready_phone(context)
    network.is_cut = True
    file_reports(page)
    assert page.evaluate("navigator.serviceWorker.ready.then((one) => one.sync.getTags())") == [
        "envois"
    ]
    blank = context.new_page()
    worker = Worker(blank, network.address)
    page.close()
    assert [one.url for one in context.pages] == ["about:blank"]
    assert arrived(blagis) == (0, 0)

    # nobody answers: it says so to the browser, that tries again later, and keeps everything
    worker.sync()
    blank.wait_for_timeout(1000)
    network.is_cut, network.delay_s = False, 0.3
    network.posted.clear()
    network.most_at_once = 0
    for _ in range(3):
        worker.sync()
    wait_for(blank, lambda: arrived(blagis) == (REPORTS, REPORTS))
    blank.wait_for_timeout(1000)
    assert [one.url for one in context.pages] == ["about:blank"]
    sent = [path for path in network.posted if path.startswith("/envois/")]
    assert len(sent) == 2 * REPORTS
    assert network.most_at_once == 1


def test_sync_when_pages_send_as_well_then_no_record_is_on_its_way_twice(
    context: BrowserContext, network: Network, blagis: str
) -> None:
    page = ready_phone(context)
    network.is_cut = True
    file_reports(page)
    other = context.new_page()
    worker = Worker(other, network.address)
    network.is_cut, network.delay_s = False, 0.4
    network.posted.clear()
    network.most_at_once = 0
    worker.sync()
    for one in (page, other):
        one.goto("/envois", wait_until="commit")
        worker.sync()
    page.get_by_role("button", name="Tout envoyer").click()
    page.close()  # perhaps in the middle of a record: the worker takes over
    wait_for(other, lambda: arrived(blagis) == (REPORTS, REPORTS))
    expect(other.locator("[data-group=sent] .outbox-row")).to_have_count(REPORTS)
    expect(other.locator("#a-envoyer")).to_be_hidden()
    reports = Counter(path for path in network.posted if path == "/envois/signalements")
    photos = Counter(path for path in network.posted if path.endswith("/photos"))
    assert network.most_at_once <= 2  # what the closed page left behind may still be answered
    assert sum(reports.values()) <= REPORTS + 1
    assert max(photos.values()) <= 2
    assert arrived(blagis) == (REPORTS, REPORTS)


PRESSED = """async () => {
  const opened = [];
  clients.openWindow = async (page) => opened.push(page);  // asks for a finger on a real screen
  const shown = await registration.getNotifications();
  const event = new NotificationEvent("notificationclick", { notification: shown[0] });
  const work = [];
  Object.defineProperty(event, "waitUntil", { value: (promise) => work.push(promise) });
  dispatchEvent(event);
  await Promise.all(work);
  const left = await registration.getNotifications();
  return { said: shown.map(({ title, body }) => [title, body]), opened, left: left.length };
}"""


def test_push_when_every_page_is_closed_then_a_press_opens_the_page_it_is_about(
    context: BrowserContext, network: Network
) -> None:
    page = ready_phone(context)
    blank = context.new_page()
    worker = Worker(blank, network.address)
    page.close()
    sent = {"title": "Signalement BL-2026-0007", "body": "Pris en charge", "tag": "BL-2026-0007"}
    about = "/signalements/BL-2026-0007"
    for _ in range(2):  # told twice of one thing, it is shown once
        worker.tell("deliverPushMessage", data=json.dumps({**sent, "url": about}))
    wait_for(blank, lambda: bool(context.service_workers))
    [alone] = context.service_workers
    wait_for(blank, lambda: bool(alone.evaluate("registration.getNotifications()")))
    assert alone.evaluate(PRESSED) == {
        "said": [[sent["title"], sent["body"]]],
        "opened": [network.address + about],
        "left": 0,
    }
