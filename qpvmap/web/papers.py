"""On paper: the sheet of a round, and the work order of one report. No contact is ever printed."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qpvmap.core.errors import NotFound
from qpvmap.core.permissions import Action, Nature, require
from qpvmap.core.photos import Moment, Size
from qpvmap.core.plans import frame_around
from qpvmap.core.walking import walk_words, walked
from qpvmap.outputs.pdf import CannotPrint, print_pdf
from qpvmap.outputs.plan import Mark, draw_plan
from qpvmap.outputs.qr import data_url, qr_svg
from qpvmap.storage.desk import commune_names
from qpvmap.storage.files import photo_path
from qpvmap.storage.models import Round, Signalement
from qpvmap.storage.photos import photos_of
from qpvmap.storage.plans import plan_shapes
from qpvmap.storage.rounds import StopRow, depot_of, find_round, stops_of
from qpvmap.storage.signalements import find_visible, point_at, stored_location
from qpvmap.storage.surroundings import ground_under
from qpvmap.usecases.handling import target_of
from qpvmap.usecases.moderation import description_for
from qpvmap.usecases.round_order import straight_length
from qpvmap.web.filters import request_now
from qpvmap.web.round_view import middle
from qpvmap.web.rounds import LEAD, ROUND
from qpvmap.web.runtime import runtime
from qpvmap.web.security import access, current_actor
from qpvmap.web.sessions import close_session, request_session
from qpvmap.web.signalement_around import ground_of

bp = Blueprint("papers", __name__)

SVG = "image/svg+xml"
WIDE = (1800.0, 1500.0)
SMALL = (860.0, 640.0)
"""Sizes of plans in tenths of a millimetre."""
MOST_PHOTOS = 4
BUSY = "L’impression n’a pas abouti\u00a0: réessayez dans un instant."


@dataclass(frozen=True, slots=True)
class Line:
    """A stop on paper: what is confidential has no text and no category of its own."""

    stop: StopRow
    qr: str
    is_secret: bool


@bp.get(f"/tournees{ROUND}/plan.svg")
@LEAD
def plan(round_id: int) -> Response:
    """Return the plan of a round, for pages without a script."""
    round_ = found_round(round_id)
    stops = stops_of(request_session(), current_actor(), round_id)
    return private(Response(plan_of_round(round_, stops), mimetype=SVG))


@bp.get(f"/tournees{ROUND}.pdf")
@LEAD
def round_sheet(round_id: int) -> ResponseReturnValue:
    """Return the sheet of a round as PDF."""
    session, actor = request_session(), current_actor()
    round_ = found_round(round_id)
    stops = [stop for stop in stops_of(session, actor, round_id) if stop.is_ours]
    page = render_template(
        "papers/round.html",
        round=round_,
        lines=[line_of(stop) for stop in stops],
        left=sum(stop.is_left for stop in stops),
        walk=walk_words(walked(straight_length(session, depot_of(session, round_), stops))),
        plan=data_url(plan_of_round(round_, stops), SVG) if stops else "",
        communes=commune_names(session, [round_.territory_id]),
        printed_at=request_now(),
    )
    return printed(page, f"tournee-{round_id}.pdf", url_for("rounds.show", round_id=round_id))


@bp.get("/signalements/<reference>/bon.pdf")
@access(Action.HANDLE)
def work_order(reference: str) -> ResponseReturnValue:
    """Return the work order of a report as PDF, for those who handle it."""
    session, actor = request_session(), current_actor()
    row = find_visible(session, actor, reference)
    if row is None:
        raise NotFound("Signalement", reference)
    require(actor, Action.HANDLE, target_of(row))
    is_secret = row.nature == Nature.TRANQUILLITE
    page = render_template(
        "papers/work_order.html",
        signalement=row,
        is_secret=is_secret,
        description="" if is_secret else description_for(actor, row),
        location=stored_location(session, row),
        point=point_at(session, row.id),
        plan=data_url(plan_of_report(row), SVG),
        photos=[] if is_secret else photos_before(row),
        qr=qr_of(reference),
        address=page_address(reference),
        printed_at=request_now(),
        ground=ground_under(session, row.emprise_id),
        **ground_of(session, row),
    )
    here = url_for("signalement_page.show", reference=reference)
    return printed(page, f"bon-{reference}.pdf", here)


def found_round(round_id: int) -> Round:
    """Return a round that the reader may lead.

    Raises
    ------
    NotFound
        If there is none.
    """
    found = find_round(request_session(), current_actor(), round_id)
    if found is None:
        raise NotFound("Tournée", str(round_id))
    return found


def line_of(stop: StopRow) -> Line:
    """Return a stop as the sheet shows it."""
    return Line(stop, qr_of(stop.reference or ""), stop.nature == Nature.TRANQUILLITE)


def page_address(reference: str) -> str:
    """Return the address of a report's page, in full: paper has no site of its own."""
    base = (runtime().settings.public_url or request.host_url).rstrip("/")
    return f"{base}{url_for('signalement_page.show', reference=reference)}"


def qr_of(reference: str) -> str:
    """Return the QR code of a report's page, as an address that holds the image."""
    return data_url(qr_svg(page_address(reference)), SVG)


def plan_of_round(round_: Round, stops: Sequence[StopRow]) -> str:
    """Return the plan of a round: its stops, its depot, our own ground."""
    session = request_session()
    depot = depot_of(session, round_)
    marks = [Mark(str(s.position), s.point, not s.is_left) for s in stops if s.point]
    points = [*(mark.point for mark in marks), *([depot] if depot else [])]
    frame = frame_around(points or [middle()], *WIDE)
    return draw_plan(frame, plan_shapes(session, frame), marks, depot)


def plan_of_report(row: Signalement) -> str:
    """Return the small plan around a report, with the ground it lies on."""
    session = request_session()
    point = point_at(session, row.id)
    frame = frame_around([point], *SMALL)
    return draw_plan(frame, plan_shapes(session, frame, row.emprise_id), [Mark("", point)])


def photos_before(row: Signalement) -> list[str]:
    """Return the photos of the defect as addresses that hold them."""
    kept = [
        photo for photo in photos_of(request_session(), row.id) if photo.moment == Moment.BEFORE
    ]
    files = runtime().files
    found = (files.get(photo_path(photo.key, Size.FULL)) for photo in kept[:MOST_PHOTOS])
    return [data_url(content, "image/webp") for content in found if content]


def printed(page: str, name: str, back: str) -> ResponseReturnValue:
    """Return the PDF of a page; when the printer is busy, the page it was asked from says so."""
    close_session()  # laying out takes a second: no database connection is held meanwhile
    try:
        content = print_pdf(page)
    except CannotPrint:
        flash(BUSY, "error")
        return redirect(back, 303)
    answer = Response(content, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return private(answer)


def private(answer: Response) -> Response:
    """Return an answer that nothing keeps: it holds what only its reader may see."""
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
