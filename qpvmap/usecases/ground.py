"""Draw, correct and remove the pieces of ground that say who takes what."""

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.errors import InvalidSubmission, NotFound, StaleVersion
from qpvmap.core.ground import KINDS, OutlineFault, parse_outline, wkt_of
from qpvmap.core.permissions import Action, Target, require
from qpvmap.storage.ground import bodies_of, check_outline, emprise_by_code, perimeter_of
from qpvmap.storage.imports import bump_data_version
from qpvmap.storage.models import Emprise

SMALLEST_M2, LARGEST_M2 = 4.0, 5_000_000.0
NAME_MAX = 120
FAULTS = {
    "name": f"Donnez un nom, {NAME_MAX} caractères au plus.",
    "kind": "Choisissez une sorte de terrain.",
    "body": "Choisissez l’organisme qui gère ce terrain.",
    "source": "Dites qui l’affirme : un plan, un acte, une convention.",
    "confidence": "La confiance est un pourcentage, de 1 à 100.",
}


@dataclass(frozen=True, slots=True)
class Drawing:
    """A piece of ground as somebody describes it: `body` by code, `confidence` 0 to 1."""

    name: str
    kind: str
    body: str
    source: str
    confidence: float | None
    outline: str


def save_emprise(
    session: Session,
    actor: Actor,
    territory_id: int,
    drawing: Drawing,
    now: datetime,
    *,
    code: str | None = None,
    version: int = 0,
) -> Emprise:
    """Add a piece of ground, or write the one of this code anew, and return it.

    Raises
    ------
    NotAllowed
        If the actor does not keep the grounds of the territory.
    NotFound
        If there is none of this code, or it was removed.
    StaleVersion
        If somebody changed it since the actor read `version`: nothing is written.
    InvalidSubmission
        With a French message for each field at fault; `outline` says where it crosses itself.
    """
    require(actor, Action.EDIT_GROUND, Target(territory_id))
    emprise = _locked(session, territory_id, code, version) if code else None
    body_id, wkt = _checked(session, territory_id, drawing)
    if emprise is None:
        emprise = Emprise(territory_id=territory_id, code=f"dessin-{uuid4().hex[:8]}", version=0)
        session.add(emprise)
    emprise.name = drawing.name.strip()
    emprise.kind = drawing.kind
    emprise.organisation_id = body_id
    emprise.source = drawing.source.strip()
    emprise.confidence = drawing.confidence or 0.0
    emprise.perimeter = perimeter_of(wkt)  # type: ignore[assignment]  # read back as WKB
    _touch(session, actor, emprise, now)
    session.refresh(emprise)
    return emprise


def remove_emprise(
    session: Session, actor: Actor, territory_id: int, code: str, version: int, now: datetime
) -> None:
    """Take a piece of ground off the map; its row stays, since signalements name it.

    Raises
    ------
    NotAllowed, NotFound, StaleVersion
        As `save_emprise` would.
    """
    require(actor, Action.EDIT_GROUND, Target(territory_id))
    emprise = _locked(session, territory_id, code, version)
    emprise.removed_at = now
    _touch(session, actor, emprise, now)


def _locked(session: Session, territory_id: int, code: str, version: int) -> Emprise:
    emprise = emprise_by_code(session, territory_id, code, lock=True)
    if emprise is None:
        raise NotFound("Terrain", code)
    if emprise.version != version:
        raise StaleVersion(code, version, emprise.version)
    return emprise


def _touch(session: Session, actor: Actor, emprise: Emprise, now: datetime) -> None:
    emprise.version += 1
    emprise.updated_at = now
    emprise.updated_by = actor.account_id
    bump_data_version(session, "emprises", now)
    session.flush()


def _checked(session: Session, territory_id: int, drawing: Drawing) -> tuple[int, str]:
    """Return the body's key and the outline as WKT, once everything makes sense."""
    bodies = {body.code: body.id for body in bodies_of(session, territory_id)}
    fine = {
        "name": 0 < len(drawing.name.strip()) <= NAME_MAX,
        "kind": drawing.kind in KINDS,
        "body": drawing.body in bodies,
        "source": bool(drawing.source.strip()),
        "confidence": drawing.confidence is not None and 0 < drawing.confidence <= 1,
    }
    faults = {name: FAULTS[name] for name, is_fine in fine.items() if not is_fine}
    wkt = ""
    try:
        wkt = _outline(session, territory_id, drawing.outline)
    except OutlineFault as fault:
        faults["outline"] = str(fault)
    if faults:
        raise InvalidSubmission(faults)
    return bodies[drawing.body], wkt


def _outline(session: Session, territory_id: int, text: str) -> str:
    """Return an outline as WKT.

    Raises
    ------
    OutlineFault
        If it makes no polygon of a believable size on the territory.
    """
    wkt = wkt_of(parse_outline(text))
    check = check_outline(session, territory_id, wkt)
    if not check.is_valid or check.area_m2 is None:
        raise OutlineFault(f"Le contour se croise ou se touche lui-même{_where(check.reason)}.")
    if not SMALLEST_M2 <= check.area_m2 <= LARGEST_M2:
        raise OutlineFault("Ce terrain est trop petit ou trop grand : vérifiez les points.")
    if not check.is_served:
        raise OutlineFault("Ce terrain est hors des villes du territoire.")
    return wkt


def _where(reason: str) -> str:
    """Return ` près de 48.78412 2.30299` out of what PostGIS says; empty if it says nothing."""
    _, _, numbers = reason.partition("[")
    parts = numbers.rstrip("]").split()
    if len(parts) != 2:
        return ""
    lon, lat = (float(part) for part in parts)
    return f" près de {lat:.5f} {lon:.5f}"
