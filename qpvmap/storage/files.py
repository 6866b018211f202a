"""Files beside the database: a local folder by default, an S3-compatible bucket by settings.

A file is written whole or not at all, under a name that nobody can guess.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_urlsafe
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import obstore
from obstore.store import LocalStore, MemoryStore, S3Store

from qpvmap.core.photos import Picture, Size
from qpvmap.settings import Settings

if TYPE_CHECKING:
    from obstore.store import S3Config

PHOTOS = "photos"
DOCUMENTS = "documents"
KEY_BYTES = 24
PATIENCE = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that is there: its name, and when it was written."""

    path: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Files:
    """A file store; `folder` is where a local one lies."""

    store: LocalStore | MemoryStore | S3Store
    folder: Path | None = None

    def put(self, path: str, content: bytes) -> None:
        """Write a file; whoever reads meanwhile sees the former one or none."""
        obstore.put(self.store, path, content)

    def get(self, path: str) -> bytes | None:
        """Return what a file holds, or None when there is no such file."""
        try:
            return bytes(obstore.get(self.store, path).bytes())
        except FileNotFoundError:
            return None

    def delete(self, path: str) -> None:
        """Remove a file for good; nothing happens when it is gone already."""
        with suppress(FileNotFoundError):
            obstore.delete(self.store, path)

    def listed(self, folder: str) -> Iterator[StoredFile]:
        """Yield every whole file of a folder."""
        for batch in obstore.list(self.store, prefix=folder):
            for meta in batch:
                yield StoredFile(meta["path"], meta["last_modified"])

    def remove_unfinished(self, folder: str, before: datetime) -> int:
        """Remove what a local write left when it was cut short, and return how many there were.

        A bucket has none: what is not sent whole is not there.
        """
        if self.folder is None:
            return 0
        left = [path for path in (self.folder / folder).glob("*#*") if _written(path) < before]
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)


def _written(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def open_files(settings: Settings) -> Files:
    """Return the file store that `settings` describe; nothing is asked of it yet."""
    if settings.files_url is None:
        folder = settings.var_dir / "files"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Files(LocalStore(prefix=folder), folder)
    address = urlsplit(settings.files_url)
    return Files(
        S3Store(
            address.netloc,
            prefix=address.path.strip("/") or None,
            config=_s3_config(settings),
            client_options={
                "timeout": PATIENCE,
                "allow_http": (settings.files_endpoint or "").startswith("http://"),
            },
        )
    )


def _s3_config(settings: Settings) -> "S3Config":
    config: S3Config = {"region": settings.files_region}
    if settings.files_endpoint:
        config["endpoint"] = settings.files_endpoint
    if settings.files_access_key and settings.files_secret_key:
        config["access_key_id"] = settings.files_access_key.get_secret_value()
        config["secret_access_key"] = settings.files_secret_key.get_secret_value()
    return config


def new_key() -> str:
    """Return the name of a photo to be kept."""
    return token_urlsafe(KEY_BYTES)


def photo_path(key: str, size: Size) -> str:
    """Return where a size of a photo lies."""
    return f"{PHOTOS}/{key}.{size}.webp"


def key_of(path: str) -> str:
    """Return the name of the photo that a file is a size of."""
    return path.removeprefix(f"{PHOTOS}/").partition(".")[0]


def put_photo(files: Files, key: str, picture: Picture) -> None:
    """Write both sizes of a photo."""
    files.put(photo_path(key, Size.FULL), picture.full)
    files.put(photo_path(key, Size.THUMBNAIL), picture.thumbnail)


def delete_photo(files: Files, key: str) -> None:
    """Remove both sizes of a photo for good."""
    for size in Size:
        files.delete(photo_path(key, size))


def document_path(key: str) -> str:
    """Return where a document of an operation lies."""
    return f"{DOCUMENTS}/{key}"
