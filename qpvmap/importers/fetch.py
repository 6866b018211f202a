"""Downloading over a poor line: resumed where it was cut, checked, limited in size.

A file is written as NAME.part and takes its name when it is whole and its checksum is right.
What it came from is noted beside it (NAME.json), so that the next run asks only for news.
"""

import contextlib
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from qpvmap import __version__
from qpvmap.core.errors import QpvmapError

CHUNK = 65536
CHECKSUMS = {"sha256", "sha1", "md5"}
RETRIED = {408, 425, 429, 500, 502, 503, 504}
NOT_MODIFIED, PARTIAL, OUT_OF_RANGE = 304, 206, 416
USER_AGENT = f"qpvmap/{__version__} (open data import)"


class FetchFailed(QpvmapError):
    """A file could not be had; the French message says why."""


class ServiceUnreachable(FetchFailed):
    """The service does not answer: no network, or it is down."""


@dataclass(frozen=True)
class Limits:
    """How long and how much we are ready to take."""

    max_bytes: int = 600_000_000
    attempts: int = 4
    pause_s: float = 1.0
    timeout_s: float = 30.0


@dataclass(frozen=True)
class Checksum:
    """A digest that the producer publishes; an unknown algorithm proves nothing."""

    algorithm: str
    value: str

    def matches(self, path: Path) -> bool:
        """Return whether the file has this digest."""
        if self.algorithm not in CHECKSUMS:
            return True
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, self.algorithm).hexdigest() == self.value.lower()


Advance = Callable[[int, int], None]
"""Told how many bytes are here, and how many there will be (0 when unknown)."""


def quiet(_received: int, _total: int) -> None:
    """Show no progress."""


class Fetcher:
    """An HTTP client with our patience and limits. Close it, or use it in a `with`."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.client = httpx.Client(
            timeout=self.limits.timeout_s,
            follow_redirects=True,
            headers={"User-Agent": USER_AGENT},
        )

    def __enter__(self) -> "Fetcher":
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def json(self, url: str, params: Mapping[str, str] | None = None) -> Any:
        """Return the JSON found at an address.

        Raises
        ------
        FetchFailed
            If there is none.
        """
        response = self._patiently(lambda: self._answered(url, params), url)
        try:
            return response.json()
        except ValueError as error:
            raise FetchFailed(f"{_host(url)} n’a pas répondu en JSON.") from error

    def text(self, url: str, params: Mapping[str, str] | None = None) -> str:
        """Return the text found at an address.

        Raises
        ------
        FetchFailed
            If there is none.
        """
        text: str = self._patiently(lambda: self._answered(url, params), url).text
        return text

    def _answered(self, url: str, params: Mapping[str, str] | None) -> httpx.Response:
        response = self.client.get(url, params=dict(params or {}))
        _refuse(response)
        if len(response.content) > self.limits.max_bytes:
            raise FetchFailed(f"La réponse de {_host(url)} est trop grosse.")
        return response

    def download(
        self, url: str, path: Path, checksum: Checksum | None = None, advance: Advance = quiet
    ) -> Path:
        """Bring the file at `url` to `path`, resuming what an earlier run began.

        Raises
        ------
        ServiceUnreachable
            If the service does not answer after every attempt; what came is kept for next time.
        FetchFailed
            If the file is not there, is too big, or has not the checksum announced, twice.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        for _ in range(2):
            fresh = self._patiently(lambda: self._receive(url, path, advance), url)
            candidate = _part(path) if fresh else path
            if checksum is None or checksum.matches(candidate):
                return _keep(url, path) if fresh else path
            candidate.unlink()
            _note_path(path).unlink(missing_ok=True)
        raise FetchFailed(
            f"{path.name} n’a pas l’empreinte annoncée par le producteur : fichier écarté."
        )

    def _patiently(self, action: Callable[[], Any], url: str) -> Any:
        """Do `action` until it answers, waiting longer each time."""
        for attempt in range(self.limits.attempts):
            if attempt:
                time.sleep(self.limits.pause_s * 2 ** (attempt - 1))
            with contextlib.suppress(httpx.TransportError, _Later):
                return action()
        raise ServiceUnreachable(f"{_host(url)} ne répond pas. Vérifiez le réseau de ce serveur.")

    def _receive(self, url: str, path: Path, advance: Advance) -> bool:
        """Receive what is missing of a file; return False when the one we have is current."""
        part = _part(path)
        headers = _conditions(path, part, _note(path))
        with self.client.stream("GET", url, headers=headers) as response:
            if response.status_code == NOT_MODIFIED:
                return False
            resumed = response.status_code == PARTIAL
            if response.status_code == OUT_OF_RANGE or (resumed and not _follows(response, part)):
                part.unlink(missing_ok=True)
                raise _Later
            _refuse(response)
            _remember(path, part_etag=response.headers.get("ETag", ""))
            self._write(response, part, resumed, advance)
        return True

    def _write(self, response: httpx.Response, part: Path, resumed: bool, advance: Advance) -> None:
        received = part.stat().st_size if resumed else 0
        total = received + int(response.headers.get("Content-Length", 0))
        with part.open("ab" if resumed else "wb") as stream:
            for chunk in response.iter_raw(CHUNK):
                received += len(chunk)
                if max(received, total) > self.limits.max_bytes:
                    raise FetchFailed(
                        f"{part.stem} dépasse la taille admise : téléchargement arrêté."
                    )
                stream.write(chunk)
                advance(received, total)


class _Later(Exception):
    """Worth another attempt."""


def _host(url: str) -> str:
    return httpx.URL(url).host or url


def _refuse(response: httpx.Response) -> None:
    """Raise unless the answer is good: `_Later` where waiting may help."""
    if response.status_code in RETRIED:
        raise _Later
    if response.status_code >= 400:
        raise FetchFailed(
            f"{response.url.host} répond {response.status_code} : le fichier n’est plus à cette "
            "adresse, ou l’accès est refusé."
        )


def _follows(response: httpx.Response, part: Path) -> bool:
    """Return whether a partial answer begins where our file ends."""
    told = response.headers.get("Content-Range", "")
    return part.is_file() and told.startswith(f"bytes {part.stat().st_size}-")


def _part(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def _note_path(path: Path) -> Path:
    return path.with_name(path.name + ".json")


def _note(path: Path) -> dict[str, str]:
    """Return what is noted of an earlier download: address, ETag, checksum."""
    with contextlib.suppress(OSError, ValueError):
        noted: dict[str, str] = json.loads(_note_path(path).read_text(encoding="utf-8"))
        return noted
    return {}


def _remember(path: Path, **values: str) -> None:
    noted = _note(path) | values
    _note_path(path).write_text(json.dumps(noted, indent=1), encoding="utf-8")


def _conditions(path: Path, part: Path, known: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that ask for the rest of a file, or for a newer one than ours.

    Compression would make byte offsets meaningless, so it is declined.
    """
    headers = {"Accept-Encoding": "identity"}
    begun = known.get("part_etag", "")
    if part.is_file() and part.stat().st_size and begun:
        return headers | {"Range": f"bytes={part.stat().st_size}-", "If-Range": begun}
    etag = known.get("etag", "")
    whole = path.is_file() and etag and Checksum("sha256", known.get("sha256", "")).matches(path)
    return headers | {"If-None-Match": etag} if whole else headers


def _keep(url: str, path: Path) -> Path:
    """Give a finished download its name, and note its address and checksum."""
    _part(path).replace(path)
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    _remember(path, url=url, sha256=digest, etag=_note(path).get("part_etag", ""), part_etag="")
    return path
