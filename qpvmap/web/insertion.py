"""Employment and insertion: published figures, clauses by site, job offers; planners import."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from itsdangerous import BadData, URLSafeSerializer

from qpvmap.core.french import plural
from qpvmap.core.insertion import COUNTS, Changes, Clause, total_of, totals_by
from qpvmap.core.permissions import Action, Target, may
from qpvmap.core.workbooks import MOST_BYTES
from qpvmap.importers.fields import bare
from qpvmap.importers.insertion import WORDS, ParsedClauses, Places, parse_clauses
from qpvmap.importers.offers import ParsedOffers, parse_offers
from qpvmap.importers.report import FileRefused
from qpvmap.outputs.spreadsheet import Cell, Table, fitted
from qpvmap.storage.insertion import (
    clause_ids,
    clauses_of,
    commune_names_of,
    offer_counts,
    operations_by_title,
    published_insertion,
    quarters_of,
)
from qpvmap.usecases.insertion import import_clauses, import_offers, preview_clauses
from qpvmap.web.context import served_territory
from qpvmap.web.downloads import csv_file, workbook_file
from qpvmap.web.filters import request_now
from qpvmap.web.insertion_map import asked_trade, offers_drawing
from qpvmap.web.runtime import runtime
from qpvmap.web.security import access, current_actor, public, takes_up_to
from qpvmap.web.sessions import request_session, unit_of_work

bp = Blueprint("insertion", __name__)

SALT = "insertion"
MOST_LISTED = 200
MOST_SHOWN = 50
SHOWN_TRADES = 15
ROOM = 500_000
"""Bytes around a file in the body that brings it."""
HOME = "/insertion"
CHOOSE = "Choisissez un fichier."
EXPIRED = "Cet aperçu n’est plus valable\u00a0: choisissez de nouveau le fichier."
CLAUSES, OFFERS = "clauses", "offres"


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import of clauses would do, and the lines to send back to confirm it."""

    file: str
    parsed: ParsedClauses
    changes: Changes
    token: str


@bp.get("/insertion")
@public
def index() -> str:
    """Return the figures on employment and insertion of the territory."""
    session, territory_id = request_session(), served_territory().id
    communes = commune_names_of(session, territory_id)
    everything = clauses_of(session, territory_id)
    kept = filtered(everything)
    quarters = quarters_of(session, territory_id)
    rome = asked_trade()
    offers = offer_counts(session, territory_id, rome)
    return render_template(
        "insertion/index.html",
        figures=published_insertion(runtime().settings.territory),
        communes=communes,
        years=sorted({clause.year for clause in everything}, reverse=True),
        asked={"annee": request.args.get("annee", ""), "commune": request.args.get("commune", "")},
        clauses=kept[:MOST_LISTED],
        operations=operations_by_title(session, territory_id) if kept else {},
        hidden=max(len(kept) - MOST_LISTED, 0),
        has_clauses=bool(everything),
        groups=groups_of(kept, quarters, communes),
        counts=COUNTS,
        offers={
            kind: [row for row in offers if row.kind == kind]
            for kind in ("commune", "iris", "rome")
        },
        rome=rome,
        drawing=offers_drawing(territory_id, rome) if offers else None,
        shown_trades=SHOWN_TRADES,
        quarters=quarters,
        may_edit=may_edit(),
        ids=clause_ids(session, territory_id) if kept and may_edit() else {},
    )


def may_edit() -> bool:
    """Return whether the reader may import."""
    return may(current_actor(), Action.EDIT_INSERTION, Target(served_territory().id))


def filtered(clauses: Sequence[Clause]) -> list[Clause]:
    """Return the clauses that the address asks for."""
    year, commune = request.args.get("annee", ""), request.args.get("commune", "")
    return [
        clause
        for clause in clauses
        if (not year or str(clause.year) == year) and (not commune or clause.insee_code == commune)
    ]


def groups_of(
    clauses: Sequence[Clause], quarters: Sequence[str], communes: Mapping[str, str]
) -> list[tuple[str, list[tuple[str, Any]]]]:
    """Return the tables of totals: their title, and their lines with a name."""
    if not clauses:
        return []
    inside = [clause for clause in clauses if clause.qpv_code in quarters]
    by_commune = [(communes.get(t.key, t.key), t) for t in totals_by("insee_code", clauses)]
    by_commune.append(("Dans le quartier prioritaire", total_of("qpv", inside)))
    by_commune.append(("Ensemble", total_of("all", clauses)))
    return [
        ("Par commune et dans le quartier", by_commune),
        ("Par année", [(t.key, t) for t in reversed(totals_by("year", clauses))]),
        ("Par maître d’ouvrage", [(t.key, t) for t in totals_by("body", clauses)]),
    ]


@bp.get("/insertion/clauses.csv")
@public
def as_csv() -> Response:
    """Return the clauses as a CSV that the importer reads back."""
    clauses = filtered(clauses_of(request_session(), served_territory().id))
    return csv_file(clause_sheet(clauses), "clauses-insertion")


@bp.get("/insertion/clauses.xlsx")
@public
def as_xlsx() -> Response:
    """Return the clauses as a workbook that the importer reads back; empty, it is the model."""
    clauses = filtered(clauses_of(request_session(), served_territory().id))
    return workbook_file([clause_sheet(clauses)], "clauses-insertion")


def clause_sheet(clauses: Sequence[Clause]) -> Table:
    """Return the clauses under the headers that the importer knows."""
    rows: list[Sequence[Cell]] = [[getattr(clause, role) for role in WORDS] for clause in clauses]
    return fitted("Clauses d’insertion", list(WORDS.values()), rows)


