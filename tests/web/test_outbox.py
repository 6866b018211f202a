"""What a phone’s outbox is answered: whose records come in, and refusals it can act upon."""

import gzip
import re
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from qpvmap.core.actors import Role
from qpvmap.storage.models import Signalement
from qpvmap.storage.session import make_engine, transaction
from tests.factories import IN_QUARTER_WEST, make_territory
from tests.pictures import opened, saved, two_halves
from tests.web.people import add_person, sign_in


@pytest.fixture
def site(committed_db: str, client: FlaskClient) -> FlaskClient:
    """Return a client of the application on the toy territory."""
    engine = make_engine(committed_db)
    with transaction(engine) as session:
        make_territory(session, "blagis")
    engine.dispose()
    return client


@pytest.fixture
def mediator(site: FlaskClient, app: Any) -> FlaskClient:
    """Return a client signed in as a mediator."""
    return sign_in(site, add_person(app.extensions["qpvmap"].engine, Role.MEDIATOR))


def who(client: FlaskClient) -> dict[str, str]:
    said: dict[str, str] = client.get("/envois/identite").json
    return said


def post(client: FlaskClient, path: str, body: dict[str, Any], **headers: str) -> TestResponse:
    """Send as the outbox does: the token just asked for, and whose record it is."""
    here = who(client)
    sent = {
        "Qpvmap-Outbox": "1",
        "Qpvmap-Person": here["person"],
        "X-CSRFToken": here["csrf_token"],
    }
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(path, json=body, headers=sent | named)


def test_identity_when_signed_in_then_says_who_and_is_never_kept(mediator: FlaskClient) -> None:
    answer = mediator.get("/envois/identite")
    assert answer.json["person"].isdigit()
    assert answer.json["name"] == "Camille mediator"
    assert answer.headers["Cache-Control"] == "no-store"


def test_identity_when_nobody_is_signed_in_then_is_empty(site: FlaskClient) -> None:
    assert who(site)["person"] == ""


def test_record_when_somebody_else_made_it_then_401_in_json(mediator: FlaskClient) -> None:
    answer = post(mediator, "/envois/inconnu", {}, Qpvmap_Person="999")
    assert answer.status_code == 401
    assert "reconnectez-vous" in answer.json["message"]


def test_record_when_token_is_old_then_says_so_to_the_program(mediator: FlaskClient) -> None:
    answer = post(mediator, "/signaler", {}, X_CSRFToken="old")
    assert (answer.status_code, answer.json["code"]) == (400, "old_form")


HERE = {"lon": str(IN_QUARTER_WEST.lon), "lat": str(IN_QUARTER_WEST.lat)}


def rows(database_url: str) -> list[Signalement]:
    engine = make_engine(database_url)
    with transaction(engine) as session:
        found = list(session.scalars(select(Signalement).order_by(Signalement.id)))
        session.expunge_all()
    engine.dispose()
    return found


def record(client: FlaskClient, path: str, fields: dict[str, Any], **headers: str) -> TestResponse:
    """Send a record as its kind says: as fields, with its file if it has one."""
    here = who(client)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {
        "Qpvmap-Outbox": "1",
        "Qpvmap-Person": here["person"],
        "X-CSRFToken": here["csrf_token"],
    }
    return client.post(path, data=fields, headers=sent | named)


def report(client: FlaskClient, **fields: str) -> TestResponse:
    return record(client, "/envois/signalements", {"category": "voirie", **HERE, **fields})


