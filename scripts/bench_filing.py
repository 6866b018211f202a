"""How long `/signaler` takes on a slow phone: slow 3G and a processor four times slower.

Give the address of a site that runs (`scripts/serve`). The first visit has nothing kept; the second
one opens from what the service worker keeps, the network cut. With `npx` at hand, Lighthouse too.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import CDPSession, Page, sync_playwright

SLOW_3G = {
    "offline": False,
    "latency": 400,
    "downloadThroughput": 400 * 1000 / 8,
    "uploadThroughput": 400 * 1000 / 8,
}
USABLE = "() => document.getElementById('signaler')?.dataset.step && performance.now()"
BYTES = """() => [...performance.getEntriesByType("resource"), ...performance.getEntriesByType(
  "navigation")].reduce((sum, one) => sum + one.transferSize, 0)"""
LIGHTHOUSE = "lighthouse@12"
CATEGORIES = "performance,accessibility,best-practices"


def say(words: str) -> None:
    """Write a line of results."""
    sys.stdout.write(f"{words}\n")


def slowed(page: Page) -> CDPSession:
    """Give a page a slow network and a slow processor."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW_3G)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    return session


def usable_after(page: Page) -> float:
    """Return the seconds from the start of the visit until a step can be answered."""
    milliseconds: float = page.wait_for_function(USABLE).json_value()
    return milliseconds / 1000


def visits(site: str, chromium: str) -> None:
    """Time a first visit, then one with the network cut."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium)
        context = browser.new_context(base_url=site, viewport={"width": 360, "height": 740})
        page = context.new_page()
        slowed(page)
        page.goto("/signaler", wait_until="commit")
        seconds = usable_after(page)
        sent = page.evaluate(BYTES)
        say(f"première visite, 3G lente, processeur / 4 : {seconds:.1f} s, {sent / 1000:.0f} ko")
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        page.wait_for_timeout(1000)
        context.set_offline(True)
        page.goto("/signaler", wait_until="commit")
        say(f"visite suivante, sans réseau, processeur / 4 : {usable_after(page):.1f} s")
        browser.close()


def lighthouse(site: str, chromium: str) -> None:
    """Say what Lighthouse gives the page, of 100."""
    with TemporaryDirectory() as folder:
        subprocess.run(
            [
                "npx",
                "--yes",
                LIGHTHOUSE,
                f"{site}/signaler",
                "--quiet",
                "--chrome-flags=--headless=new --no-sandbox",
                f"--only-categories={CATEGORIES}",
                "--output=json",
                f"--output-path={folder}/report.json",
            ],
            env={**os.environ, "CHROME_PATH": chromium},
            check=True,
        )
        report: dict[str, Any] = json.loads(Path(folder, "report.json").read_text("utf-8"))
    for name, category in report["categories"].items():
        say(f"Lighthouse, {name} : {round(category['score'] * 100)}")


def main(site: str = "http://127.0.0.1:8000") -> None:
    """Measure the filing page of a site."""
    chromium = os.environ.get("QPVMAP_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        sys.exit("Chromium manque : scripts/install --tests l’installe.")
    visits(site, chromium)
    if shutil.which("npx"):
        lighthouse(site, chromium)


if __name__ == "__main__":
    main(*sys.argv[1:2])
