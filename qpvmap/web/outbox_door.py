"""What a phone's outbox is answered: JSON that it can act upon, whatever the view and the refusal.

A record may have been written weeks ago, by somebody who is not the one signed in now. Its sending
says whose it is (`Qpvmap-Person`) and is refused under anybody else. `docs/outbox.md` has the rest.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import Unauthorized

from qpvmap.core.actors import Actor
from qpvmap.core.errors import InvalidSubmission, QpvmapError
from qpvmap.core.signalements import clock_off
from qpvmap.web.filters import request_now
from qpvmap.web.security import SAFE_METHODS, current_actor, is_outbox_request

PERSON_HEADER = "Qpvmap-Person"
CLOCK_HEADER = "Qpvmap-Clock"
OLD_FORM = "old_form"
"""What a refusal says when the token of forms is missing or too old: the phone asks for another."""
SIGN_IN = "Votre session a pris fin. Tout est gardé : reconnectez-vous pour envoyer."
WORDS: Mapping[int, str] = {
    400: "Envoi illisible. Modifiez-le, puis renvoyez-le.",
    401: SIGN_IN,
    404: "Le site ne connaît pas ce à quoi cet envoi se rapporte.",
    413: "Envoi trop lourd. Réduisez la photo, puis renvoyez-la.",
    429: "Trop d’envois à la fois. Le suivant partira un peu plus tard.",
}
FAILED = "La panne vient de nous. L’envoi sera tenté de nouveau."


def person_key(actor: Actor) -> str:
    """Return whose a record is, as a phone knows it; empty without an account."""
    return "" if actor.account_id is None else str(actor.account_id)


def accepted(client_id: UUID, *, created: bool, **said: Any) -> tuple[Response, int]:
    """Answer that the record `client_id` is kept: 201 the first time, 200 when it comes again.

    `said` is shown in the list of what was sent: `title`, `href`, `note`.
    """
    return jsonify(id=str(client_id), **said), 201 if created else 200


def phone_clock_off() -> int | None:
    """Return how far off the clock of the phone that sends is; None when it is right, or unsaid."""
    try:
        phone = datetime.fromisoformat(request.headers.get(CLOCK_HEADER, ""))
    except ValueError:
        return None
    return clock_off(phone, request_now()) if phone.tzinfo else None


def refusal(error: QpvmapError, status: int) -> tuple[Response, int]:
    """Answer why a rule refused a record, and which of its fields are at fault."""
    fields = dict(error.fields) if isinstance(error, InvalidSubmission) else {}
    return jsonify(message=str(error), fields=fields), status


def http_refusal(status: int, code: str = "") -> tuple[Response, int]:
    """Answer a refusal of the web layer; `code` is for the program that reads it."""
    words = WORDS.get(status, WORDS[400] if status < 500 else FAILED)
    return jsonify(message=words, code=code), status


def check_person() -> None:
    """Refuse a record that somebody else made than who is signed in.

    Raises
    ------
    werkzeug.exceptions.Unauthorized
        If they differ: the phone keeps it until its author is back.
    """
    if not is_outbox_request() or request.method in SAFE_METHODS:
        return
    if request.headers.get(PERSON_HEADER, "") != person_key(current_actor()):
        raise Unauthorized


def init_app(app: Flask) -> None:
    """Check each sending of an outbox once the door has let it in."""
    app.before_request(check_person)
