"""Who may write the plan, what is kept of it, what the journal says."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from obstore.store import MemoryStore
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from qpvmap.core.actors import ANONYMOUS, Actor, Role
from qpvmap.core.errors import (
    InvalidSubmission,
    NotAllowed,
    NotFound,
    OutsideTerritory,
    StaleVersion,
)
from qpvmap.core.geo import LonLat
from qpvmap.core.operations import Draft, FundingLine, Step, changed_fields
from qpvmap.core.periods import Period, Precision
from qpvmap.storage.files import Files, document_path
from qpvmap.storage.gazetteer import search
from qpvmap.storage.layers import layer_geojson
from qpvmap.storage.map_cards import place_card
from qpvmap.storage.map_items import operations
from qpvmap.storage.models import Operation, Territory
from qpvmap.storage.operation_files import journal_of, removed_operations
from qpvmap.storage.operations import visible_plan, whole_plan
from qpvmap.usecases.operation_documents import (
    NewDocument,
    add_document,
    collect_orphan_documents,
    remove_document,
)
from qpvmap.usecases.operations import (
    Bulk,
    Wanted,
    add_operation,
    edit_many,
    edit_operation,
    move_operation,
    remove_operation,
    restore_operation,
)
from qpvmap.usecases.operations import NewPlace as Place
from tests.conftest import NOW
from tests.factories import FAR_AWAY, Toy, make_actor, make_territory
from tests.operations import REBUILT

TODAY = Period(date(2026, 11, 22), Precision.DAY)


@pytest.fixture
def territory(blagis_session: Session) -> Territory:
    return blagis_session.scalars(select(Territory)).one()


@pytest.fixture
def planner(blagis_session: Session, territory: Territory) -> Actor:
    return make_actor(blagis_session, Toy(territory), Role.PLANNER)


def read(session: Session, territory: Territory, code: str) -> Draft:
    return whole_plan(session, territory.id, code)[0].content


def test_operation_when_added_then_all_of_it_is_kept_under_the_next_code(
    blagis_session: Session, territory: Territory, planner: Actor
) -> None:
    row = add_operation(blagis_session, planner, territory, Wanted("", REBUILT), NOW)
    assert row.code == "SCX-08"
    assert changed_fields(read(blagis_session, territory, "SCX-08"), REBUILT) == []
    assert row.owner_id is not None and row.owner_name == ""


def test_operation_when_a_field_changes_then_the_journal_says_who_and_from_what_to_what(
    blagis_session: Session, territory: Territory, planner: Actor
) -> None:
    add_operation(blagis_session, planner, territory, Wanted("ECO-01", REBUILT), NOW)
    draft = replace(REBUILT, cost=Decimal(2_000_000), starts=None, lines=REBUILT.lines[:1])
    assert edit_operation(blagis_session, planner, territory, Wanted("ECO-01", draft, 1), NOW)
    assert not edit_operation(blagis_session, planner, territory, Wanted("ECO-01", draft, 2), NOW)
    last, first = journal_of(blagis_session, planner, territory.id, "ECO-01")
    assert last.version == 2 and first.version == 1
    assert last.name == planner.name and last.origin == "form"
    assert list(last.changes) == ["starts", "cost", "lines"]
    assert last.changes["starts"] == ["2e\u00a0trimestre 2025", ""]
    assert last.changes["cost"] == ["1\u202f234\u202f567,89\u00a0€", "2\u202f000\u202f000\u00a0€"]
    assert "Fondation Ailleurs" in last.changes["lines"][0]
    assert changed_fields(read(blagis_session, territory, "ECO-01"), draft) == []


@pytest.mark.parametrize("statement", ["update operation_change set version = 1", "delete from"])
def test_journal_of_the_plan_when_changed_then_the_database_refuses(
    blagis_session: Session, territory: Territory, planner: Actor, statement: str
) -> None:
    add_operation(blagis_session, planner, territory, Wanted("", REBUILT), NOW)
    if statement == "delete from":
        statement += " operation_change"
    with pytest.raises(DBAPIError, match="append-only"), blagis_session.begin_nested():
        blagis_session.execute(text(statement))


def test_state_when_changed_without_a_date_then_dated_today_and_the_former_ones_stay(
    blagis_session: Session, territory: Territory, planner: Actor
) -> None:
    seed = read(blagis_session, territory, "SCX-04")
    edit_operation(
        blagis_session, planner, territory, Wanted("SCX-04", replace(seed, status="works"), 1), NOW
    )
    kept = read(blagis_session, territory, "SCX-04")
    assert kept.steps == (Step("works", TODAY),)
    said = Step("delivered", Period(date(2026, 9, 1), Precision.MONTH), "réception")
    delivered = replace(kept, status="delivered", steps=(*kept.steps, said))
    edit_operation(blagis_session, planner, territory, Wanted("SCX-04", delivered, 2), NOW)
    assert read(blagis_session, territory, "SCX-04").steps == (*kept.steps, said)


Deed = Callable[[Session, Actor, Territory], object]
DEEDS: dict[str, Deed] = {
    "add": lambda s, a, t: add_operation(s, a, t, Wanted("", REBUILT), NOW),
    "edit": lambda s, a, t: edit_operation(s, a, t, Wanted("SCX-04", REBUILT, 1), NOW),
    "move": lambda s, a, t: move_operation(
        s, a, t, Place("SCX-04", LonLat(2.3042, 48.7837), 1), NOW
    ),
    "remove": lambda s, a, t: remove_operation(s, a, t, "SCX-04", 1, NOW),
    "bulk": lambda s, a, t: edit_many(s, a, t, Bulk({"SCX-04": 1}, {"status": "works"}), NOW),
}


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PUBLIC])
def test_plan_when_written_then_only_by_who_keeps_it(
    blagis_session: Session, territory: Territory, role: Role, deed: str
) -> None:
    actor = make_actor(blagis_session, Toy(territory), role)
    if role in (Role.PLANNER, Role.COORDINATOR):
        DEEDS[deed](blagis_session, actor, territory)
        return
    with pytest.raises(NotAllowed):
        DEEDS[deed](blagis_session, actor, territory)


@pytest.mark.parametrize("deed", DEEDS)
def test_plan_when_written_from_another_territory_then_refused(
    blagis_session: Session, territory: Territory, deed: str
) -> None:
    other = make_actor(blagis_session, make_territory(blagis_session, "toy"), Role.PLANNER)
    with pytest.raises(NotAllowed):
        DEEDS[deed](blagis_session, other, territory)


def test_operations_when_of_another_territory_then_neither_read_nor_written_through_it(
    blagis_session: Session, territory: Territory, planner: Actor
) -> None:
    toy = make_territory(blagis_session, "toy").territory
    mine = make_actor(blagis_session, Toy(toy), Role.PLANNER)
    assert whole_plan(blagis_session, toy.id) == []
    with pytest.raises(NotFound):
        edit_operation(blagis_session, mine, toy, Wanted("SCX-04", REBUILT, 1), NOW)
    add_operation(blagis_session, planner, territory, Wanted("", REBUILT), NOW)
    seen = visible_plan(blagis_session, mine, territory.id, "SCX-08")[0]
    assert seen.content.note == ""
    assert journal_of(blagis_session, mine, territory.id, "SCX-08") == []


def test_plan_when_read_by_anybody_then_without_notes_and_what_is_only_asked(
    blagis_session: Session, territory: Territory, planner: Actor
) -> None:
    add_operation(blagis_session, planner, territory, Wanted("", REBUILT), NOW)
    seen = visible_plan(blagis_session, ANONYMOUS, territory.id, "SCX-08")[0].content
    assert seen.note == ""
    assert [line.funder for line in seen.lines] == [
        "ANRU",
        "Région",
        "Commune",
        "Fondation Ailleurs",
    ]
    assert {(line.asked, line.note) for line in seen.lines} == {(None, "")}
    assert seen.total("agreed") == REBUILT.total("agreed")


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        (Wanted("SCX-04", REBUILT), InvalidSubmission),
        (Wanted("école 1", REBUILT), InvalidSubmission),
        (Wanted("", replace(REBUILT, equipment_key="bpe/rien")), InvalidSubmission),
        (Wanted("", replace(REBUILT, place=FAR_AWAY)), OutsideTerritory),
        (Wanted("", replace(REBUILT, lines=(FundingLine("CAF"),) * 61)), InvalidSubmission),
    ],
)
def test_operation_when_it_makes_no_sense_then_refused(
    blagis_session: Session,
    territory: Territory,
    planner: Actor,
    wanted: Wanted,
    error: type[Exception],
) -> None:
    with pytest.raises(error):
        add_operation(blagis_session, planner, territory, wanted, NOW)


def test_operations_when_changed_together_then_each_by_itself(
    blagis_session: Session, territory: Territory, planner: Actor
) -> None:
    codes = {"SCX-04": 1, "SCX-05": 7, "SCX-99": 1, "SCX-06": 1}
    bulk = Bulk(codes, {"status": "works", "owner": "Ville de Sceaux"})
    result = edit_many(blagis_session, planner, territory, bulk, NOW)
    assert result.changed == ["SCX-04", "SCX-06"]
    assert set(result.refused) == {"SCX-05", "SCX-99"}
    again = edit_many(blagis_session, planner, territory, Bulk({"SCX-04": 2}, bulk.fields), NOW)
    assert again.unchanged == ["SCX-04"]
    rows = blagis_session.execute(
        select(Operation.code).where(Operation.status == "works").order_by(Operation.code)
    )
    assert [code for (code,) in rows] == ["SCX-04", "SCX-06"]


def test_operation_when_somebody_changed_it_since_then_nothing_is_written(
    blagis_session: Session, territory: Territory, planner: Actor
) -> None:
    with pytest.raises(StaleVersion):
        edit_operation(blagis_session, planner, territory, Wanted("SCX-04", REBUILT, 3), NOW)
    assert read(blagis_session, territory, "SCX-04").title.startswith("Végétalisation")


def test_operation_when_removed_then_gone_everywhere_and_its_code_never_given_again(
    blagis_session: Session, territory: Territory, planner: Actor
) -> None:
    add_operation(blagis_session, planner, territory, Wanted("", REBUILT), NOW)
    with pytest.raises(StaleVersion):
        remove_operation(blagis_session, planner, territory, "SCX-08", 7, NOW)
    remove_operation(blagis_session, planner, territory, "SCX-08", 1, NOW)
    assert whole_plan(blagis_session, territory.id, "SCX-08") == []
    assert place_card(blagis_session, "operation", territory.id, "SCX-08") is None
    assert "SCX-08" not in layer_geojson(blagis_session, "operations", territory.id)
    assert "SCX-08" not in {row.code for row in operations(blagis_session, territory.id)}
    assert search(blagis_session, planner, territory.id, "brûlée en juillet") == []
    with pytest.raises(NotFound):
        edit_operation(blagis_session, planner, territory, Wanted("SCX-08", REBUILT, 2), NOW)
    assert add_operation(blagis_session, planner, territory, Wanted("", REBUILT), NOW).code == (
        "SCX-09"
    )


def test_operation_when_restored_then_back_everywhere_as_it_was_with_its_journal(
    blagis_session: Session, territory: Territory, planner: Actor
) -> None:
    add_operation(blagis_session, planner, territory, Wanted("", REBUILT), NOW)
    remove_operation(blagis_session, planner, territory, "SCX-08", 1, NOW)
    [removed] = removed_operations(blagis_session, planner, territory.id)
    assert (removed.code, removed.title, removed.name) == ("SCX-08", REBUILT.title, planner.name)
    assert (removed.version, removed.at) == (2, NOW)
    agent = make_actor(blagis_session, Toy(territory), Role.AGENT)
    assert removed_operations(blagis_session, agent, territory.id) == []
    with pytest.raises(NotAllowed):
        restore_operation(blagis_session, agent, territory, "SCX-08", 2, NOW)
    with pytest.raises(StaleVersion):
        restore_operation(blagis_session, planner, territory, "SCX-08", 1, NOW)
    restore_operation(blagis_session, planner, territory, "SCX-08", 2, NOW)
    assert read(blagis_session, territory, "SCX-08") == REBUILT
    assert "SCX-08" in layer_geojson(blagis_session, "operations", territory.id)
    assert removed_operations(blagis_session, planner, territory.id) == []
    journal = journal_of(blagis_session, planner, territory.id, "SCX-08")
    said = [line.changes["removed"] for line in journal if "removed" in line.changes]
    assert said == [["retirée", "rétablie"], ["", "retirée"]] and len(journal) == 3
    with pytest.raises(NotFound):
        restore_operation(blagis_session, planner, territory, "SCX-08", 3, NOW)


def test_files_when_no_operation_refers_to_them_then_erased_after_a_day(
    blagis_session: Session, territory: Territory, planner: Actor
) -> None:
    files = Files(MemoryStore())
    about = (territory.id, "SCX-04")
    new = NewDocument("Plan", "plan.pdf", b"%PDF-1.7")
    row = add_document(blagis_session, files, planner, about, new, NOW)
    files.put(document_path("oublié"), b"%PDF-1.7")
    now = datetime.now(UTC)
    assert collect_orphan_documents(blagis_session, files, now) == 0
    assert collect_orphan_documents(blagis_session, files, now + timedelta(days=2)) == 1
    assert files.get(document_path(row.key)) == b"%PDF-1.7"
    agent = make_actor(blagis_session, Toy(territory), Role.AGENT)
    with pytest.raises(NotAllowed):
        add_document(blagis_session, files, agent, about, new, NOW)
    with pytest.raises(NotAllowed):
        remove_document(blagis_session, agent, about, row.id, NOW)
