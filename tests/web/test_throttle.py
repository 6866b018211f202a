from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from qpvmap.storage.models import AttemptCount
from qpvmap.storage.session import make_engine, transaction
from qpvmap.usecases.throttling import Limit, forget_old_attempts, forgive, try_once
from qpvmap.web import throttle
from tests.web.doors import PASSWORD, add_account, log_in, send

TRY = Limit("essai", 3, timedelta(minutes=15))


@pytest.fixture
def own_engine(committed_db: str) -> Iterator[Engine]:
    engine = make_engine(committed_db, pool_size=10)
    yield engine
    engine.dispose()


@pytest.fixture(autouse=True)
def _few_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three tries are enough to show the limit, and hash fewer passwords."""
    monkeypatch.setattr(
        throttle,
        "GUARDED",
        {
            endpoint: (Limit(limit.kind, 3, limit.window), key)
            for endpoint, (limit, key) in throttle.GUARDED.items()
        },
    )


def test_tries_when_over_the_limit_then_say_how_long_to_wait(
    session: Session, now: datetime
) -> None:
    assert [try_once(session, TRY, "a", now) for _ in range(3)] == [None] * 3
    wait = try_once(session, TRY, "a", now)
    assert wait is not None and timedelta(0) < wait <= TRY.window
    assert try_once(session, TRY, "b", now) is None
    assert try_once(session, TRY, "a", now + wait) is None


def test_tries_when_made_at_once_then_only_the_limit_goes_through(
    own_engine: Engine, now: datetime
) -> None:
    def attempt(_: int) -> bool:
        with transaction(own_engine) as session:
            return try_once(session, TRY, "a", now) is None

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(attempt, range(30))) == 3


def test_tries_when_forgiven_or_old_then_leave_nothing(session: Session, now: datetime) -> None:
    try_once(session, TRY, "a", now)
    forgive(session, TRY, "a")
    try_once(session, TRY, "b", now - timedelta(days=3))
    try_once(session, TRY, "c", now)
    forget_old_attempts(session, now)
    assert session.scalar(select(func.count()).select_from(AttemptCount)) == 1


def test_login_when_tried_too_often_then_even_the_right_password_waits(
    app: Any, client: FlaskClient, now: datetime
) -> None:
    add_account(app, now)
    for _ in range(3):
        assert log_in(client, "faux").status_code == 200
    answer = log_in(client)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 901
    assert "Attendez" in answer.get_data(as_text=True)


def test_login_when_written_otherwise_then_counts_as_the_same_address(
    app: Any, client: FlaskClient, now: datetime
) -> None:
    add_account(app, now)
    for email in ("MEDIATEUR@demo.example", " mediateur@demo.example", "Mediateur@DEMO.example"):
        log_in(client, "faux", email)
    assert log_in(client).status_code == 429


def test_login_when_it_succeeds_then_failures_are_forgiven(
    app: Any, client: FlaskClient, now: datetime
) -> None:
    add_account(app, now)
    for _ in range(2):
        log_in(app.test_client(), "faux")
    assert log_in(app.test_client()).status_code == 302
    for _ in range(2):
        assert log_in(app.test_client(), "faux").status_code == 200


def test_login_when_somebody_else_is_signed_in_then_they_cannot_forgive(
    app: Any, client: FlaskClient, now: datetime
) -> None:
    """A guesser with an account of their own must not wipe the count of another's."""
    add_account(app, now)
    add_account(app, now, email="agent@demo.example")
    for _ in range(3):
        log_in(app.test_client(), "faux")
    log_in(client, PASSWORD, "agent@demo.example")
    send(client, "/connexion", page="/compte", email="mediateur@demo.example", password="faux")
    assert log_in(app.test_client()).status_code == 429


def test_reset_when_asked_too_often_then_sends_no_more_mails(
    app: Any, client: FlaskClient, now: datetime
) -> None:
    add_account(app, now)
    codes = [
        send(client, "/mot-de-passe/oubli", email="mediateur@demo.example").status_code
        for _ in range(4)
    ]
    assert codes == [200, 200, 200, 429]


def test_login_when_many_addresses_are_tried_from_one_place_then_slows_down(
    app: Any, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = {
        log_in(client, "faux", f"personne{number}@demo.example").status_code for number in range(32)
    }
    assert codes == {200, 429}
