"""Sign-in, second factor, passkeys and passwords: Flask-Security, in French and behind our door.

Its views commit by themselves; they are the one exception to transactions opened by the door.
"""

import re
from base64 import urlsafe_b64encode
from datetime import timedelta
from time import monotonic
from typing import Any, NoReturn, cast

from flask import Flask, Request, abort, current_app, redirect, request, session
from flask.typing import ResponseReturnValue
from flask_security import (
    MailUtil,
    Security,
    SQLAlchemySessionUserDatastore,
    WebauthnUtil,
    user_authenticated,
    utils,
)
from sqlalchemy.orm import scoped_session
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from werkzeug.local import LocalProxy

from qpvmap.secret import derived_key, secret_key
from qpvmap.settings import Settings
from qpvmap.storage.accounts import demo_addresses
from qpvmap.storage.door import Stroke, door_drawing
from qpvmap.storage.models import Account, Passkey, RoleRow
from qpvmap.storage.queue import enqueue
from qpvmap.web.login_words import MESSAGES
from qpvmap.web.runtime import runtime
from qpvmap.web.sessions import request_session, unit_of_work

SITE_NAME = "Carte du quartier"
PASSWORD_MIN_LENGTH = 12
DRAWING = "qpvmap_door_drawing"
DRAWN_FOR_S = 600.0
FRESH_FOR = timedelta(minutes=30)

ADDRESSES = {
    "LOGIN_URL": "/connexion",
    "LOGOUT_URL": "/deconnexion",
    "RESET_URL": "/mot-de-passe/oubli",
    "CHANGE_URL": "/compte/mot-de-passe",
    "VERIFY_URL": "/connexion/confirmer",
    "TWO_FACTOR_SETUP_URL": "/compte/double-verification",
    "TWO_FACTOR_TOKEN_VALIDATION_URL": "/connexion/code",
    "TWO_FACTOR_RESCUE_URL": "/connexion/code/aide",
    "TWO_FACTOR_SELECT_URL": "/connexion/choix",
    "MULTI_FACTOR_RECOVERY_CODES_URL": "/compte/codes-de-secours",
    "MULTI_FACTOR_RECOVERY_URL": "/connexion/code-de-secours",
    "WAN_REGISTER_URL": "/compte/cles",
    "WAN_SIGNIN_URL": "/connexion/cle",
    "WAN_DELETE_URL": "/compte/cles/retirer",
    "WAN_VERIFY_URL": "/connexion/confirmer/cle",
    "POST_LOGIN_VIEW": "/compte/accueil",
    "POST_LOGOUT_VIEW": "/",
    "POST_CHANGE_VIEW": "/compte",
    "POST_RESET_VIEW": "/connexion",
    "TWO_FACTOR_POST_SETUP_VIEW": "/compte",
    "STATIC_FOLDER_URL": "/static/connexion",
}

OWN_ADDRESS = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")
"""A path of this site; browsers take `//x`, `/\\x` and what hides in blanks for another's."""


class AnyPasskey(WebauthnUtil):
    """Accept the phone's own reader as well as a separate key, and ask for its owner."""

    def authenticator_selection(self, user: Any, usage: str) -> AuthenticatorSelectionCriteria:
        """Return what a new passkey must do: be found without an address, check its owner."""
        return AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        )


class QueueMail(MailUtil):
    """Send the library's mails as a job."""

    def send_mail(
        self,
        template: str,
        subject: str,
        recipient: str | tuple[str, str],
        sender: str | tuple[str, str],
        body: str | None,
        html: str | None,
        **context: Any,
    ) -> None:
        """Ask for the mail; its links lead to the site's own name, whatever the request said."""
        text = (body or "").replace(request.url_root, f"{runtime().settings.base_url}/")
        with unit_of_work() as opened:
            enqueue(opened, "send_mail", to=recipient, subject=str(subject), text=text)


