"""Probes for a supervisor: the process answers; the database answers and is up to date."""

from functools import cache

from flask import Blueprint, Response
from sqlalchemy.exc import SQLAlchemyError

from qpvmap.storage.migrate import current_revision, head_revision
from qpvmap.web.runtime import runtime
from qpvmap.web.security import public

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@public
def alive() -> Response:
    """Say that the process answers."""
    return _plain("ok\n")


@bp.get("/readyz")
@public
def ready() -> Response:
    """Say whether pages can be served, and if not why."""
    try:
        revision = current_revision(runtime().engine)
    except SQLAlchemyError:
        return _plain("database unreachable\n", 503)
    if revision != _expected_revision():
        return _plain("database not migrated: run qpvmap db upgrade\n", 503)
    return _plain("ready\n")


@cache
def _expected_revision() -> str | None:
    return head_revision()


def _plain(text: str, status: int = 200) -> Response:
    return Response(text, status, mimetype="text/plain", headers={"Cache-Control": "no-store"})
