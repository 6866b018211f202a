"""What search engines and browsers ask of any site, without being told to."""

from flask import Blueprint, Response, redirect, url_for
from flask.typing import ResponseReturnValue

from qpvmap.web.security import public

bp = Blueprint("crawlers", __name__)

ROBOTS = """\
# What somebody wrote about a street is for its readers here, not for an index that outlives it.
User-agent: *
Disallow: /api/
Disallow: /carte/
Disallow: /signalements/
Disallow: /signaler/
Disallow: /corbeille
Disallow: /compte
Disallow: /suivre/
Disallow: /suivi/
Disallow: /guide/verifier/
Disallow: /desabonnement/
Disallow: /admin
"""


@bp.get("/robots.txt")
@public
def robots() -> Response:
    """Keep single signalements out of search engines."""
    return Response(ROBOTS, mimetype="text/plain")


@bp.get("/favicon.ico")
@public
def favicon() -> ResponseReturnValue:
    """Send those who ask for the old icon to the drawn one."""
    return redirect(url_for("static", filename="favicon.svg"), 301)
