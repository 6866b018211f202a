"""The words that mediators tap: who asks, about what, to whom it goes, which kinds of actions.

A territory's file may give its own; these are used where it says nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class WordKind(StrEnum):
    """What a word is for."""

    PUBLIC = "public"
    THEME = "theme"
    BODY = "body"
    INITIATIVE = "initiative"


@dataclass(frozen=True, slots=True)
class Word:
    """A word on a tile, with its symbol."""

    code: str
    name: str
    icon: str


WORDS: Mapping[WordKind, Sequence[Word]] = {
    WordKind.PUBLIC: (
        Word("habitant", "Habitant", "user"),
        Word("jeune", "Jeune", "users"),
        Word("famille", "Famille", "t-family"),
        Word("commercant", "Commerçant", "t-shop"),
        Word("ecole", "École", "t-school"),
        Word("gardien", "Gardien", "c-building"),
        Word("service", "Service", "table"),
        Word("association", "Association", "t-social"),
    ),
    WordKind.THEME: (
        Word("proprete", "Propreté", "c-clean"),
        Word("tranquillite", "Tranquillité", "c-gathering"),
        Word("logement", "Logement", "home"),
        Word("droits", "Droits, démarches", "note"),
        Word("voisinage", "Voisinage", "message"),
        Word("emploi", "Emploi, formation", "t-shop"),
        Word("sante", "Santé", "t-social"),
        Word("ecole", "École, enfance", "t-school"),
        Word("loisirs", "Sport, culture", "t-sport"),
        Word("espace-public", "Espace public", "c-road"),
        Word("orientation", "Se renseigner", "pin"),
        Word("autre", "Autre", "other"),
    ),
    WordKind.BODY: (
        Word("mairie", "Mairie", "district"),
        Word("bailleur", "Bailleur", "c-building"),
        Word("ept", "Intercommunalité", "district"),
        Word("france-services", "France services, CCAS", "t-social"),
        Word("police", "Police", "lock"),
        Word("ecole", "École, collège", "t-school"),
        Word("mission-locale", "Mission locale, emploi", "t-shop"),
        Word("sante", "Santé, PMI", "t-social"),
        Word("association", "Association", "users"),
        Word("autre", "Autre", "other"),
    ),
    WordKind.INITIATIVE: (
        Word("proprete", "Opération propreté", "c-clean"),
        Word("sensibilisation", "Sensibilisation", "message"),
        Word("evenement", "Événement", "star"),
        Word("reunion", "Réunion d’habitants", "users"),
        Word("permanence", "Permanence", "clock"),
        Word("sortie", "Sortie, animation", "t-culture"),
        Word("autre", "Autre action", "other"),
    ),
}