def security_config(settings: Settings) -> dict[str, Any]:
    """Return what Flask-Security is told, without its prefix."""
    key = secret_key(settings)
    return {
        **ADDRESSES,
        **MESSAGES,
        "PASSWORD_HASH": "argon2",
        "PASSWORD_SCHEMES": ["argon2"],
        "PASSWORD_SINGLE_HASH": True,
        "PASSWORD_SALT": derived_key(key, "password"),
        "PASSWORD_LENGTH_MIN": PASSWORD_MIN_LENGTH,
        "RECOVERABLE": True,
        "RESET_PASSWORD_WITHIN": timedelta(hours=2),
        "CHANGEABLE": True,
        "LOGOUT_CSRF": True,
        "RETURN_GENERIC_RESPONSES": True,
        "CACHE_CONTROL": None,
        "INPUT_NORMALIZE_FORM": "NFKC",
        "EMAIL_VALIDATOR_ARGS": {"check_deliverability": False, "test_environment": True},
        "EMAIL_SENDER": settings.mail_from,
        "EMAIL_HTML": False,
        "EMAIL_TEMPLATE_PASSWORD_RESET": "emails/reset",
        "EMAIL_TEMPLATE_PASSWORD_RESET_NOTICE": "emails/password_changed",
        "EMAIL_TEMPLATE_PASSWORD_CHANGE_NOTICE": "emails/password_changed",
        "API_ENABLED_METHODS": ["session"],
        "DATETIME_FACTORY": utils.aware_utcnow,
        "FRESHNESS": FRESH_FOR,
        "SCRIPT_NONCE_KEY": "csp_nonce",
        "TWO_FACTOR": True,
        "TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
        "TWO_FACTOR_RESCUE_EMAIL": False,
        "TWO_FACTOR_RESCUE_MAIL": settings.mail_from,
        "TOTP_SECRETS": {"1": derived_key(key, "totp")},
        "TOTP_ISSUER": SITE_NAME,
        "MULTI_FACTOR_RECOVERY_CODES": True,
        "MULTI_FACTOR_RECOVERY_CODES_N": 8,
        "MULTI_FACTOR_RECOVERY_CODES_KEYS": [fernet_key(key)],
        "WEBAUTHN": True,
        "WAN_RP_NAME": SITE_NAME,
        "WAN_ALLOW_USER_HINTS": False,
    }


def drop_foreign_next() -> ResponseReturnValue | None:
    """Ask again without `next` when it leads to another site: it was never one of our links."""
    if request.blueprint != "security" or "next" not in request.args:
        return None
    if OWN_ADDRESS.fullmatch(request.args["next"]):
        return None
    return redirect(request.path, 303)


def nothing_here() -> NoReturn:
    """Close a page of the library that would mail an administrator: recovery codes do better."""
    abort(404)


def fernet_key(key: str) -> bytes:
    """Return the key under which recovery codes are kept."""
    return urlsafe_b64encode(bytes.fromhex(derived_key(key, "recovery codes")))


def never_json(_request: Request) -> bool:
    """Return False: these pages are for people; programs have the API and its tokens."""
    return False


def keep_session(*_: Any, **__: Any) -> None:
    """Let a signed-in session last its fixed time rather than as long as the browser runs."""
    session.permanent = True


def login_page_context() -> dict[str, Any]:
    """Return what the sign-in page says besides its form."""
    return {"demo_addresses": demo_addresses(request_session()), "drawing": drawing()}


def drawing() -> tuple[Stroke, ...]:
    """Return the quarter for the sign-in page, drawn once in a while."""
    kept = current_app.extensions.get(DRAWING)
    if kept and kept[0] > monotonic():
        strokes: tuple[Stroke, ...] = kept[1]
        return strokes
    strokes = door_drawing(request_session(), runtime().settings.territory)
    if strokes:
        current_app.extensions[DRAWING] = (monotonic() + DRAWN_FOR_S, strokes)
    return strokes


def init_app(app: Flask, settings: Settings) -> None:
    """Add the pages of Flask-Security to `app`."""
    app.config.update({f"SECURITY_{k}": v for k, v in security_config(settings).items()})
    store = SQLAlchemySessionUserDatastore(
        cast(scoped_session[Any], LocalProxy(request_session)), Account, RoleRow, Passkey
    )
    security = Security(
        app,
        store,
        mail_util_cls=QueueMail,
        webauthn_util_cls=AnyPasskey,
    )
    security.want_json(never_json)
    security.login_context_processor(login_page_context)
    app.view_functions["security.two_factor_rescue"] = nothing_here
    app.before_request(drop_foreign_next)
    user_authenticated.connect(keep_session, app)
