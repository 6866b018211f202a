"""What the forms of the guide send, read into drafts; and where an address is."""

from collections.abc import Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from qpvmap.core.equipment_lists import SURE
from qpvmap.core.errors import InvalidSubmission
from qpvmap.core.geo import LonLat
from qpvmap.core.guide import HALF_A_PLACE, OfferDraft, Quality, StructureDraft
from qpvmap.geocoding import GeocoderUnavailable, search
from qpvmap.usecases.guide import Placed
from qpvmap.web.context import served_territory
from qpvmap.web.operations import BOUNDS, read_degrees
from qpvmap.web.runtime import runtime

STRUCTURE_FIELDS = tuple(n for n in StructureDraft.__dataclass_fields__ if n != "to_check")
OFFER_FIELDS = tuple(n for n in OfferDraft.__dataclass_fields__ if n != "publics")
LONG = frozenset({"description", "conditions", "schedule"})
SAME_PLACE = "lieu"
BAD_DEGREES = "Un nombre de degrés est attendu\u00a0: par exemple 48,78411."


def _typed(form: MultiDict[str, str], name: str, prefix: str = "") -> str:
    """Return what was typed; browsers end lines with two characters, we with one."""
    value = form.get(f"{prefix}{name}", "").replace("\r\n", "\n").strip()
    return value if name in LONG else " ".join(value.split())


def read_structure(form: MultiDict[str, str]) -> StructureDraft:
    """Return the structure that a form describes."""
    values = {name: _typed(form, name) for name in STRUCTURE_FIELDS}
    return StructureDraft(**values, to_check="to_check" in form)


def read_offer(form: MultiDict[str, str], prefix: str = "") -> OfferDraft:
    """Return the offer that a form describes; `prefix` tells apart those of one form."""
    values: dict[str, Any] = {name: _typed(form, name, prefix) for name in OFFER_FIELDS}
    publics = tuple(dict.fromkeys(form.getlist(f"{prefix}publics")))
    return OfferDraft(**values, publics=publics)


def sent_values(form: MultiDict[str, str]) -> dict[str, Any]:
    """Return what was typed, to be shown again."""
    return {**form.to_dict(), "publics": form.getlist("publics")}


def read_place(form: MultiDict[str, str], draft: StructureDraft, was: Mapping[str, Any]) -> Placed:
    """Return where a structure is: as before, where its pin was put, else where its address is.

    A piece of equipment that is the same place gives its coordinates, as `48.78;2.30`.

    Raises
    ------
    InvalidSubmission
        If the coordinates cannot be read.
    """
    typed = {name: form.get(name, "").strip() for name in BOUNDS}
    if same := form.get(SAME_PLACE, ""):
        typed = dict(zip(("lat", "lon"), same.split(";"), strict=False))
    moved = any(typed[name] != was.get(name, "") for name in BOUNDS)
    if not moved and draft.address == was.get("address", "") and was.get("lon"):
        return Placed(_point(typed), Quality(was["quality"]))
    if moved and any(typed.values()):
        return Placed(_point(typed), Quality.EXACT)
    return _found(draft)


def _point(typed: Mapping[str, str]) -> LonLat:
    if not all(typed.values()):
        raise InvalidSubmission({"lat": HALF_A_PLACE})
    degrees = {name: read_degrees(typed[name], most) for name, most in BOUNDS.items()}
    faults = {name: BAD_DEGREES for name, value in degrees.items() if value is None}
    if faults:
        raise InvalidSubmission(faults)
    return LonLat(degrees["lon"] or 0.0, degrees["lat"] or 0.0)


def _found(draft: StructureDraft) -> Placed:
    """Return where the address is; in the commune only, when no service is sure of it."""
    if not draft.address:
        return Placed()
    try:
        found = search(runtime().settings, draft.address, served_territory().center)
    except GeocoderUnavailable:
        return Placed()
    if not found or found[0].score < SURE:
        return Placed()
    return Placed(LonLat(found[0].lon, found[0].lat), Quality.ADDRESS)
