"""`/sw.js`: the service worker, at the root so that it sees to the whole site."""

from flask import Blueprint, Response, abort, request
from werkzeug.wrappers import Response as BaseResponse

from qpvmap.resources import PACKAGE, static_manifest
from qpvmap.web.security import public

bp = Blueprint("service_worker", __name__)


@bp.get("/sw.js")
@public
def script() -> BaseResponse:
    """Return the script of the present build; a browser asks again each time, and is told 304."""
    name = static_manifest().get("sw.js")
    if name is None:
        abort(404)
    body = (PACKAGE / "static" / "dist" / name).read_bytes()
    response = Response(body, mimetype="text/javascript")
    response.set_etag(name)
    response.headers["Service-Worker-Allowed"] = "/"
    response.headers["Cache-Control"] = "no-cache"
    return response.make_conditional(request)
