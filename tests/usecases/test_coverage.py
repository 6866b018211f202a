"""Walks reckoned and kept: along streets or straight, on squares or IRIS, again on new data."""

import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from geoalchemy2 import WKTElement
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from qpvmap.core.coverage import FAR_MINUTES, FEWEST_HOUSEHOLDS, MINUTES, walk_reach_m
from qpvmap.storage.coverage import coverage_of, far_grounds, walked_coverage
from qpvmap.storage.coverage_runs import residents_of, stale_territories
from qpvmap.storage.imports import bump_data_version
from qpvmap.storage.models import Commune, CoveragePoint, CoverageRun, GridCell
from qpvmap.storage.statements import statement
from qpvmap.street_graph import Network, network_of
from qpvmap.usecases.coverage import StreetsToKeep, drop_streets, keep_streets, reckon
from tests.factories import EAST, WEST, Toy, make_territory
from tests.storage.test_coverage import equip

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
DATED = datetime(2026, 1, 5, 10, tzinfo=UTC)
EAST_SCHOOL = (2.303, 48.781)


@pytest.fixture
def toy(session: Session) -> Toy:
    made = make_territory(session)
    for commune in session.scalars(select(Commune)):
        commune.population = 1000
    equip(session, "education", *EAST_SCHOOL)
    session.flush()
    return made


def grid_of_streets(west: float, east: float, rows: int = 21, columns: int = 11) -> Network:
    """Return crossing streets over the height of the communes, between two meridians."""
    lons, lats = np.linspace(west, east, columns), np.linspace(48.77, 48.79, rows)
    nodes = np.array([(lon, lat) for lat in lats for lon in lons])
    ends = [(i, i + 1) for i in range(len(nodes)) if (i + 1) % columns]
    ends += [(i, i + columns) for i in range(len(nodes) - columns)]
    return network_of(nodes, ends, [1.0] * len(ends))


def two_banks() -> Network:
    """Return the streets of the two communes, a river between them that nobody crosses."""
    west, east = grid_of_streets(2.28, 2.2995), grid_of_streets(2.3005, 2.32)
    return Network(
        np.vstack([west.nodes, east.nodes]),
        np.vstack([west.ends, east.ends + len(west.nodes)]),
        np.concatenate([west.metres, east.metres]),
    )


def keep(session: Session, toy: Toy, network: Network) -> bool:
    kept = StreetsToKeep("rues.osm.pbf", "sha", DATED, network)
    return keep_streets(session, toy.territory.id, kept, NOW)


def test_walks_when_no_streets_then_those_of_the_straight_line(session: Session, toy: Toy) -> None:
    found = reckon(session, toy.territory.id, NOW)
    assert (found.method, found.astray, found.cut_off) == ("straight", 0, 0)
    live = coverage_of(session, toy.territory.id)
    kept = walked_coverage(session, toy.territory.id)
    assert kept is not None and kept.method == "straight"
    for place in (WEST, EAST):
        ours, theirs = kept.communes[place]["education"], live.communes[place]["education"]
        assert ours.within == pytest.approx(theirs.within, abs=0.003)
        assert ours.people == pytest.approx(theirs.people)
    assert kept.quarter["education"].within == pytest.approx(
        live.quarter["education"].within, abs=0.01
    )


def test_walks_when_a_river_parts_the_streets_then_the_other_bank_has_no_way(
    session: Session, toy: Toy
) -> None:
    assert keep(session, toy, two_banks())
    found = reckon(session, toy.territory.id, NOW)
    assert found.method == "streets"
    kept = walked_coverage(session, toy.territory.id)
    assert kept is not None and kept.reckoned is not None
    assert (kept.reckoned.street_file, kept.reckoned.street_date) == ("rues.osm.pbf", DATED)
    west, east = kept.communes[WEST]["education"], kept.communes[EAST]["education"]
    assert west.within == (0, 0, 0)
    assert west.cut_off == pytest.approx(1, abs=0.05)
    assert 0.1 < east.within[2] < 0.6
    assert east.cut_off == 0
    assert kept.quarter["education"].within[1] == pytest.approx(0.5, abs=0.05)
    drawn = json.loads(far_grounds(session, toy.territory.id, "education"))["features"]
    lost = [one["geometry"] for one in drawn if one["properties"]["band"] == len(FAR_MINUTES)]
    assert [(one["type"], len(one["coordinates"])) for one in lost] == [("Polygon", 1)]


def test_walks_when_streets_are_dropped_then_straight_again(session: Session, toy: Toy) -> None:
    assert keep(session, toy, two_banks())
    assert not keep(session, toy, two_banks())
    assert drop_streets(session, toy.territory.id, NOW)
    assert not drop_streets(session, toy.territory.id, NOW)
    assert reckon(session, toy.territory.id, NOW).method == "straight"
    assert session.scalar(select(func.count()).select_from(CoverageRun)) == 1


def test_walks_when_data_changed_then_stale_until_reckoned_again(
    session: Session, toy: Toy
) -> None:
    assert stale_territories(session) == [toy.territory.id]
    reckon(session, toy.territory.id, NOW)
    assert stale_territories(session) == []
    bump_data_version(session, "guide", NOW)
    assert stale_territories(session) == []
    for family in ("equipment", "grid", "indicators", "places", "streets"):
        bump_data_version(session, family, NOW)
        assert stale_territories(session) == [toy.territory.id], family
        kept = walked_coverage(session, toy.territory.id)
        assert kept is not None and kept.is_stale
        reckon(session, toy.territory.id, NOW)
    assert stale_territories(session) == []


