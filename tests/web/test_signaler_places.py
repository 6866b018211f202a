"""Filing without a script on the pilot territory, when only its own places can be found."""

import re
from html import unescape
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from qpvmap.storage.models import Signalement
from qpvmap.storage.session import make_engine, transaction
from qpvmap.web.positions import Choice


def send(client: FlaskClient, **fields: str) -> TestResponse:
    token = re.search(r'name="csrf_token" value="([^"]*)"', client.get("/signaler").text)
    assert token
    kept = {"csrf_token": token[1], "client_id": str(uuid4()), "category": "voirie"}
    return client.post("/signaler", data={**kept, **fields})


def choices(page: str) -> list[str]:
    return [unescape(key) for key in re.findall(r'name="choix" value="([^"]*)"', page)]


def filed(database_url: str) -> Signalement:
    engine = make_engine(database_url)
    with transaction(engine) as session:
        row = session.scalars(select(Signalement)).one()
        session.expunge(row)
    engine.dispose()
    return row


@pytest.mark.parametrize("words", ["École Paul Éluard", "halle des sports", "place des Ailantes"])
def test_send_when_a_place_is_known_roughly_then_offered_and_filed_as_such(
    client: FlaskClient, blagis: str, words: str
) -> None:
    asked = send(client, lieu=words)
    assert asked.status_code == 422
    assert "(lieu approximatif, à 100" in asked.text
    chosen = choices(asked.text)[0]
    sent = send(client, lieu=words, choix=chosen)
    assert sent.status_code == 303
    row = filed(blagis)
    assert (row.accuracy_m, row.position_method) == (100, "address")
    assert row.address == Choice.parse(chosen).label  # type: ignore[union-attr]
    assert 0 <= row.share_inside < 1
    receipt = client.get(sent.location).text
    assert "à 100" in receipt and "près" in receipt


def test_send_when_the_name_is_of_a_wide_place_then_not_offered(
    client: FlaskClient, blagis: str
) -> None:
    asked = send(client, lieu="Quartier 15")
    assert asked.status_code == 422
    assert "Quartier 15" not in [Choice.parse(key).label for key in choices(asked.text)]  # type: ignore[union-attr]


@pytest.mark.parametrize("accuracy", ["", "100"])
def test_choice_when_written_and_read_then_the_same(accuracy: str) -> None:
    metres = float(accuracy) if accuracy else None
    choice = Choice("12, rue d’Arcueil, Bagneux", 2.3, 48.78, metres)
    assert choice.key.split(",")[2] == accuracy
    assert Choice.parse(choice.key) == choice


@pytest.mark.parametrize("key", ["", "x", "2.3", "2.3,x,,y", "200,48,,y", "2.3,48.7,nan,y"])
def test_choice_when_mangled_then_none(key: str) -> None:
    assert Choice.parse(key) is None
