"""Answers written once and used often: what each is for, its variables, how it is filled.

A variable is written `{lieu}`. What is not known when an answer is filled is left as a hole that
the page shows and that no answer is sent with.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from qpvmap.core.errors import InvalidSubmission
from qpvmap.core.messages import MESSAGE_MAX
from qpvmap.core.workflow import WITHOUT_WORK, Outcome, Status


class Occasion(StrEnum):
    """When an answer is given; closings go by their outcome."""

    QUESTION = "question"
    TAKEN = "acknowledged"
    PLANNED = "scheduled"
    STARTED = "in_progress"
    WAITING = "waiting"
    DONE = "done"
    NO_ACTION = "no_action"
    NOT_OURS = "not_ours"
    NOT_FOUND = "not_found_on_site"
    CANCELLED = "cancelled"
    DUPLICATE = "duplicate"
    REFUSED = "refused"
    REOPENED = "reopened"


OCCASION_LABELS: Mapping[Occasion, str] = {
    Occasion.QUESTION: "Question à la personne qui a signalé",
    Occasion.TAKEN: "Pris en charge",
    Occasion.PLANNED: "Planifié",
    Occasion.STARTED: "Travaux commencés",
    Occasion.WAITING: "En attente",
    Occasion.DONE: "Fait",
    Occasion.NO_ACTION: "Clos sans suite",
    Occasion.NOT_OURS: "Clos, pas de notre ressort",
    Occasion.NOT_FOUND: "Clos, rien constaté sur place",
    Occasion.CANCELLED: "Clos, annulé",
    Occasion.DUPLICATE: "Réuni avec un autre",
    Occasion.REFUSED: "Ce n’est pas à nous, un autre service prend la suite",
    Occasion.REOPENED: "Rouvert",
}

MOVES: Mapping[Status, Occasion] = {
    Status.ACKNOWLEDGED: Occasion.TAKEN,
    Status.SCHEDULED: Occasion.PLANNED,
    Status.IN_PROGRESS: Occasion.STARTED,
    Status.WAITING: Occasion.WAITING,
    Status.RESOLVED: Occasion.DONE,
    Status.CLOSED: Occasion.DONE,
    Status.REOPENED: Occasion.REOPENED,
}
"""What is answered with a move; `CLOSED` here is the closing of work done."""

CLOSINGS = (Occasion.NO_ACTION, Occasion.NOT_OURS, Occasion.NOT_FOUND, Occasion.CANCELLED)
"""What is answered with a closing without work, one for each outcome."""

WITHOUT_WORK_DONE = frozenset({*CLOSINGS, Occasion.DUPLICATE, Occasion.REFUSED})

DEEDS: Mapping[str, tuple[Occasion, ...]] = {
    "pas-a-nous": (Occasion.REFUSED,),
    "reaffecter": (Occasion.REFUSED,),
    "reunir": (Occasion.DUPLICATE,),
}
"""What is answered with the other deeds of the page, by the last word of their address."""

VARIABLES: Mapping[str, tuple[str, str]] = {
    "reference": ("la référence du signalement", "BL-2026-0421"),
    "categorie": ("la catégorie", "Dépôt sauvage"),
    "lieu": ("l’adresse, sinon la commune", "3 allée des Ormes"),
    "commune": ("la commune", "Bagneux"),
    "service": ("le service qui s’en occupe", "Propreté et déchets"),
    "organisme": ("l’organisme de ce service", "Vallée Sud-Grand Paris"),
    "date_signalement": ("le jour du signalement", "mardi 10 novembre"),
    "echeance": ("le jour promis", "jeudi 26 novembre"),
    "date_prevue": ("le jour prévu de l’intervention", "vendredi 20 novembre"),
    "attendu": ("qui ou quoi est attendu", "Enedis"),
    "date_du_jour": ("la date du jour", "jeudi 12 novembre"),
    "motif": ("la raison, à écrire à chaque fois", "le passage appartient à une copropriété"),
}
"""Name of each variable, what it stands for, and an example."""

EXAMPLE: Mapping[str, str] = {name: example for name, (_, example) in VARIABLES.items()}
HOLE_WORDS: Mapping[str, str] = {
    "date_prevue": "date prévue",
    "attendu": "qui est attendu",
    "motif": "motif",
}

TITLE_MAX = 80
TEXT_MAX = MESSAGE_MAX - 500
"""Room is left for what the variables bring."""

VARIABLE = re.compile(r"\{([^{}\n]*)\}")
HOLE = re.compile(r"\[à compléter(?:\s*:\s*[^\]\n]*)?\]", re.IGNORECASE)
SETTLED = re.compile(r"\br[ée]gl[ée]e?s?\b|\br[ée]solue?s?\b", re.IGNORECASE)

UNFILLED = "Complétez d’abord ce qui est entre crochets\u00a0: {hole}."
SAYS_SETTLED = (
    "Rien n’a été réparé\u00a0: n’écrivez pas «\u00a0{word}\u00a0». Dites pourquoi, et vers qui "
    "se tourner."
)


@dataclass(frozen=True, slots=True)
class ReplyDraft:
    """A ready-made answer as somebody writes it; empty `category` or `team` stands for any."""

    occasion: str
    title: str
    text: str
    category: str = ""
    team: str = ""


def faults_of(draft: ReplyDraft) -> dict[str, str]:
    """Return what is wrong with an answer, by field: a French sentence for each."""
    title, text = draft.title.strip(), draft.text.strip()
    faults = {
        "occasion": "" if draft.occasion in set(Occasion) else "Dites quand elle sert.",
        "title": title_fault(title),
        "text": text_fault(text, draft.occasion),
    }
    return {name: fault for name, fault in faults.items() if fault}


def title_fault(title: str) -> str:
    """Return what is wrong with a title; empty when nothing is."""
    if 0 < len(title) <= TITLE_MAX:
        return ""
    return f"Donnez un titre, {TITLE_MAX} caractères au plus."


def text_fault(text: str, occasion: str) -> str:
    """Return what is wrong with a text for an occasion; empty when nothing is."""
    if not text:
        return "Écrivez la réponse."
    if len(text) > TEXT_MAX:
        return f"Texte trop long\u00a0: {TEXT_MAX} caractères au plus."
    return unknown_fault(text) or stray_fault(text) or settled_fault(text, occasion)


def unknown_fault(text: str) -> str:
    """Return which variables of a text do not exist, with the nearest that do."""
    unknown = [name for name in VARIABLE.findall(text) if name not in VARIABLES]
    if not unknown:
        return ""
    name = unknown[0]
    near = get_close_matches(name.strip().casefold(), VARIABLES, n=1, cutoff=0.5)
    advice = f"Vouliez-vous {{{near[0]}}}\u00a0? " if near else ""
    known = ", ".join(f"{{{variable}}}" for variable in VARIABLES)
    return f"La variable {{{name}}} n’existe pas. {advice}Variables possibles\u00a0: {known}."


def stray_fault(text: str) -> str:
    """Return whether a brace opens or closes nothing: what a slip of the finger leaves."""
    if re.search(r"[{}]", VARIABLE.sub("", text)):
        return "Une accolade est seule\u00a0: une variable s’écrit {lieu}, avec les deux."
    return ""


def settled_fault(text: str, occasion: str) -> str:
    """Return whether a text says that it is settled where nothing was done."""
    word = SETTLED.search(text) if occasion in WITHOUT_WORK_DONE else None
    return SAYS_SETTLED.format(word=word[0]) if word else ""


def fill(text: str, values: Mapping[str, str], live: frozenset[str] = frozenset()) -> str:
    """Return a text with its variables replaced; what is unknown becomes a hole.

    Parameters
    ----------
    live : frozenset of str
        Variables that the page itself fills, from the fields beside the text: left as they are.
    """

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name in live:
            return found[0]
        return values.get(name) or hole(name)

    return VARIABLE.sub(value, text)


def hole(name: str) -> str:
    """Return what stands for a variable that is not known."""
    words = HOLE_WORDS.get(name) or VARIABLES.get(name, (name, ""))[0]
    return f"[à compléter\u00a0: {words}]"


def require_complete(text: str, field: str) -> None:
    """Do nothing when a text has no hole left.

    Raises
    ------
    InvalidSubmission
        Otherwise: nobody is to be sent what was meant to be completed.
    """
    fault = hole_fault(text)
    if fault:
        raise InvalidSubmission({field: fault})


def hole_fault(text: str) -> str:
    """Return what is left to complete in a text; empty when nothing is."""
    left = HOLE.search(text)
    return UNFILLED.format(hole=left[0]) if left else ""


def occasions_of_answer(status: Status, outcome: Outcome | None) -> tuple[Occasion, ...]:
    """Return what an answer may be about while a signalement stands there, questions first."""
    if outcome in WITHOUT_WORK:
        return (Occasion(outcome), Occasion.QUESTION)
    now = MOVES.get(status)
    return (Occasion.QUESTION, now) if now else (Occasion.QUESTION,)
