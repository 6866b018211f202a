"""The file store: the same answers from a folder and from an S3-compatible bucket."""

import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest

from qpvmap.core.photos import Picture, Size
from qpvmap.settings import Settings
from qpvmap.storage.files import (
    PHOTOS,
    Files,
    delete_photo,
    new_key,
    open_files,
    photo_path,
    put_photo,
)

PICTURE = Picture(b"full", b"thumb", 10, 10)
STAMP = "2026-11-22T09:00:00.000Z"


class Bucket(BaseHTTPRequestHandler):
    """As much of S3 as a store of photos needs; it wants every request to be signed."""

    protocol_version = "HTTP/1.1"
    kept: dict[str, bytes]

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, status: int, body: bytes = b"", kind: str = "application/xml") -> None:
        self.send_response(status)
        for name, value in (
            ("Content-Length", str(len(body))),
            ("Content-Type", kind),
            ("ETag", '"e"'),
            ("Last-Modified", "Sun, 22 Nov 2026 09:00:00 GMT"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _read(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    @property
    def _key(self) -> str:
        assert self.headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=access/")
        return unquote(urlsplit(self.path).path).removeprefix("/bucket/")

    def do_PUT(self) -> None:
        """Keep a file."""
        self.kept[self._key] = self._read()
        self._answer(200)

    def do_GET(self) -> None:
        """Give a file, or the list of those whose names begin alike."""
        query = parse_qs(urlsplit(self.path).query)
        if "list-type" in query:
            self._answer(200, self._listed(query["prefix"][0]).encode())
        elif self._key in self.kept:
            self._answer(200, self.kept[self._key], "image/webp")
        else:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")

    def _listed(self, prefix: str) -> str:
        rows = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>{STAMP}</LastModified>"
            f'<ETag>"e"</ETag><Size>{len(body)}</Size></Contents>'
            for key, body in sorted(self.kept.items())
            if key.startswith(prefix)
        )
        return f"<ListBucketResult><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>"

    def do_DELETE(self) -> None:
        """Forget a file."""
        self.kept.pop(self._key, None)
        self._answer(204)

    def do_POST(self) -> None:
        """Forget several files at once."""
        assert self._key is not None
        keys = re.findall(r"<Key>([^<]+)</Key>", self._read().decode())
        for key in keys:
            self.kept.pop(key, None)
        rows = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
        self._answer(200, f"<DeleteResult>{rows}</DeleteResult>".encode())


@pytest.fixture
def bucket() -> Iterator[tuple[str, dict[str, bytes]]]:
    kept: dict[str, bytes] = {}
    handler = type("OwnBucket", (Bucket,), {"kept": kept})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", kept
    server.shutdown()
    server.server_close()


@pytest.fixture(params=["folder", "bucket"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    if request.param == "folder":
        return open_files(Settings(var_dir=tmp_path))
    endpoint, _ = request.getfixturevalue("bucket")
    return open_files(in_bucket(endpoint))


def in_bucket(endpoint: str) -> Settings:
    return Settings(
        files_url="s3://bucket/qpvmap",
        files_endpoint=endpoint,
        files_access_key="access",
        files_secret_key="secret",
    )


def test_photo_when_put_then_is_got_listed_and_deleted(files: Files) -> None:
    key = new_key()
    put_photo(files, key, PICTURE)
    assert files.get(photo_path(key, Size.FULL)) == b"full"
    assert {file.path for file in files.listed(PHOTOS)} == {photo_path(key, size) for size in Size}
    delete_photo(files, key)
    delete_photo(files, key)
    assert files.get(photo_path(key, Size.THUMBNAIL)) is None
    assert list(files.listed(PHOTOS)) == []


def test_file_when_put_again_then_is_replaced(files: Files) -> None:
    for content in (b"one", b"two"):
        files.put(f"{PHOTOS}/a.full.webp", content)
    assert files.get(f"{PHOTOS}/a.full.webp") == b"two"


def test_bucket_when_a_folder_of_it_is_set_then_all_lies_there(
    bucket: tuple[str, dict[str, bytes]],
) -> None:
    endpoint, kept = bucket
    put_photo(open_files(in_bucket(endpoint)), "key", PICTURE)
    assert kept == {
        "qpvmap/photos/key.full.webp": b"full",
        "qpvmap/photos/key.thumb.webp": b"thumb",
    }


def test_folder_when_opened_then_is_its_owners_alone(tmp_path: Path) -> None:
    open_files(Settings(var_dir=tmp_path))
    assert (tmp_path / "files").stat().st_mode & 0o077 == 0
