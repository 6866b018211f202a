"""The database session of a request: opened when first asked for, closed when it ends.

There is one of them, so a request never waits for a second connection while it holds a first.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, g
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


def close_session(_error: BaseException | None = None) -> None:
    """Give the connection back and forget what was not committed."""
    session: Session | None = g.pop("session", None)
    if session is not None:
        session.close()


def init_app(app: Flask) -> None:
    """Close the session at the end of each request."""
    app.teardown_appcontext(close_session)
