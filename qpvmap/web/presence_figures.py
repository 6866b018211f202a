"""`/parcours/bilan`: hours by quarter and slot, solicitations, actions; as a page and as files.

A file travels further than a page: it names nobody.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from flask import Blueprint, Response, render_template, url_for

from qpvmap.core.errors import NotAllowed, NotFound
from qpvmap.core.french import local_date
from qpvmap.core.permissions import Action
from qpvmap.core.presences import DAY_LABELS, SLOT_LABELS
from qpvmap.outputs.spreadsheet import Cell as FileCell
from qpvmap.outputs.spreadsheet import Column, Table
from qpvmap.storage.presence_figures import (
    InitiativeCount,
    Scope,
    SolicitationCount,
    initiative_figures,
    presence_figures,
    solicitation_figures,
)
from qpvmap.storage.presence_words import sectors_of
from qpvmap.web.context import served_territory
from qpvmap.web.downloads import FORMS
from qpvmap.web.filters import request_now
from qpvmap.web.presence_numbers import (
    ELSEWHERE,
    SLOT_NAMES,
    counted_scope,
    hours_of,
    hours_words,
    months,
    slots,
)
from qpvmap.web.presence_period import Period, read_period
from qpvmap.web.security import access, current_actor
from qpvmap.web.sessions import request_session

bp = Blueprint("presence_figures", __name__)

COUNT = access(Action.COUNT_PRESENCE)
USUAL_MONTHS = 5
ANSWERED = "Répondu sur place"
Figures = tuple[Sequence[str], Sequence[Sequence[FileCell]]]
WIDE = 22
"""Characters of a column of words in a workbook."""


def asked_scope(period: Period) -> Scope:
    """Return what the reader may count.

    Raises
    ------
    NotAllowed
        If that is nothing.
    """
    scope = counted_scope(current_actor(), period)
    if scope is None:
        raise NotAllowed(Action.COUNT_PRESENCE)
    return scope


@bp.get("/parcours/bilan")
@COUNT
def index() -> str:
    """Show the figures of a time."""
    period = read_period(months=USUAL_MONTHS)
    scope, session = asked_scope(period), request_session()
    hours = presence_figures(session, scope, request_now())
    asked, done = solicitation_figures(session, scope), initiative_figures(session, scope)
    sectors = {one.code: one.name for one in sectors_of(session, scope.territory_id)}
    by_qpv = {**{code: code for code in served_territory().qpv_codes}, "": ELSEWHERE}
    if len(served_territory().qpv_codes) == 1:
        by_qpv[served_territory().qpv_codes[0]] = served_territory().name
    return render_template(
        "presences/figures.html",
        period=period,
        hours=hours,
        presence=hours_words(hours.presence),
        person=hours_words(hours.person),
        asked=sum(one.times for one in asked),
        actions=sum(one.actions for one in done),
        people=sum(one.people for one in done),
        months=months(hours, _asked_by_month(asked), _done_by_month(done)),
        by_qpv=slots(hours.by_qpv, by_qpv),
        by_sector=slots(hours.by_sector, {**sectors, **hours.sector_names}),
        slot_names=SLOT_NAMES,
        themes=_crossed(asked),
        answers=_answers(asked).most_common(),
        publics=_by(asked, lambda one: one.public).most_common(),
        kinds=_kinds(done),
        qpv_codes=served_territory().qpv_codes,
        files=[
            (words, form.upper(), export_address(key, form, period))
            for key, words in FILE_WORDS.items()
            for form in FORMS
        ],
    )


def export_address(table: str, form: str, period: Period) -> str:
    """Return where a table is had as a file."""
    return url_for("presence_figures.export", table=table, form=form, **period.query)


def _asked_by_month(asked: Sequence[SolicitationCount]) -> Mapping[date, int]:
    return _by(asked, lambda one: one.month)


def _by(
    asked: Sequence[SolicitationCount], key: Callable[[SolicitationCount], Any]
) -> Counter[Any]:
    counts: Counter[Any] = Counter()
    for one in asked:
        counts[key(one)] += one.times
    return counts


def _answers(asked: Sequence[SolicitationCount]) -> Counter[Any]:
    return _by(asked, lambda one: one.body or ANSWERED)


def _crossed(asked: Sequence[SolicitationCount]) -> Sequence[tuple[str, int, int]]:
    """Return, for each theme, how often it was asked and how often sent on, most asked first."""
    all_of = _by(asked, lambda one: one.theme)
    sent_on = _by([one for one in asked if one.body], lambda one: one.theme)
    return [(theme, times, sent_on[theme]) for theme, times in all_of.most_common()]


def _done_by_month(done: Sequence[InitiativeCount]) -> Mapping[date, tuple[int, int]]:
    sums: dict[date, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for one in done:
        actions, people = sums[one.month]
        sums[one.month] = (actions + one.actions, people + one.people)
    return sums


def _kinds(done: Sequence[InitiativeCount]) -> Sequence[tuple[str, int, int]]:
    sums: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for one in done:
        actions, people = sums[one.kind]
        sums[one.kind] = (actions + one.actions, people + one.people)
    ordered = sorted(sums.items(), key=lambda item: (-item[1][0], item[0]))
    return [(kind, actions, people) for kind, (actions, people) in ordered]


@bp.get('/parcours/bilan/<table>.<any("csv", "xlsx"):form>')
@COUNT
def export(table: str, form: str) -> Response:
    """Return a table of figures for a spreadsheet.

    Raises
    ------
    NotFound
        If there is no such table.
    """
    if table not in TABLES:
        raise NotFound("Tableau", table)
    header, rows = TABLES[table](asked_scope(read_period(months=USUAL_MONTHS)))
    columns = [Column(title, WIDE) for title in header]
    day = local_date(request_now()).isoformat()
    answer = FORMS[form](Table(FILE_WORDS[table], columns, rows), f"presence-{table}-{day}")
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _hours_table(scope: Scope) -> Figures:
    found = presence_figures(request_session(), scope, request_now())
    cells = sorted(
        found.by_qpv.items(),
        key=lambda item: (item[0].month, str(item[0].place), item[0].day_kind, item[0].slot),
    )
    header = ("mois", "quartier", "jours", "créneau", "heures de présence", "heures-personnes")
    return header, [
        (
            cell.month.strftime("%Y-%m"),
            str(cell.place) or ELSEWHERE,
            DAY_LABELS[cell.day_kind],
            SLOT_LABELS[cell.slot],
            round(hours_of(hours.presence), 4),
            round(hours_of(hours.person), 4),
        )
        for cell, hours in cells
    ]


def _rounds_table(scope: Scope) -> Figures:
    found = presence_figures(request_session(), scope, request_now()).rounds_by_month
    header = ("mois", "quartier du début", "sorties")
    return header, [
        (month.strftime("%Y-%m"), qpv_code or ELSEWHERE, times)
        for (month, qpv_code), times in sorted(found.items())
    ]


def _solicitations_table(scope: Scope) -> Figures:
    header = ("mois", "quartier", "public", "sujet", "réponse", "nombre")
    return header, [
        (
            one.month.strftime("%Y-%m"),
            one.qpv_code or ELSEWHERE,
            one.public,
            one.theme,
            one.body or ANSWERED,
            one.times,
        )
        for one in solicitation_figures(request_session(), scope)
    ]


def _actions_table(scope: Scope) -> Figures:
    header = ("mois", "quartier", "genre", "organisée", "actions", "personnes", "dont comptées")
    return header, [
        (
            one.month.strftime("%Y-%m"),
            one.qpv_code or ELSEWHERE,
            one.kind,
            "oui" if one.organised else "non",
            one.actions,
            one.people,
            one.counted,
        )
        for one in initiative_figures(request_session(), scope)
    ]


TABLES: Mapping[str, Callable[[Scope], Figures]] = {
    "tournees": _rounds_table,
    "heures": _hours_table,
    "sollicitations": _solicitations_table,
    "actions": _actions_table,
}
FILE_WORDS = {
    "tournees": "Sorties par mois",
    "heures": "Heures par créneau",
    "sollicitations": "Sollicitations",
    "actions": "Actions",
}
