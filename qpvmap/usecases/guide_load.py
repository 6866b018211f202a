"""Put the guide that a territory is described with into the database; twice changes nothing.

A structure that somebody has changed since, or removed, is left as it is; so are the synonyms once
there are any.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.core.guide import OfferDraft, Quality, StructureDraft, offer_faults, structure_faults
from qpvmap.storage.guide_search import index_offers, synonym_groups
from qpvmap.storage.imports import Counts, bump_data_version
from qpvmap.storage.models import GuideOffer, GuideStructure, Territory
from qpvmap.usecases.guide import (
    FAMILY,
    offer_values,
    replace_synonyms,
    structure_values,
    write_offer,
    write_structure,
)

CONTRACT = "Contrat de ville"


def load_guide(
    session: Session, territory_id: int, described: Mapping[str, Any], now: datetime
) -> Counts:
    """Write the structures that are described, all to be checked; return how many of each.

    Raises
    ------
    ValueError
        If what is described would be refused by the guide's own form.
    """
    known = {
        row.code: row
        for row in session.scalars(
            select(GuideStructure).where(GuideStructure.territory_id == territory_id)
        )
    }
    new = changed = unchanged = 0
    for row in described["structures"]:
        structure = known.get(row["code"])
        if structure is None:
            structure = GuideStructure(
                territory_id=territory_id,
                code=row["code"],
                version=1,
                position_quality=Quality.COMMUNE,
                updated_at=now,
            )
            _write(session, structure, row)
            new += 1
        elif structure.version == 1 and structure.removed_at is None:
            wrote = _write(session, structure, row)
            changed, unchanged = changed + wrote, unchanged + (not wrote)
        else:
            unchanged += 1
    groups = [list(group) for group in described["synonyms"]["groups"]]
    first_words = not synonym_groups(session, territory_id)
    if first_words:
        replace_synonyms(session, territory_id, groups)
    if new or changed or first_words:
        index_offers(session, territory_id)
        bump_data_version(session, FAMILY, now)
    return Counts(new, changed, unchanged, 0)


def _write(session: Session, structure: GuideStructure, row: Mapping[str, Any]) -> bool:
    """Write a structure and its offers; return whether anything differed."""
    own = {name: row[name] for name in StructureDraft.__dataclass_fields__ if name in row}
    draft = StructureDraft(**{"source": CONTRACT, **own, "to_check": True})
    territory = session.get_one(Territory, structure.territory_id)
    _refuse(structure.code, structure_faults(draft, tuple(territory.insee_codes)))
    before = structure_values(structure) if structure.id else None
    write_structure(structure, draft)
    session.add(structure)
    session.flush()
    offers = [
        _write_offer(session, structure, position, offer)
        for position, offer in enumerate(row["offers"])
    ]
    return before != structure_values(structure) or any(offers)


def _write_offer(
    session: Session, structure: GuideStructure, position: int, row: Mapping[str, Any]
) -> bool:
    own = {name: row[name] for name in OfferDraft.__dataclass_fields__ if name in row}
    draft = OfferDraft(**{**own, "publics": tuple(row.get("publics", ()))})
    _refuse(f"{structure.code}/{row['code']}", offer_faults(draft))
    offer = session.scalar(
        select(GuideOffer).where(
            GuideOffer.structure_id == structure.id, GuideOffer.code == row["code"]
        )
    )
    before = offer_values(offer) if offer else None
    offer = offer or GuideOffer(structure_id=structure.id, code=row["code"], position=position)
    write_offer(offer, draft)
    session.add(offer)
    session.flush()
    return before != offer_values(offer)


def _refuse(what: str, faults: Mapping[str, str]) -> None:
    if faults:
        raise ValueError(f"{what}: {' '.join(faults.values())}")
