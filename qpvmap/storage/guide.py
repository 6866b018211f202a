"""The guide of services: what answers some words, structures, what waits to be decided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from geoalchemy2 import functions as geo
from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session, selectinload

from qpvmap.core.guide import (
    ASK_AGAIN,
    CHECK_EVERY,
    MOST_ASKED,
    PUBLICS,
    THEMES,
    Proposal,
    Wanted,
)
from qpvmap.core.guide_words import synonyms_in, wanted_words
from qpvmap.core.permanences import from_json, lines_of
from qpvmap.core.subscriptions import folded
from qpvmap.storage.models import (
    Account,
    GuideEvent,
    GuideOffer,
    GuideProposal,
    GuideStructure,
    GuideSynonym,
)
from qpvmap.storage.statements import statement

LEAST = 0.55
"""Which part of the weight of the words an offer must answer."""


INDEX = text("""
    update guide_offer
    set search = setweight(to_tsvector('french', :a), 'A')
               || setweight(to_tsvector('french', :b), 'B')
               || setweight(to_tsvector('french', :c), 'C')
               || setweight(to_tsvector('french', :d), 'D'),
        search_text = concat_ws(' ', cast(:a as text), cast(:b as text), cast(:c as text),
                                cast(:d as text))
    where id = :id
""")


@dataclass(frozen=True, slots=True)
class Card:
    """An offer with the structure that makes it, and where that is (None: in the commune)."""

    offer: GuideOffer
    structure: GuideStructure
    lon: float | None
    lat: float | None


def find_offers(session: Session, territory_id: int, wanted: Wanted) -> list[Card]:
    """Return the offers that answer, the best first; without words, by structure."""
    given = {
        "territory_id": territory_id,
        "words": wanted_words(wanted.words),
        "commune": wanted.commune,
        "theme": wanted.theme,
        "public": wanted.public,
        "least": LEAST,
    }
    ids = [row.id for row in session.execute(statement("guide_offers"), given)]
    cards = {card.offer.id: card for card in _cards(session, ids)}
    return [cards[key] for key in ids if key in cards]


def _cards(session: Session, offer_ids: Sequence[int]) -> list[Card]:
    rows = session.execute(
        select(
            GuideOffer,
            GuideStructure,
            geo.ST_X(GuideStructure.location),
            geo.ST_Y(GuideStructure.location),
        )
        .join(GuideStructure, GuideStructure.id == GuideOffer.structure_id)
        .where(GuideOffer.id.in_(offer_ids))
    )
    return [Card(*row) for row in rows]


def structure_by_code(
    session: Session, territory_id: int, code: str, *, lock: bool = False
) -> GuideStructure | None:
    """Return a structure with its offers, held until the transaction ends when asked."""
    return _one(
        session, lock, GuideStructure.territory_id == territory_id, GuideStructure.code == code
    )


def structure_by_id(session: Session, key: int, *, lock: bool = False) -> GuideStructure | None:
    """Return a structure with its offers, of whichever territory."""
    return _one(session, lock, GuideStructure.id == key)


def _one(session: Session, lock: bool, *conditions: Any) -> GuideStructure | None:
    query = select(GuideStructure).where(*conditions, GuideStructure.removed_at.is_(None))
    if lock:
        query = query.with_for_update(of=GuideStructure)
    query = query.options(selectinload(GuideStructure.offers))
    return session.scalar(query.execution_options(populate_existing=True))


def place_of(session: Session, structure_id: int) -> tuple[float, float] | None:
    """Return the lon and lat of a structure; None when only its commune is known."""
    row = session.execute(
        select(geo.ST_X(GuideStructure.location), geo.ST_Y(GuideStructure.location)).where(
            GuideStructure.id == structure_id, GuideStructure.location.is_not(None)
        )
    ).one_or_none()
    return (row[0], row[1]) if row else None


def structures_of(session: Session, territory_id: int) -> Sequence[GuideStructure]:
    """Return the structures of a territory with their offers, by name."""
    return session.scalars(
        select(GuideStructure)
        .where(GuideStructure.territory_id == territory_id, GuideStructure.removed_at.is_(None))
        .options(selectinload(GuideStructure.offers))
        .order_by(GuideStructure.name, GuideStructure.id)
    ).all()


def offer_by_id(session: Session, territory_id: int, offer_id: int) -> GuideOffer | None:
    """Return an offer of a territory's guide."""
    return session.scalar(
        select(GuideOffer)
        .join(GuideStructure, GuideStructure.id == GuideOffer.structure_id)
        .where(
            GuideOffer.id == offer_id,
            GuideOffer.removed_at.is_(None),
            GuideStructure.removed_at.is_(None),
            GuideStructure.territory_id == territory_id,
        )
    )


def history_of(session: Session, structure_id: int) -> list[tuple[GuideEvent, str]]:
    """Return the changes of a structure, the last first, with who made them (nothing: itself)."""
    rows = session.execute(
        select(GuideEvent, func.coalesce(Account.name, ""))
        .outerjoin(Account, Account.id == GuideEvent.account_id)
        .where(GuideEvent.structure_id == structure_id)
        .order_by(GuideEvent.at.desc(), GuideEvent.id.desc())
        .limit(50)
    )
    return [(event, name) for event, name in rows]


