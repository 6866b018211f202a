"""`/suivi/<link>`: a report for whoever holds its link, without an account; and how to leave."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request
from flask import url_for as address_of
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from qpvmap.core.notices import PersonKind
from qpvmap.core.permissions import Nature
from qpvmap.core.workflow import CONTEST_FOR, OPEN_STATUSES, Status
from qpvmap.links import BadLink, ExpiredLink, Links, links_of
from qpvmap.storage.desk import categories_by_id, teams_by_id
from qpvmap.storage.following import Followed
from qpvmap.storage.photos import photos_of
from qpvmap.storage.signalements import history, stored_location
from qpvmap.usecases.following import (
    contest,
    follow,
    holder,
    resubscribe,
    unsubscribe,
    write_to_service,
)
from qpvmap.usecases.handling import possible_moves
from qpvmap.usecases.joining import family
from qpvmap.web.filters import request_now
from qpvmap.web.photos import Shown, shown_photos
from qpvmap.web.runtime import runtime
from qpvmap.web.security import proven_by_link, public
from qpvmap.web.sessions import close_session, request_session, unit_of_work
from qpvmap.web.signalement_forms import COMMENT_MAX, REFUSALS, Refusal, read_version, refusal_of
from qpvmap.web.signalement_history import Reader, Step, step_of
from qpvmap.web.throttle import FOLLOWING, Slower, pause

bp = Blueprint("follow", __name__)

DISCREET = {
    "Referrer-Policy": "strict-origin",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Cache-Control": "private, no-store",
}
"""The address is the key: no other site, no index and no shared cache may learn it."""

FIELDS = {"message": "text", "contestation": "comment"}
"""What is typed in each form."""
TOO_MANY = "Trop d’envois par ce lien. Votre texte est gardé : renvoyez-le dans une heure."


class ClosedLink(Exception):
    """The link opens nothing: `why` names the words of the page that says so."""

    def __init__(self, why: str, status: int) -> None:
        super().__init__(why)
        self.why, self.status = why, status


@bp.after_request
def be_discreet(response: Response) -> Response:
    """Keep the address of the page to its reader."""
    response.headers.update(DISCREET)
    return response


@bp.errorhandler(ClosedLink)
def closed(error: ClosedLink) -> ResponseReturnValue:
    """Say in plain words why a link opens nothing, and what to do instead."""
    return render_template("follow/closed.html", why=error.why), error.status


def site_links() -> Links:
    """Return the links of this installation."""
    return links_of(runtime().settings)


def opened(token: str) -> Followed:
    """Return what a link opens.

    Raises
    ------
    ClosedLink
        If it opens nothing, with the reason.
    """
    contact_id = _read(lambda: site_links().contact_of(token))
    followed = follow(request_session(), contact_id)
    if followed is None:
        raise ClosedLink("left", 410)
    return followed


def _read(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except ExpiredLink:
        raise ClosedLink("expired", 410) from None
    except BadLink:
        raise ClosedLink("unknown", 404) from None


@bp.get("/suivi/<token>")
@public
def show(token: str) -> str:
    """Show the report that a link opens, and nothing else."""
    return rendered(token, opened(token))


def rendered(token: str, followed: Followed, refusal: Refusal | None = None) -> str:
    """Return the page, with what was just refused if anything was."""
    own, head, session = followed.own, followed.head, request_session()
    confidential = Nature.TRANQUILLITE in (own.nature, head.nature)
    told = followed.is_author or not confidential
    actor = holder(followed)
    leave = site_links().unsubscribe_token(PersonKind.CONTACT, followed.contact.id)
    return render_template(
        "follow/show.html",
        token=token,
        leave_token=leave,
        signalement=own,
        head=head,
        confidential=confidential,
        told=told,
        is_open=head.status in OPEN_STATUSES,
        location=stored_location(session, own),
        description=_description(followed) if told else "",
        steps=_steps(followed) if told else [],
        family=family(session, actor, own),
        photos=[] if confidential else _photos(followed),
        contestable=_contestable(followed),
        contest_until=head.settled_at and head.settled_at + CONTEST_FOR,
        comment_max=COMMENT_MAX,
        refusal=refusal,
    )


def _photos(followed: Followed) -> list[Shown]:
    """Return the photos of the report, and of the one that goes on for both: all are public."""
    session = request_session()
    rows = {row.id: row for row in (followed.own, followed.head)}.values()
    return [photo for row in rows for photo in shown_photos(row, photos_of(session, row.id))]


def _description(followed: Followed) -> str:
    """Return the text of the report; unchecked, for its author alone."""
    own = followed.own
    return own.description if followed.is_author or not own.description_hidden else ""


def _steps(followed: Followed) -> list[Step]:
    session, own = request_session(), followed.own
    reader = Reader(
        names_shown=False,
        reporter_shown=False,
        teams={key: team.name for key, team in teams_by_id(session, [own.territory_id]).items()},
        categories={
            key: category.name
            for key, category in categories_by_id(session, [own.territory_id]).items()
        },
        people={},
        filed=followed.is_author,
    )
    entries = history(session, own.id, unchecked=followed.is_author)
    return [step_of(entry, reader) for entry in entries]


def _contestable(followed: Followed) -> bool:
    head, now = followed.head, request_now()
    in_time = head.settled_at is not None and now <= head.settled_at + CONTEST_FOR
    return in_time and Status.REOPENED in possible_moves(
        request_session(), holder(followed), head, now
    )


@bp.post("/suivi/<token>/message")
@public
def write(token: str) -> ResponseReturnValue:
    """Send a message to the service."""

    def act(session: Session, contact_id: int) -> None:
        write_to_service(session, contact_id, request.form.get("text", ""), request_now())

    return act_by_link(token, "message", act, "Message envoyé au service.")


@bp.post("/suivi/<token>/contestation")
@public
def say_not_over(token: str) -> ResponseReturnValue:
    """Say that it is not over: the service takes it up again."""
    why = request.form.get("comment", "").strip()[:COMMENT_MAX]

    def act(session: Session, contact_id: int) -> None:
        contest(session, contact_id, why, read_version(request.form), request_now())

    return act_by_link(token, "contestation", act, "Rouvert. Le service est prévenu.")


def act_by_link(
    token: str, form: str, act: Callable[[Session, int], None], done: str
) -> ResponseReturnValue:
    """Do something by a link, then show its page again; what is refused keeps what was typed."""
    followed = opened(token)
    close_session()  # the count of tries has a transaction of its own
    try:
        pause(FOLLOWING, str(followed.contact.id))
        with unit_of_work() as session:
            act(session, followed.contact.id)
    except Slower:
        refusal = Refusal(form, {FIELDS[form]: TOO_MANY}, request.form.to_dict())
        return rendered(token, opened(token), refusal), 429
    except tuple(REFUSALS) as error:
        refusal = refusal_of(error, form, request.form.to_dict())
        return rendered(token, opened(token), refusal), REFUSALS[type(error)][0]
    flash(done, "success")
    return redirect(address_of("follow.show", token=token), 303)


@bp.get("/desabonnement/<token>")
@public
def leaving(token: str) -> str:
    """Ask whether to stop the mails: a mail server that opens links stops nothing."""
    _read(lambda: site_links().unsubscribing(token))
    return render_template("follow/leave.html", token=token, left=False)


@bp.post("/desabonnement/<token>")
@public
@proven_by_link
def leave(token: str) -> ResponseReturnValue:
    """Stop the mails, by the button or by the one click of a mail program (RFC 8058)."""
    kind, person_id = _read(lambda: site_links().unsubscribing(token))
    with unit_of_work() as session:
        unsubscribe(session, kind, person_id, request_now())
    return make_response(render_template("follow/leave.html", token=token, left=True))


@bp.post("/desabonnement/<token>/annuler")
@public
def come_back(token: str) -> ResponseReturnValue:
    """Start the mails again."""
    kind, person_id = _read(lambda: site_links().unsubscribing(token))
    with unit_of_work() as session:
        resubscribe(session, kind, person_id, request_now())
    return render_template("follow/back.html")
