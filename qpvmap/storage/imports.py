"""Writing official rows: set-based upserts by official code and edition.

Rows go by COPY into a temporary table, then two statements compare it with the real one:
whatever is the same stays untouched, so that importing a file twice changes nothing. A
geometry is compared vertex by vertex. Nothing here opens or ends a transaction.
"""

import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from geoalchemy2 import Geometry
from psycopg import Connection, sql
from psycopg.types.json import Jsonb
from sqlalchemy import (
    Column,
    ColumnElement,
    CursorResult,
    MetaData,
    Table,
    UpdateBase,
    and_,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    type_coerce,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Session
from sqlalchemy.types import UserDefinedType

from qpvmap.storage.models import (
    Base,
    Commune,
    Dataset,
    DataVersion,
    Emprise,
    Epci,
    Equipment,
    GridCell,
    Indicator,
    IndicatorValue,
    Iris,
    Qpv,
    Road,
)

Row = Mapping[str, Any]
"""Values by column name; geometries are EWKB in hexadecimal, EPSG:4326."""


class RawGeometry(UserDefinedType[str]):
    """A geometry that goes in as hexadecimal EWKB and is compared as PostGIS keeps it."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return the type as PostgreSQL names it."""
        return "geometry"


@dataclass(frozen=True)
class Target:
    """A table that official rows go into.

    `kept` columns hold on to what is known when a row says nothing (None); a new row then gets
    the value given here. `edition` columns tell which rows a file is about: those of the same
    edition that it does not name are counted as gone, and left alone.
    """

    model: type[Base]
    family: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    edition: tuple[str, ...] = ("vintage",)
    kept: Mapping[str, Any] = field(default_factory=dict)
    sourced: bool = True

    @property
    def table(self) -> Table:
        """Return the table of the model."""
        return cast(Table, self.model.__table__)

    @property
    def all_columns(self) -> tuple[str, ...]:
        """Return the columns of a row: key first."""
        return (*self.key, *self.columns)

    @property
    def geometry(self) -> str | None:
        """Return the geometry column, if rows have a place."""
        return next((c for c in self.columns if _is_geometry(self.table.c[c])), None)


@dataclass(frozen=True, slots=True)
class Counts:
    """What an upsert did, in rows."""

    new: int
    changed: int
    unchanged: int
    gone: int

    @property
    def wrote(self) -> bool:
        """Return whether anything was written."""
        return bool(self.new or self.changed)


QPV = Target(
    Qpv,
    "places",
    ("code", "vintage"),
    ("name", "insee_codes", "perimeter"),
    kept={"name": "Nom inconnu", "insee_codes": [], "perimeter": None},
)
COMMUNE = Target(
    Commune,
    "places",
    ("insee_code", "vintage"),
    ("name", "population", "perimeter"),
    kept={"population": None},
)
EPCI = Target(
    Epci,
    "places",
    ("siren", "vintage"),
    ("name", "kind", "insee_codes", "perimeter"),
    kept={"kind": "", "insee_codes": [], "perimeter": None},
)
IRIS = Target(
    Iris,
    "places",
    ("code", "vintage"),
    ("name", "kind", "insee_code", "perimeter"),
    kept={"kind": ""},
)
ROAD = Target(Road, "places", ("source_key", "vintage"), ("name", "kind", "line"))
EQUIPMENT = Target(
    Equipment,
    "equipment",
    ("source", "source_key"),
    (
        "vintage",
        "name",
        "theme",
        "kind",
        "detail",
        "address",
        "capacity",
        "insee_code",
        "iris_code",
        "extra",
        "opening_hours",
        "access",
        "position_quality",
        "position_score",
        "location",
    ),
    edition=("source",),
    kept={
        "insee_code": None,
        "iris_code": None,
        "capacity": None,
        "address": "",
        "opening_hours": "",
        "access": "",
        "position_quality": "exact",
        "position_score": None,
    },
)
EMPRISE = Target(
    Emprise,
    "emprises",
    ("territory_id", "code"),
    ("name", "kind", "organisation_id", "source", "confidence", "perimeter"),
    edition=("territory_id",),
    sourced=False,
)
GRID_CELL = Target(
    GridCell,
    "grid",
    ("code", "vintage"),
    ("people", "households", "imputed", "perimeter"),
)
INDICATOR = Target(
    Indicator,
    "indicators",
    ("key",),
    ("title", "unit", "source", "topic", "position"),
    edition=(),
    kept={"title": "Indicateur sans titre", "unit": "", "source": "", "topic": ""},
    sourced=False,
)
INDICATOR_VALUE = Target(
    IndicatorValue,
    "indicators",
    ("series", "indicator_key", "place_kind", "place_code", "vintage"),
    ("value", "suppressed"),
    edition=("series", "place_kind", "vintage"),
)


def upsert(
    session: Session, target: Target, rows: Iterable[Row], dataset_id: int | None = None
) -> Counts:
    """Insert the rows that are new and update those that differ; return how many of each.

    Parameters
    ----------
    target : Target
        Where the rows go; each row has a value (or None) for every column of it.
    rows : iterable of mapping
        Geometries as hexadecimal EWKB in EPSG:4326. Two rows with the same key are an error.
    dataset_id : int, optional
        The source noted on the rows that are written.

    Raises
    ------
    sqlalchemy.exc.IntegrityError or psycopg.Error
        If a row breaks a constraint; the transaction is then aborted.
    """
    session.execute(select(func.set_config("statement_timeout", "0", True)))
    with _staging(session, target) as staging:
        read = _copy(session, staging, target, rows)
        changed = _update(session, target, staging, dataset_id)
        new = _insert(session, target, staging, dataset_id)
        gone = _count_gone(session, target, staging)
    return Counts(new=new, changed=changed, unchanged=read - new - changed, gone=gone)


def _is_geometry(column: Column[Any]) -> bool:
    return isinstance(column.type, Geometry)


@contextmanager
def _staging(session: Session, target: Target) -> Iterator[Table]:
    """Give a temporary table shaped like the rows, without the constraints that `kept` relaxes."""
    columns = [
        Column(name, _staged_type(target.table.c[name]), primary_key=name in target.key)
        for name in target.all_columns
    ]
    name = f"staging_{target.table.name}_{secrets.token_hex(4)}"
    table = Table(name, MetaData(), *columns, prefixes=["TEMPORARY"])
    for column in table.primary_key:
        column.autoincrement = False
    table.create(session.connection())
    yield table
    table.drop(session.connection())


def _staged_type(column: Column[Any]) -> Any:
    return RawGeometry() if _is_geometry(column) else column.type


def _copy(session: Session, staging: Table, target: Target, rows: Iterable[Row]) -> int:
    """Send the rows in one COPY; return how many."""
    names = target.all_columns
    as_json = {n for n in names if isinstance(target.table.c[n].type, JSONB)}
    statement = sql.SQL("copy {} ({}) from stdin").format(
        sql.Identifier(staging.name), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    raw = cast("Connection[Any]", session.connection().connection.driver_connection)
    with raw.cursor() as cursor:
        with cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row([Jsonb(row[n]) if n in as_json else row[n] for n in names])
        count = cursor.rowcount
        cursor.execute(sql.SQL("analyze {}").format(sql.Identifier(staging.name)))
    return count


def _plain(column: Column[Any]) -> ColumnElement[Any]:
    """Return the column as PostgreSQL holds it, without GeoAlchemy's conversion."""
    return type_coerce(column, RawGeometry()) if _is_geometry(column) else column


def _same_key(target: Target, staging: Table) -> ColumnElement[bool]:
    return and_(*(target.table.c[name] == staging.c[name] for name in target.key))


def _wanted(target: Target, staging: Table) -> dict[str, ColumnElement[Any]]:
    """Return what each column should hold in a row that exists already."""
    return {
        name: func.coalesce(staging.c[name], _plain(target.table.c[name]))
        if name in target.kept
        else staging.c[name]
        for name in target.columns
    }


def _update(session: Session, target: Target, staging: Table, dataset_id: int | None) -> int:
    wanted = _wanted(target, staging)
    differs = or_(
        *(_plain(target.table.c[name]).is_distinct_from(value) for name, value in wanted.items())
    )
    values: dict[str, Any] = dict(wanted)
    if target.sourced:
        values["dataset_id"] = dataset_id
    statement = update(target.table).values(values).where(_same_key(target, staging), differs)
    return _rows_written(session, statement)


def _insert(session: Session, target: Target, staging: Table, dataset_id: int | None) -> int:
    names = list(target.all_columns)
    values: list[ColumnElement[Any]] = [
        func.coalesce(staging.c[name], literal(target.kept[name], target.table.c[name].type))
        if target.kept.get(name) is not None
        else staging.c[name]
        for name in names
    ]
    if target.sourced:
        names.append("dataset_id")
        values.append(literal(dataset_id, target.table.c.dataset_id.type))
    known = exists().where(_same_key(target, staging))
    order = [staging.c[name] for name in target.key]
    source = select(*values).select_from(staging).where(not_(known)).order_by(*order)
    return _rows_written(session, insert(target.table).from_select(names, source))


def _rows_written(session: Session, statement: UpdateBase) -> int:
    result = session.execute(statement, execution_options={"preserve_rowcount": True})
    return cast("CursorResult[Any]", result).rowcount


def _count_gone(session: Session, target: Target, staging: Table) -> int:
    """Count the rows of the file's editions, inside its extent, that it does not name."""
    if not target.edition:
        return 0
    table = target.table
    editions = select(*(staging.c[name] for name in target.edition)).distinct().subquery()
    same_edition = and_(*(table.c[name] == editions.c[name] for name in target.edition))
    statement = (
        select(func.count())
        .select_from(table.join(editions, same_edition))
        .where(not_(exists().where(_same_key(target, staging))))
    )
    if target.geometry is not None:
        statement = statement.where(_within_extent(target, staging, target.geometry))
    return session.scalar(statement) or 0


def _within_extent(target: Target, staging: Table, geometry: str) -> ColumnElement[bool]:
    """Return whether a row lies in the box of the file's geometries (or the file has none)."""
    extent = select(
        type_coerce(func.ST_SetSRID(func.ST_Extent(staging.c[geometry]), 4326), RawGeometry())
    ).scalar_subquery()
    inside = _plain(target.table.c[geometry]).op("@", is_comparison=True)(extent)
    return or_(extent.is_(None), inside)


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """Where rows come from: see the `dataset` table."""

    key: str
    vintage: int
    title: str
    producer: str
    licence: str
    url: str = ""
    sha256: str = ""


def record_dataset(session: Session, info: DatasetInfo, now: datetime) -> int:
    """Note a source, return its id; `loaded_at` moves only when something about it did."""
    values = {
        "title": info.title,
        "producer": info.producer,
        "licence": info.licence,
        "url": info.url,
        "sha256": info.sha256,
    }
    table = cast(Table, Dataset.__table__)
    differs = or_(*(table.c[name].is_distinct_from(value) for name, value in values.items()))
    statement = insert(table).values(key=info.key, vintage=info.vintage, loaded_at=now, **values)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["key", "vintage"], set_={**values, "loaded_at": now}, where=differs
        )
    )
    found = select(Dataset.id).where(Dataset.key == info.key, Dataset.vintage == info.vintage)
    return session.scalars(found).one()


def bump_data_version(session: Session, family: str, now: datetime) -> None:
    """Raise the counter of a family of layers, so that browsers ask for them again."""
    table = cast(Table, DataVersion.__table__)
    session.execute(
        insert(table)
        .values(family=family, version=1, changed_at=now)
        .on_conflict_do_update(
            index_elements=["family"], set_={"version": table.c.version + 1, "changed_at": now}
        )
    )
