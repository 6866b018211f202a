"""`/parcours/marches` by its forms, as a browser and as a phone's outbox send them."""

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Role
from qpvmap.storage.models import (
    Account,
    Photo,
    Signalement,
    SiteWalk,
    WalkObservation,
    WalkPhoto,
    WalkPoint,
    WalkStop,
    WalkVisit,
)
from qpvmap.storage.walks import PAGE_SIZE
from qpvmap.usecases.walk_records import add_point, record_visit
from qpvmap.usecases.walks import close_walk, create_walk
from qpvmap.web import walk_report
from tests.conftest import NOW, QueryCounter
from tests.factories import IN_QUARTER_WEST, Toy, actor_for, make_account, make_territory
from tests.pictures import photo
from tests.usecases.walk_help import (
    defect,
    good_point,
    make_checklist,
    make_walk,
    new_walk,
    stop_ids,
    visit,
)
from tests.web.people import sign_in

HERE = "/parcours/marches"


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


@pytest.fixture
def walk(db: Session, toy: Toy, mediator: Account) -> SiteWalk:
    walk = make_walk(db, toy, actor_for(mediator), NOW)
    db.commit()
    return walk


def page(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code, answer.headers.get("Location"))
    return answer.get_data(as_text=True)


def from_phone(client: FlaskClient, account: Account, path: str, **fields: Any) -> Any:
    """Send a record as an outbox does."""
    headers = {"Qpvmap-Outbox": "1", "Qpvmap-Person": str(account.id)}
    return client.post(path, data=fields, headers=headers)


def test_create_when_the_form_is_right_then_leads_to_the_stops(
    client: FlaskClient, db: Session, mediator: Account
) -> None:
    shown = page(client, f"{HERE}/nouvelle")
    client_id = re.search(r'name="client_id" value="([^"]+)"', shown)
    assert client_id
    fields = {
        "client_id": client_id[1],
        "title": "Autour de l’école",
        "theme": "cadre",
        "day": "2026-11-30",
        "starts_at": "17:30",
        "ends_at": "19:00",
        "nombre-habitants": "5",
        "nombre-org-police": "1",
        "nom-autre-1": "Amicale des locataires",
        "nombre-autre-1": "2",
    }
    answer = client.post(HERE, data=fields)
    walk = db.scalars(select(SiteWalk)).one()
    assert answer.headers["Location"] == f"{HERE}/{walk.id}/preparer"
    assert client.post(HERE, data=fields).headers["Location"] == answer.headers["Location"]
    shown = page(client, f"{HERE}/{walk.id}/preparer")
    assert "Amicale des locataires" in shown
    assert 'value="17:30"' in shown
    assert "Autour de l’école" in page(client, HERE)


def test_create_when_the_form_is_wrong_then_keeps_what_was_typed(
    client: FlaskClient, mediator: Account
) -> None:
    fields = {"client_id": str(uuid4()), "title": "", "theme": "cadre", "nombre-habitants": "trois"}
    answer = client.post(HERE, data=fields)
    assert answer.status_code == 422
    shown = answer.get_data(as_text=True)
    assert "Donnez des nombres entiers" in shown
    assert 'value="trois"' in shown
    answer = client.post(HERE, data={**fields, "nombre-habitants": "3"})
    assert "Donnez un titre" in answer.get_data(as_text=True)


@pytest.mark.parametrize("role", [Role.RESIDENT, Role.ADMIN])
def test_walks_when_the_role_reads_none_then_are_refused(
    app: Any, client: FlaskClient, db: Session, toy: Toy, walk: SiteWalk, role: Role
) -> None:
    account = make_account(db, toy, role)
    db.commit()
    other = sign_in(app.test_client(), account)
    for path in ("", f"/{walk.id}", f"/{walk.id}/compte-rendu", f"/{walk.id}/compte-rendu.pdf"):
        assert other.get(HERE + path).status_code == 403
    assert app.test_client().get(f"{HERE}/{walk.id}").headers["Location"].startswith("/connexion")


