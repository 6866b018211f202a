"""Insertion clauses and job offers: rows, totals, and the figures that bodies publish."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Row, RowMapping, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from qpvmap.core.geo import LonLat
from qpvmap.core.insertion import Clause, Offer
from qpvmap.resources import resource_dir
from qpvmap.storage.geodata import point_ewkb
from qpvmap.storage.imports import Counts, Target, upsert
from qpvmap.storage.models import InsertionClause, JobOffer, Operation, Territory
from qpvmap.storage.statements import statement

CLAUSE = Target(
    InsertionClause,
    "insertion",
    ("territory_id", "year", "insee_code", "body", "site"),
    ("qpv_code", "hours_planned", "hours_done", "contracts", "people", "people_qpv"),
    edition=("territory_id",),
    sourced=False,
)
OFFER = Target(
    JobOffer,
    "insertion",
    ("territory_id", "source_key"),
    (
        "title",
        "rome_code",
        "rome_label",
        "contract_kind",
        "positions",
        "insee_code",
        "iris_code",
        "location",
        "published_on",
    ),
    edition=("territory_id",),
    kept={"iris_code": None},
    sourced=False,
)
COLUMNS = (
    InsertionClause.year,
    InsertionClause.insee_code,
    InsertionClause.body,
    InsertionClause.site,
    InsertionClause.qpv_code,
    InsertionClause.hours_planned,
    InsertionClause.hours_done,
    InsertionClause.contracts,
    InsertionClause.people,
    InsertionClause.people_qpv,
)
PLACE_IN_IRIS = text("""
    update job_offer set iris_code = (
        select iris.code from iris
        where st_covers(iris.perimeter, job_offer.location)
            and iris.insee_code = job_offer.insee_code
        order by iris.vintage desc limit 1
    )
    where job_offer.territory_id = :territory_id and job_offer.location is not null
""")
TOWN_POINTS = text("""
    with points as (
        select insee_code, location, count(*) as offers, sum(count(*)) over commune as placed,
               count(distinct rome_code) as trades
        from job_offer
        where territory_id = :territory_id and location is not null
        group by insee_code, location
        window commune as (partition by insee_code)
    )
    update job_offer set iris_code = null
    from points
    where job_offer.territory_id = :territory_id
      and points.insee_code = job_offer.insee_code and points.location = job_offer.location
      and points.offers >= :least and points.trades > 1 and points.offers * 2 > points.placed
    returning job_offer.id
