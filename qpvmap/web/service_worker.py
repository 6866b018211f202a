"""`/sw.js`: the service worker, at the root so that it sees to the whole site."""

from flask import Blueprint, Response, abort, send_from_directory

from qpvmap.resources import PACKAGE, static_manifest
from qpvmap.web.security import public

bp = Blueprint("service_worker", __name__)


@bp.get("/sw.js")
@public
def script() -> Response:
    """Return the script of the present build; a browser asks again each time, and is told 304."""
    name = static_manifest().get("sw.js")
    if name is None:
        abort(404)
    response = send_from_directory(PACKAGE / "static" / "dist", name, mimetype="text/javascript")
    response.headers["Service-Worker-Allowed"] = "/"
    response.headers["Cache-Control"] = "no-cache"
    return response
