"""Photos on the pages: shown to whoever may, added with and without a script, blackened."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from qpvmap.core.actors import Role
from qpvmap.core.photos import Moment, Size
from qpvmap.pictures import prepare
from qpvmap.storage.files import photo_path
from qpvmap.storage.models import Account, Photo, Signalement
from qpvmap.usecases.photos import PhotoSending, PhotoUpload, add_photo
from qpvmap.web.tickets import FILED_COOKIE, filed_cookie, proves, upload_ticket
from tests.factories import Toy, actor_for, make_account, make_signalement, make_territory
from tests.pictures import HEIC, is_red, opened, photo
from tests.web.doors import hidden_token
from tests.web.people import sign_in

HERE = "/signalements/TO-1"
RIGHT_HALF = json.dumps({"rectangles": [[0.5, 0, 1, 1]]})


@pytest.fixture
def db(app: Any) -> Iterator[Session]:
    with Session(app.extensions["qpvmap"].engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def toy(db: Session) -> Toy:
    return make_territory(db)


@pytest.fixture
def agent(db: Session, toy: Toy) -> Account:
    return make_account(db, toy, Role.AGENT, "technique-ouest")


@pytest.fixture
def row(db: Session, toy: Toy, agent: Account) -> Signalement:
    now = datetime.now(UTC)
    row = make_signalement(db, toy, reference="TO-1", created_at=now)
    db.commit()
    return row


def keep(app: Any, db: Session, account: Account, reference: str = "TO-1") -> Photo:
    """Add a photo of the defect."""
    sending = PhotoSending(uuid4(), Moment.BEFORE)
    upload, files = PhotoUpload(sending, prepare(photo())), app.extensions["qpvmap"].files
    kept = add_photo(db, files, actor_for(account), reference, upload, datetime.now(UTC)).photo
    db.commit()
    return kept


def form_token(client: FlaskClient) -> str:
    """Return the token of a form: the sign-in page's, or that of the header once signed in."""
    return hidden_token(client.get("/connexion").text + client.get(HERE).text)


def send(
    client: FlaskClient, content: bytes | None, *, headers: Any = None, **fields: str
) -> TestResponse:
    """Send the form of the signalement's page."""
    token = form_token(client)
    data: dict[str, Any] = {"csrf_token": token, "client_id": str(uuid4()), **fields}
    data["photo"] = FileStorage(BytesIO(content or b""), "a.jpg" if content else "", "photo")
    boundary, body = encode_multipart(data)
    kind = f"multipart/form-data; boundary={boundary}"
    return client.post(f"{HERE}/photos", data=body, content_type=kind, headers=headers)


def act(client: FlaskClient, kept: Photo, verb: str, **fields: str) -> TestResponse:
    """Send one of the forms beside a photo."""
    token = form_token(client)
    return client.post(f"/photos/{kept.id}/{verb}", data={"csrf_token": token, **fields})


def page(client: FlaskClient) -> str:
    return client.get(HERE).get_data(as_text=True)


def test_photo_when_sent_without_a_script_then_is_on_the_page(
    client: FlaskClient, row: Signalement, agent: Account
) -> None:
    sign_in(client, agent)
    answer = send(client, photo(900, 600), moment="after")
    assert (answer.status_code, answer.location) == (303, HERE)
    [address] = re.findall(r'<img src="(/photos/\d+/thumb\.webp\?v=\w+)"', page(client))
    kept = client.get(address)
    assert (kept.status_code, kept.content_type) == (200, "image/webp")
    assert max(opened(kept.data).size) == 480


