"""What could not be sent: to whom it was, in words that name nobody."""

from datetime import UTC, datetime
from typing import Any

import pytest

from qpvmap.core.notices import Channel
from qpvmap.core.telling import Letter
from qpvmap.storage.models import Notice
from qpvmap.usecases.alerts import FOLLOWED_MOVE
from qpvmap.usecases.emergencies import EMERGENCY
from qpvmap.web.unsent import to_whom, unsent_words

ADDRESS = "lea.martin@example.org"


def failed(kind: str = Letter.TAKEN, channel: Channel = Channel.MAIL, **person: Any) -> Notice:
    return Notice(
        kind=kind, channel=channel, address=ADDRESS, in_doubt=False,
        error=f"550 <{ADDRESS}> unknown", created_at=datetime.now(UTC), **person,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("notice", "said"),
    [
        (failed(contact_id=1), "à la personne qui a signalé"),
        (failed(account_id=1), "à la personne qui a signalé"),
        (failed(EMERGENCY, team_id=1), "à l’adresse du service"),
        (failed(EMERGENCY, account_id=1), "à une personne du service"),
        (failed(FOLLOWED_MOVE, subscriber_id=1), "à une personne qui suit ce signalement"),
        (
            failed(FOLLOWED_MOVE, Channel.PUSH, account_id=1),
            "à une personne qui suit ce signalement",
        ),
    ],
)
def test_whom_says_a_kind_of_person(notice: Notice, said: str) -> None:
    assert to_whom(notice) == said


def test_words_when_several_failed_then_one_note_for_each_kind_of_person_and_no_address() -> None:
    notices = [
        failed(contact_id=1), failed(contact_id=2), failed(EMERGENCY, team_id=1),
        failed(EMERGENCY, Channel.PUSH, account_id=3),
    ]  # fmt: skip
    words = unsent_words(notices)
    assert [(one.what, one.how_many, one.left) for one in words] == [
        ("Le courriel", 2, "parti"),
        ("Le courriel", 1, "parti"),
        ("La notification", 1, "partie"),
    ]
    assert ADDRESS not in str(words)
