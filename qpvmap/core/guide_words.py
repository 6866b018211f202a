"""How words are looked for in the guide: plain ones, with their synonyms, whatever their accents.

Texts are folded and given their synonyms when they are written; what is typed is folded when it
is read. A phrase such as "garde d’enfant" is a synonym like another.
"""

import re
from collections.abc import Iterable, Sequence

from qpvmap.core.subscriptions import folded

MOST_WORDS = 8
WORD_MIN = 2
GROUPS_MAX, GROUP_MAX = 300, 400

EMPTY = frozenset(
    folded(
        """a à au aux avec aide aider besoin car ce cet cette ces chercher cherche comme comment
        dans de des du d elle en est et être faire faut il j je l la le les leur lui ma mes mon me
        moi n ne nous on or ou où par pas peut peux plus pour pouvoir que quel quelle qui qu s sa se
        ses si son sur ta te tes toi ton trouver tu un une veut veux voudrais vos votre vous y ai as
        avoir aimerais recherche quelqu quelque demander obtenir ouvert ici pres quartier"""
    ).split()
)
"""Words of any question: they are looked for only when there is nothing else."""


def wanted_words(typed: str) -> list[str]:
    """Return the words that matter in what was typed, folded, in order."""
    words = [word for word in folded(typed[:200]).split() if len(word) >= WORD_MIN]
    telling = [word for word in words if word not in EMPTY]
    return list(dict.fromkeys(telling or words))[:MOST_WORDS]


def read_groups(text: str) -> list[list[str]]:
    """Return the groups of synonyms of a text: one a line, its terms separated by commas."""
    lines = (line.split(",") for line in text.splitlines())
    groups = [[term for raw in line if (term := " ".join(raw.split()))] for line in lines]
    return [group for group in groups if len(group) > 1]


def synonyms_in(text: str, groups: Iterable[Sequence[str]]) -> str:
    """Return the other terms of the groups of which a text holds a term, folded."""
    padded = f" {singular(folded(text))} "
    found = []
    for group in groups:
        terms = [folded(term) for term in group]
        if any(f" {singular(term)} " in padded for term in terms):
            found += terms
    return " ".join(dict.fromkeys(found))


def singular(text: str) -> str:
    """Return a folded text without the plural of its words, to compare it."""
    return re.sub(r"(?<=[a-z]{3})[sx]\b", "", text)
