"""Waiting for what a phone keeps: pages that open without network, records of its outbox."""

from typing import Any

import pytest
from playwright.sync_api import Page

PAGES = ("/signaler", "/envois", "/hors-ligne", "/guide")
PACKS = ("/signaler/paquet.json", "/guide/paquet.json")
KEPT = """async ([pages, everybodys]) => {
  const { person } = document.body.dataset;
  const wanted = pages.map((path) => (person ? `${path}?personne=${person}` : path));
  const found = await Promise.all([...wanted, ...everybodys].map((path) => caches.match(path)));
  return found.every(Boolean);
}"""


def wait_until(page: Page, script: str, arg: Any = None, *, seconds: int = 20) -> None:
    """Wait until what the script promises is so.

    `Page.wait_for_function` takes a promise for the answer yes: this asks again until it is.
    """
    for _ in range(10 * seconds):
        if page.evaluate(script, arg):
            return
        page.wait_for_timeout(100)
    pytest.fail(f"never so: {script} {arg}")


def wait_until_kept(page: Page, *paths: str) -> None:
    """Wait until the reader's pages open without network: those that are, or those of `paths`."""
    everybodys = [] if paths else [*PAGES, *PACKS]
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    wait_until(page, KEPT, [paths or PAGES, everybodys], seconds=30)
