"""How an action on many is called, drawn, explained, and told once it is done."""

from collections.abc import Mapping
from dataclasses import dataclass

from qpvmap.core.bulk import BulkAction
from qpvmap.core.french import number, plural
from qpvmap.core.inbox import Tab


@dataclass(frozen=True, slots=True)
class ActionWords:
    """`label` is a verb; `done` is said after a count; `comment` labels what is written with it."""

    label: str
    icon: str
    done: str
    done_many: str
    comment: str = ""


WORDS: Mapping[BulkAction, ActionWords] = {
    BulkAction.TAKE: ActionWords("Prendre en charge", "st-ack", "pris en charge", "pris en charge"),
    BulkAction.ASSIGN: ActionWords("Confier à une personne", "user", "confié", "confiés"),
    BulkAction.PLAN: ActionWords(
        "Planifier", "st-scheduled", "planifié", "planifiés", "Un mot sur la date"
    ),
    BulkAction.START: ActionWords("Commencer les travaux", "st-progress", "en cours", "en cours"),
    BulkAction.WAIT: ActionWords(
        "Mettre en attente", "st-waiting", "en attente", "en attente", "Pourquoi attendre"
    ),
    BulkAction.RESOLVE: ActionWords(
        "Résoudre et répondre", "check", "résolu", "résolus", "Ce qui a été fait"
    ),
    BulkAction.CLOSE: ActionWords("Clore", "st-closed", "clos", "clos"),
    BulkAction.CLOSE_WITHOUT_WORK: ActionWords(
        "Clore sans travaux",
        "out-noaction",
        "clos sans travaux",
        "clos sans travaux",
        "Pourquoi, pour les personnes qui ont signalé",
    ),
    BulkAction.REASSIGN: ActionWords(
        "Confier à un autre service",
        "users",
        "confié à un autre service",
        "confiés à un autre service",
        "Pourquoi",
    ),
}

FILES: Mapping[str, tuple[str, str]] = {
    "imprimer": ("Imprimer", "print"),
    "xlsx": ("Exporter pour Excel ou LibreOffice (XLSX)", "table"),
    "csv": ("Exporter pour tout tableur (CSV)", "table"),
    "geojson": ("Exporter pour une carte (GeoJSON)", "map"),
}
"""What is made of the chosen ones without changing anything: how it is called and drawn."""

EXPORTS: Mapping[str, str] = {
    "xlsx": "Excel ou LibreOffice (XLSX)",
    "csv": "tout tableur (CSV)",
    "geojson": "carte (GeoJSON)",
}
"""How the files of a whole list are called."""

ROUND = "tournee"
ROUND_WORDS = ("Préparer une tournée", "walk")
"""The chosen ones become the stops of a round on foot."""

FIRST_ACTIONS: Mapping[Tab, tuple[BulkAction, BulkAction]] = {
    Tab.NEW: (BulkAction.TAKE, BulkAction.PLAN),
    Tab.LATE: (BulkAction.TAKE, BulkAction.PLAN),
    Tab.ALL: (BulkAction.TAKE, BulkAction.PLAN),
    Tab.ONGOING: (BulkAction.PLAN, BulkAction.RESOLVE),
    Tab.WAITING: (BulkAction.START, BulkAction.PLAN),
    Tab.TO_ARBITRATE: (BulkAction.CLOSE_WITHOUT_WORK, BulkAction.ASSIGN),
    Tab.RESOLVED: (BulkAction.CLOSE, BulkAction.ASSIGN),
}
"""The two actions that stand out in each tab; the others are one press away."""


def said(action: BulkAction, done: int, refused: int) -> str:
    """Return `113 pris en charge, 7 non`."""
    words = WORDS[action]
    told = f"{number(done)} {words.done if done < 2 else words.done_many}"
    if not refused:
        return told
    if not done:
        return f"Aucun {words.done}\u00a0: {plural(refused, 'refusé')}"
    return f"{told}, {number(refused)} non"


def said_back(undone: int, stays: int) -> str:
    """Return `3 annulés, personne n’a été prévenu`; empty when nothing was taken back."""
    if not undone:
        return "Aucun n’a pu être annulé" if stays else ""
    told = f"{number(undone)} {'annulé' if undone == 1 else 'annulés'}, personne n’a été prévenu"
    return f"{told}\u00a0; {number(stays)} non" if stays else told
