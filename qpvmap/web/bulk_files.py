"""The chosen ones on paper or in a file, without what could tell who somebody is.

A file travels further than a page. It never says who reported nor who was named; what looks like a
phone number, an e-mail or a plate in a text is masked; of what is confidential it keeps neither the
words nor the place.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import Response, render_template

from qpvmap.core.actors import Actor
from qpvmap.core.deadlines import PARIS, Priority
from qpvmap.core.french import local_date, plural
from qpvmap.core.labels import NATURE_LABELS, OUTCOME_LABELS, PRIORITY_LABELS, STATUS_LABELS
from qpvmap.core.permissions import Nature
from qpvmap.core.privacy import BEING_CHECKED, masked
from qpvmap.core.workflow import Outcome, Status
from qpvmap.outputs import geojson, spreadsheet
from qpvmap.storage.bulk import Sheet, sheets
from qpvmap.web.sessions import request_session

CONFIDENTIAL = "Confidentiel"

COLUMNS: Mapping[str, Callable[[Sheet], Any]] = {
    "référence": lambda s: s.reference,
    "état": lambda s: STATUS_LABELS[Status(s.status)],
    "issue": lambda s: OUTCOME_LABELS[Outcome(s.outcome)] if s.outcome else "",
    "priorité": lambda s: PRIORITY_LABELS[Priority(s.priority)],
    "nature": lambda s: NATURE_LABELS[Nature(s.nature)],
    "catégorie": lambda s: s.category,
    "service": lambda s: s.team,
    "organisme": lambda s: s.organisation,
    "commune": lambda s: s.commune,
    "code commune": lambda s: s.insee_code,
    "adresse": lambda s: "" if is_confidential(s) else masked(s.address),
    "part dans le quartier": lambda s: round(s.share_inside, 2),
    "texte": lambda s: text_of(s),
    "attend": lambda s: "" if is_confidential(s) else masked(s.waiting_on),
    "signalé le": lambda s: instant(s.created_at),
    "échéance": lambda s: instant(s.due_at) if s.is_open else "",
    "prévu le": lambda s: s.planned_for.isoformat() if s.planned_for else "",
    "changé le": lambda s: instant(s.updated_at),
    "réouvertures": lambda s: s.reopenings,
    "soutiens": lambda s: s.supports,
    "longitude": lambda s: None if is_confidential(s) else s.lon,
    "latitude": lambda s: None if is_confidential(s) else s.lat,
    "exemple inventé": lambda s: "oui" if s.is_demo else "non",
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


def instant(at: datetime) -> str:
    """Return the local time as a spreadsheet reads it."""
    return at.astimezone(PARIS).strftime("%Y-%m-%d %H:%M")


def csv_file(actor: Actor, references: Sequence[str], now: datetime) -> Response:
    """Return these signalements for a spreadsheet."""
    rows = sheets(request_session(), actor, references)
    text = spreadsheet.csv_text(
        list(COLUMNS), [[read(row) for read in COLUMNS.values()] for row in rows]
    )
    return download(text, spreadsheet.MEDIA_TYPE, "csv", now)


def geojson_file(actor: Actor, references: Sequence[str], now: datetime) -> Response:
    """Return these signalements for a map; what is confidential has no place there."""
    features = []
    for row in sheets(request_session(), actor, references):
        said = {name: read(row) for name, read in COLUMNS.items()}
        feature = geojson.point_feature(row.lon, row.lat, said)
        features.append(feature | {"geometry": None} if is_confidential(row) else feature)
    return download(geojson.collection(features), geojson.MEDIA_TYPE, "geojson", now)


def printed(actor: Actor, references: Sequence[str], now: datetime) -> Response:
    """Return these signalements as a page to print: a list, then one part for each."""
    rows = sheets(request_session(), actor, references)
    title = plural(len(rows), "signalement")
    return Response(render_template("inbox/print.html", rows=rows, title=title, now=now))


def download(text: str, media_type: str, extension: str, now: datetime) -> Response:
    """Return a file that the browser keeps, and that nothing else does."""
    name = f"signalements-{local_date(now).isoformat()}.{extension}"
    answer = Response(text, content_type=media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


MADE: Mapping[str, Callable[[Actor, Sequence[str], datetime], Response]] = {
    "imprimer": printed,
    "csv": csv_file,
    "geojson": geojson_file,
}
"""What is made of the chosen ones, by the name of its button."""
