"""A walk begun without network: it comes once, and what was said along it finds it by its name."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Role
from qpvmap.storage.models import Account, SiteWalk, WalkStop, WalkVisit
from tests.factories import IN_QUARTER_WEST, Toy, make_account, make_territory
from tests.usecases.walk_help import make_checklist
from tests.web.people import sign_in

HERE = "/parcours/marches"
NOW = datetime.now(UTC)


@pytest.fixture
def engine(app: Any) -> Engine:
    app.config["WTF_CSRF_METHODS"] = set()
    engine: Engine = app.extensions["qpvmap"].engine
    return engine


@pytest.fixture
def db(engine: Engine) -> Iterator[Session]:
    with Session(engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def toy(db: Session) -> Toy:
    toy = make_territory(db, "blagis")
    make_checklist(db, toy)
    db.commit()
    return toy


@pytest.fixture
def mediator(client: FlaskClient, db: Session, toy: Toy) -> Account:
    account = make_account(db, toy, Role.MEDIATOR)
    db.commit()
    sign_in(client, account)
    return account


def from_phone(client: FlaskClient, account: Account, path: str, **fields: Any) -> Any:
    """Send a record as an outbox does."""
    headers = {"Qpvmap-Outbox": "1", "Qpvmap-Person": str(account.id)}
    return client.post(path, data={"client_id": str(uuid4()), **fields}, headers=headers)


def walk_form(key: str, **fields: str) -> dict[str, str]:
    day = NOW.date().isoformat()
    said = {"client_id": key, "title": "Ronde", "theme": "cadre", "day": day}
    return {**said, "nombre-habitants": "3", **fields}


def test_walk_when_a_phone_began_it_then_is_there_once_and_is_written_on_by_its_name(
    client: FlaskClient, db: Session, mediator: Account
) -> None:
    key, stop = str(uuid4()), str(uuid4())
    seen = (NOW - timedelta(hours=2)).isoformat()
    place = {"lon": IN_QUARTER_WEST.lon, "lat": IN_QUARTER_WEST.lat, "captured_at": seen}
    early = from_phone(client, mediator, f"{HERE}/{key}/arrets/en-chemin", **place)
    assert early.status_code == 404
    assert early.json["message"]
    answers = [from_phone(client, mediator, HERE, **walk_form(key)) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json == answers[1].json
    walk = db.scalars(select(SiteWalk)).one()
    assert answers[0].json["href"] == f"{HERE}/{walk.id}"
    assert answers[0].json["prepare"] == f"{HERE}/{walk.id}/preparer"
    added = from_phone(
        client, mediator, f"{HERE}/{key}/arrets/en-chemin", **{"client_id": stop, **place}
    )
    visit = {"stop_id": stop, "note-eclairage": "bad", "captured_at": seen}
    visited = from_phone(client, mediator, f"{HERE}/{key}/releves", **visit)
    assert (added.status_code, visited.status_code) == (201, 201)
    ended = from_phone(client, mediator, f"{HERE}/{key}/terminer", captured_at=NOW.isoformat())
    assert ended.json["href"] == f"{HERE}/{walk.id}/compte-rendu"
    db.expire_all()
    assert db.scalars(select(WalkStop.walk_id)).all() == [walk.id]
    assert len(db.scalars(select(WalkVisit)).all()) == 1
    assert walk.started_at == NOW - timedelta(hours=2)
    assert walk.closed_at == NOW
    assert client.get(f"{HERE}/{key}").location == f"{HERE}/{walk.id}/compte-rendu"


def test_walk_when_wrong_then_the_phone_is_told_which_field(
    client: FlaskClient, mediator: Account
) -> None:
    answer = from_phone(client, mediator, HERE, **walk_form(str(uuid4()), title="", theme="lune"))
    assert answer.status_code == 422
    assert set(answer.json["fields"]) == {"title", "theme"}


def test_walk_when_of_an_unknown_name_then_who_may_not_read_walks_learns_nothing(
    app: Any, client: FlaskClient, db: Session, toy: Toy, mediator: Account
) -> None:
    key = str(uuid4())
    from_phone(client, mediator, HERE, **walk_form(key))
    paths = [f"{HERE}/{name}" for name in (key, uuid4())]
    anonymous = app.test_client()
    assert [anonymous.get(path).status_code for path in paths] == [303, 303]
    resident = make_account(db, toy, Role.RESIDENT)
    db.commit()
    sign_in(client, resident)
    assert [client.get(path).status_code for path in paths] == [403, 403]
    assert client.get(f"{HERE}/sur-place").status_code == 403
    sign_in(client, mediator)
    assert [client.get(path).status_code for path in paths] == [200, 404]
    assert client.get(f"{HERE}/{'9' * 19}").status_code == 404


def test_page_when_a_phone_is_to_keep_it_then_holds_every_theme_and_no_walk(
    client: FlaskClient, mediator: Account
) -> None:
    from_phone(client, mediator, HERE, **walk_form(str(uuid4())))
    for path in (f"{HERE}/sur-place", f"{HERE}/nouvelle"):
        answer = client.get(path)
        assert answer.headers["Qpvmap-Offline"] == "keep"
        assert answer.headers["Qpvmap-Person"] == str(mediator.id)
        assert "Ronde" not in answer.text
    page = client.get(f"{HERE}/sur-place").text
    for code in ("proprete", "eclairage", "securite"):
        assert f'data-item="{code}"' in page
    assert "/parcours/marches/0/" not in page