def test_walks_when_two_territories_then_each_its_own(session: Session, toy: Toy) -> None:
    other = make_territory(session, code="autre", prefix="AU")
    keep(session, toy, two_banks())
    assert reckon(session, toy.territory.id, NOW).method == "streets"
    assert reckon(session, other.territory.id, NOW).method == "straight"
    kept = walked_coverage(session, other.territory.id)
    assert kept is not None and kept.method == "straight"
    assert kept.communes[WEST]["education"].cut_off == 0
    assert sorted(session.scalars(select(CoverageRun.territory_id))) == sorted(
        [toy.territory.id, other.territory.id]
    )


def add_cell(
    session: Session, west: float, south: float, people: float, households: float
) -> GridCell:
    """Add a square of about 200 m, estimated when it has few households."""
    east, north = west + 0.0027, south + 0.0018
    ring = f"{west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}"
    cell = GridCell(
        code=f"{west} {south}",
        vintage=2021,
        people=people,
        households=households,
        imputed=households < FEWEST_HOUSEHOLDS,
        perimeter=WKTElement(f"POLYGON(({ring}))", srid=4326),
    )
    session.add(cell)
    session.flush()
    return cell


def test_residents_when_on_iris_then_nobody_is_lost(session: Session, toy: Toy) -> None:
    homes = residents_of(session, toy.territory.id)
    for place in (WEST, EAST):
        own = [home for home in homes if (home.scope, home.place) == ("commune", place)]
        assert sum(home.people for home in own) == pytest.approx(1000)
        assert {home.basis for home in own} == {"commune"}
    assert {home.households for home in homes} == {None}


def test_residents_when_squares_cover_a_commune_then_they_go_before_its_iris(
    session: Session, toy: Toy
) -> None:
    add_cell(session, 2.2978, 48.7805, 900, 300)
    add_cell(session, 2.2815, 48.7715, 20, 8)
    homes = residents_of(session, toy.territory.id)

    def people(scope: str, place: str, *bases: str) -> float:
        return sum(
            home.people
            for home in homes
            if (home.scope, home.place) == (scope, place) and home.basis in bases
        )

    # the square over the border: 2.2 of its 2.7 thousandths of a degree lie in the west
    share = 0.0022 / 0.0027
    assert people("commune", WEST, "square") == pytest.approx(900 * share, rel=1e-3)
    assert people("commune", WEST, "imputed") == pytest.approx(20)
    # the east, of which a border square says too little, keeps the even spread over its ground
    assert people("commune", EAST, "square", "imputed") == 0
    assert people("commune", EAST, "commune") == pytest.approx(1000)
    west_part = 0.0020 * 0.0015 / (0.0027 * 0.0018)
    assert people("qpv", "", "square") == pytest.approx(900 * west_part, rel=0.01)
    found = coverage_of(session, toy.territory.id)
    assert found.grid_vintage == 2021
    west = found.communes[WEST]["education"]
    assert west.gridded == pytest.approx(1)
    assert west.imputed == pytest.approx(20 / (900 * share + 20), rel=1e-3)


def zones(session: Session, toy: Toy, theme: str = "education") -> list[int]:
    """Return the bands of the grounds that are drawn; they have nothing else to tell."""
    drawn = json.loads(far_grounds(session, toy.territory.id, theme))
    assert all(set(feature["properties"]) == {"band"} for feature in drawn["features"])
    return [feature["properties"]["band"] for feature in drawn["features"]]


@pytest.mark.parametrize(("households", "drawn"), [(10.9, []), (11, [1])])
def test_zone_when_of_few_households_then_not_drawn(
    session: Session, toy: Toy, households: float, drawn: list[int]
) -> None:
    for commune in session.scalars(select(Commune)):
        commune.population = None
    add_cell(session, 2.3012, 48.7802, 600, 250)
    add_cell(session, 2.2832, 48.7802, 3 * households, households)
    reckon(session, toy.territory.id, NOW)
    assert zones(session, toy) == drawn
    assert zones(session, toy, "sport") == []
    kept = walked_coverage(session, toy.territory.id)
    assert kept is not None
    assert kept.communes[WEST]["education"].too_far == pytest.approx(3 * households, abs=5)


def plan(session: Session, name: str, **given: Any) -> str:
    explained = session.execute(text(f"explain {statement(name).text}"), given)
    return "\n".join(row[0] for row in explained)


def test_walks_when_many_territories_are_kept_then_read_by_the_index(
    session: Session, toy: Toy
) -> None:
    reckon(session, toy.territory.id, NOW)
    run_id = session.scalars(select(CoverageRun.id)).one()
    other = make_territory(session, code="autre", prefix="AU")
    reckon(session, other.territory.id, NOW)
    theirs = session.scalars(
        select(CoverageRun.id).where(CoverageRun.territory_id == other.territory.id)
    ).one()
    session.execute(
        text("""
            insert into coverage_point
            (run_id, scope, place, basis, people, astray, metres, location)
            select :theirs, scope, place, basis, people, astray, metres, location
            from coverage_point cross join generate_series(1, 12)
            where run_id = :theirs
        """),
        {"theirs": theirs},
    )
    session.execute(text("analyze coverage_point"))
    assert (session.scalar(select(func.count()).select_from(CoveragePoint)) or 0) > 10_000
    reaches = [walk_reach_m(minutes) for minutes in MINUTES]
    assert "ix_coverage_point_run_id" in plan(
        session, "coverage_walked", run_id=run_id, reaches=reaches
    )
    bounds = [walk_reach_m(minutes) for minutes in FAR_MINUTES]
    given = {"run_id": run_id, "theme": "education", "bounds": bounds, "fewest": 11}
    assert "ix_coverage_point_run_id" in plan(session, "coverage_far", **given)
