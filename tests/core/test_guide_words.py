"""Words of the guide: slips of the pen, languages, why an offer answers."""

import pytest

from qpvmap.core.guide_words import (
    Reason,
    languages_in,
    likeliest,
    reasons,
    slips_between,
    wanted_words,
)

GROUPS = [["garde d’enfant", "crèche", "nounou"], ["dette", "facture"]]


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [("creche", "creche", 0), ("crehce", "creche", 1), ("crche", "creche", 1), ("", "abc", 3)],
)
def test_slips_when_letters_miss_or_change_places_then_counted(
    one: str, other: str, count: int
) -> None:
    assert slips_between(one, other) == count


@pytest.mark.parametrize(
    ("typed", "known", "meant"),
    [
        ("crehce", ["crechee", "creche"], "creche"),
        ("rceche", ["creche"], "creche"),
        ("aprentisage", ["apprentissage"], "apprentissage"),
        ("stge", ["stage"], "stage"),
        ("comprendre", ["apprendre"], ""),
        ("refaire", ["faire"], ""),
        ("bus", ["but"], ""),
        ("hippopotame", [], ""),
    ],
)
def test_word_when_mistyped_then_the_likeliest_and_else_none(
    typed: str, known: list[str], meant: str
) -> None:
    assert likeliest(typed, known) == meant


def test_languages_when_written_in_a_row_then_each_is_a_choice() -> None:
    assert languages_in("français, arabe et langue des signes") == [
        "Français",
        "Arabe",
        "Langue des signes",
    ]
    assert languages_in("") == []


def test_reasons_when_said_or_meant_then_told_and_else_nothing() -> None:
    told = "accueil des tout petits creche"
    assert reasons(["creche"], told, GROUPS) == [Reason("creche")]
    assert reasons(["nounou", "facture"], told, GROUPS) == [Reason("nounou", "crèche")]
    assert reasons(["accueils"], told, GROUPS) == [Reason("accueils")]


def test_words_when_all_are_of_any_question_then_they_are_kept() -> None:
    assert wanted_words("je cherche une aide") == ["je", "cherche", "une", "aide"]
    assert wanted_words("Bonjour, je cherche une crèche") == ["creche"]
