"""What the application on a phone keeps: its card, its icon, its pages, and a pack of the quarter.

A page says itself that it may be kept (`@kept_offline`), and whose it is: the service worker keeps
no other, and forgets them when somebody else signs in.
"""

from collections.abc import Sequence
from typing import Any

from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    jsonify,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from qpvmap.core.labels import STATUS_LABELS, routing_reason
from qpvmap.core.routing import RoutingRule
from qpvmap.core.workflow import Status
from qpvmap.resources import static_manifest
from qpvmap.storage.models import Category, RoutingRuleRow, Team
from qpvmap.storage.pack import pack_categories, pack_ground, pack_open, pack_rules, pack_teams
from qpvmap.web.context import present_site, served_territory
from qpvmap.web.map_data import answer
from qpvmap.web.outbox_door import PERSON_HEADER, person_key
from qpvmap.web.security import View, current_actor, public
from qpvmap.web.sessions import request_session

bp = Blueprint("offline", __name__)

KEEP_HEADER = "Qpvmap-Offline"
ICONS = (
    ("icon-192.png", 192, "any"),
    ("icon-512.png", 512, "any"),
    ("icon-maskable.png", 512, "maskable"),
)
BRAND = "#6a2b5b"
GROUND = "#f4f2f0"
CATEGORY_PLACE, BODY_PLACE, EMPRISE_PLACE = "{category}", "{body}", "{place}"


def kept_offline(view: View) -> View:
    """Declare a page that a phone may keep, for its reader alone, to open it without network."""
    view.kept_offline = True  # type: ignore[attr-defined]  # read below, on each answer
    return view


def mark_kept(response: Response) -> Response:
    """Tell the service worker what it may keep, and whose it is."""
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "kept_offline", False) and response.status_code == 200:
        response.headers[KEEP_HEADER] = "keep"
        response.headers[PERSON_HEADER] = person_key(current_actor())
    return response


@bp.get("/hors-ligne")
@public
@kept_offline
def offline() -> str:
    """Show what can still be done without network: the phone gives this in the place of a page."""
    return render_template("outbox/offline.html")


@bp.get("/manifest.webmanifest")
@public
def manifest() -> Response:
    """Return the card of the application that a phone installs."""
    site = present_site()
    card = jsonify(
        id="/",
        name=site.title,
        short_name=site.territory_name,
        description="Signaler un problème du quartier, même sans réseau, et suivre ses suites.",
        lang="fr",
        dir="ltr",
        start_url="/signaler?depuis=accueil",
        scope="/",
        display="standalone",
        orientation="any",
        theme_color=BRAND,
        background_color=GROUND,
        categories=["government", "utilities"],
        icons=[
            {"src": address, "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
            for name, size, purpose in ICONS
            if (address := icon_address(name))
        ],
        shortcuts=[
            {"name": "Signaler", "url": "/signaler"},
            {"name": "À envoyer", "url": "/envois"},
            {"name": "Carte", "url": "/"},
        ],
    )
    card.mimetype = "application/manifest+json"
    card.headers["Cache-Control"] = "public, max-age=3600"
    return card


def icon_address(name: str) -> str:
    """Return the address of a drawn icon; empty when the front end was not built."""
    built = static_manifest().get(name)
    return url_for("static", filename=f"dist/{built}") if built else ""


@bp.get("/signaler/paquet.json")
@public
def pack() -> ResponseReturnValue:
    """Return the quarter as a phone keeps it; the same for everybody, with an ETag."""
    session, territory_id = request_session(), served_territory().id
    teams = {team.id: team for team in pack_teams(session, territory_id)}
    content = {
        **pack_ground(session, territory_id),
        "categories": [category_row(row) for row in pack_categories(session, territory_id)],
        "rules": rule_rows(pack_rules(session, territory_id), teams),
        "open": [
            {
                "reference": row.reference,
                "category": row.category,
                "words": row.description,
                "status": STATUS_LABELS[Status(row.status)],
                "at": row.created_at.isoformat(timespec="minutes"),
                "lon": round(row.lon, 5),
                "lat": round(row.lat, 5),
            }
            for row in pack_open(session, territory_id)
        ],
    }
    return answer(current_app.json.dumps(content), "application/json", "public, no-cache")


def category_row(category: Category) -> dict[str, Any]:
    """Return what tells whether something was already reported, and how it is called."""
    return {
        "code": category.code,
        "name": category.name,
        "icon": category.icon,
        "kindred": category.kindred,
        "radius_m": category.duplicate_radius_m,
    }


def rule_rows(
    rules: Sequence[tuple[RoutingRuleRow, Category | None]], teams: dict[int, Team]
) -> list[dict[str, Any]]:
    """Return the rules of competence, the most particular first, with their words.

    The first that fits decides, as in `core.routing`; places and bodies are put in by the phone.
    """
    read = [(as_rule(row, category), category) for row, category in rules]
    read.sort(key=lambda pair: (pair[0].particularity, -pair[0].team_id), reverse=True)
    return [rule_row(rule, category, teams[rule.team_id]) for rule, category in read]


def as_rule(row: RoutingRuleRow, category: Category | None) -> RoutingRule:
    """Return a rule of the table as the routing reads it."""
    return RoutingRule(
        team_id=row.team_id,
        category=category.code if category else None,
        insee_code=row.insee_code,
        emprise_id=row.emprise_id,
        body_id=row.emprise_organisation_id,
    )


def rule_row(rule: RoutingRule, category: Category | None, team: Team) -> dict[str, Any]:
    """Return a rule as the pack holds it."""
    name = category.name if category else CATEGORY_PLACE
    return {
        "category": rule.category,
        "commune": rule.insee_code,
        "emprise": rule.emprise_id,
        "body": rule.body_id,
        "team": team.name,
        "of": team.organisation.name if team.organisation.name != team.name else "",
        "why": routing_reason(rule.ground, BODY_PLACE, EMPRISE_PLACE, name, team.name),
    }


def init_app(app: Flask) -> None:
    """Mark what may be kept."""
    app.after_request(mark_kept)
    app.jinja_env.globals["app_icon"] = lambda: icon_address("icon-maskable.png")
