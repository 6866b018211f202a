"""What the forms of walks send: details, participants, a stop's remarks, points, decisions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from json import JSONDecodeError, loads
from typing import Any
from uuid import UUID, uuid4

from werkzeug.datastructures import MultiDict

from qpvmap.core.errors import InvalidSubmission
from qpvmap.core.geo import LonLat
from qpvmap.core.signalements import PositionMethod, Submission, parse_submission
from qpvmap.core.walks import (
    BodyCount,
    BodyKind,
    DecisionStatus,
    Grade,
    PointKind,
    Remark,
    RouteSource,
    Visit,
)
from qpvmap.storage.walk_bodies import OfferedBody
from qpvmap.storage.walks import WalkStopRow
from qpvmap.usecases.walk_decisions import NewDecision
from qpvmap.usecases.walk_records import NewPoint, WalkPhotoSending
from qpvmap.usecases.walks import Details
from qpvmap.web.outbox_door import phone_clock_off

Form = MultiDict[str, str]

RELOAD = "Envoi illisible\u00a0: rechargez la page, puis recommencez."
BAD_DAY = "Date illisible\u00a0: donnez le jour, le mois et l’année."
BAD_TIME = "Heure illisible\u00a0: par exemple 14:30."
BAD_COUNT = "Donnez des nombres entiers de personnes."
BAD_ROUTE = "Tracé illisible. Recommencez-le."
OTHERS = ("autre-1", "autre-2")
"""Rows of the form for bodies that the territory does not know."""
SATISFACTION = "satisfaction"
"""Stands for a category where what goes well has none."""


def read_id(form: Form, name: str = "client_id") -> UUID:
    """Return the identifier of a sending.

    Raises
    ------
    InvalidSubmission
        If there is none, or it is the nil one.
    """
    try:
        found = UUID(form[name])
    except (KeyError, ValueError):
        raise InvalidSubmission({name: RELOAD}) from None
    if found.int == 0:
        raise InvalidSubmission({name: RELOAD})
    return found


def read_day(text: str, name: str = "day") -> date | None:
    """Return the day written `2026-11-26`; None when nothing is.

    Raises
    ------
    InvalidSubmission
        If it is anything else.
    """
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidSubmission({name: BAD_DAY}) from None


def read_time(form: Form, name: str) -> time | None:
    """Return the hour written `14:30`; None when nothing is.

    Raises
    ------
    InvalidSubmission
        If it is anything else.
    """
    text = form.get(name, "").strip()
    try:
        return time.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidSubmission({name: BAD_TIME}) from None


def read_instant(form: Form) -> datetime | None:
    """Return when the phone says that it was; None when it says nothing that has a time zone."""
    try:
        found = datetime.fromisoformat(form.get("captured_at", ""))
    except ValueError:
        return None
    return found if found.tzinfo else None


def read_number(form: Form, name: str) -> int | None:
    """Return a key of a row; None when there is none."""
    text = form.get(name, "").strip()
    return int(text) if text.isdecimal() and len(text) < 19 else None


def read_details(form: Form, offered: Sequence[OfferedBody]) -> Details:
    """Return what a form says of a walk.

    Raises
    ------
    InvalidSubmission
        If a day, an hour or a number cannot be read.
    """
    return Details(
        title=form.get("title", ""),
        day=read_day(form.get("day", "")),
        starts_at=read_time(form, "starts_at"),
        ends_at=read_time(form, "ends_at"),
        bodies=read_bodies(form, offered),
        conclusion=form.get("conclusion", ""),
    )


def body_rows(offered: Sequence[OfferedBody]) -> list[OfferedBody]:
    """Return the rows of the form of participants that have a name of their own."""
    rows = [OfferedBody("habitants", "Habitantes et habitants", BodyKind.RESIDENTS), *offered]
    if not any(body.kind is BodyKind.MEDIATORS for body in offered):
        rows.insert(1, OfferedBody("mediation", "Médiation", BodyKind.MEDIATORS))
    return rows


def read_bodies(form: Form, offered: Sequence[OfferedBody]) -> list[BodyCount]:
    """Return how many came from each body.

    Raises
    ------
    InvalidSubmission
        If a number cannot be read.
    """
    named = [(row.code, row.kind, row.name) for row in body_rows(offered)]
    others = [(key, BodyKind.OTHER, form.get(f"nom-{key}", "").strip()) for key in OTHERS]
    return [
        BodyCount(kind, name, read_count(form.get(f"nombre-{code}", "")))
        for code, kind, name in (*named, *others)
    ]


def read_count(text: str) -> int:
    """Return a number of people; none when nothing is written.

    Raises
    ------
    InvalidSubmission
        If it is no whole number.
    """
    text = text.strip()
    if text and not (text.isdecimal() and len(text) < 6):
        raise InvalidSubmission({"bodies": BAD_COUNT})
    return int(text) if text else 0


def typed_bodies(bodies: Sequence[BodyCount], offered: Sequence[OfferedBody]) -> dict[str, str]:
    """Return the fields of the form that say these participants."""
    rows = {row.name: row.code for row in body_rows(offered)}
    fields: dict[str, str] = {}
    free = iter(OTHERS)
    for body in bodies:
        code = "habitants" if body.kind is BodyKind.RESIDENTS else rows.get(body.name)
        if code is None and (code := next(free, None)) is not None:
            fields[f"nom-{code}"] = body.name
        if code is not None:
            fields[f"nombre-{code}"] = str(body.heads)
    return fields


def read_visit(form: Form, item_codes: Sequence[str]) -> Visit:
    """Return what a form says of a stop: the items that have a grade or a word.

    A page without a script draws no identifier: written again, what is there changes nothing.

    Raises
    ------
    InvalidSubmission
        If its identifier, its stop or a grade cannot be read.
    """
    stop_id = read_number(form, "stop_id")
    if stop_id is None:
        raise InvalidSubmission({"stop_id": RELOAD})
    try:
        remarks = {
            code: Remark(
                Grade(form.get(f"note-{code}") or Grade.UNSEEN), form.get(f"mot-{code}", "").strip()
            )
            for code in item_codes
            if form.get(f"note-{code}") or form.get(f"mot-{code}", "").strip()
        }
    except ValueError:
        raise InvalidSubmission({"grade": RELOAD}) from None
    client_id = read_id(form) if form.get("client_id") else uuid4()
    seen, off = read_instant(form), phone_clock_off()
    return Visit(client_id, stop_id, seen, remarks, form.get("note"), off)


def read_point(form: Form, stops: Mapping[int, WalkStopRow]) -> NewPoint:
    """Return something noted along the way; without a place of its own it is at its stop.

    Raises
    ------
    InvalidSubmission
        With one message for each field at fault.
    """
    stop_id = read_number(form, "stop_id")
    stop = stops.get(stop_id or 0)
    try:
        kind = PointKind(form.get("kind", PointKind.DEFECT))
    except ValueError:
        raise InvalidSubmission({"kind": RELOAD}) from None
    where = stop.id if stop else None
    return NewPoint(_submission(form, kind, stop), kind, where, phone_clock_off())


def _submission(form: Form, kind: PointKind, stop: WalkStopRow | None) -> Submission:
    is_placed = bool(form.get("lon") and form.get("lat"))
    if not is_placed and stop is None:
        raise InvalidSubmission({"stop_id": "Choisissez l’arrêt où c’est."})
    fields: dict[str, Any] = {
        "client_id": form.get("client_id"),
        "category": SATISFACTION if kind is PointKind.SATISFACTION else form.get("category", ""),
        "description": form.get("description", ""),
        "danger": bool(form.get("danger")),
        "captured_at": read_instant(form),
    }
    if is_placed:
        fields |= {
            "lon": form["lon"],
            "lat": form["lat"],
            "accuracy_m": form.get("accuracy_m") or None,
            "position_method": form.get("position_method") or PositionMethod.PIN,
        }
    elif stop is not None:
        fields |= {"lon": stop.lon, "lat": stop.lat, "position_method": PositionMethod.PIN}
        fields["address"] = stop.address
    return parse_submission(fields)


def read_photo(form: Form) -> WalkPhotoSending:
    """Return what a form says of the photo it brings.

    Raises
    ------
    InvalidSubmission
        If an identifier cannot be read.
    """
    point = read_id(form, "point") if form.get("point") else None
    return WalkPhotoSending(
        read_id(form),
        read_number(form, "stop_id"),
        point,
        form.get("item", ""),
        read_instant(form),
        phone_clock_off(),
    )


def read_route(form: Form) -> tuple[list[LonLat], RouteSource]:
    """Return a line, `[[lon, lat], …]`, and whether it was drawn or recorded.

    Raises
    ------
    InvalidSubmission
        If it cannot be read.
    """
    try:
        given = loads(form.get("route") or "[]")
        points = [LonLat(float(lon), float(lat)) for lon, lat in given]
        return points, RouteSource(form.get("source", RouteSource.DRAWN))
    except (JSONDecodeError, RecursionError, TypeError, ValueError):
        raise InvalidSubmission({"route": BAD_ROUTE}) from None


def read_decision(form: Form) -> NewDecision:
    """Return a promise.

    Raises
    ------
    InvalidSubmission
        If its identifier or its day cannot be read.
    """
    words = form.get("references", "").replace(",", " ").replace(";", " ").split()
    return NewDecision(
        read_id(form),
        form.get("what", ""),
        form.get("team", ""),
        form.get("owner", ""),
        read_day(form.get("due_on", ""), "due_on"),
        [*words, *form.getlist("reference")],
    )


def read_status(form: Form) -> DecisionStatus:
    """Return what became of a promise.

    Raises
    ------
    InvalidSubmission
        If it is none of the three.
    """
    try:
        return DecisionStatus(form.get("status", ""))
    except ValueError:
        raise InvalidSubmission({"status": RELOAD}) from None


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields of a form as they are shown again, and what is wrong with them."""

    fields: Mapping[str, str]
    errors: Mapping[str, str]

    def value(self, name: str, otherwise: str = "") -> str:
        """Return what a field shows."""
        return self.fields.get(name, otherwise)


def new_id() -> str:
    """Return the identifier of a form that has no script to draw its own."""
    return str(uuid4())
