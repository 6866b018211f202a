"""The talk with a mail server, step by step, so that one always knows how far it went."""

import re
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import SMTP as ON_THE_WIRE
from email.utils import parseaddr
from urllib.parse import SplitResult, unquote, urlsplit

PATIENCE_S = 20.0
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
ACCEPTED = 250
GO_AHEAD = 354
END_OF_BODY = b".\r\n"


class UnsafeMailServer(Exception):
    """The mail server would have the password sent in clear."""


class Refused(Exception):
    """The server said no, for good: nobody got the message and nobody will."""


class NotNow(Exception):
    """The server said no for the moment: nobody got the message, it may be sent later."""


class Doubtful(Exception):
    """The last byte left and the answer did not come: somebody may have got the message."""


class Superseded(Exception):
    """Somebody else took the message up meanwhile: it is theirs to send."""


@contextmanager
def connected(smtp_url: str) -> Iterator[smtplib.SMTP]:
    """Give a session with the server of `smtp_url`: smtp (STARTTLS when offered) or smtps.

    Raises
    ------
    UnsafeMailServer
        If a password would go to another machine without encryption.
    OSError
        If the server does not answer, or refuses (`smtplib.SMTPException` is one of them).
    """
    address = urlsplit(smtp_url)
    with connect(address) as server:
        if address.username:
            require_safe(server, address)
            server.login(unquote(address.username), unquote(address.password or ""))
        yield server


def connect(address: SplitResult) -> smtplib.SMTP:
    """Return a connection to the server, encrypted whenever it can be."""
    host, tls = address.hostname or "localhost", ssl.create_default_context()
    if address.scheme == "smtps":
        return smtplib.SMTP_SSL(host, address.port or 465, timeout=PATIENCE_S, context=tls)
    server = smtplib.SMTP(host, address.port or 25, timeout=PATIENCE_S)
    server.ehlo()
    if server.has_extn("starttls"):
        server.starttls(context=tls)
    return server


def require_safe(server: smtplib.SMTP, address: SplitResult) -> None:
    """Refuse to send a password in clear to another machine."""
    encrypted = isinstance(server.sock, ssl.SSLSocket)
    if not encrypted and address.hostname not in LOCAL_HOSTS:
        raise UnsafeMailServer(f"{address.hostname} offers no STARTTLS: use smtps://")


def hand_over(
    server: smtplib.SMTP, message: EmailMessage, to: str, before_last_byte: Callable[[], bool]
) -> None:
    """Hand one message to the server.

    Parameters
    ----------
    before_last_byte
        Called once the whole body has left but the dot that ends it: until then the server has
        nothing that it could deliver. False gives the message up.

    Raises
    ------
    Refused, NotNow
        If the server refused it, for good or for the moment.
    Superseded
        If `before_last_byte` returned False.
    Doubtful
        If the answer to the last byte did not come.
    OSError
        If the connection broke before it.
    """
    server.ehlo_or_helo_if_needed()
    sender = parseaddr(message["From"])[1]
    _require(server.mail(sender), ACCEPTED)
    _require(server.rcpt(in_ascii(to)), ACCEPTED)
    _require(server.docmd("DATA"), GO_AHEAD)
    server.send(on_the_wire(message))
    if not before_last_byte():
        server.close()
        raise Superseded
    try:
        server.send(END_OF_BODY)
        answer = server.getreply()
    except OSError as error:
        raise Doubtful(type(error).__name__) from error
    _require(answer, ACCEPTED)


def on_the_wire(message: EmailMessage) -> bytes:
    """Return the body as it travels: CR LF, a dot doubled where it begins a line."""
    body = re.sub(rb"(?m)^\.", b"..", message.as_bytes(policy=ON_THE_WIRE))
    return body if body.endswith(b"\r\n") else body + b"\r\n"


def in_ascii(address: str) -> str:
    """Return an address whose domain any server understands.

    Raises
    ------
    Refused
        If what precedes the domain has letters that plain SMTP does not carry.
    """
    local, _, domain = address.rpartition("@")
    try:
        local.encode("ascii")
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        raise Refused("adresse avec des lettres accentuées") from None


def _require(answer: tuple[int, bytes], expected: int) -> None:
    code, words = answer
    if code == expected or (expected == ACCEPTED and code == 251):  # 251: it will forward it
        return
    said = f"{code} {words.decode('utf-8', 'replace')}"[:300]
    raise (Refused if 500 <= code < 600 else NotNow)(said)
