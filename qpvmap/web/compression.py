"""Answers made small for slow networks: the build's own twins for files, gzip for pages.

A page may hold a token and what its address says, which a compressed length could betray to another
site: cookies are `SameSite=Lax`, so no other site can have such a page made in somebody's name.
"""

import gzip
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, request
from werkzeug.wsgi import FileWrapper

from qpvmap.resources import PACKAGE

SMALLEST = 1000
LEVEL = 5
TEXTS = frozenset(
    {
        "text/html",
        "text/css",
        "text/javascript",
        "application/json",
        "application/manifest+json",
        "image/svg+xml",
    }
)
TWINS = (("br", ".br"), ("gzip", ".gz"))
STATIC = PACKAGE / "static"


def is_compressible(response: Response) -> bool:
    """Return whether an answer is a whole text that nobody compressed yet."""
    return (
        response.status_code == 200
        and request.method == "GET"
        and response.mimetype in TEXTS
        and "Content-Encoding" not in response.headers
        and not response.is_streamed
    )


def twin_of(filename: str) -> tuple[str, bytes] | None:
    """Return the encoding and content of the smallest twin of a built file that is accepted."""
    for encoding, ending in TWINS:
        if request.accept_encodings.quality(encoding) > 0:
            content = kept_twin(STATIC / f"{filename}{ending}")
            if content is not None:
                return encoding, content
    return None


@lru_cache(maxsize=128)
def kept_twin(path: Path) -> bytes | None:
    """Return a twin, read once: its name changes with its content."""
    return path.read_bytes() if path.is_file() else None


@lru_cache(maxsize=8)
def zipped_file(path: Path, _changed: float) -> bytes:
    """Return a file of ours that is not built, compressed once."""
    return gzip.compress(path.read_bytes(), 9, mtime=0)


def smaller_file(response: Response) -> Response:
    """Return a file of the site in the smallest form that its reader takes."""
    filename = str((request.view_args or {}).get("filename", ""))
    found = twin_of(filename)
    if found is None and request.accept_encodings.quality("gzip") > 0:
        path = STATIC / filename
        found = "gzip", zipped_file(path, path.stat().st_mtime)
    if found is None:
        return response
    response.direct_passthrough = False
    return encoded(response, *found)


def encoded(response: Response, encoding: str, content: bytes) -> Response:
    """Return the answer with this content in its place."""
    etag, _ = response.get_etag()
    if isinstance(response.response, FileWrapper):
        response.response.close()
    response.set_data(content)
    response.headers["Content-Encoding"] = encoding
    if etag:
        response.set_etag(f"{etag}-{encoding}")
    return response


def compress(response: Response) -> Response:
    """Return the answer, made smaller when it is worth it."""
    if request.endpoint == "static" and response.status_code == 200 and response.mimetype in TEXTS:
        response.vary.add("Accept-Encoding")
        return smaller_file(response)
    if not is_compressible(response) or response.get_etag()[0]:
        return response
    response.vary.add("Accept-Encoding")
    content = response.get_data()
    if len(content) < SMALLEST or request.accept_encodings.quality("gzip") <= 0:
        return response
    return encoded(response, "gzip", gzip.compress(content, LEVEL, mtime=0))


def init_app(app: Flask) -> None:
    """Make the answers of `app` small."""
    app.after_request(compress)