def test_walk_when_only_read_then_has_a_report_and_no_form(
    app: Any, db: Session, toy: Toy, walk: SiteWalk
) -> None:
    account = make_account(db, toy, Role.PLANNER)
    db.commit()
    planner = sign_in(app.test_client(), account)
    assert planner.get(f"{HERE}/{walk.id}").headers["Location"].endswith("/compte-rendu")
    shown = page(planner, f"{HERE}/{walk.id}/compte-rendu")
    assert "Noter une décision" not in shown
    assert planner.post(f"{HERE}/{walk.id}/releves").status_code == 403


def test_stop_when_recorded_by_form_then_shows_on_the_page_again(
    client: FlaskClient, db: Session, walk: SiteWalk
) -> None:
    stop = stop_ids(db, walk)[0]
    fields = {"stop_id": stop, "note-proprete": "bad", "mot-proprete": "Deux sacs", "note": "Bien."}
    assert client.post(f"{HERE}/{walk.id}/releves", data=fields).status_code == 303
    shown = page(client, f"{HERE}/{walk.id}?arret={stop}")
    assert "Deux sacs" in shown
    assert "1 sur 2" in shown
    answer = client.post(f"{HERE}/{walk.id}/releves", data={**fields, "mot-proprete": "x" * 501})
    assert answer.status_code == 422
    assert "x" * 501 in answer.get_data(as_text=True)


def test_record_when_the_phone_sends_it_twice_then_201_and_200_and_one_row(
    client: FlaskClient, db: Session, mediator: Account, walk: SiteWalk
) -> None:
    stop = stop_ids(db, walk)[0]
    path = f"{HERE}/{walk.id}"
    sent: list[tuple[str, dict[str, Any]]] = [
        ("releves", {"stop_id": stop, "note-eclairage": "bad"}),
        ("points", {"stop_id": stop, "kind": "defect", "category": "voirie"}),
        ("points", {"stop_id": stop, "kind": "satisfaction", "description": "Jardin fleuri"}),
        ("trajet", {"source": "recorded", "route": "[[2.2985,48.7805],[2.299,48.781]]"}),
        ("decisions", {"what": "Tailler", "owner": "Ville"}),
        ("terminer", {"captured_at": NOW.isoformat()}),
    ]
    for name, fields in sent:
        key = str(uuid4())
        answers = [
            from_phone(client, mediator, f"{path}/{name}", client_id=key, **fields)
            for _ in range(2)
        ]
        assert [a.status_code for a in answers] == [201, 200], answers[0].get_data(as_text=True)
        assert {a.json["id"] for a in answers} == {key}
    counts = [
        db.scalar(select(func.count()).select_from(table))
        for table in (WalkVisit, WalkObservation, WalkPoint, Signalement)
    ]
    assert counts == [1, 1, 2, 1]


