"""The session cookie, sent by pages alone and by what a person does.

A map asks for its data while its reader is already on the way to a form. Were each answer to carry
the session as it was when asked, a late one would undo what the form's page has just put there, and
the form would be refused as if it had waited too long. So it is with the pages that a phone keeps
for when there is no network: the token drawn for one of them is not that of the page being read.
And so with a phone that sends what waited: it is told the token of the session, or that there is
none, and nothing of what it does changes the session of whoever signs in or out meanwhile.
"""

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin

from qpvmap.web.security import is_outbox_request

GIVES_A_TOKEN = frozenset({"outbox.form_token"})
"""What a page fetches for a form that it sends next: its token must be that of the session."""


class PageSessions(SecureCookieSessionInterface):
    """Sessions prolonged by what a person opens, not by what a page fetches."""

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """Return whether the answer carries the cookie: on a page, or when a deed changed it."""
        if is_outbox_request():
            return False
        if is_navigation():
            return super().should_set_cookie(app, session)
        return session.modified and (is_deed() or request.endpoint in GIVES_A_TOKEN)


def is_navigation() -> bool:
    """Return whether a person opens a page; a client that does not say so is believed to."""
    return request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"


def is_deed() -> bool:
    """Return whether the request does something."""
    return request.method not in ("GET", "HEAD", "OPTIONS")


def init_app(app: Flask) -> None:
    """Use these sessions in `app`."""
    app.session_interface = PageSessions()
