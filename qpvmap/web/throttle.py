"""Patience with repeated tries: by account in PostgreSQL, by address in each worker's memory.

The count by account is exact and outlives a restart; the one by address only slows a flood.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import Flask, Response, current_app, request, session
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_security import EmailValidateException, user_authenticated
from werkzeug.exceptions import TooManyRequests

from qpvmap.storage.models import Account
from qpvmap.storage.session import transaction
from qpvmap.usecases.throttling import Limit, forgive, try_once
from qpvmap.web.runtime import runtime
from qpvmap.web.security import SAFE_METHODS, current_actor
from qpvmap.web.sessions import request_session

P = ParamSpec("P")
T = TypeVar("T")

SIGN_IN = Limit("sign_in", 10, timedelta(minutes=15))
SECOND_FACTOR = Limit("second_factor", 10, timedelta(minutes=15))
CONFIRMATION = Limit("confirmation", 10, timedelta(minutes=15))
RESET = Limit("reset", 5, timedelta(hours=1))
PASSKEY = Limit("passkey", 60, timedelta(minutes=15))
FILING = Limit("filing", 20, timedelta(hours=1))
PHOTO = Limit("photo", 60, timedelta(hours=1))
SUBSCRIPTION = Limit("subscription", 20, timedelta(hours=1))
SUBSCRIBED_ADDRESS = Limit("subscribed_address", 5, timedelta(hours=1))
FOLLOWING = Limit("following", 20, timedelta(hours=1))

FAILURES_BY_ADDRESS = "30/minute"
FAILURES_BY_ADDRESS_VIEWS = (
    "security.login",
    "security.forgot_password",
    "security.reset_password",
    "security.two_factor_token_validation",
    "security.mf_recovery",
    "security.wan_signin_response",
)


def typed_address() -> str:
    """Return the e-mail address of the form, in the form the library looks it up by."""
    typed = request.form.get("email", "")
    try:
        normal: str = current_app.extensions["security"].mail_util.normalize(typed)
    except EmailValidateException:
        normal = typed
    return normal.strip().lower()


def half_signed_in() -> str:
    """Return who gave a right password, or is signed in, without asking the database."""
    return str(session.get("tf_user_id") or session.get("_user_id") or remote_address())


def remote_address() -> str:
    """Return the network address that asks (the proxy's word is taken only when trusted)."""
    return request.remote_addr or ""


GUARDED: Mapping[str, tuple[Limit, Callable[[], str]]] = {
    "security.login": (SIGN_IN, typed_address),
    "security.forgot_password": (RESET, typed_address),
    "security.two_factor_token_validation": (SECOND_FACTOR, half_signed_in),
    "security.mf_recovery": (SECOND_FACTOR, half_signed_in),
    "security.verify": (CONFIRMATION, half_signed_in),
    "security.change_password": (CONFIRMATION, half_signed_in),
    "security.wan_signin": (PASSKEY, remote_address),
    "security.wan_signin_response": (PASSKEY, remote_address),
}


class Slower(TooManyRequests):
    """Too many tries; `wait` says until when."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(retry_after=int(wait.total_seconds()) + 1)


def pause(limit: Limit, key: str) -> None:
    """Count an attempt, in a transaction of its own.

    Raises
    ------
    Slower
        If there were too many in this window.
    """
    with transaction(runtime().engine) as opened:
        wait = try_once(opened, limit, key, datetime.now(UTC))
    if wait is not None:
        raise Slower(wait)


def guard(limit: Limit, key: Callable[[], str]) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Return a decorator that counts each sending of a form to a view."""

    def decorate(view: Callable[P, T]) -> Callable[P, T]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
            if request.method not in SAFE_METHODS:
                pause(limit, key())
            return view(*args, **kwargs)

        return guarded

    return decorate


def slow_anonymous_filing() -> None:
    """Hold somebody without an account to a few filings an hour from one address.

    Raises
    ------
    Slower
        If there were too many.
    """
    if current_actor().is_anonymous:
        pause(FILING, remote_address())


def slow_anonymous_photos() -> None:
    """Hold somebody without an account to so many photos an hour from one address.

    Raises
    ------
    Slower
        If there were too many.
    """
    if current_actor().is_anonymous:
        pause(PHOTO, remote_address())


def slow_subscriptions(email: str) -> None:
    """Hold the links that prove an address to a few an hour: from one access, and to one address.

    Raises
    ------
    Slower
        If there were too many.
    """
    pause(SUBSCRIPTION, remote_address())
    pause(SUBSCRIBED_ADDRESS, email)


def forgive_signed_in(_app: Flask, user: Account, **_: Any) -> None:
    """Forget the failures of somebody who has signed in; the library's view commits it."""
    forgive(request_session(), SIGN_IN, user.email.lower())
    forgive(request_session(), SECOND_FACTOR, user.fs_uniquifier)


def is_failure(response: Response) -> bool:
    """Return whether a form of the library was refused: what it accepts, it redirects."""
    return response.status_code != 302


def init_app(app: Flask) -> None:
    """Put the limits on the library's views; call it once they are registered."""
    limiter = Limiter(get_remote_address, app=app, storage_uri="memory://")
    views: dict[str, Any] = app.view_functions
    for endpoint, (limit, key) in GUARDED.items():
        views[endpoint] = guard(limit, key)(views[endpoint])
    for endpoint in FAILURES_BY_ADDRESS_VIEWS:
        by_address = limiter.limit(FAILURES_BY_ADDRESS, methods=["POST"], deduct_when=is_failure)
        views[endpoint] = by_address(views[endpoint])
    user_authenticated.connect(forgive_signed_in, app)
