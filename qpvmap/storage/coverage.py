"""What share of residents has each kind of equipment within reach, in the quarter and around."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from qpvmap.core.coverage import MINUTES, Coverage, straight_reach_m
from qpvmap.storage.statements import statement


@dataclass(frozen=True, slots=True)
class Coverages:
    """By theme, for the quarter; by commune and theme; and for the communes together."""

    quarter: Mapping[str, Coverage]
    communes: Mapping[str, Mapping[str, Coverage]]
    around: Mapping[str, Coverage]


def coverage_of(session: Session, territory_id: int) -> Coverages:
    """Return how residents of a territory are served, theme by theme."""
    given = {
        "territory_id": territory_id,
        "reaches": [straight_reach_m(minutes) for minutes in MINUTES],
    }
    quarter: dict[str, Coverage] = {}
    communes: dict[str, dict[str, Coverage]] = {}
    for row in session.execute(statement("coverage"), given):
        within = tuple((getattr(row, name) or 0.0) for name in ("first", "second", "third"))
        first, second, third = (part / row.people for part in within)
        found = Coverage(row.people, (row.counted or 0.0) / row.people, (first, second, third))
        if row.scope == "qpv":
            quarter[row.theme] = found
        else:
            communes.setdefault(row.place, {})[row.theme] = found
    return Coverages(quarter, communes, _together(communes))


def _together(communes: Mapping[str, Mapping[str, Coverage]]) -> dict[str, Coverage]:
    """Return the coverage of all the communes, each by the number of its residents."""
    themes = {theme for own in communes.values() for theme in own}
    together = {}
    for theme in themes:
        parts = [own[theme] for own in communes.values() if theme in own]
        people = sum(part.people for part in parts)
        first, second, third = (
            sum(part.within[at] * part.people for part in parts) / people for at in range(3)
        )
        counted = sum(part.counted * part.people for part in parts) / people
        together[theme] = Coverage(people, counted, (first, second, third))
    return together
