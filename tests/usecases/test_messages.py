"""Answers, notes and messages: said, kept, and nothing else changes."""

import pytest
from sqlalchemy.orm import Session

from qpvmap.core.actors import ANONYMOUS, Actor, Role
from qpvmap.core.errors import InvalidSubmission, NotAllowed, NotFound
from qpvmap.core.messages import MESSAGE_MAX
from qpvmap.storage.signalements import history
from qpvmap.usecases.messages import answer, message, note
from tests.factories import NOW, Toy, make_actor, make_signalement, make_territory


@pytest.fixture
def toy(session: Session) -> Toy:
    return make_territory(session)


@pytest.fixture
def agent(session: Session, toy: Toy) -> Actor:
    return make_actor(session, toy, Role.AGENT, "technique-ouest")


def test_an_answer_and_a_message_are_read_by_all_and_a_note_by_those_who_handle(
    session: Session, toy: Toy, agent: Actor
) -> None:
    reporter = make_actor(session, toy, Role.RESIDENT)
    row = make_signalement(session, toy, reporter_id=reporter.account_id)
    answer(session, agent, row.reference, " Nous passons jeudi. ", NOW)
    note(session, agent, row.reference, "Prévoir deux personnes.", NOW)
    message(session, reporter, row.reference, "Merci.", NOW)
    seen = history(session, row.id)
    assert [(line.kind, line.comment) for line in seen[1:]] == [
        ("answer", "Nous passons jeudi."),
        ("message", "Merci."),
    ]
    inside = history(session, row.id, internal=True)
    assert [line.sequence for line in inside] == [1, 2, 3, 4]
    assert (inside[2].kind, inside[2].internal) == ("note", True)
    assert {line.version for line in inside} == {1} == {row.version}
    assert inside[1].organisation_name == "Organisme technique-ouest"


@pytest.mark.parametrize("text", ["", " \n ", "x" * (MESSAGE_MAX + 1)])
def test_an_empty_or_endless_message_is_refused(
    session: Session, toy: Toy, agent: Actor, text: str
) -> None:
    row = make_signalement(session, toy)
    for say in (answer, note):
        with pytest.raises(InvalidSubmission):
            say(session, agent, row.reference, text, NOW)
    assert len(history(session, row.id, internal=True)) == 1


def test_each_says_only_what_is_theirs_to_say(session: Session, toy: Toy, agent: Actor) -> None:
    reporter = make_actor(session, toy, Role.RESIDENT)
    stranger = make_actor(session, toy, Role.RESIDENT)
    row = make_signalement(session, toy, reporter_id=reporter.account_id)
    for say, actor in (
        (answer, reporter), (note, reporter), (answer, ANONYMOUS), (note, stranger),
        (message, stranger), (message, ANONYMOUS), (message, agent),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            say(session, actor, row.reference, "Bonjour.", NOW)


def test_what_one_may_not_see_cannot_be_written_to(
    session: Session, toy: Toy, agent: Actor
) -> None:
    row = make_signalement(session, toy, category="rixe", team="police")
    for say in (answer, note, message):
        with pytest.raises(NotFound):
            say(session, agent, row.reference, "Bonjour.", NOW)
