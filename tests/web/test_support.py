"""« C’est le même » through the site: thanks, a contact put right, a script's answer."""

import re
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qpvmap.core.workflow import Status
from qpvmap.storage.models import Contact, Signalement, Support
from qpvmap.web.throttle import FILING
from tests.factories import NOW, Toy, make_signalement, make_territory
from tests.web.doors import send


@pytest.fixture
def db(app: Any) -> Any:
    with Session(app.extensions["qpvmap"].engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def toy(db: Session) -> Toy:
    toy = make_territory(db, "blagis")
    db.commit()
    return toy


def add(db: Session, toy: Toy, reference: str, **columns: Any) -> Signalement:
    row = make_signalement(db, toy, reference=reference, **columns)
    db.commit()
    return row


def support(client: FlaskClient, reference: str, **form: Any) -> Any:
    values = {"client_id": str(uuid4()), **form}
    return send(client, f"/signalements/{reference}/soutien", "/signaler", **values)


def supports(db: Session, row: Signalement) -> int:
    db.refresh(row)
    return row.supports


def test_support_when_sent_by_the_form_then_thanked_and_counted_once(
    client: FlaskClient, db: Session, toy: Toy
) -> None:
    row = add(db, toy, "TO-2026-0001")
    key = str(uuid4())
    for _ in range(2):
        answer = support(client, row.reference, client_id=key)
        page = answer.get_data(as_text=True)
        assert answer.status_code == 200
        assert "2 personnes l’ont vu" in page
    assert "/signalements/TO-2026-0001" in page
    assert supports(db, row) == 1


def test_support_when_one_form_is_used_for_two_reports_then_each_is_counted(
    client: FlaskClient, db: Session, toy: Toy
) -> None:
    rows = [add(db, toy, f"TO-2026-000{n}") for n in (1, 2)]
    key = str(uuid4())
    for row in rows:
        assert support(client, row.reference, client_id=key).status_code == 200
    assert [supports(db, row) for row in rows] == [1, 1]


def test_support_when_the_contact_is_wrong_then_counted_and_the_contact_is_asked_again(
    client: FlaskClient, db: Session, toy: Toy
) -> None:
    row = add(db, toy, "TO-2026-0001")
    form = {"client_id": str(uuid4()), "contact_email": "lea@example.org"}
    refused = support(client, row.reference, **form)
    assert refused.status_code == 422
    assert "lea@example.org" in refused.get_data(as_text=True)
    assert (supports(db, row), db.scalar(select(func.count(Contact.id)))) == (1, 0)
    assert support(client, row.reference, contact_consent="oui", **form).status_code == 200
    assert (supports(db, row), db.scalar(select(func.count(Contact.id)))) == (1, 1)


def test_support_when_settled_then_told_that_nobody_looks_for_it(
    client: FlaskClient, db: Session, toy: Toy
) -> None:
    row = add(db, toy, "TO-2026-0001", status=Status.CLOSED, settled_at=NOW)
    page = support(client, row.reference).get_data(as_text=True)
    assert "Ce signalement est terminé" in page
    assert re.search(r'href="/signaler\?category=voirie&amp;lon=2\.299', page)


def test_support_when_a_script_asks_then_json(client: FlaskClient, db: Session, toy: Toy) -> None:
    row = add(db, toy, "TO-2026-0001")
    page = client.get("/signaler").get_data(as_text=True)
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)
    assert token
    answer = client.post(
        f"/signalements/{row.reference}/soutien",
        data={"csrf_token": token[1], "client_id": str(uuid4())},
        headers={"Accept": "application/json"},
    )
    assert answer.json is not None
    assert (answer.json["people"], answer.json["is_open"]) == (2, True)


@pytest.mark.parametrize("reference", ["TO-2026-0009", "TO-2026-0404"])
def test_support_when_confidential_or_unknown_then_not_found_alike(
    client: FlaskClient, db: Session, toy: Toy, reference: str
) -> None:
    add(db, toy, "TO-2026-0009", category="rixe", team="police")
    assert support(client, reference).status_code == 404


def test_support_when_the_form_has_no_identifier_then_refused(
    client: FlaskClient, db: Session, toy: Toy
) -> None:
    row = add(db, toy, "TO-2026-0001")
    assert support(client, row.reference, client_id="nothing").status_code == 422
    assert supports(db, row) == 0


def test_support_when_a_flood_comes_without_account_then_slowed(
    client: FlaskClient, db: Session, toy: Toy
) -> None:
    row = add(db, toy, "TO-2026-0001")
    answers = [support(client, row.reference).status_code for _ in range(FILING.attempts + 1)]
    assert answers == [200] * FILING.attempts + [429]
    assert db.scalar(select(func.count(Support.id))) == FILING.attempts


def test_page_when_read_without_an_account_then_one_button_says_i_saw_it_too(
    client: FlaskClient, db: Session, toy: Toy
) -> None:
    row = add(db, toy, "TO-2026-0001")
    page = client.get(f"/signalements/{row.reference}").text
    assert "Je l’ai vu aussi" in page
    [key] = re.findall(r'/soutien".*?name="client_id" value="([^"]+)"', page, re.DOTALL)
    assert support(client, row.reference, client_id=key).status_code == 200
    assert supports(db, row) == 1


def test_page_when_it_is_over_then_no_such_button(
    client: FlaskClient, db: Session, toy: Toy
) -> None:
    ended = {"status": Status.RESOLVED, "outcome": "done", "settled_at": NOW}
    row = add(db, toy, "TO-2026-0001", **ended)
    assert "Je l’ai vu aussi" not in client.get(f"/signalements/{row.reference}").text
