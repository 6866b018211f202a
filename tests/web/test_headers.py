from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from qpvmap.app import create_app
from qpvmap.core import errors
from qpvmap.secret import kept_key
from qpvmap.settings import Basemap, Settings
from qpvmap.web.errors import STATUS
from qpvmap.web.headers import content_policy, tile_origins
from tests.web.doors import add_account, log_in

ADDRESSES = [
    "/",
    "/connexion",
    "/healthz",
    "/nulle-part",
    "/static/icons.svg",
    "/api/v1/nulle-part",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_answer_when_sent_then_carries_the_headers(client: FlaskClient, address: str) -> None:
    with client.get(address) as answer:
        headers = answer.headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "geolocation=(self)" in headers["Permissions-Policy"]


def test_policy_when_tiles_have_many_hosts_then_names_them_all() -> None:
    basemaps = (
        Basemap(
            key="a", title="A", url="https://{s}.tuiles.example/{z}/{x}/{y}.png", attribution=""
        ),
        Basemap(key="b", title="B", url="/tuiles/{z}/{x}/{y}.png", attribution=""),
    )
    assert tile_origins(basemaps) == ["https://*.tuiles.example"]
    policy = content_policy(Settings(basemaps=basemaps), "abc")
    assert "script-src 'self' 'nonce-abc';" in policy
    assert "img-src 'self' data: blob: https://*.tuiles.example;" in policy


def test_static_file_when_its_name_changes_with_it_then_is_kept_for_good(
    client: FlaskClient,
) -> None:
    def kept(address: str) -> str:
        with client.get(address) as answer:
            return answer.headers["Cache-Control"]

    assert kept("/static/icons.svg?v=1") == "public, max-age=31536000, immutable"
    assert "immutable" not in kept("/static/icons.svg")
    assert "immutable" not in kept("/static/dist/nul.js")


def test_page_of_an_account_when_sent_then_no_browser_keeps_it(
    app: Any, client: FlaskClient, now: datetime
) -> None:
    add_account(app, now)
    log_in(client)
    assert client.get("/compte").headers["Cache-Control"] == "no-store"


def test_https_when_it_is_the_only_way_then_cookies_and_browsers_are_told(
    settings: Settings,
) -> None:
    app = create_app(settings.model_copy(update={"https_only": True}))
    answer = app.test_client().get("/connexion")
    assert "Secure" in answer.headers["Set-Cookie"]
    assert "max-age=" in answer.headers["Strict-Transport-Security"]
    app.extensions["qpvmap"].engine.dispose()


@pytest.mark.parametrize("address", ["/panne", "/api/v1/panne"])
def test_fault_when_ours_then_shows_no_trace(app: Any, address: str) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False

    def fail() -> str:
        raise RuntimeError("le secret de la panne")

    app.add_url_rule(address, f"fault{len(address)}", fail)
    answer = app.test_client().get(address)
    assert answer.status_code == 500
    page = answer.get_data(as_text=True)
    assert "secret de la panne" not in page and "Traceback" not in page
    assert "La panne vient de nous" in page or "Panne de notre côté" in answer.json["title"]


def test_error_page_when_the_database_is_away_then_still_comes(settings: Settings) -> None:
    away = {"database_url": "postgresql+psycopg://x@/nulle?host=/nonexistent"}
    app = create_app(settings.model_copy(update=away))
    app.config["PROPAGATE_EXCEPTIONS"] = False
    client = app.test_client()
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503
    answer = client.get("/nulle-part")
    assert answer.status_code == 404 and "introuvable" in answer.get_data(as_text=True)
    assert client.get("/connexion").status_code == 500


def test_probes_when_all_is_well_then_say_so(client: FlaskClient) -> None:
    assert client.get("/healthz").get_data(as_text=True) == "ok\n"
    assert client.get("/readyz").get_data(as_text=True) == "ready\n"


def test_body_when_sent_in_chunks_then_is_refused(client: FlaskClient) -> None:
    assert client.post("/connexion", headers={"Transfer-Encoding": "chunked"}).status_code == 411


def test_body_when_too_large_then_is_refused_in_plain_words(client: FlaskClient) -> None:
    answer = client.post("/connexion", data={"email": "x" * (3 * 1024 * 1024)})
    assert answer.status_code == 413
    assert "trop lourd" in answer.get_data(as_text=True)


def test_method_when_there_is_none_such_then_names_those_there_are(client: FlaskClient) -> None:
    answer = client.get("/deconnexion")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize("address", ["/corbeille?q=%00", "/signalements/%00", "/lieux?q=a%00b"])
def test_address_when_it_hides_a_nul_then_is_refused(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code == 400


def test_log_when_a_person_signs_in_then_names_nobody(
    app: Any, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    add_account(app, now)
    client = app.test_client()
    log_in(client, query="?next=%2Fcompte")
    client.get("/lieux?q=12+rue+des+Secrets")
    written = "".join(capsys.readouterr())
    assert "/connexion" in written
    for secret in ("mediateur", "demo.example", "Secrets", "mot de passe", "next="):
        assert secret not in written


def test_causes_when_a_rule_refuses_then_each_has_its_status() -> None:
    causes = errors.QpvmapError.__subclasses__()
    assert set(STATUS) == {cause for cause in causes if cause.__module__ == errors.__name__}


def test_secret_key_when_made_then_is_kept_and_private(tmp_path: Any) -> None:
    path = tmp_path / "var" / "secret_key"
    first = kept_key(path)
    assert len(first) > 40 and kept_key(path) == first
    assert path.stat().st_mode & 0o077 == 0
    assert [p.name for p in path.parent.iterdir()] == ["secret_key"]