@bp.get("/insertion/importer")
@access(Action.EDIT_INSERTION)
def ask() -> str:
    """Return the page where a planner chooses a file."""
    return asking()


def asking(errors: Mapping[str, str] | None = None, refused: Any = None) -> str:
    """Return the page that asks for a file, with what was wrong with the last one."""
    return render_template(
        "insertion/import.html",
        errors=errors or {},
        refused=refused,
        words=WORDS,
        shown=MOST_SHOWN,
    )


def sent_file(field: str) -> tuple[str, bytes]:
    """Return the name and content of the file of a form.

    Raises
    ------
    FileRefused
        If none was chosen.
    """
    given = request.files.get(field)
    if given is None or not given.filename:
        raise FileRefused(CHOOSE)
    name = given.filename.replace("\\", "/").rpartition("/")[2][:120]
    return name, given.read(MOST_BYTES + 1)


def places() -> Places:
    """Return the communes and quarters that a file may name."""
    session, territory_id = request_session(), served_territory().id
    communes = commune_names_of(session, territory_id)
    by_name = {bare(name): code for code, name in communes.items()}
    return Places(by_name | {code: code for code in communes}, quarters_of(session, territory_id))


@bp.post("/insertion/importer")
@access(Action.EDIT_INSERTION)
@takes_up_to(MOST_BYTES + ROOM)
def preview() -> ResponseReturnValue:
    """Show what a file of clauses would change; nothing is written."""
    try:
        name, content = sent_file(CLAUSES)
        parsed = parse_clauses(name, content, places())
    except FileRefused as error:
        return asking({CLAUSES: str(error)}), 422
    if parsed.refused or not parsed.clauses:
        empty = f"{name} n’a aucune ligne à importer."
        return asking({} if parsed.refused else {CLAUSES: empty}, parsed), 422
    session, territory_id = request_session(), served_territory().id
    changes = preview_clauses(session, current_actor(), territory_id, parsed.clauses)
    seen = Preview(name, parsed, changes, sealed(parsed.clauses))
    return render_template(
        "insertion/preview.html",
        preview=seen,
        words=WORDS,
        counts=COUNTS,
        communes=commune_names_of(session, territory_id),
        shown=MOST_SHOWN,
    )


def serializer() -> URLSafeSerializer:
    """Return what seals the lines of a preview, so that what was seen is what is written."""
    return URLSafeSerializer(str(current_app.secret_key), salt=SALT)


def sealed(clauses: Sequence[Clause]) -> str:
    """Return clauses as a text that only this site can have written, for this reader."""
    lines = [list(clause.values().values()) for clause in clauses]
    found = serializer().dumps([current_actor().account_id, served_territory().id, lines])
    return found if isinstance(found, str) else found.decode()


def unsealed(token: str) -> list[Clause] | None:
    """Return the clauses of a preview of this reader; None when it is not one."""
    try:
        account_id, territory_id, lines = serializer().loads(token)
    except (BadData, ValueError):
        return None
    if (account_id, territory_id) != (current_actor().account_id, served_territory().id):
        return None
    return [Clause(*line) for line in lines]


@bp.post("/insertion/importer/confirmer")
@access(Action.EDIT_INSERTION)
def confirm() -> ResponseReturnValue:
    """Write the clauses that were previewed."""
    clauses = unsealed(request.form.get("apercu", ""))
    if clauses is None:
        return asking({CLAUSES: EXPIRED}), 422
    with unit_of_work() as session:
        changes = import_clauses(
            session, current_actor(), served_territory().id, clauses, request_now()
        )
    new, changed = len(changes.new), len(changes.changed)
    told = f"{plural(new, 'ligne ajoutée', 'lignes ajoutées')}, {plural(changed, 'modifiée')}."
    flash(told if changes.writes else "Rien n’a changé.", "success")
    return redirect(HOME, 303)


@bp.post("/insertion/offres")
@access(Action.EDIT_INSERTION)
@takes_up_to(MOST_BYTES + ROOM)
def offers() -> ResponseReturnValue:
    """Replace the job offers by those of a file."""
    territory = served_territory()
    try:
        name, content = sent_file(OFFERS)
        known = set(commune_names_of(request_session(), territory.id))
        parsed = parse_offers(name, content, known)
    except FileRefused as error:
        return asking({OFFERS: str(error)}), 422
    if not parsed.offers:
        return asking({OFFERS: no_offer(name, parsed)}), 422
    with unit_of_work() as session:
        import_offers(session, current_actor(), territory.id, parsed.offers, request_now())
    flash(offers_told(parsed), "success")
    return redirect(HOME, 303)


def no_offer(name: str, parsed: ParsedOffers) -> str:
    """Return why a file of offers changes nothing."""
    why = parsed.refused[0].why if parsed.refused else "aucune n’est dans une commune du territoire"
    return f"{name} n’a aucune offre à montrer\u00a0: {why}. Les offres en place sont gardées."


def offers_told(parsed: ParsedOffers) -> str:
    """Return what was made of a file of offers."""
    told = [f"{plural(len(parsed.offers), 'offre')} en place, à la date d’aujourd’hui."]
    if parsed.refused:
        told.append(
            f"{plural(len(parsed.refused), 'offre laissée', 'offres laissées')} de côté\u00a0: "
            f"{parsed.refused[0].why}."
        )
    return " ".join([*told, *parsed.notes])
