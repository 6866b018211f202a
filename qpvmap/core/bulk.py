"""What can be done to many signalements at once, and what must be typed with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from qpvmap.core.errors import (
    CommentRequired,
    InvalidSubmission,
    OutcomeRequired,
    PlannedDateRequired,
    WaitingOnRequired,
)
from qpvmap.core.messages import MESSAGE_MAX
from qpvmap.core.replies import hole_fault
from qpvmap.core.workflow import WITHOUT_WORK, Outcome, Request, Status

MOST = 1000
"""Signalements that one action takes at most."""
WAITING_ON_MAX = 200
CHOOSE_TEAM = "Choisissez un service."
CHOOSE_PERSON = "Choisissez une personne."


class BulkAction(StrEnum):
    """What is done to each, as its address calls it."""

    TAKE = "prendre"
    ASSIGN = "confier"
    PLAN = "planifier"
    START = "commencer"
    WAIT = "attendre"
    RESOLVE = "resoudre"
    CLOSE = "clore"
    CLOSE_WITHOUT_WORK = "sans-travaux"
    REASSIGN = "changer-de-service"


MOVES: Mapping[BulkAction, Status] = {
    BulkAction.TAKE: Status.ACKNOWLEDGED,
    BulkAction.PLAN: Status.SCHEDULED,
    BulkAction.START: Status.IN_PROGRESS,
    BulkAction.WAIT: Status.WAITING,
    BulkAction.RESOLVE: Status.RESOLVED,
    BulkAction.CLOSE: Status.CLOSED,
    BulkAction.CLOSE_WITHOUT_WORK: Status.CLOSED,
}
"""The status that an action moves to; the others change who has it."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What is typed once, for all of them.

    `person` is an account's key, in digits; 0 takes it back from whoever has it.
    """

    comment: str = ""
    planned_for: date | None = None
    waiting_on: str = ""
    outcome: Outcome | None = None
    team: str = ""
    person: str = ""

    def request(self, to: Status) -> Request:
        """Return the move that is asked of each."""
        return Request(to, self.comment, self.outcome, self.planned_for, self.waiting_on)


Fault = str
Check = Callable[[Typed, datetime], Fault]


def _comment(typed: Typed, _: datetime) -> Fault:
    return "" if typed.comment.strip() else str(CommentRequired(""))


def _date(typed: Typed, now: datetime) -> Fault:
    given = typed.planned_for
    return "" if given and given >= now.date() else str(PlannedDateRequired())


def _waiting_on(typed: Typed, _: datetime) -> Fault:
    return "" if typed.waiting_on.strip() else str(WaitingOnRequired())


def _outcome(typed: Typed, _: datetime) -> Fault:
    return "" if typed.outcome in WITHOUT_WORK else str(OutcomeRequired(WITHOUT_WORK))


def _team(typed: Typed, _: datetime) -> Fault:
    return "" if typed.team else CHOOSE_TEAM


def _person(typed: Typed, _: datetime) -> Fault:
    return "" if typed.person.isdecimal() and len(typed.person) <= 18 else CHOOSE_PERSON


NEEDS: Mapping[BulkAction, Mapping[str, Check]] = {
    BulkAction.TAKE: {},
    BulkAction.ASSIGN: {"person": _person},
    BulkAction.PLAN: {"planned_for": _date},
    BulkAction.START: {},
    BulkAction.WAIT: {"waiting_on": _waiting_on, "comment": _comment},
    BulkAction.RESOLVE: {"comment": _comment},
    BulkAction.CLOSE: {},
    BulkAction.CLOSE_WITHOUT_WORK: {"outcome": _outcome, "comment": _comment},
    BulkAction.REASSIGN: {"team": _team, "comment": _comment},
}
"""What must be typed with each action, field by field."""

LENGTHS: Mapping[str, int] = {"comment": MESSAGE_MAX, "waiting_on": WAITING_ON_MAX}


def check_typed(action: BulkAction, typed: Typed, now: datetime) -> None:
    """Do nothing when everything that `action` needs was typed.

    Raises
    ------
    InvalidSubmission
        Otherwise, with one sentence for each field at fault: said once, not once per item.
    """
    faults = {
        name: f"Texte trop long : {most} caractères au plus."
        for name, most in LENGTHS.items()
        if len(getattr(typed, name)) > most
    }
    for name, check in NEEDS[action].items():
        fault = check(typed, now)
        if fault:
            faults[name] = fault
    if unfinished := hole_fault(typed.comment):
        faults.setdefault("comment", unfinished)
    if faults:
        raise InvalidSubmission(faults)
