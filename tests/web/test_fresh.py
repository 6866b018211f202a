"""What others do meanwhile: told to those who may know, at the cost of one look at an index."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from qpvmap.core.actors import Role
from qpvmap.core.workflow import Request, Status
from qpvmap.storage.fresh import LOOKED_AT
from qpvmap.storage.models import Account, Signalement
from qpvmap.storage.session import transaction
from qpvmap.usecases.handling import change_status
from qpvmap.usecases.messages import answer as reply
from qpvmap.usecases.reassign import reassign
from tests.factories import Toy, actor_for, make_account, make_signalement, make_territory
from tests.web.people import sign_in

NOW = datetime.now(UTC)
BEFORE = NOW - timedelta(hours=2)
LATER = NOW + timedelta(days=9)


@pytest.fixture
def engine(app: Any) -> Engine:
    found: Engine = app.extensions["qpvmap"].engine
    return found


@pytest.fixture
def db(engine: Engine) -> Iterator[Session]:
    with Session(engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def toy(db: Session) -> Toy:
    return make_territory(db)


@pytest.fixture
def agent(db: Session, toy: Toy) -> Account:
    account = make_account(db, toy, Role.AGENT, "technique-ouest")
    db.commit()
    return account


def made(db: Session, toy: Toy, **columns: Any) -> Signalement:
    row = make_signalement(db, toy, **({"created_at": BEFORE, "due_at": LATER} | columns))
    db.commit()
    return row


def opened(client: FlaskClient, query: str = "") -> str:
    """Open the inbox and return its validator."""
    found = re.search(r'data-validator="([^"]+)"', client.get(f"/corbeille{query}").text)
    assert found
    return found[1]


def news(client: FlaskClient, validator: str = "", **query: str) -> TestResponse:
    headers = {"If-None-Match": f'"{validator}"'} if validator else {}
    return client.get("/corbeille/nouvelles", query_string=query, headers=headers)


def take(engine: Engine, account: Account, row: Signalement) -> None:
    with transaction(engine) as session:
        found = session.get_one(Signalement, row.id)
        change_status(
            session,
            actor_for(account),
            found.reference,
            Request(Status.ACKNOWLEDGED),
            version=found.version,
            now=datetime.now(UTC),
        )


def test_news_when_nothing_changed_then_304_by_one_look_besides_the_account(
    client: FlaskClient,
    engine: Engine,
    db: Session,
    toy: Toy,
    agent: Account,
    count_queries: Callable[[Engine], AbstractContextManager[list[str]]],
) -> None:
    made(db, toy)
    sign_in(client, agent)
    validator = opened(client)
    with count_queries(engine) as statements:
        answer = news(client, validator)
    assert (answer.status_code, answer.get_data()) == (304, b"")
    assert answer.headers["ETag"] == f'"{validator}"'
    assert answer.headers["Cache-Control"] == "private, no-cache"
    besides = [s for s in statements if "account" not in s]
    assert len(besides) == 1
    assert "FROM beat" in besides[0]
    assert "signalement " not in besides[0].replace("signalement_id", "")


@pytest.mark.parametrize("role", [Role.AGENT, Role.COORDINATOR])
def test_the_look_when_explained_reads_an_index_alone(
    client: FlaskClient,
    engine: Engine,
    db: Session,
    toy: Toy,
    role: Role,
    count_queries: Callable[[Engine], AbstractContextManager[list[str]]],
) -> None:
    person = make_account(db, toy, role, "technique-ouest")
    row = make_signalement(db, toy)
    db.execute(text("set synchronous_commit = on"))  # else a vacuum cannot yet tell it is visible
    db.execute(text("set session_replication_role = replica"))  # no foreign keys: many at once
    db.execute(
        text(
            "insert into beat (signalement_id, team_id, nature, territory_id)"
            " select n, :team, 'technique', :territory from generate_series(1000, 30000) n"
        ),
        {"team": row.team_id, "territory": row.territory_id},
    )
    db.execute(text("set session_replication_role = origin"))
    db.commit()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze beat"))
    sent: list[tuple[str, Any]] = []
    sign_in(client, person)
    event.listen(engine, "before_cursor_execute", lambda *heard: sent.append(heard[2:4]))
    news(client, "x")
    (statement, parameters) = next(s for s in sent if "FROM beat" in s[0] and "LIMIT" in s[0])
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(f"explain (analyze, costs off) {statement}", parameters)
        lines = [line for (line,) in plan]
    assert any("Index Only Scan" in line for line in lines)
    scans = [line for line in lines if "Scan" in line]
    assert all("Index Only Scan" in line or "Subquery Scan" in line for line in scans), lines
    fetched = [int(n) for n in re.findall(r"Heap Fetches: (\d+)", "\n".join(lines))]
    assert sum(fetched) == 0
    read = [int(n) for n in re.findall(r"Index Only Scan.*?rows=(\d+)", "\n".join(lines))]
    assert max(read) <= LOOKED_AT


def test_news_when_somebody_else_moves_then_what_changed_is_told(
    client: FlaskClient, engine: Engine, db: Session, toy: Toy, agent: Account
) -> None:
    rows = [made(db, toy) for _ in range(2)]
    sign_in(client, agent)
    validator, read_at = opened(client), datetime.now(UTC).isoformat()
    colleague = make_account(db, toy, Role.AGENT, "technique-ouest")
    db.commit()
    take(engine, colleague, rows[0])
    made(db, toy, created_at=datetime.now(UTC))
    seen = ",".join(row.reference for row in rows)
    answer = news(client, validator, vus=seen, lu=read_at)
    assert answer.status_code == 200
    told = answer.json
    assert told
    assert told["arrivals"] == 1
    assert told["gone"] == []
    moved, still = (told["rows"][row.reference] for row in rows)
    assert (moved["version"], moved["here"]) == (2, False)
    assert 'data-status="acknowledged"' in moved["state"]
    assert (still["version"], still["here"]) == (1, True)
    assert told["counts"]["a-prendre-en-charge"] == 2
    assert news(client, answer.headers["ETag"].strip('"')).status_code == 304


def test_news_when_a_row_leaves_the_team_then_it_is_gone_and_no_longer_described(
    client: FlaskClient, engine: Engine, db: Session, toy: Toy, agent: Account
) -> None:
    row = made(db, toy)
    for _ in range(LOOKED_AT + 5):  # so that the change is not the only one there is
        made(db, toy)
    coordinator = make_account(db, toy, Role.COORDINATOR, "coordination")
    db.commit()
    sign_in(client, agent)
    validator = opened(client)
    with transaction(engine) as session:
        reassign(
            session, actor_for(coordinator), row.reference, "technique-est", "À l’est.", 1,
            datetime.now(UTC),
        )  # fmt: skip
    answer = news(client, validator, vus=row.reference)
    assert answer.status_code == 200
    assert answer.json
    assert answer.json["gone"] == [row.reference]
    assert answer.json["rows"] == {}


def test_the_validator_does_not_move_for_what_its_reader_may_not_see(
    client: FlaskClient, engine: Engine, db: Session, toy: Toy, agent: Account
) -> None:
    made(db, toy)
    sign_in(client, agent)
    validator = opened(client)
    made(db, toy, category="rixe", team="police")
    made(db, toy, team="technique-est")
    other = make_territory(db, "other", "OT")
    made(db, other)
    assert news(client, validator).status_code == 304
    hidden = made(db, toy, category="rixe", team="police").reference
    answer = news(client, vus=f"{hidden},TO-0")
    assert answer.json
    assert answer.json["gone"] == [hidden, "TO-0"]
    assert answer.json["arrivals"] == 0


def test_two_readers_of_one_team_have_validators_of_their_own(
    client: FlaskClient, db: Session, toy: Toy, agent: Account
) -> None:
    made(db, toy)
    colleague = make_account(db, toy, Role.AGENT, "technique-ouest")
    db.commit()
    sign_in(client, agent)
    first = opened(client)
    sign_in(client, colleague)
    assert opened(client) != first
    assert news(client, first).status_code == 200


def test_changes_when_committed_in_the_other_order_are_both_told(
    client: FlaskClient, engine: Engine, db: Session, toy: Toy, agent: Account
) -> None:
    rows = [made(db, toy) for _ in range(2)]
    sign_in(client, agent)
    with transaction(engine) as slow:
        change_status(
            slow, actor_for(agent), rows[0].reference, Request(Status.ACKNOWLEDGED),
            version=1, now=datetime.now(UTC),
        )  # fmt: skip
        take(engine, agent, rows[1])  # takes a later number, and is committed first
        validator = opened(client)
        assert news(client, validator).status_code == 304
    assert news(client, validator).status_code == 200


@pytest.mark.parametrize("kind", ["message", "support"])
def test_the_validator_moves_with_what_the_list_shows_alone(
    client: FlaskClient, engine: Engine, db: Session, toy: Toy, agent: Account, kind: str
) -> None:
    row = made(db, toy)
    sign_in(client, agent)
    validator = opened(client)
    if kind == "support":
        db.execute(text("update signalement set supports = supports + 1"))
    else:
        reply(db, actor_for(agent), row.reference, "Nous passons jeudi.", datetime.now(UTC))
    db.commit()
    assert news(client, validator).status_code == (200 if kind == "support" else 304)


def test_news_with_unreadable_words_is_answered_all_the_same(
    client: FlaskClient, db: Session, toy: Toy, agent: Account
) -> None:
    made(db, toy)
    sign_in(client, agent)
    answer = news(client, vus=",".join(["x"] * 500) + ",", lu="hier", apres="x", vue="x")
    assert answer.status_code == 200
    assert client.get("/corbeille/nouvelles?lu=2026-01-01T00:00:00").status_code == 200


def test_news_for_someone_not_signed_in_leads_to_the_door(client: FlaskClient) -> None:
    assert client.get("/corbeille/nouvelles").status_code == 303


# One signalement


def test_one_when_its_version_rises_then_it_is_told_by_one_statement(
    client: FlaskClient,
    engine: Engine,
    db: Session,
    toy: Toy,
    agent: Account,
    count_queries: Callable[[Engine], AbstractContextManager[list[str]]],
) -> None:
    row = made(db, toy)
    sign_in(client, agent)
    page = client.get(f"/signalements/{row.reference}").text
    assert 'data-version="1"' in page
    path = f"/signalements/{row.reference}/nouvelles"
    with count_queries(engine) as statements:
        answer = client.get(path, headers={"If-None-Match": '"v1"'})
    assert answer.status_code == 304
    assert len([s for s in statements if "account" not in s]) == 1
    take(engine, agent, row)
    answer = client.get(path, headers={"If-None-Match": '"v1"'})
    assert (answer.status_code, answer.json) == (200, {"version": 2})


def test_one_that_is_not_the_reader_s_to_see_does_not_exist(
    client: FlaskClient, db: Session, toy: Toy, agent: Account
) -> None:
    hidden = made(db, toy, category="rixe", team="police")
    path = f"/signalements/{hidden.reference}/nouvelles"
    assert client.get(path).status_code == 303
    sign_in(client, agent)
    assert client.get(path).status_code == 404
    assert client.get("/signalements/TO-0/nouvelles").status_code == 404


def test_public_page_of_a_signalement_asks_for_no_news(
    client: FlaskClient, db: Session, toy: Toy
) -> None:
    row = made(db, toy)
    page = client.get(f"/signalements/{row.reference}").text
    assert "data-follow" not in page
    assert "follow" not in page


def test_inbox_of_a_person_without_a_team_has_its_news_too(
    client: FlaskClient, db: Session, toy: Toy
) -> None:
    lonely = make_account(db, toy, Role.AGENT)
    db.commit()
    sign_in(client, lonely)
    assert news(client, opened(client)).status_code == 304
    assert news(client).status_code == 200
