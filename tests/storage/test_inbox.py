"""The inbox in SQL: filters, orders, paging under arrivals, searches, and what stays hidden."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor, Role
from qpvmap.core.geo import BBox, LonLat
from qpvmap.core.inbox import InboxFilters, Late, Near, Order, Person, Tab
from qpvmap.core.permissions import Nature
from qpvmap.core.workflow import Status
from qpvmap.storage.inbox import PAGE_SIZE, inbox, matching_ids, matching_rows, page
from qpvmap.storage.inbox_conditions import matching
from qpvmap.storage.inbox_search import resolved, says
from qpvmap.storage.models import Photo, Signalement
from tests.factories import (
    EAST,
    Toy,
    actor_for,
    make_account,
    make_actor,
    make_signalement,
    make_territory,
)

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SOON = NOW + timedelta(days=5)
DAY = timedelta(days=1)


@pytest.fixture
def toy(session: Session) -> Toy:
    return make_territory(session)


@pytest.fixture
def coordinator(session: Session, toy: Toy) -> Actor:
    return make_actor(session, toy, Role.COORDINATOR, "coordination")


def found(session: Session, actor: Actor, **filters: Any) -> list[str]:
    asked = InboxFilters(**{"tab": Tab.ALL, **filters})
    return [row.reference for row in inbox(session, actor, asked, NOW).rows]


@pytest.fixture
def filed(session: Session, toy: Toy, coordinator: Actor) -> Iterator[dict[str, Signalement]]:
    """File one row that each filter alone keeps."""
    plain: dict[str, Any] = {
        "created_at": NOW - 9 * DAY, "due_at": SOON, "share_inside": 0.0, "inside_qpv": False,
        "qpv_distance_m": 900.0,
    }  # fmt: skip
    someone = make_account(session, toy, Role.AGENT, "technique-est")
    made = {
        name: make_signalement(session, toy, reference=name, **{**plain, **columns})
        for name, columns in {
            "late": {"due_at": NOW - DAY},
            "late2": {"due_at": NOW - 8 * DAY},
            "lamp": {"category": "eclairage"},
            "hush": {"category": "rixe", "team": "police"},
            "east": {"insee_code": EAST, "iris_code": f"{EAST}0101"},
            "inside": {"share_inside": 0.4, "qpv_distance_m": 0.0},
            "close": {"qpv_distance_m": 300.0},
            "not-close": {"qpv_distance_m": 300.1},
            "theirs": {"team": "technique-est", "assignee_id": someone.id},
            "mine": {"assignee_id": coordinator.account_id},
            "old": {"created_at": datetime(2026, 10, 31, 22, 59, tzinfo=UTC)},
            "first": {"created_at": datetime(2026, 10, 31, 23, 0, tzinfo=UTC)},
            "seen": {},
            "away": {"point": LonLat(2.2950, 48.7790)},
            "going": {"status": Status.IN_PROGRESS},
        }.items()
    }
    for removed in (False, True):
        session.add(
            Photo(
                client_id=made["seen" if not removed else "old"].client_id,
                signalement_id=made["seen" if not removed else "old"].id,
                moment="before", key=f"k{removed}", width=1, height=1, size_bytes=1,
                uploaded_at=NOW, removed_at=NOW if removed else None,
            )
        )  # fmt: skip
    session.flush()
    yield made


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ({"late": Late.LATE}, {"late", "late2"}),
        ({"late": Late.TWICE}, {"late2"}),
        ({"category": "eclairage"}, {"lamp"}),
        ({"category": "licorne"}, set()),
        ({"nature": Nature.TRANQUILLITE}, {"hush"}),
        ({"insee_code": EAST}, {"east"}),
        ({"iris_code": f"{EAST}0101"}, {"east"}),
        ({"near": Near.INSIDE}, {"inside"}),
        ({"near": Near.CLOSE}, {"inside", "close"}),
        ({"qpv_code": "QN09299X"}, {"inside"}),
        ({"qpv_code": "QN09299X", "near": Near.CLOSE}, {"inside", "close"}),
        ({"qpv_code": "QN00000X"}, set()),
        ({"team": "technique-est"}, {"theirs"}),
        ({"team": "nulle-part"}, set()),
        ({"person": Person.ME}, {"mine"}),
        ({"person": 10**12}, set()),
        ({"photo": True}, {"seen"}),
        ({"status": Status.IN_PROGRESS}, {"going"}),
        ({"until": date(2026, 10, 31)}, {"old"}),
        ({"until": date(2026, 11, 1)}, {"old", "first"}),
        ({"bbox": BBox(2.294, 48.778, 2.296, 48.780)}, {"away"}),
        ({"late": Late.LATE, "category": "eclairage"}, set()),
    ],
)
def test_filter_keeps_what_it_says(
    session: Session,
    coordinator: Actor,
    filed: dict[str, Signalement],
    asked: dict[str, Any],
    kept: set[str],
) -> None:
    assert set(found(session, coordinator, **asked)) == kept


def test_filter_by_what_is_not_keeps_the_others(
    session: Session, coordinator: Actor, filed: dict[str, Signalement]
) -> None:
    everything = set(filed)
    assert set(found(session, coordinator, photo=False)) == everything - {"seen"}
    assert set(found(session, coordinator, person=Person.NOBODY)) == everything - {"theirs", "mine"}
    assert set(found(session, coordinator, since=date(2026, 11, 1))) == everything - {"old"}
    theirs = filed["theirs"].assignee_id
    assert found(session, coordinator, person=theirs) == ["theirs"]


def test_filters_never_reach_beyond_what_the_actor_handles(
    session: Session, toy: Toy, filed: dict[str, Signalement]
) -> None:
    agent = make_actor(session, toy, Role.AGENT, "technique-ouest")
    assert found(session, agent, nature=Nature.TRANQUILLITE) == []
    assert found(session, agent, team="technique-est") == []
    assert found(session, agent, search="hush") == []
    assert found(session, make_actor(session, toy, Role.RESIDENT)) == []
    assert "hush" in found(session, make_actor(session, toy, Role.LEAD, "police"))


def test_counts_are_those_of_each_tab_under_the_same_filters(
    session: Session, coordinator: Actor, filed: dict[str, Signalement]
) -> None:
    for filters in (InboxFilters(), InboxFilters(insee_code=EAST), InboxFilters(search="chaussée")):
        counts = inbox(session, coordinator, filters, NOW).counts
        for tab in Tab:
            asked = InboxFilters(tab=tab, insee_code=filters.insee_code, search=filters.search)
            assert counts[tab] == len(matching_ids(session, coordinator, asked, NOW, 100)), tab


@pytest.mark.parametrize("tab", [Tab.NEW, Tab.ALL])
@pytest.mark.parametrize("order", Order)
def test_pages_lose_and_repeat_nothing_while_others_file(
    session: Session, toy: Toy, coordinator: Actor, tab: Tab, order: Order
) -> None:
    for number in range(60):
        at = NOW - DAY - timedelta(hours=number % 7)  # many share an instant
        make_signalement(session, toy, reference=f"TO-{number:03}", created_at=at, due_at=at + DAY)
    seen: list[str] = []
    after = None
    for turn in range(99):
        filters = InboxFilters(tab=tab, order=order, after=after)
        rows, after = page(session, coordinator, filters, NOW, 9, found_first=filters.keeps_few)
        seen += [row.reference for row in rows]
        for at in (NOW - 90 * DAY, NOW - timedelta(hours=turn)):
            make_signalement(session, toy, reference=f"N-{turn}-{at:%d%H}", created_at=at)
        if after is None or len(seen) > 99:
            break
    first_ones = [reference for reference in seen if reference.startswith("TO-")]
    assert sorted(first_ones) == [f"TO-{number:03}" for number in range(60)]
    assert len(set(seen)) == len(seen)


def test_order_of_each_kind_puts_first_what_it_says(
    session: Session, toy: Toy, coordinator: Actor
) -> None:
    for reference, created, updated, due in (("A", 1, 9, 5), ("B", 2, 7, 4), ("C", 3, 8, 6)):
        make_signalement(
            session, toy, reference=reference, created_at=NOW - (9 - created) * DAY,
            updated_at=NOW + updated * DAY, due_at=NOW + due * DAY,
        )  # fmt: skip
    new = {"tab": Tab.NEW}
    assert found(session, coordinator, order=Order.DEADLINE, **new) == ["B", "A", "C"]
    assert found(session, coordinator, order=Order.NEWEST, **new) == ["C", "B", "A"]
    assert found(session, coordinator, order=Order.STALEST, **new) == ["B", "C", "A"]
    assert found(session, coordinator, order=Order.LATEST) == ["A", "C", "B"]
    assert found(session, coordinator, order=Order.DEADLINE) == ["C", "B", "A"], "not offered"


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("lampadaires", {"BL-2026-0421"}),
        ("LAMPADAIRE éteint", {"BL-2026-0421"}),
        ("eteints", {"BL-2026-0421"}),
        ("lampad", {"BL-2026-0421"}),
        ("lampadère", {"BL-2026-0421"}),
        ("eclairrage", set()),
        ("421", {"BL-2026-0421", "BL-2026-1421"}),
        ("21", set()),
        ("7", {"BL-2026-0007"}),
        ("bl-2026-0421", {"BL-2026-0421"}),
        ("rue Jean-Jaurès", {"BL-2026-0007"}),
        ("jaures", {"BL-2026-0007"}),
        ("voirie", {"BL-2026-0421", "BL-2026-1421", "BL-2026-0007"}),
        ("le de la", set()),
        ("'; drop table signalement; --", set()),
        ("a & !b | (c:*", set()),
        ("%", set()),
        ("\\", set()),
    ],
)
def test_search_forgives_accents_plurals_and_slips_and_knows_references(
    session: Session, toy: Toy, coordinator: Actor, words: str, kept: set[str]
) -> None:
    for reference, description, address in (
        ("BL-2026-0421", "Trois lampadaires sont éteints.", ""),
        ("BL-2026-1421", "Un banc descellé", ""),
        ("BL-2026-0007", "Un trou", "3 rue Jean Jaurès"),
    ):
        make_signalement(
            session, toy, reference=reference, description=description, address=address
        )
    assert set(found(session, coordinator, search=words)) == kept


def test_search_says_when_it_only_came_near(session: Session, toy: Toy, coordinator: Actor) -> None:
    make_signalement(session, toy, description="Réverbère cassé")
    exact = inbox(session, coordinator, InboxFilters(search="réverbères"), NOW)
    near = inbox(session, coordinator, InboxFilters(search="révebère"), NOW)
    assert (len(exact.rows), exact.filters.slips) == (1, False)
    assert (len(near.rows), near.filters.slips) == (1, True)


def test_search_reads_hidden_words_for_those_alone_who_may_read_them(
    session: Session, toy: Toy, coordinator: Actor
) -> None:
    make_signalement(
        session, toy, reference="TO-1", description="Appelez Mirabelle", description_hidden=True,
        address="rue des Tilleuls", team="technique-est",
    )  # fmt: skip
    stranger = make_actor(session, toy, Role.AGENT, "technique-ouest")

    def reads(actor: Actor, words: str) -> bool:
        condition = says(actor, resolved(session, actor, InboxFilters(search=words)))
        return session.query(Signalement).filter(condition).count() > 0

    assert reads(coordinator, "mirabelle")
    assert not reads(stranger, "mirabelle")
    assert not reads(Actor(), "mirabelle")
    assert reads(stranger, "tilleul"), "the address is not hidden"


def test_words_kept_for_slips_are_those_of_public_texts(session: Session, toy: Toy) -> None:
    make_signalement(session, toy, description="Un réverbère")
    make_signalement(session, toy, description="Mirabelle", description_hidden=True)
    make_signalement(session, toy, category="rixe", team="police", description="Chamaillerie")
    kept = set(session.scalars(text("select word from search_word")))
    assert "reverber" in kept
    assert not {word for word in kept if word.startswith(("mirab", "chamail"))}


def test_all_that_match_are_given_in_order_for_who_acts_on_many(
    session: Session, toy: Toy, coordinator: Actor
) -> None:
    rows = [
        make_signalement(session, toy, created_at=NOW - number * DAY, due_at=SOON)
        for number in range(PAGE_SIZE + 10)
    ]
    make_signalement(session, toy, status=Status.WAITING)
    filters = InboxFilters(tab=Tab.NEW)
    wanted = [row.id for row in rows]
    assert matching_ids(session, coordinator, filters, NOW, 1000) == wanted
    assert matching_ids(session, coordinator, filters, NOW, 7) == wanted[:7]
    assert [row.id for row in matching_rows(session, coordinator, filters, NOW)] == wanted
    asked = resolved(session, coordinator, filters)
    condition = matching(coordinator, asked, NOW)
    assert session.query(Signalement).filter(condition).count() == len(wanted)


MANY = """
insert into signalement (
    territory_id, client_id, reference, category_id, nature, status, outcome, team_id,
    routing_ground, description, location, position_method, insee_code, iris_code, qpv_code,
    qpv_vintage, inside_qpv, qpv_distance_m, share_inside, captured_at, created_at, updated_at,
    acknowledge_due_at, due_at, counted_from
)
select
    territory_id, gen_random_uuid(), 'M-' || n, category_id, nature,
    case when n % 20 = 0 then 'new' when n % 3 = 0 then 'resolved' else 'closed' end,
    case when n % 20 = 0 then null else 'done' end,
    team_id, routing_ground, '', location, position_method, insee_code, iris_code,
    qpv_code, qpv_vintage, inside_qpv, qpv_distance_m, share_inside, captured_at,
    created_at - n * interval '1 minute', updated_at, acknowledge_due_at,
    due_at - n * interval '1 minute', counted_from
