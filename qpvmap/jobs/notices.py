"""Tell people: a line of a journal becomes notices, and each notice is delivered once.

What happens when a worker is killed in the middle is told in docs/adr/0013.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from procrastinate import JobContext, RetryStrategy
from sqlalchemy import Engine

from qpvmap.core.notices import Channel
from qpvmap.core.workflow import Party
from qpvmap.jobs.app import APP, engine_of, settings_of
from qpvmap.jobs.letters import message_of
from qpvmap.jobs.mail import keep
from qpvmap.jobs.push import Gone, PushRefused, Sealed, send
from qpvmap.jobs.smtp import Doubtful, NotNow, Refused, Superseded, connected, hand_over
from qpvmap.settings import Settings
from qpvmap.storage.letters import still_told
from qpvmap.storage.models import Notice
from qpvmap.storage.notices import Turn
from qpvmap.storage.session import transaction
from qpvmap.usecases.notices import (
    DELIVER,
    MAYBE_SENT,
    cancel,
    find_lost,
    hand,
    mark_failed,
    mark_sent,
    put_back,
    take_up,
)
from qpvmap.usecases.push import device_by_key, forget_device
from qpvmap.usecases.team_push import message_of as message_for_browser
from qpvmap.usecases.telling import TELL, tell

log = structlog.get_logger()

TELL_AGAIN = RetryStrategy(max_attempts=8, exponential_wait=3)
SEND_AGAIN = RetryStrategy(max_attempts=7, exponential_wait=4)
"""4 s, 16 s… the last after four hours and a half: a server that greylists, or is mended."""
SERVERS = {Channel.MAIL: "le serveur de courriel", Channel.PUSH: "le service de notification"}
NOT_WANTED = "La personne ne veut plus de courriels, ou il n’y a plus rien à dire."


@dataclass(frozen=True, slots=True)
class Delivery:
    """A notice that this worker has taken up, and how to say how far it went."""

    settings: Settings
    engine: Engine
    notice: Notice

    @property
    def turn(self) -> Turn:
        """Which attempt it is: what another takes up meanwhile is no longer ours."""
        return Turn(self.notice.id, self.notice.attempts)

    def last_byte_leaves(self) -> bool:
        """Commit that it may be received from now on; False when it is no longer ours."""
        with transaction(self.engine) as session:
            return hand(session, self.turn)


@APP.task(name=TELL, retry=TELL_AGAIN, pass_context=True)
def tell_event(
    context: JobContext,
    event_id: int,
    contact_id: int | None = None,
    parties: Sequence[str] = tuple(Party),
) -> None:
    """Post the notices of a line of a journal to some parties."""
    with transaction(engine_of(context)) as session:
        tell(session, event_id, contact_id, datetime.now(UTC), parties)


@APP.task(name=DELIVER, retry=SEND_AGAIN, pass_context=True)
def deliver_notice(context: JobContext, notice_id: int) -> None:
    """Deliver a notice by its channel; what the server refuses for the moment is tried again."""
    engine = engine_of(context)
    with transaction(engine) as session:
        notice = take_up(session, notice_id)
    if notice is None:
        return
    delivery = Delivery(settings_of(context), engine, notice)
    try:
        sent = CARRIERS[Channel(notice.channel)](delivery)
    except Superseded:
        log.warning("notice_superseded", notice=notice.id)
    except Refused as refused:
        fail(delivery, f"Refusé par {SERVERS[Channel(notice.channel)]} : {refused}")
    except Doubtful:
        fail(delivery, MAYBE_SENT, in_doubt=True)
    except Exception as error:  # the worker's edge: whatever it is, the row says so
        if not try_later(context, delivery, error):
            return
        raise
    else:
        finish(delivery, sent=sent)


@APP.periodic(cron="*/10 * * * *")
@APP.task(name="find_lost_notices", queueing_lock="find_lost_notices", pass_context=True)
def find_lost_notices(context: JobContext, timestamp: int) -> None:
    """Deliver what was posted and has no job left: whatever happened to the queue."""
    with transaction(engine_of(context)) as session:
        found = find_lost(session, datetime.now(UTC))
    if found:
        log.warning("notices_found_without_a_job", count=found)


def finish(delivery: Delivery, *, sent: bool) -> None:
    """Commit that it was accepted, or that nobody wants it any more."""
    with transaction(delivery.engine) as session:
        if sent:
            mark_sent(session, delivery.turn, datetime.now(UTC))
        else:
            cancel(session, delivery.turn, NOT_WANTED)


def fail(delivery: Delivery, reason: str, *, in_doubt: bool = False) -> None:
    """Commit that it will not be sent by itself."""
    with transaction(delivery.engine) as session:
        mark_failed(session, delivery.turn, reason, in_doubt=in_doubt)


def try_later(context: JobContext, delivery: Delivery, error: Exception) -> bool:
    """Commit why it could not be sent; return whether it will be tried again."""
    reason = reason_of(error, SERVERS[Channel(delivery.notice.channel)])
    if not isinstance(error, (NotNow, OSError)):
        log.exception("notice_not_written", notice=delivery.notice.id)
    later = SEND_AGAIN.get_retry_decision(exception=error, job=context.job) is not None
    with transaction(delivery.engine) as session:
        (put_back if later else mark_failed)(session, delivery.turn, reason)
    return later


def reason_of(error: Exception, server: str) -> str:
    """Return in French why a message could not be sent."""
    if isinstance(error, NotNow):
        return f"Refusé pour le moment par {server} : {error}"
    if isinstance(error, OSError):
        return f"{server[0].upper()}{server[1:]} ne répond pas ({type(error).__name__})."
    return f"Erreur de notre côté ({type(error).__name__})."


def carry_by_mail(delivery: Delivery) -> bool:
    """Send a notice by mail; without a server, keep it in the outbox. False when nobody wants it.

    Raises
    ------
    Refused, NotNow, Doubtful, Superseded, OSError
        As `hand_over` does.
    """
    settings, notice = delivery.settings, delivery.notice
    with transaction(delivery.engine) as session:
        wanted = still_told(session, notice)
        message = message_of(session, settings, notice, datetime.now(UTC)) if wanted else None
    if message is None:
        return False
    if settings.smtp_url is None:
        keep(message, settings.outbox_dir, f"{notice.id:08d}")
        return True
    with connected(settings.smtp_url.get_secret_value()) as server:
        hand_over(server, message, notice.address, delivery.last_byte_leaves)
    return True


def carry_by_push(delivery: Delivery) -> bool:
    """Send a notice to a browser; one that is gone is forgotten. False when nobody wants it.

    Raises
    ------
    Refused, Superseded, OSError
        As `jobs.push.send` does.
    """
    notice = delivery.notice
    with transaction(delivery.engine) as session:
        device = device_by_key(session, notice.account_id, notice.address)
        wanted = still_told(session, notice)
        message = message_for_browser(session, notice, datetime.now(UTC)) if wanted else None
    if device is None or message is None:
        return False
    if not delivery.last_byte_leaves():
        raise Superseded
    try:
        send(delivery.settings, Sealed(device.endpoint, device.p256dh, device.auth), message)
    except Gone:
        with transaction(delivery.engine) as session:
            forget_device(session, device.id)
        return False
    except PushRefused as refused:
        raise Refused(str(refused)) from refused
    return True


CARRIERS: Mapping[Channel, Callable[[Delivery], bool]] = {
    Channel.MAIL: carry_by_mail,
    Channel.PUSH: carry_by_push,
}
"""By channel; each says by exceptions what went wrong."""
