"""Opening hours of OpenStreetMap, told in French by the clock of Paris."""

from datetime import UTC, datetime

from qpvmap.opening import is_opening_hours, open_at

HOURS = "Mo-Fr 09:00-12:00,13:30-17:00; PH off"


def test_hours_when_read_then_open_or_closed_and_until_when() -> None:
    morning = open_at(HOURS, datetime(2026, 11, 25, 9, 0, tzinfo=UTC))
    assert morning and morning.words == "Ouvert, jusqu’à mercredi 12\u00a0h"
    night = open_at(HOURS, datetime(2026, 11, 27, 20, 0, tzinfo=UTC))
    assert night and night.words == "Fermé, jusqu’à lundi 9\u00a0h"
    holiday = open_at(HOURS, datetime(2026, 11, 11, 9, 0, tzinfo=UTC))
    assert holiday and not holiday.is_open
    always = open_at("24/7", datetime(2026, 11, 11, 9, 0, tzinfo=UTC))
    assert always and always.words == "Ouvert"


def test_words_when_they_are_no_hours_then_nothing_is_said() -> None:
    for words in ("", "le matin", "9h-12h du lundi", "Mo-Fr " * 200):
        assert not is_opening_hours(words)
        assert open_at(words, datetime(2026, 11, 25, 9, 0, tzinfo=UTC)) is None
