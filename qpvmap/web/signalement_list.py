"""A signalement in the list that the reader came from: before, after, and back to it."""

from typing import Any

from flask import request, url_for
from markupsafe import Markup

from qpvmap.core.actors import Actor
from qpvmap.core.inbox import InboxFilters
from qpvmap.core.permissions import Action, Reach, reach_of
from qpvmap.storage.models import Signalement
from qpvmap.storage.neighbours import Neighbours, Step, neighbours
from qpvmap.web.filters import request_now
from qpvmap.web.inbox_address import params, read_filters
from qpvmap.web.inbox_words import TAB_LABELS
from qpvmap.web.sessions import request_session

NO_LIST = {"in_list": None}
NEXT = Markup('{} <a class="btn" href="{}" autofocus>Suivant\u00a0: {}, {}</a>')


def arrived() -> bool:
    """Return whether the address says which view of the inbox the reader came from."""
    return bool(request.args.get("vue"))


def found_neighbours(actor: Actor, signalement: Signalement) -> Neighbours | None:
    """Return what comes before and after in the reader's list; None when they came from none."""
    if not arrived() or reach_of(actor, Action.VIEW_INBOX, None) is Reach.NOWHERE:
        return None
    filters = read_filters(request.args)
    return neighbours(request_session(), actor, filters, signalement, request_now())


def list_position(actor: Actor, signalement: Signalement) -> dict[str, Any]:
    """Return the list that the page is read in: its name, what comes before and after."""
    found = found_neighbours(actor, signalement)
    if found is None:
        return NO_LIST
    filters = read_filters(request.args)
    return {
        "in_list": {
            "label": TAB_LABELS[filters.tab],
            "previous": found.previous and (found.previous, step_url(found.previous)),
            "next": found.next and (found.next, step_url(found.next)),
        }
    }


def step_url(step: Step) -> str:
    """Return the address of another signalement of the same list."""
    kept: dict[str, Any] = view_params(read_filters(request.args))
    return url_for("signalement_page.show", reference=step.reference, **kept)


def view_params(filters: InboxFilters) -> dict[str, Any]:
    """Return the view that the reader came from as parameters; the first tab is named too."""
    named = {"vue": str(filters.tab)} if arrived() else {}
    return {**params(filters), **named}


def done_in_list(done: str, reference: str, found: Neighbours) -> str | Markup:
    """Return what is said above the list once something is done: the next one is one key away."""
    said = f"{reference}\u00a0: {done}"
    if found.next is None:
        return f"{said} C’était le dernier de cette liste."
    return NEXT.format(said, step_url(found.next), found.next.reference, found.next.category)
