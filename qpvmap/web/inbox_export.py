"""The whole list of an inbox as a file: all its pages, in its order, with its filters.

The keys are read first, in one statement; the rows follow some hundreds at a time, and leave as
they are read. A list that is too long is refused, never cut without a word.
"""

from flask import Blueprint, abort, flash, redirect, request
from flask.typing import ResponseReturnValue

from qpvmap.core.french import number
from qpvmap.core.permissions import Action
from qpvmap.storage.bulk import sheets_by_id
from qpvmap.storage.inbox import matching_ids
from qpvmap.web.bulk_files import FILES
from qpvmap.web.filters import request_now
from qpvmap.web.inbox_address import inbox_url, read_filters
from qpvmap.web.security import access, current_actor
from qpvmap.web.sessions import request_session

bp = Blueprint("inbox_export", __name__)

MOST_EXPORTED = 50_000
"""Signalements that a file holds at most."""
READ_AT_ONCE = 500
TOO_LONG = (
    "Un fichier compte {most} signalements au plus, et cette liste en a davantage. "
    "Choisissez une période, une catégorie ou une commune, puis exportez chaque partie."
)


@bp.get("/corbeille/export.<suffix>")
@access(Action.VIEW_INBOX)
def export(suffix: str) -> ResponseReturnValue:
    """Return the list that the filters keep, as a file of this kind."""
    if suffix not in FILES:
        abort(404)
    actor, now, session = current_actor(), request_now(), request_session()
    filters = read_filters(request.args)
    ids = matching_ids(session, actor, filters, now, MOST_EXPORTED + 1)
    if len(ids) > MOST_EXPORTED:
        flash(TOO_LONG.format(most=number(MOST_EXPORTED)), "warning")
        return redirect(inbox_url(filters), 303)
    return FILES[suffix](sheets_by_id(session, actor, ids, READ_AT_ONCE), now)
