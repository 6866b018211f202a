"""Proof that somebody without an account filed a signalement: by this browser, or by a ticket.

A ticket is given once, with what was filed, and lets its holder add photos for some days. What was
filed from a browser is in a cookie of its own: a phone sends late, while somebody may be signing
in, and the answer must not put back the session as it was before.
"""

from datetime import timedelta

from flask import Response, after_this_request, current_app, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from qpvmap.secret import derived_key

FILED_COOKIE = "qpvmap_filed"
KEPT_REFERENCES = 50
TICKET_FOR = timedelta(days=7)


def upload_ticket(reference: str) -> str:
    """Return the ticket of what was just filed, or just supported."""
    return _signer().dumps(reference)


def proves(ticket: str, reference: str) -> bool:
    """Return whether a ticket is ours, recent enough, and for this signalement."""
    try:
        signed = _signer().loads(ticket, max_age=int(TICKET_FOR.total_seconds()))
    except BadSignature:
        return False
    return bool(signed == reference)


def filed_here(reference: str) -> bool:
    """Return whether this browser filed it, without an account."""
    return reference in filed_from_here()


def filed_from_here() -> list[str]:
    """Return the references of all that this browser filed, without an account, since it opened."""
    lifetime = current_app.permanent_session_lifetime
    try:
        filed: list[str] = _filed_signer().loads(
            request.cookies.get(FILED_COOKIE, ""), max_age=int(lifetime.total_seconds())
        )
    except BadSignature:
        return []
    return filed


def remember_filed(reference: str) -> None:
    """Have this browser know that `reference` was filed from it, until it is closed."""
    kept = [known for known in filed_from_here() if known != reference]
    value = filed_cookie([*kept, reference][-KEPT_REFERENCES:])

    @after_this_request
    def give(response: Response) -> Response:
        response.set_cookie(
            FILED_COOKIE,
            value,
            httponly=True,
            samesite="Lax",
            secure=current_app.config["SESSION_COOKIE_SECURE"],
        )
        return response


def filed_cookie(references: list[str]) -> str:
    """Return references as the cookie holds them: signed, so that nobody adds another's."""
    return str(_filed_signer().dumps(references))


def _filed_signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(derived_key(str(current_app.secret_key), "filed from here"))


def _signer() -> URLSafeTimedSerializer:
    key = current_app.secret_key
    return URLSafeTimedSerializer(derived_key(str(key), "photo ticket"))