def test_report_when_it_comes_again_then_201_and_200_with_the_same_answer(
    mediator: FlaskClient, committed_db: str
) -> None:
    client_id = str(uuid4())
    first, again = (report(mediator, client_id=client_id) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json
    assert first.json["id"] == client_id
    assert len(rows(committed_db)) == 1


def test_report_when_corrected_after_it_came_then_is_told_so(mediator: FlaskClient) -> None:
    client_id = str(uuid4())
    report(mediator, client_id=client_id, description="Un trou.")
    again = report(mediator, client_id=client_id, description="Deux trous.")
    assert "déjà arrivé" in again.json["note"]


@pytest.mark.parametrize(("moved_m", "is_kept"), [(40, True), (600, False)])
def test_report_when_the_pin_was_moved_then_the_phone_is_kept_only_near_by(
    mediator: FlaskClient, committed_db: str, moved_m: int, is_kept: bool
) -> None:
    lat = IN_QUARTER_WEST.lat + moved_m / 111_320
    answer = report(
        mediator,
        client_id=str(uuid4()),
        captured_at="2026-11-20T08:30:00.000Z",
        captured_lon=HERE["lon"],
        captured_lat=f"{lat:.6f}",
        captured_accuracy_m="9.5",
    )
    assert answer.status_code == 201
    [row] = rows(committed_db)
    assert row.captured_at.isoformat() == "2026-11-20T08:30:00+00:00"
    assert (row.captured_location is not None) == is_kept
    assert row.captured_accuracy_m == (9.5 if is_kept else None)


def test_report_when_wrong_then_422_names_the_fields_of_the_page(mediator: FlaskClient) -> None:
    answer = report(mediator, client_id=str(uuid4()), category="", description="x" * 2001)
    assert answer.status_code == 422
    assert set(answer.json["fields"]) == {"category", "description"}
    assert "Choisissez une catégorie" in answer.json["message"]


def test_report_when_its_text_looks_personal_then_is_filed_and_hidden(
    mediator: FlaskClient, committed_db: str
) -> None:
    answer = report(mediator, client_id=str(uuid4()), description="Appelez le 06 12 34 56 78.")
    assert answer.status_code == 201
    assert "relu" in answer.json["note"]
    assert rows(committed_db)[0].description_hidden


def test_report_when_made_without_account_then_goes_without_the_session(
    mediator: FlaskClient, app: Any, committed_db: str
) -> None:
    bare = app.test_client(use_cookies=False)
    fields = {"category": "voirie", **HERE, "client_id": str(uuid4())}
    headers = {"Qpvmap-Outbox": "1", "Qpvmap-Person": ""}
    assert bare.post("/envois/signalements", data=fields, headers=headers).status_code == 201
    assert rows(committed_db)[0].reporter_id is None
    # with a session, the same headers are not enough
    assert mediator.post("/envois/signalements", data=fields, headers=headers).status_code == 400


def photo(client: FlaskClient, path: str, **headers: str) -> TestResponse:
    content = BytesIO(saved(two_halves(60, 40)))
    fields = {"client_id": str(uuid4()), "photo": (content, "photo.jpg")}
    return record(client, path, fields, **headers)


def test_photo_when_its_report_is_known_then_added_and_by_its_author_alone(
    mediator: FlaskClient, app: Any
) -> None:
    client_id = str(uuid4())
    report(mediator, client_id=client_id)
    path = f"/envois/signalements/{client_id}/photos"
    assert photo(mediator, path).status_code == 201
    other = sign_in(app.test_client(), add_person(app.extensions["qpvmap"].engine, Role.MEDIATOR))
    assert photo(other, path).status_code == 404
    assert photo(mediator, f"/envois/signalements/{uuid4()}/photos").status_code == 404


def test_support_when_sent_twice_then_counts_once_and_takes_a_photo(
    mediator: FlaskClient, app: Any, committed_db: str
) -> None:
    reference = report(mediator, client_id=str(uuid4())).json["reference"]
    other = sign_in(app.test_client(), add_person(app.extensions["qpvmap"].engine, Role.MEDIATOR))
    client_id, path = str(uuid4()), f"/envois/soutiens/{reference}"
    answers = [record(other, path, {"client_id": client_id}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert rows(committed_db)[0].supports == 1
    assert photo(other, f"{path}/{client_id}/photos").status_code == 201
    assert photo(other, f"{path}/{uuid4()}/photos").status_code == 404


@pytest.mark.parametrize(
    ("late", "kept", "said"),
    [
        (timedelta(days=1), timedelta(days=1), "retardait de 1\u00a0jour"),
        (timedelta(hours=-5), timedelta(hours=-5), "avançait de 5\u00a0heures"),
        (timedelta(minutes=2), None, ""),
        (None, None, ""),
    ],
)
def test_report_when_the_phone_has_a_wrong_clock_then_its_hour_is_said_with_the_doubt(
    mediator: FlaskClient, app: Any, committed_db: str, late: Any, kept: Any, said: str
) -> None:
    now = datetime.now(UTC)
    phone = now - (late or timedelta())
    seen = phone - timedelta(hours=1)
    clock = {} if late is None else {"Qpvmap_Clock": phone.isoformat()}
    answer = record(
        mediator,
        "/envois/signalements",
        {
            "category": "voirie",
            **HERE,
            "client_id": str(uuid4()),
            "captured_at": seen.isoformat(),
        },
        **clock,
    )
    assert answer.status_code == 201
    [row] = rows(committed_db)
    if kept is None:
        assert row.clock_off_s is None
    else:
        assert abs(row.clock_off_s - kept.total_seconds()) < 60
    assert row.captured_at == seen or (seen > now and row.captured_at <= datetime.now(UTC))
    person = add_person(app.extensions["qpvmap"].engine, Role.COORDINATOR)
    shown = sign_in(app.test_client(), person).get(f"/signalements/{row.reference}").text
    assert said in shown
    assert ("heure douteuse" in shown) == bool(said)
    assert "heure douteuse" not in app.test_client().get(f"/signalements/{row.reference}").text


def test_pack_when_asked_then_holds_what_is_public_and_nothing_else(
    mediator: FlaskClient, client: FlaskClient
) -> None:
    report(mediator, client_id=str(uuid4()), description="Un trou.")
    report(mediator, client_id=str(uuid4()), category="rixe", description="Une rixe.")
    answer = mediator.get("/signaler/paquet.json")
    pack = answer.json
    assert [row["words"] for row in pack["open"]] == ["Un trou."]
    assert "rixe" not in answer.text
    assert {row["category"] for row in pack["rules"]} >= {None}
    assert pack["communes"] and pack["quarters"]
    again = mediator.get("/signaler/paquet.json", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_pages_when_they_may_be_kept_then_say_so_and_whose_they_are(
    mediator: FlaskClient, app: Any
) -> None:
    for path in ("/signaler", "/envois", "/hors-ligne"):
        answer = mediator.get(path)
        assert answer.headers["Qpvmap-Offline"] == "keep"
        assert answer.headers["Qpvmap-Person"] == who(mediator)["person"]
        assert app.test_client().get(path).headers["Qpvmap-Person"] == ""
    assert "Qpvmap-Offline" not in mediator.get("/corbeille").headers


def fetched(client: FlaskClient, path: str, accepted: str = "") -> TestResponse:
    """Get a file whole, and close it."""
    with client.get(path, headers={"Accept-Encoding": accepted}) as answer:
        answer.get_data()
    return answer


def test_manifest_when_asked_then_an_application_can_be_installed(site: FlaskClient) -> None:
    card = site.get("/manifest.webmanifest").json
    assert card["display"] == "standalone"
    assert {icon["purpose"] for icon in card["icons"]} == {"any", "maskable"}
    for icon in card["icons"]:
        picture = opened(fetched(site, icon["src"]).data)
        assert f"{picture.width}x{picture.height}" == icon["sizes"]
    for address in (card["start_url"], *(one["url"] for one in card["shortcuts"])):
        assert site.get(address).status_code == 200


@pytest.mark.parametrize(("accepted", "encoding"), [("br, gzip", "br"), ("gzip", "gzip")])
def test_filing_page_when_compressed_then_weighs_under_120_kb_without_the_map(
    site: FlaskClient, accepted: str, encoding: str
) -> None:
    """What a first visit fetches: the page, styles, scripts with what they import, icons."""
    page = fetched(site, "/signaler", accepted)
    assert page.headers["Content-Encoding"] == "gzip"
    html = gzip.decompress(page.data).decode()
    todo = set(re.findall(r'(?:href|src)="(/static/[^"#]+\.(?:js|css|svg)[^"#]*)', html))
    weights = {"/signaler": len(page.data)}
    while todo:
        path = todo.pop()
        answer = fetched(site, path, accepted)
        weights[path] = len(answer.data)
        if path.endswith(".js"):
            assert answer.headers["Content-Encoding"] == encoding
            script = fetched(site, path).text
            imported = re.findall(r'(?:from|import)"\./([\w-]+\.js)"', script)
            todo |= {f"/static/dist/{name}" for name in imported} - weights.keys()
    assert len(weights) > 6
    assert sum(weights.values()) < 120_000, weights
