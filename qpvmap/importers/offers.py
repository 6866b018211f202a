"""Job offers in France Travail's published layout, JSON or CSV. Employers and contacts stay out."""

import json
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from qpvmap.core.insertion import Offer, names_somebody
from qpvmap.importers.cleaning import INSEE_CODE, count, number, text
from qpvmap.importers.fields import bare
from qpvmap.importers.report import FileRefused, Refusal, RowRefused
from qpvmap.importers.sheets import MOST_BYTES, read_table

FIELDS: Mapping[str, tuple[str, ...]] = {
    "source_key": ("id", "idoffre", "numerooffre", "reference"),
    "title": ("intitule", "intituleoffre", "titre", "appellationlibelle"),
    "rome_code": ("romecode", "coderome", "rome"),
    "rome_label": ("romelibelle", "libellerome", "metier"),
    "contract_kind": ("typecontratlibelle", "typecontrat", "naturecontrat", "contrat"),
    "positions": ("nombrepostes", "nbpostes", "postes"),
    "insee_code": ("lieutravailcommune", "commune", "codecommune", "codeinsee", "insee"),
    "lon": ("lieutravaillongitude", "longitude", "lon"),
    "lat": ("lieutravaillatitude", "latitude", "lat"),
    "published_on": ("datecreation", "datedecreation", "datepublication"),
}
KNOWN = {name for names in FIELDS.values() for name in names}
ROME = 5
MAX_TITLE = 200
PLACE = "lieutravail"


@dataclass
class ParsedOffers:
    """The offers of a file that are in the communes asked for, and what to say of the rest."""

    offers: list[Offer] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def parse_offers(name: str, content: bytes, insee_codes: Set[str]) -> ParsedOffers:
    """Return the offers of a file whose place of work is in one of the communes.

    Raises
    ------
    FileRefused
        If it is neither France Travail's JSON nor a table with its columns.
    """
    found, elsewhere, known = ParsedOffers(), 0, set[str]()
    for number_, fields in read_rows(name, content):
        code = text(fields.get("insee_code")).zfill(5)
        if code not in insee_codes:
            elsewhere += 1
            continue
        try:
            offer = read_offer(fields, code)
        except RowRefused as refusal:
            found.refused.append(Refusal(number_, text(fields.get("source_key")), str(refusal)))
            continue
        if offer.source_key not in known:
            known.add(offer.source_key)
            found.offers.append(offer)
    if elsewhere:
        found.notes.append(f"{elsewhere} offres hors du territoire : laissées de côté.")
    found.notes.append("Ni l’employeur, ni un contact n’est lu : ce peut être une personne.")
    return found


def read_rows(name: str, content: bytes) -> Iterable[tuple[int, Mapping[str, Any]]]:
    """Return the fields of each offer, by role."""
    if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return enumerate((by_role(flat(row)) for row in read_json(name, content)), start=1)
    table = read_table(name, content, KNOWN.__contains__)
    columns = [bare(column) for column in table.columns]
    return [
        (number_, by_role(dict(zip(columns, cells, strict=False)))) for number_, cells in table.rows
    ]


def read_json(name: str, content: bytes) -> list[Mapping[str, Any]]:
    """Return the offers of a JSON answer of France Travail's service, or of a list of offers."""
    if len(content) > MOST_BYTES:
        raise FileRefused(f"{name} dépasse 5 Mo : demandez les offres de vos communes seules.")
    try:
        told = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise FileRefused(f"{name} n’est pas du JSON lisible.") from error
    rows = told.get("resultats") if isinstance(told, dict) else told
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise FileRefused(f"{name} : une liste d’offres de France Travail est attendue.")
    return rows


def flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of an offer, those of its place of work beside the others."""
    fields = {bare(key): value for key, value in row.items() if not isinstance(value, dict | list)}
    place = row.get("lieuTravail")
    if isinstance(place, dict):
        fields |= {f"{PLACE}{bare(key)}": value for key, value in place.items()}
    return fields


def by_role(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that are read, by role."""
    return {
        role: next((fields[name] for name in names if fields.get(name) not in (None, "")), None)
        for role, names in FIELDS.items()
    }


def read_offer(fields: Mapping[str, Any], insee_code: str) -> Offer:
    """Return an offer.

    Raises
    ------
    RowRefused
        If it has no key, no title, or an impossible number.
    """
    key, title = text(fields["source_key"])[:60], text(fields["title"])[:MAX_TITLE]
    if not key or not title:
        raise RowRefused("l’offre n’a pas d’identifiant ou pas d’intitulé")
    if names_somebody(title):
        raise RowRefused("l’intitulé semble nommer ou joindre une personne")
    if not INSEE_CODE.fullmatch(insee_code):
        raise RowRefused("le code de la commune est illisible")
    lon, lat = number(text(fields["lon"])), number(text(fields["lat"]))
    placed = lon is not None and lat is not None and abs(lon) <= 180 and abs(lat) <= 90
    return Offer(
        source_key=key,
        title=title,
        insee_code=insee_code,
        rome_code=text(fields["rome_code"]).upper()[:ROME],
        rome_label=text(fields["rome_label"])[:MAX_TITLE],
        contract_kind=text(fields["contract_kind"])[:60],
        positions=max(count(text(fields["positions"])) or 1, 1),
        lon=lon if placed else None,
        lat=lat if placed else None,
        published_on=day_of(fields["published_on"]),
    )


def day_of(value: Any) -> date | None:
    """Return the day of an ISO instant or date; None when it cannot be read."""
    try:
        return date.fromisoformat(text(value)[:10])
    except ValueError:
        return None
