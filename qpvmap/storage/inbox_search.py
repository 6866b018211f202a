"""Words looked for in signalements: French stems without accents, references, slips of the pen.

The hidden text is found by those alone who may read it. Every part of a search has its index.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from enum import Enum
from math import prod

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
from qpvmap.core.inbox import CAPPED, InboxFilters, Resolved, Tab
from qpvmap.core.permissions import Action, Nature, Reach, reach_of
from qpvmap.core.workflow import OPEN_STATUSES, Status
from qpvmap.storage.models import Category, SearchWord, Signalement, Team
from qpvmap.storage.statements import statement
from qpvmap.storage.visibility import reached_by

FRENCH_NAME = "public.fr"
STEMS_NAME = "pg_catalog.simple"
FRENCH: ColumnElement[str] = literal_column(f"'{FRENCH_NAME}'::regconfig")
STEMS: ColumnElement[str] = literal_column(f"'{STEMS_NAME}'::regconfig")
"""For what is a stem already: the stem of a stem is another."""
WORD = re.compile(r"[^\W_]+")
LIKE_A_REFERENCE = re.compile(r"(?=.*[\d-])[A-Za-z0-9-]{1,20}", re.ASCII)
NUMBER_DIGITS = 4
"""Digits that the number of a reference has at least."""
INDEXED = 3
"""Characters that an index of trigrams needs."""
PREFIX = 3
"""Letters from which a last word may be the beginning of another."""
MOST_REFERRED = 200
"""Rows named by a reference, or by a part of one, that are looked for once and kept by key."""
MOST_NEARLY = 8
"""Words that one may be a slip of, the likeliest."""
ALIKE = 0.35
"""Share of trigrams from which two stems are alike."""
OFTEN = 0.02
"""Share of texts from which a word is met soon enough by who looks at rows in their order."""
VERY_OFTEN = 0.15
"""Share of texts from which the index of words gives too many of the past to be worth asking."""
READABLE = 0.08
"""Share of texts from which reading those that the other filters keep soon gives enough."""
READABLE_TOO = 0.04
"""The same when the words also name a category: no index gives the rows of either in a place."""
EVERYWHERE = 0.3
"""Share of texts from which it gives too many of what is open, which is then counted to a bound."""


class Part(Enum):
    """What is looked through: each part but the whole has an index of its words."""

    OPEN = "open"
    RESOLVED = "resolved"
    CLOSED = "closed"
    WHOLE = "whole"

    @property
    def is_past(self) -> bool:
        """Whether it grows for ever."""
        return self is not Part.OPEN


IN_PART: Mapping[Part, ColumnElement[bool]] = {
    Part.OPEN: Signalement.status.in_(OPEN_STATUSES),
    Part.RESOLVED: Signalement.status == Status.RESOLVED,
    Part.CLOSED: Signalement.status == Status.CLOSED,
}
"""Parts that have no row in common; together they are the whole."""
ANY_PART = or_(*IN_PART.values())
"""Always true: words are found by the index of each part, which is named."""


def part_of(filters: InboxFilters, tab: Tab) -> Part:
    """Return the part in which a tab's rows are, under filters."""
    if filters.keeps_open_alone or tab not in CAPPED:
        return Part.OPEN
    return Part.RESOLVED if tab is Tab.RESOLVED else Part.WHOLE


def in_part(actor: Actor, filters: InboxFilters, part: Part) -> ColumnElement[bool]:
    """Return the condition on rows of a part, said so that words are found by its index.

    For who asks for some teams, what is open is said in another order than in that index: said
    alike, the server takes it as dealt with, and meets the words with all that a team ever had.
    """
    if part is Part.OPEN and (filters.team or not _reaches_every_team(actor)):
        return Signalement.status.in_(sorted(OPEN_STATUSES))
    return IN_PART.get(part, ANY_PART)


