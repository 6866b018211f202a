"""`/invitation/…`: who was given an account chooses a password, and nobody else ever knows it."""

from collections.abc import Callable
from typing import cast

from flask import Blueprint, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_security.recoverable import generate_reset_password_token
from flask_security.utils import url_for_security

from qpvmap.invitation_links import digest, invitation_links
from qpvmap.storage.models import Account
from qpvmap.web.runtime import runtime
from qpvmap.web.security import public
from qpvmap.web.sessions import request_session

bp = Blueprint("invitation", __name__)

password_link = cast(Callable[[Account], str], generate_reset_password_token)
"""The library's own token, which says no types."""


@bp.get("/invitation/<token>")
@public
def show(token: str) -> ResponseReturnValue:
    """Welcome somebody: a mail server that opens links uses nothing up."""
    account = invited(token)
    page = render_template("people/invitation.html", account=account, token=token)
    return page, 200 if account else 410


@bp.post("/invitation/<token>")
@public
def accept(token: str) -> ResponseReturnValue:
    """Lead to the page where a password is chosen."""
    account = invited(token)
    if account is None:
        return redirect(f"/invitation/{token}", 303)
    reset = password_link(account)
    return redirect(url_for_security("reset_password", token=reset), 303)


def invited(token: str) -> Account | None:
    """Return whose invitation it is; None when it was used, is too old, or the account is shut."""
    read = invitation_links(runtime().settings).invited(token)
    account = request_session().get(Account, read[0]) if read else None
    if account is None or read is None or not account.active:
        return None
    return account if digest(account.fs_uniquifier) == read[1] else None
