"""What is sent to people about what happens: by which channel, where it stands, under which key.

A key is event x person x channel: what already has a row under its key is never sent again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Channel(StrEnum):
    """How somebody is reached."""

    MAIL = "mail"
    PUSH = "push"


class Sending(StrEnum):
    """Where a notice stands.

    `SENDING` means that nobody got it yet: it may be sent again. `HANDING` means that the last
    byte may have left: nothing but a person may decide to send it again.
    """

    WAITING = "waiting"
    SENDING = "sending"
    HANDING = "handing"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"


class PersonKind(StrEnum):
    """Which table a recipient is a row of."""

    ACCOUNT = "account"
    CONTACT = "contact"
    TEAM = "team"
    SUBSCRIBER = "subscriber"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who is told, and where: an e-mail address, or the id of a push endpoint."""

    kind: PersonKind
    id: int
    address: str


@dataclass(frozen=True, slots=True)
class NewNotice:
    """A notice to be posted. `source` is what it tells of: `event:123`, `digest:2026-11-25T08`.

    `signalement_id` is the report as its recipient knows it (their own, when it was merged into
    another). `payload` holds ids and dates alone: people's words are read from their rows when it
    is sent, as far as they may then be told.
    """

    source: str
    kind: str
    territory_id: int
    recipient: Recipient
    channel: Channel = Channel.MAIL
    signalement_id: int | None = None
    event_id: int | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What makes a second one impossible: `event:123:mail:contact:5`."""
        return notice_key(self.source, self.channel, self.recipient)


def event_source(event_id: int) -> str:
    """Return what a notice of a line of a journal tells of."""
    return f"event:{event_id}"


def notice_key(source: str, channel: Channel, recipient: Recipient) -> str:
    """Return the key of a notice; a person has one address by mail, and as many push endpoints."""
    key = f"{source}:{channel}:{recipient.kind}:{recipient.id}"
    return f"{key}:{recipient.address}" if channel is Channel.PUSH else key
