"""The whole list as a file: every page, in order, nothing that must not travel, a limit said."""

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from qpvmap.core.actors import Role
from qpvmap.storage.inbox import PAGE_SIZE
from qpvmap.storage.models import Signalement
from qpvmap.web import inbox_export
from tests.factories import Toy, make_account, make_signalement, make_territory
from tests.web.people import sign_in

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.fixture
def db(app: Any) -> Iterator[Session]:
    with Session(app.extensions["qpvmap"].engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def toy(db: Session) -> Toy:
    toy = make_territory(db)
    db.commit()
    return toy


@pytest.fixture
def desk(client: FlaskClient, db: Session, toy: Toy) -> FlaskClient:
    account = make_account(db, toy, Role.AGENT, "technique-ouest")
    db.commit()
    return sign_in(client, account)


def made(db: Session, toy: Toy, how_many: int, **columns: Any) -> list[Signalement]:
    rows = [
        make_signalement(db, toy, created_at=NOW - timedelta(hours=number), **columns)
        for number in range(how_many)
    ]
    db.commit()
    return rows


def csv_rows(answer: TestResponse) -> list[dict[str, str]]:
    assert answer.status_code == 200
    return list(csv.DictReader(StringIO(answer.get_data().decode("utf-8-sig")), delimiter=";"))


def test_export_holds_every_page_of_the_list_in_its_order(
    desk: FlaskClient, db: Session, toy: Toy
) -> None:
    rows = made(db, toy, PAGE_SIZE + 5)
    made(db, toy, 2, category="eclairage")
    answer = desk.get("/corbeille/export.csv?vue=tous&categorie=voirie")
    assert [row["référence"] for row in csv_rows(answer)] == [row.reference for row in rows]
    assert 'attachment; filename="signalements-' in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "private, no-store"
    page = desk.get("/corbeille?vue=tous&categorie=voirie").text
    assert 'href="/corbeille/export.xlsx?vue=tous&amp;categorie=voirie"' in page


def test_export_as_a_workbook_has_dates_links_and_words(
    desk: FlaskClient, db: Session, toy: Toy
) -> None:
    row = made(db, toy, 1, description="=1+1")[0]
    answer = desk.get("/corbeille/export.xlsx?vue=tous")
    assert answer.content_type.endswith("spreadsheetml.sheet")
    sheet = CalamineWorkbook.from_filelike(BytesIO(answer.get_data())).get_sheet_by_index(0)
    header, line = sheet.to_python()
    said = dict(zip(header, line, strict=True))
    assert said["référence"] == row.reference
    assert said["texte"] == "=1+1"
    assert said["signalé le"] == datetime(2026, 11, 20, 10, 0)  # noqa: DTZ001  # a sheet has no zone
    assert said["longitude"] == pytest.approx(2.299)


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "geojson"])
def test_export_never_holds_what_is_of_others_nor_words_of_what_is_confidential(
    client: FlaskClient, db: Session, toy: Toy, suffix: str
) -> None:
    hush = made(db, toy, 1, category="rixe", team="police", description="Bagarre au hall 4")[0]
    other = made(db, toy, 1, team="technique-est")[0]
    officer = make_account(db, toy, Role.AGENT, "police")
    db.commit()
    sign_in(client, officer)
    answer = client.get(f"/corbeille/export.{suffix}?vue=tous").get_data()
    if suffix == "xlsx":
        rows = CalamineWorkbook.from_filelike(BytesIO(answer)).get_sheet_by_index(0).to_python()
        answer = json.dumps(rows, default=str, ensure_ascii=False).encode()
    text = answer.decode()
    assert hush.reference in text
    assert "Bagarre" not in text
    assert other.reference not in text


def test_export_when_the_list_is_too_long_then_it_says_so_and_what_to_do(
    desk: FlaskClient, db: Session, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(db, toy, 3)
    monkeypatch.setattr(inbox_export, "MOST_EXPORTED", 2)
    answer = desk.get("/corbeille/export.csv?vue=tous&categorie=voirie")
    assert answer.status_code == 303
    assert answer.location == "/corbeille?vue=tous&categorie=voirie"
    assert "Un fichier compte 2 signalements au plus" in desk.get(answer.location).text


@pytest.mark.parametrize("suffix", ["csv", "geojson", "xlsx"])
def test_export_when_read_or_given_up_then_its_connection_is_given_back(
    app: Any, desk: FlaskClient, db: Session, toy: Toy, suffix: str
) -> None:
    made(db, toy, 3)
    db.close()
    pool = app.extensions["qpvmap"].engine.pool
    with desk.get(f"/corbeille/export.{suffix}?vue=tous") as kept:
        assert kept.get_data()
    assert pool.checkedout() == 0
    with desk.get(f"/corbeille/export.{suffix}?vue=tous") as given_up:
        next(given_up.iter_encoded())
    assert pool.checkedout() == 0


def test_export_when_no_such_kind_then_404(desk: FlaskClient) -> None:
    assert desk.get("/corbeille/export.exe").status_code == 404


def test_export_reads_some_hundreds_at_a_time(
    app: Any,
    desk: FlaskClient,
    db: Session,
    toy: Toy,
    monkeypatch: pytest.MonkeyPatch,
    count_queries: Callable[[Engine], AbstractContextManager[list[str]]],
) -> None:
    made(db, toy, 7)
    costs = {}
    for size in (10, 3):
        monkeypatch.setattr(inbox_export, "READ_AT_ONCE", size)
        desk.get("/corbeille/export.csv?vue=tous").get_data()
        with count_queries(app.extensions["qpvmap"].engine) as statements:
            assert len(csv_rows(desk.get("/corbeille/export.csv?vue=tous"))) == 7
        costs[size] = len(statements)
    assert costs[3] == costs[10] + 2
