"""Web push for real: a push service of our own that unseals what it gets and checks who signed."""

import json
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

from qpvmap.jobs.push import Gone, PushNotNow, PushRefused, Sealed, send
from qpvmap.settings import Settings
from qpvmap.usecases.push import push_message
from qpvmap.vapid import private_key_path, public_key


def base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


class PushService(ThreadingHTTPServer):
    """A push service and the one browser that it serves."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = 201
        self.gone: set[str] = set()
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.private_key = ec.generate_private_key(ec.SECP256R1())
        self.secret = b"sixteen bytes 16"

    @property
    def sealed(self) -> Sealed:
        """What the browser would have given to the site."""
        point = self.private_key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        url = f"http://127.0.0.1:{self.server_port}/push/un-navigateur"
        return Sealed(url, base64url(point), base64url(self.secret))

    def unseal(self, body: bytes) -> Any:
        """Return the message, as the browser reads it."""
        plain = http_ece.decrypt(
            body, private_key=self.private_key, auth_secret=self.secret, version="aes128gcm"
        )
        return json.loads(plain)


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        service = self.server
        assert isinstance(service, PushService)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        named = {name.lower(): value for name, value in self.headers.items()}
        service.received.append((named | {"path": self.path}, body))
        gone = any(self.path.endswith(name) for name in service.gone)
        self.send_response(410 if gone else service.answer)
        if service.answer == 302:
            self.send_header("Location", "http://127.0.0.1:1/ailleurs")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Stay silent."""


@pytest.fixture
def service() -> Iterator[PushService]:
    running = PushService()
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield running
    running.shutdown()
    running.server_close()
    thread.join()


@pytest.fixture
def site(tmp_path: Path) -> Settings:
    return Settings(var_dir=tmp_path / "var", mail_from="Carte <carte@exemple.fr>")


def claims(token: str) -> Any:
    body = token.split(".")[1]
    return json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def test_push_when_sent_then_only_the_browser_reads_it_and_the_site_signed_it(
    service: PushService, site: Settings
) -> None:
    message = push_message("BL-2028-0007", "Pris en charge", confidential=False)
    send(site, service.sealed, message)
    [(headers, body)] = service.received
    assert service.unseal(body) == message
    assert b"BL-2028-0007" not in body
    assert headers["content-encoding"] == "aes128gcm"
    assert int(headers["ttl"]) == 24 * 3600
    authorization = headers["authorization"]
    assert Vapid02.verify(authorization)
    parts = dict(part.split("=", 1) for part in authorization.removeprefix("vapid ").split(","))
    assert parts["k"].rstrip("=") == public_key(site)
    said = claims(parts["t"])
    assert said["sub"] == "mailto:carte@exemple.fr"
    assert said["aud"] == f"http://127.0.0.1:{service.server_port}"


def test_push_when_confidential_then_says_that_there_is_something_and_no_more(
    service: PushService, site: Settings
) -> None:
    send(site, service.sealed, push_message("BLT-2028-0001", "En cours", confidential=True))
    told = service.unseal(service.received[0][1])
    assert (told["title"], told["body"]) == (
        "Signalement confidentiel",
        "Ouvrez-le pour en savoir plus.",
    )
    assert len(service.received[0][1]) < 1024


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (404, Gone),
        (410, Gone),
        (403, PushRefused),
        (413, PushRefused),
        (429, PushNotNow),
        (500, PushNotNow),
        (302, PushNotNow),
    ],
)
def test_push_when_refused_then_says_for_how_long(
    service: PushService, site: Settings, answer: int, cause: type[Exception]
) -> None:
    service.answer = answer
    with pytest.raises(cause):
        send(site, service.sealed, {"title": "x"})


def test_push_when_nobody_answers_then_is_for_later(site: Settings, service: PushService) -> None:
    sealed = Sealed("http://127.0.0.1:1/x", service.sealed.p256dh, service.sealed.auth)
    with pytest.raises(PushNotNow):
        send(site, sealed, {"title": "x"})


def test_keys_when_made_then_are_kept_for_their_owner_alone(site: Settings) -> None:
    key = public_key(site)
    path = private_key_path(site)
    assert public_key(site) == key
    assert path.stat().st_mode & 0o077 == 0
    assert len(urlsafe_b64decode(key + "=")) == 65
