"""Names of a territory's communes, categories, teams and grounds, as forms and pages call them."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qpvmap.storage.models import (
    Category,
    Commune,
    Emprise,
    Iris,
    Organisation,
    Qpv,
    Team,
    Territory,
)


def commune_names(session: Session, territory_ids: Collection[int]) -> dict[str, str]:
    """Return the communes of some territories, INSEE code to name of the newest edition."""
    codes = (
        select(func.unnest(Territory.insee_codes))
        .where(Territory.id.in_(sorted(territory_ids)))
        .scalar_subquery()
    )
    rows = session.execute(
        select(Commune.insee_code, Commune.name)
        .where(Commune.insee_code.in_(codes))
        .order_by(Commune.insee_code, Commune.vintage)
    )
    return {row[0]: row[1] for row in rows}  # of several editions, the last read stays


def iris_names(session: Session, territory_ids: Collection[int]) -> dict[str, str]:
    """Return the IRIS of some territories, code to name of the newest edition, by commune."""
    codes = select(func.unnest(Territory.insee_codes)).where(
        Territory.id.in_(sorted(territory_ids))
    )
    rows = session.execute(
        select(Iris.code, Iris.name)
        .where(Iris.insee_code.in_(codes.scalar_subquery()))
        .order_by(Iris.insee_code, Iris.name, Iris.vintage)
    )
    return {row[0]: row[1] for row in rows}


def qpv_names(session: Session, territory_ids: Collection[int]) -> dict[str, str]:
    """Return the quarters of some territories, code to name of the newest edition."""
    codes = select(func.unnest(Territory.qpv_codes)).where(Territory.id.in_(sorted(territory_ids)))
    rows = session.execute(
        select(Qpv.code, Qpv.name)
        .where(Qpv.code.in_(codes.scalar_subquery()))
        .order_by(Qpv.code, Qpv.vintage)
    )
    return {row[0]: row[1] for row in rows}


def category_names(session: Session, territory_ids: Collection[int]) -> dict[str, str]:
    """Return the categories of some territories, code to name, in their own order."""
    rows = session.execute(
        select(Category.code, Category.name)
        .where(Category.territory_id.in_(sorted(territory_ids)))
        .order_by(Category.position, Category.id)
    )
    return {row[0]: row[1] for row in rows}


@dataclass(frozen=True, slots=True)
class TeamChoice:
    """A team as a form names it."""

    code: str
    name: str
    organisation: str
    confidential: bool


def teams_by_id(session: Session, territory_ids: Collection[int]) -> dict[int, TeamChoice]:
    """Return the teams of some territories, by body then name."""
    rows = session.execute(
        select(Team.id, Team.code, Team.name, Organisation.name, Team.confidential)
        .join(Team.organisation)
        .where(Team.territory_id.in_(sorted(territory_ids)))
        .order_by(Organisation.name, Team.name)
    )
    return {key: TeamChoice(code, name, body, safe) for key, code, name, body, safe in rows}


@dataclass(frozen=True, slots=True)
class CategoryChoice:
    """A category as a form names it."""

    code: str
    name: str
    nature: str


def categories_by_id(session: Session, territory_ids: Collection[int]) -> dict[int, CategoryChoice]:
    """Return the categories of some territories, in their own order."""
    rows = session.execute(
        select(Category.id, Category.code, Category.name, Category.nature)
        .where(Category.territory_id.in_(sorted(territory_ids)))
        .order_by(Category.position, Category.id)
    )
    return {key: CategoryChoice(code, name, nature) for key, code, name, nature in rows}


def emprise_names(session: Session, emprise_id: int | None) -> tuple[str, str]:
    """Return the body and the name of a piece of ground; empty when there is none."""
    row = session.execute(
        select(Organisation.name, Emprise.name)
        .join(Emprise.organisation)
        .where(Emprise.id == emprise_id)
    ).one_or_none()
    return (row[0], row[1]) if row else ("", "")
