"""A round: a walk of one day through reports that a team handles, and what is said at each stop."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from qpvmap.core.workflow import Outcome, Status

MAX_STOPS = 60
TITLE_MAX = 120
DEPOT_LABEL_MAX = 200
NBSP = "\u00a0"


class RoundStatus(StrEnum):
    """Where a round stands."""

    DRAFT = "draft"
    UNDER_WAY = "under_way"
    DONE = "done"


class StopState(StrEnum):
    """What came of a stop."""

    TODO = "todo"
    DONE = "done"
    BLOCKED = "blocked"
    POSTPONED = "postponed"


ROUND_LABELS: Mapping[RoundStatus, str] = {
    RoundStatus.DRAFT: "À préparer",
    RoundStatus.UNDER_WAY: "En cours",
    RoundStatus.DONE: "Terminée",
}

STOP_LABELS: Mapping[StopState, str] = {
    StopState.TODO: "À faire",
    StopState.DONE: "Fait",
    StopState.BLOCKED: "Pas possible",
    StopState.POSTPONED: "Reporté",
}

DONE_TEXT = "C’est fait : nous sommes passés et le problème est réglé."
"""What the person who reported reads, unless who did it writes something else."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a stop could not be done, and what becomes of its report.

    `to` is the status it goes to; None leaves it where it stands. `not_ours` hands it on.
    """

    label: str
    text: str
    to: Status | None = Status.WAITING
    waiting_on: str = ""
    outcome: Outcome | None = None
    not_ours: bool = False

    @property
    def then(self) -> str:
        """What happens to the report, in words."""
        if self.not_ours:
            return "Il part à un autre service, avec votre raison."
        if self.to is None:
            return "Rien ne change : l’arrêt reste à faire."
        if self.to is Status.CLOSED:
            return "Il est clos sans travaux."
        return "Il passe en attente : le compteur s’arrête."


REASONS: Mapping[str, Reason] = {
    "acces": Reason(
        "Accès impossible",
        "Nous sommes passés, mais l’accès était impossible. Nous reviendrons.",
        waiting_on="l’accès au lieu",
    ),
    "materiel": Reason(
        "Il manque du matériel ou une pièce",
        "Nous sommes passés. Il nous manque du matériel : nous reviendrons dès que nous l’aurons.",
        waiting_on="du matériel ou une pièce",
    ),
    "entreprise": Reason(
        "Il faut une entreprise",
        "Nous sommes passés. Il faut l’intervention d’une entreprise : nous la demandons.",
        waiting_on="une entreprise",
    ),
    "danger": Reason(
        "Trop dangereux pour intervenir",
        "Nous sommes passés. Il faut d’abord mettre le lieu en sécurité.",
        waiting_on="la mise en sécurité du lieu",
    ),
    "rien": Reason(
        "Rien constaté sur place",
        "Nous sommes passés et n’avons rien constaté sur place.",
        to=Status.CLOSED,
        outcome=Outcome.NOT_FOUND,
    ),
    "pas-a-nous": Reason(
        "Ce n’est pas à nous",
        "Nous sommes passés : cela ne relève pas de notre service.",
        not_ours=True,
    ),
    "plus-tard": Reason("Pas eu le temps", "", to=None),
}
"""By the word that the form sends, in the order in which they are shown."""

ON_THE_WAY: Mapping[Status, Mapping[Status, tuple[Status, ...]]] = {
    Status.RESOLVED: {
        Status.NEW: (Status.IN_PROGRESS,),
        Status.REOPENED: (Status.IN_PROGRESS,),
    },
    Status.WAITING: {Status.WAITING: (Status.IN_PROGRESS,)},
}
"""By where a report must go and where it stands: statuses it passes through, all in one go."""


def is_workable(status: Status) -> bool:
    """Return whether a walker can do anything about a report that stands there."""
    return status not in (Status.TO_ARBITRATE, Status.RESOLVED, Status.CLOSED)
