"""The report of a walk and its comparison with the walk before, on the page and on paper.

What goes on paper is handed round: nothing of nature tranquillite is printed, whoever asks.
"""

from collections.abc import Callable, Iterable, Sequence

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from qpvmap.core.errors import InvalidSubmission
from qpvmap.core.permissions import Action, Target, may
from qpvmap.core.photos import Size
from qpvmap.core.plans import frame_around
from qpvmap.core.walks import BODY_LABELS, DecisionStatus
from qpvmap.outputs.plan import Mark, draw_plan
from qpvmap.outputs.qr import data_url, qr_svg
from qpvmap.storage.desk import TeamChoice, teams_by_id
from qpvmap.storage.files import photo_path
from qpvmap.storage.models import SiteWalk, WalkPhoto
from qpvmap.storage.plans import plan_shapes
from qpvmap.storage.walk_records import DecisionRow, clocks_off
from qpvmap.storage.walks import followers_of
from qpvmap.usecases.walk_decisions import add_decision, remove_decision, settle_decision
from qpvmap.web.filters import request_now
from qpvmap.web.outbox_door import accepted
from qpvmap.web.papers import SVG, printed, private
from qpvmap.web.round_view import middle
from qpvmap.web.runtime import runtime
from qpvmap.web.security import access, current_actor, is_outbox_request
from qpvmap.web.sessions import request_session, unit_of_work
from qpvmap.web.walk_field import words
from qpvmap.web.walk_forms import Typed, new_id, read_decision, read_status
from qpvmap.web.walk_keys import WALK, named_by_key
from qpvmap.web.walk_view import WalkView, compared, found_walk, gathered, walk_view

bp = named_by_key("walk_report", __name__)

READ = access(Action.VIEW_WALK)
LEAD = access(Action.LEAD_WALK)
SETTLE = access(Action.SETTLE_DECISION)
DECISION = f"{WALK}/decisions/<int(max=9223372036854775807):decision_id>"
PLAN = (1800.0, 1050.0)
"""Size of the plan in tenths of a millimetre: the decisions stand under it on the first page."""
PRINTED_PER_STOP = 2
MOST_PRINTED = 60
"""Photos on paper: so many at each stop, and no more in all, so that printing ends."""


@bp.get(f"{WALK}/compte-rendu")
@READ
def show(walk_id: int) -> str:
    """Show the report of a walk."""
    return report_page(walk_id)


def report_page(walk_id: int, typed: Typed | None = None) -> str:
    """Return the report, with a decision that was just refused if one was."""
    walk = found_walk(walk_id)
    view, before = gathered(walk)
    session, actor = request_session(), current_actor()
    doubts = clocks_off(session, walk)
    return render_template(
        "walks/report.html",
        view=view,
        walk=walk,
        before=before,
        followers=followers_of(session, actor, walk_id),
        teams=teams_by_id(session, [walk.territory_id]).values() if view.rights.lead else [],
        typed=typed or Typed({}, {}),
        client_id=new_id(),
        route=view.route(),
        center=middle(),
        body_labels=BODY_LABELS,
        clocks_off=doubts,
        worst_off=max(doubts, key=abs, default=0),
        settleable={d.id for d in view.decisions if may_settle(walk, d)},
        statuses=list(DecisionStatus),
        **words(),
    )


def may_settle(walk: SiteWalk, decision: DecisionRow) -> bool:
    """Return whether the reader may say what became of a promise."""
    target = Target(walk.territory_id, None, decision.team_id)
    return may(current_actor(), Action.SETTLE_DECISION, target)


@bp.get(f"{WALK}/plan.svg")
@READ
def plan(walk_id: int) -> Response:
    """Return the plan of a walk, for pages without a script."""
    return private(Response(plan_of(walk_view(found_walk(walk_id))), mimetype=SVG))


def plan_of(view: WalkView) -> str:
    """Return the plan of a walk: its stops and its line, on our own ground."""
    marks = [Mark(str(stop.row.position), stop.row.point) for stop in view.stops]
    route = view.route()
    frame = frame_around([*(mark.point for mark in marks), *route] or [middle()], *PLAN)
    return draw_plan(frame, plan_shapes(request_session(), frame), marks, route=route)


@bp.get(f"{WALK}/compte-rendu.pdf")
@READ
def paper(walk_id: int) -> ResponseReturnValue:
    """Return the report as PDF."""
    walk = found_walk(walk_id)
    view, before = gathered(walk)
    photos = printed_photos([view])
    here = url_for("walk_report.show", walk_id=walk_id)
    page = render_template(
        "papers/walk.html",
        view=view,
        walk=walk,
        before=before,
        plan=data_url(plan_of(view), SVG) if view.stops else "",
        photos=photos,
        qr=data_url(qr_svg(full_address(here)), SVG),
        body_labels=BODY_LABELS,
        printed_at=request_now(),
        **words(),
    )
    return printed(page, f"marche-{walk_id}.pdf", here)