def test_photo_when_sent_by_a_script_then_answers_json_and_the_same_twice(
    client: FlaskClient, row: Signalement, agent: Account
) -> None:
    sign_in(client, agent)
    as_script = {"Accept": "application/json"}
    client_id = str(uuid4())
    first, again = (send(client, HEIC, headers=as_script, client_id=client_id) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json
    assert client.get(first.json["url"]).status_code == 200


def test_file_when_no_photo_then_the_sentence_says_so(
    client: FlaskClient, row: Signalement, agent: Account
) -> None:
    sign_in(client, agent)
    refused = send(client, b"<svg/>", headers={"Accept": "application/json"})
    assert (refused.status_code, refused.mimetype) == (422, "text/plain")
    assert refused.text.startswith("Ce fichier n’est pas une photo lisible.")
    assert send(client, b"<svg/>").status_code == 303
    assert "Ce fichier n’est pas une photo lisible." in page(client)
    assert send(client, None).status_code == 303
    assert "Choisissez d’abord une photo." in page(client)


def test_photo_when_sent_by_a_stranger_then_is_refused(
    client: FlaskClient, row: Signalement, db: Session, toy: Toy
) -> None:
    assert send(client, photo()).status_code == 403
    assert 'type="file"' not in page(client)
    sign_in(client, make_account(db, toy, Role.RESIDENT))
    db.commit()
    assert send(client, photo()).status_code == 403


def test_photo_when_its_sender_proves_to_have_filed_then_is_taken(
    app: Any, client: FlaskClient, row: Signalement
) -> None:
    with app.test_request_context():
        ticket, other = upload_ticket("TO-1"), upload_ticket("TO-2")
        filed = filed_cookie(["TO-1"])
        assert proves(ticket, "TO-1")
    assert send(client, photo(), ticket=other).status_code == 403
    assert send(client, photo(), ticket=ticket[:-2]).status_code == 403
    assert send(client, photo(), ticket=ticket).status_code == 303
    browser = app.test_client()
    browser.set_cookie(FILED_COOKIE, filed)
    assert 'type="file"' in page(browser)
    assert send(browser, photo()).status_code == 303


def test_photo_when_asked_again_then_the_browser_keeps_it(
    app: Any, client: FlaskClient, db: Session, row: Signalement, agent: Account
) -> None:
    kept = keep(app, db, agent)
    [address] = set(re.findall(r'href="(/photos/[^"]+)"', page(client)))
    answer = client.get(address)
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    bare = client.get(f"/photos/{kept.id}/full.webp")
    assert bare.headers["Cache-Control"] == "private, no-cache"
    assert kept.key not in page(client) + str(answer.headers)
    for wrong in ("other.webp", "full.jpg", "../full.webp"):
        assert client.get(f"/photos/{kept.id}/{wrong}").status_code == 404


def test_confidential_photo_when_asked_then_is_for_those_who_see_the_signalement(
    app: Any, client: FlaskClient, db: Session, toy: Toy
) -> None:
    police = make_account(db, toy, Role.AGENT, "police")
    others = [make_account(db, toy, Role.RESIDENT), make_account(db, toy, Role.PLANNER)]
    make_signalement(db, toy, reference="TO-1", category="rixe", team="police")
    kept = keep(app, db, police)
    address = f"/photos/{kept.id}/full.webp"
    assert client.get(address).status_code == 404
    for account in others:
        assert sign_in(app.test_client(), account).get(address).status_code == 404
    seen = sign_in(client, police).get(address)
    assert (seen.status_code, seen.headers["Cache-Control"]) == (200, "private, no-store")


def test_photo_when_blackened_then_its_original_is_destroyed(
    app: Any, client: FlaskClient, db: Session, row: Signalement, agent: Account
) -> None:
    kept = keep(app, db, agent)
    files, former = app.extensions["qpvmap"].files, kept.key
    sign_in(client, agent)
    [before] = set(re.findall(r'href="(/photos/[^"]+)"', page(client)))
    assert act(client, kept, "noircir", areas=RIGHT_HALF).location == HERE
    [after] = set(re.findall(r'href="(/photos/[^"]+)"', page(client)))
    assert after != before
    assert all(files.get(photo_path(former, size)) is None for size in Size)
    for address in (before, after):
        image = opened(client.get(address).data)
        assert is_red(image.getpixel((20, 32)))
        assert max(image.getpixel((76, 32))) < 12
    assert client.get(before).headers["Cache-Control"] == "private, no-cache"
    assert act(client, kept, "noircir", areas="[]").status_code == 422


def test_photo_when_touched_by_who_only_looks_then_is_left(
    app: Any, client: FlaskClient, db: Session, toy: Toy, row: Signalement, agent: Account
) -> None:
    kept = keep(app, db, agent)
    resident = make_account(db, toy, Role.RESIDENT)
    db.commit()
    for verb in ("noircir", "retirer"):
        assert act(client, kept, verb, areas=RIGHT_HALF).location.startswith("/connexion")
    sign_in(client, resident)
    for verb in ("noircir", "retirer"):
        assert act(client, kept, verb, areas=RIGHT_HALF).status_code == 403
        assert f"/photos/{kept.id}/{verb}" not in page(client)
    assert client.get(f"/photos/{kept.id}/full.webp").status_code == 200


def test_photo_when_removed_then_is_gone_with_its_files(
    app: Any, client: FlaskClient, db: Session, row: Signalement, agent: Account
) -> None:
    kept = keep(app, db, agent)
    sign_in(client, agent)
    assert act(client, kept, "retirer").status_code == 303
    assert client.get(f"/photos/{kept.id}/full.webp").status_code == 404
    files = app.extensions["qpvmap"].files
    assert all(files.get(photo_path(kept.key, size)) is None for size in Size)
    assert act(client, kept, "retirer").status_code == 404
    assert db.scalar(select(Photo.removed_at).where(Photo.id == kept.id)) is not None


def test_form_when_over_25_mb_then_413(
    client: FlaskClient, row: Signalement, agent: Account
) -> None:
    sign_in(client, agent)
    assert send(client, bytes(26 * 1024 * 1024)).status_code == 413
    heavy = send(client, bytes(21 * 1024 * 1024), headers={"Accept": "application/json"})
    assert (heavy.status_code, heavy.text[:17]) == (422, "Photo trop lourde")
