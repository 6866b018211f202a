"""The blueprint of version 1: what holds for each of its routes. A module per noun fills it."""

from apiflask import APIBlueprint
from flask import Response, request
from werkzeug.exceptions import HTTPException, NotFound

from qpvmap.api import reading  # noqa: F401 (replaces APIFlask's reader before any view uses it)
from qpvmap.api.problems import InvalidRequest, problem_of, problem_of_http, problem_of_invalid
from qpvmap.core.errors import QpvmapError
from qpvmap.web.runtime import runtime

PREFIX = "/api/v1"

v1 = APIBlueprint("v1", __name__, url_prefix=PREFIX)
v1.register_error_handler(QpvmapError, problem_of)
v1.register_error_handler(InvalidRequest, problem_of_invalid)
v1.register_error_handler(HTTPException, problem_of_http)


@v1.before_request
def refuse_nul() -> None:
    """Find nothing at an address that PostgreSQL could not even compare."""
    if "\x00" in request.path:
        raise NotFound


@v1.after_request
def vary(response: Response) -> Response:
    """Tell caches that an answer depends on who asks."""
    response.vary.add("Authorization")
    return response


def territory_code() -> str:
    """Return the code of the territory that this installation serves."""
    return runtime().settings.territory
