"""Words looked for in signalements: French stems without accents, references, slips of the pen.

The hidden text is found by those alone who may read it. Every part of a search has its index.
"""

import re
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    and_,
    false,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.inbox import InboxFilters, Resolved
from qpvmap.core.permissions import Action
from qpvmap.storage.models import Category, SearchWord, Signalement, Team
from qpvmap.storage.visibility import reached_by

FRENCH: ColumnElement[str] = literal_column("'public.fr'::regconfig")
STEMS: ColumnElement[str] = literal_column("'pg_catalog.simple'::regconfig")
"""For what is a stem already: the stem of a stem is another."""
WORD = re.compile(r"[^\W_]+")
LIKE_A_REFERENCE = re.compile(r"(?=.*[\d-])[A-Za-z0-9-]{1,20}", re.ASCII)
NUMBER_DIGITS = 4
"""Digits that the number of a reference has at least."""
INDEXED = 3
"""Characters that an index of trigrams needs."""
PREFIX = 3
"""Letters from which a last word may be the beginning of another."""
MOST_NEARLY = 8
"""Words that one may be a slip of, the likeliest."""
ALIKE = 0.35
"""Share of trigrams from which two stems are alike."""


def resolved(session: Session, actor: Actor, filters: InboxFilters) -> InboxFilters:
    """Return filters that know the keys of what they name: at most two statements.

    What is counted, listed or acted upon goes through here first: a code or a word that the
    server must look up while it plans is planned for as if it were any other.
    """
    if not (filters.category or filters.team or filters.search):
        return filters
    mine = sorted(actor.territory_ids)
    category = select(func.min(Category.id)).where(
        Category.territory_id.in_(mine), Category.code == filters.category
    )
    team = select(func.min(Team.id)).where(Team.territory_id.in_(mine), Team.code == filters.team)
    found = select(category.scalar_subquery(), team.scalar_subquery(), _named(mine, filters.search))
    category_id, team_id, named = session.execute(found).one()
    nearly = _slips_of(session, filters.search) if filters.slips else ()
    return replace(filters, resolved=Resolved(category_id, team_id, tuple(named or ()), nearly))


def says(actor: Actor, filters: InboxFilters) -> ColumnElement[bool]:
    """Return the condition on rows in which the words of the filters are found."""
    known = filters.resolved or Resolved()
    parts: list[ColumnElement[bool]] = []
    if filters.slips and (query := _nearly(known)):
        parts.append(_holds(actor, func.to_tsquery(STEMS, query)))
    elif not filters.slips and (query := _query(filters.search)):
        parts.append(_holds(actor, func.to_tsquery(FRENCH, query)))
    if LIKE_A_REFERENCE.fullmatch(filters.search):
        parts.append(_has_reference(filters.search))
    if known.named:
        parts.append(Signalement.category_id.in_(known.named))
    return or_(false(), *parts)


def _holds(actor: Actor, asked: ColumnElement[Any]) -> ColumnElement[bool]:
    address = func.to_tsvector(FRENCH, Signalement.address)
    readable = or_(~Signalement.description_hidden, reached_by(actor, Action.VIEW_UNCHECKED))
    return and_(Signalement.words.bool_op("@@")(asked), or_(readable, address.bool_op("@@")(asked)))


def _query(search: str) -> str:
    """Return what `to_tsquery` reads: every word, the last one perhaps a beginning."""
    words = WORD.findall(search)
    if words and len(words[-1]) >= PREFIX and not words[-1].isdecimal():
        words[-1] += ":*"
    return " & ".join(words)


def _nearly(known: Resolved) -> str:
    """Return what `to_tsquery` reads: for every word, one of those it may be a slip of."""
    if not known.nearly or not all(known.nearly):
        return ""
    return " & ".join(f"({' | '.join(words)})" for words in known.nearly)


def _has_reference(search: str) -> ColumnElement[bool]:
    if len(search) >= INDEXED:
        return Signalement.reference.icontains(search, autoescape=True)
    if search.isdecimal():
        return Signalement.reference.endswith(f"-{search.zfill(NUMBER_DIGITS)}", autoescape=True)
    return false()


def _named(territory_ids: list[int], search: str) -> ScalarSelect[list[int]]:
    """Return the categories whose name holds the words."""
    name = func.to_tsvector(FRENCH, Category.name)
    return (
        select(func.array_agg(Category.id))
        .where(
            Category.territory_id.in_(territory_ids),
            name.bool_op("@@")(func.to_tsquery(FRENCH, _query(search))),
        )
        .scalar_subquery()
    )


def _slips_of(session: Session, search: str) -> tuple[tuple[str, ...], ...]:
    """Return for each word the known ones it is like, itself if known; words of grammar apart.

    Compared as stems: a word that people wrote once is in `search_word` as its stem.
    """
    stems = func.tsvector_to_array(func.to_tsvector(FRENCH, search))
    asked = select(func.unnest(stems).label("stem")).subquery("asked")
    closeness = func.similarity(SearchWord.word, asked.c.stem)
    alike = (
        select(SearchWord.word)
        .where(SearchWord.word.bool_op("%")(asked.c.stem), closeness > ALIKE)
        .group_by(SearchWord.word)
        .order_by(closeness.desc(), SearchWord.word)
        .limit(MOST_NEARLY)
        .correlate(asked)
    )
    rows = session.execute(select(asked.c.stem, func.array(alike.scalar_subquery())))
    return tuple(tuple(words) for _, words in rows)
