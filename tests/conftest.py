"""Fixtures of every test: a real PostGIS, cloned from a template that was migrated once.

`session` writes nothing for good; `committed_db` and `blagis` are fresh databases of one
test, for what must commit. The application runs on whichever of the two the test asks for.
Modules that few tests need are imported by the fixture that needs them.
"""

import os
import shutil
import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from flask.testing import FlaskClient
from hypothesis import settings as hypothesis_settings
from sqlalchemy import Engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from qpvmap.settings import CHECKOUT, Settings
from qpvmap.storage import cluster
from qpvmap.storage.session import make_engine, transaction
from tests.once import leave_aside_what_is_loaded, work_out_once

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LOCAL_HOSTS = {"127.0.0.1", "::1", "localhost", ""}
KEPT = {"QPVMAP_TEST_DATABASE_URL", "QPVMAP_OFFICIAL_DATA", "QPVMAP_BENCHMARK", "QPVMAP_CHROMIUM"}

hypothesis_settings.register_profile("deep", print_blob=True)

QueryCounter = Callable[[Engine], AbstractContextManager[list[str]]]


def pytest_configure() -> None:
    """Forget the developer's own settings; let a busy machine be slow."""
    hypothesis.settings.register_profile("shared-machine", deadline=None)
    hypothesis.settings.load_profile("shared-machine")
    for name in [n for n in os.environ if n.startswith("QPVMAP_") and n not in KEPT]:
        del os.environ[name]
    work_out_once()


def pytest_collection_finish() -> None:
    """Know, once the tests are loaded, what stays until the end."""
    leave_aside_what_is_loaded()


@pytest.fixture(autouse=True)
def _only_local_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a test that talks to the network."""
    connect, resolve = socket.socket.connect, socket.getaddrinfo

    def local_connect(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[0] not in LOCAL_HOSTS:
            pytest.fail(f"a test tried to reach {address[0]}")
        connect(self, address)

    def local_resolve(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host is not None and host not in LOCAL_HOSTS:
            pytest.fail(f"a test tried to resolve {host}")
        return resolve(host, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", local_connect)
    monkeypatch.setattr(socket, "getaddrinfo", local_resolve)


@pytest.fixture
def now() -> datetime:
    """Return the instant at which tests happen."""
    return NOW


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """Yield the PostgreSQL server of the tests: the one given, else a throw-away cluster."""
    given = os.environ.get("QPVMAP_TEST_DATABASE_URL")
    if given:
        yield given
        return
    with cluster.throwaway(in_memory=True) as url:
        yield url


@contextmanager
def _database(server_url: str, template_url: str | None = None) -> Iterator[str]:
    """Give a database of its own name, a copy of the template if any, dropped at the end."""
    name = f"qpvmap_test_{uuid.uuid4().hex[:12]}"
    template = make_url(template_url).database if template_url else None
    yield cluster.create_database(server_url, name, template)
    cluster.drop_database(server_url, name)


@contextmanager
def _engine(url: str) -> Iterator[Engine]:
    engine = make_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def template_url(server_url: str) -> Iterator[str]:
    """Yield a migrated, empty database that nobody stays connected to."""
    from qpvmap.storage.migrate import upgrade

    with _database(server_url) as url:
        with _engine(url) as engine:
            upgrade(engine)
        yield url


@pytest.fixture(scope="session")
def blagis_template_url(server_url: str, template_url: str) -> Iterator[str]:
    """Yield a database that holds the pilot territory, that nobody stays connected to."""
    from qpvmap.usecases.territory import load_territory

    with _database(server_url, template_url) as url:
        with _engine(url) as engine, transaction(engine) as session:
            load_territory(session, "blagis", NOW)
        yield url


@pytest.fixture(scope="session")
def database_url(server_url: str, template_url: str) -> Iterator[str]:
    """Yield the migrated database in which every `session` is rolled back."""
    with _database(server_url, template_url) as url:
        yield url


@pytest.fixture(scope="session")
def engine(database_url: str) -> Iterator[Engine]:
    """Yield an engine on `database_url`; commit nothing with it."""
    with _engine(database_url) as engine:
        yield engine


@pytest.fixture(scope="session")
def blagis_engine(server_url: str, blagis_template_url: str) -> Iterator[Engine]:
    """Yield an engine on a database with the pilot territory; commit nothing with it."""
    with _database(server_url, blagis_template_url) as url, _engine(url) as engine:
        yield engine


@contextmanager
def _rolled_back(engine: Engine) -> Iterator[Session]:
    with engine.connect() as connection:
        outer = connection.begin()
        with Session(
            connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        ) as session:
            yield session
        outer.rollback()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """Yield a session on the empty migrated database; nothing it writes stays."""
    with _rolled_back(engine) as session:
        yield session


@pytest.fixture
def blagis_session(blagis_engine: Engine) -> Iterator[Session]:
    """Yield a session on the pilot territory; nothing it writes stays."""
    with _rolled_back(blagis_engine) as session:
        yield session


@pytest.fixture
def committed_db(server_url: str, template_url: str) -> Iterator[str]:
    """Yield the address of a fresh, empty, migrated database of this test alone."""
    with _database(server_url, template_url) as url:
        yield url


@pytest.fixture
def blagis(server_url: str, blagis_template_url: str) -> Iterator[str]:
    """Yield the address of a fresh database of this test alone, with the pilot territory."""
    with _database(server_url, blagis_template_url) as url:
        yield url


@pytest.fixture
def app_database_url(request: pytest.FixtureRequest) -> str:
    """Return the database of the application: `blagis` when the test asks for it, else empty."""
    wanted = "blagis" if "blagis" in request.fixturenames else "committed_db"
    url: str = request.getfixturevalue(wanted)
    return url


@pytest.fixture
def settings(app_database_url: str, tmp_path: Path) -> Settings:
    """Return settings on this test's database and its own var folder."""
    return Settings(
        database_url=app_database_url,
        var_dir=tmp_path / "var",
        secret_key="a secret of the tests, long enough to sign",
        geocoder_url="",
    )


@pytest.fixture
def app(settings: Settings) -> Iterator[Any]:
    """Yield the application on this test's database."""
    from qpvmap.app import create_app

    application = create_app(settings)
    application.testing = True
    yield application
    engine = application.extensions["qpvmap"].engine
    left_open = engine.pool.checkedout()
    engine.dispose()
    assert not left_open, "a connection was not given back: was an answer neither read nor closed?"


@pytest.fixture
def client(app: Any) -> FlaskClient:
    """Return a test client of the application."""
    test_client: FlaskClient = app.test_client()
    return test_client


@pytest.fixture
def count_queries() -> QueryCounter:
    """Return a context manager that gathers the statements an engine sends."""

    @contextmanager
    def counting(engine: Engine) -> Iterator[list[str]]:
        statements: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            statements.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        try:
            yield statements
        finally:
            event.remove(engine, "before_cursor_execute", note)

    return counting


@pytest.fixture(scope="session")
def official_data() -> Path:
    """Return the folder of the official files, which are not part of the project."""
    given = os.environ.get("QPVMAP_OFFICIAL_DATA")
    folder = Path(given) if given else CHECKOUT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no official files in {folder}; set QPVMAP_OFFICIAL_DATA to their folder")
    return folder


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Return the Chromium of the machine; nothing downloads a browser."""
    names = [os.environ.get("QPVMAP_CHROMIUM"), "chromium", "google-chrome", "google-chrome-stable"]
    found = next((path for name in names if name and (path := shutil.which(name))), None)
    if found is None:
        pytest.fail("no Chromium; scripts/install --tests installs it")
    return found