""")
TOWN_POINT_LEAST = 5
"""From so many offers of several trades on one point, more than half of those of a commune, it is
taken for the point of the town, which France Travail gives when it knows no address."""


@dataclass(frozen=True, slots=True)
class PublishedFigure:
    """A figure on insertion that a body publishes."""

    insee_code: str
    value: float
    unit: str
    label: str
    period: str
    source: str
    decimals: int = 0
    prefix: str = ""


@cache
def published_insertion(territory_code: str) -> Sequence[PublishedFigure]:
    """Return the published figures of a territory, from the data shipped with the application."""
    path = resource_dir("geodata") / "insertion" / f"{territory_code}.toml"
    if not path.is_file():
        return ()
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    return tuple(PublishedFigure(**row) for row in told.get("figures", ()))


def clauses_of(session: Session, territory_id: int) -> list[Clause]:
    """Return the clauses of a territory, the newest year first."""
    rows = session.execute(
        select(*COLUMNS)
        .where(InsertionClause.territory_id == territory_id)
        .order_by(
            InsertionClause.year.desc(),
            InsertionClause.insee_code,
            InsertionClause.body,
            InsertionClause.site,
        )
    )
    return [Clause(**row) for row in rows.mappings()]


def clause_ids(session: Session, territory_id: int) -> dict[tuple[int, str, str, str], int]:
    """Return the number of each clause of a territory, by its key."""
    rows = session.execute(
        select(InsertionClause.id, *COLUMNS[:4]).where(InsertionClause.territory_id == territory_id)
    )
    return {(row.year, row.insee_code, row.body, row.site): row.id for row in rows}


def clause_at(session: Session, territory_id: int, clause_id: int) -> Clause | None:
    """Return a clause of a territory by its number."""
    row = session.execute(
        select(*COLUMNS).where(
            InsertionClause.territory_id == territory_id, InsertionClause.id == clause_id
        )
    ).mappings()
    found = row.one_or_none()
    return Clause(**found) if found else None


def locked_clause(session: Session, territory_id: int, clause_id: int) -> InsertionClause | None:
    """Return the row of a clause, held until the transaction ends."""
    return session.scalar(
        select(InsertionClause)
        .where(InsertionClause.territory_id == territory_id, InsertionClause.id == clause_id)
        .with_for_update()
    )


def clause_number(session: Session, territory_id: int, clause: Clause) -> int | None:
    """Return the number of the line that a territory has of this site and year; None without."""
    return session.scalar(
        select(InsertionClause.id).where(
            InsertionClause.territory_id == territory_id,
            InsertionClause.year == clause.year,
            InsertionClause.insee_code == clause.insee_code,
            InsertionClause.body == clause.body,
            InsertionClause.site == clause.site,
        )
    )


def clauses_of_site(session: Session, territory_id: int, site: str) -> list[Clause]:
    """Return the clauses of a site by its name, whatever its case, the newest year first."""
    rows = session.execute(
        select(*COLUMNS)
        .where(
            InsertionClause.territory_id == territory_id,
            func.lower(InsertionClause.site) == site.lower(),
        )
        .order_by(InsertionClause.year.desc(), InsertionClause.body)
    )
    return [Clause(**row) for row in rows.mappings()]


def write_clauses(session: Session, territory_id: int, clauses: Iterable[Clause]) -> Counts:
    """Write clauses; return how many are new and changed."""
    rows = [{**clause.values(), "territory_id": territory_id} for clause in clauses]
    return upsert(session, CLAUSE, rows)


def put_back(session: Session, territory_id: int, clause_id: int, clause: Clause) -> bool:
    """Write a clause under the number that it had; return whether there was room for it."""
    done = session.execute(
        insert(InsertionClause)
        .values(id=clause_id, territory_id=territory_id, **clause.values())
        .on_conflict_do_nothing()
        .returning(InsertionClause.id)
    )
    return done.first() is not None


def replace_offers(session: Session, territory_id: int, offers: Sequence[Offer]) -> Counts:
    """Make the offers of a territory those given, each placed in its IRIS."""
    keys = [offer.source_key for offer in offers]
    session.execute(
        delete(JobOffer).where(
            JobOffer.territory_id == territory_id, JobOffer.source_key.not_in(keys)
        )
    )
    done = upsert(session, OFFER, [_offer_row(territory_id, offer) for offer in offers])
    session.execute(PLACE_IN_IRIS, {"territory_id": territory_id})
    session.execute(TOWN_POINTS, {"territory_id": territory_id, "least": TOWN_POINT_LEAST})
    return done


def _offer_row(territory_id: int, offer: Offer) -> Mapping[str, object]:
    placed = offer.lon is not None and offer.lat is not None
    return {
        "territory_id": territory_id,
        "source_key": offer.source_key,
        "title": offer.title,
        "rome_code": offer.rome_code,
        "rome_label": offer.rome_label,
        "contract_kind": offer.contract_kind,
        "positions": offer.positions,
        "insee_code": offer.insee_code,
        "iris_code": None,
        "location": point_ewkb(LonLat(offer.lon or 0.0, offer.lat or 0.0)) if placed else None,
        "published_on": offer.published_on,
    }


def commune_names_of(session: Session, territory_id: int) -> dict[str, str]:
    """Return the name of each commune of a territory, by its code."""
    rows = session.execute(statement("territory_communes"), {"territory_id": territory_id})
    return {row.code: row.name for row in rows}


def operations_by_title(session: Session, territory_id: int) -> dict[str, str]:
    """Return the code of each operation of the plan, by its title in lower case."""
    rows = session.execute(
        select(Operation.title, Operation.code).where(
            Operation.territory_id == territory_id, Operation.removed_at.is_(None)
        )
    )
    return {title.lower(): code for title, code in rows}


def operation_titles(session: Session, territory_id: int) -> Sequence[str]:
    """Return the titles of the operations of the plan."""
    return session.scalars(
        select(Operation.title).where(
            Operation.territory_id == territory_id, Operation.removed_at.is_(None)
        )
    ).all()


def quarters_of(session: Session, territory_id: int) -> Sequence[str]:
    """Return the codes of the quarters of a territory."""
    found = session.scalar(select(Territory.qpv_codes).where(Territory.id == territory_id))
    return found or ()


def offer_counts(
    session: Session, territory_id: int, rome_code: str = ""
) -> Sequence[Row[tuple[str, str, str, int, int]]]:
    """Return (kind, code, name, offers, positions): by commune, IRIS and trade, most first.

    With `rome_code`, places are counted for that trade alone; trades are always all there.
    """
    given = {"territory_id": territory_id, "rome_code": rome_code}
    return session.execute(statement("offer_counts"), given).all()


def offer_places(session: Session, territory_id: int, rome_code: str = "") -> Sequence[RowMapping]:
    """Return each commune, and each IRIS that has some, with its offers and where to draw it."""
    given = {"territory_id": territory_id, "rome_code": rome_code}
    return session.execute(statement("offer_map"), given).mappings().all()


def offer_trades(session: Session, territory_id: int) -> Sequence[Row[str, str, int]]:
    """Return (code, name, offers) of each trade that has offers, by name."""
    name = func.max(JobOffer.rome_label).label("name")
    return session.execute(
        select(JobOffer.rome_code.label("code"), name, func.count().label("offers"))
        .where(JobOffer.territory_id == territory_id)
        .group_by(JobOffer.rome_code)
        .order_by(name, JobOffer.rome_code)
    ).all()
