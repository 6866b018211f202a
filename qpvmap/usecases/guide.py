"""Keep the guide of services: structures, their offers, the words they are found by."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.errors import InvalidSubmission, NotFound, StaleVersion
from qpvmap.core.french import local_date
from qpvmap.core.geo import LonLat
from qpvmap.core.guide import (
    OfferDraft,
    Quality,
    StructureDraft,
    changed,
    offer_faults,
    structure_faults,
)
from qpvmap.core.guide_words import GROUP_MAX, GROUPS_MAX, read_groups
from qpvmap.core.permanences import as_json, from_json, lines_of, read_schedule
from qpvmap.core.permissions import Action, Target, require
from qpvmap.core.subscriptions import folded
from qpvmap.storage.guide import offer_by_id, structure_by_code, structure_by_id
from qpvmap.storage.guide_search import index_offers
from qpvmap.storage.imports import bump_data_version
from qpvmap.storage.models import GuideEvent, GuideOffer, GuideStructure, GuideSynonym, Territory
from qpvmap.storage.signalements import point_of

FAMILY = "guide"
CODE_MAX = 60
COORDINATION = "la coordination"
TOO_MANY_WORDS = f"{GROUPS_MAX} lignes de {GROUP_MAX} caractères au plus."


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a structure is, and how surely; no point when only its commune is known."""

    point: LonLat | None = None
    quality: Quality = Quality.COMMUNE


@dataclass(frozen=True, slots=True)
class Editing:
    """Whose guide is changed, by whom, from which version, and when."""

    actor: Actor
    territory_id: int
    now: datetime
    version: int = 0


def structure_values(structure: GuideStructure) -> dict[str, Any]:
    """Return a structure as its form shows it."""
    return asdict(
        StructureDraft(
            **{name: getattr(structure, name) for name in StructureDraft.__dataclass_fields__}
        )
    )


def offer_values(offer: GuideOffer) -> dict[str, Any]:
    """Return an offer as its form shows it, its schedule line by line."""
    kept = {
        name: getattr(offer, name) for name in OfferDraft.__dataclass_fields__ if name != "schedule"
    }
    schedule = lines_of(from_json(offer.schedule))
    return asdict(OfferDraft(**{**kept, "publics": tuple(offer.publics), "schedule": schedule}))


def save_structure(
    session: Session,
    editing: Editing,
    draft: StructureDraft,
    placed: Placed,
    code: str | None = None,
) -> GuideStructure:
    """Add a structure, or write the one of this code anew, and return it.

    What somebody of the coordination writes counts as checked that day, unless it says otherwise.

    Raises
    ------
    NotAllowed
        If the actor does not keep the guide of the territory.
    NotFound, StaleVersion
        If there is none of this code, or somebody changed it since it was read.
    InvalidSubmission
        With a French message for each field at fault.
    """
    require(editing.actor, Action.EDIT_GUIDE, Target(editing.territory_id))
    territory = session.get_one(Territory, editing.territory_id)
    faults = structure_faults(draft, tuple(territory.insee_codes))
    if faults:
        raise InvalidSubmission(faults)
    if code is None:
        structure = GuideStructure(
            territory_id=territory.id, code=_new_code(session, territory.id, draft.name), version=1
        )
        before: Mapping[str, Any] = {}
    else:
        structure = locked(session, editing, code)
        before = structure_values(structure)
    write_structure(structure, draft)
    structure.location = point_of(placed.point) if placed.point else None  # type: ignore[assignment]  # read back as WKB
    structure.position_quality = placed.quality if placed.point else Quality.COMMUNE
    session.add(structure)
    if not draft.to_check:
        mark_checked(structure, editing.now, COORDINATION)
    session.flush()
    _touch(session, editing, structure, "saved", changed(before, structure_values(structure)))
    return structure


def write_structure(structure: GuideStructure, draft: StructureDraft) -> None:
    """Write the fields of a draft on a structure."""
    for name, value in asdict(draft).items():
        setattr(structure, name, value)


def mark_checked(structure: GuideStructure, now: datetime, by: str) -> None:
    """Note that what is known of a structure was checked: it is asked again in a year."""
    structure.checked_on = local_date(now)
    structure.checked_by = by
    structure.to_check = False
    structure.asked = 0


def remove_structure(session: Session, editing: Editing, code: str) -> GuideStructure:
    """Take a structure out of the guide; its row stays, so that no loading brings it back.

    Raises
    ------
    NotAllowed, NotFound, StaleVersion
        As `save_structure` does.
    """
    require(editing.actor, Action.EDIT_GUIDE, Target(editing.territory_id))
    structure = locked(session, editing, code)
    structure.removed_at = editing.now
    _touch(session, editing, structure, "removed", {})
    return structure


