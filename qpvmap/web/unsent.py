"""What could not be sent about a signalement, to whom, in words that name nobody."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from qpvmap.core.notices import Channel, PersonKind
from qpvmap.core.privacy import masked
from qpvmap.core.telling import Letter
from qpvmap.storage.models import Notice
from qpvmap.usecases.alerts import FOLLOWED_MOVE

CHANNELS: Mapping[Channel, str] = {Channel.MAIL: "Le courriel", Channel.PUSH: "La notification"}
PARTS: Mapping[Channel, str] = {Channel.MAIL: "parti", Channel.PUSH: "partie"}

REPORTER = "à la personne qui a signalé"
TO_WHOM: Mapping[PersonKind, str] = {
    PersonKind.CONTACT: REPORTER,
    PersonKind.ACCOUNT: "à une personne du service",
    PersonKind.TEAM: "à l’adresse du service",
    PersonKind.SUBSCRIBER: "à une personne qui suit ce signalement",
}
"""By kind of person; an account is told as who reported, or as one of a team."""


@dataclass(frozen=True, slots=True)
class Unsent:
    """What did not reach one kind of person: how often, whether it is sure, why the last time."""

    what: str
    to_whom: str
    left: str
    how_many: int
    in_doubt: bool
    error: str


def unsent_words(notices: Iterable[Notice]) -> list[Unsent]:
    """Return the failed sendings by kind of person and channel, the last first.

    A mail server's answer may repeat an address: it is masked.
    """
    groups: dict[tuple[Channel, str], list[Notice]] = {}
    for notice in notices:
        groups.setdefault((Channel(notice.channel), to_whom(notice)), []).append(notice)
    return [
        Unsent(
            CHANNELS[channel], whom, PARTS[channel], len(failed), failed[0].in_doubt,
            masked(failed[0].error),
        )
        for (channel, whom), failed in groups.items()
    ]  # fmt: skip


def to_whom(notice: Notice) -> str:
    """Return who was to be told, as a kind of person: never a name nor an address."""
    if notice.account_id is not None and notice.kind in tuple(Letter):
        return REPORTER
    if notice.kind == FOLLOWED_MOVE:  # a browser that follows is an account's
        return TO_WHOM[PersonKind.SUBSCRIBER]
    return TO_WHOM[kind_of(notice)]


def kind_of(notice: Notice) -> PersonKind:
    """Return which kind of person a notice is for: there is one, always."""
    return next(kind for kind in PersonKind if getattr(notice, f"{kind}_id") is not None)
