"""`/admin`: what could not be sent, how the worker is, and in a demonstration the outbox.

Its other pages are in web/people.py and web/teams.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qpvmap.core.errors import CannotChange
from qpvmap.core.labels import LETTER_LABELS
from qpvmap.core.permissions import Action, Reach, reach_of
from qpvmap.storage.sendings import (
    PAGE,
    Health,
    SendingLine,
    failed_sendings,
    sending_line,
    sent_mails,
    worker_health,
)
from qpvmap.usecases.notices import send_again
from qpvmap.web.filters import request_now
from qpvmap.web.runtime import runtime
from qpvmap.web.security import access, current_actor
from qpvmap.web.sessions import request_session, unit_of_work

bp = Blueprint("admin", __name__, url_prefix="/admin")

SILENT_AFTER = timedelta(minutes=2)
"""A worker says that it lives every ten seconds."""
LATE_AFTER = timedelta(minutes=10)

MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox"
)
"""A mail shown as it is: its own style, and nothing that acts, loads or leads anywhere."""


@dataclass(frozen=True, slots=True)
class Tab:
    """A page of the administration, and what it takes to open it."""

    endpoint: str
    label: str
    action: Action


TABS = (
    Tab("admin.show", "Envois", Action.VIEW_SENDINGS),
    Tab("people.index", "Personnes", Action.MANAGE_PEOPLE),
    Tab("teams.index", "Services", Action.MANAGE_PEOPLE),
    Tab("teams.journal", "Journal", Action.MANAGE_PEOPLE),
    Tab("admin.outbox", "Courriels (démonstration)", Action.ADMINISTER),
)


def tabs() -> list[Tab]:
    """Return the pages of the administration that the reader may open here."""
    actor = current_actor()
    return [
        tab
        for tab in TABS
        if reach_of(actor, tab.action, None) is not Reach.NOWHERE
        and (tab.endpoint != "admin.outbox" or keeps_mails())
    ]


def keeps_mails() -> bool:
    """Return whether mails are kept here instead of being sent."""
    return runtime().settings.smtp_url is None


@bp.get("")
@access(Action.VIEW_SENDINGS)
def show() -> str:
    """Show what could not be sent on the reader's territories, and how the worker is."""
    session, now = request_session(), request_now()
    lines = failed_sendings(session, current_actor(), page_before())
    health = worker_health(session, now)
    return render_template(
        "admin/index.html",
        tabs=tabs(),
        lines=lines,
        next_href=next_href("admin.show", lines),
        health=health,
        alarm=alarm_of(health),
        words=LETTER_LABELS,
        masked=masked,
    )


def alarm_of(health: Health) -> str:
    """Return what is wrong with the worker, in one sentence; empty when nothing is."""
    now = request_now()
    if health.seen_at is None or now - health.seen_at > SILENT_AFTER:
        return "Aucun programme de fond ne tourne : rien ne part. Lancez « qpvmap worker »."
    if health.oldest_at is not None and now - health.oldest_at > LATE_AFTER:
        return "Le programme de fond a du retard : regardez son journal."
    return ""


@bp.post("/envois/<int:notice_id>/renvoyer")
@access(Action.VIEW_SENDINGS)
def resend(notice_id: int) -> ResponseReturnValue:
    """Send again what failed, once somebody looked at it."""
    try:
        with unit_of_work() as session:
            send_again(session, current_actor(), notice_id)
    except CannotChange as error:
        flash(str(error), "warning")
    else:
        flash("Renvoyé. S’il échoue encore, il reviendra ici.", "success")
    return redirect(url_for("admin.show"), 303)


@bp.get("/courriels")
@access(Action.ADMINISTER)
def outbox() -> str:
    """List the mails that a demonstration keeps instead of sending them."""
    require_outbox()
    lines = sent_mails(request_session(), current_actor(), page_before())
    return render_template(
        "admin/outbox.html",
        tabs=tabs(),
        lines=lines,
        next_href=next_href("admin.outbox", lines),
        words=LETTER_LABELS,
    )


@bp.get("/courriels/<int:notice_id>")
@access(Action.ADMINISTER)
def outbox_mail(notice_id: int) -> str:
    """Show one of these mails, as its reader would have it and as text."""
    message = kept_mail(notice_id)
    plain = message.get_body(("plain",))
    return render_template(
        "admin/mail.html",
        tabs=tabs(),
        notice_id=notice_id,
        message=message,
        text=plain.get_content() if plain else "",
    )


@bp.get("/courriels/<int:notice_id>/html")
@access(Action.ADMINISTER)
def outbox_html(notice_id: int) -> Response:
    """Return the HTML of one of these mails, to be framed by its page: it can do nothing."""
    html = kept_mail(notice_id).get_body(("html",))
    response = Response(html.get_content() if html else "", mimetype="text/html")
    response.headers["Content-Security-Policy"] = MAIL_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def require_outbox() -> None:
    """Answer 404 where mails really leave: nothing is kept there."""
    if not keeps_mails():
        abort(404)


def kept_mail(notice_id: int) -> EmailMessage:
    """Return a mail of the outbox that the reader may read, or answer 404."""
    require_outbox()
    if sending_line(request_session(), current_actor(), notice_id) is None:
        abort(404)
    path: Path = runtime().settings.outbox_dir / f"{notice_id:08d}.eml"
    if not path.is_file():
        abort(404)
    parser = BytesParser(EmailMessage, policy=policy.default)
    return parser.parsebytes(path.read_bytes())


def masked(address: str) -> str:
    """Return an address that its owner would know, and nobody else: `l…@exemple.fr`."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}…{at}{domain}" if at else "…"


def page_before() -> int | None:
    """Return below which id the page begins, if the address says so."""
    return request.args.get("avant", type=int)


def next_href(endpoint: str, lines: Sequence[SendingLine]) -> str:
    """Return the address of the next page; empty when this is the last."""
    return url_for(endpoint, avant=lines[-1].id) if len(lines) == PAGE else ""
