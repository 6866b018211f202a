"""One message to one browser, sealed for it and signed by this site (RFC 8030, 8291, 8292)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any

from qpvmap.settings import Settings
from qpvmap.vapid import private_key_path

TIME_TO_LIVE_S = 24 * 3600
PATIENCE_S = 20.0
GONE = frozenset({404, 410})
REFUSED = frozenset({400, 401, 403, 413})


class Gone(Exception):
    """The browser is told no more: its address is to be forgotten."""


class PushRefused(Exception):
    """The push service said no, for good."""


class PushNotNow(OSError):
    """The push service did not answer, or asks to come back later."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """Where a message goes, and the keys that seal it."""

    endpoint: str
    p256dh: str
    auth: str


def send(settings: Settings, to: Sealed, message: Mapping[str, Any]) -> None:
    """Hand a message to the push service of a browser.

    Raises
    ------
    Gone
        If the browser is told no more (404, 410).
    PushRefused, PushNotNow
        If the service refused it, for good or for the moment.
    """
    import requests
    from pywebpush import (  # type: ignore[import-untyped]  # published without types
        WebPushException,
        webpush,
    )

    with requests.Session() as client:
        client.max_redirects = 0
        try:
            webpush(
                {"endpoint": to.endpoint, "keys": {"p256dh": to.p256dh, "auth": to.auth}},
                json.dumps(message, ensure_ascii=False),
                vapid_private_key=str(private_key_path(settings)),
                vapid_claims={"sub": f"mailto:{parseaddr(settings.mail_from)[1]}"},
                ttl=TIME_TO_LIVE_S,
                timeout=PATIENCE_S,
                headers={"Urgency": "normal"},
                requests_session=client,
            )
        except WebPushException as error:
            raise _cause(error.response.status_code if error.response is not None else 0) from error
        except requests.RequestException as error:
            raise PushNotNow(type(error).__name__) from error


def _cause(status: int) -> Exception:
    """Return what an answer of a push service means."""
    if status in GONE:
        return Gone(str(status))
    return (PushRefused if status in REFUSED else PushNotNow)(str(status))
