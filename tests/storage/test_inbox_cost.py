"""What the inbox reads: by the plans and the rows that the server counts, never by the clock."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.dialects.postgresql import dialect
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor, Role
from qpvmap.core.geo import LonLat
from qpvmap.core.inbox import CAPPED, InboxFilters, Late, Near, Order, Resolved, Tab
from qpvmap.core.workflow import OPEN_STATUSES, Status
from qpvmap.storage.duplicates import NEAREST, with_likely_duplicates
from qpvmap.storage.inbox import inbox
from qpvmap.storage.inbox_counts import MOST_COUNTED, MOST_READ, capped, most_counted
from qpvmap.storage.inbox_search import Part, are_read_last, in_part, is_everywhere
from qpvmap.storage.models.signalements import WORDS_APART
from tests.factories import WEST, Toy, make_actor, make_signalement, make_territory

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
MANY = 20_000
PAST = """
insert into signalement (
    territory_id, client_id, reference, category_id, nature, status, outcome, team_id,
    routing_ground, description, location, position_method, insee_code, iris_code, qpv_code,
    qpv_vintage, inside_qpv, qpv_distance_m, share_inside, captured_at, created_at, updated_at,
    settled_at, acknowledge_due_at, due_at, counted_from
)
select
    territory_id, gen_random_uuid(), reference || '-' || n, category_id, nature,
    case when n % 25 = 0 then 'new' when n % 3 = 0 then 'resolved' else 'closed' end,
    case when n % 25 = 0 then null else 'done' end,
    team_id, routing_ground,
    case
        when n % 5 = 0 then 'Lampadaire en panne, trottoir'
        when n % 1000 = 7 then 'Un réverbère, un trou, trottoir'
        else 'Un trou, trottoir'
    end,
    st_translate(location, (n % 200) * 0.0004, (n / 200) * 0.0004), position_method, insee_code,
    iris_code, qpv_code, qpv_vintage, inside_qpv, qpv_distance_m, share_inside, captured_at,
    created_at - n * interval '2 hours', created_at - n * interval '2 hours' + interval '3 days',
    case when n % 25 = 0 then null else created_at - n * interval '2 hours' end,
    acknowledge_due_at, due_at - n * interval '2 hours', counted_from
from signalement, generate_series(1, :many) as n
where reference = :reference
"""
"""Twenty thousand of one team over four years, one in 25 still open; a few of another category.

