"""When teams and subscribers are told."""

from datetime import date, datetime, time, timedelta

import pytest

from qpvmap.core.deadlines import PARIS
from qpvmap.core.digests import alert_until, desk, digest_slot

TIMES = (time(8, 0), time(13, 30))
BASTILLE_DAY = date(2028, 7, 14)  # a Friday
OFF = frozenset([BASTILLE_DAY])


def paris(day: int, hour: int, minute: int = 0, month: int = 7) -> datetime:
    return datetime(2028, month, day, hour, minute, tzinfo=PARIS)


@pytest.mark.parametrize(
    ("now", "at", "since"),
    [
        (paris(13, 8, 2), paris(13, 8), paris(12, 13, 30)),
        (paris(13, 10, 0), paris(13, 8), paris(12, 13, 30)),
        (paris(13, 13, 31), paris(13, 13, 30), paris(13, 8)),
        (paris(17, 8, 1), paris(17, 8), paris(13, 13, 30)),
        (paris(30, 8, 5, 10), paris(30, 8, 0, 10), paris(27, 13, 30, 10)),
    ],
)
def test_digest_when_its_hour_has_come_then_tells_since_the_one_before(
    now: datetime, at: datetime, since: datetime
) -> None:
    slot = digest_slot(now, TIMES, OFF)
    assert slot is not None
    assert (slot.at, slot.since) == (at, since)


@pytest.mark.parametrize(
    "now",
    [
        paris(14, 8, 2),
        paris(15, 8, 2),
        paris(16, 13, 31),
        paris(13, 7, 59),
        paris(13, 8, 0),
        paris(13, 19, 0),
    ],
)
def test_digest_when_nobody_works_or_it_is_not_the_hour_then_is_none(now: datetime) -> None:
    assert digest_slot(now, TIMES, OFF) is None


def test_digest_when_tomorrow_is_off_then_what_is_near_goes_up_to_monday() -> None:
    slot = digest_slot(paris(13, 8, 2), TIMES, OFF)
    assert slot is not None and slot.soon == paris(17, 18)


def test_desk_when_it_is_night_or_a_day_off_then_is_shut() -> None:
    assert desk(paris(13, 8), OFF).is_open
    assert not desk(paris(13, 19), OFF).is_open
    assert not desk(paris(14, 10), OFF).is_open
    assert desk(paris(13, 10), OFF).soon == paris(17, 18)


def test_alert_when_before_its_hour_then_covers_up_to_the_day_before() -> None:
    assert alert_until(paris(13, 17, 30)) == paris(12, 17, 30)
    assert alert_until(paris(13, 17, 32)) == paris(13, 17, 30)
    assert alert_until(paris(13, 17, 32)) - alert_until(paris(13, 9)) == timedelta(days=1)
