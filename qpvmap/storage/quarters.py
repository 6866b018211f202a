"""The portrait of a quarter: the figures of its IRIS as published, and where they come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, RowMapping, or_, select
from sqlalchemy.orm import Session

from qpvmap.storage.models import Dataset, IndicatorValue, Qpv, Territory
from qpvmap.storage.statements import statement


@dataclass(frozen=True, slots=True)
class Figure:
    """A published figure; `suppressed` is withheld by statistical secrecy, never 0."""

    value: float | None
    suppressed: bool


@dataclass(frozen=True, slots=True)
class Block:
    """An IRIS that has figures."""

    code: str
    name: str
    commune: str


@dataclass(frozen=True, slots=True)
class Line:
    """An indicator and its figure for each IRIS, by code."""

    key: str
    title: str
    unit: str
    topic: str
    source: str
    vintage: int
    figures: Mapping[str, Figure]


@dataclass(frozen=True, slots=True)
class Portrait:
    """The table of a series: its columns, commune by commune, and its lines in order."""

    blocks: Sequence[Block]
    lines: Sequence[Line]


def portrait(session: Session, territory_id: int, series: str) -> Portrait:
    """Return the figures of a territory's IRIS, as `series` published them.

    Columns go by commune, then by the first indicator (the population), the greatest first.
    """
    rows = session.execute(
        statement("portrait"), {"territory_id": territory_id, "series": series}
    ).all()
    blocks: dict[str, Block] = {}
    figures: dict[str, dict[str, Figure]] = {}
    heads: dict[str, Row[Any]] = {}
    for row in rows:
        blocks.setdefault(row.place_code, Block(row.place_code, row.iris_name, row.commune_name))
        heads.setdefault(row.key, row)
        figures.setdefault(row.key, {})[row.place_code] = Figure(row.value, row.suppressed)
    return Portrait(
        list(blocks.values()),
        [
            Line(key, row.title, row.unit, row.topic, row.source, row.vintage, figures[key])
            for key, row in heads.items()
        ],
    )


def quarter_shapes(session: Session, qpv_code: str, vintage: int) -> Sequence[RowMapping]:
    """Return the IRIS around a quarter, then its outline, as paths of an SVG."""
    given = {"code": qpv_code, "vintage": vintage}
    return session.execute(statement("portrait_map"), given).mappings().all()


def contract_title(session: Session, territory_id: int) -> str:
    """Return how a territory's contract is called; empty when it was not said."""
    title = session.scalar(select(Territory.contract_title).where(Territory.id == territory_id))
    return title or ""


def sources_of(
    session: Session, qpv_code: str, vintage: int, place_codes: Sequence[str]
) -> list[Dataset]:
    """Return the sources of a quarter's outline and of the figures of these IRIS and of it."""
    outline = select(Qpv.dataset_id).where(Qpv.code == qpv_code, Qpv.vintage == vintage)
    figures = select(IndicatorValue.dataset_id).where(
        IndicatorValue.place_kind.in_(("iris", "qpv")),
        IndicatorValue.place_code.in_([qpv_code, *place_codes]),
        IndicatorValue.dataset_id.is_not(None),
    )
    return list(
        session.scalars(
            select(Dataset)
            .where(or_(Dataset.id.in_(outline), Dataset.id.in_(figures)))
            .order_by(Dataset.id)
        )
    )