A fifth says `lampadaire`, one in a thousand `réverbère`, and all of them `trottoir`.
"""
LEFT = MANY // 25 + MANY // 50 // 25 + 2
"""What is still open."""


@pytest.fixture(scope="module")
def session(engine: Engine) -> Iterator[Session]:
    """Yield a session that these tests share: they read what is filled once; nothing stays."""
    with engine.connect() as connection:
        outer = connection.begin()
        with Session(
            connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        ) as shared:
            yield shared
        outer.rollback()


@pytest.fixture(scope="module")
def toy(session: Session) -> Toy:
    return make_territory(session)


@pytest.fixture(scope="module")
def coordinator(session: Session, toy: Toy) -> Actor:
    return make_actor(session, toy, Role.COORDINATOR, "coordination")


@pytest.fixture(scope="module")
def agent(session: Session, toy: Toy) -> Actor:
    return make_actor(session, toy, Role.AGENT, "technique-ouest")


@pytest.fixture(scope="module")
def past(session: Session, toy: Toy) -> Session:
    """Fill the table, an index that the inbox does not read set aside."""
    session.execute(text("drop index ix_signalement_location_3857"))
    make_signalement(session, toy, reference="TO-1", created_at=NOW - DAY, due_at=NOW - DAY)
    make_signalement(
        session, toy, reference="TO-2", category="eclairage", team="technique-est",
        created_at=NOW - DAY, due_at=NOW + DAY,
    )  # fmt: skip
    session.execute(text("set local session_replication_role = replica"))  # no check of keys
    session.execute(text(PAST), {"many": MANY, "reference": "TO-1"})
    session.execute(text(PAST), {"many": MANY // 50, "reference": "TO-2"})
    session.execute(text("set local session_replication_role = origin"))
    session.execute(text("analyze signalement"))
    return session


Plan = Mapping[str, Any]


def nodes(plan: Plan) -> Iterator[Plan]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def plans_of(session: Session, ask: Callable[[], object]) -> list[Plan]:
    """Return the nodes of the plans of what something sends, as the server ran them."""
    sent: list[tuple[str, Any]] = []
    connection = session.connection()

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.lstrip().startswith(("SELECT", "WITH")):
            sent.append((statement, parameters))

    event.listen(connection.engine, "before_cursor_execute", note)
    try:
        ask()
    finally:
        event.remove(connection.engine, "before_cursor_execute", note)
    found: list[Plan] = []
    for statement, parameters in sent:
        explain = f"explain (analyze, buffers, timing off, format json) {statement}"
        said = connection.exec_driver_sql(explain, parameters).scalar_one()
        found += nodes((json.loads(said) if isinstance(said, str) else said)[0]["Plan"])
    return found


def rows_read(plans: list[Plan]) -> int:
    """Return how many rows of signalement were looked at, those thrown away included."""
    return sum(
        (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
        for plan in plans
        if plan.get("Relation Name") == "signalement"
    )


def ask(session: Session, actor: Actor, **filters: Any) -> list[Plan]:
    return plans_of(session, lambda: inbox(session, actor, InboxFilters(**filters), NOW))


def indexes(plans: list[Plan]) -> set[str]:
    """Return the indexes that were read, those that the server left alone apart."""
    return {
        plan["Index Name"] for plan in plans if "Index Name" in plan and plan["Actual Loops"] > 0
    }


def test_a_page_reads_the_work_left_and_never_the_table(
    past: Session, coordinator: Actor, agent: Actor
) -> None:
    for actor in (coordinator, agent):
        for tab in Tab:
            plans = ask(past, actor, tab=tab)
            assert not [plan for plan in plans if plan["Node Type"] == "Seq Scan"
                        and plan["Relation Name"] == "signalement"], tab  # fmt: skip
            # counted, found, then fifty read; a thousand and one of the past
            assert rows_read(plans) <= 2 * LEFT + MOST_COUNTED + 200, tab


def test_the_whole_is_not_counted_once_the_resolved_are_many(
    past: Session, coordinator: Actor
) -> None:
    plans = ask(past, coordinator, tab=Tab.NEW)
    assert "ix_signalement_inbox_resolved" in indexes(plans)
    assert "ix_signalement_inbox_all" not in indexes(plans)
    counts = inbox(past, coordinator, InboxFilters(), NOW).counts
    assert counts[Tab.RESOLVED] == counts[Tab.ALL] == MOST_COUNTED + 1


def test_a_category_that_a_team_never_has_reads_that_category_alone(
    past: Session, agent: Actor
) -> None:
    for order in (Order.NEWEST, Order.STALEST):
        plans = ask(past, agent, tab=Tab.ALL, order=order, category="eclairage")
        assert rows_read(plans) <= 3 * (MANY // 50 + 1)
    assert inbox(past, agent, InboxFilters(Tab.ALL, category="eclairage"), NOW).rows == ()


def test_what_is_late_is_found_among_what_is_open(past: Session, coordinator: Actor) -> None:
    for filters in ({"tab": Tab.LATE}, {"tab": Tab.ALL, "late": Late.TWICE}):
        plans = ask(past, coordinator, order=Order.NEWEST, **filters)
        assert rows_read(plans) <= 2 * (MANY // 25 + 200) + MOST_COUNTED


def test_filters_that_keep_what_is_open_alone_count_it_exactly(
    past: Session, coordinator: Actor
) -> None:
    for filters in ({"late": Late.LATE}, {"status": Status.NEW}):
        counts = inbox(past, coordinator, InboxFilters(**filters), NOW).counts
        wanted = MANY // 25 + 1 if "late" in filters else MANY // 25 + MANY // 50 // 25 + 2
        assert counts[Tab.RESOLVED] == 0
        assert abs(counts[Tab.ALL] - wanted) <= MANY // 50 // 25 + 1
        assert counts[Tab.ALL] == counts[Tab.NEW]


def test_a_month_by_its_oldest_change_reads_that_month(past: Session, coordinator: Actor) -> None:
    month = {"since": date(2024, 3, 1), "until": date(2024, 3, 31)}
    for order in (Order.STALEST, Order.LATEST):
        plans = ask(past, coordinator, tab=Tab.ALL, order=order, **month)
        assert rows_read(plans) <= 4 * 31 * 12 + 200


def words_indexes(plans: list[Plan]) -> set[str]:
    return {name for name in indexes(plans) if name.startswith("ix_signalement_words")}


def test_what_is_late_is_expected_to_be_as_many_as_it_is(past: Session, coordinator: Actor) -> None:
    for filters in ({}, {"late": Late.TWICE}, {"late": Late.LATE}):
        plans = ask(past, coordinator, tab=Tab.LATE, **filters)
        many = [plan for plan in plans if plan["Actual Rows"] > MANY // 50]
        assert many, filters
        for plan in many:
            assert plan["Plan Rows"] > plan["Actual Rows"] / 5, filters


def test_a_common_word_in_what_is_open_is_looked_for_there(
    past: Session, coordinator: Actor, agent: Actor
) -> None:
    for actor in (coordinator, agent):
        plans = ask(past, actor, tab=Tab.NEW, search="lampadaires")
        assert words_indexes(plans) == {"ix_signalement_words_open"}
        counted = inbox(past, actor, InboxFilters(search="lampadaires"), NOW).counts
        assert counted[Tab.NEW] == MANY // 25 + (MANY // 50 // 25) * (actor is coordinator)
        assert counted[Tab.ALL] > MOST_COUNTED


def test_a_common_word_in_the_past_is_met_on_the_way(past: Session, coordinator: Actor) -> None:
    found = {Tab.ALL: Order.NEWEST, Tab.RESOLVED: Order.LATEST}
    for tab, order in found.items():
        plans = ask(past, coordinator, tab=tab, order=order, search="lampadaires")
        assert words_indexes(plans) == {"ix_signalement_words_open"}
        # what is open, a thousand and one of the past, fifty and one: one row in five, met in an
        # index, then read
        assert rows_read(plans) <= LEFT + 2 * 5 * (MOST_COUNTED + 51) * 1.3 + 200
        assert len(inbox(past, coordinator, InboxFilters(tab, search="lampad"), NOW).rows) == 50


LAMPS = """
select count(*) from signalement
where description ilike '%lampadaire%' and created_at >= :since and status = any(:statuses)
"""


@pytest.mark.parametrize("since", [date(2020, 1, 1), date(2025, 1, 20), date(2026, 3, 1)])
def test_the_whole_is_counted_by_what_lacks_among_the_closed(
    past: Session, coordinator: Actor, since: date
) -> None:
    def said(*statuses: Status) -> int:
        asked = {"since": since, "statuses": list(statuses)}
        return past.execute(text(LAMPS), asked).scalar_one()

    # a place is named, so that texts are read last
    asked = {"search": "lampadaires", "insee_code": WEST, "since": since}
    before = said(*OPEN_STATUSES) + min(said(Status.RESOLVED), MOST_READ + 1)
    closed = min(said(Status.CLOSED), max(MOST_READ + 1 - before, 0))
    plans = ask(past, coordinator, tab=Tab.NEW, **asked)
    (looked_for,) = [plan for plan in plans if plan.get("Alias") == "kept_closed"]
    assert looked_for["Actual Rows"] == closed
    counts = inbox(past, coordinator, InboxFilters(**asked), NOW).counts
    assert counts[Tab.ALL] == min(said(*Status), MOST_READ + 1)
    assert counts[Tab.RESOLVED] == min(said(Status.RESOLVED), MOST_READ + 1)
    assert counts[Tab.NEW] == said(*OPEN_STATUSES)


def test_what_is_open_is_said_otherwise_than_in_its_index_to_who_asks_for_some_teams(
    toy: Toy, coordinator: Actor, agent: Actor
) -> None:
    """Else words are met there with all that a team ever had: 130 000 entries for 1 000 rows."""

    def said(actor: Actor, team: str = "") -> list[str]:
        condition = in_part(actor, InboxFilters(team=team), Part.OPEN)
        whole = condition.compile(dialect=dialect(), compile_kwargs={"literal_binds": True})
        return re.findall(r"'(\w+)'", str(whole))

    in_index = re.findall(r"'(\w+)'", WORDS_APART["open"])
    assert said(coordinator) == in_index
    for statuses in (said(agent), said(coordinator, "technique-ouest")):
        assert statuses != in_index
        assert set(statuses) == set(in_index)


@pytest.mark.parametrize(
    ("named", "share", "filters", "last"),
    [
        (True, 0.05, {"near": Near.CLOSE}, True),
        (True, 0.05, {}, False),
        (False, 0.05, {"near": Near.CLOSE}, False),
        (False, 0.09, {"near": Near.CLOSE}, True),
        (True, 0.09, {}, True),
        (False, 0.09, {}, False),
        (True, 0.03, {"photo": True}, False),
    ],
)
def test_texts_are_read_last_where_no_index_holds_what_is_asked(
    named: bool, share: float, filters: dict[str, Any], last: bool
) -> None:
    known = Resolved(named=(1,) if named else (), shares=(share,))
    asked = InboxFilters(search="eau", resolved=known, **filters)
    assert are_read_last(asked, Part.RESOLVED) is last
    assert not are_read_last(asked, Part.WHOLE, found_first=False), "rows are walked in order"


NARROWED: Mapping[str, tuple[dict[str, Any], str]] = {
    "by nothing": ({}, "true"),
    "by a place": ({"insee_code": WEST}, "insee_code = '92901'"),
    "by that category": ({"category": "eclairage"}, "category.code = 'eclairage'"),
    "by the other": ({"category": "voirie"}, "category.code = 'voirie'"),
    "by a team": ({"team": "technique-est"}, "team.code = 'technique-est'"),
    "by a date": (
        {"photo": False, "since": date(2025, 1, 20)},
        "signalement.created_at >= '2025-01-20 00:00+01'",
    ),
}
NAMED = """
select signalement.id
from signalement
inner join category on category.id = signalement.category_id
inner join team on team.id = signalement.team_id
where (description ilike '%lampadaire%' or category.code = 'eclairage')
    and team.code = any(:teams) and {narrowed} and {standing}
