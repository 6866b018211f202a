"""Once a year each structure checks its page, by a signed link sent to its own address.

Saying that all is right counts at once. What it corrects waits for somebody who keeps the guide: a
mail is passed on, and whoever holds the link has no account (docs/adr/0031).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.errors import CannotChange, InvalidSubmission, NotFound
from qpvmap.core.french import local_date
from qpvmap.core.guide import (
    OfferDraft,
    Proposal,
    StructureDraft,
    changed,
    offer_faults,
    structure_faults,
)
from qpvmap.core.permissions import Action, Target, require
from qpvmap.storage.guide import (
    due_for_review,
    has_waiting,
    locked_proposal,
    structure_by_code,
    structure_by_id,
)
from qpvmap.storage.models import GuideOffer, GuideProposal, GuideStructure, Territory
from qpvmap.storage.queue import enqueue
from qpvmap.usecases.guide import (
    Editing,
    locked,
    mark_checked,
    offer_values,
    record,
    structure_values,
    write_offer,
    write_structure,
)

ITSELF = "la structure"
OWN_FIELDS = ("name", "kind", "place", "address", "phone", "email", "site")
"""What a structure may correct of itself; its commune and its place on the map are not."""
NOTE_MAX = 1000
NO_ADDRESS = "Cette structure n’a pas d’adresse de courriel\u00a0: ajoutez-la d’abord."
ALREADY = "Vous avez déjà envoyé des corrections\u00a0: la coordination va les regarder."
DECIDED = "Cette correction est déjà traitée."
GONE = "Ce lien n’est plus le bon."
GONE_FIELD = "gone"
"""Among the differences of an offer: it is no longer made."""
NOTE_LONG = f"Texte trop long\u00a0: {NOTE_MAX} caractères au plus."


@dataclass(frozen=True, slots=True)
class ReviewLetter:
    """The mail that asks a structure to check its page."""

    subject: str
    text: str


Writer = Callable[[GuideStructure, str], ReviewLetter]
"""Writes to a structure, in the name of a territory."""


def send_due_reviews(session: Session, write: Writer, now: datetime) -> int:
    """Ask each structure that nobody has checked for a year; return how many mails go out."""
    due = due_for_review(session, now, local_date(now))
    for structure in due:
        _ask(session, structure, write, now)
    return len(due)


def ask_review(session: Session, editing: Editing, code: str, write: Writer) -> GuideStructure:
    """Ask one structure now.

    Raises
    ------
    NotAllowed, NotFound, StaleVersion
        If the actor does not keep the guide, there is none, or it was changed since.
    CannotChange
        If no address is known to write to.
    """
    require(editing.actor, Action.EDIT_GUIDE, Target(editing.territory_id))
    structure = locked(session, editing, code)
    if not structure.email:
        raise CannotChange(NO_ADDRESS)
    _ask(session, structure, write, editing.now)
    return structure


def _ask(session: Session, structure: GuideStructure, write: Writer, now: datetime) -> None:
    territory = session.get_one(Territory, structure.territory_id)
    letter = write(structure, territory.name)
    structure.asked_at = now
    structure.asked += 1
    enqueue(session, "send_mail", to=structure.email, subject=letter.subject, text=letter.text)


def opened(
    session: Session, structure_id: int, email: str, *, lock: bool = False
) -> GuideStructure:
    """Return the structure that a link opens.

    Raises
    ------
    NotFound
        If it is gone, or has another address since: the link was for the former one.
    """
    structure = structure_by_id(session, structure_id, lock=lock)
    if structure is None or structure.email != email:
        raise NotFound("Lien", GONE)
    return structure


def confirm(session: Session, structure_id: int, email: str, now: datetime) -> GuideStructure:
    """Note that a structure says its page is right, at once.

    Raises
    ------
    NotFound
        As `opened` does.
    """
    structure = opened(session, structure_id, email, lock=True)
    mark_checked(structure, now, ITSELF)
    record(session, structure, "confirmed", {}, now)
    return structure


@dataclass(frozen=True, slots=True)
class Correction:
    """What a structure typed: its own fields, those of its offers by key, a word to explain.

    `gone` are the offers that it no longer makes; `closes` when it receives nobody any more.
    """

    fields: Mapping[str, str]
    offers: Mapping[int, OfferDraft]
    note: str = ""
    gone: frozenset[int] = frozenset()
    closes: bool = False


def propose(
    session: Session, structure_id: int, email: str, correction: Correction, now: datetime
) -> GuideProposal | None:
    """Keep what a structure corrects until somebody decides; None when nothing differs.

    Nothing that differs is the same as saying that all is right.

    Raises
    ------
    NotFound
        As `opened` does.
    CannotChange
        If a former correction still waits.
    InvalidSubmission
        With a French message for each field at fault; those of an offer begin by its key.
    """
    structure = opened(session, structure_id, email, lock=True)
    if has_waiting(session, structure.id):
        raise CannotChange(ALREADY)
    own, offers = _differences(structure, correction)
    _check(session, structure, own, offers, correction)
    if not own and not offers and not correction.note and not correction.closes:
        confirm(session, structure_id, email, now)
        return None
    proposal = GuideProposal(
        territory_id=structure.territory_id,
        structure_id=structure.id,
        received_at=now,
        fields=own,
        offers={str(key): values for key, values in offers.items()},
        note=correction.note,
        closes=correction.closes,
        state=Proposal.WAITING,
    )
    session.add(proposal)
    structure.asked = 0
    record(session, structure, "proposed", {}, now)
    return proposal


def _differences(
    structure: GuideStructure, correction: Correction
) -> tuple[dict[str, list[Any]], dict[int, dict[str, list[Any]]]]:
    """Return what differs from the page, by field: what it was, what it should be."""
    sent = {name: correction.fields.get(name, "") for name in OWN_FIELDS}
    own = changed(structure_values(structure), sent)
    offers: dict[int, dict[str, list[Any]]] = {}
    for offer in structure.offers:
        if offer.id in correction.gone:
            offers[offer.id] = {GONE_FIELD: [False, True]}
            continue
        draft = correction.offers.get(offer.id)
        if draft is None:
            continue
        differs = changed(offer_values(offer), _offer_fields(draft))
        if differs:
            offers[offer.id] = differs
    return own, offers


def _offer_fields(draft: OfferDraft) -> dict[str, Any]:
    return {field.name: getattr(draft, field.name) for field in fields(OfferDraft)}


def _check(
    session: Session,
    structure: GuideStructure,
    own: Mapping[str, list[Any]],
    offers: Mapping[int, Mapping[str, list[Any]]],
    correction: Correction,
) -> None:
    territory = session.get_one(Territory, structure.territory_id)
    draft = corrected_structure(structure, own)
    faults = structure_faults(draft, tuple(territory.insee_codes))
    for offer in structure.offers:
        for name, fault in offer_faults(corrected_offer(offer, offers.get(offer.id, {}))).items():
            faults[f"{offer.id}-{name}"] = fault
    if len(correction.note) > NOTE_MAX:
        faults["note"] = NOTE_LONG
    if faults:
        raise InvalidSubmission(faults)


def corrected_structure(
    structure: GuideStructure, differences: Mapping[str, list[Any]]
) -> StructureDraft:
    """Return a structure as it would be with what is proposed."""
    draft = StructureDraft(**structure_values(structure))
    return replace(draft, **{name: pair[1] for name, pair in differences.items()})


def corrected_offer(offer: GuideOffer, differences: Mapping[str, list[Any]]) -> OfferDraft:
    """Return an offer as it would be with what is proposed."""
    draft = OfferDraft(**offer_values(offer))
    values = {name: pair[1] for name, pair in differences.items() if name != GONE_FIELD}
    if "publics" in values:
        values["publics"] = tuple(values["publics"])
    return replace(draft, **values)


def decide(
    session: Session, actor: Actor, territory_id: int, key: int, *, accepted: bool, now: datetime
) -> GuideStructure:
    """Put a correction on the page, or leave it; return the structure.

    Raises
    ------
    NotAllowed, NotFound
        If the actor does not keep the guide, or there is no such correction.
    CannotChange
        If it was decided already.
    InvalidSubmission
        If the structure changed so much since that it no longer makes sense.
    """
    require(actor, Action.EDIT_GUIDE, Target(territory_id))
    proposal = locked_proposal(session, territory_id, key)
    structure = structure_by_id(session, proposal.structure_id, lock=True) if proposal else None
    if proposal is None or structure is None:
        raise NotFound("Correction", str(key))
    if proposal.state != Proposal.WAITING:
        raise CannotChange(DECIDED)
    proposal.state = Proposal.ACCEPTED if accepted else Proposal.REFUSED
    proposal.decided_at, proposal.decided_by = now, actor.account_id
    if accepted:
        _apply(session, structure, proposal, now)
        mark_checked(structure, proposal.received_at, ITSELF)
    kind = "correction_accepted" if accepted else "correction_refused"
    record(session, structure, kind, proposal.fields if accepted else {}, now, actor.account_id)
    return structure


def _apply(
    session: Session, structure: GuideStructure, proposal: GuideProposal, now: datetime
) -> None:
    territory = session.get_one(Territory, structure.territory_id)
    draft = corrected_structure(structure, proposal.fields)
    faults = structure_faults(draft, tuple(territory.insee_codes))
    if faults:
        raise InvalidSubmission(faults)
    write_structure(structure, draft)
    for offer in structure.offers:
        differences = proposal.offers.get(str(offer.id), {})
        write_offer(offer, corrected_offer(offer, differences))
        if GONE_FIELD in differences:
            offer.removed_at = now
    if proposal.closes:
        structure.removed_at = now


def known_structure(session: Session, territory_id: int, code: str) -> GuideStructure:
    """Return a structure of the guide.

    Raises
    ------
    NotFound
        If there is none.
    """
    structure = structure_by_code(session, territory_id, code)
    if structure is None:
        raise NotFound("Structure", code)
    return structure
