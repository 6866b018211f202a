"""Opening hours of OpenStreetMap, told in French by the clock of Paris."""

from datetime import UTC, datetime

import pytest

from qpvmap.opening import is_opening_hours, open_at, week_of

HOURS = "Mo-Fr 09:00-12:00,13:30-17:00; PH off"


def test_hours_when_read_then_open_or_closed_and_until_when() -> None:
    morning = open_at(HOURS, datetime(2026, 11, 25, 9, 0, tzinfo=UTC))
    assert morning and morning.words == "Ouvert, ferme à 12\u00a0h"
    night = open_at(HOURS, datetime(2026, 11, 27, 20, 0, tzinfo=UTC))
    assert night and night.words == "Fermé, ouvre lundi à 9\u00a0h"
    holiday = open_at(HOURS, datetime(2026, 11, 11, 9, 0, tzinfo=UTC))
    assert holiday and not holiday.is_open
    always = open_at("24/7", datetime(2026, 11, 11, 9, 0, tzinfo=UTC))
    assert always and always.words == "Ouvert"


def test_words_when_they_are_no_hours_then_nothing_is_said() -> None:
    for words in ("", "le matin", "9h-12h du lundi", "Mo-Fr " * 200):
        assert not is_opening_hours(words)
        assert open_at(words, datetime(2026, 11, 25, 9, 0, tzinfo=UTC)) is None
        assert week_of(words, datetime(2026, 11, 25, 9, 0, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        ("Mo-Fr 09:00-18:00", "Fermé, ouvre demain à 9\u00a0h"),
        ("Dec 24 10:00-12:00", "Fermé, ouvre le jeudi 24\u00a0décembre à 10\u00a0h"),
        ("Mo-Su 18:00-02:00", "Ouvert, ferme demain à 2\u00a0h"),
        ("Mo-Su 08:30-20:45", "Ouvert, ferme à 20\u00a0h\u00a045"),
        ('Mo-Su 08:00-21:00 unknown "sur rendez-vous"', "Sur rendez-vous, ou à vérifier"),
    ],
)
def test_hours_when_told_then_as_people_say(hours: str, words: str) -> None:
    evening = open_at(hours, datetime(2026, 11, 25, 19, 0, tzinfo=UTC))
    assert evening and evening.words == words


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (
            HOURS,
            "du lundi au vendredi : 9 h à 12 h et 13 h 30 à 17 h · samedi et dimanche : fermé"
            " · fermé les jours fériés",
        ),
        ("24/7", "tous les jours : toute la journée"),
        (
            "Fr-Sa 18:00-02:00",
            "du lundi au jeudi : fermé · vendredi et samedi : 18 h à 2 h · dimanche : fermé",
        ),
        ("Mo-Su 20:00-24:00", "tous les jours : 20 h à 24 h"),
        (
            "Nov-Feb: Mo-Su 10:00-16:00; Mar-Oct: Mo-Su 08:00-20:00",
            "tous les jours : 10 h à 16 h · cette semaine ; d’autres horaires à d’autres périodes",
        ),
    ],
)
def test_week_when_told_then_days_of_the_same_hours_together(hours: str, words: str) -> None:
    week = week_of(hours, datetime(2026, 11, 11, 12, 0, tzinfo=UTC))  # a holiday
    assert week and week.words.replace("\u00a0", " ") == words
