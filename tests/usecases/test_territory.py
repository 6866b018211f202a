"""Loading the pilot territory: everything there once, people's changes kept."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from qpvmap.core.deadlines import Priority
from qpvmap.core.geo import LonLat
from qpvmap.core.routing import Ground, choose_team, in_commune
from qpvmap.storage.geodata import read_plan
from qpvmap.storage.models import (
    Category,
    Commune,
    Dataset,
    DataVersion,
    Emprise,
    Epci,
    Equipment,
    IndicatorValue,
    Iris,
    Operation,
    Organisation,
    Qpv,
    Road,
    RoutingRuleRow,
    Team,
    Territory,
)
from qpvmap.storage.places import locate
from qpvmap.storage.signalements import category_by_code, routing_rules, team_by_id
from qpvmap.usecases.routing import plan_handling
from qpvmap.usecases.territory import load_territory

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def rows_of(session: Session) -> Mapping[str, int]:
    models = (
        Territory,
        Organisation,
        Team,
        Category,
        RoutingRuleRow,
        Operation,
        Commune,
        Iris,
        Epci,
        Qpv,
        Road,
        Equipment,
        IndicatorValue,
    )
    return {
        model.__name__: session.scalar(select(func.count()).select_from(model)) or 0
        for model in models
    }


def test_load_territory_when_new_then_everything_is_there(session: Session, now: datetime) -> None:
    report = load_territory(session, "blagis", now)

    assert report.wrote
    counts = rows_of(session)
    assert counts["Iris"] == 44
    assert counts["Commune"] == 24
    assert counts["Qpv"] == 18
    assert counts["Epci"] == 1
    assert counts["Operation"] == 22
    assert counts["Category"] == 20
    assert counts["IndicatorValue"] == 55 + 44 * 23  # as signed, and official: 23 columns
    assert counts["Organisation"] == 14
    assert counts["Equipment"] > 30
    assert counts["Road"] > 3


def test_load_territory_when_loaded_twice_then_nothing_changes(
    session: Session, now: datetime
) -> None:
    load_territory(session, "blagis", now)
    before = rows_of(session)
    versions = session.execute(select(DataVersion.family, DataVersion.version)).all()

    report = load_territory(session, "blagis", now)

    assert not report.wrote
    assert rows_of(session) == before
    assert session.execute(select(DataVersion.family, DataVersion.version)).all() == versions
    assert {family for family, _ in versions} == {
        "places",
        "emprises",
        "equipment",
        "indicators",
        "operations",
    }


def test_load_territory_when_an_operation_was_dragged_then_it_stays_where_it_is(
    session: Session, now: datetime
) -> None:
    load_territory(session, "blagis", now)
    moved = (
        update(Operation)
        .where(Operation.code == "SCX-04")
        .values(location="SRID=4326;POINT(2.3 48.78)", position_quality="exact", version=2)
    )
    session.execute(moved)

    report = load_territory(session, "blagis", now)

    quality, lon = session.execute(
        select(Operation.position_quality, func.st_x(Operation.location)).where(
            Operation.code == "SCX-04"
        )
    ).one()
    assert (quality, lon) == ("exact", 2.3)
    assert not report.wrote


def test_load_territory_when_official_iris_were_imported_then_they_stay(
    session: Session, now: datetime
) -> None:
    load_territory(session, "blagis", now)
    official = Dataset(
        key="iris", title="", producer="IGN", licence="LO", vintage=2024, loaded_at=now
    )
    session.add(official)
    session.flush()
    session.execute(
        update(Iris)
        .where(Iris.code == "920710107")
        .values(name="Blagis (officiel)", dataset_id=official.id)
    )

    report = load_territory(session, "blagis", now)

    name = session.scalar(select(Iris.name).where(Iris.code == "920710107"))
    assert name == "Blagis (officiel)"
    assert not report.wrote


def test_load_territory_when_a_rule_left_the_plan_then_it_is_removed(
    session: Session, now: datetime
) -> None:
    load_territory(session, "blagis", now)
    rules = rows_of(session)["RoutingRuleRow"]
    category = session.scalars(select(Category).where(Category.code == "eclairage")).one()
    team = session.scalars(select(Team).where(Team.code == "sceaux-technique")).one()
    session.add(
        RoutingRuleRow(
            territory_id=category.territory_id,
            category_id=category.id,
            insee_code="92071",
            team_id=team.id,
        )
    )
    session.flush()

    load_territory(session, "blagis", now)

    assert rows_of(session)["RoutingRuleRow"] == rules


def test_load_territory_when_no_such_territory_then_it_says_so(
    session: Session, now: datetime
) -> None:
    with pytest.raises(FileNotFoundError):
        load_territory(session, "nulle-part", now)


@pytest.mark.parametrize(
    ("category", "insee_code", "team", "ground"),
    [
        ("depot-sauvage", "92007", "ept-dechets", Ground.CATEGORY),
        ("encombrants", "92071", "ept-dechets", Ground.CATEGORY),
        ("eclairage", "92014", "ept-eclairage", Ground.CATEGORY),
        ("eau-assainissement", "92032", "ept-eau", Ground.CATEGORY),
        ("voirie", "92007", "bagneux-technique", Ground.COMMUNE_AND_CATEGORY),
        ("espaces-verts", "92071", "sceaux-technique", Ground.COMMUNE_AND_CATEGORY),
        ("mobilier-urbain", "92014", "bourg-la-reine-technique", Ground.COMMUNE_AND_CATEGORY),
        ("parties-communes", "92032", "bailleur-agence", Ground.CATEGORY),
        ("nuisibles", "92032", "fontenay-aux-roses-hygiene", Ground.COMMUNE_AND_CATEGORY),
        ("rassemblement", "92007", "mediation", Ground.CATEGORY),
        ("trafic", "92032", "fontenay-aux-roses-police", Ground.COMMUNE_AND_CATEGORY),
        ("vehicule-epave", "92071", "sceaux-police", Ground.COMMUNE_AND_CATEGORY),
        ("trafic", "92002", "coordination", Ground.COORDINATION),
    ],
)
def test_competence_when_category_and_commune_then_the_body_in_charge(
    blagis_session: Session, category: str, insee_code: str, team: str, ground: Ground
) -> None:
    territory = blagis_session.scalars(select(Territory)).one()
    row = category_by_code(blagis_session, territory.id, category)
    assert row is not None

    decision = choose_team(routing_rules(blagis_session, row), category, in_commune(insee_code))

    assert team_by_id(blagis_session, decision.team_id).code == team
    assert decision.ground == ground


def test_shares_when_blagis_loaded_then_nine_iris_intersect_and_five_count(
    blagis_session: Session,
) -> None:
    shares = dict(
        blagis_session.execute(
            text("""
                select iris.code,
                       100 * st_area(
                           st_transform(st_intersection(q.perimeter, iris.perimeter), 2154)
                       ) / st_area(st_transform(q.perimeter, 2154))
                from qpv as q
                join iris on st_intersects(q.perimeter, iris.perimeter)
                where q.code = 'QN09219N'
            """)
        ).all()
    )

    five = {
        "920320103": 30.6,
        "920140101": 26.7,
        "920070115": 18.8,
        "920070117": 14.9,
        "920710107": 8.5,
    }
    assert len(shares) == 9
    assert {code: round(shares[code], 1) for code in five} == five
    assert all(share < 0.3 for code, share in shares.items() if code not in five)
    assert "920140102" not in shares


def test_centroid_when_blagis_then_outside_the_quarter(blagis_session: Session) -> None:
    inside = blagis_session.scalar(
        select(func.st_contains(Qpv.perimeter, func.st_centroid(Qpv.perimeter))).where(
            Qpv.code == "QN09219N"
        )
    )
    assert inside is False


def test_locate_when_3_m_outside_with_15_m_accuracy_then_a_share_between_0_and_1(
    blagis_session: Session,
) -> None:
    lon, lat = blagis_session.execute(
        text("""
            select st_x(spot), st_y(spot) from (
                select (st_dumppoints(st_buffer(perimeter::geography, 3)::geometry)).geom as spot
                from qpv where code = 'QN09219N'
            ) as around limit 1
        """)
    ).one()

    found = locate(blagis_session, LonLat(lon, lat), 15).qpv

    assert found is not None
    assert found.code == "QN09219N"
    assert not found.inside
    assert found.distance_m == pytest.approx(3, abs=0.2)
    assert 0 < found.share_inside < 1


def test_operations_when_loaded_then_each_lies_in_its_commune_near_the_quarter(
    blagis_session: Session,
) -> None:
    rows = blagis_session.execute(
        text("""
            select o.code, st_covers(c.perimeter, o.location) as at_home,
                   st_distance(q.perimeter::geography, o.location::geography) as away
            from operation as o
            join commune as c on c.insee_code = o.insee_code
            cross join qpv as q where q.code = 'QN09219N'
        """)
    ).all()

    assert len(rows) == 22
    assert [row.code for row in rows if not row.at_home] == []
    assert max(row.away for row in rows) < 600


def test_plan_when_it_names_an_unknown_team_then_refused() -> None:
    plan = read_plan("blagis")
    broken = {**plan.model_dump(), "teams": []}

    with pytest.raises(ValueError, match="named but not described"):
        type(plan).model_validate(broken)


def test_load_territory_when_drawn_ground_then_its_body_takes_before_the_commune(
    blagis_session: Session,
) -> None:
    row = category_by_code(
        blagis_session, blagis_session.scalars(select(Territory.id)).one(), "proprete"
    )
    assert row is not None
    estate = locate(blagis_session, LonLat(2.30044, 48.78601), 10)
    handling = plan_handling(blagis_session, row, estate, Priority.NORMAL, NOW)
    assert handling.team.code == "bailleur-agence"
    assert handling.reason == (
        "emprise Bailleur social des Blagis, résidence des Érables : "
        "propreté, déjections → Bailleur, agence des Blagis"
    )


def test_load_territory_when_loaded_again_then_the_coordination_s_rules_and_drawings_stay(
    blagis_session: Session,
) -> None:
    emprise = blagis_session.scalars(select(Emprise).where(Emprise.code == "HLM-01")).one()
    emprise.name, emprise.version = "corrigée", 2
    team = blagis_session.scalars(select(Team).where(Team.code == "mediation")).one()
    rule = RoutingRuleRow(territory_id=emprise.territory_id, emprise_id=emprise.id, team_id=team.id)
    blagis_session.add(rule)
    blagis_session.flush()
    assert not load_territory(blagis_session, "blagis", NOW).wrote
    blagis_session.refresh(emprise)
    assert emprise.name == "corrigée"
    assert blagis_session.get(RoutingRuleRow, rule.id) is not None
