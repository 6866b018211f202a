"""Load a territory from the data shipped with the application; twice changes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from qpvmap.core.territories import TerritoryPlan
from qpvmap.storage import territory as rows
from qpvmap.storage.deadlines import replace_closing_days, replace_delays
from qpvmap.storage.geodata import (
    read_contract_indicators,
    read_emprises,
    read_guide,
    read_operations,
    read_places,
    read_plan,
    source_of,
)
from qpvmap.storage.ground import upsert_emprises
from qpvmap.storage.imports import (
    INDICATOR,
    INDICATOR_VALUE,
    Counts,
    bump_data_version,
    record_dataset,
    upsert,
)
from qpvmap.storage.official_figures import read_official_figures
from qpvmap.storage.operations import measure_plan, upsert_operations
from qpvmap.storage.presence_words import upsert_sectors, upsert_words
from qpvmap.storage.replies import upsert_replies
from qpvmap.storage.walk_checklists import upsert_walk_items, upsert_walk_themes
from qpvmap.usecases.guide_load import load_guide


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What loading a territory did: rows new, changed and unchanged of each kind."""

    code: str
    name: str
    counts: Mapping[str, Counts]

    @property
    def wrote(self) -> bool:
        """Whether anything was written."""
        return any(counts.wrote for counts in self.counts.values())


def load_territory(session: Session, code: str, now: datetime) -> LoadReport:
    """Write the territory `code`, and the official places around it, into the database.

    What people have done since stays: an operation that was dragged keeps its place, a place
    imported from the official file keeps its full outline.

    Raises
    ------
    FileNotFoundError
        If no such territory is described.
    """
    plan = read_plan(code)
    counts = {
        **_load_places(session, now),
        **_load_bodies(session, plan, now),
        **_load_contract(session, plan, now),
        **_load_official(session, plan, now),
    }
    return LoadReport(plan.code, plan.name, counts)


def _load_places(session: Session, now: datetime) -> Mapping[str, Counts]:
    counts = {}
    families = set()
    for seed in read_places():
        dataset_id = record_dataset(session, seed.source, now)
        own = rows.not_imported_since(session, seed.target, seed.rows, dataset_id)
        done = upsert(session, seed.target, own, dataset_id)
        counts[seed.source.key] = done
        if done.wrote:
            families.add(seed.target.family)
    for family in sorted(families):
        bump_data_version(session, family, now)
    return counts


def _load_bodies(session: Session, plan: TerritoryPlan, now: datetime) -> Mapping[str, Counts]:
    territory, territory_id = rows.upsert_territory(session, plan)
    counts = {
        "territory": territory,
        "organisations": rows.upsert_organisations(session, territory_id, plan),
        "teams": rows.upsert_teams(session, territory_id, plan),
        "categories": rows.upsert_categories(session, territory_id, plan),
        "competences": rows.replace_rules(session, territory_id, plan),
        "delays": replace_delays(session, territory_id, plan),
        "closing_days": replace_closing_days(session, territory_id, plan),
        "replies": upsert_replies(session, territory_id, plan),
        "sectors": upsert_sectors(session, territory_id, plan),
        "presence_words": upsert_words(session, territory_id, plan),
        "walk_items": upsert_walk_items(session, territory_id, plan),
        "walk_themes": upsert_walk_themes(session, territory_id, plan),
    }
    if plan.operations:
        operations = upsert_operations(session, territory_id, read_operations(plan.operations))
        counts["operations"] = operations
        record_dataset(session, source_of(plan.operations), now)
        measure_plan(session, territory_id)
        if operations.wrote:
            bump_data_version(session, "operations", now)
    if plan.guide:
        counts["guide"] = load_guide(session, territory_id, read_guide(plan.guide), now)
        record_dataset(session, source_of(plan.guide), now)
    if plan.emprises:
        emprises = upsert_emprises(session, territory_id, read_emprises(plan.emprises))
        counts["emprises"] = emprises
        record_dataset(session, source_of(plan.emprises), now)
        if emprises.wrote:
            bump_data_version(session, "emprises", now)
    return counts


def _load_contract(session: Session, plan: TerritoryPlan, now: datetime) -> Mapping[str, Counts]:
    """Write the figures of the contract's tables, as they were signed."""
    if not plan.contract_indicators:
        return {}
    indicators, values = read_contract_indicators(plan.contract_indicators)
    dataset_id = record_dataset(session, source_of(plan.contract_indicators), now)
    counts = {
        "indicators": upsert(session, INDICATOR, indicators),
        "indicator_values": upsert(session, INDICATOR_VALUE, values, dataset_id),
    }
    if any(count.wrote for count in counts.values()):
        bump_data_version(session, "indicators", now)
    return counts


def _load_official(session: Session, plan: TerritoryPlan, now: datetime) -> Mapping[str, Counts]:
    """Write the official figures that ship with the territory; imported ones outweigh them."""
    if not plan.official_indicators:
        return {}
    indicators, values = read_official_figures(plan.official_indicators)
    dataset_id = record_dataset(session, source_of(plan.official_indicators), now)
    own = rows.not_imported_since(session, INDICATOR_VALUE, values, dataset_id)
    counts = {
        "official_indicators": upsert(session, INDICATOR, indicators),
        "official_values": upsert(session, INDICATOR_VALUE, own, dataset_id),
    }
    if any(count.wrote for count in counts.values()):
        bump_data_version(session, "indicators", now)
    return counts
