"""How operations stand to the real perimeters, against geopandas in Lambert-93."""

from collections.abc import Iterator
from typing import Any

import geopandas
import pytest
from shapely.geometry import Point
from sqlalchemy import text
from sqlalchemy.orm import Session

from qpvmap.core.operation_figures import change_of
from qpvmap.core.operations import PlannedOperation, band_of
from qpvmap.resources import resource_dir
from qpvmap.storage.operations import measure_plan, measure_plans, whole_plan
from qpvmap.storage.perimeters import compared_quarters
from qpvmap.storage.statements import statement
from tests.conftest import QueryCounter

SEED = resource_dir("geodata") / "seed"
OWN = {2024: ["QN09219N"], 2015: ["QP092008", "QP092009", "QP092020"]}
"""In 2015 the quarter of the contract was none: those of its communes count."""


def perimeters(vintage: int) -> geopandas.GeoDataFrame:
    quarters = geopandas.read_file(SEED / f"qpv_{vintage}.geojson")
    return quarters[quarters["code_qp"].isin(OWN[vintage])].to_crs(2154)


def scattered(session: Session) -> int:
    """Put the operations on a line that leaves the quarter, 25 m apart: inside, near and far."""
    session.execute(
        text(
            "update operation set location = st_setsrid(st_makepoint(2.3037, 48.7880"
            " + 0.000225 * (select count(*) from operation as o where o.code < operation.code)),"
            " 4326)"
        )
    )
    return session.scalar(text("select id from territory")) or 0


@pytest.mark.parametrize("vintage", [2024, 2015])
def test_distance_when_measured_on_the_real_perimeters_then_geopandas_agrees_to_10_cm(
    blagis_session: Session, vintage: int
) -> None:
    plan = whole_plan(blagis_session, scattered(blagis_session))
    places = geopandas.GeoSeries([Point(o.lon, o.lat) for o in plan], crs=4326).to_crs(2154)
    quarters = perimeters(vintage)
    distances = set()
    for operation, place in zip(plan, places, strict=True):
        by_quarter = quarters.distance(place)
        near = operation.nearness[vintage]
        assert near.distance_m == pytest.approx(by_quarter.min(), abs=0.1)
        assert near.qpv_code == quarters.loc[by_quarter.idxmin(), "code_qp"]
        distances.add(round(by_quarter.min()))
    assert len(distances) > 15


def test_seed_when_measured_then_each_is_in_the_quarter_and_2015_differs(
    blagis_session: Session,
) -> None:
    territory_id = blagis_session.scalar(text("select id from territory")) or 0
    plan = whole_plan(blagis_session, territory_id)
    assert {operation.band() for operation in plan} == {"dans"}
    kinds = [change_of(operation) for operation in plan]
    assert kinds.count("same") == 3  # where Tertres-Cuverons was already one
    assert kinds.count("entered") == 19


@pytest.mark.parametrize(
    ("metres", "band"),
    [(0, "dans"), (0.01, "300"), (300, "300"), (300.01, "500"), (500, "500"), (500.01, "loin")],
)
def test_band_when_at_its_edge_then_the_nearer_one(metres: float, band: str) -> None:
    assert band_of(metres) == band


def test_operation_when_it_has_no_place_then_no_distance_and_no_band(
    blagis_session: Session,
) -> None:
    blagis_session.execute(text("update operation set location = null, position_quality='unknown'"))
    territory_id = blagis_session.scalar(text("select id from territory")) or 0
    plan: list[PlannedOperation] = whole_plan(blagis_session, territory_id)
    assert {(o.band(), o.distance_m, change_of(o)) for o in plan} == {("", None, "unknown")}


def test_perimeters_when_compared_then_their_areas_are_those_of_geopandas(
    blagis_session: Session,
) -> None:
    territory_id = blagis_session.scalar(text("select id from territory")) or 0
    found = compared_quarters(blagis_session, territory_id, (2024, 2015))
    assert [quarter.code for quarter in found] == [*OWN[2024], *OWN[2015]]
    for quarter in found:
        shapes = perimeters(quarter.vintage).set_index("code_qp")
        assert quarter.area_ha == pytest.approx(shapes.area[quarter.code] / 10_000, rel=0.001)
        assert 0 < quarter.kept_ha < quarter.area_ha


def test_plan_when_read_then_two_statements_whatever_its_size(
    blagis_session: Session, count_queries: QueryCounter
) -> None:
    territory_id = blagis_session.scalar(text("select id from territory")) or 0
    connection = blagis_session.connection()
    for copies in (1, 4):
        blagis_session.execute(
            text(
                "insert into operation (territory_id, code, insee_code, title, theme, location,"
                " position_quality) select territory_id, code || :n, insee_code, title, theme,"
                " location, position_quality from operation"
            ),
            {"n": f"-{copies}"},
        )
        with count_queries(connection.engine) as sent:
            whole_plan(blagis_session, territory_id)
        assert len(sent) == 2


def measured_now(session: Session) -> int:
    """Return how many operations a reading measures, for want of what was kept."""
    given = {
        "territory_id": session.scalar(text("select id from territory")),
        "code": None,
        "vintages": list(OWN),
    }
    return sum(row.is_measured for row in session.execute(statement("operations"), given))


def test_plan_when_loaded_then_what_was_measured_is_kept_and_read(blagis_session: Session) -> None:
    territory_id = blagis_session.scalar(text("select id from territory")) or 0
    assert measured_now(blagis_session) == 0
    kept = whole_plan(blagis_session, territory_id)
    blagis_session.execute(text("delete from operation_measure"))
    assert measured_now(blagis_session) == len(kept) == 22
    assert whole_plan(blagis_session, territory_id) == kept
    assert measure_plans(blagis_session) == 22 and measure_plans(blagis_session) == 0
    assert measured_now(blagis_session) == 0


@pytest.mark.parametrize(
    "change",
    [
        "update qpv set perimeter = st_translate(perimeter, 0.01, 0) where vintage = 2024",
        "update qpv set name = name || ' Nord'",
        "update territory set qpv_codes = '{QN09207M}'",
        "update operation set location = st_translate(location, 0.01, 0)",
    ],
)
def test_plan_when_perimeters_or_places_change_then_what_was_kept_is_not_believed(
    blagis_session: Session, change: str
) -> None:
    territory_id = blagis_session.scalar(text("select id from territory")) or 0
    before = whole_plan(blagis_session, territory_id)
    blagis_session.execute(text(change))
    assert measured_now(blagis_session) == 22
    after = whole_plan(blagis_session, territory_id)
    assert all(o.nearness != was.nearness for o, was in zip(after, before, strict=True))
    assert measure_plan(blagis_session, territory_id) == 22
    assert whole_plan(blagis_session, territory_id) == after


def test_plan_when_measured_then_the_perimeters_are_gone_through_once(
    blagis_session: Session,
) -> None:
    """Whatever the number of operations: it once went through all quarters for each of them."""
    given = {"territory_id": blagis_session.scalar(text("select id from territory"))}
    explain = f"explain (analyze, timing off, format json) {statement('operations').text}"
    blagis_session.execute(text("delete from operation_measure"))
    plan = blagis_session.scalar(text(explain), {**given, "code": None, "vintages": list(OWN)})
    scans = [node for node in nodes(plan[0]["Plan"]) if node.get("Relation Name") == "qpv"]
    assert scans and {node["Actual Loops"] for node in scans if node["Alias"] == "qpv"} == {1}


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the steps of an execution plan."""
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)
