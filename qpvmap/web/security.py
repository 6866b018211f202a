"""The door of every request: who asks, whether the form is really theirs, what the page asks for.

A page knows people by the session cookie. Under `/api/` only the `Authorization` header counts:
a cookie that a browser adds by itself must not be able to write through the API.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Flask, abort, current_app, g, request, session
from flask_security import current_user
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import Unauthorized

from qpvmap.core.actors import ANONYMOUS, Actor
from qpvmap.core.errors import NotAllowed
from qpvmap.core.permissions import GRANTS, Action, Reach, reach_of
from qpvmap.secret import derived_key
from qpvmap.storage.accounts import actor_by_token, actor_of
from qpvmap.web.sessions import request_session

API_PREFIX = "/api/"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
NUL = "\x00"
FORMS = "csrf_token"
"""Key of the session: what the tokens of its forms are made from."""
OUTBOX_HEADER = "Qpvmap-Outbox"
"""What a phone's outbox says with each record; no form, and no other site, can say it."""
PUBLIC = "public"
SIGNED_IN = "signed_in"

View = TypeVar("View", bound=Callable[..., Any])

csrf = CSRFProtect()


def is_api_request() -> bool:
    """Return whether a program asks, and expects a problem document when refused."""
    return request.path.startswith(API_PREFIX)


def current_actor() -> Actor:
    """Return who asks; `ANONYMOUS` when nobody is signed in.

    Raises
    ------
    werkzeug.exceptions.Unauthorized
        Under `/api/`, if a token was sent that is wrong or revoked.
    """
    if "actor" not in g:
        g.actor = _actor_by_bearer() if is_api_request() else _actor_by_cookie()
    actor: Actor = g.actor
    return actor


def act_as(actor: Actor) -> None:
    """Have this request made by somebody who proved otherwise who they are."""
    g.actor = actor


def _actor_by_cookie() -> Actor:
    return actor_of(current_user) if current_user.is_authenticated else ANONYMOUS


def _actor_by_bearer() -> Actor:
    header = request.headers.get("Authorization")
    if header is None:
        return ANONYMOUS
    scheme, _, token = header.partition(" ")
    actor = None
    if scheme.lower() == "bearer" and token.strip():
        actor = actor_by_token(request_session(), token.strip(), datetime.now(UTC))
    if actor is None:
        raise Unauthorized
    return actor


def public(view: View) -> View:
    """Declare a view open to everybody."""
    return _marked(view, PUBLIC)


def signed_in(view: View) -> View:
    """Declare a view for anyone with an account, and hold it."""
    return _guarded(view, SIGNED_IN, _require_account)


def access(action: Action) -> Callable[[View], View]:
    """Declare a view for those to whom some role grants `action` somewhere, and hold it.

    It is a first sieve: whether the action is granted on the thing itself is for the use case.
    """

    def require_some() -> None:
        actor = current_actor()
        if not any(
            reach_of(actor, action, nature) is not Reach.NOWHERE for nature in GRANTS[action]
        ):
            _require_account()
            raise NotAllowed(action)

    return lambda view: _guarded(view, action, require_some)


def _require_account() -> None:
    if current_actor().is_anonymous:
        raise Unauthorized


def _guarded(view: View, declared: str, check: Callable[[], None]) -> View:
    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        check()
        return view(*args, **kwargs)

    return _marked(cast(View, guarded), declared)


def _marked(view: View, declared: str) -> View:
    view.access = declared  # type: ignore[attr-defined]  # a test reads it on each route
    return view


def takes_up_to(size: int) -> Callable[[View], View]:
    """Declare that a view takes bodies of up to `size` bytes, when that is more than the others."""

    def mark(view: View) -> View:
        view.max_body_bytes = size  # type: ignore[attr-defined]  # read below, before the body
        return view

    return mark


def proven_by_link(view: View) -> View:
    """Declare a form that a signed link proves by itself: mail programs send it for its holder."""
    view.proven_by_link = True  # type: ignore[attr-defined]  # the door reads it
    return view


def is_proven_by_link() -> bool:
    """Return whether the address of this request is its own proof."""
    view = current_app.view_functions.get(request.endpoint or "")
    return getattr(view, "proven_by_link", False)


def is_outbox_request() -> bool:
    """Return whether a phone's outbox sends, and expects JSON when refused."""
    return OUTBOX_HEADER in request.headers


def is_without_session() -> bool:
    """Return whether an outbox sends with an empty session: there is nothing to be misused."""
    return is_outbox_request() and not session


def begin_as_before() -> None:
    """Give a session begun from the cookie of who stays signed in the token of each such beginning.

    A page and a phone that sends may begin one at the same time: the forms of both must be good.
    """
    remembered = request.cookies.get(current_app.config["REMEMBER_COOKIE_NAME"])
    if remembered and FORMS not in session:
        session[FORMS] = derived_key(str(current_app.secret_key), f"forms of {remembered}")


def allow_larger_body() -> None:
    """Let in what the view of this request says that it takes."""
    view = current_app.view_functions.get(request.endpoint or "")
    size = getattr(view, "max_body_bytes", None)
    if size is not None:
        request.max_content_length = size


def refuse_chunked() -> None:
    """Refuse a body of unannounced length: the limit would cut it without a word."""
    if request.headers.get("Transfer-Encoding"):
        abort(411)


def refuse_nul() -> None:
    """Refuse the one character that PostgreSQL's text cannot hold: nobody types it."""
    values = (*request.args.values(), *request.form.values())
    if NUL in request.path or any(NUL in value for value in values):
        abort(400)


def door() -> None:
    """Read the body, then check the form's origin or the token, before any view runs.

    The body comes first: a slow phone must not hold a database connection while it sends.
    """
    safe = request.method in SAFE_METHODS
    if not safe:
        request.get_data(parse_form_data=True)
    if not is_api_request():  # programs are told which value it is
        refuse_nul()
    if is_api_request():
        current_actor()
        return
    if request.endpoint != "static":  # files are the same for everybody
        begin_as_before()
    if not safe and not is_proven_by_link() and not is_without_session():
        csrf.protect()


def init_app(app: Flask) -> None:
    """Put the door before every view of `app`."""
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    app.config["WTF_CSRF_TIME_LIMIT"] = None
    csrf.init_app(app)
    app.before_request(refuse_chunked)
    app.before_request(allow_larger_body)
    app.before_request(door)
