"""The French words of the field, for pages, e-mails and exports alike."""

from collections.abc import Mapping

from qpvmap.core.actors import Role
from qpvmap.core.deadlines import Priority
from qpvmap.core.ground import DECISION
from qpvmap.core.permissions import Nature
from qpvmap.core.routing import ON_AN_EMPRISE, Ground
from qpvmap.core.telling import Letter
from qpvmap.core.workflow import Outcome, Status

STATUS_LABELS: Mapping[Status, str] = {
    Status.NEW: "Nouveau",
    Status.TO_ARBITRATE: "À arbitrer",
    Status.ACKNOWLEDGED: "Pris en charge",
    Status.SCHEDULED: "Planifié",
    Status.IN_PROGRESS: "En cours",
    Status.WAITING: "En attente",
    Status.RESOLVED: "Résolu",
    Status.CLOSED: "Clos",
    Status.REOPENED: "Rouvert",
}

OUTCOME_LABELS: Mapping[Outcome, str] = {
    Outcome.DONE: "Fait",
    Outcome.NO_ACTION: "Sans suite",
    Outcome.NOT_OURS: "Pas de notre ressort",
    Outcome.DUPLICATE: "Doublon",
    Outcome.CANCELLED: "Annulé",
    Outcome.NOT_FOUND: "Rien constaté sur place",
}

PRIORITY_LABELS: Mapping[Priority, str] = {
    Priority.NORMAL: "Normale",
    Priority.HIGH: "Haute",
    Priority.EMERGENCY: "Urgence",
}

MOVE_LABELS: Mapping[Status, str] = {
    Status.NEW: "Confier à un service",
    Status.ACKNOWLEDGED: "Prendre en charge",
    Status.SCHEDULED: "Planifier",
    Status.IN_PROGRESS: "Commencer les travaux",
    Status.WAITING: "Mettre en attente",
    Status.RESOLVED: "Résoudre et répondre",
    Status.CLOSED: "Clore",
    Status.REOPENED: "Rouvrir",
}

NATURE_LABELS: Mapping[Nature, str] = {
    Nature.TECHNIQUE: "Espace public",
    Nature.TRANQUILLITE: "Tranquillité",
}

ROLE_LABELS: Mapping[Role, str] = {
    Role.RESIDENT: "habitant ou habitante",
    Role.MEDIATOR: "médiateur ou médiatrice",
    Role.AGENT: "agent d’un service",
    Role.LEAD: "référent ou référente d’un service",
    Role.COORDINATOR: "coordination du quartier",
    Role.PLANNER: "planification",
    Role.ADMIN: "administration",
}

GROUND_LABELS: Mapping[Ground, str] = {
    Ground.EMPRISE: "règle propre à ce terrain",
    Ground.BODY: "règle sur les terrains de cet organisme",
    Ground.PRECEDENT: "décision de la coordination pour ce lieu",
    Ground.COMMUNE_AND_CATEGORY: "compétence de ce service pour cette catégorie dans cette commune",
    Ground.CATEGORY: "compétence de ce service pour cette catégorie dans tout le quartier",
    Ground.COORDINATION: "aucune règle : la coordination décide",
    Ground.NOT_OURS: "transmis par un service qui n’en est pas chargé",
    Ground.ARBITRATION: "la coordination a décidé",
    Ground.BY_HAND: "choix d’une personne, dit dans l’histoire du signalement",
}

EMPRISE_KIND_LABELS: Mapping[str, str] = {
    "residence": "Résidence",
    "road": "Route",
    "school": "École, collège ou lycée",
    "condominium": "Copropriété",
    "garden": "Jardin public",
    "other": "Autre terrain",
    DECISION: "Lieu d’une décision de la coordination",
}


LETTER_LABELS: Mapping[str, str] = {
    Letter.RECEIVED: "Enregistré",
    Letter.TAKEN: "Pris en charge",
    Letter.STARTED: "Intervention commencée",
    Letter.PLANNED: "Date prévue",
    Letter.WAITING: "En attente",
    Letter.DONE: "Fait",
    Letter.CLOSED_DONE: "Clos après travaux",
    Letter.CLOSED_WITHOUT: "Clos sans travaux",
    Letter.REOPENED: "Rouvert",
    Letter.HANDED: "Confié à un autre service",
    Letter.ARBITRATION: "Arbitrage",
    Letter.ANSWER: "Réponse",
    Letter.MERGED: "Réuni avec un autre",
    Letter.UNMERGED: "Séparé de l’autre",
    Letter.SPLIT: "Partagé en parties",
    "team_digest": "Point du service",
    "reminder": "Rappel d’échéance",
    "emergency": "Urgence",
    "alert": "Nouvelles de ce qui est suivi",
    "followed_move": "Signalement suivi",
}
"""What a notice tells, by its kind."""


def routing_reason(ground: str, body: str, place: str, category: str, team: str) -> str:
    """Return why a team was chosen: `emprise HSH, résidence X : parties communes → agence`.

    `body` and `place` are of the emprise that the decision rests upon, empty when it rests on none.
    """
    words = GROUND_LABELS[Ground(ground)]
    if not place or Ground(ground) not in ON_AN_EMPRISE:
        return words
    said = f" ({words})" if Ground(ground) is Ground.PRECEDENT else ""
    return f"emprise {body}, {place} : {category[:1].lower()}{category[1:]} → {team}{said}"


def doubt_words(team: str) -> str:
    """Return what people are told when two owners are plausible."""
    return f"Deux responsables possibles. Envoyé au plus probable : {team}."
