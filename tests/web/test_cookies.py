from datetime import datetime
from typing import Any

from flask.testing import FlaskClient

from tests.web.doors import add_account, log_in


def test_session_when_a_page_fetches_data_then_is_not_sent_again(
    app: Any, client: FlaskClient, now: datetime
) -> None:
    add_account(app, now)
    log_in(client)
    fetched = client.get("/carte/signalements.geojson", headers={"Sec-Fetch-Mode": "cors"})
    assert "qpvmap=" not in fetched.headers.get("Set-Cookie", "")
    opened = client.get("/compte", headers={"Sec-Fetch-Mode": "navigate"})
    assert "qpvmap=" in opened.headers["Set-Cookie"]


def test_session_when_a_phone_keeps_a_page_then_its_token_is_not_the_reader_s(
    client: FlaskClient,
) -> None:
    kept = client.get("/signaler", headers={"Sec-Fetch-Mode": "cors"})
    assert "qpvmap=" not in kept.headers.get("Set-Cookie", "")
    token = client.get("/envois/identite", headers={"Sec-Fetch-Mode": "cors"})
    assert "qpvmap=" in token.headers["Set-Cookie"]
