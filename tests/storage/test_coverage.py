"""Who lives within reach of what: known shapes, and the real quarter, by another way."""

import csv
from math import cos, radians
from time import perf_counter

import geopandas
import pandas
import pytest
from geoalchemy2 import WKTElement
from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.core.coverage import straight_reach_m
from qpvmap.resources import resource_dir
from qpvmap.storage.coverage import coverage_of
from qpvmap.storage.models import Commune, Equipment, Indicator, IndicatorValue, Territory
from tests.factories import WEST, make_territory


def equip(session: Session, theme: str, lon: float, lat: float) -> None:
    session.add(
        Equipment(
            source="essai",
            source_key=f"{theme} {lon} {lat}",
            vintage=2026,
            name=theme,
            theme=theme,
            kind=theme,
            location=WKTElement(f"POINT({lon} {lat})", srid=4326),
        )
    )


def test_reach_when_walked_then_shorter_in_a_straight_line() -> None:
    assert straight_reach_m(15) == pytest.approx(769.2, abs=0.1)


def test_coverage_when_shapes_are_known_then_the_share_is_that_of_the_ground(
    session: Session,
) -> None:
    toy = make_territory(session)
    for commune in session.scalars(select(Commune)):
        commune.population = 1000
    equip(session, "sport", 2.300, 48.781)
    equip(session, "culture", 2.28, 48.77)
    session.flush()
    found = coverage_of(session, toy.territory.id)
    assert found.quarter["sport"].within == (1.0, 1.0, 1.0)
    assert found.quarter["culture"].within == (0.0, 0.0, 0.0)
    # a disc of 15 minutes' walk, cut by the border: half of it in each commune
    ground = (0.02 * 111_320) * (0.02 * 111_320 * cos(radians(48.78)))
    half_disc = 3.14159 * straight_reach_m(15) ** 2 / 2
    assert found.communes[WEST]["sport"].within[2] == pytest.approx(half_disc / ground, rel=0.03)
    quarter_disc = half_disc / 2
    assert found.communes[WEST]["culture"].within[2] == pytest.approx(
        quarter_disc / ground, rel=0.05
    )
    assert found.communes[WEST]["sport"].people == pytest.approx(1000)
    assert found.around["sport"].people == pytest.approx(2000)
    assert found.quarter["sport"].counted == 0


def test_coverage_when_a_block_is_counted_then_it_weighs_its_own(session: Session) -> None:
    toy = make_territory(session)
    session.add(Indicator(key="population", title="Population"))
    session.flush()
    session.add(
        IndicatorValue(
            series="essai",
            indicator_key="population",
            place_kind="iris",
            place_code=f"{WEST}0101",
            vintage=2022,
            value=900,
        )
    )
    equip(session, "sport", 2.29, 48.78)
    session.flush()
    found = coverage_of(session, toy.territory.id)
    # the east has neither IRIS nor commune figures: nobody is placed there
    assert set(found.communes) == {WEST}
    assert found.communes[WEST]["sport"].people == pytest.approx(900)
    assert found.quarter["sport"].counted == 1


def test_coverage_when_nothing_is_known_then_nothing_is_said(session: Session) -> None:
    toy = make_territory(session)
    found = coverage_of(session, toy.territory.id)
    assert (found.quarter, found.communes, found.around) == ({}, {}, {})


def test_coverage_of_the_pilot_when_measured_then_quick_and_plausible(
    blagis_session: Session,
) -> None:
    territory = blagis_session.scalars(select(Territory)).one()
    begun = perf_counter()
    found = coverage_of(blagis_session, territory.id)
    assert perf_counter() - begun < 5
    assert set(found.communes) == {"92007", "92014", "92032", "92071"}
    quarter = found.quarter["transport"]
    assert 1_000 < quarter.people < 20_000
    assert quarter.counted > 0.95
    first, second, third = quarter.within
    assert 0 <= first <= second <= third <= 1
    assert third > 0.9


def read_seed(name: str) -> geopandas.GeoDataFrame:
    return geopandas.read_file(resource_dir("geodata") / "seed" / name).to_crs(2154)


def test_coverage_of_the_pilot_when_cut_out_in_lambert_then_the_same(
    blagis_session: Session,
) -> None:
    """Discs around the stations, cut by the quarter and each IRIS: another way to the figure."""
    territory = blagis_session.scalars(select(Territory)).one()
    found = coverage_of(blagis_session, territory.id).quarter["transport"]
    quarters, blocks = read_seed("qpv_2024.geojson"), read_seed("iris.geojson")
    quarter = quarters[quarters.code_qp == "QN09219N"].geometry.iloc[0]
    spots = pandas.concat([read_seed("gares.geojson"), read_seed("velib.geojson")]).geometry
    with (resource_dir("geodata") / "seed" / "official_iris.csv").open() as lines:
        people = {
            row["code_iris"]: float(row["P22_POP"].replace(",", "."))
            for row in csv.DictReader(lines, delimiter=";")
        }
    counted = blocks[blocks.code_iris.isin(people)]
    for at, minutes in enumerate((5, 10, 15)):
        served = spots.buffer(straight_reach_m(minutes), quad_segs=32).union_all()
        inside = [
            (people[b.code_iris] / b.geometry.area, b.geometry.intersection(quarter))
            for b in counted.itertuples()
        ]
        whole = sum(density * ground.area for density, ground in inside)
        part = sum(density * ground.intersection(served).area for density, ground in inside)
        assert found.within[at] == pytest.approx(part / whole, abs=0.01)