def _reaches_every_team(actor: Actor) -> bool:
    return Reach.TERRITORY in reach_of(actor, Action.HANDLE, Nature.TECHNIQUE)


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
    found = select(
        category.scalar_subquery(),
        team.scalar_subquery(),
        _named(mine, filters.search),
        _referred(mine, filters.search),
    )
    category_id, team_id, named, referred = session.execute(found).one()
    known = Resolved(category_id, team_id, tuple(named or ()), _if_few(filters.search, referred))
    if filters.slips:
        nearly = _slips_of(session, filters.search)
        known = replace(known, nearly=nearly, shares=_shares_of_slips(session, nearly))
    elif filters.search:
        known = replace(known, shares=_shares_of(session, filters.search))
    return replace(filters, resolved=known)


def is_everywhere(filters: InboxFilters) -> bool:
    """Return whether a good part of all texts holds the words of resolved filters."""
    shares = filters.resolved.shares if filters.resolved else ()
    return min((share for share in shares if share is not None), default=0) >= EVERYWHERE


def are_read_last(filters: InboxFilters, part: Part, *, found_first: bool = True) -> bool:
    """Return whether rows of a part are found by all else that is asked, then their texts read.

    An index of words would give too many rows, or a category that the words name would keep the
    server from it. `found_first` as in `says`: who looks at rows in their order goes on doing so.
    """
    known = filters.resolved or Resolved()
    if is_everywhere(filters):
        return found_first or not part.is_past
    joint = prod(share for share in known.shares if share is not None) if known.shares else 0
    in_a_place = filters.names_a_place_or_kind
    least = READABLE_TOO if known.named and in_a_place else READABLE
    return found_first and bool(known.named or in_a_place) and joint >= least


def says(
    actor: Actor, filters: InboxFilters, part: Part = Part.OPEN, *, found_first: bool = True
) -> ColumnElement[bool]:
    """Return the condition on rows in which the words of the filters are found.

    `part` is where they are looked for. Words that many texts hold are read row by row: their
    index would give them all before the first, `found_first` or not.
    """
    known = filters.resolved or Resolved()
    limit = EVERYWHERE if not part.is_past else VERY_OFTEN if found_first else OFTEN
    said = _in_texts(actor, filters, limit, any_part=part is Part.WHOLE)
    few = max((share or 0 for share in known.shares), default=0) < OFTEN
    if known.named and said and (few if part.is_past else not is_everywhere(filters)):
        said = [_by_key(actor, in_part(actor, filters, part), or_(*said))]
    return or_(false(), *said, *_of_a_named_category(known))


def is_said(actor: Actor, filters: InboxFilters, key: ColumnElement[int]) -> ColumnElement[bool]:
    """Return whether the row of this key holds the words of the filters: one row is read."""
    known = filters.resolved or Resolved()
    said = or_(false(), *_in_texts(actor, filters, 0), *_of_a_named_category(known))
    return select(said).where(Signalement.id == key).scalar_subquery()


def _in_texts(
    actor: Actor, filters: InboxFilters, limit: float, *, any_part: bool = False
) -> list[ColumnElement[bool]]:
    known = filters.resolved or Resolved()
    parts: list[ColumnElement[bool]] = []
    if asked := _query(filters, known):
        held = _holds(actor, filters, asked, known.shares, limit)
        parts.append(and_(held, ANY_PART) if any_part else held)
    if known.referred is not None:
        parts.append(Signalement.id.in_(known.referred))
    elif LIKE_A_REFERENCE.fullmatch(filters.search):
        parts.append(_has_reference(filters.search))
    return parts


def _of_a_named_category(known: Resolved) -> list[ColumnElement[bool]]:
    return [Signalement.category_id.in_(known.named)] if known.named else []


