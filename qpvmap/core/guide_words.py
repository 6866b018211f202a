"""How words are looked for in the guide: plain ones, with their synonyms, whatever their accents.

Texts are folded and given their synonyms when they are written; what is typed is folded when it
is read. A phrase such as "garde d’enfant" is a synonym like another. What nothing holds is taken
for a mistyped word.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from qpvmap.core.subscriptions import folded

MOST_WORDS = 8
WORD_MIN = 2
WORD_TO_MEND = 4
"""Letters from which a word may be a mistyped one: a shorter one looks like too many others."""
SLIPS: Sequence[tuple[int, int]] = ((7, 2), (WORD_TO_MEND, 1))
"""How many slips of the pen a word may hold, from how many letters."""
GROUPS_MAX, GROUP_MAX = 300, 400

EMPTY = frozenset(
    folded(
        """a à au aux avec aide aider aidez besoin bonjour car ce cet cette ces chercher cherche
        chez comme comment connaître dans de des dois doit du d elle en est et être existe faire
        fait faut il j je l la le les leur lui ma mes merci mon me moi n ne nous on or ou où par
        pas peut peux plus pour pouvoir que quel quelle quelles quels qui qu s sa savoir se ses si
        son suis sur svp ta te tes toi ton trouver tu un une va vais vers veut veux voudrais vos
        votre vous y ai as avoir aimerais recherche quelqu quelque demande demander obtenir ouvert
        ici pres quartier ville chose gens"""
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


def languages_in(spoken: str) -> list[str]:
    """Return the languages of a text such as `français, arabe et anglais`, each as a choice."""
    parts = (" ".join(part.split()) for part in re.split(r"[,;/]|\bet\b", spoken))
    return [f"{part[0].upper()}{part[1:]}" for part in parts if part]


def likeliest(word: str, known: Iterable[str]) -> str:
    """Return the known word that `word` is likely a slip of; empty when none is near enough.

    `known` comes with the likest first, which decides among those as near as one another. The first
    letter is seldom mistyped, but for being in the place of the second.
    """
    most = next((slips for letters, slips in SLIPS if len(word) >= letters), 0)
    counted = [(slips_between(word, other), other) for other in known if other[0] in word[:2]]
    near = [pair for pair in counted if pair[0] <= most]
    return min(near, key=lambda pair: pair[0])[1] if near else ""


def slips_between(one: str, other: str) -> int:
    """Return how many letters are missing, wrong, in excess, or in each other's place."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        last, before, row = before, row, [i]
        for j, facing in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != facing))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == facing:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an offer answers a word: it says it, or says `by`, which means the same."""

    word: str
    by: str = ""


def reasons(words: Sequence[str], told: str, groups: Iterable[Sequence[str]]) -> list[Reason]:
    """Return why an offer that says `told` (folded) answers folded words, those that it does.

    A word that is nowhere in it, nor in what means the same, gives no reason.
    """
    said = told.split()
    padded = f" {singular(told)} "
    found = []
    for word in words:
        if any(_kindred(word, other) for other in said):
            found.append(Reason(word))
            continue
        by = _meant_by(word, padded, groups)
        if by:
            found.append(Reason(word, by))
    return found


def _meant_by(word: str, padded: str, groups: Iterable[Sequence[str]]) -> str:
    """Return the term that a text holds of a group that has the word in another of its terms."""
    for group in groups:
        if any(_kindred(word, part) for term in group for part in folded(term).split()):
            held = [term for term in group if f" {singular(folded(term))} " in padded]
            if held:
                return held[0]
    return ""


def _kindred(word: str, other: str) -> bool:
    """Return whether two folded words are one, but for their ending."""
    kept = max(4, len(word) - 2)
    return word == other or (
        len(word) >= kept and len(other) >= kept and other[:kept] == word[:kept]
    )
