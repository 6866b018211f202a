"""Signing in as a person does: the page, its hidden token, the form."""

import re
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from qpvmap.core.actors import Role
from qpvmap.storage.session import transaction
from qpvmap.usecases.accounts import NewAccount, create_account

PASSWORD = "un mot de passe d’été"
MEDIATOR = NewAccount(
    email="mediateur@demo.example", name="Nadia", roles=(Role.MEDIATOR,), password=PASSWORD
)


def add_account(app: Any, now: datetime, **changes: Any) -> int:
    """Add a mediator's account, changed as told, and return its number."""
    with transaction(app.extensions["qpvmap"].engine) as session:
        return create_account(session, replace(MEDIATOR, **changes), now).id


def hidden_token(page: str) -> str:
    """Return the form token of a page."""
    found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)
    assert found, "no form token in this page"
    return found[1]


def send(client: FlaskClient, path: str, page: str | None = None, **form: Any) -> TestResponse:
    """Send a form of `page` (by default the page at `path`) with its hidden token."""
    token = hidden_token(client.get(page or path).get_data(as_text=True))
    return client.post(path, data={"csrf_token": token, **form})


def log_in(
    client: FlaskClient, password: str = PASSWORD, email: str = MEDIATOR.email, query: str = ""
) -> TestResponse:
    """Send the sign-in form."""
    return send(client, f"/connexion{query}", email=email, password=password)
