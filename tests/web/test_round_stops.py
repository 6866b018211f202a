"""What a walker sends at a stop: the next one, what others did, what was typed, photos first."""

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from qpvmap.core.actors import Role
from qpvmap.core.geo import LonLat
from qpvmap.core.workflow import Status
from qpvmap.storage.models import Account, RoundStop, Signalement
from tests.factories import Toy, make_account, make_signalement, make_territory
from tests.pictures import photo
from tests.web.doors import hidden_token
from tests.web.people import sign_in
from tests.web.round_help import (
    FIELDS,
    made_round,
    page,
    send,
    stop_ids,
)


@pytest.fixture
def engine(app: Any) -> Engine:
    engine: Engine = app.extensions["qpvmap"].engine
    return engine


@pytest.fixture
def db(engine: Engine) -> Iterator[Session]:
    with Session(engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def toy(db: Session) -> Toy:
    toy = make_territory(db)
    db.commit()
    return toy


@pytest.fixture
def agent(client: FlaskClient, db: Session, toy: Toy) -> Account:
    account = make_account(db, toy, Role.AGENT, "technique-ouest")
    db.commit()
    sign_in(client, account)
    return account


@pytest.fixture
def rows(db: Session, toy: Toy) -> list[Signalement]:
    made = [
        make_signalement(
            db, toy, reference=f"TO-{n}", point=LonLat(2.29 + n / 1000, 48.781), **FIELDS
        )
        for n in range(1, 4)
    ]
    db.commit()
    return made


def test_stop_when_done_then_goes_on_to_the_next(
    client: FlaskClient, db: Session, agent: Account, rows: list[Signalement]
) -> None:
    path = made_round(client, "TO-1", "TO-2")
    first, second = stop_ids(db)
    answer = send(client, f"{path}/arrets/{first}/fait", version="1", comment="Fait ce matin.")
    assert answer.status_code == 303
    shown = page(client, path)
    assert "Fait. Arrêt suivant\u00a0: le 2." in shown
    assert "1 sur 2" in shown
    db.expire_all()
    done = db.get_one(RoundStop, first)
    assert (done.state, done.settled_by) == ("done", agent.id)
    assert done.signalement.status == Status.RESOLVED
    send(client, f"{path}/arrets/{second}/fait", version="1", comment="Fait aussi.")
    shown = page(client, path)
    assert "C’était le dernier arrêt." in shown
    assert "Terminer la tournée" in shown


def test_stop_when_somebody_changed_the_report_then_says_what_and_keeps_the_words(
    client: FlaskClient, db: Session, agent: Account, rows: list[Signalement]
) -> None:
    path = made_round(client, "TO-1")
    (stop,) = stop_ids(db)
    read = rows[0].version
    moved = {"to": "in_progress", "version": read, "comment": "Équipe en route."}
    assert send(client, "/signalements/TO-1", **moved).status_code == 303
    answer = send(client, f"{path}/arrets/{stop}/fait", version=read, comment="Mon texte.")
    shown = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "Une autre personne vient de modifier ce signalement." in shown
    assert "Équipe en route." in shown
    assert "Mon texte." in shown
    assert f'name="version" value="{read + 1}"' in shown
    again = send(client, f"{path}/arrets/{stop}/fait", version=read + 1, comment="Mon texte.")
    assert again.status_code == 303


def test_stop_when_not_possible_without_words_then_says_the_usual_ones(
    client: FlaskClient, db: Session, agent: Account, rows: list[Signalement]
) -> None:
    path = made_round(client, "TO-1")
    (stop,) = stop_ids(db)
    door = f"{path}/arrets/{stop}/pas-possible"
    refused = send(client, door, version="1", comment="")
    assert refused.status_code == 422
    assert "Choisissez pourquoi" in refused.get_data(as_text=True)
    answer = send(client, door, version="1", comment="", reason="entreprise")
    assert answer.status_code == 303
    db.expire_all()
    row = db.get_one(Signalement, rows[0].id)
    assert (row.status, row.waiting_on) == (Status.WAITING, "une entreprise")
    assert "nous la demandons" in page(client, "/signalements/TO-1")


def test_stop_when_words_are_too_long_then_keeps_them(
    client: FlaskClient, db: Session, agent: Account, rows: list[Signalement]
) -> None:
    path = made_round(client, "TO-1")
    (stop,) = stop_ids(db)
    long = "mot " * 501
    answer = send(client, f"{path}/arrets/{stop}/fait", version="1", comment=long)
    assert answer.status_code == 422
    assert long.strip() in answer.get_data(as_text=True)
    answer = send(client, f"{path}/arrets/{stop}/fait", comment="x")
    assert answer.status_code == 422


def test_stop_when_a_photo_is_asked_for_then_it_comes_first_and_back_to_the_stop(
    client: FlaskClient, db: Session, toy: Toy, agent: Account, rows: list[Signalement]
) -> None:
    toy.categories["voirie"].photo_after = True
    db.merge(toy.categories["voirie"])
    db.commit()
    path = made_round(client, "TO-1")
    (stop,) = stop_ids(db)
    shown = page(client, path)
    assert "Photo «&nbsp;après&nbsp;» demandée" in shown
    assert "Confirmer&nbsp;: c’est fait" not in shown
    refused = send(client, f"{path}/arrets/{stop}/fait", version="1", comment="Fait.")
    assert refused.status_code == 422
    assert "photo «\u00a0après\u00a0»" in refused.get_data(as_text=True).replace(
        "« ", "«\u00a0"
    ).replace(" »", "\u00a0»")
    back = re.search(r'name="back" value="(tournee-\d+-\d+)"', shown)
    assert back
    token = hidden_token(shown)
    sent = client.post(
        "/signalements/TO-1/photos",
        data={
            "csrf_token": token,
            "client_id": str(uuid4()),
            "moment": "after",
            "back": back[1],
            "photo": (BytesIO(photo()), "apres.jpg"),
        },
    )
    assert sent.headers["Location"] == f"{path}/arrets/{stop}"
    assert client.get(sent.headers["Location"]).headers["Location"] == f"{path}?arret={stop}"
    assert "Confirmer&nbsp;: c’est fait" in page(client, f"{path}?arret={stop}")
