"""Phone numbers, e-mails and plates are found however they are written; little else is."""

import re
import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from qpvmap.core.privacy import MASKED, PLAIN_WORDS, HintKind, masked, personal_hints, shown

GAPS = ("", " ", ".", "-", "\u00a0", "\u202f")
LETTERS = st.sampled_from("ABCDEFGHJKLMNPQRSTVWXYZ")
BEFORE = st.sampled_from(("", "Appelez le ", "Voiture grise, ", "(", "tél. : "))
AFTER = st.sampled_from(("", ".", ", merci", ")", " svp", "\n"))


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text(string.digits, min_size=count, max_size=count)


def found(text: str) -> set[tuple[HintKind, str]]:
    return {(hint.kind, hint.excerpt) for hint in personal_hints(text)}


@given(
    BEFORE,
    st.sampled_from("123456789"),
    st.lists(digits(2), min_size=4, max_size=4),
    st.sampled_from(GAPS),
    AFTER,
)
def test_hints_when_a_french_number_is_in_the_text_then_found(
    before: str, second: str, pairs: list[str], gap: str, after: str
) -> None:
    number = gap.join((f"0{second}", *pairs))
    assert HintKind.PHONE in {kind for kind, _ in found(before + number + after)}


@given(BEFORE, st.sampled_from(("+33", "0033", "+33 (0)", "+212")), digits(8), AFTER)
def test_hints_when_an_international_number_is_in_the_text_then_found(
    before: str, country: str, rest: str, after: str
) -> None:
    assert HintKind.PHONE in {kind for kind, _ in found(f"{before}{country} 6{rest}{after}")}


@given(
    BEFORE,
    st.from_regex(r"[a-z][a-z0-9._+-]{0,20}[a-z0-9]", fullmatch=True),
    st.sampled_from(("@", " (at) ", " arobase ", "[at]")),
    st.from_regex(r"[a-z][a-z0-9-]{0,15}[a-z0-9]\.(fr|com|org)", fullmatch=True),
    AFTER,
)
def test_hints_when_an_address_is_in_the_text_then_found(
    before: str, name: str, at: str, domain: str, after: str
) -> None:
    assert HintKind.EMAIL in {kind for kind, _ in found(before + name + at + domain + after)}


@given(
    BEFORE,
    st.text(LETTERS, min_size=2, max_size=2),
    digits(3),
    st.text(LETTERS, min_size=2, max_size=2),
    st.sampled_from(("", "-")),
    st.booleans(),
    AFTER,
)
def test_hints_when_a_plate_is_in_the_text_then_found_in_either_case(
    before: str, left: str, middle: str, right: str, gap: str, small: bool, after: str
) -> None:
    assume(not {left, right} & PLAIN_WORDS)  # in capitals these are words and units
    plate = gap.join((left, middle, right))
    text = before + (plate.lower() if small else plate) + after
    assert HintKind.PLATE in {kind for kind, _ in found(text)}


@pytest.mark.parametrize("plate", ["123 ABC 92", "1234-AB-75", "456XY2A", "12 TT 971"])
def test_hints_when_a_plate_is_of_before_2009_then_found(plate: str) -> None:
    assert found(f"Une épave, {plate}, devant le 12") == {(HintKind.PLATE, plate)}


@pytest.mark.parametrize(
    "text",
    [
        "Voir BL-2026-0421 et BL-2025-12345.",
        "Depuis le 06.07.2026 10h30, ou le 01/02/2024 à 10:30.",
        "Réparé le 12/11/2026, revenu le 15 11 2026.",
        "12 rue des Blagis, 92330 Sceaux, entre le 06 et le 10.",
        "Devis de 3 500 000 €, soit 06 500 euros ; TVA 20,6 %.",
        "Position 48.78411, 2.30302 ; à 12 m près.",
        "RD 920, en face du 106 BIS RUE HOUDAN",
        "LE 100 ML ET LA 106 EN PANNE, LES 12 ET 14, 25 DEC 25",
        "de 100 ml environ, 200 kg de gravats, le 112 est prévenu",
        "Quartier QN09233M, IRIS 920070101, SIRET 123 456 789 00012",
        "Bâtiment C, hall 3, 4e étage ; lampadaire n° 0612.",
        "Bus 197, 188 et 388 ; à 8 h 30 @ la gare.",
    ],
)
def test_hints_when_it_is_a_date_a_price_an_address_or_a_reference_then_none(text: str) -> None:
    assert personal_hints(text) == []


@given(st.text(st.characters(exclude_characters=string.digits + "@([")))
def test_hints_when_there_is_no_digit_nor_at_then_none(text: str) -> None:
    assert re.search(r"\sarobase\s", text) or personal_hints(text) == []


@given(st.text(max_size=2000))
def test_hints_when_any_text_then_each_excerpt_is_in_it_and_said_once(text: str) -> None:
    excerpts = [hint.excerpt for hint in personal_hints(text)]
    assert all(excerpt in text for excerpt in excerpts)
    assert len(set(excerpts)) == len(excerpts)


@pytest.mark.parametrize("text", ["a" * 2000, "a." * 1000, "06 " * 700, "-1" * 1000, "a-@" * 600])
def test_hints_when_the_text_is_made_to_be_slow_then_it_is_not(text: str) -> None:
    assert isinstance(personal_hints(text), list)


def test_shown_when_hidden_then_only_to_who_may_read() -> None:
    assert shown("06…", hidden=True, may_read=False) == "[Texte en cours de vérification]"
    assert shown("06…", hidden=True, may_read=True) == shown("06…", hidden=False, may_read=False)
    assert shown("", hidden=True, may_read=False) == ""


def test_masked_replaces_what_looks_personal_and_nothing_else() -> None:
    text = "Voiture AB-123-CD devant le 12, appelez le 06 12 34 56 78 ou lea@exemple.fr."
    assert masked(text) == f"Voiture {MASKED} devant le 12, appelez le {MASKED} ou {MASKED}."
    assert (
        masked("Un trou de 30 cm, 2 allée des Tilleuls") == "Un trou de 30 cm, 2 allée des Tilleuls"
    )
