"""What changed since a page was read: asked every few seconds, answered 304 when nothing did."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, get_template_attribute, jsonify, request
from flask.typing import ResponseReturnValue

from qpvmap.core import errors
from qpvmap.core.permissions import Action
from qpvmap.storage.fresh import Standing, count_arrivals, standings, visible_version
from qpvmap.storage.inbox import PAGE_SIZE, plan_for_values
from qpvmap.storage.inbox_counts import capped, inbox_counts, most_counted
from qpvmap.storage.inbox_search import resolved
from qpvmap.web.filters import request_now
from qpvmap.web.inbox_address import read_filters
from qpvmap.web.pulse import pulse
from qpvmap.web.security import access, current_actor, signed_in
from qpvmap.web.sessions import request_session

bp = Blueprint("fresh", __name__)

LATE_COMMIT = timedelta(minutes=1)
"""A change may be written a little after the instant that it carries."""


@bp.get("/corbeille/nouvelles")
@access(Action.VIEW_INBOX)
def news() -> ResponseReturnValue:
    """Say what changed of the rows on the screen, and how many came; 304 when nothing did."""
    session, actor, now = request_session(), current_actor(), request_now()
    validator = pulse(session, actor, now)
    if request.if_none_match.contains(validator):
        return validated(Response(status=304), validator)
    plan_for_values(session)
    filters = resolved(session, actor, read_filters(request.args))
    seen = read_seen(request.args.get("vus", ""))
    since = read_instant(request.args.get("lu", ""), now) - LATE_COMMIT
    present = standings(session, actor, seen, filters, now)
    counts = inbox_counts(session, actor, filters, now)
    bounded, most = capped(filters), most_counted(filters)
    answer = jsonify(
        arrivals=count_arrivals(session, actor, filters, seen, since, now),
        rows={row.reference: cells(row) for row in present},
        gone=[reference for reference in seen if reference not in {r.reference for r in present}],
        counts={
            str(tab): count for tab, count in counts.items() if tab not in bounded or count <= most
        },
    )
    return validated(answer, validator)


@bp.get("/signalements/<reference>/nouvelles")
@signed_in
def one(reference: str) -> ResponseReturnValue:
    """Say which version a signalement is at; 304 when it is the one that was read."""
    version = visible_version(request_session(), current_actor(), reference)
    if version is None:
        raise errors.NotFound("Signalement", reference)
    validator = f"v{version}"
    if request.if_none_match.contains(validator):
        return validated(Response(status=304), validator)
    return validated(jsonify(version=version), validator)


def validated(answer: Response, validator: str) -> Response:
    """Return the answer with its validator; no cache between the two keeps it."""
    answer.set_etag(validator)
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


def cells(row: Standing) -> Mapping[str, Any]:
    """Return what a row of the list shows of how it stands, as the template writes it."""
    draw = {
        name: str(get_template_attribute("inbox/_cells.html", f"{name}_cell")(row)).strip()
        for name in ("state", "due")
    }
    return {"version": row.version, "status": row.status, "here": row.here, **draw}


def read_seen(text: str) -> list[str]:
    """Return the references that a page shows: as many as a page can, at most."""
    return [reference for reference in text.split(",") if reference][: 2 * PAGE_SIZE]


def read_instant(text: str, otherwise: datetime) -> datetime:
    """Return the instant written in ISO 8601, in UTC when it does not say; else another."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return otherwise
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
