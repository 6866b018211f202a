"""What the walks of a territory look at: its items, and the themes that choose among them."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from qpvmap.core.territories import TerritoryPlan
from qpvmap.storage.imports import Counts, Target, upsert
from qpvmap.storage.models import WalkItem, WalkTheme

ITEM = Target(
    WalkItem,
    "territory",
    ("territory_id", "code"),
    ("name", "hint", "position"),
    edition=("territory_id",),
    sourced=False,
)
THEME = Target(
    WalkTheme,
    "territory",
    ("territory_id", "code"),
    ("name", "item_codes", "position"),
    edition=("territory_id",),
    sourced=False,
)


def upsert_walk_items(session: Session, territory_id: int, plan: TerritoryPlan) -> Counts:
    """Write the items that walks look at."""
    rows = [
        {**item.model_dump(), "territory_id": territory_id, "position": position}
        for position, item in enumerate(plan.walk_items, start=1)
    ]
    return upsert(session, ITEM, rows)


def upsert_walk_themes(session: Session, territory_id: int, plan: TerritoryPlan) -> Counts:
    """Write the themes; a walk that was prepared keeps the list it was prepared with."""
    rows = [
        {
            "territory_id": territory_id,
            "code": theme.code,
            "name": theme.name,
            "item_codes": list(theme.items),
            "position": position,
        }
        for position, theme in enumerate(plan.walk_themes, start=1)
    ]
    return upsert(session, THEME, rows)


def walk_themes(session: Session, territory_id: int) -> Sequence[WalkTheme]:
    """Return what walks of a territory may be about, in the order of its file."""
    return session.scalars(
        select(WalkTheme)
        .where(WalkTheme.territory_id == territory_id)
        .order_by(WalkTheme.position, WalkTheme.id)
    ).all()


def theme_by_code(session: Session, territory_id: int, code: str) -> WalkTheme | None:
    """Return the theme of this code on a territory."""
    return session.scalar(
        select(WalkTheme).where(WalkTheme.territory_id == territory_id, WalkTheme.code == code)
    )


def checklist(
    session: Session, territory_id: int, item_codes: Sequence[str]
) -> Mapping[str, WalkItem]:
    """Return the items of a walk by their code, in the order of the walk."""
    found = {
        item.code: item
        for item in session.scalars(
            select(WalkItem).where(
                WalkItem.territory_id == territory_id, WalkItem.code.in_(item_codes)
            )
        )
    }
    return {code: found[code] for code in item_codes if code in found}
