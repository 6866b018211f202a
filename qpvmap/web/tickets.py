"""Proof that somebody without an account filed a signalement: by this browser, or by a ticket.

A ticket is given once, with what was filed, and lets its holder add photos for some days.
"""

from datetime import timedelta

from flask import current_app, session
from itsdangerous import BadSignature, URLSafeTimedSerializer

from qpvmap.secret import derived_key

FILED = "filed"
"""Key of the cookie session: references that somebody without an account filed from here."""
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
    """Return the references of all that this browser filed, without an account."""
    filed: list[str] = session.get(FILED, [])
    return filed


def _signer() -> URLSafeTimedSerializer:
    key = current_app.secret_key
    return URLSafeTimedSerializer(derived_key(str(key), "photo ticket"))
