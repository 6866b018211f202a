"""The ready-made answers for many at once: those that fit them all, filled with what they share."""

from collections.abc import Mapping, Sequence
from dataclasses import fields

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.bulk import MOVES, NEEDS, BulkAction, Typed
from qpvmap.core.replies import DEEDS, Occasion, fill
from qpvmap.core.workflow import Need
from qpvmap.storage.bulk import Sheet
from qpvmap.storage.replies import replies_for, shared_by
from qpvmap.web.filters import long_day
from qpvmap.web.signalement_replies import Facts, Shelf, occasions_of_move, shelf_of, values_of

FORM = "lot"
"""The name of the form that asks what is typed for all of them."""

NEED_OF: Mapping[str, Need] = {
    "planned_for": Need.PLANNED_DATE,
    "waiting_on": Need.WAITING_ON,
    "outcome": Need.OUTCOME,
}
"""What of a move each field of the form is."""


def occasions_of(action: BulkAction) -> tuple[Occasion, ...]:
    """Return what is answered with an action on many."""
    if action is BulkAction.REASSIGN:
        return DEEDS["reaffecter"]
    return occasions_of_move(MOVES[action], needs_of(action)) if action in MOVES else ()


def needs_of(action: BulkAction) -> frozenset[Need]:
    """Return what must come with the move of an action."""
    return frozenset(need for name, need in NEED_OF.items() if name in NEEDS[action])


def shelves(
    session: Session, actor: Actor, action: BulkAction, chosen: Sequence[Sheet]
) -> dict[str, Shelf]:
    """Return what the form of an action offers, by its name; nothing when no answer fits all."""
    shared = shared_by(session, actor, [sheet.reference for sheet in chosen])
    if shared is None:
        return {}
    replies = replies_for(session, shared)
    shelf = shelf_of(replies, shared_values(chosen), occasions_of(action), needs_of(action))
    return {FORM: shelf} if shelf.groups else {}


def shared_values(chosen: Sequence[Sheet]) -> dict[str, str]:
    """Return the value of each variable that is the same for all; empty for the others."""
    first, *others = [values_of(facts_of(sheet)) for sheet in chosen]
    return {
        name: value if all(other[name] == value for other in others) else ""
        for name, value in first.items()
    }


def facts_of(sheet: Sheet) -> Facts:
    """Return what the variables say of one of them."""
    return Facts(**{field.name: getattr(sheet, field.name) for field in fields(Facts)})


def put_in(shelf: Shelf, reply_id: int | None, typed: Typed) -> dict[str, str]:
    """Return the fields of the form that an answer fills, for those without a script."""
    chosen = shelf.find(reply_id)
    if chosen is None:
        return {}
    values = {
        "date_prevue": long_day(typed.planned_for) if typed.planned_for else "",
        "attendu": typed.waiting_on,
    }
    filled = {"comment": fill(chosen.text, values), "outcome": chosen.outcome}
    return {name: value for name, value in filled.items() if value}