def _by_key(
    actor: Actor, in_its_part: ColumnElement[bool], said: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Return the condition on rows of a part of which this is said, found apart by their keys.

    Said at once with the categories that the words name, no index would hold the answer.
    """
    reached = reached_by(actor, Action.HANDLE)
    return Signalement.id.in_(select(Signalement.id).where(reached, in_its_part, said))


def _holds(
    actor: Actor,
    filters: InboxFilters,
    asked: list[str],
    shares: tuple[float | None, ...],
    limit: float,
) -> ColumnElement[bool]:
    """Return the condition on rows that hold all that is asked, in what the actor may read.

    The index is asked for words that less than `limit` of all texts hold, and for these alone; the
    others are said in a form that the server cannot ask an index for.
    """
    language = STEMS if filters.slips else FRENCH
    whole = func.to_tsquery(language, " & ".join(asked))
    rare = [word for word, share in zip(asked, shares, strict=True) if (share or 0) < limit]
    by_index = Signalement.words.bool_op("@@")(func.to_tsquery(language, " & ".join(rare)))
    by_row = func.coalesce(func.ts_match_vq(Signalement.words, whole), false())
    address = func.to_tsvector(FRENCH, Signalement.address).bool_op("@@")(whole)
    unchecked = reached_by(actor, Action.VIEW_UNCHECKED)
    return and_(
        *([by_index] if rare else []),
        *([by_row] if len(rare) < len(asked) else []),
        or_(~Signalement.description_hidden, unchecked, address),
    )


def _query(filters: InboxFilters, known: Resolved) -> list[str]:
    """Return what `to_tsquery` reads for each word, the last one perhaps a beginning.

    Nothing when all are words of grammar, or when one is not nearly anything.
    """
    if filters.slips:
        found = all(known.nearly)
        return [f"({' | '.join(words)})" for words in known.nearly] if found else []
    if all(share is None for share in known.shares):
        return []
    return _with_beginning(WORD.findall(filters.search))


def _with_beginning(words: list[str]) -> list[str]:
    if words and _may_begin_another(words[-1]):
        return [*words[:-1], f"{words[-1]}:*"]
    return words


def _may_begin_another(word: str) -> bool:
    return len(word) >= PREFIX and not word.isdecimal()


def _shares_of(session: Session, search: str) -> tuple[float | None, ...]:
    words = WORD.findall(search)
    return tuple(_shares(session, words, FRENCH_NAME, last_begins=True))


def _shares_of_slips(
    session: Session, nearly: tuple[tuple[str, ...], ...]
) -> tuple[float | None, ...]:
    shares = iter(_shares(session, [word for words in nearly for word in words], STEMS_NAME))
    return tuple(sum(next(shares) or 0 for _ in words) for words in nearly)


def _shares(
    session: Session, words: list[str], language: str, *, last_begins: bool = False
) -> list[float | None]:
    """Return which share of all texts holds each word, None for words of grammar."""
    begins = last_begins and bool(words) and _may_begin_another(words[-1])
    asked = {"words": words, "language": language, "beginning": len(words) if begins else 0}
    rows = session.execute(statement("word_shares"), asked)
    found = {row.n: row.share for row in rows}
    return [found.get(n) for n in range(1, len(words) + 1)]


def _has_reference(search: str) -> ColumnElement[bool]:
    if len(search) >= INDEXED:
        return Signalement.reference.icontains(search, autoescape=True)
    if search.isdecimal():
        return Signalement.reference.endswith(f"-{search.zfill(NUMBER_DIGITS)}", autoescape=True)
    return false()


def _referred(territory_ids: list[int], search: str) -> ScalarSelect[list[int]]:
    """Return the keys of those whose reference this may be, `MOST_REFERRED` + 1 at most.

    They are looked for once: to count each tab looked for them again, which is slow for long ones.
    """
    asked = bool(LIKE_A_REFERENCE.fullmatch(search))
    rows = (
        select(Signalement.id)
        .where(
            _has_reference(search) if asked else false(),
            Signalement.territory_id.in_(territory_ids),
        )
        .limit(MOST_REFERRED + 1)
        .subquery("referred")
    )
    return select(func.array_agg(rows.c.id)).scalar_subquery()


def _if_few(search: str, referred: list[int] | None) -> tuple[int, ...] | None:
    """Return keys found by reference, None when nothing like one is asked or they are many."""
    if not LIKE_A_REFERENCE.fullmatch(search) or len(referred or ()) > MOST_REFERRED:
        return None
    return tuple(referred or ())


def _named(territory_ids: list[int], search: str) -> ScalarSelect[list[int]]:
    """Return the categories whose name holds the words."""
    words = " & ".join(_with_beginning(WORD.findall(search)))
    name = func.to_tsvector(FRENCH, Category.name)
    return (
        select(func.array_agg(Category.id))
        .where(
            Category.territory_id.in_(territory_ids),
            name.bool_op("@@")(func.to_tsquery(FRENCH, words)),
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
