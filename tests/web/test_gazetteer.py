"""Search by name: what people type leads to what they mean, with or without the address search."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from qpvmap.core.actors import ANONYMOUS
from qpvmap.settings import Settings
from qpvmap.storage.gazetteer import search
from qpvmap.storage.models import Operation
from qpvmap.storage.signalements import territory_by_code


def first(session: Session, words: str) -> tuple[str, str]:
    territory = territory_by_code(session, "blagis")
    assert territory
    found = search(session, ANONYMOUS, territory.id, words)
    assert found, words
    return found[0].kind, found[0].code


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Les Blagis", ("qpv", "QN09219N")),
        ("les blagis", ("qpv", "QN09219N")),
        ("sceaux", ("commune", "92071")),
        ("bourg la reine", ("commune", "92014")),
        ("BOURG-LA-REINE", ("commune", "92014")),
        ("fontenay", ("commune", "92032")),
        ("ecole paul eluard", ("operation", "BAG-02")),
        ("École Paul Éluard", ("operation", "BAG-02")),
        ("place des ailantes", ("operation", "SCX-04")),
        ("paradis blagis", ("iris", "920320103")),
        ("bas coquarts", ("iris", "920140101")),
        ("QN09219N", ("qpv", "QN09219N")),
        ("qn09219n", ("qpv", "QN09219N")),
        ("920070117", ("iris", "920070117")),
        ("92071", ("commune", "92071")),
        ("bag-03", ("operation", "BAG-03")),
    ],
)
def test_search_when_typed_like_people_do_then_the_place_meant(
    blagis_session: Session, words: str, expected: tuple[str, str]
) -> None:
    assert first(blagis_session, words) == expected


@pytest.mark.parametrize("words", ["", "a", "   ", "%", "%%", "__", "'; drop table iris; --"])
def test_search_when_words_mean_nothing_then_nothing(blagis_session: Session, words: str) -> None:
    territory = territory_by_code(blagis_session, "blagis")
    assert territory
    assert search(blagis_session, ANONYMOUS, territory.id, words) == []


def test_search_when_a_point_was_put_by_guess_then_says_so(blagis_session: Session) -> None:
    territory = territory_by_code(blagis_session, "blagis")
    assert territory

    def approximate(words: str) -> bool:
        return search(blagis_session, ANONYMOUS, territory.id, words)[0].approximate

    assert approximate("place des ailantes")
    assert approximate("sceaux")
    planned = update(Operation).where(Operation.code == "SCX-04")
    blagis_session.execute(planned.values(position_quality="exact"))
    assert not approximate("place des ailantes")


def test_search_when_many_answer_then_no_more_than_asked(blagis_session: Session) -> None:
    territory = territory_by_code(blagis_session, "blagis")
    assert territory
    assert len(search(blagis_session, ANONYMOUS, territory.id, "ba", limit=3)) == 3


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Return settings whose address search answers nobody."""
    return settings.model_copy(
        update={"geocoder_url": "http://127.0.0.1:9/search", "geocoder_timeout_s": 0.25}
    )


def test_places_when_addresses_cannot_be_had_then_ours_and_a_sentence(
    blagis: str, client: FlaskClient
) -> None:
    answer = client.get("/lieux?q=ailantes&lon=2.3&lat=48.78")
    assert answer.status_code == 200
    found = answer.get_json()
    assert found["results"][0]["label"] == "Végétalisation de la place des Ailantes"
    assert "ne répond pas" in found["note"]
    nothing = client.get("/lieux?q=zzzzzz").get_json()
    assert nothing["results"] == []
    assert nothing["note"] == nothing["trouble"]
    assert nothing["note"].startswith("La recherche d’adresses ne répond pas")


@pytest.mark.parametrize("query", ["", "?q=", "?q=x&lon=abc&lat="])
def test_places_when_badly_asked_then_never_an_error(
    blagis: str, client: FlaskClient, query: str
) -> None:
    assert client.get(f"/lieux{query}").status_code == 200
