"""What the check of a signed table found, in plain French words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qpvmap.core.consistency import Findings, Gap, Interchange
from qpvmap.core.french import NARROW, number
from qpvmap.core.profiles import SignedLine, TextGap

MOST_EVIDENCE = 4
SHORT = "Colonnes peut-être interverties"
GAP_SHORT = "Écart avec l’Insee"
AS_SIGNED = (
    "Les chiffres sont montrés tels qu’ils ont été signés\u00a0; "
    "nos calculs reposent sur les chiffres officiels."
)
SEMICOLON = "\u00a0; "
TEXT_WORDS = {"mean": "en moyenne", "low": "au plus bas", "high": "au plus haut"}
COUNTED = {2: "deux", 3: "trois", 4: "quatre", 5: "cinq", 6: "six", 7: "sept"}


@dataclass(frozen=True, slots=True)
class Doubt:
    """A reason to doubt the figures of some places; `short` fits in a tooltip."""

    place_codes: frozenset[str]
    short: str
    note: str


@dataclass(frozen=True, slots=True)
class Names:
    """How places and indicators are called."""

    blocks: Mapping[str, str]
    communes: Mapping[str, str]
    lines: Mapping[str, SignedLine]


def figure_text(value: float | None, unit: str) -> str:
    """Return a figure as it is printed: `79,0 %`; what is withheld says so."""
    if value is None:
        return "secret statistique"
    return f"{number(value, 1)}{NARROW}%" if unit == "%" else number(value)


def listed(words: Sequence[str]) -> str:
    """Return `a, b et c`."""
    *first, last = words
    return f"{', '.join(first)} et {last}" if first else last


def doubts_of(
    findings: Findings, official: Mapping[str, Mapping[str, float | None]], names: Names
) -> list[Doubt]:
    """Return the doubts to show beside a table: interchanged columns.

    `official` is the newest published figure of each indicator of the table, by place.
    """
    return [
        interchange_doubt(found, found.keys[:MOST_EVIDENCE], official, names)
        for found in findings.interchanges
    ]


def doubts_on(
    key: str,
    findings: Findings,
    official: Mapping[str, Mapping[str, float | None]],
    names: Names,
) -> list[Doubt]:
    """Return the doubts that one indicator gives evidence of, told by its own figures."""
    return [
        interchange_doubt(found, [key], official, names)
        for found in findings.interchanges
        if key in found.keys
    ]


def interchange_doubt(
    found: Interchange,
    keys: Sequence[str],
    official: Mapping[str, Mapping[str, float | None]],
    names: Names,
) -> Doubt:
    """Return the sentence about columns that look interchanged, with the figures of `keys`."""
    columns = listed([names.blocks.get(code, code) for code in found.codes])
    town = names.communes.get(found.commune_code, found.commune_code)
    how_many = COUNTED.get(len(found.codes), str(len(found.codes)))
    proofs = [
        f"{names.lines[key].title[:1].lower() + names.lines[key].title[1:]}, "
        f"le contrat donne {_row(names.lines[key].figures, found.codes, names.lines[key].unit)}, "
        f"l’Insee {_row(official[key], found.codes, names.lines[key].unit)}"
        for key in keys
        if key in official
    ]
    return Doubt(
        frozenset(found.codes),
        SHORT,
        f"Dans le tableau signé, les {how_many} colonnes de {town}, {columns}, semblent "
        f"interverties\u00a0: {SEMICOLON.join(proofs)}. {AS_SIGNED}",
    )


def _row(figures: Mapping[str, float | None], codes: Sequence[str], unit: str) -> str:
    return listed([figure_text(figures.get(code), unit) for code in codes])


def gap_words(gap: Gap, names: Names) -> str:
    """Return a gap that nothing explains, in one sentence."""
    line = names.lines[gap.key]
    return (
        f"{line.title}, {names.blocks.get(gap.code, gap.code)}\u00a0: le contrat donne "
        f"{figure_text(gap.signed, line.unit)}, l’Insee {figure_text(gap.official, line.unit)}."
    )


def text_gap_words(line: SignedLine, gap: TextGap) -> str:
    """Return how the text of a contract and its table differ, in one sentence."""
    return (
        f"{line.title}\u00a0: le texte du contrat dit {figure_text(gap.text, line.unit)} "
        f"{TEXT_WORDS[gap.which]}, son tableau {figure_text(gap.table, line.unit)}. "
        "Les deux sont montrés."
    )
