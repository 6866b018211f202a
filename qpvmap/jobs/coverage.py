"""Every few minutes, reckon again the walks of the territories whose data changed."""

from datetime import UTC, datetime

import structlog
from procrastinate import JobContext

from qpvmap.jobs.app import APP, engine_of
from qpvmap.storage.coverage_runs import stale_territories
from qpvmap.storage.session import transaction

log = structlog.get_logger()


@APP.periodic(cron="*/5 * * * *")
@APP.task(name="reckon_walks", queueing_lock="reckon_walks", pass_context=True)
def reckon_walks(context: JobContext, timestamp: int) -> None:
    """Reckon each in its own transaction: one that fails does not stop the others.

    The libraries of the graph are loaded when there is something to reckon.
    """
    engine = engine_of(context)
    with transaction(engine) as session:
        stale = stale_territories(session)
    if not stale:
        return
    from qpvmap.usecases.coverage import reckon

    for territory_id in stale:
        try:
            with transaction(engine) as session:
                found = reckon(session, territory_id, datetime.now(UTC))
        except Exception:  # the worker's edge: one territory does not stop the others
            log.exception("walks_not_reckoned", territory_id=territory_id)
        else:
            log.info("walks_reckoned", territory_id=territory_id, points=found.points)
