"""What answers some words in the guide: looked for by French stems, mended when mistyped."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from geoalchemy2 import functions as geo
from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from qpvmap.core.guide import COSTS, PUBLICS, THEMES, Wanted
from qpvmap.core.guide_words import (
    WORD_TO_MEND,
    languages_in,
    likeliest,
    synonyms_in,
    wanted_words,
)
from qpvmap.core.permanences import from_json, lines_of
from qpvmap.core.subscriptions import folded
from qpvmap.storage.models import GuideOffer, GuideStructure, GuideSynonym, GuideWord
from qpvmap.storage.statements import statement

LEAST = 0.55
"""Which part of the weight of the words an offer must answer."""
MENDED_TRUST = 0.5
"""How far a word is trusted that stands for a mistyped one."""

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


@dataclass(frozen=True, slots=True)
class Found:
    """The offers that answer, the best first; what was mistyped, with what it was taken for."""

    ids: Sequence[int]
    words: Sequence[str] = ()
    mended: Mapping[str, str] = field(default_factory=dict)


def find_offers(session: Session, territory_id: int, wanted: Wanted) -> list[Card]:
    """Return the offers that answer, the best first; without words, by structure."""
    return cards_of(session, answering(session, territory_id, wanted).ids)


def answering(session: Session, territory_id: int, wanted: Wanted) -> Found:
    """Return which offers answer: at most two statements."""
    typed = wanted_words(wanted.words)
    mended = mended_words(session, territory_id, typed) if typed else {}
    words = [mended.get(word, word) for word in typed]
    given = {
        "territory_id": territory_id,
        "words": words,
        "trusts": [MENDED_TRUST if word in mended else 1.0 for word in typed],
        "commune": wanted.commune,
        "theme": wanted.theme,
        "public": wanted.public,
        "cost": wanted.cost,
        "language": wanted.language.lower(),
        "least": LEAST,
    }
    ids = session.scalars(statement("guide_offers"), given).all()
    return Found(ids, words, mended)


def mended_words(session: Session, territory_id: int, words: Sequence[str]) -> dict[str, str]:
    """Return the words that the guide does not know, with those that they look like."""
    given = {"territory_id": territory_id, "words": list(words)}
    rows = session.execute(statement("guide_meant"), given)
    guesses = ((row.word, likeliest(row.word, row.alike)) for row in rows if not row.is_known)
    return {word: guess for word, guess in guesses if guess}


def cards_of(session: Session, offer_ids: Sequence[int]) -> list[Card]:
    """Return some offers with their structures, in the order of their keys."""
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
    cards = {row[0].id: Card(*row) for row in rows}
    return [cards[key] for key in offer_ids if key in cards]


def schedules_of(session: Session, offer_ids: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    """Return when each offer is held, as its row keeps it."""
    query = select(GuideOffer.id, GuideOffer.schedule).where(GuideOffer.id.in_(offer_ids))
    return {row.id: row.schedule for row in session.execute(query)}


def communes_of(session: Session, offer_ids: Sequence[int]) -> dict[str, int]:
    """Return how many of some offers are in each commune; under "" those that say none."""
    rows = session.execute(
        select(GuideStructure.insee_code, func.count())
        .join(GuideOffer, GuideOffer.structure_id == GuideStructure.id)
        .where(GuideOffer.id.in_(offer_ids))
        .group_by(GuideStructure.insee_code)
    )
    return {row[0]: row[1] for row in rows}


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
    found, words = [], set[str]()
    for offer, structure in session.execute(query):
        told = told_by(offer, structure)
        synonyms = synonyms_in(told, groups)
        words.update(told.split(), synonyms.split())
        texts = (*_searched(offer, structure), synonyms)
        found.append({"id": offer.id, **dict(zip("abcd", texts, strict=True))})
    if found:
        session.execute(INDEX, found)
    if structure_id is None:
        session.execute(delete(GuideWord).where(GuideWord.territory_id == territory_id))
    _learn(session, territory_id, {word for word in words if len(word) >= WORD_TO_MEND})


def _learn(session: Session, territory_id: int, words: set[str]) -> None:
    """Keep words that what is mistyped may stand for; those of former texts do no harm."""
    if words:
        session.execute(
            insert(GuideWord).on_conflict_do_nothing(),
            [{"territory_id": territory_id, "word": word} for word in sorted(words)],
        )


def told_by(offer: GuideOffer, structure: GuideStructure) -> str:
    """Return what an offer says of itself, folded: what synonyms are looked for in."""
    kinds = [THEMES[offer.theme], *(PUBLICS[public] for public in offer.publics)]
    told = (offer.title, structure.name, structure.kind, offer.for_whom, offer.description, *kinds)
    return folded(" ".join(told))


def _searched(offer: GuideOffer, structure: GuideStructure) -> tuple[str, str, str]:
    """Return the texts of an offer, folded: title, theme and publics, the rest."""
    kinds = [THEMES[offer.theme], *(PUBLICS[public] for public in offer.publics)]
    rest = (
        structure.kind,
        structure.place,
        structure.address,
        offer.for_whom,
        offer.description,
        offer.conditions,
        offer.languages,
        "" if offer.cost == "unknown" else COSTS[offer.cost],
        lines_of(from_json(offer.schedule)),
    )
    title = folded(f"{offer.title} {structure.name}")
    return title, folded(" ".join(kinds)), folded(" ".join(rest))


@dataclass(frozen=True, slots=True)
class Contents:
    """How many offers there are by commune and by theme, and the languages that are spoken."""

    communes: Mapping[str, int]
    themes: Mapping[str, int]
    languages: Sequence[str]

    @property
    def total(self) -> int:
        """How many offers there are."""
        return sum(self.themes.values())


def contents_of(session: Session, territory_id: int) -> Contents:
    """Return what the guide of a territory holds: one statement."""
    rows = session.execute(
        select(GuideStructure.insee_code, GuideOffer.theme, GuideOffer.languages, func.count())
        .join(GuideOffer, GuideOffer.structure_id == GuideStructure.id)
        .where(
            GuideStructure.territory_id == territory_id,
            GuideStructure.removed_at.is_(None),
            GuideOffer.removed_at.is_(None),
        )
        .group_by(GuideStructure.insee_code, GuideOffer.theme, GuideOffer.languages)
    ).all()
    communes: Counter[str] = Counter()
    themes: Counter[str] = Counter()
    languages: set[str] = set()
    for commune, theme, spoken, count in rows:
        communes[commune] += count
        themes[theme] += count
        languages.update(languages_in(spoken))
    return Contents(communes, themes, sorted(languages, key=folded))
