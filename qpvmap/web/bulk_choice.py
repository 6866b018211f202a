"""Which signalements an action bears on: those ticked, or all that the filters keep."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from qpvmap.core.actors import Actor
from qpvmap.core.bulk import MOST, Typed
from qpvmap.core.errors import InvalidSubmission
from qpvmap.core.inbox import InboxFilters
from qpvmap.core.workflow import Outcome
from qpvmap.storage.bulk import matches
from qpvmap.usecases.bulk import Item
from qpvmap.web.fresh import read_instant

NEVER_READ = 0
"""No version is this one: what changed since the list was read is refused, not moved unseen."""
UNREADABLE_DATE = "Date illisible\u00a0: donnez le jour, le mois et l’année."


@dataclass(frozen=True, slots=True)
class Choice:
    """The items chosen, and whether more matched than one action takes."""

    items: tuple[Item, ...]
    cut: bool = False

    @property
    def references(self) -> list[str]:
        """The references, in the order of the list."""
        return [item.reference for item in self.items]


def read_choice(
    session: Session,
    actor: Actor,
    form: MultiDict[str, str],
    filters: InboxFilters,
    now: datetime,
) -> Choice:
    """Return what was chosen, each with the version that the reader saw."""
    ticked = {
        item.reference: item.version
        for item in (read_item(text) for text in form.getlist("choix"))
        if item
    }
    if form.get("tous") != "1":
        return Choice(tuple(Item(*pair) for pair in ticked.items()))
    read_at = read_instant(form.get("lu", ""), now)
    found = [
        match
        for match in matches(session, actor, filters, now, MOST + 1)
        if match.created_at <= read_at
    ]
    items = [
        Item(
            match.reference,
            ticked.get(
                match.reference, match.version if match.updated_at <= read_at else NEVER_READ
            ),
        )
        for match in found[:MOST]
    ]
    return Choice(tuple(items), cut=len(found) > MOST)


def read_item(text: str) -> Item | None:
    """Return the item written `BL-2026-0412~3`, or None when it is anything else."""
    reference, _, version = text.rpartition("~")
    if not reference or not version.isdecimal() or len(version) > 9:
        return None
    return Item(reference, int(version))


def read_typed(form: MultiDict[str, str]) -> Typed:
    """Return what was typed for all of them.

    Raises
    ------
    InvalidSubmission
        If the date cannot be read.
    """
    return Typed(
        comment=form.get("comment", "").strip(),
        planned_for=_date(form.get("planned_for", "")),
        waiting_on=form.get("waiting_on", "").strip(),
        outcome=_outcome(form.get("outcome", "")),
        team=form.get("team", ""),
        person=form.get("person", ""),
    )


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidSubmission({"planned_for": UNREADABLE_DATE}) from None


def _outcome(text: str) -> Outcome | None:
    try:
        return Outcome(text) if text else None
    except ValueError:
        return None