def save_offer(
    session: Session,
    editing: Editing,
    code: str,
    draft: OfferDraft,
    offer_id: int | None = None,
) -> GuideOffer:
    """Add an offer to a structure, or write the one of this key anew, and return it.

    Raises
    ------
    NotAllowed, NotFound, StaleVersion, InvalidSubmission
        As `save_structure` does.
    """
    require(editing.actor, Action.EDIT_GUIDE, Target(editing.territory_id))
    faults = offer_faults(draft)
    if faults:
        raise InvalidSubmission(faults)
    structure = locked(session, editing, code)
    if offer_id is None:
        taken = {offer.code for offer in structure.offers}
        offer = GuideOffer(
            structure_id=structure.id,
            code=_free(_slug(draft.title), taken),
            position=len(structure.offers),
        )
        before: Mapping[str, Any] = {}
    else:
        offer = _own_offer(session, editing, structure, offer_id)
        before = offer_values(offer)
    write_offer(offer, draft)
    session.add(offer)
    session.flush()
    kept = changed(before, offer_values(offer))
    _touch(session, editing, structure, "offer_saved", {offer.title: ["", kept]} if kept else {})
    return offer


def write_offer(offer: GuideOffer, draft: OfferDraft) -> None:
    """Write the fields of a draft on an offer."""
    for name, value in asdict(replace(draft, schedule="")).items():
        setattr(offer, name, list(value) if name == "publics" else value)
    offer.schedule = as_json(read_schedule(draft.schedule))


def remove_offer(session: Session, editing: Editing, code: str, offer_id: int) -> GuideOffer:
    """Take an offer out of the guide.

    Raises
    ------
    NotAllowed, NotFound, StaleVersion
        As `save_structure` does.
    """
    require(editing.actor, Action.EDIT_GUIDE, Target(editing.territory_id))
    structure = locked(session, editing, code)
    offer = _own_offer(session, editing, structure, offer_id)
    offer.removed_at = editing.now
    _touch(session, editing, structure, "offer_removed", {offer.title: ["", ""]})
    return offer


def save_synonyms(session: Session, editing: Editing, text: str) -> int:
    """Write the groups of synonyms, one a line, and look for everything by them from now on.

    Raises
    ------
    NotAllowed
        If the actor does not keep the guide of the territory.
    InvalidSubmission
        If there are too many.
    """
    require(editing.actor, Action.EDIT_GUIDE, Target(editing.territory_id))
    groups = read_groups(text)
    if len(groups) > GROUPS_MAX or any(len(", ".join(group)) > GROUP_MAX for group in groups):
        raise InvalidSubmission({"terms": TOO_MANY_WORDS})
    replace_synonyms(session, editing.territory_id, groups)
    index_offers(session, editing.territory_id)
    return len(groups)


def replace_synonyms(session: Session, territory_id: int, groups: list[list[str]]) -> None:
    """Write the groups of synonyms of a territory in the place of those there are."""
    session.execute(delete(GuideSynonym).where(GuideSynonym.territory_id == territory_id))
    session.add_all(GuideSynonym(territory_id=territory_id, terms=group) for group in groups)
    session.flush()


def locked(session: Session, editing: Editing, code: str) -> GuideStructure:
    """Return a structure, held until the transaction ends.

    Raises
    ------
    NotFound, StaleVersion
        If there is none, or somebody changed it since `editing.version`.
    """
    structure = structure_by_code(session, editing.territory_id, code, lock=True)
    if structure is None:
        raise NotFound("Structure", code)
    if structure.version != editing.version:
        raise StaleVersion(code, editing.version, structure.version)
    return structure


def _own_offer(
    session: Session, editing: Editing, structure: GuideStructure, offer_id: int
) -> GuideOffer:
    offer = offer_by_id(session, editing.territory_id, offer_id)
    if offer is None or offer.structure_id != structure.id:
        raise NotFound("Offre", str(offer_id))
    return offer


def _touch(
    session: Session,
    editing: Editing,
    structure: GuideStructure,
    kind: str,
    changes: Mapping[str, Any],
) -> None:
    record(session, structure, kind, changes, editing.now, editing.actor.account_id)
    structure.updated_by = editing.actor.account_id


def record(
    session: Session,
    structure: GuideStructure,
    kind: str,
    changes: Mapping[str, Any],
    now: datetime,
    account_id: int | None = None,
) -> None:
    """Note a change of a structure: a line of its history, a version, words to be found by."""
    structure.version += 1
    structure.updated_at = now
    session.add(
        GuideEvent(
            structure_id=structure.id,
            at=now,
            kind=kind,
            account_id=account_id,
            changes=dict(changes),
        )
    )
    bump_data_version(session, FAMILY, now)
    session.flush()
    index_offers(session, structure.territory_id, structure.id)
    structure_by_id(session, structure.id)  # the offers that were read before are read again


def _slug(name: str) -> str:
    return folded(name).replace(" ", "-")[:CODE_MAX].strip("-") or "structure"


def _free(code: str, taken: set[str]) -> str:
    candidates = [code, *(f"{code}-{number}" for number in range(2, len(taken) + 3))]
    return next(candidate for candidate in candidates if candidate not in taken)


def _new_code(session: Session, territory_id: int, name: str) -> str:
    code = _slug(name)
    taken = set(
        session.scalars(
            select(GuideStructure.code).where(
                GuideStructure.territory_id == territory_id,
                GuideStructure.code.like(f"{code}%"),
            )
        )
    )
    return _free(code, taken | RESERVED)


RESERVED = {"livret.pdf", "paquet.json", "verifier"}
"""What the addresses of the guide hold besides structures."""
