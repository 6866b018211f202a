"""A phone whose clock is wrong: rounds, requests and walks keep by how much, and say it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Role
from qpvmap.storage.models import (
    Account,
    Presence,
    PresenceStretch,
    Signalement,
    SiteWalk,
    Solicitation,
    WalkPhoto,
    WalkPoint,
    WalkVisit,
)
from tests.factories import Toy, actor_for, make_account, make_territory
from tests.pictures import photo
from tests.usecases.walk_help import make_walk, stop_ids
from tests.walkers import EAST, WEST, make_words
from tests.web.parcours_help import page, send
from tests.web.people import sign_in

NOW = datetime.now(UTC)
SLOW = timedelta(days=1)
SAID = "retardait de 1\u00a0jour"


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
    make_words(db, toy)
    db.commit()
    return toy


@pytest.fixture
def walker(client: FlaskClient, db: Session, toy: Toy) -> Account:
    account = make_account(db, toy, Role.MEDIATOR, "police")
    db.commit()
    sign_in(client, account)
    return account


def from_phone(
    client: FlaskClient, account: Account, path: str, late: timedelta = SLOW, **fields: Any
) -> str:
    """Send a record from a phone that is `late`; return its identifier."""
    key = str(fields.pop("client_id", uuid4()))
    headers = {
        "Qpvmap-Outbox": "1",
        "Qpvmap-Person": str(account.id),
        "Qpvmap-Clock": (datetime.now(UTC) - late).isoformat(),
    }
    answer = client.post(path, data={"client_id": key, **fields}, headers=headers)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return key


def seen(hours: int) -> str:
    """Return an instant by the clock of the phone that is a day late."""
    return (NOW - SLOW - timedelta(hours=hours)).isoformat()


def is_a_day(off_s: int | None) -> bool:
    return off_s is not None and abs(off_s - SLOW.total_seconds()) < 60


def test_round_when_the_phone_is_a_day_late_then_is_kept_marked_and_put_right_by_its_author(
    client: FlaskClient, db: Session, toy: Toy, walker: Account
) -> None:
    here = "/parcours/tournees"
    uid = from_phone(client, walker, f"{here}/debut", sector=WEST, at=seen(3))
    from_phone(client, walker, f"{here}/secteur", presence=uid, sector=EAST, at=seen(2))
    from_phone(client, walker, f"{here}/fin", presence=uid, at=seen(1))
    presence = db.scalars(select(Presence)).one()
    assert presence.started_at == NOW - SLOW - timedelta(hours=3)  # kept as it was said
    assert is_a_day(presence.end_clock_off_s)
    assert all(is_a_day(off) for off in db.scalars(select(PresenceStretch.clock_off_s)))
    for path in ("/parcours", "/parcours/historique", f"{here}/{uid}"):
        assert SAID in page(client, path), path
    lead = make_account(db, toy, Role.COORDINATOR)
    db.commit()
    assert "1\u00a0sortie sur 1 à l’heure douteuse" in page(
        sign_in(client, lead), "/parcours/bilan"
    )
    sign_in(client, walker)
    told = {
        "version": "3",
        "day": (NOW - timedelta(days=1)).date().isoformat(),
        "from-1": "10:00",
        "sector-1": WEST,
        "end": "11:00",
    }
    assert send(client, f"{here}/{uid}", **told).status_code == 303
    db.expire_all()
    assert presence.clock_off_s is None
    for path in ("/parcours", "/parcours/historique", f"{here}/{uid}"):
        assert SAID not in page(client, path), path


def test_round_when_the_phone_is_right_then_nothing_is_doubted(
    client: FlaskClient, db: Session, walker: Account
) -> None:
    uid = from_phone(client, walker, "/parcours/tournees/debut", timedelta(minutes=2), sector=WEST)
    from_phone(client, walker, "/parcours/tournees/fin", timedelta(minutes=-2), presence=uid)
    assert db.scalars(select(Presence)).one().clock_off_s is None
    assert "douteuse" not in page(client, "/parcours/historique")


def test_request_when_the_phone_is_a_day_late_then_its_hour_is_marked(
    client: FlaskClient, db: Session, walker: Account
) -> None:
    asked = {"public": "habitant", "theme": "proprete", "at": seen(1)}
    uid = from_phone(client, walker, "/parcours/sollicitations", **asked)
    found = db.scalars(select(Solicitation)).one()
    assert found.happened_at == NOW - SLOW - timedelta(hours=1)
    assert is_a_day(found.clock_off_s)
    for path in ("/parcours/historique", f"/parcours/sollicitations/{uid}"):
        assert SAID in page(client, path), path


def test_walk_when_a_phone_is_a_day_late_then_all_it_says_is_marked_and_the_report_says_so(
    client: FlaskClient, db: Session, toy: Toy, walker: Account
) -> None:
    walk = make_walk(db, toy, actor_for(walker), NOW - timedelta(days=3))
    db.commit()
    path, stop = f"/parcours/marches/{walk.id}", stop_ids(db, walk)[0]
    sent: list[tuple[str, dict[str, Any]]] = [
        ("releves", {"note-eclairage": "bad"}),
        ("points", {"kind": "satisfaction", "description": "Fleuri"}),
        ("points", {"kind": "defect", "category": "voirie"}),
        ("photos", {"photo": (BytesIO(photo()), "p.jpg")}),
    ]
    for name, fields in sent:
        fields = {"stop_id": str(stop), "captured_at": seen(1), **fields}
        from_phone(client, walker, f"{path}/{name}", **fields)
    assert "douteuse" in page(client, f"{path}/compte-rendu")
    from_phone(client, walker, f"{path}/terminer", captured_at=seen(0))
    offs = [
        off
        for table in (WalkVisit, WalkPoint, WalkPhoto, Signalement)
        for off in db.scalars(select(table.clock_off_s))
    ]
    assert len(offs) == 5
    assert all(is_a_day(off) for off in offs)
    assert is_a_day(db.scalars(select(SiteWalk.end_clock_off_s)).one())
    report = page(client, f"{path}/compte-rendu")
    assert "Heures douteuses pour 5\u00a0envois" in report
    assert SAID in report
    client.post(f"{path}/rouvrir")
    db.expire_all()
    assert db.scalars(select(SiteWalk.end_clock_off_s)).one() is None
