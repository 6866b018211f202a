"""What a browser, and a phone's outbox, send to the mediators' pages."""

from typing import Any
from uuid import uuid4

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.web.doors import hidden_token


def page(client: FlaskClient, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, path
    return answer.get_data(as_text=True)


def send(client: FlaskClient, path: str, **form: Any) -> TestResponse:
    """Send a form with the token of the landing page."""
    token = hidden_token(page(client, "/parcours"))
    return client.post(path, data={"csrf_token": token, "client_id": str(uuid4()), **form})


def outbox(client: FlaskClient, path: str, **form: Any) -> TestResponse:
    """Send as a phone's outbox does."""
    here = client.get("/envois/identite").json
    assert here
    headers = {
        "Qpvmap-Outbox": "1",
        "Qpvmap-Person": here["person"],
        "X-CSRFToken": here["csrf_token"],
    }
    return client.post(path, data=form, headers=headers)
