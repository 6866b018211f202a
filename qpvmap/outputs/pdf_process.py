"""The printer: HTML comes in, PDF goes out. A process of its own, run by `outputs.pdf`.

Never imported by a web worker: WeasyPrint takes memory and holds the interpreter while it lays out.
"""

import resource
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from weasyprint import HTML
from weasyprint.urls import URLFetcher, URLFetcherResponse

from qpvmap.processes import die_with_parent

STATIC = Path(__file__).resolve().parents[1] / "static"
MEDIA = ("data:image/png", "data:image/jpeg", "data:image/webp", "data:image/svg+xml")
CPU_S = 60
PHOTO_DPI = 150
JPEG_QUALITY = 82


class ForbiddenAddress(ValueError):
    """What a page asked for is neither in the page itself nor one of our files."""


class OwnFetcher(URLFetcher):  # type: ignore[misc]  # published without types
    """Opens images that the page carries, and files under `root`. Nothing else, nothing outside."""

    def __init__(self, root: Path = STATIC) -> None:
        super().__init__(allowed_protocols={"data", "file"}, allow_redirects=False)
        self.root = root.resolve()

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        """Return what is at `url`.

        Raises
        ------
        ForbiddenAddress
            If it is not ours.
        """
        if url.lower().startswith(MEDIA):
            return super().fetch(url, headers)
        address = urlsplit(url)
        if address.scheme.lower() != "file" or address.netloc not in ("", "localhost"):
            raise ForbiddenAddress(f"not ours: {url[:80]}")
        path = Path(url2pathname(unquote(address.path))).resolve()
        if not path.is_relative_to(self.root) or not path.is_file():
            raise ForbiddenAddress(f"not ours: {url[:80]}")
        return super().fetch(path.as_uri(), headers)


def pdf_of(html: str, fetcher: URLFetcher) -> bytes:
    """Return a page as a tagged PDF, readable by a screen reader (PDF/UA-1)."""
    page = HTML(string=html, url_fetcher=fetcher, media_type="print")
    return bytes(
        page.write_pdf(
            pdf_variant="pdf/ua-1",
            dpi=PHOTO_DPI,
            optimize_images=True,
            jpeg_quality=JPEG_QUALITY,
        )
    )


def main() -> None:
    """Read a page from the standard input, write its PDF to the standard output."""
    die_with_parent()
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    html = sys.stdin.buffer.read().decode()
    sys.stdout.buffer.write(pdf_of(html, OwnFetcher()))


if __name__ == "__main__":
    main()
