"""`/parcours/historique`: what one noted oneself; for a lead and the coordination, their teams'."""

from flask import Blueprint, render_template, request, url_for

from qpvmap.core.permissions import Action, Reach, reach_of
from qpvmap.core.presences import Entry
from qpvmap.storage.presence_history import Before, Kind, Wanted, history_page
from qpvmap.web.context import served_territory
from qpvmap.web.presence_period import read_period
from qpvmap.web.security import access, current_actor
from qpvmap.web.sessions import request_session

bp = Blueprint("presence_history", __name__)

KIND_LABELS = {
    Kind.ROUND: "Sorties de médiation",
    Kind.SOLICITATION: "Sollicitations",
    Kind.INITIATIVE: "Actions",
}
USUAL_MONTHS = 2


@bp.get("/parcours/historique")
@access(Action.READ_PRESENCE)
def index() -> str:
    """Show what was noted, the newest first."""
    actor, period = current_actor(), read_period(months=USUAL_MONTHS)
    kind = next((kind for kind in Kind if kind == request.args.get("genre")), None)
    try:
        before = Before.parse(request.args["avant"]) if request.args.get("avant") else None
    except ValueError:
        before = None
    wanted = Wanted(period.since, period.until, period.qpv_code, kind)
    lines, after = history_page(request_session(), actor, wanted, before)
    asked = period.query | ({"genre": str(kind)} if kind else {})
    reach = reach_of(actor, Action.READ_PRESENCE, None)
    return render_template(
        "presences/history.html",
        lines=lines,
        period=period,
        kind=kind,
        kinds=KIND_LABELS,
        qpv_codes=served_territory().qpv_codes,
        is_first=before is None,
        first=url_for("presence_history.index", **asked),
        older=url_for("presence_history.index", **asked, avant=str(after)) if after else None,
        names=bool(reach & (Reach.TEAM | Reach.TERRITORY)),
        counts=reach_of(actor, Action.COUNT_PRESENCE, None) is not Reach.NOWHERE,
        after_entry=Entry.AFTER,
    )
