"""Engine and transactions. A transaction is opened by the door and by nobody else."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session


def make_engine(url: str, *, pool_size: int = 5, application_name: str = "qpvmap") -> Engine:
    """Return an engine on `url`.

    A statement that takes over 30 s is cut by the server, so that one bad question cannot
    hold a connection of the small pool for ever. None is compiled (`jit`): for questions that take
    some milliseconds, that took longer than the question. An error names the statement without its
    values, which are people's words and addresses: it ends in the log.
    """
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            "application_name": application_name,
            "options": "-c statement_timeout=30s -c timezone=UTC -c jit=off",
        },
    )


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """Give a session whose transaction commits when the block ends and rolls back on an error."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session
