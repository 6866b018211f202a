"""The printer opens what the page carries and our own files: no network, nothing outside."""

import threading
from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from qpvmap.outputs import pdf
from qpvmap.outputs.pdf import CannotPrint, print_pdf
from qpvmap.outputs.pdf_process import ForbiddenAddress, OwnFetcher, pdf_of
from qpvmap.outputs.qr import data_url, qr_svg

PAGE = (
    '<!doctype html><html lang="fr"><head><title>Essai</title>{head}</head>'
    "<body>{body}</body></html>"
)
PNG = b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
        "0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
    )
).decode()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "ours"
    folder.mkdir()
    (folder / "logo.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "way-out").symlink_to(tmp_path / "secret.txt")
    return folder


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """Yield the address of a server on this machine, and what was asked of it."""
    heard: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", heard
    server.shutdown()
    thread.join()
    server.server_close()


def test_fetcher_when_an_image_is_in_the_page_or_ours_then_opens_it(root: Path) -> None:
    fetcher = OwnFetcher(root)
    assert fetcher.fetch(f"data:image/png;base64,{PNG}").read().startswith(b"\x89PNG")
    assert b"<svg" in fetcher.fetch((root / "logo.svg").as_uri()).read()


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "ftp://example.org/x",
        "file:///etc/passwd",
        "file://server/share/x",
        "FILE:///etc/passwd",
        "data:text/html,<script></script>",
        "data:text/css,@import url(http://127.0.0.1/)",
        "gopher://127.0.0.1/",
        "//127.0.0.1/x",
        "relative.png",
    ],
)
def test_fetcher_when_an_address_is_not_ours_then_refuses(root: Path, url: str) -> None:
    with pytest.raises(ForbiddenAddress):
        OwnFetcher(root).fetch(url)


@pytest.mark.parametrize("path", ["../secret.txt", "way-out", "%2e%2e/secret.txt", "none.svg", "."])
def test_fetcher_when_a_path_leads_out_then_refuses(root: Path, path: str) -> None:
    with pytest.raises(ForbiddenAddress):
        OwnFetcher(root).fetch(f"{root.as_uri()}/{path}")


def test_pdf_when_a_page_asks_for_the_network_then_nothing_goes_out(
    asked: tuple[str, list[str]], root: Path
) -> None:
    address, heard = asked
    inner = data_url(
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">'
        f'<image href="{address}/in-svg.png" width="9" height="9"/></svg>',
        "image/svg+xml",
    )
    head = (
        f'<link rel="stylesheet" href="{address}/a.css">'
        f"<style>@import url({address}/b.css); body {{ background: url({address}/c.png) }}"
        f"@font-face {{ font-family: x; src: url({address}/d.woff) }}</style>"
    )
    body = (
        f'<img src="{address}/e.png" alt="e"><img src="{inner}" alt="f">'
        f'<object data="{address}/g.svg"></object><embed src="{address}/h.png">'
    )
    printed = pdf_of(PAGE.format(head=head, body=body), OwnFetcher(root))
    assert printed.startswith(b"%PDF")
    assert heard == []


def test_print_pdf_when_a_page_is_given_then_returns_a_pdf() -> None:
    code = data_url(qr_svg("https://carte.example.fr/signalements/BL-2026-0001"), "image/svg+xml")
    page = PAGE.format(head="", body=f'<h1>Bonjour</h1><img src="{code}" alt="Code">')
    assert print_pdf(page).startswith(b"%PDF-1.7")


def test_print_pdf_when_it_takes_too_long_then_gives_up() -> None:
    with pytest.raises(CannotPrint, match="too long"):
        print_pdf(PAGE.format(head="", body="x"), patience_s=0.05)
    assert pdf._turns.acquire(timeout=1)
    pdf._turns.release()


def test_print_pdf_when_the_printer_falls_then_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf.sys, "executable", "/bin/false")
    with pytest.raises(CannotPrint, match="failed"):
        print_pdf("")


def test_print_pdf_when_run_then_the_printer_knows_no_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: dict[str, object] = {}

    def spy(*_: object, **options: object) -> object:
        seen.update(options)
        raise pdf.subprocess.CalledProcessError(1, "printer", stderr=b"")

    monkeypatch.setenv("QPVMAP_SECRET_KEY", "secret")
    monkeypatch.setattr(pdf.subprocess, "run", spy)
    with pytest.raises(CannotPrint):
        print_pdf("")
    environment = seen["env"]
    assert isinstance(environment, dict)
    assert "PATH" in environment
    assert not any(name.startswith("QPVMAP_") for name in environment)
