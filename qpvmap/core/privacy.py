"""What in a text looks like a way to find somebody: phone numbers, e-mails, number plates.

It errs on the side of silence: a false alarm hides a public text until somebody has read it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

BEING_CHECKED = "[Texte en cours de vérification]"
"""What the public reads instead of a text that is hidden until checked."""

MASKED = "[masqué]"
"""What the public reads instead of a number, an address or a plate in what people write."""

GAP = r"[ .\-\u00a0\u202f]"
LETTER = "[A-HJ-NP-TV-Z]"
"""Plates bear neither I, O nor U."""


class HintKind(StrEnum):
    """What a piece of text looks like."""

    PHONE = "phone"
    EMAIL = "email"
    PLATE = "plate"


@dataclass(frozen=True, slots=True)
class Hint:
    """A piece of text that looks personal."""

    kind: HintKind
    excerpt: str


PHONES = (
    # 01 42 37 00 00: the same gap throughout, so that a date and an hour are not one
    re.compile(rf"(?<![\w+])0[1-9](?P<gap>{GAP}?)\d\d(?:(?P=gap)\d\d){{3}}(?!\w)"),
    # mobiles, however they are cut up, but not 06.07.2026 10
    re.compile(rf"(?<![\w+])(?!0[67]{GAP}\d\d{GAP}(?:19|20)\d\d)0[67](?:{GAP}?\d){{8}}(?!\w)"),
    re.compile(rf"(?<!\w)(?:\+|00)\d{{1,3}}{GAP}?(?:\(0\){GAP}?)?\d(?:{GAP}?\d){{7,10}}(?!\w)"),
)
EMAILS = (
    re.compile(
        r"(?<![\w.+-])[\w.+-]+(?:\s?\((?:at|à|arobase)\)\s?|\s?\[at\]\s?|\sarobase\s|@)"
        r"[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?![\w-])",
        re.IGNORECASE,
    ),
)
PLATES = (
    # AB-123-CD, and AB 123 CD in capitals alone: "de 100 ml" is no plate
    re.compile(rf"(?<![\w-]){LETTER}{{2}}(?P<gap>{GAP}?)\d{{3}}(?P=gap){LETTER}{{2}}(?![\w-])"),
    re.compile(rf"(?<![\w-]){LETTER}{{2}}(?P<gap>-?)\d{{3}}(?P=gap){LETTER}{{2}}(?![\w-])", re.I),
    # 123 ABC 92, before 2009
    re.compile(
        rf"(?<![\w-])[1-9]\d{{1,3}}(?P<gap>{GAP}?){LETTER}{{2,3}}(?P=gap)"
        r"(?:0[1-9]|[1-8]\d|9[0-5]|2[AB]|97[1-6])(?![\w-])"
    ),
)
PATTERNS = {HintKind.EMAIL: EMAILS, HintKind.PHONE: PHONES, HintKind.PLATE: PLATES}

PLAIN_WORDS = frozenset(
    [
        "LE",
        "LA",
        "ET",
        "EN",
        "DE",
        "DES",
        "LES",
        "NE",
        "SE",
        "CE",
        "ME",
        "TE",
        "JE",
        "EST",
        "PAR",
        "SR",
        "PR",
        "KM",
        "CM",
        "MM",
        "ML",
        "CL",
        "KG",
        "MG",
        "JAN",
        "FEV",
        "MAR",
        "AVR",
        "SEP",
        "SEPT",
        "DEC",
        "H",
        "HH",
        "M2",
        "M3",
    ]
)
"""Words and units that stand between or beside numbers, in capitals."""


def personal_hints(text: str) -> list[Hint]:
    """Return what in `text` looks like a phone number, an e-mail or a plate, as it is written."""
    found: dict[str, Hint] = {}
    for kind, patterns in PATTERNS.items():
        for excerpt in _excerpts(text, patterns):
            if kind is not HintKind.PLATE or not _is_plain(excerpt):
                found.setdefault(excerpt, Hint(kind, excerpt))
    return sorted(found.values(), key=lambda hint: text.index(hint.excerpt))


def _excerpts(text: str, patterns: tuple[re.Pattern[str], ...]) -> Iterator[str]:
    for pattern in patterns:
        for match in pattern.finditer(text):
            yield match[0]


def _is_plain(plate: str) -> bool:
    return any(part in PLAIN_WORDS for part in re.split(GAP, plate))


def shown(text: str, *, hidden: bool, may_read: bool) -> str:
    """Return a text as a reader sees it: SQL's twin is `storage.visibility.shown_description`."""
    return BEING_CHECKED if hidden and text and not may_read else text


def masked(text: str) -> str:
    """Return a text whose phone numbers, e-mails and plates are replaced, for the public."""
    for hint in personal_hints(text):
        text = text.replace(hint.excerpt, MASKED)
    return text
