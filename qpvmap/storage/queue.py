"""Jobs enqueued in the caller's transaction: unseen before it commits, gone if it rolls back."""

from datetime import datetime
from typing import Any

from procrastinate import App, SyncPsycopgConnector
from psycopg.conninfo import make_conninfo
from sqlalchemy import URL, Engine, make_url, text
from sqlalchemy.orm import Session

QUEUE = App(connector=SyncPsycopgConnector())
"""Names jobs and writes them on the caller's connection; never opened, it knows no task."""


def enqueue(
    session: Session, task_name: str, *, not_before: datetime | None = None, **arguments: Any
) -> int:
    """Ask for a job in the transaction of `session` and return its number.

    Parameters
    ----------
    session : Session
        The job is there when its transaction commits.
    task_name : str
        Name of a task of `jobs`, such as "send_mail".
    not_before : datetime, optional
        When it may begin; as soon as a worker is free without it.
    **arguments
        What JSON can hold; no people's words that a row could give at the time of the job.
    """
    connection = session.connection().connection.driver_connection
    return QUEUE.configure_task(task_name, connection=connection, schedule_at=not_before).defer(
        **arguments
    )


def libpq_conninfo(url: str | URL) -> str:
    """Return a SQLAlchemy address as libpq writes it; several hosts stay several."""
    parsed = make_url(url)
    _, parameters = parsed.get_dialect()().create_connect_args(parsed)
    return make_conninfo(**parameters)


def apply_queue_schema(engine: Engine) -> None:
    """Create the job queue's tables, unless they are there already."""
    with engine.connect() as connection:
        present = connection.scalar(text("select to_regclass('procrastinate_jobs')"))
    if present is None:
        conninfo = libpq_conninfo(engine.url)
        with App(connector=SyncPsycopgConnector(conninfo=conninfo)).open() as app:
            app.schema_manager.apply_schema()
