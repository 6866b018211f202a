"""Time filing and a page of the inbox, from the request to the answer, with queries counted.

Filing has no photo. Printed as milliseconds and as a ratio to `select 1` in the same run: read
the ratio, since the machine is shared.
"""

import secrets
import statistics
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import click
from bench_locate import random_points, report, timed
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, text

from qpvmap.app import create_app
from qpvmap.core.actors import Role
from qpvmap.settings import Settings
from qpvmap.storage import cluster, migrate
from qpvmap.storage.session import make_engine, transaction
from qpvmap.usecases.accounts import NewAccount, create_account, issue_token
from qpvmap.usecases.territory import load_territory

FILINGS = 200
PAGES = 40
IN_THE_QUARTER = {"lon": 2.3042, "lat": 48.7841}
COORDINATOR = NewAccount(
    "mesure@demo.example", "Mesure", (Role.COORDINATOR,), ("coordination",), "blagis"
)


def prepare(url: str) -> tuple[str, str]:
    """Load the pilot territory and its coordinator; return their token and session key."""
    engine, now = make_engine(url), datetime.now(UTC)
    migrate.upgrade(engine)
    with transaction(engine) as session:
        load_territory(session, "blagis", now)
    with transaction(engine) as session:
        account = create_account(session, COORDINATOR, now)
        keys = issue_token(session, account.id, "bench", now), account.fs_uniquifier
        session.execute(text("analyze"))
    engine.dispose()
    return keys


def filing(client: FlaskClient, token: str, place: dict[str, float]) -> Callable[[], object]:
    """Return a call that files a signalement and checks that it was."""
    body: dict[str, Any] = {
        "client_id": str(uuid4()), "category": "voirie", "description": "Un trou.", **place,
    }  # fmt: skip

    def call() -> None:
        headers = {"Authorization": f"Bearer {token}"}
        answer = client.post("/api/v1/signalements", json=body, headers=headers)
        if answer.status_code != 201:
            raise click.ClickException(answer.text)

    return call


def inbox_page(client: FlaskClient) -> Callable[[], object]:
    """Return a call that reads the first page of everything in the inbox."""

    def call() -> None:
        answer = client.get("/corbeille?vue=tous")
        if answer.status_code != 200:
            raise click.ClickException(answer.text)

    return call


def queries(engine: Engine, call: Callable[[], object]) -> int:
    """Return how many statements a call sends."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    call()
    event.remove(engine, "before_cursor_execute", note)
    return len(sent)


def measure(app: Flask, token: str, session_key: str) -> None:
    """Print the figures."""
    engine: Engine = app.extensions["qpvmap"].engine
    program, desk = app.test_client(), app.test_client()
    with desk.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"] = session_key, True
    with transaction(engine) as session:
        one = timed([lambda: session.scalar(text("select 1"))] * FILINGS)
    unit = statistics.median(one)
    report("select 1, there and back", one)
    places = [
        {
            "lon": IN_THE_QUARTER["lon"] + (point.lon - 2.3) / 4,
            "lat": IN_THE_QUARTER["lat"] + (point.lat - 48.785) / 4,
        }
        for point, _ in random_points(FILINGS)
    ]
    calls = [filing(program, token, place) for place in places]
    count = queries(engine, filing(program, token, IN_THE_QUARTER))
    report(f"filing, from request to answer, {count} queries", timed(calls), unit)
    with transaction(engine) as session:
        session.execute(text("analyze"))
    page = inbox_page(desk)
    count = queries(engine, page)
    report(f"inbox, a page of 50, {count} queries", timed([page] * PAGES), unit)


def main() -> None:
    """Run the application on a throw-away cluster and print the figures."""
    with cluster.throwaway() as url, tempfile.TemporaryDirectory() as folder:
        token, session_key = prepare(url)
        settings = Settings(
            database_url=url,
            var_dir=Path(folder),
            secret_key=secrets.token_hex(),
            geocoder_url="",
        )
        app = create_app(settings)
        measure(app, token, session_key)
        app.extensions["qpvmap"].engine.dispose()


if __name__ == "__main__":
    main()
