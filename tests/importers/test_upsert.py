"""Set-based upserts: what is new, changed, unchanged, gone."""

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from shapely import MultiPolygon, box, set_srid, to_wkb
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from qpvmap.storage import imports
from qpvmap.storage.models import Dataset, DataVersion, Qpv

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def square(west: float, south: float, side: float = 0.01) -> str:
    polygon = MultiPolygon([box(west, south, west + side, south + side)])
    return to_wkb(set_srid(polygon, 4326), hex=True, include_srid=True)


def quarter(code: str, **values: Any) -> dict[str, Any]:
    row = {
        "code": code,
        "vintage": 2024,
        "name": "Les Tilleuls",
        "insee_codes": ["92007"],
        "perimeter": square(2.3, 48.8),
    }
    return row | values


def test_upsert_twice_leaves_rows_untouched(session: Session) -> None:
    rows = [quarter("QN00001A"), quarter("QN00002A", perimeter=None)]
    first = imports.upsert(session, imports.QPV, rows)
    again = imports.upsert(session, imports.QPV, rows)
    assert (first.new, first.changed, first.unchanged, first.gone) == (2, 0, 0, 0)
    assert (again.new, again.changed, again.unchanged, again.gone) == (0, 0, 2, 0)
    assert not again.wrote


def test_upsert_when_the_outline_moves_counts_a_change(session: Session) -> None:
    imports.upsert(session, imports.QPV, [quarter("QN00001A")])
    moved = imports.upsert(session, imports.QPV, [quarter("QN00001A", perimeter=square(2.4, 48.8))])
    assert moved.changed == 1
    west = session.scalar(select(func.ST_XMin(Qpv.perimeter)).where(Qpv.code == "QN00001A"))
    assert west == pytest.approx(2.4)


def test_upsert_when_the_row_says_nothing_keeps_what_is_known(session: Session) -> None:
    imports.upsert(session, imports.QPV, [quarter("QN00001A")])
    bare = quarter("QN00001A", name=None, insee_codes=None, perimeter=None)
    counts = imports.upsert(session, imports.QPV, [bare, quarter("QN00009A", **{"name": None})])
    assert (counts.new, counts.changed, counts.unchanged) == (1, 0, 1)
    known, unnamed = session.scalars(select(Qpv).order_by(Qpv.code)).all()
    assert known.name == "Les Tilleuls"
    assert known.perimeter is not None
    assert unnamed.name == "Nom inconnu"


def test_upsert_counts_as_gone_only_what_lies_in_the_extent(session: Session) -> None:
    imports.upsert(
        session,
        imports.QPV,
        [
            quarter("QN00001A", perimeter=square(2.3, 48.8, side=0.1)),
            quarter("QN00002A", perimeter=square(2.32, 48.82)),
            quarter("QN00003A", perimeter=square(5.0, 45.0)),
            quarter("QP000001", vintage=2015, perimeter=square(2.32, 48.82)),
        ],
    )
    rows = [quarter("QN00001A", perimeter=square(2.3, 48.8, side=0.1))]
    assert imports.upsert(session, imports.QPV, rows).gone == 1
    assert session.scalar(select(func.count()).select_from(Qpv)) == 4


def test_upsert_of_two_rows_with_one_key_is_refused(session: Session) -> None:
    with pytest.raises((SQLAlchemyError, psycopg.Error)), session.begin_nested():
        imports.upsert(session, imports.QPV, [quarter("QN00001A"), quarter("QN00001A")])


def test_record_dataset_twice_keeps_the_first_date(session: Session) -> None:
    info = imports.DatasetInfo("qpv", 2024, "Quartiers", "ANCT", "LO 2.0", sha256="ab")
    first = imports.record_dataset(session, info, NOW)
    second = imports.record_dataset(session, info, NOW.replace(day=23))
    assert first == second
    assert session.scalar(select(Dataset.loaded_at)) == NOW


def test_bump_data_version_raises_the_counter(session: Session) -> None:
    imports.bump_data_version(session, "essai", NOW)
    imports.bump_data_version(session, "essai", NOW)
    version = session.scalar(select(DataVersion.version).where(DataVersion.family == "essai"))
    assert version == 2