def waiting_proposals(
    session: Session, territory_id: int
) -> list[tuple[GuideProposal, GuideStructure]]:
    """Return the corrections that wait for a decision, the oldest first, with their structures."""
    rows = session.execute(
        select(GuideProposal, GuideStructure)
        .join(GuideStructure, GuideStructure.id == GuideProposal.structure_id)
        .where(
            GuideProposal.territory_id == territory_id,
            GuideProposal.state == Proposal.WAITING,
            GuideStructure.removed_at.is_(None),
        )
        .order_by(GuideProposal.received_at, GuideProposal.id)
        .options(selectinload(GuideStructure.offers))
    )
    return [(proposal, structure) for proposal, structure in rows]


def locked_proposal(session: Session, territory_id: int, key: int) -> GuideProposal | None:
    """Return a correction, held until the transaction ends."""
    return session.scalar(
        select(GuideProposal)
        .where(GuideProposal.id == key, GuideProposal.territory_id == territory_id)
        .with_for_update()
    )


def has_waiting(session: Session, structure_id: int) -> bool:
    """Return whether a correction of a structure waits for a decision."""
    found = select(GuideProposal.id).where(
        GuideProposal.structure_id == structure_id, GuideProposal.state == Proposal.WAITING
    )
    return session.scalar(found.limit(1)) is not None


def due_for_review(session: Session, now: datetime, today: date) -> Sequence[GuideStructure]:
    """Return the structures to ask, locked: checked over a year ago, and not asked lately."""
    return session.scalars(
        select(GuideStructure)
        .where(
            GuideStructure.removed_at.is_(None),
            GuideStructure.email != "",
            or_(
                GuideStructure.checked_on.is_(None),
                GuideStructure.checked_on <= today - CHECK_EVERY,
            ),
            or_(GuideStructure.asked_at.is_(None), GuideStructure.asked_at <= now - ASK_AGAIN),
            GuideStructure.asked < MOST_ASKED,
        )
        .order_by(GuideStructure.id)
        .with_for_update(skip_locked=True)
    ).all()


def synonym_groups(session: Session, territory_id: int) -> list[list[str]]:
    """Return the groups of terms that mean the same."""
    return list(
        session.scalars(
            select(GuideSynonym.terms)
            .where(GuideSynonym.territory_id == territory_id)
            .order_by(GuideSynonym.id)
        )
    )


def index_offers(session: Session, territory_id: int, structure_id: int | None = None) -> None:
    """Write what the words of offers are looked for by, of one structure or of all."""
    groups = synonym_groups(session, territory_id)
    query = (
        select(GuideOffer, GuideStructure)
        .join(GuideStructure, GuideStructure.id == GuideOffer.structure_id)
        .where(GuideStructure.territory_id == territory_id, GuideOffer.removed_at.is_(None))
    )
    if structure_id is not None:
        query = query.where(GuideStructure.id == structure_id)
    found = [
        {"id": offer.id, **dict(zip("abcd", _searched(offer, structure, groups), strict=True))}
        for offer, structure in session.execute(query)
    ]
    if found:
        session.execute(INDEX, found)


def _searched(
    offer: GuideOffer, structure: GuideStructure, groups: Sequence[Sequence[str]]
) -> tuple[str, str, str, str]:
    """Return the texts of an offer, folded: title, theme and publics, the rest, synonyms."""
    kinds = [THEMES[offer.theme], *(PUBLICS[public] for public in offer.publics)]
    rest = (
        structure.kind,
        structure.place,
        offer.for_whom,
        offer.description,
        offer.conditions,
        offer.languages,
        lines_of(from_json(offer.schedule)),
    )
    title = folded(f"{offer.title} {structure.name}")
    told = folded(
        " ".join((offer.title, structure.name, structure.kind, offer.for_whom, offer.description))
    )
    about = f"{told} {folded(' '.join(kinds))}"
    return title, folded(" ".join(kinds)), folded(" ".join(rest)), synonyms_in(about, groups)


def offer_counts(
    session: Session, territory_id: int
) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Return how many offers there are by commune and by theme."""
    rows = session.execute(
        select(GuideStructure.insee_code, GuideOffer.theme, func.count())
        .join(GuideOffer, GuideOffer.structure_id == GuideStructure.id)
        .where(
            GuideStructure.territory_id == territory_id,
            GuideStructure.removed_at.is_(None),
            GuideOffer.removed_at.is_(None),
        )
        .group_by(GuideStructure.insee_code, GuideOffer.theme)
    ).all()
    communes: dict[str, int] = {}
    themes: dict[str, int] = {}
    for commune, theme, count in rows:
        communes[commune] = communes.get(commune, 0) + count
        themes[theme] = themes.get(theme, 0) + count
    return communes, themes
