"""What the forms of mediators say: identifiers made by the phone, instants, numbers, hours."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid4

from flask import request

from qpvmap.core.deadlines import PARIS
from qpvmap.core.errors import InvalidSubmission
from qpvmap.core.outreach import BAD_MINUTES, BAD_PEOPLE, BAD_TIMES
from qpvmap.core.outreach import Initiative as Action
from qpvmap.core.outreach import Solicitation as Asked
from qpvmap.core.presences import MAX_LEGS
from qpvmap.usecases.presence_corrections import NO_LEG, Leg, Whole
from qpvmap.usecases.presences import BAD_OTHERS, UNKNOWN_COMPANION
from qpvmap.web.outbox_door import phone_clock_off

BAD_ID = "Envoi illisible. Rechargez la page, puis recommencez."
BAD_DAY = "Date illisible : donnez le jour, le mois et l’année."
BAD_TIME = "Heure illisible : par exemple 14:30."
NO_END = "Donnez l’heure de fin."
DIGITS = 6


def read_uid(name: str) -> UUID:
    """Return an identifier that the form carries.

    Raises
    ------
    InvalidSubmission
        If it is none, or the nil one.
    """
    try:
        uid = UUID(request.form.get(name, ""))
    except ValueError:
        raise InvalidSubmission({name: BAD_ID}) from None
    if uid.int == 0:
        raise InvalidSubmission({name: BAD_ID})
    return uid


def read_instant() -> datetime | None:
    """Return when the button was pressed by the phone's clock; None when it does not say."""
    try:
        at = datetime.fromisoformat(request.form.get("at", ""))
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def read_number(name: str, otherwise: int | None, wrong: str) -> int | None:
    """Return the whole number of a field, `otherwise` when it is empty.

    Raises
    ------
    InvalidSubmission
        If it is no whole number.
    """
    text = request.form.get(name, "").replace(" ", "").strip()
    if not text:
        return otherwise
    if not (text.isascii() and text.isdigit() and len(text) <= DIGITS):
        raise InvalidSubmission({name: wrong})
    return int(text)


def read_others() -> int:
    """Return how many people without an account walked along.

    Raises
    ------
    InvalidSubmission
        If it is no number.
    """
    return read_number("others", 0, BAD_OTHERS) or 0


def read_companion() -> int | None:
    """Return the key of who walked along.

    Raises
    ------
    InvalidSubmission
        If it is none.
    """
    text = request.form.get("companion", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise InvalidSubmission({"companion": UNKNOWN_COMPANION})
    return int(text)


def read_solicitation(client_id: UUID) -> Asked:
    """Return what the form says of a solicitation.

    Raises
    ------
    InvalidSubmission
        If a number cannot be read.
    """
    form = request.form
    times = read_number("times", 1, BAD_TIMES)
    return Asked(
        client_id=client_id,
        public=form.get("public", ""),
        theme=form.get("theme", ""),
        body=form.get("body", ""),
        sector=form.get("sector", ""),
        times=1 if times is None else times,
        note=form.get("note", ""),
        at=read_instant(),
        clock_off_s=phone_clock_off(),
    )


def read_initiative(client_id: UUID) -> Action:
    """Return what the form says of an action.

    Raises
    ------
    InvalidSubmission
        If a date or a number cannot be read.
    """
    form = request.form
    partners = [code for text in form.getlist("partner") for code in text.split()]
    return Action(
        client_id=client_id,
        kind=form.get("kind", ""),
        title=form.get("title", ""),
        day=read_day("day"),
        sector=form.get("sector", ""),
        place=form.get("place", ""),
        partners=tuple(dict.fromkeys(partners)),
        people=read_number("people", None, BAD_PEOPLE),
        minutes=read_number("minutes", None, BAD_MINUTES),
        organised=bool(form.get("organised")),
        story=form.get("story", ""),
    )


def read_day(name: str) -> date | None:
    """Return the day of a field; None when it is empty.

    Raises
    ------
    InvalidSubmission
        If it is no date.
    """
    text = request.form.get(name, "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidSubmission({name: BAD_DAY}) from None


def read_whole() -> Whole:
    """Return a round as the form tells it: the day it began, hours and sectors in order, its end.

    An hour that is not after the one before it is the next day's.

    Raises
    ------
    InvalidSubmission
        If a date or an hour cannot be read, or is missing.
    """
    day = read_day("day")
    if day is None:
        raise InvalidSubmission({"day": BAD_DAY})
    told = list(_told_legs())
    if not told:
        raise InvalidSubmission({"legs": NO_LEG})
    end = _hour("end")
    if end is None:
        raise InvalidSubmission({"end": NO_END})
    instants = _instants(day, [*(at for at, _ in told), end])
    return Whole(
        legs=[Leg(at, sector) for at, (_, sector) in zip(instants, told, strict=False)],
        end=instants[-1],
        companion_id=read_companion(),
        others=read_others(),
    )


def _told_legs() -> Sequence[tuple[time, str]]:
    legs = []
    for place in range(1, MAX_LEGS + 1):
        at = _hour(f"from-{place}")
        sector = request.form.get(f"sector-{place}", "")
        if at is not None and sector:
            legs.append((at, sector))
    return legs


def _hour(name: str) -> time | None:
    text = request.form.get(name, "").replace("h", ":").replace(" ", "")
    try:
        return time.fromisoformat(text).replace(tzinfo=None) if text else None
    except ValueError:
        raise InvalidSubmission({name: BAD_TIME}) from None


def _instants(day: date, hours: Sequence[time]) -> list[datetime]:
    instants: list[datetime] = []
    for hour in hours:
        if instants and hour <= instants[-1].timetz().replace(tzinfo=None):
            day += timedelta(days=1)
        instants.append(datetime.combine(day, hour, PARIS))
    return instants


def new_uid() -> str:
    """Return an identifier for a form without a script."""
    return str(uuid4())
