"""Whose ground a point may stand on: emprises that overlap, the border of two communes."""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from qpvmap.core.geo import LonLat
from qpvmap.storage.models import Emprise
from qpvmap.storage.places import locate
from tests.factories import EAST, IN_QUARTER_WEST, NOW, WEST, Toy, box, make_territory

M_LON, M_LAT = 1 / 73_400, 1 / 111_200
"""One metre in degrees, near 48.78 N."""


@pytest.fixture
def toy(session: Session) -> Toy:
    return make_territory(session)


def around(point: LonLat, west: float, south: float, east: float, north: float) -> object:
    """Return a box that lies these metres west, south, east and north of a point."""
    return box(
        point.lon - west * M_LON,
        point.lat - south * M_LAT,
        point.lon + east * M_LON,
        point.lat + north * M_LAT,
    )


def draw(session: Session, toy: Toy, code: str, perimeter: object, **more: object) -> Emprise:
    row = Emprise(
        territory_id=toy.territory.id,
        code=code,
        name=f"Terrain {code}",
        kind="residence",
        organisation_id=toy.teams["police"].organisation_id,
        perimeter=perimeter,
        **more,
    )
    session.add(row)
    session.flush()
    return row


def test_bare_ground_has_no_emprise_and_one_candidate(session: Session, toy: Toy) -> None:
    found = locate(session, IN_QUARTER_WEST, 10)
    assert found.emprise is None
    assert [(c.emprise, c.insee_code, c.share) for c in found.candidates] == [(None, WEST, 1)]


def test_exact_point_stands_on_the_surest_then_smallest_emprise(session: Session, toy: Toy) -> None:
    draw(session, toy, "large", around(IN_QUARTER_WEST, 50, 50, 50, 50))
    draw(session, toy, "small", around(IN_QUARTER_WEST, 10, 10, 10, 10))
    draw(session, toy, "doubtful", around(IN_QUARTER_WEST, 5, 5, 5, 5), confidence=0.5)
    found = locate(session, IN_QUARTER_WEST)
    assert found.emprise is not None and found.emprise.emprise is not None
    assert found.emprise.emprise.code == "small"
    assert found.emprise.emprise.body == "Organisme police"
    assert found.emprise.emprise.area_m2 == pytest.approx(400, rel=0.02)
    assert {c.emprise.code for c in found.candidates if c.emprise} == {"small", "large", "doubtful"}


def test_disc_over_an_emprise_s_edge_is_shared_with_the_bare_ground(
    session: Session, toy: Toy
) -> None:
    draw(session, toy, "east", around(IN_QUARTER_WEST, 0, 50, 50, 50))
    found = locate(session, IN_QUARTER_WEST, 20)
    shares = {c.emprise.code if c.emprise else "": c.share for c in found.candidates}
    assert shares == {"east": pytest.approx(0.5, abs=0.01), "": pytest.approx(0.5, abs=0.01)}


def test_disc_over_two_communes_has_a_share_of_each(session: Session, toy: Toy) -> None:
    border = LonLat(2.30 - 5 * M_LON, 48.785)
    draw(session, toy, "both", around(border, 30, 30, 30, 5))
    shares = {
        (c.emprise.code if c.emprise else "", c.insee_code): c.share
        for c in locate(session, border, 20).candidates
    }
    assert sum(shares.values()) == pytest.approx(1, abs=1e-4)
    assert shares["", WEST] + shares["both", WEST] == pytest.approx(0.66, abs=0.02)
    assert shares["", EAST] + shares["both", EAST] == pytest.approx(0.34, abs=0.02)


def test_removed_emprise_is_not_there_any_more(session: Session, toy: Toy) -> None:
    draw(session, toy, "gone", around(IN_QUARTER_WEST, 50, 50, 50, 50), removed_at=NOW)
    assert locate(session, IN_QUARTER_WEST, 10).emprise is None


def test_owners_read_indexes_not_tables(engine: Engine) -> None:
    """On a populated table the plan holds no sequential scan of emprises."""
    with engine.connect() as connection:
        outer = connection.begin()
        toy = make_territory(Session(connection))
        connection.execute(
            text(
                """
                insert into emprise (territory_id, code, name, kind, organisation_id, perimeter)
                select :territory_id, n, 'terrain', 'other', :organisation_id, st_multi(
                    st_makeenvelope(2.28 + n % 60 / 5000.0, 48.77 + n / 60 / 5000.0,
                    2.28 + n % 60 / 5000.0 + .0001, 48.77 + n / 60 / 5000.0 + .0001, 4326))
                from generate_series(1, 3000) as n
                """
            ),
            {
                "territory_id": toy.territory.id,
                "organisation_id": toy.teams["police"].organisation_id,
            },
        )
        connection.execute(text("analyze emprise"))
        connection.execute(text("load 'auto_explain'"))
        connection.execute(text("set auto_explain.log_min_duration = 0"))
        connection.execute(text("set auto_explain.log_nested_statements = on"))
        connection.execute(text("set client_min_messages = log"))
        notices: list[str] = []
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.add_notice_handler(lambda notice: notices.append(notice.message_primary or ""))
        locate(Session(connection), LonLat(2.2812, 48.7712), 15)
        plans = "\n".join(notices)
        outer.rollback()
    assert "ix_emprise_perimeter" in plans
    assert "Seq Scan on emprise" not in plans, plans
