"""`/parcours` by its forms and by the phone's outbox: rights, what was typed is kept, figures."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Role
from qpvmap.core.deadlines import PARIS
from qpvmap.storage.models import (
    Account,
    InitiativePhoto,
    Presence,
    PresenceStretch,
    Solicitation,
)
from tests.factories import Toy, make_account, make_territory
from tests.pictures import exif, saved, two_halves
from tests.walkers import EAST, WEST, make_words
from tests.web.parcours_help import outbox, page, send
from tests.web.people import sign_in

NOW = datetime.now(UTC)
NBSP = "\u00a0"


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


def test_round_when_walked_by_plain_forms_then_is_started_moved_and_ended(
    client: FlaskClient, db: Session, walker: Account
) -> None:
    assert "Commencer" in page(client, "/parcours")
    answer = send(client, "/parcours/tournees/debut", sector=WEST, others="1")
    assert answer.status_code == 303
    shown = page(client, "/parcours")
    assert "Sortie commencée à" in shown
    assert re.search(r"ici&nbsp;:|ici\u00a0: <b>Côté ouest</b>", shown)
    uid = str(db.scalars(select(Presence.client_id)).one())
    send(client, "/parcours/tournees/secteur", presence=uid, sector=EAST)
    assert "Côté est</b>" in page(client, "/parcours")
    send(client, "/parcours/tournees/fin", presence=uid)
    assert "Sortie terminée à" in page(client, "/parcours")
    db.expire_all()
    presence = db.scalars(select(Presence)).one()
    assert presence.ended_at is not None
    assert presence.others == 1


def test_round_when_no_sector_is_chosen_then_says_so_and_keeps_the_rest(
    client: FlaskClient, walker: Account
) -> None:
    answer = send(client, "/parcours/tournees/debut", others="3")
    shown = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Choisissez où vous êtes" in shown
    assert 'value="3"' in shown


def test_outbox_when_the_same_comes_again_then_200_and_the_hour_of_the_tap(
    client: FlaskClient, db: Session, walker: Account
) -> None:
    start, move, end, asked = (str(uuid4()) for _ in range(4))
    hours = {n: (NOW - timedelta(hours=n)).isoformat() for n in (3, 2, 1)}
    sent = [
        ("tournees/debut", {"client_id": start, "sector": WEST, "at": hours[3]}),
        (
            "tournees/secteur",
            {"client_id": move, "presence": start, "sector": EAST, "at": hours[2]},
        ),
        (
            "sollicitations",
            {"client_id": asked, "public": "habitant", "theme": "proprete", "at": hours[2]},
        ),
        ("tournees/fin", {"client_id": end, "presence": start, "at": hours[1]}),
    ]
    for status in (201, 200):
        for path, form in sent:
            answer = outbox(client, f"/parcours/{path}", **form)
            assert answer.status_code == status, answer.get_data(as_text=True)
            assert answer.json
            assert answer.json["id"] == form["client_id"]
            assert answer.json["href"].startswith("/parcours/")
    presence = db.scalars(select(Presence)).one()
    assert (presence.started_at, presence.ended_at) == (
        NOW - timedelta(hours=3),
        NOW - timedelta(hours=1),
    )
    assert db.scalars(select(Solicitation.happened_at)).all() == [NOW - timedelta(hours=2)]


def test_outbox_when_refused_then_says_why_to_the_program(
    client: FlaskClient, walker: Account
) -> None:
    answer = outbox(client, "/parcours/tournees/debut", client_id=str(uuid4()), sector="lune")
    assert answer.status_code == 422
    assert answer.json
    assert "secteurs de la liste" in answer.json["fields"]["sector"]
    nil = "00000000-0000-0000-0000-000000000000"
    assert outbox(client, "/parcours/sollicitations", client_id=nil).status_code == 422
    unknown = outbox(
        client, "/parcours/tournees/fin", client_id=str(uuid4()), presence=str(uuid4())
    )
    assert unknown.status_code == 404


def test_position_when_some_program_sends_one_then_it_goes_nowhere(
    client: FlaskClient, db: Session, walker: Account
) -> None:
    """The phone never does; whatever else would is not listened to."""
    where = {"lon": "2.2987654", "lat": "48.7812345", "accuracy_m": "8", "location": "2.2987654"}
    outbox(client, "/parcours/tournees/debut", client_id=str(uuid4()), sector=WEST, **where)
    outbox(
        client,
        "/parcours/sollicitations",
        client_id=str(uuid4()),
        public="habitant",
        theme="proprete",
        **where,
    )
    for table in (Presence, PresenceStretch, Solicitation):
        kept = db.scalars(select(func.row_to_json(table.__table__.table_valued()))).all()
        assert kept
        assert "2.2987" not in str(kept)
        assert "48.7812" not in str(kept)


def test_solicitation_when_put_right_then_and_taken_back(
    client: FlaskClient, db: Session, walker: Account
) -> None:
    send(client, "/parcours/sollicitations", public="habitant", theme="proprete")
    shown = page(client, "/parcours/sollicitations")
    assert "Noté : Habitant, Propreté, répondu." in shown
    uid = db.scalars(select(Solicitation.client_id)).one()
    path = f"/parcours/sollicitations/{uid}"
    bad = send(client, path, public="habitant", theme="proprete", times="beaucoup", note="Un mot")
    assert bad.status_code == 422
    assert 'value="beaucoup"' in bad.get_data(as_text=True)
    assert "Un mot" in bad.get_data(as_text=True)
    send(client, path, public="jeune", theme="emploi", body="mission-locale", times="2")
    assert f"vers Mission locale, emploi (2{NBSP}personnes)" in page(
        client, "/parcours/sollicitations"
    )
    send(client, f"{path}/retirer")
    assert "Rien de noté aujourd’hui" in page(client, "/parcours/sollicitations")
    assert page(client, path, 404)


def test_past_round_when_entered_with_a_mistake_then_keeps_what_was_typed(
    client: FlaskClient, db: Session, walker: Account
) -> None:
    yesterday = (NOW.astimezone(PARIS) - timedelta(days=1)).date().isoformat()
    form = {"day": yesterday, "from-1": "22:30", "sector-1": WEST, "end": "zz"}
    bad = send(client, "/parcours/tournees/saisie", **form)
    shown = bad.get_data(as_text=True)
    assert bad.status_code == 422
    assert "Heure illisible" in shown
    assert 'value="22:30"' in shown
    over_midnight = {
        **form,
        "day": _days_ago(3),
        "from-2": "23:15",
        "sector-2": EAST,
        "end": "00:45",
    }
    good = send(client, "/parcours/tournees/saisie", **over_midnight)
    assert good.status_code == 303
    presence = db.scalars(select(Presence)).one()
    assert presence.ended_at is not None
    assert presence.ended_at - presence.started_at == timedelta(hours=2, minutes=15)
    shown = page(client, good.headers["Location"])
    assert "Saisie après coup" in shown
    correct = {**over_midnight, "end": "00:15", "version": "1"}
    send(client, f"/parcours/tournees/{presence.client_id}", **correct)
    shown = page(client, f"/parcours/tournees/{presence.client_id}")
    assert "Avant correction" in shown
    assert "fin 0\u00a0h\u00a045" in shown
    stale = send(client, f"/parcours/tournees/{presence.client_id}", **correct)
    assert stale.status_code == 409
    assert "depuis un autre appareil" in stale.get_data(as_text=True)


def _days_ago(days: int) -> str:
    return (NOW.astimezone(PARIS) - timedelta(days=days)).date().isoformat()


def test_action_when_noted_with_a_photo_then_is_shown_without_where_it_was_taken(
    app: Any, client: FlaskClient, db: Session, toy: Toy, walker: Account
) -> None:
    uid = str(uuid4())
    bad = send(client, "/parcours/actions", client_id=uid, kind="proprete", title="", people="dix")
    shown = bad.get_data(as_text=True)
    assert bad.status_code == 422
    assert 'value="dix"' in shown
    form = {"kind": "proprete", "title": "Grand nettoyage", "partner": "mairie ecole"}
    send(client, "/parcours/actions", client_id=uid, day=_days_ago(1), people="24", **form)
    taken = saved(two_halves(), "JPEG", exif=exif())
    for status in (201, 200):
        sent = {"client_id": "7a0d1a52-9a51-4d0e-8f0a-7a2b9c4d1e61"}
        answer = outbox(
            client,
            f"/parcours/actions/{uid}/photos",
            **sent,
            photo=(BytesIO(taken), "photo.jpg"),
        )
        assert answer.status_code == status
    shown = page(client, f"/parcours/actions/{uid}")
    assert "Mairie, École, collège" in shown
    assert "24" in shown
    key = db.scalars(select(InitiativePhoto.id)).one()
    image = client.get(f"/parcours/photos/{key}/full.webp")
    assert image.status_code == 200
    assert image.headers["Cache-Control"] == "private, no-store"
    assert b"Exif" not in image.data
    assert b"Marque" not in image.data
    stranger = make_account(db, toy, Role.MEDIATOR, "police")
    db.commit()
    other = sign_in(app.test_client(), stranger)
    assert other.get(f"/parcours/photos/{key}/full.webp").status_code == 404
    bad_photo = outbox(
        client,
        f"/parcours/actions/{uid}/photos",
        client_id=str(uuid4()),
        photo=(BytesIO(b"no photo"), "x.jpg"),
    )
    assert bad_photo.status_code == 422


def test_round_when_in_several_teams_then_one_is_chosen_and_what_is_noted_goes_to_it(
    client: FlaskClient, db: Session, toy: Toy
) -> None:
    account = make_account(db, toy, Role.MEDIATOR, "police", "technique-ouest")
    stranger = make_account(db, toy, Role.MEDIATOR, "technique-est")
    db.commit()
    sign_in(client, account)
    second = toy.teams["technique-ouest"]
    shown = page(client, "/parcours")
    assert "Pour quelle équipe" in shown
    assert f'value="{second.code}"' in shown
    here = "/parcours/tournees"
    refused = outbox(
        client, f"{here}/debut", client_id=str(uuid4()), sector=WEST, team="technique-est"
    )
    assert refused.status_code == 422
    assert refused.json is not None
    assert "une de vos équipes" in refused.json["message"]
    begun = NOW - timedelta(hours=2)
    key = str(uuid4())
    fields = {"client_id": key, "sector": WEST, "team": second.code, "at": begun.isoformat()}
    assert outbox(client, f"{here}/debut", **fields).status_code == 201
    solicited = {"public": "habitant", "theme": "proprete"}
    during = (begun + timedelta(minutes=5)).isoformat()
    before = (begun - timedelta(minutes=5)).isoformat()
    for at in (during, before):
        answer = outbox(
            client, "/parcours/sollicitations", client_id=str(uuid4()), at=at, **solicited
        )
        assert answer.status_code == 201, answer.get_data(as_text=True)
    round_team = db.scalars(select(Presence.team_id)).one()
    asked = db.scalars(select(Solicitation.team_id).order_by(Solicitation.happened_at)).all()
    assert round_team == second.id
    assert list(asked) == [min(team.id for team in account.teams), second.id]
    # the next one is for the same team, unless one says otherwise
    assert f'value="{second.code}" checked' in page(client, "/parcours")
    assert f'value="{second.code}" checked' in page(client, f"{here}/saisie")
    # whoever is in one team is asked nothing
    sign_in(client, stranger)
    assert "Pour quelle équipe" not in page(client, "/parcours")
