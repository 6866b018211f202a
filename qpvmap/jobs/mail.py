"""One e-mail, sent by SMTP; without a server it is written to var/outbox, to be read there."""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from procrastinate import JobContext, RetryStrategy

from qpvmap.jobs.app import APP, settings_of
from qpvmap.settings import Settings

PATIENCE_S = 20.0
RETRY = RetryStrategy(max_attempts=6, exponential_wait=4)
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


class UnsafeMailServer(Exception):
    """The mail server would have the password sent in clear."""


@APP.task(name="send_mail", retry=RETRY, pass_context=True)
def send_mail(context: JobContext, to: str, subject: str, text: str) -> None:
    """Send one e-mail; tried again for an hour and a half when the server is away."""
    settings = settings_of(context)
    message = compose(settings, to=to, subject=subject, text=text, job_id=context.job.id or 0)
    if settings.smtp_url is None:
        keep(message, settings.var_dir / "outbox", context.job.id or 0)
    else:
        deliver(message, settings.smtp_url.get_secret_value())


def compose(settings: Settings, *, to: str, subject: str, text: str, job_id: int) -> EmailMessage:
    """Return the message. A second try of the same job bears the same Message-ID."""
    domain = parseaddr(settings.mail_from)[1].rpartition("@")[2] or "localhost"
    message = EmailMessage()
    message["From"] = settings.mail_from
    message["To"] = to
    message["Subject"] = subject
    message["Message-ID"] = f"<job-{job_id}.qpvmap@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message


def keep(message: EmailMessage, folder: Path, job_id: int) -> None:
    """Write the message to `folder`, readable by the site's own user alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{job_id:08d}.eml"
    path.touch(mode=0o600)
    path.write_bytes(message.as_bytes())


def deliver(message: EmailMessage, smtp_url: str) -> None:
    """Hand the message to the server of `smtp_url`: smtp (STARTTLS when offered) or smtps.

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
        server.send_message(message)


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
