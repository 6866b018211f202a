"""The database of a command: the configured server, else the embedded cluster while it lasts."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from qpvmap.settings import Settings
from qpvmap.storage import cluster
from qpvmap.storage.migrate import current_revision, head_revision
from qpvmap.storage.session import make_engine, transaction


@contextmanager
def database(settings: Settings, progress: cluster.Progress | None = None) -> Iterator[Settings]:
    """Yield settings whose `database_url` answers.

    Without one, the embedded cluster is started, and stopped on leaving unless somebody else
    (a server, another command) uses it.
    """
    if settings.database_url is not None:
        yield settings
        return
    with cluster.in_use(settings.var_dir, progress=progress) as url:
        yield settings.model_copy(update={"database_url": url})


@contextmanager
def command_engine() -> Iterator[tuple[Engine, Settings]]:
    """Yield an engine for a command, and the settings it was made from."""
    with database(Settings()) as settings:
        engine = make_engine(str(settings.database_url), pool_size=2)
        try:
            yield engine, settings
        finally:
            engine.dispose()


@contextmanager
def command_transaction() -> Iterator[tuple[Session, Settings]]:
    """Yield the one transaction of a command: committed at the end, rolled back on an error.

    Raises
    ------
    click.ClickException
        If the database has not been brought to the present schema.
    """
    with command_engine() as (engine, settings):
        if current_revision(engine) != head_revision():
            raise click.ClickException(
                "La base de données n’est pas à jour. Lancez d’abord : qpvmap db upgrade"
            )
        with transaction(engine) as session:
            yield session, settings
