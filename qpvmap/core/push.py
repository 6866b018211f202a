"""Which addresses are those of a push service, and what a browser gives to be told there."""

import re
from base64 import urlsafe_b64decode
from binascii import Error as BadBase64
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from qpvmap.core.errors import InvalidSubmission

SERVICES = (
    "fcm.googleapis.com",
    "jmt17.google.com",
    "updates.push.services.mozilla.com",
    "push.services.mozilla.com",
    "web.push.apple.com",
    "push.apple.com",
    "notify.windows.com",
)
"""Push services of Chrome, Firefox, Safari and Edge, themselves or a name under them.

A browser says where to send: any other address would make this server knock at any door.
"""

MAX_DEVICES = 10
ENDPOINT_MAX, LABEL_MAX = 1024, 60
KEY_BYTES, SECRET_BYTES = 65, 16
REFUSED = "Ce navigateur a donné une adresse de notification que ce site ne connaît pas."

BROWSERS = (
    ("Edge", r"\bEdgA?/"),
    ("Firefox", r"\b(Firefox|FxiOS)/"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Chrome", r"\b(Chrome|Chromium|CriOS)/"),
    ("Safari", r"\bSafari/"),
)
SYSTEMS = (
    ("Android", r"\bAndroid\b"),
    ("iPhone ou iPad", r"\b(iPhone|iPad)\b"),
    ("Windows", r"\bWindows\b"),
    ("Mac", r"\bMacintosh\b"),
    ("Linux", r"\bLinux\b"),
)


@dataclass(frozen=True, slots=True)
class Device:
    """Where a browser is told, and the keys that its messages are sealed with (base64url)."""

    endpoint: str
    p256dh: str
    auth: str
    label: str = ""


def is_push_service(endpoint: str) -> bool:
    """Return whether an address is one of a known push service, over TLS and on its usual port."""
    try:
        address = urlsplit(endpoint)
        host, port = (address.hostname or "").lower(), address.port
    except ValueError:
        return False
    return (
        address.scheme == "https"
        and port in (None, 443)
        and not address.username
        and len(endpoint) <= ENDPOINT_MAX
        and any(host == known or host.endswith(f".{known}") for known in SERVICES)
    )


def parse_device(sent: Mapping[str, object], user_agent: str) -> Device:
    """Return the device that a browser described.

    Raises
    ------
    InvalidSubmission
        If its address is not one of a push service, or its keys are none.
    """
    endpoint, p256dh, auth = (str(sent.get(name, "")) for name in ("endpoint", "p256dh", "auth"))
    keys_fit = _length(p256dh) == KEY_BYTES and _length(auth) == SECRET_BYTES
    if not keys_fit or not is_push_service(endpoint):
        raise InvalidSubmission({"form": REFUSED})
    return Device(endpoint, p256dh, auth, device_label(user_agent))


def device_label(user_agent: str) -> str:
    """Return how a person would call a browser: `Firefox sur Android`."""
    browser = next((name for name, sign in BROWSERS if re.search(sign, user_agent)), "Navigateur")
    system = next((name for name, sign in SYSTEMS if re.search(sign, user_agent)), "")
    return f"{browser} sur {system}" if system else browser


def _length(text: str) -> int:
    """Return how many bytes a base64url text holds; -1 when it is none."""
    try:
        return len(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (BadBase64, ValueError):
        return -1
