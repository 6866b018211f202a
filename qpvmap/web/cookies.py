"""The session cookie, sent again by pages alone.

A map asks for its data while its reader is already on the way to a form. Were each answer to carry
the session as it was when asked, a late one would undo what the form's page has just put there, and
the form would be refused as if it had waited too long.
"""

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin


class PageSessions(SecureCookieSessionInterface):
    """Sessions prolonged by what a person opens, not by what a page fetches."""

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """Return whether the answer carries the cookie: when it changed, or on a page."""
        if session.modified:
            return True
        return is_navigation() and super().should_set_cookie(app, session)


def is_navigation() -> bool:
    """Return whether a person opens a page; a client that does not say so is believed to."""
    return request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"


def init_app(app: Flask) -> None:
    """Use these sessions in `app`."""
    app.session_interface = PageSessions()
