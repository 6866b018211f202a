"""The background jobs' queue: tasks are declared on `APP`, `run_worker` runs them.

A task may run twice (its worker was killed before it said "done"): each must bear it.
"""

from typing import Any

from procrastinate import App, JobContext, PsycopgConnector
from sqlalchemy import Engine

from qpvmap.jobs import logs
from qpvmap.settings import Settings
from qpvmap.storage.queue import libpq_conninfo
from qpvmap.storage.session import make_engine

CONCURRENCY = 4
POLL_S = 5.0
STOP_PATIENCE_S = 10.0

APP = App(
    connector=PsycopgConnector(),
    import_paths=[
        "qpvmap.jobs.coverage",
        "qpvmap.jobs.equipment_lists",
        "qpvmap.jobs.mail",
        "qpvmap.jobs.notices",
        "qpvmap.jobs.guide",
        "qpvmap.jobs.housekeeping",
        "qpvmap.jobs.photos",
        "qpvmap.jobs.teams",
    ],
)


def run_worker(settings: Settings, **options: Any) -> None:
    """Run jobs until SIGTERM or Ctrl-C; those under way are finished first.

    Parameters
    ----------
    settings : Settings
        Its `database_url` must be set; tasks find it all under `context.additional_context`,
        beside one engine for those that run often.
    **options
        Further options of Procrastinate's worker, for tests.

    Raises
    ------
    ValueError
        If there is no `database_url`.
    """
    if settings.database_url is None:
        raise ValueError("a worker needs a database address")
    logs.configure(settings.log_level)
    connector = PsycopgConnector(conninfo=libpq_conninfo(settings.database_url))
    engine = make_engine(settings.database_url, pool_size=CONCURRENCY)
    try:
        with APP.replace_connector(connector) as app:
            app.run_worker(
                **{
                    "name": "qpvmap",
                    "concurrency": CONCURRENCY,
                    "fetch_job_polling_interval": POLL_S,
                    "shutdown_graceful_timeout": STOP_PATIENCE_S,
                    "delete_jobs": "successful",
                    "additional_context": {"settings": settings, "engine": engine},
                    **options,
                }
            )
    finally:
        engine.dispose()


def settings_of(context: JobContext) -> Settings:
    """Return the settings of the worker that runs a task."""
    settings: Settings = context.additional_context["settings"]
    return settings


def engine_of(context: JobContext) -> Engine:
    """Return the worker's own engine."""
    engine: Engine = context.additional_context["engine"]
    return engine
