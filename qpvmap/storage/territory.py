"""A territory's own rows: bodies, teams, categories, competences, people's places in them."""

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from qpvmap.core.geo import LonLat
from qpvmap.core.territories import TerritoryPlan
from qpvmap.storage.geodata import point_ewkb
from qpvmap.storage.imports import Counts, Row, Target, upsert
from qpvmap.storage.models import (
    Category,
    Organisation,
    RoutingRuleRow,
    Team,
    Territory,
    Upkeep,
)

TERRITORY = Target(
    Territory,
    "territory",
    ("code",),
    (
        "name",
        "tagline",
        "contract_title",
        "reference_prefix",
        "qpv_codes",
        "insee_codes",
        "emergency_numbers",
        "digest_times",
        "presence_names_months",
    ),
    edition=(),
    sourced=False,
)
ORGANISATION = Target(
    Organisation,
    "territory",
    ("territory_id", "code"),
    ("name", "kind", "insee_code"),
    edition=("territory_id",),
    sourced=False,
)
TEAM = Target(
    Team,
    "territory",
    ("territory_id", "code"),
    ("organisation_id", "name", "email", "confidential", "depot", "depot_label"),
    edition=("territory_id",),
    sourced=False,
)
CATEGORY = Target(
    Category,
    "territory",
    ("territory_id", "code"),
    (
        "name",
        "hint",
        "icon",
        "nature",
        "position",
        "acknowledge_days",
        "resolve_days",
        "kindred",
        "duplicate_radius_m",
        "photo_after",
    ),
    edition=("territory_id",),
    sourced=False,
)


def find_territory(session: Session, code: str) -> Territory | None:
    """Return the territory `code`, or None when it was not loaded."""
    return session.scalar(select(Territory).where(Territory.code == code))


def _ids(
    session: Session, model: type[Organisation | Team | Category], territory_id: int
) -> Mapping[str, int]:
    query = select(model.code, model.id).where(model.territory_id == territory_id)
    return {row.code: row.id for row in session.execute(query)}


def organisation_ids(session: Session, territory_id: int) -> Mapping[str, int]:
    """Return the key of each body of a territory, by its code."""
    return _ids(session, Organisation, territory_id)


def team_ids(session: Session, territory_id: int) -> Mapping[str, int]:
    """Return the key of each team of a territory, by its code."""
    return _ids(session, Team, territory_id)


def category_ids(session: Session, territory_id: int) -> Mapping[str, int]:
    """Return the key of each category of a territory, by its code."""
    return _ids(session, Category, territory_id)


def not_imported_since(
    session: Session, target: Target, rows: Sequence[Row], dataset_id: int
) -> Sequence[Row]:
    """Return the rows that no other source holds: an import of the official file outweighs ours."""
    table = target.table
    others = select(*(table.c[name] for name in target.key)).where(
        table.c.dataset_id.is_not(None), table.c.dataset_id != dataset_id
    )
    taken = {tuple(key) for key in session.execute(others)}
    return [row for row in rows if tuple(row[name] for name in target.key) not in taken]


def upsert_territory(session: Session, plan: TerritoryPlan) -> tuple[Counts, int]:
    """Write the territory itself; return what that did, and its key."""
    row: Row = {
        **plan.model_dump(include=set(TERRITORY.all_columns)),
        "presence_names_months": plan.presence.names_kept_months,
        "qpv_codes": list(plan.qpv_codes),
        "insee_codes": list(plan.insee_codes),
        "digest_times": list(plan.digest_times),
    }
    counts = upsert(session, TERRITORY, [row])
    key = session.scalars(select(Territory.id).where(Territory.code == plan.code)).one()
    return counts, key


def upsert_organisations(session: Session, territory_id: int, plan: TerritoryPlan) -> Counts:
    """Write the bodies."""
    rows = [{**body.model_dump(), "territory_id": territory_id} for body in plan.organisations]
    return upsert(session, ORGANISATION, rows)


