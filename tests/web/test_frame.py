"""The frame of every page: who serves it, where one can go, what an error says."""

import re
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from qpvmap.storage.session import make_engine, transaction
from qpvmap.web.mark import mark
from tests.factories import make_territory


@pytest.fixture
def site(committed_db: str, client: FlaskClient) -> FlaskClient:
    """Return a client of the application on the toy territory."""
    engine = make_engine(committed_db)
    with transaction(engine) as session:
        make_territory(session, "blagis")
    engine.dispose()
    return client


def test_frame_when_a_territory_is_loaded_then_its_name_and_silhouette(site: FlaskClient) -> None:
    page = site.get("/signaler").text
    assert "<b>Les Deux Rives</b>" in page
    assert "<title>Signaler · Les Deux Rives, la carte commune</title>" in page
    drawn = re.search(r'class="mark-shape" d="([^"]+)"', page)
    assert drawn is not None
    numbers = [float(number) for number in re.findall(r"-?\d+\.?\d*", drawn[1])]
    assert min(numbers) >= 3
    assert max(numbers) <= 29


def test_frame_when_nobody_is_in_then_no_inbox_and_a_way_in(site: FlaskClient) -> None:
    page = site.get("/signaler").text
    assert 'href="/corbeille"' not in page
    assert 'href="/connexion"' in page
    assert 'aria-label="Se connecter"' in page


def test_frame_when_walked_then_every_section_answers(site: FlaskClient) -> None:
    page = site.get("/signaler").text
    header = page.split('<nav class="nav"')[1].split("</header>")[0]
    for address in sorted(set(re.findall(r'<a [^>]*href="(/[^"]*)"', header))):
        assert site.get(address).status_code == 200, address


def test_frame_when_no_territory_is_loaded_then_the_page_still_opens(client: FlaskClient) -> None:
    answer = client.get("/page-inconnue")
    assert answer.status_code == 404
    assert "Cette page n’existe pas" in answer.text


def test_error_when_the_database_is_gone_then_a_page_without_a_trace(
    site: FlaskClient, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    broken = make_engine("postgresql+psycopg://nobody@127.0.0.1:9/none?connect_timeout=1")
    extension = app.extensions["qpvmap"]
    monkeypatch.setitem(app.extensions, "qpvmap", replace(extension, engine=broken))
    answer = site.get("/signaler")
    assert answer.status_code == 500
    assert "La panne vient de nous" in answer.text
    assert "Traceback" not in answer.text


def test_pages_when_written_then_nothing_inline_and_nothing_from_elsewhere(
    site: FlaskClient,
) -> None:
    page = site.get("/signaler").text
    assert " style=" not in page
    assert "<style" not in page
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)


def test_mark_when_outline_is_not_a_path_then_refused() -> None:
    with pytest.raises(ValueError, match="straight"):
        mark('M0 0"><script>')
    assert "mark-shape" in mark("")
