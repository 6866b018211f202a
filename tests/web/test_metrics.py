"""`/metrics`: closed by default, true figures, nothing of anybody."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from qpvmap.app import create_app
from qpvmap.core.notices import Sending
from qpvmap.settings import Settings
from qpvmap.storage.models import Notice
from qpvmap.storage.queue import enqueue
from qpvmap.web.tallies import Tally, forget
from tests.factories import make_territory

TOKEN = "un jeton de surveillance"
SAMPLE = re.compile(r'^([a-z_]+(?:\{(?:[a-z]+="[^"]*",?)+\})?) (-?[\d.e+-]+)$')


@pytest.fixture
def watched(settings: Settings) -> Iterator[FlaskClient]:
    """Yield a client of a site that has a token."""
    app = create_app(settings.model_copy(update={"metrics_token": _secret()}))
    yield app.test_client()
    app.extensions["qpvmap"].engine.dispose()


def _secret() -> Any:
    return Settings(metrics_token=TOKEN).metrics_token


def read(client: FlaskClient) -> dict[str, float]:
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    samples = [line for line in answer.text.splitlines() if not line.startswith("#")]
    found = [SAMPLE.match(line) for line in samples]
    assert all(found), samples
    return {match[1]: float(match[2]) for match in found if match}


def test_metrics_when_no_token_is_set_then_there_is_no_such_page(client: FlaskClient) -> None:
    for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer None"}):
        assert client.get("/metrics", headers=headers).status_code == 404


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer un jeton", f"Basic {TOKEN}", "Bearer é"])
def test_metrics_when_the_token_is_wrong_then_nothing_is_told(
    watched: FlaskClient, given: str
) -> None:
    answer = watched.get("/metrics", headers={"Authorization": given} if given else {})
    assert (answer.status_code, answer.text) == (401, "unauthorized\n")


def test_metrics_when_requests_were_answered_then_they_are_counted(watched: FlaskClient) -> None:
    watched.get("/connexion")
    watched.get("/nulle-part")
    watched.post("/signaler")
    for probe in ("/healthz", "/readyz"):
        watched.get(probe)
    found = read(watched)
    assert found['qpvmap_http_requests_total{method="GET",status="2xx"}'] == 1
    assert found['qpvmap_http_requests_total{method="GET",status="4xx"}'] == 1
    assert found['qpvmap_http_requests_total{method="POST",status="4xx"}'] == 1
    assert found["qpvmap_http_request_seconds_count"] == 3
    assert found['qpvmap_http_request_seconds_bucket{le="+Inf"}'] == 3
    assert found["qpvmap_http_request_seconds_sum"] > 0
    assert read(watched)["qpvmap_http_request_seconds_count"] == 3


def test_metrics_when_work_waits_or_failed_then_it_is_counted_and_nobody_is_named(
    watched: FlaskClient, app: Any
) -> None:
    with Session(app.extensions["qpvmap"].engine) as session:
        toy = make_territory(session)
        for state, in_doubt in (("failed", True), ("failed", False), ("waiting", False)):
            session.add(
                Notice(
                    key=f"{state}{in_doubt}", territory_id=toy.territory.id, kind="received",
                    channel="mail", team_id=toy.teams["technique-ouest"].id, state=Sending(state),
                    in_doubt=in_doubt, address="lina@exemple.fr", created_at=datetime.now(UTC),
                )
            )  # fmt: skip
        enqueue(session, "housekeeping")
        failed = enqueue(session, "housekeeping")
        session.execute(
            text("update procrastinate_jobs set status = 'failed' where id = :id"), {"id": failed}
        )
        session.commit()
    found = read(watched)
    assert found['qpvmap_sendings{state="in_doubt"}'] == 1
    assert found['qpvmap_sendings{state="failed"}'] == 1
    assert found['qpvmap_sendings{state="under_way"}'] == 1
    assert (found["qpvmap_jobs_waiting"], found["qpvmap_jobs_failed"]) == (1, 1)
    assert found["qpvmap_database_up"] == 1
    assert found["qpvmap_database_size_bytes"] > 1_000_000
    assert 0 < found["qpvmap_disk_free_bytes"] <= found["qpvmap_disk_size_bytes"]
    said = watched.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
    assert "lina" not in said and "exemple" not in said


def test_metrics_when_the_database_is_away_then_it_is_said(settings: Settings) -> None:
    away = {"metrics_token": _secret(), "database_url": "postgresql+psycopg://x@127.0.0.1:1/x"}
    found = read(create_app(settings.model_copy(update=away)).test_client())
    assert found["qpvmap_database_up"] == 0
    assert "qpvmap_jobs_waiting" not in found
    assert found["qpvmap_disk_free_bytes"] > 0


def test_tally_when_several_processes_count_then_whoever_is_asked_adds_them_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = Tally(tmp_path), Tally(tmp_path)
    one.add("GET", 200, 0.01)
    monkeypatch.setattr("os.getpid", lambda: 4_000_001)
    other.add("GET", 303, 0.3)
    other.add("PATCH", 500, 9.0)
    assert len(list(tmp_path.iterdir())) == 2
    for tally in (one, other):
        totals = tally.totals()
        assert totals.answers["GET", "2xx"] == totals.answers["GET", "3xx"] == 1
        assert totals.answers["other", "5xx"] == 1
        assert totals.durations == (1, 0, 0, 1, 0, 0, 1)
        assert totals.seconds == pytest.approx(9.31)
    forget(tmp_path)
    assert one.totals().seconds == 0