from signalement, generate_series(1, :many) as n
where reference = 'TO-1'
"""


ASIDE = (
    "reference_trgm", "words_open", "words_resolved", "words_closed", "location", "location_3857",
)  # fmt: skip


def explained(session: Session, ask: Callable[[], object]) -> list[str]:
    """Return the plans of the statements that something sends."""
    plans: list[str] = []
    connection = session.connection()
    sent: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        sent.append((statement, parameters))

    event.listen(connection.engine, "before_cursor_execute", note)
    try:
        ask()
    finally:
        event.remove(connection.engine, "before_cursor_execute", note)
    for statement, parameters in sent:
        if statement.lstrip().startswith(("SELECT", "WITH")):
            rows = connection.exec_driver_sql(f"explain {statement}", parameters)
            plans.append("\n".join(row[0] for row in rows))
    return plans


def test_cost_is_the_same_for_50_000_rows_and_no_tab_reads_the_table(
    session: Session,
    engine: Engine,
    toy: Toy,
    coordinator: Actor,
    count_queries: Callable[[Engine], AbstractContextManager[list[str]]],
) -> None:
    make_signalement(session, toy, reference="TO-1", due_at=NOW - DAY)

    def cost() -> list[int]:
        costs = []
        for tab in Tab:
            with count_queries(engine) as statements:
                inbox(session, coordinator, InboxFilters(tab=tab), NOW)
            costs.append(len(statements))
        return costs

    session.execute(text("set local session_replication_role = replica"))  # no check of keys
    session.execute(text("set local statement_timeout = 0"))
    for name in ASIDE:  # slow to fill, and no tab reads them
        session.execute(text(f"drop index ix_signalement_{name}"))
    session.execute(text(MANY), {"many": 50})
    few = cost()
    session.execute(text(MANY.replace("'M-'", "'L-'")), {"many": 50_000})
    session.execute(text("analyze signalement"))
    many = cost()
    assert few == many
    assert max(many) == 3
    agent = actor_for(make_account(session, toy, Role.AGENT, "technique-ouest"))
    for actor in (coordinator, agent):
        for tab in Tab:
            filters = InboxFilters(tab=tab)
            for plan in explained(session, lambda a=actor, f=filters: inbox(session, a, f, NOW)):
                assert "Seq Scan on signalement" not in plan, plan