order by signalement.created_at desc, signalement.id desc
"""


@pytest.mark.parametrize("narrowed", NARROWED)
def test_words_that_name_a_category_keep_the_same_rows_as_if_all_were_read(
    past: Session, toy: Toy, coordinator: Actor, agent: Actor, narrowed: str
) -> None:
    asked, condition = NARROWED[narrowed]
    east = make_actor(past, toy, Role.AGENT, "technique-est")
    standings = {
        Tab.NEW: "status = 'new'",
        Tab.LATE: "status = 'new' and (due_at < :now or acknowledge_due_at < :now)",
        Tab.RESOLVED: "status = 'resolved'",
        Tab.ALL: "true",
    }
    readers = {coordinator: list(toy.teams), agent: ["technique-ouest"], east: ["technique-est"]}
    with past.begin_nested() as these_alone:
        past.execute(text("update category set name = 'Lampadaire' where code = 'eclairage'"))
        for reader, teams in readers.items():
            filters = InboxFilters(Tab.ALL, search="lampadaires", **asked)
            page = inbox(past, reader, filters, NOW)
            assert page.filters.resolved
            assert page.filters.resolved.named
            for tab, standing in standings.items():
                read = text(NAMED.format(narrowed=condition, standing=standing))
                wanted = past.scalars(read, {"teams": teams, "now": NOW}).all()
                bounded = tab in capped(page.filters)
                many = min(len(wanted), most_counted(page.filters) + 1) if bounded else len(wanted)
                assert page.counts[tab] == many, (tab, teams)
            assert [row.id for row in page.rows] == list(wanted[:50]), teams
        these_alone.rollback()


def test_a_word_of_all_texts_is_counted_to_a_bound_and_no_index_of_words_is_read(
    past: Session, coordinator: Actor
) -> None:
    for tab in Tab:
        filters = InboxFilters(tab, search="trottoir")
        plans = ask(past, coordinator, tab=tab, search="trottoir")
        assert not words_indexes(plans)
        # what is open is sorted once in the index; then each count stops at its bound
        assert rows_read(plans) <= LEFT + 2 * len(Tab) * (MOST_COUNTED + 1) + 200, tab
        page = inbox(past, coordinator, filters, NOW)
        assert is_everywhere(page.filters)
        assert set(capped(page.filters)) == set(Tab)
        assert len(page.rows) == min(50, page.counts[tab])
    assert set(capped(InboxFilters())) == set(CAPPED)


def test_a_rare_word_is_found_by_it_alone_beside_one_of_all_texts(
    past: Session, coordinator: Actor
) -> None:
    for search in ("trottoir réverbères", "réverbère trottoir"):
        plans = ask(past, coordinator, tab=Tab.ALL, search=search)
        asked = {plan["Index Cond"] for plan in plans if "_words_" in plan.get("Index Name", "")}
        assert asked
        assert not [condition for condition in asked if "trottoir" in condition]
        assert rows_read(plans) <= 4 * (MANY // 1000 + 1) + 200
        page = inbox(past, coordinator, InboxFilters(Tab.ALL, search=search), NOW)
        assert page.counts[Tab.ALL] == len(page.rows) == MANY // 1000 + 1


@pytest.mark.parametrize(
    ("search", "pattern"),
    [
        ("lampadaires", "%lampadaire%"),
        ("lampad", "%lampadaire%"),
        ("trottoir", "%trottoir%"),
        ("trottoir lampadaire", "%lampadaire%"),
        ("réverbère", "%réverbère%"),
        ("le trou réverbère", "%réverbère%"),
        ("le de la", "nothing"),
    ],
)
def test_words_rare_or_common_keep_the_same_rows(
    past: Session, coordinator: Actor, search: str, pattern: str
) -> None:
    conditions = {
        Tab.NEW: "status = 'new'",
        Tab.LATE: "status = 'new' and (due_at < :now or acknowledge_due_at < :now)",
        Tab.RESOLVED: "status = 'resolved'",
        Tab.ALL: "true",
    }
    page = inbox(past, coordinator, InboxFilters(Tab.ALL, search=search), NOW)
    for tab, condition in conditions.items():
        said = f"select count(*) from signalement where description ilike :said and {condition}"
        many = past.scalar(text(said), {"said": pattern, "now": NOW})
        bounded = tab in capped(page.filters)
        assert page.counts[tab] == (
            min(many, most_counted(page.filters) + 1) if bounded else many
        ), tab
    said = "select id from signalement where description ilike :said order by created_at desc, id"
    newest = list(past.scalars(text(f"{said} desc limit 50"), {"said": pattern}))
    assert [row.id for row in page.rows] == newest


def test_questions_without_words_read_no_index_of_words(
    past: Session, coordinator: Actor, agent: Actor
) -> None:
    month = {"since": date(2024, 3, 1), "until": date(2024, 3, 31)}
    for actor in (coordinator, agent):
        for tab in (Tab.NEW, Tab.RESOLVED, Tab.ALL):
            for filters in ({}, month, {"category": "eclairage"}, {"photo": False}):
                assert not words_indexes(ask(past, actor, tab=tab, **filters))


def test_searches_cost_a_constant_number_of_statements(
    past: Session,
    engine: Engine,
    coordinator: Actor,
    count_queries: Callable[[Engine], AbstractContextManager[list[str]]],
) -> None:
    for search, most in (
        ("lampadaires", 5), ("trottoir", 5), ("réverbères", 5), ("xylophone", 8), ("lampadère", 9),
    ):  # fmt: skip
        with count_queries(engine) as statements:
            inbox(past, coordinator, InboxFilters(search=search), NOW)
        assert len(statements) <= most, search


def test_likely_duplicates_of_a_page_cost_its_fifty_places(
    past: Session, coordinator: Actor
) -> None:
    rows = inbox(past, coordinator, InboxFilters(), NOW).rows
    ids = [row.id for row in rows]
    plans = plans_of(past, lambda: with_likely_duplicates(past, coordinator, ids))
    assert "ix_signalement_location" in indexes(plans)
    assert rows_read(plans) <= len(ids) * 60
    assert plans[0]["Shared Hit Blocks"] + plans[0]["Shared Read Blocks"] <= len(ids) * 500


def test_likely_duplicates_at_a_corner_with_a_thousand_compare_the_nearest_alone(
    session: Session, toy: Toy, coordinator: Actor
) -> None:
    with session.begin_nested() as these_alone:
        rows = [
            make_signalement(
                session, toy, point=LonLat(2.299 + n * 1e-8, 48.781), description="Trou"
            )
            for n in range(300)
        ]
        session.execute(text("analyze signalement"))
        ids = [row.id for row in rows[:50]]
        plans = plans_of(session, lambda: with_likely_duplicates(session, coordinator, ids))
        near = [plan for plan in plans if plan["Node Type"] == "Limit"]
        assert near
        assert max(plan["Actual Rows"] for plan in near) <= NEAREST
        assert with_likely_duplicates(session, coordinator, ids).keys() == set(ids)
        these_alone.rollback()
