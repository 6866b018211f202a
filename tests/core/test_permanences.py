"""Permanences: typed as people type, understood, and given back the same."""

from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qpvmap.core.permanences import (
    LAST,
    Closure,
    NotUnderstood,
    Permanence,
    Schedule,
    as_json,
    from_json,
    lines_of,
    read_schedule,
    words_of,
)

NINE, NOON, TWO, FIVE = time(9), time(12), time(14), time(17)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("mardi 14h-17h", [Permanence(1, TWO, FIVE)]),
        ("Mardi : de 14 h à 17 h", [Permanence(1, TWO, FIVE)]),
        ("les lundis et jeudis 9h-12h", [Permanence(0, NINE, NOON), Permanence(3, NINE, NOON)]),
        (
            "lundi 9h-12h et 14h-17h, à l’Espace Prévert",
            [
                Permanence(0, NINE, NOON, place="à l’Espace Prévert"),
                Permanence(0, TWO, FIVE, place="à l’Espace Prévert"),
            ],
        ),
        ("1er jeudi du mois 9:00-12:00", [Permanence(3, NINE, NOON, nth=1)]),
        (
            "1er et 3e jeudi du mois 9h-12h sur rendez-vous, à la mairie",
            [
                Permanence(3, NINE, NOON, 1, None, "à la mairie", True),
                Permanence(3, NINE, NOON, 3, None, "à la mairie", True),
            ],
        ),
        ("dernier vendredi du mois", [Permanence(4, nth=LAST)]),
        ("le 12/12/2026 14h-17h", [Permanence(5, TWO, FIVE, day=date(2026, 12, 12))]),
        ("samedi", [Permanence(5)]),
    ],
)
def test_line_when_typed_then_understood(line: str, expected: list[Permanence]) -> None:
    assert list(read_schedule(line).permanences) == expected


def test_range_of_days_when_typed_then_each_of_them() -> None:
    days = [p.weekday for p in read_schedule("du lundi au vendredi 9h-12h").permanences]
    assert days == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("un jour ou l’autre", "le jour n’est pas compris"),
        ("mardi 17h-14h", "l’heure de fin vient avant"),
        ("mardi 25h-26h", "cette heure n’existe pas"),
        ("le 31/02/2026 9h-12h", "cette date n’existe pas"),
        ("sauf du 31/08/2026 au 14/07/2026", "la fin vient avant le début"),
        ("mardixyz 9h-12h", "le jour n’est pas compris"),
    ],
)
def test_line_when_it_cannot_be_read_then_says_which_and_how(line: str, why: str) -> None:
    with pytest.raises(NotUnderstood) as refused:
        read_schedule(f"lundi 9h-12h\n{line}")
    assert "Ligne 2" in str(refused.value)
    assert why in str(refused.value)
    assert "mardi 14h-17h" in str(refused.value)


def test_open_when_closed_or_on_a_holiday_then_only_what_is_dated() -> None:
    schedule = read_schedule(
        "mercredi 9h-12h\nle 15/07/2026 14h-17h\nsauf du 14/07/2026 au 31/08/2026 : congés"
    )
    assert [p.start for p in schedule.on(date(2026, 7, 8))] == [NINE]
    assert [p.start for p in schedule.on(date(2026, 7, 15))] == [TWO]
    assert schedule.on(date(2026, 7, 22)) == []
    assert schedule.next_day(date(2026, 7, 15)) == date(2026, 9, 2)
    holiday = frozenset({date(2026, 11, 11)})
    assert schedule.on(date(2026, 11, 11), holiday) == []


def test_open_now_when_asked_then_by_the_clock_of_paris() -> None:
    schedule = read_schedule("jeudi 9h-12h")
    assert schedule.at(datetime(2026, 11, 26, 8, 0, tzinfo=UTC))
    assert not schedule.at(datetime(2026, 11, 26, 7, 59, tzinfo=UTC))
    assert not schedule.at(datetime(2026, 11, 26, 11, 0, tzinfo=UTC))


def test_rank_when_the_month_has_five_then_the_last_is_the_fifth() -> None:
    last, fourth = Permanence(0, nth=LAST), Permanence(0, nth=4)
    assert last.falls_on(date(2026, 11, 30))
    assert not last.falls_on(date(2026, 11, 23))
    assert fourth.falls_on(date(2026, 11, 23))


def test_words_when_read_then_in_french_and_without_what_is_over() -> None:
    schedule = read_schedule(
        "1er jeudi du mois 9h-12h30 sur rendez-vous, à la mairie\nle 01/01/2020 9h-10h\n"
        "sauf le 01/05/2027"
    )
    assert words_of(schedule, date(2026, 11, 22)) == [
        "1er jeudi du mois 9h\u00a0–\u00a012h30 sur rendez-vous, à la mairie",
        "Fermé le 1er\u00a0mai 2027",
    ]


hours = st.sampled_from([(NINE, NOON), (TWO, FIVE), (time(8, 30), time(9, 45)), (None, None)])
days = st.dates(date(2020, 1, 1), date(2035, 12, 31))


@st.composite
def permanences(draw: st.DrawFn) -> Permanence:
    start, end = draw(hours)
    place = draw(st.sampled_from(["", "à la mairie", "CSC Jacques-Prévert", "12 rue de l’Égalité"]))
    asked = draw(st.booleans())
    if draw(st.booleans()):
        day = draw(days)
        return Permanence(day.weekday(), start, end, 0, day, place, asked)
    nth = draw(st.sampled_from([0, 1, 2, 3, 4, LAST]))
    return Permanence(draw(st.integers(0, 6)), start, end, nth, None, place, asked)


@given(
    st.lists(permanences(), max_size=6, unique=True),
    st.lists(st.tuples(days, days, st.sampled_from(["", "congés d’été"])), max_size=3),
)
def test_schedule_when_written_out_then_read_the_same(
    held: list[Permanence], closed: list[tuple[date, date, str]]
) -> None:
    closures = dict.fromkeys(Closure(min(a, b), max(a, b), why) for a, b, why in closed)
    schedule = Schedule(tuple(held), tuple(closures))
    assert read_schedule(lines_of(schedule)) == schedule
    assert from_json(as_json(schedule)) == schedule


@pytest.mark.parametrize("typed", ["jour et nuit", "Jour et nuit.", "24h/24", "24 h / 24, 7 j / 7"])
def test_line_when_day_and_night_then_held_on_public_holidays_too(typed: str) -> None:
    schedule = read_schedule(f"{typed}\nsauf le 25/12/2026")
    christmas = datetime(2026, 12, 25, 3, 0, tzinfo=UTC)
    assert schedule.is_known
    assert schedule.at(christmas, {christmas.date()})
    assert from_json(as_json(schedule)) == schedule
    assert lines_of(schedule).startswith("jour et nuit\n")
    assert words_of(schedule, christmas.date())[0] == "Jour et nuit, tous les jours"


def test_hours_when_read_then_with_a_dash_whatever_the_minutes() -> None:
    assert words_of(read_schedule("lundi 9h15-12h et 14h-18h30"), date(2026, 11, 26)) == [
        "Lundi 9h15\u00a0–\u00a012h et 14h\u00a0–\u00a018h30"
    ]
