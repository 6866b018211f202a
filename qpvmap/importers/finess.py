"""The directory of health and social establishments as published since 2026: one large JSON.

Legal entities hold their establishments, each with its addresses. The file has hundreds of
megabytes: entities are read one by one, and only what a place needs is kept of each. A category is
a code there, without its words.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from qpvmap.importers.report import FileRefused

PIECE = 1_048_576
"""Characters that are read at once."""
LARGEST = 64 * PIECE
"""Characters of one legal entity, with all its establishments; beyond, the file is no such file."""
HEAD = 4_096
ENTITIES = re.compile(r'"pmej"\s*:\s*\[')
BETWEEN = re.compile(r"[\s,]*")
AGAIN = "téléchargez-le de nouveau."
MADE_IN = re.compile(r'"generatedAt"\s*:\s*"(\d{4})-')
COLUMNS = (
    "numFinessEge",
    "nomEgeCourt",
    "nomEgeLong",
    "numeroVoie",
    "typeVoie",
    "libelleVoie",
    "town",
    "cogCommune",
    "categorieentiteGeographiqueExercice",
    "directionLongitude",
    "directionLatitude",
    "scoreBAN",
    "state",
    "vintage",
)
"""What is told of an establishment; the last names are ours, the others those of the file."""
OPEN, CLOSED = "ouvert", "fermé"
CATEGORIES: Mapping[str, str] = {
    "101": "Centre hospitalier régional",
    "124": "Centre de santé",
    "141": "Centre de dialyse",
    "156": "Centre médico-psychologique",
    "182": "Service d’éducation spéciale et de soins à domicile",
    "183": "Institut médico-éducatif",
    "186": "Institut thérapeutique, éducatif et pédagogique",
    "189": "Centre médico-psycho-pédagogique",
    "190": "Centre d’action médico-sociale précoce",
    "197": "Centre de soins en addictologie",
    "202": "Résidence autonomie",
    "214": "Centre d’hébergement et de réinsertion sociale",
    "223": "Protection maternelle et infantile",
    "228": "Centre de planification ou d’éducation familiale",
    "246": "Établissement et service d’aide par le travail",
    "354": "Service de soins infirmiers à domicile",
    "355": "Centre hospitalier",
    "365": "Établissement de soins pluridisciplinaire",
    "500": "Établissement pour personnes âgées dépendantes",
    "603": "Maison de santé",
    "611": "Laboratoire de biologie médicale",
    "620": "Pharmacie",
}
"""Words of the categories that one meets most; another has none."""
CARE_CATEGORIES = frozenset({"101", "124", "141", "156", "355", "365", "603", "611", "620"})
"""Categories, among those, that care for health; the others are social."""


def is_structures(path: Path) -> bool:
    """Return whether a file is the directory in JSON."""
    if path.suffix.lower() != ".json":
        return False
    with path.open(encoding="utf-8", errors="replace") as lines:
        head = lines.read(HEAD)
    return '"schemaVersion"' in head and '"generatedAt"' in head


def structures(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Give (rank, values by column) of each establishment.

    Raises
    ------
    FileRefused
        If it is not the JSON that is published, or is cut.
    """
    with path.open(encoding="utf-8-sig", errors="replace") as lines:
        head = lines.read(HEAD)
        made = MADE_IN.search(head)
        vintage = made[1] if made else ""
        rank = 0
        for entity in _entities(path, head, iter(lambda: lines.read(PIECE), "")):
            for found in _list(entity.get("ege")):
                rank += 1
                yield rank, {**_establishment(found), "vintage": vintage}


def _entities(path: Path, begun: str, pieces: Iterator[str]) -> Iterator[dict[str, Any]]:
    """Give each legal entity of a file whose first characters are `begun`."""
    text = begun
    while (start := ENTITIES.search(text)) is None:
        text = text[-64:] + _next(path, pieces)
    decoder, at = json.JSONDecoder(), start.end()
    while True:
        at = BETWEEN.match(text, at).end()  # type: ignore[union-attr]  # it matches nothing too
        if text.startswith("]", at):
            return
        try:
            entity, at = decoder.raw_decode(text, at)
        except json.JSONDecodeError:
            text, at = text[at:] + _next(path, pieces), 0
            if len(text) > LARGEST:
                raise FileRefused(f"{path.name} est illisible : {AGAIN}") from None
            continue
        if isinstance(entity, dict):
            yield entity


def _next(path: Path, pieces: Iterator[str]) -> str:
    piece = next(pieces, "")
    if not piece:
        raise FileRefused(f"{path.name} est coupé : {AGAIN}")
    return piece


def _establishment(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is told of an establishment, flat; its telephone is not read."""
    general = _fields(told.get("informationsGeneralesEGE"))
    address = next((_fields(one) for one in _list(told.get("adresse"))), {})
    where = _fields(address.get("coordonneesGeographique"))
    is_open = told.get("etatObjet") == "A" and not general.get("dateFermeture")
    town = f"{address.get('codePostal') or ''} {address.get('ligneAcheminement') or ''}".strip()
    known = {**general, **address, **where, **told}
    values = {name: known.get(name) for name in COLUMNS}
    return {**values, "town": town, "state": OPEN if is_open else CLOSED}


def _fields(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
