"""The ready-made answers that each form of a signalement's page offers, filled for it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from qpvmap.core.places import Location, typed_address
from qpvmap.core.replies import (
    CLOSINGS,
    DEEDS,
    MOVES,
    OCCASION_LABELS,
    Occasion,
    fill,
    occasions_of_answer,
)
from qpvmap.core.workflow import Need, Outcome, Status
from qpvmap.storage.models import Signalement
from qpvmap.storage.replies import Reply, replies_for
from qpvmap.web.filters import long_day, request_now

LIVE: Mapping[Need, tuple[str, str]] = {
    Need.PLANNED_DATE: ("date_prevue", "planned_for"),
    Need.WAITING_ON: ("attendu", "waiting_on"),
}
"""What the fields beside a text fill in it, as they are typed: variable, and name of the field."""

NO_REPLIES: Mapping[str, Any] = {"ready": {}, "prefill": {}, "prefill_outcome": ""}

Terms = tuple[Status, frozenset[Need]]
"""A move that the page offers, and what must come with it."""


@dataclass(frozen=True, slots=True)
class Ready:
    """An answer as a form offers it; `outcome` is what it goes with, when the form asks for one."""

    id: int
    title: str
    text: str
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Shelf:
    """What one form offers: answers by occasion, and the fields that go on filling them."""

    groups: tuple[tuple[str, tuple[Ready, ...]], ...]
    live: Mapping[str, str]

    def find(self, reply_id: int | None) -> Ready | None:
        """Return the answer of this key, if the form offers it."""
        return next((one for _, group in self.groups for one in group if one.id == reply_id), None)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the variables are filled with."""

    reference: str
    category: str
    address: str
    commune: str
    team: str
    organisation: str
    created_at: datetime
    due_at: datetime
    planned_for: date | None
    waiting_on: str


def facts_of(signalement: Signalement, location: Location) -> Facts:
    """Return what the variables say of a signalement."""
    return Facts(
        reference=signalement.reference,
        category=signalement.category.name,
        address=signalement.address,
        commune=(location.commune.name if location.commune else "") or signalement.insee_code,
        team=signalement.team.name,
        organisation=signalement.team.organisation.name,
        created_at=signalement.created_at,
        due_at=signalement.due_at,
        planned_for=signalement.planned_for,
        waiting_on=signalement.waiting_on,
    )


def values_of(facts: Facts) -> dict[str, str]:
    """Return the value of each variable; empty is not known."""
    return {
        "reference": facts.reference,
        "categorie": facts.category,
        "lieu": typed_address(facts.address) or f"à {facts.commune}",
        "commune": facts.commune,
        "service": facts.team,
        "organisme": facts.organisation,
        "date_signalement": long_day(facts.created_at),
        "echeance": long_day(facts.due_at),
        "date_prevue": long_day(facts.planned_for) if facts.planned_for else "",
        "attendu": facts.waiting_on,
        "date_du_jour": long_day(request_now()),
        "motif": "",
    }


def shelves(
    session: Session, signalement: Signalement, location: Location, moves: Iterable[Terms]
) -> dict[str, Shelf]:
    """Return what each form of the page offers, by its name; nothing for those without any."""
    replies = replies_for(session, signalement)
    values = values_of(facts_of(signalement, location))
    status = Status(signalement.status)
    outcome = Outcome(signalement.outcome) if signalement.outcome else None
    wanted: dict[str, tuple[tuple[Occasion, ...], frozenset[Need]]] = {
        "repondre": (occasions_of_answer(status, outcome), frozenset()),
        **{name: (occasions, frozenset()) for name, occasions in DEEDS.items()},
        **{str(to): (occasions_of_move(to, needs), needs) for to, needs in moves},
    }
    made = {
        name: shelf_of(replies, values, occasions, needs)
        for name, (occasions, needs) in wanted.items()
    }
    return {name: shelf for name, shelf in made.items() if shelf.groups}


def occasions_of_move(to: Status, needs: frozenset[Need]) -> tuple[Occasion, ...]:
    """Return what is answered with a move."""
    if Need.OUTCOME in needs:
        return CLOSINGS
    return (MOVES[to],) if to in MOVES else ()


def shelf_of(
    replies: Iterable[Reply],
    values: Mapping[str, str],
    occasions: tuple[Occasion, ...],
    needs: frozenset[Need],
) -> Shelf:
    """Return what one form offers of these answers, filled; its own fields go on filling them."""
    live = dict(field for need, field in LIVE.items() if need in needs)
    by_outcome = Need.OUTCOME in needs
    groups = (
        (
            OCCASION_LABELS[occasion],
            tuple(
                Ready(
                    one.id,
                    one.title,
                    fill(one.text, values, frozenset(live)),
                    str(occasion) if by_outcome else "",
                )
                for one in replies
                if one.occasion is occasion
            ),
        )
        for occasion in occasions
    )
    return Shelf(tuple(group for group in groups if group[1]), live)


def replies_on_page(
    session: Session, signalement: Signalement, location: Location, moves: Iterable[Terms]
) -> dict[str, Any]:
    """Return the answers that each form offers, and the one that the address asks to put in."""
    offered = shelves(session, signalement, location, moves)
    asked = request.args.get("dans", "")
    chosen = (
        offered[asked].find(request.args.get("reponse", type=int)) if asked in offered else None
    )
    values = values_of(facts_of(signalement, location))
    return {
        "ready": offered,
        "prefill": {asked: fill(chosen.text, values)} if chosen else {},
        "prefill_outcome": chosen.outcome if chosen else "",
    }
