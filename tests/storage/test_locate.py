"""Where a point is, on a toy ground; the real one is in tests/test_geodata.py."""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from qpvmap.core.geo import LonLat
from qpvmap.storage.models import Commune, Qpv
from qpvmap.storage.places import locate
from tests.conftest import QueryCounter
from tests.factories import (
    EAST,
    FAR_AWAY,
    IN_QUARTER_WEST,
    OUT_OF_QUARTER_WEST,
    WEST,
    box,
    make_places,
)


@pytest.fixture(autouse=True)
def places(session: Session) -> None:
    make_places(session)


def test_locate_inside_names_commune_iris_and_quarter(session: Session) -> None:
    found = locate(session, IN_QUARTER_WEST)
    assert found.commune is not None and found.commune.code == WEST
    assert found.iris is not None and found.iris.code == f"{WEST}0101"
    assert found.qpv is not None
    assert (found.qpv.inside, found.qpv.distance_m, found.qpv.share_inside) == (True, 0.0, 1.0)


def test_locate_is_one_statement(
    session: Session, engine: Engine, count_queries: QueryCounter
) -> None:
    with count_queries(engine) as statements:
        for point in (IN_QUARTER_WEST, OUT_OF_QUARTER_WEST, FAR_AWAY):
            locate(session, point, accuracy_m=12)
    assert len(statements) == 3


def test_locate_outside_gives_metres_on_the_ground(session: Session) -> None:
    qpv = locate(session, OUT_OF_QUARTER_WEST).qpv
    assert qpv is not None and not qpv.inside and qpv.share_inside == 0
    assert qpv.distance_m == pytest.approx(588, abs=2)


def test_locate_on_the_edge_is_half_inside(session: Session) -> None:
    qpv = locate(session, LonLat(2.298, 48.781), accuracy_m=15).qpv
    assert qpv is not None
    assert qpv.share_inside == pytest.approx(0.5, abs=0.01)


def test_locate_just_outside_with_an_accuracy_is_doubtful(session: Session) -> None:
    three_metres_west = LonLat(2.298 - 3 / 73_400, 48.781)
    qpv = locate(session, three_metres_west, accuracy_m=15).qpv
    assert qpv is not None and not qpv.inside
    assert qpv.distance_m == pytest.approx(3, abs=0.1)
    assert 0.3 < qpv.share_inside < 0.45


def test_locate_far_away_knows_nothing(session: Session) -> None:
    found = locate(session, FAR_AWAY, accuracy_m=20)
    assert (found.commune, found.iris, found.qpv) == (None, None, None)


def test_locate_beyond_the_limit_names_no_quarter(session: Session) -> None:
    assert locate(session, OUT_OF_QUARTER_WEST, max_distance_m=500).qpv is None


def test_locate_on_the_border_of_two_communes_gives_one_answer(session: Session) -> None:
    found = locate(session, LonLat(2.30, 48.781))
    assert found.commune is not None and found.commune.code in (WEST, EAST)


def test_locate_trusts_the_iris_before_another_producers_outline(session: Session) -> None:
    session.add(
        Commune(
            insee_code=EAST,
            vintage=2025,
            name="Estville-d’Art",
            perimeter=box(2.285, 48.77, 2.32, 48.79),
        )
    )
    session.flush()
    found = locate(session, IN_QUARTER_WEST)
    assert found.commune is not None and found.commune.code == WEST


def test_locate_uses_the_newest_generation_only(session: Session) -> None:
    session.add(
        Qpv(
            code="QP092999",
            vintage=2015,
            name="Ancien",
            insee_codes=[WEST],
            perimeter=box(2.285, 48.775, 2.295, 48.785),
        )
    )
    session.flush()
    qpv = locate(session, OUT_OF_QUARTER_WEST).qpv
    assert qpv is not None and qpv.vintage == 2024


def test_locate_ignores_a_quarter_known_by_its_code_alone(session: Session) -> None:
    session.add(Qpv(code="QN09288X", vintage=2024, name="Sans contour", insee_codes=[WEST]))
    session.flush()
    qpv = locate(session, OUT_OF_QUARTER_WEST).qpv
    assert qpv is not None and qpv.code == "QN09299X"


def test_locate_reads_indexes_not_tables(engine: Engine) -> None:
    """On a populated table the plan holds no sequential scan of places."""
    with engine.connect() as connection:
        outer = connection.begin()
        connection.execute(
            text(
                """
                insert into qpv (code, vintage, name, insee_codes, perimeter)
                select 'QN' || n, 2024, 'q', '{}', st_multi(st_makeenvelope(
                    n % 60 / 10.0, 43 + n / 60 / 10.0, n % 60 / 10.0 + .05,
                    43 + n / 60 / 10.0 + .05, 4326))
                from generate_series(1, 3000) as n
                """
            )
        )
        connection.execute(
            text(
                """
                insert into iris (code, vintage, name, insee_code, perimeter)
                select lpad(n::text, 9, '0'), 2024, 'i', '00000', perimeter
                from (select row_number() over () as n, perimeter from qpv) as places
                """
            )
        )
        connection.execute(
            text(
                """
                insert into commune (insee_code, vintage, name, perimeter)
                select lpad(n::text, 5, '0'), 2024, 'c', perimeter
                from (select row_number() over () as n, perimeter from qpv) as places
                """
            )
        )
        connection.execute(text("analyze qpv, iris, commune"))
        connection.execute(text("load 'auto_explain'"))
        connection.execute(text("set auto_explain.log_min_duration = 0"))
        connection.execute(text("set auto_explain.log_nested_statements = on"))
        connection.execute(text("set client_min_messages = log"))
        notices: list[str] = []
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.add_notice_handler(lambda notice: notices.append(notice.message_primary or ""))
        locate(Session(connection), LonLat(2.3, 48.78), 15)
        text_of_plan = "\n".join(notices)
        outer.rollback()
    assert "ix_qpv_perimeter_3857" in text_of_plan
    for table in ("iris", "commune", "qpv"):
        assert f"Seq Scan on {table}" not in text_of_plan, text_of_plan


def test_locate_when_the_accuracy_is_no_number_is_refused_before_the_database(
    session: Session,
) -> None:
    with pytest.raises(ValueError, match="précision"):
        locate(session, IN_QUARTER_WEST, accuracy_m=float("nan"))


@pytest.mark.parametrize("accuracy_m", ["NaN", "Infinity", "-1"])
def test_locate_function_when_the_disc_has_no_size_refuses_it(
    session: Session, accuracy_m: str
) -> None:
    query = text(f"select * from derived.locate(2.3, 48.78, '{accuracy_m}', 5000)")
    with pytest.raises(DBAPIError, match="between 0 and 50000"):
        session.execute(query)
