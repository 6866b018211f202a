"""What the queue does by itself: take up jobs whose worker died, forget what need not be kept."""

from datetime import UTC, datetime

from procrastinate import JobContext

from qpvmap.jobs.app import APP, engine_of, settings_of
from qpvmap.storage.operations import measure_plans
from qpvmap.storage.session import make_engine, transaction
from qpvmap.usecases.equipment_lists import forget_old_lists
from qpvmap.usecases.operation_import import forget_old_imports
from qpvmap.usecases.presence_upkeep import close_forgotten_rounds, forget_names
from qpvmap.usecases.throttling import forget_old_attempts


@APP.periodic(cron="*/1 * * * *")
@APP.task(name="rescue", queueing_lock="rescue", pass_context=True)
async def rescue(context: JobContext, timestamp: int) -> None:
    """Put back in the queue the jobs whose worker no longer gives a sign of life."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs():
        await manager.retry_job(job)


@APP.periodic(cron="17 3 * * *")
@APP.task(name="forget_attempts", queueing_lock="forget_attempts", pass_context=True)
def forget_attempts(context: JobContext, timestamp: int) -> None:
    """Remove old counts of attempts, and old workbooks; measure the plans that need to be."""
    engine = make_engine(str(settings_of(context).database_url), pool_size=1)
    try:
        with transaction(engine) as session:
            forget_old_attempts(session, datetime.now(UTC))
            forget_old_imports(session, datetime.now(UTC))
            measure_plans(session)
            forget_old_lists(session, datetime.now(UTC))
    finally:
        engine.dispose()


@APP.periodic(cron="*/15 * * * *")
@APP.task(name="close_forgotten_rounds", queueing_lock="close_forgotten_rounds", pass_context=True)
def close_forgotten(context: JobContext, timestamp: int) -> None:
    """Close the mediators' rounds that nobody ended."""
    with transaction(engine_of(context)) as session:
        close_forgotten_rounds(session, datetime.now(UTC))


@APP.periodic(cron="29 3 * * *")
@APP.task(name="forget_round_names", queueing_lock="forget_round_names", pass_context=True)
def forget_round_names(context: JobContext, timestamp: int) -> None:
    """Take the names off the rounds that are older than their territory keeps them."""
    with transaction(engine_of(context)) as session:
        forget_names(session, datetime.now(UTC))
