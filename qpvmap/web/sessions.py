"""The database session of a request: opened when first asked for, closed when it ends.

There is one of them, so a request never waits for a second connection while it holds a first.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, Protocol

from flask import Flask, g, stream_with_context
from sqlalchemy.orm import Session

from qpvmap.web.runtime import runtime


def request_session() -> Session:
    """Return this request's session. What is written through it is lost unless committed."""
    if "session" not in g:
        g.session = Session(runtime().engine, expire_on_commit=False)
    session: Session = g.session
    return session


@contextmanager
def unit_of_work() -> Iterator[Session]:
    """Give this request's session for writing: commit when the block ends, undo on an error."""
    session = request_session()
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise


class Parts(Protocol):
    """What yields an answer bit by bit, and lets go of what it reads when closed."""

    def __iter__(self) -> Iterator[Any]:
        """Yield the next bits."""

    def close(self) -> object:
        """Let go of what is read."""


def sent_as_made(parts: Parts) -> Iterator[Any]:
    """Yield the parts of an answer while they are read, in this request's session.

    The request has ended by then, and its session with it: what reads on opens it again, so it is
    closed here, and `parts` too, whether the answer was read to its end or given up.
    """
    session = request_session()

    def sending() -> Iterator[Any]:
        with closing(session), closing(parts):
            yield from parts

    return stream_with_context(sending())


def close_session(_error: BaseException | None = None) -> None:
    """Give the connection back and forget what was not committed."""
    session: Session | None = g.pop("session", None)
    if session is not None:
        session.close()


def init_app(app: Flask) -> None:
    """Close the session at the end of each request."""
    app.teardown_appcontext(close_session)
