"""What the card of a place says: one question a kind, by the codes people see."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from qpvmap.storage.statements import statement

KINDS = ("commune", "iris", "qpv", "operation", "equipement", "emprise", "guide")

IRIS_FIGURES = text("""
    select indicator.key, indicator.title, indicator.unit, indicator.source, figure.vintage,
           figure.value, figure.suppressed
    from indicator_value as figure
    join indicator on indicator.key = figure.indicator_key
    where figure.place_kind = 'iris' and figure.place_code = :code and figure.series = :series
    order by indicator.position, indicator.key
""")


def place_card(
    session: Session, kind: str, territory_id: int, code: str
) -> Mapping[str, Any] | None:
    """Return what is known of a place, or None when the territory has none of that code.

    Raises
    ------
    KeyError
        If `kind` is not one of `KINDS`.
    """
    if kind not in KINDS:
        raise KeyError(kind)
    given = {"territory_id": territory_id, "code": code}
    row = session.execute(statement(f"cards/{kind}"), given).mappings().one_or_none()
    return None if row is None else dict(row)


def iris_figures(session: Session, code: str, series: str) -> list[Mapping[str, Any]]:
    """Return the figures of one IRIS in the order of the contract's tables.

    `value` is None both for what is withheld (`suppressed`) and for what is unknown.
    """
    rows = session.execute(IRIS_FIGURES, {"code": code, "series": series}).mappings()
    return [dict(row) for row in rows]
