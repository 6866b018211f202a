"""Causes -> answers: a French page, or a problem document under `/api/`. Never a trace."""

from collections.abc import Mapping
from urllib.parse import urlencode

import structlog
from flask import Flask, Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from jinja2 import Template
from werkzeug.exceptions import HTTPException

from qpvmap.api.problems import problem_of, problem_of_http
from qpvmap.core import errors
from qpvmap.web.outbox_door import OLD_FORM, http_refusal, refusal
from qpvmap.web.security import SAFE_METHODS, is_api_request, is_outbox_request

log = structlog.get_logger()

STATUS: Mapping[type[errors.QpvmapError], int] = {
    errors.NotAllowed: 403,
    errors.NotFound: 404,
    errors.OutsideTerritory: 422,
    errors.InvalidSubmission: 422,
    errors.StaleVersion: 409,
    errors.ForbiddenMove: 422,
    errors.CommentRequired: 422,
    errors.OutcomeRequired: 422,
    errors.PlannedDateRequired: 422,
    errors.WaitingOnRequired: 422,
    errors.PhotoRequired: 422,
    errors.ContestTooLate: 422,
    errors.InvalidPhoto: 422,
    errors.CannotChange: 422,
    errors.CannotJoin: 422,
    errors.NoTeam: 503,
}

LAST_RESORT = """<!doctype html><html lang="fr"><meta charset="utf-8"><title>Panne</title>
<h1>La panne vient de nous</h1><p>Réessayez dans un instant.</p></html>"""


WRITTEN = ("comment", "text", "description", "waiting_on", *(f"part-{n}" for n in range(1, 11)))
"""Fields in which people write: what they typed is given back with a refusal."""


def page(status: int, message: str = "", wait: str = "") -> Response:
    """Return the error page of a status, or of its family when it has none of its own."""
    family = 500 if status >= 500 else 400
    names: list[str | Template] = [f"errors/{status}.html", f"errors/{family}.html"]
    html = render_template(names, message=message, wait=wait, code=status, typed=typed_text())
    return make_response(html, status)


def typed_text() -> str:
    """Return what was written in the form that is refused, so that it is not lost."""
    if request.method in SAFE_METHODS:
        return ""
    try:
        form = request.form
    except HTTPException:  # what was sent cannot be read, or is too large
        return ""
    return "\n\n".join(text for name in WRITTEN if (text := form.get(name, "").strip()))


def refused(error: errors.QpvmapError) -> ResponseReturnValue:
    """Answer what a rule refused."""
    if is_api_request():
        return problem_of(error)
    if is_outbox_request():
        return refusal(error, STATUS[type(error)])
    return page(STATUS[type(error)], str(error))


def http_refused(error: HTTPException) -> ResponseReturnValue:
    """Answer what the web layer refused: not found, too large, wrong method..."""
    if error.code is None or error.code < 400:
        return error
    if is_api_request():
        return problem_of_http(error)
    if is_outbox_request():
        return with_own_headers(make_response(*http_refusal(error.code)), error)
    if error.code == 401:
        return sign_in_first()
    wait = waiting_words(getattr(error, "retry_after", None))
    return with_own_headers(page(error.code, wait=wait), error)


def with_own_headers(answer: Response, error: HTTPException) -> Response:
    """Return the answer with what the refusal itself says: how long to wait, which methods."""
    for name, value in error.get_headers():
        if name.lower() not in {"content-type", "content-length"}:
            answer.headers[name] = value
    return answer


def waiting_words(seconds: object) -> str:
    """Return how long to wait, in words; empty when nobody knows."""
    if not isinstance(seconds, int):
        return ""
    minutes = max(1, -(-seconds // 60))
    return "une minute" if minutes == 1 else f"{minutes} minutes"


def sign_in_first() -> ResponseReturnValue:
    """Send to the sign-in page, which leads back to where the person was going."""
    here = request.full_path.rstrip("?") if request.method in SAFE_METHODS else ""
    query = f"?{urlencode({'next': here})}" if here else ""
    return redirect(f"/connexion{query}", 303)


def form_refused(_error: CSRFError) -> ResponseReturnValue:
    """Answer a form that did not come from one of our pages, or from one that is too old."""
    if is_outbox_request():
        return http_refusal(400, OLD_FORM)
    html = render_template("errors/csrf.html", code=400, typed=typed_text())
    return make_response(html, 400)


def failed(error: HTTPException) -> ResponseReturnValue:
    """Answer a fault of ours. The trace went to the log."""
    if is_api_request():
        return problem_of_http(error)
    if is_outbox_request():
        return http_refusal(500)
    try:
        return page(500)
    except Exception:  # the door's edge: the page itself may be what fails
        log.exception("error_page_failed")
        return make_response(LAST_RESORT, 500)


def init_app(app: Flask) -> None:
    """Give `app` its error pages."""
    app.register_error_handler(errors.QpvmapError, refused)
    app.register_error_handler(HTTPException, http_refused)
    app.register_error_handler(CSRFError, form_refused)
    app.register_error_handler(500, failed)
