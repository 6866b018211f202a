"""What was promised, by whom: delays per category and team, and the days a body is closed."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.core.deadlines import Delays
from qpvmap.core.territories import TerritoryPlan
from qpvmap.storage.imports import Counts
from qpvmap.storage.models import Category, ClosingDay, DeadlineRule, Organisation
from qpvmap.storage.territory import category_ids, organisation_ids, team_ids

Key = tuple[Any, ...]
Columns = Mapping[str, Any]


def delays_of(session: Session, category: Category, team_id: int) -> Delays:
    """Return the delays of a team for a category: its own, else the category's."""
    rule = session.scalar(
        select(DeadlineRule)
        .where(
            DeadlineRule.category_id == category.id,
            (DeadlineRule.team_id == team_id) | DeadlineRule.team_id.is_(None),
        )
        .order_by(DeadlineRule.team_id.nulls_last())
        .limit(1)
    )
    if rule is None:
        return Delays(category.acknowledge_days, category.resolve_days)
    return Delays(
        rule.acknowledge_days,
        rule.resolve_days,
        rule.emergency_acknowledge_hours,
        rule.emergency_resolve_hours,
    )


def closing_days(session: Session, organisation_id: int) -> frozenset[date]:
    """Return the days on which a body does not work, besides weekends and public holidays."""
    return frozenset(
        session.scalars(select(ClosingDay.day).where(ClosingDay.organisation_id == organisation_id))
    )


def replace_delays(session: Session, territory_id: int, plan: TerritoryPlan) -> Counts:
    """Make the delays those of the plan; categories and teams must be there."""
    categories, teams = category_ids(session, territory_id), team_ids(session, territory_id)
    usual = {
        category.code: category.model_dump(include={"acknowledge_days", "resolve_days"})
        for category in plan.categories
    }
    wanted = {
        (categories[code], teams[delay.team] if delay.team else None): {
            **usual[code],
            **delay.model_dump(exclude={"categories", "team"}, exclude_none=True),
        }
        for delay in plan.delays
        for code in delay.categories
    }
    found = session.scalars(
        select(DeadlineRule).where(DeadlineRule.category_id.in_(categories.values()))
    )
    present: dict[Key, DeadlineRule] = {(rule.category_id, rule.team_id): rule for rule in found}
    return _replace(session, DeadlineRule, ("category_id", "team_id"), present, wanted)


def replace_closing_days(session: Session, territory_id: int, plan: TerritoryPlan) -> Counts:
    """Make the closing days those of the plan; bodies must be there."""
    bodies = organisation_ids(session, territory_id)
    wanted = {
        (bodies[code], closing.day): {"reason": closing.reason}
        for closing in plan.closing_days
        for code in closing.organisations
    }
    found = session.scalars(
        select(ClosingDay)
        .join(Organisation, Organisation.id == ClosingDay.organisation_id)
        .where(Organisation.territory_id == territory_id)
    )
    present: dict[Key, ClosingDay] = {(row.organisation_id, row.day): row for row in found}
    return _replace(session, ClosingDay, ("organisation_id", "day"), present, wanted)


def _replace(
    session: Session,
    model: type[DeadlineRule] | type[ClosingDay],
    key_columns: tuple[str, ...],
    present: Mapping[Key, DeadlineRule] | Mapping[Key, ClosingDay],
    wanted: Mapping[Key, Columns],
) -> Counts:
    """Make rows those wanted, by their key; a row removed counts as changed."""
    gone = [row for key, row in present.items() if key not in wanted]
    for row in gone:
        session.delete(row)
    changed = len(gone)
    for key, columns in wanted.items():
        found = present.get(key)
        if found is None:
            session.add(model(**dict(zip(key_columns, key, strict=True)), **columns))
        elif any(getattr(found, name) != value for name, value in columns.items()):
            for name, value in columns.items():
                setattr(found, name, value)
            changed += 1
    session.flush()
    new = len(wanted.keys() - present.keys())
    return Counts(new, changed, len(wanted) - new - changed + len(gone), 0)
