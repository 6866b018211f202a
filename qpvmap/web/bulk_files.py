"""The chosen ones on paper or in a file, without what could tell who somebody is.

A file travels further than a page. It never says who reported nor who was named; what looks like a
phone number, an e-mail or a plate in a text is masked; of what is confidential it keeps neither the
words nor the place.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import Any

from flask import Response, render_template, request, url_for
from werkzeug.wsgi import FileWrapper

from qpvmap.core.actors import Actor
from qpvmap.core.deadlines import Priority
from qpvmap.core.french import local_date, plural
from qpvmap.core.labels import NATURE_LABELS, OUTCOME_LABELS, PRIORITY_LABELS, STATUS_LABELS
from qpvmap.core.permissions import Nature
from qpvmap.core.privacy import BEING_CHECKED, masked
from qpvmap.core.workflow import Outcome, Status
from qpvmap.outputs import geojson, spreadsheet
from qpvmap.outputs.spreadsheet import Cell, Column, Link, Table, plain
from qpvmap.storage.bulk import Sheet, sheets
from qpvmap.web.runtime import runtime
from qpvmap.web.sessions import Parts, request_session, sent_as_made

CONFIDENTIAL = "Confidentiel"

SPOOLED_BYTES = 1_000_000
"""Size from which a workbook is made on the disk."""

COLUMNS: Mapping[Column, Callable[[Sheet], Cell]] = {
    Column("référence", 16): lambda s: Link(s.reference, page_of(s)),
    Column("état", 18): lambda s: STATUS_LABELS[Status(s.status)],
    Column("issue", 18): lambda s: OUTCOME_LABELS[Outcome(s.outcome)] if s.outcome else "",
    Column("priorité", 10): lambda s: PRIORITY_LABELS[Priority(s.priority)],
    Column("nature", 12): lambda s: NATURE_LABELS[Nature(s.nature)],
    Column("catégorie", 28): lambda s: s.category,
    Column("service", 28): lambda s: s.team,
    Column("organisme", 28): lambda s: s.organisation,
    Column("commune", 20): lambda s: s.commune,
    Column("code commune", 14): lambda s: s.insee_code,
    Column("adresse", 34): lambda s: "" if is_confidential(s) else masked(s.address),
    Column("part dans le quartier", 20): lambda s: round(s.share_inside, 2),
    Column("texte", 60): lambda s: text_of(s),
    Column("attend", 24): lambda s: "" if is_confidential(s) else masked(s.waiting_on),
    Column("signalé le", 17): lambda s: s.created_at,
    Column("échéance", 17): lambda s: s.due_at if s.is_open else "",
    Column("prévu le", 12): lambda s: s.planned_for,
    Column("changé le", 17): lambda s: s.updated_at,
    Column("réouvertures", 13): lambda s: s.reopenings,
    Column("soutiens", 10): lambda s: s.supports,
    Column("longitude", 12): lambda s: None if is_confidential(s) else s.lon,
    Column("latitude", 12): lambda s: None if is_confidential(s) else s.lat,
    Column("exemple inventé", 16): lambda s: "oui" if s.is_demo else "non",
}
"""What a file says of a signalement, column by column."""


def is_confidential(sheet: Sheet) -> bool:
    """Return whether it is about people."""
    return sheet.nature == Nature.TRANQUILLITE


def text_of(sheet: Sheet) -> str:
    """Return what a file may say of the words of who reported."""
    if is_confidential(sheet):
        return CONFIDENTIAL
    if sheet.description_hidden and sheet.description:
        return BEING_CHECKED
    return masked(sheet.description)


def page_of(sheet: Sheet) -> str:
    """Return the address of its page, in full: a file has no site of its own."""
    base = (runtime().settings.public_url or request.host_url).rstrip("/")
    return f"{base}{url_for('signalement_page.show', reference=sheet.reference)}"


def table_of(rows: Iterable[Sheet]) -> Table:
    """Return these signalements as a table."""
    cells = ([read(row) for read in COLUMNS.values()] for row in rows)
    return Table("Signalements", tuple(COLUMNS), cells)


def csv_file(rows: Iterable[Sheet], now: datetime) -> Response:
    """Return these signalements for any spreadsheet, line after line."""
    return download(spreadsheet.csv_parts(table_of(rows)), spreadsheet.CSV_TYPE, "csv", now)


def xlsx_file(rows: Iterable[Sheet], now: datetime) -> Response:
    """Return these signalements as a workbook, made on the disk when it is long."""
    made = SpooledTemporaryFile(max_size=SPOOLED_BYTES)  # noqa: SIM115  # closed by what sends it
    spreadsheet.write_xlsx([table_of(rows)], made, now)
    made.seek(0)
    return download(FileWrapper(made), spreadsheet.XLSX_TYPE, "xlsx", now)


def geojson_file(rows: Iterable[Sheet], now: datetime) -> Response:
    """Return these signalements for a map; what is confidential has no place there."""
    return download(
        geojson.collection_parts(feature_of(row) for row in rows),
        geojson.MEDIA_TYPE,
        "geojson",
        now,
    )


def feature_of(row: Sheet) -> dict[str, Any]:
    """Return a signalement for a map."""
    said = {column.title: plain(read(row)) for column, read in COLUMNS.items()}
    feature = geojson.point_feature(row.lon, row.lat, said)
    return feature | {"geometry": None} if is_confidential(row) else feature


def printed(chosen: Iterable[Sheet], now: datetime) -> Response:
    """Return these signalements as a page to print: a list, then one part for each."""
    rows = list(chosen)
    title = plural(len(rows), "signalement")
    return Response(render_template("inbox/print.html", rows=rows, title=title, now=now))


def download(parts: Parts, media_type: str, suffix: str, now: datetime) -> Response:
    """Return a file that the browser keeps, and that nothing else does, sent as it is made."""
    name = f"signalements-{local_date(now).isoformat()}.{suffix}"
    answer = Response(sent_as_made(parts), content_type=media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


FILES: Mapping[str, Callable[[Iterable[Sheet], datetime], Response]] = {
    "xlsx": xlsx_file,
    "csv": csv_file,
    "geojson": geojson_file,
}
"""What files are made of signalements, by their suffix."""

MADE: Mapping[str, Callable[[Iterable[Sheet], datetime], Response]] = {
    "imprimer": printed,
    **FILES,
}
"""What is made of the chosen ones, by the name of its button."""


def chosen_made(name: str, actor: Actor, references: Sequence[str], now: datetime) -> Response:
    """Return what a button makes of the chosen ones."""
    return MADE[name](sheets(request_session(), actor, references), now)
