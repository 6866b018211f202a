"""The administration: what is not sent is seen, by those of the territory, and sent again."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from qpvmap.core.actors import Role
from qpvmap.core.notices import Channel, Sending
from qpvmap.core.telling import Letter
from qpvmap.jobs.mail import keep
from qpvmap.storage.models import Account, Contact, Notice, Signalement
from tests.factories import Toy, make_account, make_signalement, make_territory
from tests.web.doors import send
from tests.web.people import sign_in

ADDRESS = "lea.martin@example.org"
REASON = "Refusé par le serveur de courriel : 550 No such user"


@pytest.fixture
def db(app: Flask) -> Iterator[Session]:
    with Session(app.extensions["qpvmap"].engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def toy(db: Session) -> Toy:
    return make_territory(db, "blagis")


def failed(db: Session, row: Signalement, **more: Any) -> Notice:
    contact = Contact(signalement_id=row.id, email=ADDRESS, consent_at=row.created_at)
    db.add(contact)
    db.flush()
    values: dict[str, Any] = {"state": Sending.FAILED, "error": REASON} | more
    notice = Notice(
        key=f"event:1:mail:contact:{contact.id}",
        territory_id=row.territory_id,
        kind=Letter.TAKEN,
        channel=Channel.MAIL,
        signalement_id=row.id,
        contact_id=contact.id,
        address=ADDRESS,
        created_at=datetime.now(UTC) - timedelta(hours=1),
        **values,
    )
    db.add(notice)
    db.commit()
    return notice


def as_(client: FlaskClient, db: Session, toy: Toy, role: Role, *teams: str) -> FlaskClient:
    account: Account = make_account(db, toy, role, *teams)
    db.commit()
    return sign_in(client, account)


def read(client: FlaskClient, path: str) -> str:
    return client.get(path).get_data(as_text=True)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.COORDINATOR])
def test_failed_sending_when_looked_at_then_says_why_without_the_whole_address(
    client: FlaskClient, db: Session, toy: Toy, role: Role
) -> None:
    row = make_signalement(db, toy)
    failed(db, row)
    page = read(as_(client, db, toy, role), "/admin")
    assert all(word in page for word in (REASON, "l…@example.org", row.reference, "Pas parti"))
    assert ADDRESS not in page


@pytest.mark.parametrize("role", [r for r in Role if r not in {Role.ADMIN, Role.COORDINATOR}])
def test_admin_when_others_ask_then_is_refused(
    client: FlaskClient, db: Session, toy: Toy, role: Role
) -> None:
    notice = failed(db, make_signalement(db, toy))
    if role is not Role.PUBLIC:
        as_(client, db, toy, role)
    expected = 303 if role is Role.PUBLIC else 403
    assert client.get("/admin").status_code == expected
    assert client.get("/admin/courriels").status_code == expected
    assert client.get(f"/admin/courriels/{notice.id}/html").status_code == expected


def test_failed_sending_when_of_another_territory_then_is_neither_seen_nor_sent(
    client: FlaskClient, db: Session, toy: Toy
) -> None:
    other = make_territory(db, "other", "OT")
    row = make_signalement(db, other)
    notice = failed(db, row)
    as_(client, db, toy, Role.COORDINATOR)
    assert row.reference not in read(client, "/admin")
    path = f"/admin/envois/{notice.id}/renvoyer"
    mine = failed(db, make_signalement(db, toy))
    assert send(client, path, "/admin").status_code == 404
    db.expire_all()
    assert (notice.state, mine.state) == (Sending.FAILED, Sending.FAILED)


def test_failed_sending_when_confidential_then_the_administrator_is_not_told_which(
    client: FlaskClient, db: Session, toy: Toy
) -> None:
    row = make_signalement(db, toy, category="rixe", team="police")
    failed(db, row)
    page = read(as_(client, db, toy, Role.ADMIN), "/admin")
    assert "un signalement confidentiel" in page
    assert row.reference not in page


def test_doubtful_sending_when_sent_again_then_waits_with_its_job(
    client: FlaskClient, db: Session, toy: Toy
) -> None:
    notice = failed(db, make_signalement(db, toy), in_doubt=True, error="Peut-être parti.")
    as_(client, db, toy, Role.ADMIN)
    assert "recevoir deux fois" in read(client, "/admin").replace("reçoive", "recevoir")
    path = f"/admin/envois/{notice.id}/renvoyer"
    assert send(client, path, "/admin").status_code == 303
    db.expire_all()
    assert (notice.state, notice.in_doubt) == (Sending.WAITING, False)
    jobs = text("select count(*) from procrastinate_jobs where task_name = 'deliver_notice'")
    assert db.scalar(jobs) == 1


def test_failed_sending_when_its_page_is_opened_then_only_those_who_handle_are_told(
    client: FlaskClient, db: Session, toy: Toy
) -> None:
    row = make_signalement(db, toy)
    failed(db, row)
    page = f"/signalements/{row.reference}"
    words = "Le courriel à la personne qui a signalé n’est pas parti"
    assert words not in read(client, page)
    as_(client, db, toy, Role.AGENT, "technique-ouest")
    assert words in read(client, page)


def test_worker_when_silent_then_the_page_says_so(
    client: FlaskClient, db: Session, toy: Toy
) -> None:
    as_(client, db, toy, Role.ADMIN)
    assert "Aucun programme de fond ne tourne" in read(client, "/admin")
    db.execute(text("insert into procrastinate_workers (last_heartbeat) values (now())"))
    db.commit()
    assert "Il tourne" in read(client, "/admin")


def test_outbox_when_there_is_no_server_then_shows_the_mail_and_it_can_do_nothing(
    app: Flask, client: FlaskClient, db: Session, toy: Toy
) -> None:
    notice = failed(db, make_signalement(db, toy), state=Sending.SENT, error="")
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@b.example", ADDRESS, "Signalement"
    message.set_content("Bonjour en texte")
    message.add_alternative("<p>Bonjour<script>alert(1)</script></p>", subtype="html")
    keep(message, app.extensions["qpvmap"].settings.outbox_dir, f"{notice.id:08d}")
    as_(client, db, toy, Role.ADMIN)
    assert ADDRESS in read(client, "/admin/courriels")
    page = read(client, f"/admin/courriels/{notice.id}")
    assert "Bonjour en texte" in page
    assert "<iframe" in page
    assert " sandbox " in page
    shown = client.get(f"/admin/courriels/{notice.id}/html")
    policy = shown.headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'self'" in policy
    assert shown.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_outbox_when_of_another_territory_or_missing_then_is_not_found(
    client: FlaskClient, db: Session, toy: Toy
) -> None:
    other = failed(db, make_signalement(db, make_territory(db, "other", "OT")))
    as_(client, db, toy, Role.ADMIN)
    for key in (other.id, 987_654):
        assert client.get(f"/admin/courriels/{key}").status_code == 404


def test_admin_when_many_failed_then_pages_by_key(
    client: FlaskClient, db: Session, toy: Toy
) -> None:
    row = make_signalement(db, toy)
    for _ in range(52):
        failed(db, row)
    as_(client, db, toy, Role.ADMIN)
    first = db.scalars(select(Notice.id).order_by(Notice.id)).first()
    assert f"/admin/envois/{first}/renvoyer" not in read(client, "/admin")
    last_shown = db.scalars(select(Notice.id).order_by(Notice.id.desc()).offset(49)).first()
    assert f"avant={last_shown}" in read(client, "/admin")
    assert f"/admin/envois/{first}/renvoyer" in read(client, f"/admin?avant={last_shown}")
