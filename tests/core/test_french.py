"""French words for dates, delays, numbers."""

from datetime import UTC, date, datetime, timedelta

import pytest

from qpvmap.core import french

NOW = datetime(2026, 11, 26, 13, 32, tzinfo=UTC)


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=20), "à l’instant"),
        (timedelta(minutes=1), "il y a 1 minute"),
        (timedelta(minutes=12), "il y a 12 minutes"),
        (timedelta(hours=3), "il y a 3 heures"),
        (timedelta(hours=20), "hier"),
        (timedelta(days=4), "il y a 4 jours"),
        (timedelta(days=90), "il y a 3 mois"),
        (timedelta(days=1100), "il y a 3 ans"),
    ],
)
def test_ago_when_time_passes_then_grows_coarser(passed: timedelta, words: str) -> None:
    assert plain(french.ago(NOW - passed, NOW)) == words


def test_long_day_when_other_year_then_says_it() -> None:
    assert plain(french.long_day(NOW, date(2026, 1, 1))) == "jeudi 26 novembre"
    assert plain(french.long_day(date(2027, 2, 1), date(2026, 1, 1))) == "lundi 1er février 2027"


def test_clock_when_utc_then_is_local() -> None:
    assert plain(french.clock(NOW)) == "14 h 32"


@pytest.mark.parametrize(
    ("due", "words"),
    [
        (NOW + timedelta(days=7), "dans 5 j ouvrés"),
        (NOW + timedelta(days=1), "demain"),
        (NOW + timedelta(hours=3), "aujourd’hui"),
        (NOW - timedelta(days=3), "en retard de 3 j"),
        (NOW - timedelta(days=40), "2 fois en retard"),
    ],
)
def test_due_words_when_day_comes_and_goes_then_say_how_it_stands(
    due: datetime, words: str
) -> None:
    created = NOW - timedelta(days=50)
    assert plain(french.due_words(created, due, NOW)) == words


def test_number_when_thousands_then_narrow_space_and_comma() -> None:
    assert french.number(12345.67, 1) == "12\u202f345,7"
    assert french.percent(0.814) == "81\u202f%"


@pytest.mark.parametrize(
    ("metres", "words"), [(0, "0 m"), (0.2, "1 m"), (140.4, "140 m"), (1240, "1,2 km")]
)
def test_distance_when_metres_then_short(metres: float, words: str) -> None:
    assert plain(french.distance(metres)) == words


def test_delay_words_when_weekend_between_then_counts_working_days() -> None:
    assert plain(french.delay_words(NOW, NOW + timedelta(days=5))) == "3 jours ouvrés"
    assert french.delay_words(NOW, NOW + timedelta(hours=1)) == "le jour même"
