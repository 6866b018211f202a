"""What the filters of the inbox offer: one statement, whatever the territory holds."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, func, literal, select, union_all
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import InstrumentedAttribute, Session

from qpvmap.core.actors import Actor
from qpvmap.storage.models import Account, Category, Commune, Iris, Qpv, Team, Territory
from qpvmap.storage.models.accounts import team_member

Part = Select[str, str, str, int]

READERS = 256
"""Readers whose question is kept ready by a process."""


@dataclass(frozen=True, slots=True)
class Menus:
    """Codes to names, in the order in which people are shown them. People go by their key."""

    communes: Mapping[str, str] = field(default_factory=dict)
    iris: Mapping[str, str] = field(default_factory=dict)
    quarters: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)
    teams: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)


def menus_of(session: Session, actor: Actor, *, every_team: bool) -> Menus:
    """Return what the filters offer on the actor's territories, in their own teams or in all."""
    found: dict[str, dict[str, str]] = {}
    for kind, code, name in session.execute(_offered(actor, every_team=every_team)):
        found.setdefault(kind, {})[code] = name
    return Menus(**found)


@lru_cache(maxsize=READERS)
def _offered(actor: Actor, *, every_team: bool) -> Select[str, str, str]:
    """Return the question, kept for each reader: to write it takes longer than to answer it."""
    mine = sorted(actor.territory_ids)
    teams = Team.territory_id.in_(mine) if every_team else Team.id.in_(sorted(actor.team_ids))
    offered = union_all(*_places(mine), *_work(mine), *_people(teams)).subquery("offered")
    return select(offered.c.kind, offered.c.code, offered.c.name).order_by(
        offered.c.position, func.lower(offered.c.name), offered.c.code
    )


def _part(
    kind: str,
    code: ColumnElement[str] | InstrumentedAttribute[str],
    name: InstrumentedAttribute[str],
    position: ColumnElement[int] | InstrumentedAttribute[int],
) -> Part:
    return select(
        literal(kind).label("kind"), code.label("code"), name.label("name"),
        position.label("position"),
    )  # fmt: skip


def _places(mine: Collection[int]) -> list[Part]:
    """Return communes, IRIS and quarters by the name of their newest edition."""

    def of_territory(codes: InstrumentedAttribute[Any]) -> Any:
        return select(func.unnest(codes)).where(Territory.id.in_(mine)).scalar_subquery()

    communes = of_territory(Territory.insee_codes)
    kinds = (
        ("communes", Commune, Commune.insee_code, Commune.insee_code.in_(communes)),
        ("iris", Iris, Iris.code, Iris.insee_code.in_(communes)),
        ("quarters", Qpv, Qpv.code, Qpv.code.in_(of_territory(Territory.qpv_codes))),
    )
    newest = (
        _part(kind, code, model.name, literal(0))
        .ext(distinct_on(code))
        .where(held)
        .order_by(code, model.vintage.desc())
        .subquery()
        for kind, model, code, held in kinds
    )
    return [select(part.c.kind, part.c.code, part.c.name, part.c.position) for part in newest]


def _work(mine: Collection[int]) -> list[Part]:
    return [
        _part("categories", Category.code, Category.name, Category.position).where(
            Category.territory_id.in_(mine)
        )
    ]


def _people(teams: ColumnElement[bool]) -> list[Part]:
    members = select(team_member.c.account_id).join(Team, Team.id == team_member.c.team_id)
    return [
        _part("teams", Team.code, Team.name, literal(0)).where(teams),
        _part("people", cast(Account.id, Text), Account.name, literal(0)).where(
            Account.active, Account.id.in_(members.where(teams))
        ),
    ]
