"""What a browser sends to prepare a round, for the tests of rounds and of their stops."""

from datetime import UTC, datetime, timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from qpvmap.storage.models import RoundStop
from tests.web.doors import hidden_token

NOW = datetime.now(UTC)
FIELDS = {"created_at": NOW, "due_at": NOW + timedelta(days=9)}


def send(client: FlaskClient, path: str, **form: Any) -> TestResponse:
    """Send a form with the token of the list's page."""
    token = hidden_token(client.get("/tournees").get_data(as_text=True))
    return client.post(path, data={"csrf_token": token, **form})


def made_round(client: FlaskClient, *references: str) -> str:
    """Prepare a round and return its path."""
    answer = send(client, "/tournees", reference=list(references))
    assert answer.status_code == 303
    return str(answer.headers["Location"])


def page(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def stop_ids(db: Session) -> list[int]:
    db.expire_all()
    return list(db.scalars(select(RoundStop.id).order_by(RoundStop.position)))
