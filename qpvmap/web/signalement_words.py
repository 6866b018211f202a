"""The words of a signalement's page: the step to take, the moves, and how each is answered."""

from collections.abc import Mapping
from dataclasses import dataclass

from qpvmap.core.labels import MOVE_LABELS
from qpvmap.core.workflow import Outcome, Status


@dataclass(frozen=True, slots=True)
class MoveWords:
    """How a move is called, drawn and explained; `comment` labels what is written with it."""

    label: str
    icon: str
    comment: str = "Un mot pour la personne qui a signalé"
    done: str = ""


NEXT_STEPS: Mapping[Status, tuple[str, str]] = {
    Status.NEW: (
        "À faire maintenant\u00a0: prendre en charge",
        "La personne qui a signalé verra que votre service s’en occupe.",
    ),
    Status.REOPENED: (
        "À faire maintenant\u00a0: reprendre",
        "Quelqu’un a dit pourquoi ce n’est pas fini\u00a0: lisez l’historique.",
    ),
    Status.TO_ARBITRATE: (
        "À faire maintenant\u00a0: décider qui s’en occupe",
        "Les services qui ont refusé ont dit pourquoi dans l’historique.",
    ),
    Status.ACKNOWLEDGED: (
        "À faire maintenant\u00a0: dire quand",
        "Donnez la date prévue, ou commencez tout de suite.",
    ),
    Status.SCHEDULED: (
        "À faire maintenant\u00a0: intervenir",
        "Dites quand l’intervention commence.",
    ),
    Status.IN_PROGRESS: (
        "À faire maintenant\u00a0: dire ce qui a été fait",
        "Répondez en une phrase à la personne qui a signalé, puis résolvez.",
    ),
    Status.WAITING: (
        "À faire maintenant\u00a0: reprendre dès que possible",
        "Le compteur est arrêté. Il repart quand vous reprenez.",
    ),
    Status.RESOLVED: (
        "À faire maintenant\u00a0: clore",
        "Plus rien à faire\u00a0? Vous pouvez clore. Sinon, rouvrez, en disant pourquoi.",
    ),
}

MOVES: Mapping[Status, MoveWords] = {
    Status.NEW: MoveWords(
        "Laisser à ce service",
        "users",
        "Pourquoi",
        "Laissé à ce service. Le compteur repart.",
    ),
    Status.ACKNOWLEDGED: MoveWords(
        MOVE_LABELS[Status.ACKNOWLEDGED],
        "st-ack",
        done="Pris en charge. La personne qui a signalé le voit.",
    ),
    Status.SCHEDULED: MoveWords(
        MOVE_LABELS[Status.SCHEDULED],
        "st-scheduled",
        "Un mot sur la date",
        done="Planifié. La personne qui a signalé voit la date.",
    ),
    Status.IN_PROGRESS: MoveWords(
        MOVE_LABELS[Status.IN_PROGRESS],
        "st-progress",
        done="En cours. La personne qui a signalé le voit.",
    ),
    Status.WAITING: MoveWords(
        MOVE_LABELS[Status.WAITING],
        "st-waiting",
        "Pourquoi attendre",
        "En attente. Le compteur est arrêté.",
    ),
    Status.RESOLVED: MoveWords(
        MOVE_LABELS[Status.RESOLVED],
        "check",
        "Ce qui a été fait",
        done="Résolu. Votre réponse est dans l’historique.",
    ),
    Status.CLOSED: MoveWords(MOVE_LABELS[Status.CLOSED], "st-closed", done="Clos."),
    Status.REOPENED: MoveWords(
        MOVE_LABELS[Status.REOPENED],
        "st-reopened",
        "Ce qui ne va pas",
        "Rouvert. Le service est prévenu.",
    ),
}

OTHER_MOVES: Mapping[tuple[Status, Status], MoveWords] = {
    (Status.WAITING, Status.IN_PROGRESS): MoveWords(
        "Reprendre les travaux", "st-progress", done="Repris. Le compteur repart."
    ),
    (Status.WAITING, Status.ACKNOWLEDGED): MoveWords(
        "Remettre en « pris en charge »", "st-ack", done="Repris. Le compteur repart."
    ),
    (Status.SCHEDULED, Status.SCHEDULED): MoveWords(
        "Changer la date", "st-scheduled", "Pourquoi la date change", "Nouvelle date enregistrée."
    ),
}
"""Moves whose words depend on where they start."""

CLOSE_WITHOUT_WORK = MoveWords(
    "Clore sans travaux",
    "out-noaction",
    "Pourquoi, pour la personne qui a signalé",
    "Clos sans travaux. Votre motif est dans l’historique.",
)

OUTCOME_CHOICES: Mapping[str, str] = {
    Outcome.NO_ACTION: "Sans suite, le motif dit pourquoi",
    Outcome.NOT_OURS: "Pas de notre ressort, ni de celui d’un autre service",
    Outcome.CANCELLED: "Annulé, la demande n’a plus lieu d’être",
    Outcome.NOT_FOUND: "Rien constaté sur place",
}
"""How a closing without work ends, as the person who closes chooses it."""

FIELD_WORDS: Mapping[str, str] = {
    "planned_for": "Date prévue",
    "waiting_on": "Qui est attendu",
    "outcome": "Issue",
}
"""How a field of a move is called when what was typed is shown apart from its form."""


def move_words(current: Status, to: Status, without_work: bool) -> MoveWords:
    """Return the words of a move."""
    if without_work:
        return CLOSE_WITHOUT_WORK
    return OTHER_MOVES.get((current, to)) or MOVES[to]
