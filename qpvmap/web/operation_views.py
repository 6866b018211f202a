"""Other ways to read the plan: a table to print, a calendar, its money, what perimeters change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

from flask import Blueprint, render_template, request

from qpvmap.core.money import short
from qpvmap.core.operation_figures import (
    AMOUNTS,
    CHANGES,
    NO_YEAR,
    Money,
    Totals,
    bars,
    day_place,
    money,
    perimeter_changes,
    plan_years,
    totals,
)
from qpvmap.core.operations import GENERATIONS, THEME_LABELS, PlannedOperation, missing
from qpvmap.storage.perimeters import compared_quarters
from qpvmap.web.context import served_territory
from qpvmap.web.operation_frame import Frame, frame, shared
from qpvmap.web.security import public
from qpvmap.web.sessions import request_session

bp = Blueprint("operation_views", __name__)

DRAWN_FUNDERS = 5
OTHERS = "Autres financeurs"
GROUPS: Mapping[str, str] = {"commune": "Par commune", "theme": "Par thème"}


@bp.get("/operations/tableau")
@public
def table() -> str:
    """Return the plan as a table with its totals, to choose in and to print."""
    found = frame()
    return render_template(
        "operations/table.html",
        sums=totals(found.rows),
        missing={item.code: missing(item, found.today) for item in found.rows},
        **shared(found),
    )


@bp.get("/operations/calendrier")
@public
def calendar() -> str:
    """Return the plan on its years, by commune or theme, and the same as a table."""
    found = frame()
    by = request.args.get("par", "commune")
    by = by if by in GROUPS else "commune"
    dated = [(item, drawn) for item in found.rows if (drawn := bars(item))]
    codes = {item.code for item, _ in dated}
    return render_template(
        "operations/calendar.html",
        by=by,
        groups=grouped(dated, by),
        group_tabs=[
            (found.href("operation_views.calendar", par=key), said, key == by)
            for key, said in GROUPS.items()
        ],
        undated=[item for item in found.rows if item.code not in codes],
        years=plan_years(),
        now_place=day_place(found.today),
        **shared(found),
    )


Dated = tuple[PlannedOperation, Any]


def grouped(dated: Sequence[Dated], by: str) -> list[tuple[str, list[Dated]]]:
    """Return dated operations by the name of their commune or theme, the first to begin first."""

    def name(pair: Dated) -> str:
        return pair[0].commune if by == "commune" else THEME_LABELS.get(pair[0].theme, "")

    order = sorted(dated, key=lambda pair: (name(pair), pair[1][0].left, pair[0].code))
    return [(said, list(pairs)) for said, pairs in groupby(order, name)]


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a column of the chart: whose it is, where it stands, in the chart's units."""

    rank: int
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Stack:
    """A column of the chart: a year, what it sums up to, its pieces from the ground up."""

    label: str
    x: float
    words: str
    top: float
    blocks: Sequence[Block]


CHART_WIDTH, GROUND, COLUMN = 440, 204, 38


def stacks(sums: Money, drawn: Sequence[str]) -> list[Stack]:
    """Return the columns of the chart; funders that are not drawn by name share the last rank."""
    most = max((sums.of_year(year) for year in sums.years), default=Decimal(0))
    step = CHART_WIDTH / max(len(sums.years), 1)
    found = []
    for n, year in enumerate(sums.years):
        y, blocks = float(GROUND), []
        for rank in range(len(drawn) + 1):
            amount = _of_rank(sums, drawn, rank, year)
            if amount and most:
                height = float(amount / most) * (GROUND - 40)
                y -= height
                blocks.append(Block(rank, round(y, 1), round(height, 1)))
        words = short(sums.of_year(year)) if blocks else "0"
        label = str(year) if year != NO_YEAR else "Sans année"
        found.append(Stack(label, round(step * (n + 0.5), 1), words, round(y, 1), blocks))
    return found


def _of_rank(sums: Money, drawn: Sequence[str], rank: int, year: int) -> Decimal:
    if rank < len(drawn):
        return sums.funders[drawn[rank]].get(year, Decimal(0))
    others = (by_year for name, by_year in sums.funders.items() if name not in drawn)
    return sum((by_year.get(year, Decimal(0)) for by_year in others), Decimal(0))


@bp.get("/operations/argent")
@public
def money_page() -> str:
    """Return who pays how much and when, as a chart and its table, and what each commune lacks."""
    found = frame()
    offered = {key: v for key, v in AMOUNTS.items() if key != "demande" or found.may_edit}
    key = request.args.get("somme", "accorde")
    key = key if key in offered else "accorde"
    kind, said = offered[key]
    sums = money(found.rows, kind)
    drawn = list(sums.funders)[:DRAWN_FUNDERS]
    legend = drawn + [OTHERS] * (len(sums.funders) > len(drawn))
    return render_template(
        "operations/money.html",
        amount=said,
        amount_tabs=[
            (found.href("operation_views.money_page", somme=name), words, name == key)
            for name, (_, words) in offered.items()
        ],
        sums=sums,
        stacks=stacks(sums, drawn),
        legend=legend,
        column=COLUMN,
        communes=by_commune(found),
        total=totals(found.rows),
        no_year=NO_YEAR,
        **shared(found),
    )


def by_commune(found: Frame) -> list[tuple[str, Totals]]:
    """Return the sums of each commune; an operation counts where it is listed."""
    rows = sorted(found.rows, key=lambda item: item.commune)
    return [(name, totals(list(items))) for name, items in groupby(rows, lambda i: i.commune)]


@bp.get("/operations/perimetres")
@public
def perimeters() -> str:
    """Return how each operation stands to both generations of perimeters, and what changes."""
    found = frame()
    quarters = compared_quarters(request_session(), served_territory().id, GENERATIONS)
    return render_template(
        "operations/perimeters.html",
        changes=perimeter_changes(found.rows),
        change_words=CHANGES,
        quarters=quarters,
        center=served_territory().center,
        **shared(found),
    )
