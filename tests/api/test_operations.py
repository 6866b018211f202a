"""An operation for programs: what everybody reads of it, what only who keeps the plan does."""

from dataclasses import replace
from typing import Any

import pytest
from obstore.store import MemoryStore
from sqlalchemy import Engine, select

from qpvmap.core.actors import Role
from qpvmap.storage.accounts import actor_of
from qpvmap.storage.files import Files
from qpvmap.storage.models import Account, Territory
from qpvmap.storage.session import transaction
from qpvmap.usecases.operation_documents import NewDocument, add_document
from qpvmap.usecases.operations import Wanted, add_operation, edit_operation, remove_operation
from tests.api.conftest import Call
from tests.conftest import NOW, QueryCounter
from tests.operations import REBUILT
from tests.web.people import add_person

SECRETS = ("NOTE-RÉSERVÉE-2718", "SEULEMENT-DEMANDÉ", "31415", "Fonds vert", "Courrier réservé")


@pytest.fixture
def planner(app_engine: Engine) -> Account:
    """Return a planner, with an operation of which everything is known: SCX-08."""
    account = add_person(app_engine, Role.PLANNER)
    files = Files(MemoryStore())
    with transaction(app_engine) as session:
        territory = session.scalars(select(Territory)).one()
        actor = actor_of(session.get_one(Account, account.id))
        add_operation(session, actor, territory, Wanted("", REBUILT), NOW)
        changed = replace(REBUILT, work="toiture")
        edit_operation(session, actor, territory, Wanted("SCX-08", changed, 1), NOW)
        for title, public in (("Plan masse", True), ("Courrier réservé", False)):
            new = NewDocument(title, "a.pdf", b"%PDF-1.7", public)
            add_document(session, files, actor, (territory.id, "SCX-08"), new, NOW)
        add_operation(session, actor, territory, Wanted("SCX-77", REBUILT), NOW)
        remove_operation(session, actor, territory, "SCX-77", 1, NOW)
    return account


def listed(call: Call, code: str) -> dict[str, Any]:
    items = call().get("/operations").json["items"]
    return next(item for item in items if item["code"] == code)


def test_operation_when_read_by_anybody_then_as_in_the_list_with_its_public_documents(
    call: Call, planner: Account
) -> None:
    answer = call().get("/operations/SCX-08")
    assert answer.status_code == 200 and answer.mimetype == "application/json"
    body = answer.json
    beside = {name: body.pop(name) for name in ("documents", "history")}
    assert body == listed(call, "SCX-08")
    assert [(d["title"], d["is_public"]) for d in beside["documents"]] == [("Plan masse", True)]
    assert beside["history"] == []
    assert [line["funder"] for line in body["funding"]][:2] == ["ANRU", "Région"]
    assert [step["status"] for step in body["steps"]] == ["studies", "works", "delivered"]
    text = answer.get_data(as_text=True)
    assert [secret for secret in SECRETS if secret in text] == []


def test_operation_when_read_by_who_keeps_the_plan_then_with_its_history_and_all_documents(
    call: Call, planner: Account
) -> None:
    body = call("coordinator").get("/operations/SCX-08").json
    assert {d["title"] for d in body["documents"]} == {"Plan masse", "Courrier réservé"}
    changes = [line["changes"] for line in body["history"] if line["origin"] == "form"]
    assert changes[0] == {"work": ["gros œuvre : « 2 niveaux »", "toiture"]}
    assert {line["name"] for line in body["history"]} == {planner.name}
    assert "31415" in str(body["funding"]) and "NOTE-RÉSERVÉE" not in str(body["funding"])


@pytest.mark.parametrize("code", ["SCX-99", "SCX-77", "n'importe%20quoi"])
def test_operation_when_unknown_or_removed_then_not_found_by_a_problem(
    call: Call, planner: Account, code: str
) -> None:
    answer = call().get(f"/operations/{code}")
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_operation_when_asked_then_in_few_statements(
    call: Call, planner: Account, app_engine: Engine, count_queries: QueryCounter
) -> None:
    with count_queries(app_engine) as few:
        call().get("/operations/SCX-08")
    assert len(few) <= 8