def upsert_teams(session: Session, territory_id: int, plan: TerritoryPlan) -> Counts:
    """Write the teams; their bodies must be there.

    Name and address that somebody corrected from the pages stay as they are.
    """
    bodies = organisation_ids(session, territory_id)
    corrected = _corrected_teams(session, territory_id)
    rows = [
        {
            "territory_id": territory_id,
            "code": team.code,
            "organisation_id": bodies[team.organisation],
            "name": team.name,
            "email": team.email,
            "confidential": team.confidential,
            "depot": point_ewkb(LonLat(team.depot.lon, team.depot.lat)) if team.depot else None,
            "depot_label": team.depot.label if team.depot else "",
            **corrected.get(team.code, {}),
        }
        for team in plan.teams
    ]
    return upsert(session, TEAM, rows)


def _corrected_teams(session: Session, territory_id: int) -> Mapping[str, Row]:
    """Return the name and address of the teams that somebody corrected, by code."""
    rows = session.execute(
        select(Team.code, Team.name, Team.email).where(
            Team.territory_id == territory_id, exists().where(Upkeep.team_id == Team.id)
        )
    )
    return {row.code: {"name": row.name, "email": row.email} for row in rows}


def upsert_categories(session: Session, territory_id: int, plan: TerritoryPlan) -> Counts:
    """Write the categories, in the order of the plan."""
    rows = [
        {**category.model_dump(), "territory_id": territory_id, "position": position}
        for position, category in enumerate(plan.categories, start=1)
    ]
    return upsert(session, CATEGORY, rows)


RuleKey = tuple[int | None, str | None, int | None]
"""Category, commune and body of the ground that a rule speaks of; None stands for any."""


def replace_rules(session: Session, territory_id: int, plan: TerritoryPlan) -> Counts:
    """Make the competences those of the plan; a rule removed counts as changed.

    Rules on one piece of ground come of the coordination's decisions, not of a plan: they stay.
    """
    wanted = _wanted_rules(session, territory_id, plan)
    found = session.scalars(
        select(RoutingRuleRow).where(
            RoutingRuleRow.territory_id == territory_id, RoutingRuleRow.emprise_id.is_(None)
        )
    )
    present = {
        (rule.category_id, rule.insee_code, rule.emprise_organisation_id): rule for rule in found
    }
    gone = [rule.id for key, rule in present.items() if key not in wanted]
    session.execute(delete(RoutingRuleRow).where(RoutingRuleRow.id.in_(gone)))
    changed = len(gone)
    for key, team_id in wanted.items():
        rule = present.get(key)
        if rule is None:
            session.add(_rule_row(territory_id, key, team_id))
        elif rule.team_id != team_id:
            rule.team_id = team_id
            changed += 1
    session.flush()
    new = len(wanted.keys() - present.keys())
    return Counts(new, changed, len(wanted) - new - changed + len(gone), 0)


def _wanted_rules(
    session: Session, territory_id: int, plan: TerritoryPlan
) -> Mapping[RuleKey, int]:
    teams, categories = team_ids(session, territory_id), category_ids(session, territory_id)
    bodies = organisation_ids(session, territory_id)
    return {
        (
            categories[category] if category else None,
            insee_code,
            bodies[rule.emprise_of] if rule.emprise_of else None,
        ): teams[team]
        for rule in plan.competences
        for category in (rule.categories or (None,))
        for insee_code, team in (
            *rule.teams.items(),
            *(((None, rule.team),) if rule.team else ()),
        )
    }


def _rule_row(territory_id: int, key: RuleKey, team_id: int) -> RoutingRuleRow:
    category_id, insee_code, body_id = key
    return RoutingRuleRow(
        territory_id=territory_id,
        category_id=category_id,
        insee_code=insee_code,
        emprise_organisation_id=body_id,
        team_id=team_id,
    )
