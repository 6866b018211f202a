"""The inbox: what the reader's team must handle, tab by tab, filtered, sorted, with its map."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from qpvmap.core.actors import Actor
from qpvmap.core.inbox import ORDERS_OF, InboxFilters, Order, Tab
from qpvmap.core.permissions import Action, Nature, Reach, reach_of
from qpvmap.core.workflow import Status
from qpvmap.storage.duplicates import with_likely_duplicates
from qpvmap.storage.inbox import Inbox, inbox
from qpvmap.storage.inbox_counts import capped, most_counted
from qpvmap.storage.inbox_menus import Menus, menus_of
from qpvmap.storage.inbox_views import first_query, views_of
from qpvmap.web.bulk_bar import bulk_bar
from qpvmap.web.bulk_words import EXPORTS
from qpvmap.web.filters import request_now
from qpvmap.web.inbox_address import inbox_url, params, read_address
from qpvmap.web.inbox_words import (
    EMPTY,
    LATE_LABELS,
    NATURE_CHOICES,
    NEAR_LABELS,
    ORDER_LABELS,
    PHOTO_LABELS,
    STATUS_CHOICES,
    TAB_LABELS,
    Chosen,
    caption_of,
    chosen_filters,
)
from qpvmap.web.pulse import pulse
from qpvmap.web.security import access, current_actor
from qpvmap.web.sessions import request_session

bp = Blueprint("inbox", __name__)

BESIDE_THE_SEARCH = {"q", "zone"}
"""Filters that have their own place on the page, outside the panel."""


def sees_every_team(actor: Actor) -> bool:
    """Return whether the actor's inbox is that of the whole territory."""
    return Reach.TERRITORY in reach_of(actor, Action.HANDLE, Nature.TECHNIQUE)


def tabs_for(actor: Actor) -> list[Tab]:
    """Return the tabs of the actor's inbox: arbitration is for those who arbitrate."""
    arbitrates = reach_of(actor, Action.ARBITRATE, Nature.TECHNIQUE) is not Reach.NOWHERE
    return [tab for tab in Tab if arbitrates or tab is not Tab.TO_ARBITRATE]


def whose(actor: Actor) -> str:
    """Return whose inbox this is, in words."""
    if sees_every_team(actor):
        return "Coordination du quartier, tous les services"
    return actor.organisation_name or "Vos services"


def orders_for(filters: InboxFilters) -> list[tuple[str, str]]:
    """Return how a tab can be sorted, as its form offers it."""
    orders = ORDERS_OF.get(filters.tab, tuple(Order))
    return [(str(order), ORDER_LABELS[order]) for order in orders]


@bp.get("/corbeille")
@access(Action.VIEW_INBOX)
def show() -> ResponseReturnValue:
    """Return a page of the inbox, its tabs, filters and map; without a word, the usual view."""
    actor = current_actor()
    if not request.args and (query := first_query(request_session(), actor)):
        return redirect(f"{url_for('inbox.show')}?{query}")
    address = read_address(request.args)
    validator = pulse(request_session(), actor, request_now())  # first: nothing falls between
    page = inbox(request_session(), actor, address.filters, request_now())
    menus = menus_of(request_session(), actor, every_team=sees_every_team(actor))
    chosen = chosen_filters(page.filters, menus)
    return render_template(
        "inbox/index.html",
        **page_of(actor, page, menus, chosen),
        **offered(actor, page.filters, menus, chosen),
        **kept_views(actor, page.filters),
        bulk=bulk_bar(page, params(page.filters), request_now()),
        validator=validator,
        single_keys=current_user.single_keys,
        unread=address.unread,
    )


def page_of(actor: Actor, page: Inbox, menus: Menus, chosen: list[Chosen]) -> dict[str, Any]:
    """Return what the template needs of the rows, the tabs and the pages."""
    filters = page.filters
    open_ids = [row.id for row in page.rows if row.is_open]
    return {
        "inbox": page,
        "filters": filters,
        "likely": with_likely_duplicates(request_session(), actor, open_ids),
        "tabs": [
            (tab, TAB_LABELS[tab], inbox_url(filters, vue=tab), page.counts[tab])
            for tab in tabs_for(actor)
        ],
        "most_counted": most_counted(filters),
        "capped": capped(filters),
        "chosen": chosen,
        "communes": menus.communes,
        "whose": whose(actor),
        "several_teams": sees_every_team(actor) or len(actor.team_ids) > 1,
        "caption": caption_of(filters),
        "empty": EMPTY[filters.tab],
        "tab_label": TAB_LABELS[filters.tab],
        "first_href": inbox_url(filters),
        "kept": params(filters),
        "exports": EXPORTS.items(),
        "next_href": inbox_url(filters, apres=page.next) if page.next else None,
    }


def offered(
    actor: Actor, filters: InboxFilters, menus: Menus, chosen: list[Chosen]
) -> dict[str, Any]:
    """Return what the filters' form offers, and what it keeps."""
    return {
        "menus": menus,
        "orders": orders_for(filters),
        "statuses": [
            (status, label)
            for status, label in STATUS_CHOICES.items()
            if status is not Status.TO_ARBITRATE or Tab.TO_ARBITRATE in tabs_for(actor)
        ],
        "natures": NATURE_CHOICES.items(),
        "lates": LATE_LABELS.items(),
        "nears": NEAR_LABELS.items(),
        "photos": PHOTO_LABELS.items(),
        "panel_used": any(one.name not in BESIDE_THE_SEARCH for one in chosen),
        "written": params(filters),
        "without_zone_href": inbox_url(filters, zone=None),
    }


def kept_views(actor: Actor, filters: InboxFilters) -> dict[str, Any]:
    """Return the views that the reader keeps, and which of them this page is."""
    here = inbox_url(filters).partition("?")[2]
    views = views_of(request_session(), actor)
    return {
        "views": views,
        "here_query": here,
        "current_view": next((view for view in views if view.query == here), None),
        "can_share": reach_of(actor, Action.SHARE_VIEW, None) is not Reach.NOWHERE,
        "opens_elsewhere": any(view.opens_first for view in views),
    }
