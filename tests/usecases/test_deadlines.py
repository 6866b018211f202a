"""What is promised on the pilot territory: by category, team and body, from its own file."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from qpvmap.core.deadlines import Lateness, Priority, lateness
from qpvmap.storage.models import Category, ClosingDay, DeadlineRule, Team, Territory
from qpvmap.storage.signalements import category_by_code, team_by_code, territory_by_code
from qpvmap.usecases.promises import promised
from qpvmap.usecases.territory import load_territory


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def of_blagis(session: Session, category: str, team: str) -> tuple[Category, Team]:
    territory = territory_by_code(session, "blagis")
    assert territory is not None
    found = category_by_code(session, territory.id, category)
    by = team_by_code(session, territory.id, team)
    assert found is not None and by is not None
    return found, by


def due(
    session: Session, category: str, team: str, received: str, priority: Priority = Priority.NORMAL
) -> datetime:
    return promised(session, *of_blagis(session, category, team), priority, paris(received)).due_at


@pytest.mark.parametrize(
    ("category", "team", "received", "expected"),
    [
        ("voirie", "bagneux-technique", "2026-11-02T09:00+01:00", "2026-11-17T18:00+01:00"),
        ("voirie", "sceaux-technique", "2026-11-02T09:00+01:00", "2026-11-13T18:00+01:00"),
        ("eclairage", "ept-eclairage", "2026-04-30T09:00+02:00", "2026-05-11T18:00+02:00"),
        ("eclairage", "ept-eclairage", "2026-05-13T09:00+02:00", "2026-05-22T18:00+02:00"),
        ("depot-sauvage", "ept-dechets", "2026-07-10T09:00+02:00", "2026-07-17T18:00+02:00"),
        ("proprete", "bagneux-technique", "2026-07-10T09:00+02:00", "2026-07-16T18:00+02:00"),
        ("depot-sauvage", "ept-dechets", "2026-12-23T09:00+01:00", "2026-12-29T18:00+01:00"),
        ("depot-sauvage", "ept-dechets", "2026-03-26T09:00+01:00", "2026-03-31T18:00+02:00"),
        ("depot-sauvage", "ept-dechets", "2026-10-22T09:00+02:00", "2026-10-27T18:00+01:00"),
    ],
    ids=[
        "the category's delay, over 11 November", "the team's own", "over 1 and 8 May",
        "over the Ascension and the body's bridge day", "over 14 July and the body's bridge day",
        "the same days, a body without the bridge", "over Christmas", "to summer time",
        "to winter time",
    ],
)  # fmt: skip
def test_promise_follows_category_team_and_calendar(
    blagis_session: Session, category: str, team: str, received: str, expected: str
) -> None:
    assert due(blagis_session, category, team, received) == paris(expected)


@pytest.mark.parametrize(
    ("category", "team", "received", "hours"),
    [
        ("rixe", "sceaux-police", "2026-12-24T23:00+01:00", 4),
        ("eclairage", "ept-eclairage", "2026-03-28T20:00+01:00", 12),
        ("eau-assainissement", "ept-eau", "2026-10-24T22:00+02:00", 8),
        ("voirie", "bagneux-technique", "2026-05-01T08:00+02:00", 24),
    ],
    ids=["on Christmas Eve", "over summer time", "over winter time", "on 1 May"],
)
def test_emergency_counts_real_hours_whatever_the_day(
    blagis_session: Session, category: str, team: str, received: str, hours: int
) -> None:
    expected = paris(received) + timedelta(hours=hours)
    assert due(blagis_session, category, team, received, Priority.EMERGENCY) == expected


def test_twice_late_is_past_double_the_promised_time(blagis_session: Session) -> None:
    received = paris("2026-11-02T09:00+01:00")
    promise = due(blagis_session, "voirie", "sceaux-technique", "2026-11-02T09:00+01:00")
    double = promise + (promise - received)
    second = timedelta(seconds=1)
    assert lateness(received, promise, promise + second) is Lateness.LATE
    assert lateness(received, promise, double) is Lateness.LATE
    assert lateness(received, promise, double + second) is Lateness.TWICE_LATE


def test_loading_again_puts_delays_and_closing_days_back_and_no_more(
    blagis_session: Session, now: datetime
) -> None:
    session = blagis_session
    again = load_territory(session, "blagis", now)
    assert not again.counts["delays"].wrote
    assert not again.counts["closing_days"].wrote
    before = session.scalar(select(func.count()).select_from(DeadlineRule))
    category, team = of_blagis(session, "voirie", "bagneux-technique")
    session.execute(delete(ClosingDay))
    session.execute(delete(DeadlineRule).where(DeadlineRule.category_id == category.id))
    session.add(
        DeadlineRule(category_id=category.id, team_id=team.id, acknowledge_days=0, resolve_days=0)
    )
    session.flush()
    counts = load_territory(session, "blagis", now).counts
    assert (counts["delays"].new, counts["delays"].changed) == (1, 1)
    assert counts["closing_days"].new == session.scalar(
        select(func.count()).select_from(ClosingDay)
    )
    assert session.scalar(select(func.count()).select_from(DeadlineRule)) == before
    assert session.scalar(select(func.count()).select_from(Territory)) == 1