@bp.get(f"{WALK}/comparer")
@READ
def compare(walk_id: int) -> ResponseReturnValue:
    """Show the walk beside the one it follows."""
    walk = found_walk(walk_id)
    after, before = gathered(walk)
    if before is None:
        return redirect(url_for("walk_report.show", walk_id=walk_id), 303)
    return render_template(
        "walks/compare.html",
        view=after,
        walk=walk,
        before=before,
        comparison=compared(after, before),
        **words(),
    )


@bp.get(f"{WALK}/comparer.pdf")
@READ
def compare_paper(walk_id: int) -> ResponseReturnValue:
    """Return the comparison as PDF."""
    walk = found_walk(walk_id)
    after, before = gathered(walk)
    if before is None:
        return redirect(url_for("walk_report.show", walk_id=walk_id), 303)
    here = url_for("walk_report.compare", walk_id=walk_id)
    page = render_template(
        "papers/walk_compare.html",
        view=after,
        walk=walk,
        before=before,
        comparison=compared(after, before),
        photos=printed_photos([after, before]),
        qr=data_url(qr_svg(full_address(here)), SVG),
        printed_at=request_now(),
        **words(),
    )
    return printed(page, f"marche-{walk_id}-comparaison.pdf", here)


def full_address(path: str) -> str:
    """Return the address of a page in full: paper has no site of its own."""
    return f"{(runtime().settings.public_url or request.host_url).rstrip('/')}{path}"


def printed_photos(views: Sequence[WalkView]) -> dict[int, str]:
    """Return the photos that go on paper, small, as addresses that hold them, by their key."""
    chosen: list[WalkPhoto] = []
    for view in views:
        for stop in view.stops:
            chosen += stop.photos[:PRINTED_PER_STOP]
        for point in view.good_points:
            chosen += view.photos_at(point)[:1]
    files = runtime().files
    found = {p.id: files.get(photo_path(p.key, Size.THUMBNAIL)) for p in chosen[:MOST_PRINTED]}
    return {key: data_url(content, "image/webp") for key, content in found.items() if content}


@bp.post(f"{WALK}/decisions")
@LEAD
def decide(walk_id: int) -> ResponseReturnValue:
    """Keep a promise: what, who, by when."""
    try:
        asked = read_decision(request.form)
        with unit_of_work() as session:
            _, created = add_decision(session, current_actor(), walk_id, asked, request_now())
    except InvalidSubmission as error:
        if is_outbox_request():
            raise
        return report_page(walk_id, Typed(request.form.to_dict(), error.fields)), 422
    at = f"{url_for('walk_report.show', walk_id=walk_id)}#decisions"
    if is_outbox_request():
        return accepted(asked.client_id, created=created, title="Décision", href=at)
    flash("Décision notée.", "success")
    return redirect(at, 303)


@bp.post(DECISION)
@SETTLE
def settle(walk_id: int, decision_id: int) -> ResponseReturnValue:
    """Say what became of a promise."""
    status, note = read_status(request.form), request.form.get("note", "")

    def act(session: Session) -> None:
        actor, now = current_actor(), request_now()
        settle_decision(session, actor, walk_id, decision_id, status, note, now)

    return decided(walk_id, act, "Enregistré.")


@bp.post(f"{DECISION}/retirer")
@LEAD
def withdraw(walk_id: int, decision_id: int) -> ResponseReturnValue:
    """Take back a promise that was noted by mistake."""

    def act(session: Session) -> None:
        remove_decision(session, current_actor(), walk_id, decision_id, request_now())

    return decided(walk_id, act, "Décision retirée.")


def decided(walk_id: int, act: Callable[[Session], object], said: str) -> ResponseReturnValue:
    """Do something to a decision, and show the decisions again."""
    try:
        with unit_of_work() as session:
            act(session)
    except InvalidSubmission as error:
        flash(str(error), "error")
    else:
        flash(said, "success")
    return redirect(f"{url_for('walk_report.show', walk_id=walk_id)}#decisions", 303)


@bp.app_template_filter("walk_teams")
def walk_teams(teams: Iterable[TeamChoice]) -> list[tuple[str, str]]:
    """Return teams as a menu offers them."""
    return [(team.code, f"{team.name} ({team.organisation})") for team in teams]
