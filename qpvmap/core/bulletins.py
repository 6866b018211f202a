"""A message to a team or a subscriber, before it becomes text and HTML: lines, and where they lead.

Addresses are paths of the site; whoever renders it puts the site's own name before them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from qpvmap.core.french import NBSP, plural

CONFIDENTIAL = "Signalement confidentiel"
INBOX = "/corbeille"


@dataclass(frozen=True, slots=True)
class Line:
    """One signalement: what it is, how it stands, its page."""

    title: str
    detail: str
    href: str


@dataclass(frozen=True, slots=True)
class Group:
    """Lines under a heading that says how many there are in all."""

    title: str
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Link:
    """A sentence that leads somewhere."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class Bulletin:
    """A whole message. `why` says why one gets it; `stop_href` is how to get no more of it."""

    subject: str
    opening: str
    groups: Sequence[Group]
    why: str
    more: Link | None = None
    notes: Sequence[str] = ()
    action: Link | None = None
    stop: Link | None = None


def page_of(reference: str) -> str:
    """Return the address of a signalement's page."""
    return f"/signalements/{reference}"


def joined(*parts: str) -> str:
    """Return what is not empty, in one line."""
    return ", ".join(part for part in parts if part)


def others(count: int, href: str) -> Link | None:
    """Return the link to what has no line of its own; None when all has one."""
    return Link(f"et {plural(count, 'autre')}", href) if count > 0 else None


def confidential_note(count: int) -> tuple[str, ...]:
    """Return how many are confidential, and nothing else of them; nothing for none."""
    if not count:
        return ()
    what = plural(count, "signalement confidentiel", "signalements confidentiels")
    verb, whose = ("est", "son") if count == 1 else ("sont", "leur")
    return (f"{what} {verb} à lire dans la corbeille{NBSP}: {whose} contenu ne s’envoie pas.",)
