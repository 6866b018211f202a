"""One e-mail of the accounts, sent by SMTP; without a server it is written to var/outbox."""

from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path

from procrastinate import JobContext, RetryStrategy

from qpvmap.jobs.app import APP, settings_of
from qpvmap.jobs.smtp import connected
from qpvmap.settings import Settings

RETRY = RetryStrategy(max_attempts=6, exponential_wait=4)


@APP.task(name="send_mail", retry=RETRY, pass_context=True)
def send_mail(context: JobContext, to: str, subject: str, text: str) -> None:
    """Send one e-mail; tried again for an hour and a half when the server is away."""
    settings = settings_of(context)
    job_id = context.job.id or 0
    message = addressed(settings, to=to, subject=subject, name=f"job-{job_id}")
    message.set_content(text)
    if settings.smtp_url is None:
        keep(message, settings.var_dir / "outbox", f"{job_id:08d}")
        return
    with connected(settings.smtp_url.get_secret_value()) as server:
        server.send_message(message)


def addressed(settings: Settings, *, to: str, subject: str, name: str) -> EmailMessage:
    """Return a message without its text. A second try of the same `name` is the same message."""
    message = EmailMessage()
    message["From"] = settings.mail_from
    message["To"] = to
    message["Subject"] = subject
    message["Message-ID"] = message_id(settings, name)
    message["Auto-Submitted"] = "auto-generated"
    return message


def message_id(settings: Settings, name: str) -> str:
    """Return the Message-ID of what is called `name` here."""
    domain = parseaddr(settings.mail_from)[1].rpartition("@")[2] or "localhost"
    return f"<{name}.qpvmap@{domain}>"


def keep(message: EmailMessage, folder: Path, name: str) -> None:
    """Write the message to `folder`, readable by the site's own user alone, whole or not at all."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path, part = folder / f"{name}.eml", folder / f".{name}.part"
    part.touch(mode=0o600)
    part.write_bytes(message.as_bytes())
    part.replace(path)
