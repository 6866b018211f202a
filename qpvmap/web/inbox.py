"""The inbox: what the reader's team must handle, the newest first."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, render_template, request, url_for
from flask_security import current_user
from werkzeug.datastructures import MultiDict

from qpvmap.core.actors import Actor
from qpvmap.core.permissions import Action, Nature, Reach, reach_of
from qpvmap.storage.desk import Cursor, InboxFilters, Tab, category_names, commune_names, inbox
from qpvmap.storage.duplicates import with_likely_duplicates
from qpvmap.web.bulk_bar import bulk_bar
from qpvmap.web.filters import request_now
from qpvmap.web.pulse import pulse
from qpvmap.web.security import access, current_actor
from qpvmap.web.sessions import request_session

bp = Blueprint("inbox", __name__)

TAB_LABELS: Mapping[Tab, str] = {
    Tab.NEW: "À prendre en charge",
    Tab.LATE: "En retard",
    Tab.ONGOING: "En cours",
    Tab.WAITING: "En attente",
    Tab.TO_ARBITRATE: "À arbitrer",
    Tab.RESOLVED: "Résolus",
    Tab.ALL: "Tous",
}
CAPTIONS: Mapping[Tab, str] = {
    Tab.NEW: "Signalements nouveaux ou rouverts, du plus récent au plus ancien",
    Tab.LATE: "Signalements en retard, du plus en retard au moins en retard",
    Tab.ONGOING: "Signalements en cours, du plus urgent au moins urgent",
    Tab.WAITING: "Signalements en attente, de la plus longue attente à la plus courte",
    Tab.TO_ARBITRATE: "Signalements à arbitrer, du plus urgent au moins urgent",
    Tab.RESOLVED: "Signalements résolus, le dernier d’abord",
    Tab.ALL: "Tous les signalements, du plus récent au plus ancien",
}
EMPTY: Mapping[Tab, str] = {
    Tab.NEW: "Rien à prendre en charge. Le prochain arrivera ici.",
    Tab.LATE: "Rien en retard.",
    Tab.ONGOING: "Rien en cours.",
    Tab.WAITING: "Rien en attente.",
    Tab.TO_ARBITRATE: "Rien à arbitrer.",
    Tab.RESOLVED: "Rien de résolu pour l’instant.",
    Tab.ALL: "Aucun signalement pour l’instant. Le premier arrivera ici.",
}
SEARCH_MAX = 100


@dataclass(frozen=True, slots=True)
class Chosen:
    """A filter in force: what it is called, and the address of the page without it."""

    label: str
    href: str


def read_filters(args: MultiDict[str, str]) -> InboxFilters:
    """Return the filters of an address; what cannot be read is left out."""
    try:
        tab = Tab(args.get("vue", Tab.NEW))
    except ValueError:
        tab = Tab.NEW
    try:
        after = Cursor.parse(args["apres"]) if args.get("apres") else None
    except ValueError:
        after = None
    return InboxFilters(
        tab=tab,
        category=args.get("categorie", ""),
        insee_code=args.get("commune", ""),
        near_quarter=args.get("quartier") == "1",
        search=args.get("q", "").strip()[:SEARCH_MAX],
        after=after,
    )


def params(filters: InboxFilters, **changes: Any) -> dict[str, str]:
    """Return the address of `filters` as parameters, some of them changed; None removes one."""
    values: dict[str, Any] = {
        "vue": filters.tab,
        "categorie": filters.category,
        "commune": filters.insee_code,
        "quartier": "1" if filters.near_quarter else "",
        "q": filters.search,
        **changes,
    }
    if values["vue"] == Tab.NEW:
        values["vue"] = ""
    return {name: str(value) for name, value in values.items() if value}


def inbox_url(filters: InboxFilters, **changes: Any) -> str:
    """Return the address of the inbox under `filters`, some of them changed."""
    query = urlencode(params(filters, **changes))
    return url_for("inbox.show") + (f"?{query}" if query else "")


def chosen_filters(
    filters: InboxFilters, categories: Mapping[str, str], communes: Mapping[str, str]
) -> list[Chosen]:
    """Return the filters in force, each with its way out."""
    named = (
        ("categorie", categories.get(filters.category, filters.category)),
        ("commune", communes.get(filters.insee_code, filters.insee_code)),
        ("quartier", "Dans le quartier ou au bord" if filters.near_quarter else ""),
        ("q", f"«\u00a0{filters.search}\u00a0»" if filters.search else ""),
    )
    return [Chosen(label, inbox_url(filters, **{name: ""})) for name, label in named if label]


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


@bp.get("/corbeille")
@access(Action.VIEW_INBOX)
def show() -> str:
    """Return a page of the inbox, its tabs, filters and map."""
    actor, session = current_actor(), request_session()
    filters = read_filters(request.args)
    validator = pulse(session, actor, request_now())  # before the rows: nothing falls between
    page = inbox(session, actor, filters, request_now())
    categories = category_names(session, actor.territory_ids)
    communes = commune_names(session, actor.territory_ids)
    tabs = [
        (tab, TAB_LABELS[tab], inbox_url(filters, vue=tab), page.counts[tab])
        for tab in tabs_for(actor)
    ]
    return render_template(
        "inbox/index.html",
        inbox=page,
        likely=with_likely_duplicates(session, actor, [row.id for row in page.rows if row.is_open]),
        filters=filters,
        tabs=tabs,
        chosen=chosen_filters(filters, categories, communes),
        categories=categories,
        communes=communes,
        whose=whose(actor),
        several_teams=sees_every_team(actor) or len(actor.team_ids) > 1,
        caption=CAPTIONS[filters.tab],
        empty=EMPTY[filters.tab],
        tab_label=TAB_LABELS[filters.tab],
        first_href=inbox_url(filters),
        kept=params(filters),
        bulk=bulk_bar(page, filters.tab, params(filters), request_now()),
        validator=validator,
        single_keys=current_user.single_keys,
        next_href=inbox_url(filters, apres=page.next) if page.next else None,
    )
