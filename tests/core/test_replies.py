"""Ready-made answers: variables, what is refused, what is left to complete."""

import pytest

from qpvmap.core.errors import InvalidSubmission
from qpvmap.core.replies import (
    CLOSINGS,
    EXAMPLE,
    OCCASION_LABELS,
    TEXT_MAX,
    TITLE_MAX,
    VARIABLES,
    WITHOUT_WORK_DONE,
    Occasion,
    ReplyDraft,
    faults_of,
    fill,
    hole,
    occasions_of_answer,
    require_complete,
)
from qpvmap.core.workflow import WITHOUT_WORK, Outcome, Status


def draft(
    text: str = "Bonjour, {lieu}.", occasion: str = Occasion.DONE, title: str = "Un titre"
) -> ReplyDraft:
    return ReplyDraft(occasion, title, text)


def test_every_occasion_has_its_words_and_every_outcome_its_occasion() -> None:
    assert set(OCCASION_LABELS) == set(Occasion)
    assert {str(one) for one in CLOSINGS} == {str(one) for one in WITHOUT_WORK}
    assert all(str(outcome) in set(Occasion) for outcome in Outcome)


def test_draft_when_it_makes_sense_then_nothing_is_wrong() -> None:
    text = " ".join(f"{{{name}}}" for name in VARIABLES)
    assert faults_of(draft(text)) == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Écrivez la réponse"),
        ("   ", "Écrivez la réponse"),
        ("a" * (TEXT_MAX + 1), "trop long"),
        ("À {lieux}.", "Vouliez-vous {lieu}"),
        ("Le {date prevue}.", "Vouliez-vous {date_prevue}"),
        ("Le {Lieu}.", "Vouliez-vous {lieu}"),
        ("Bonjour {nom_de_la_personne}.", "Variables possibles\u00a0: {reference}"),
        ("Bonjour {}.", "La variable {} n’existe pas"),
        ("À {lieu.", "Une accolade est seule"),
        ("À lieu}.", "Une accolade est seule"),
        ("À {{lieu}}.", "Une accolade est seule"),
    ],
)
def test_text_when_it_makes_no_sense_then_it_is_said(text: str, words: str) -> None:
    assert words in faults_of(draft(text))["text"]


@pytest.mark.parametrize("title", ["", "  ", "a" * (TITLE_MAX + 1)])
def test_title_when_empty_or_too_long_then_refused(title: str) -> None:
    assert set(faults_of(draft(title=title))) == {"title"}


def test_occasion_when_unknown_then_refused() -> None:
    assert set(faults_of(draft(occasion="noël"))) == {"occasion"}


@pytest.mark.parametrize("occasion", sorted(WITHOUT_WORK_DONE))
@pytest.mark.parametrize("text", ["C’est réglé.", "REGLEE hier", "Problème résolu.", "résolues"])
def test_closing_without_work_when_it_says_settled_then_refused(
    occasion: Occasion, text: str
) -> None:
    assert "Rien n’a été réparé" in faults_of(draft(text, occasion))["text"]
    assert faults_of(draft(text, Occasion.DONE)) == {}


def test_closing_without_work_when_it_speaks_of_a_rule_then_taken() -> None:
    assert faults_of(draft("Le règlement le dit.", Occasion.NO_ACTION)) == {}


def test_fill_when_something_is_not_known_then_a_hole_that_is_not_sent() -> None:
    text = fill("À {lieu}, le {date_prevue}\u00a0: {motif}.", {"lieu": "Sceaux", "date_prevue": ""})
    assert text == f"À Sceaux, le {hole('date_prevue')}\u00a0: {hole('motif')}."
    with pytest.raises(InvalidSubmission) as refused:
        require_complete(text, "comment")
    assert refused.value.fields["comment"].endswith("[à compléter\u00a0: date prévue].")
    require_complete("À Sceaux [voir plan], rien à compléter.", "comment")


def test_fill_when_the_page_goes_on_filling_then_the_variable_stays() -> None:
    assert fill("Le {date_prevue} à {lieu}", EXAMPLE, frozenset({"date_prevue"})) == (
        "Le {date_prevue} à 3 allée des Ormes"
    )


def test_fill_when_a_value_looks_like_a_variable_then_it_stays_as_it_was_typed() -> None:
    assert fill("{lieu}", {"lieu": "3 {motif}"}) == "3 {motif}"


@pytest.mark.parametrize(
    ("status", "outcome", "first"),
    [
        (Status.NEW, None, Occasion.QUESTION),
        (Status.WAITING, None, Occasion.QUESTION),
        (Status.CLOSED, Outcome.NOT_FOUND, Occasion.NOT_FOUND),
        (Status.CLOSED, Outcome.DONE, Occasion.QUESTION),
    ],
)
def test_answer_when_closed_without_work_then_never_offered_as_done(
    status: Status, outcome: Outcome | None, first: Occasion
) -> None:
    offered = occasions_of_answer(status, outcome)
    assert offered[0] is first
    assert (Occasion.DONE in offered) == (outcome is Outcome.DONE)
