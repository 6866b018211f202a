"""A toy territory and its people, for tests that need shapes they can reason about.

Two communes of 0.02 x 0.02 degrees stand side by side near (2.30, 48.78); each has one IRIS;
a quarter of 0.004 degrees a side straddles their border.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from geoalchemy2 import WKTElement
from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor, OrganisationKind, Role
from qpvmap.core.deadlines import Priority
from qpvmap.core.geo import LonLat
from qpvmap.core.permissions import Nature
from qpvmap.core.routing import Ground
from qpvmap.core.signalements import Submission
from qpvmap.core.workflow import Outcome, Status
from qpvmap.storage.models import (
    Account,
    Category,
    Commune,
    Iris,
    Organisation,
    Qpv,
    RoleRow,
    RoutingRuleRow,
    Signalement,
    Team,
    Territory,
)
from qpvmap.usecases.journal import open_journal

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
CONFIDENTIAL_TEAMS = ("police", "coordination")
ENDED = (Status.RESOLVED, Status.CLOSED)
WEST, EAST = "92901", "92902"
IN_QUARTER_WEST = LonLat(2.299, 48.781)
OUT_OF_QUARTER_WEST = LonLat(2.290, 48.781)
IN_QUARTER_EAST = LonLat(2.301, 48.781)
FAR_AWAY = LonLat(5.0, 45.0)


def box(west: float, south: float, east: float, north: float) -> WKTElement:
    """Return a box as a PostGIS multipolygon, EPSG:4326."""
    ring = f"{west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}"
    return WKTElement(f"MULTIPOLYGON((({ring})))", srid=4326)


@dataclass
class Toy:
    """The toy territory: rows that tests refer to."""

    territory: Territory
    teams: dict[str, Team] = field(default_factory=dict)
    categories: dict[str, Category] = field(default_factory=dict)


def make_places(session: Session) -> None:
    """Add the two communes, their IRIS and the quarter, unless they are there."""
    if session.scalar(select(Commune).where(Commune.insee_code == WEST)):
        return
    for code, name, west in ((WEST, "Ouestville", 2.28), (EAST, "Estville-d’Art", 2.30)):
        outline = (west, 48.77, west + 0.02, 48.79)
        session.add(Commune(insee_code=code, vintage=2024, name=name, perimeter=box(*outline)))
        session.add(
            Iris(
                code=f"{code}0101",
                vintage=2024,
                name=f"Centre de {name}",
                insee_code=code,
                perimeter=box(*outline),
            )
        )
    session.add(
        Qpv(
            code="QN09299X",
            vintage=2024,
            name="Les Deux Rives",
            insee_codes=[WEST, EAST],
            perimeter=box(2.298, 48.780, 2.302, 48.782),
        )
    )
    session.flush()


def make_territory(session: Session, code: str = "toy", prefix: str = "TO") -> Toy:
    """Add a territory with two technical teams, a police team, a coordination, three categories."""
    make_places(session)
    territory = Territory(
        code=code,
        name="Les Deux Rives",
        reference_prefix=prefix,
        qpv_codes=["QN09299X"],
        insee_codes=[WEST, EAST],
    )
    session.add(territory)
    session.flush()
    toy = Toy(territory)
    for team_code, kind in (
        ("technique-ouest", OrganisationKind.COMMUNE),
        ("technique-est", OrganisationKind.COMMUNE),
        ("police", OrganisationKind.POLICE),
        ("coordination", OrganisationKind.EPCI),
    ):
        toy.teams[team_code] = _team(session, territory, team_code, kind)
    for position, (category_code, nature, days) in enumerate(
        (
            ("voirie", Nature.TECHNIQUE, 10),
            ("eclairage", Nature.TECHNIQUE, 5),
            ("rixe", Nature.TRANQUILLITE, 1),
        )
    ):
        toy.categories[category_code] = Category(
            territory_id=territory.id,
            code=category_code,
            name=category_code.capitalize(),
            icon="c-road",
            nature=nature,
            position=position,
            acknowledge_days=2,
            resolve_days=days,
        )
    session.add_all(toy.categories.values())
    session.flush()
    _rule(session, toy, "voirie", WEST, "technique-ouest")
    _rule(session, toy, "voirie", EAST, "technique-est")
    _rule(session, toy, "rixe", None, "police")
    _rule(session, toy, None, None, "coordination")
    session.flush()
    return toy


def _team(session: Session, territory: Territory, code: str, kind: OrganisationKind) -> Team:
    organisation = Organisation(
        territory_id=territory.id, code=f"org-{code}", name=f"Organisme {code}", kind=kind
    )
    session.add(organisation)
    session.flush()
    team = Team(
        territory_id=territory.id,
        organisation_id=organisation.id,
        code=code,
        name=f"Équipe {code}",
        confidential=code in CONFIDENTIAL_TEAMS,
    )
    session.add(team)
    session.flush()
    return team


def _rule(
    session: Session, toy: Toy, category: str | None, insee_code: str | None, team: str
) -> None:
    session.add(
        RoutingRuleRow(
            territory_id=toy.territory.id,
            category_id=toy.categories[category].id if category else None,
            insee_code=insee_code,
            team_id=toy.teams[team].id,
        )
    )


def make_account(session: Session, toy: Toy, role: Role, *teams: str) -> Account:
    """Add a person with one role, in the teams named; they cannot sign in (no password)."""
    row = session.scalar(select(RoleRow).where(RoleRow.name == role)) or RoleRow(name=role)
    account = Account(
        email=f"{uuid4().hex[:8]}@toy.example",
        name=f"Camille {role}",
        fs_uniquifier=uuid4().hex,
        territory_id=toy.territory.id,
        organisation_id=toy.teams[teams[0]].organisation_id if teams else None,
        roles=[row],
        teams=[toy.teams[team] for team in teams],
    )
    session.add(account)
    session.flush()
    return account


def actor_for(account: Account) -> Actor:
    """Return the actor that an account is."""
    return Actor(
        account_id=account.id,
        name=account.name,
        email=account.email,
        roles=frozenset(Role(role.name) for role in account.roles),
        team_ids=frozenset(team.id for team in account.teams),
        confidential_team_ids=frozenset(team.id for team in account.teams if team.confidential),
        territory_ids=frozenset([account.territory_id] if account.territory_id else []),
        organisation_id=account.organisation_id,
    )


def make_actor(session: Session, toy: Toy, role: Role, *teams: str) -> Actor:
    """Add a person and return the actor they are."""
    return actor_for(make_account(session, toy, role, *teams))


def submission(
    point: LonLat = IN_QUARTER_WEST, category: str = "voirie", **more: Any
) -> Submission:
    """Return a valid submission."""
    fields = {"client_id": uuid4(), "description": "Un nid-de-poule devant l’école."} | more
    return Submission(category=category, lon=point.lon, lat=point.lat, **fields)


def make_signalement(
    session: Session,
    toy: Toy,
    *,
    category: str = "voirie",
    team: str = "technique-ouest",
    reporter_id: int | None = None,
    **columns: Any,
) -> Signalement:
    """Add a row as `submit` would, with any column given instead; its first event too."""
    point = columns.pop("point", IN_QUARTER_WEST)
    created_at = columns.pop("created_at", NOW)
    defaults = {
        "client_id": uuid4(),
        "reference": f"{toy.territory.reference_prefix}-2026-{uuid4().int % 10**9:09d}",
        "nature": toy.categories[category].nature,
        "status": Status.NEW,
        "routing_ground": Ground.COMMUNE_AND_CATEGORY,
        "description": "Un trou dans la chaussée",
        "location": WKTElement(f"POINT({point.lon} {point.lat})", srid=4326),
        "position_method": "pin",
        "insee_code": WEST,
        "iris_code": f"{WEST}0101",
        "qpv_code": "QN09299X",
        "qpv_vintage": 2024,
        "inside_qpv": True,
        "qpv_distance_m": 0.0,
        "share_inside": 1.0,
        "captured_at": created_at,
        "updated_at": created_at,
        "acknowledge_due_at": columns.get("due_at", created_at),
        "due_at": created_at,
        "counted_from": created_at,
        "version": 1,
        "priority": Priority.NORMAL,
        "waiting_on": "",
        "refusals": 0,
        "reopenings": 0,
        "supports": 0,
        "description_hidden": False,
        "outcome": Outcome.DONE if columns.get("status") in ENDED else None,
    }
    row = Signalement(
        territory_id=toy.territory.id,
        category_id=toy.categories[category].id,
        team_id=toy.teams[team].id,
        reporter_id=reporter_id,
        created_at=created_at,
        **(defaults | columns),
    )
    session.add(row)
    session.flush()
    row.category = toy.categories[category]
    open_journal(session, row, Actor(account_id=reporter_id), created_at)
    return row
