"""What is looked at every few minutes: the teams' hours, their promises, the followers' hour.

Each statement takes what it sends under a key: a second worker, or a second run, finds nothing.
The instant is the one that the queue planned, so that a late worker tells what was due then.
"""

from collections.abc import Callable
from datetime import UTC, datetime

import structlog
from procrastinate import JobContext
from sqlalchemy.orm import Session

from qpvmap.jobs.app import APP, engine_of
from qpvmap.storage.session import transaction
from qpvmap.usecases.alerts import send_alerts
from qpvmap.usecases.digests import send_digests
from qpvmap.usecases.reminders import send_reminders

log = structlog.get_logger()


def _run(
    context: JobContext, timestamp: int, what: str, send: Callable[[Session, datetime], int]
) -> None:
    with transaction(engine_of(context)) as session:
        count = send(session, datetime.fromtimestamp(timestamp, UTC))
    if count:
        log.info(what, count=count)


@APP.periodic(cron="*/2 * * * *")
@APP.task(name="team_digests", queueing_lock="team_digests", pass_context=True)
def team_digests(context: JobContext, timestamp: int) -> None:
    """Post the digests of the teams whose hour has come."""
    _run(context, timestamp, "digests_posted", send_digests)


@APP.periodic(cron="*/3 * * * *")
@APP.task(name="team_reminders", queueing_lock="team_reminders", pass_context=True)
def team_reminders(context: JobContext, timestamp: int) -> None:
    """Post the reminders of promises that are near, past, or twice past."""
    _run(context, timestamp, "reminders_posted", send_reminders)


@APP.periodic(cron="*/10 * * * *")
@APP.task(name="follow_alerts", queueing_lock="follow_alerts", pass_context=True)
def follow_alerts(context: JobContext, timestamp: int) -> None:
    """Post the daily alerts of those who follow something."""
    _run(context, timestamp, "alerts_posted", send_alerts)