def test_stop_when_a_phone_adds_it_then_is_there_once_and_what_is_said_there_follows(
    client: FlaskClient, db: Session, mediator: Account, walk: SiteWalk
) -> None:
    path, key = f"{HERE}/{walk.id}", str(uuid4())
    planned = len(stop_ids(db, walk))
    here = {
        "lon": f"{IN_QUARTER_WEST.lon}",
        "lat": f"{IN_QUARTER_WEST.lat}",
        "captured_at": NOW.isoformat(),
    }
    early = from_phone(client, mediator, f"{path}/releves", client_id=uuid4(), stop_id=key)
    assert early.status_code == 404
    added = f"{path}/arrets/en-chemin"
    fields = {"client_id": key, "label": "Devant l’école", **here}
    answers = [from_phone(client, mediator, added, **fields) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json["title"] == f"Arrêt {planned + 1}. Devant l’école"
    assert answers[0].json["stop"]["label"] == "Devant l’école"
    for name, said in (
        ("releves", {"note-eclairage": "bad"}),
        ("points", {"kind": "satisfaction", "description": "Fleuri"}),
        ("photos", {"photo": (BytesIO(photo()), "p.jpg")}),
    ):
        sent = {"client_id": str(uuid4()), "stop_id": key, **said}
        assert from_phone(client, mediator, f"{path}/{name}", **sent).status_code == 201
    stop = db.scalars(select(WalkStop).where(WalkStop.client_id == key)).one()
    assert stop.position == planned + 1
    for table in (WalkVisit, WalkPoint, WalkPhoto):
        assert db.scalars(select(table.stop_id)).all() == [stop.id]

    # it ended meanwhile: what was added before is taken, what is said to be after is not
    from_phone(client, mediator, f"{path}/terminer", client_id=uuid4(), captured_at=NOW.isoformat())
    late = {"client_id": str(uuid4()), **here}
    assert from_phone(client, mediator, added, **late).status_code == 201
    late = {"client_id": str(uuid4()), **here, "captured_at": ""}
    assert from_phone(client, mediator, added, **late).status_code == 422


def test_stop_when_of_another_walk_or_nowhere_then_is_refused(
    client: FlaskClient, db: Session, toy: Toy, mediator: Account, walk: SiteWalk
) -> None:
    other = make_walk(db, toy, actor_for(mediator), NOW)
    db.commit()
    stop = db.scalars(select(WalkStop).where(WalkStop.walk_id == other.id)).first()
    assert stop is not None
    path = f"{HERE}/{walk.id}"
    sent = {"client_id": str(uuid4()), "stop_id": str(stop.client_id), "note-eclairage": "bad"}
    assert from_phone(client, mediator, f"{path}/releves", **sent).status_code == 404
    for place in ({"lon": "2.3"}, {"lon": "500", "lat": "48"}, {"lon": "0", "lat": "0"}):
        fields = {"client_id": str(uuid4()), **place}
        answer = from_phone(client, mediator, f"{path}/arrets/en-chemin", **fields)
        assert answer.status_code == 422
        assert answer.json["message"]
    agent = make_account(db, toy, Role.AGENT)
    db.commit()
    sign_in(client, agent)
    fields = {"client_id": str(uuid4()), "lon": IN_QUARTER_WEST.lon, "lat": IN_QUARTER_WEST.lat}
    assert from_phone(client, agent, f"{path}/arrets/en-chemin", **fields).status_code == 403


def test_photo_when_of_a_stop_a_good_point_or_a_defect_then_goes_to_its_place_once(
    client: FlaskClient, db: Session, mediator: Account, walk: SiteWalk
) -> None:
    stop = stop_ids(db, walk)[0]
    path = f"{HERE}/{walk.id}"
    defect_id, good_id = str(uuid4()), str(uuid4())
    from_phone(
        client, mediator, f"{path}/points",
        client_id=defect_id, stop_id=stop, kind="defect", category="voirie",
    )  # fmt: skip
    from_phone(
        client, mediator, f"{path}/points",
        client_id=good_id, stop_id=stop, kind="satisfaction", description="Fleuri",
    )  # fmt: skip
    for place in ({"stop_id": stop, "item": "proprete"}, {"point": defect_id}, {"point": good_id}):
        key = str(uuid4())
        codes = [
            from_phone(
                client, mediator, f"{path}/photos",
                client_id=key, photo=(BytesIO(photo()), "p.jpg"), **place,
            ).status_code
            for _ in range(2)
        ]  # fmt: skip
        assert codes == [201, 200]
    assert db.scalar(select(func.count()).select_from(Photo)) == 1
    kept = db.scalars(select(WalkPhoto).order_by(WalkPhoto.id)).all()
    assert [(p.stop_id is not None, p.point_id is not None) for p in kept] == [
        (True, False),
        (False, True),
    ]
    answer = client.get(f"{HERE}/photos/{kept[0].id}/thumb.webp")
    assert answer.mimetype == "image/webp"
    assert "private" in answer.headers["Cache-Control"]
    early = from_phone(
        client, mediator, f"{path}/photos",
        client_id=str(uuid4()), photo=(BytesIO(photo()), "p.jpg"), point=str(uuid4()),
    )  # fmt: skip
    assert early.status_code == 404


def test_point_when_sent_by_form_with_its_photo_then_both_are_kept(
    client: FlaskClient, db: Session, walk: SiteWalk
) -> None:
    stop, path = stop_ids(db, walk)[0], f"{HERE}/{walk.id}/points"
    for content, kept in ((photo(), 1), (b"pas une image", 1)):
        fields = {
            "client_id": str(uuid4()),
            "stop_id": stop,
            "kind": "satisfaction",
            "description": "Fleuri",
            "photo": (BytesIO(content), "p.jpg"),
        }
        assert client.post(path, data=fields).status_code == 303
        assert db.scalar(select(func.count()).select_from(WalkPhoto)) == kept
    assert "Le point est gardé, mais pas sa photo" in page(client, f"{HERE}/{walk.id}")
    assert db.scalar(select(func.count()).select_from(WalkPoint)) == 2


def test_record_when_wrong_then_the_phone_is_told_which_field(
    client: FlaskClient, mediator: Account, walk: SiteWalk
) -> None:
    answer = from_phone(
        client, mediator, f"{HERE}/{walk.id}/points",
        client_id=str(uuid4()), kind="satisfaction", lon="2.2985", lat="48.7805",
    )  # fmt: skip
    assert answer.status_code == 422
    assert "va bien" in answer.json["fields"]["description"]
    answer = from_phone(client, mediator, f"{HERE}/{walk.id}/releves", client_id="?", stop_id="1")
    assert answer.status_code == 422


def test_report_and_comparison_when_there_is_a_follow_up_then_show_both(
    client: FlaskClient, db: Session, toy: Toy, mediator: Account, walk: SiteWalk
) -> None:
    actor = actor_for(mediator)
    first, _ = stop_ids(db, walk)
    record_visit(db, actor, walk.id, visit(first, proprete="bad", eclairage="good"), NOW)
    add_point(db, actor, walk.id, defect(first), NOW)
    add_point(db, actor, walk.id, good_point(first, "Le jardin partagé"), NOW)
    close_walk(db, actor, walk.id, NOW)
    db.commit()
    answer = client.post(
        f"{HERE}/{walk.id}/decisions",
        data={"client_id": str(uuid4()), "what": "Tailler la haie", "team": "technique-ouest"},
    )
    assert answer.status_code == 303
    again = create_walk(db, actor, toy.territory, new_walk(follows_id=walk.id), NOW).walk
    record_visit(db, actor, again.id, visit(stop_ids(db, again)[0], proprete="good"), NOW)
    db.commit()
    shown = page(client, f"{HERE}/{walk.id}/compte-rendu")
    for words in ("Tailler la haie", "Le jardin partagé", "Équipe technique-ouest", "Voirie"):
        assert words in shown
    shown = page(client, f"{HERE}/{again.id}/comparer")
    assert "Mieux" in shown
    assert "Tailler la haie" in shown
    shown = page(client, f"{HERE}/{again.id}")
    assert "La fois d’avant" in shown
    assert "Promis la fois d’avant" in shown
    assert client.get(f"{HERE}/{walk.id}/comparer").status_code == 303


def test_paper_when_a_point_is_confidential_then_is_never_printed(
    client: FlaskClient,
    db: Session,
    mediator: Account,
    walk: SiteWalk,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(walk_report, "printed", lambda page, *_: page)
    actor = actor_for(mediator)
    add_point(db, actor, walk.id, defect(category="rixe", description="SECRET-2718"), NOW)
    add_point(db, actor, walk.id, defect(), NOW)
    db.commit()
    reference = db.scalars(select(Signalement.reference).where(Signalement.nature != "technique"))
    secret = reference.one()
    shown = page(client, f"{HERE}/{walk.id}/compte-rendu")
    assert secret in shown
    printed = page(client, f"{HERE}/{walk.id}/compte-rendu.pdf")
    assert "Voirie" in printed
    assert secret not in printed
    assert "Rixe" not in printed


def test_pages_when_there_are_more_stops_then_ask_as_many_queries(
    client: FlaskClient,
    db: Session,
    engine: Engine,
    toy: Toy,
    mediator: Account,
    count_queries: QueryCounter,
) -> None:
    actor = actor_for(mediator)
    walks = [make_walk(db, toy, actor, NOW, stops=count) for count in (2, 12)]
    for walk in walks:
        for stop in stop_ids(db, walk):
            record_visit(db, actor, walk.id, visit(stop, proprete="bad"), NOW)
            add_point(db, actor, walk.id, good_point(stop), NOW)
            add_point(db, actor, walk.id, defect(stop), NOW)
    db.commit()
    for path in ("", "/compte-rendu", "/preparer"):
        counts = []
        for walk in walks:
            page(client, f"{HERE}/{walk.id}{path}")
            with count_queries(engine) as statements:
                page(client, f"{HERE}/{walk.id}{path}")
            counts.append(len(statements))
        assert counts[0] == counts[1] <= 24, (path, counts)
    with count_queries(engine) as statements:
        page(client, HERE)
    assert len(statements) <= 8


def test_origin_when_seen_on_a_walk_then_is_told_to_those_who_read_walks(
    app: Any, client: FlaskClient, db: Session, mediator: Account, walk: SiteWalk
) -> None:
    add_point(db, actor_for(mediator), walk.id, defect(), NOW)
    db.commit()
    reference = db.scalars(select(Signalement.reference)).one()
    assert f"{HERE}/{walk.id}/compte-rendu" in page(client, f"/signalements/{reference}")
    shown = page(app.test_client(), f"/signalements/{reference}")
    assert HERE not in shown
    assert walk.title not in shown


def test_list_when_long_then_goes_on_and_a_wrong_address_is_the_first_page(
    client: FlaskClient, db: Session, toy: Toy, mediator: Account
) -> None:
    assert "Préparez la première" in page(client, HERE)
    for number in range(PAGE_SIZE + 2):
        make_walk(db, toy, actor_for(mediator), NOW, 0, title=f"Marche n° {number}.")
    db.commit()
    shown = page(client, HERE)
    assert shown.count('class="item"') == PAGE_SIZE
    older = re.search(r'href="([^"]*avant=[^"]+)"', shown)
    assert older
    assert page(client, older[1]).count('class="item"') == 2
    assert page(client, f"{HERE}?avant=hier").count('class="item"') == PAGE_SIZE


def test_stops_when_moved_named_and_removed_by_form_then_are_so(
    client: FlaskClient, db: Session, walk: SiteWalk
) -> None:
    first, second = stop_ids(db, walk)
    base = f"{HERE}/{walk.id}/arrets"
    client.post(f"{base}/{second}/monter")
    assert stop_ids(db, walk) == [second, first]
    client.post(f"{base}/{first}/nommer", data={"label": "Devant l’école"})
    assert "Devant l’école" in page(client, f"{HERE}/{walk.id}/preparer")
    client.post(f"{base}/{second}/retirer")
    fields = {"client_id": str(uuid4()), "lon": "2.2985", "lat": "48.7805"}
    assert client.post(base, data=fields).status_code == 303
    words = {"client_id": str(uuid4()), "lieu": "48,7806 2,2987"}
    assert client.post(base, data=words).status_code == 303
    assert len(stop_ids(db, walk)) == 3
    answer = client.post(base, data={"client_id": str(uuid4()), "lieu": "nulle part"})
    assert answer.status_code == 422
    assert "nulle part" in answer.get_data(as_text=True)
    assert db.scalar(select(func.count()).select_from(WalkStop)) == 3
