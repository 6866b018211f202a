"""Time filing and a page of the inbox over HTTP, from the request to the answer, queries counted.

Filing has no photo. One client, one connection, a server on this machine. Printed as milliseconds
and as a ratio to `select 1` in the same run: read the ratio, since the machine is shared.
"""

import secrets
import statistics
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import click
from bench_locate import random_points, report, timed
from flask import Flask
from httpx import Client
from sqlalchemy import Engine, event, text
from werkzeug.serving import make_server

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


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve the application on a free port and give its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


def cookie_of(app: Flask, session_key: str) -> str:
    """Return the cookie of somebody who has signed in."""
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = session_key, True
    kept = client.get_cookie(str(app.config["SESSION_COOKIE_NAME"]))
    if kept is None:
        raise click.ClickException("no session")
    return kept.value


def filing(client: Client, token: str, place: dict[str, float]) -> Callable[[], object]:
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


def inbox_page(client: Client) -> Callable[[], object]:
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
    cookies = {str(app.config["SESSION_COOKIE_NAME"]): cookie_of(app, session_key)}
    with served(app) as address, Client(base_url=address, cookies=cookies, timeout=30) as client:
        count = queries(engine, filing(client, token, IN_THE_QUARTER))
        calls = [filing(client, token, place) for place in places]
        report(f"filing, from request to answer, {count} queries", timed(calls), unit)
        with transaction(engine) as session:
            session.execute(text("analyze"))
        page = inbox_page(client)
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
