"""Put an operation of the investment plan where it really is."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.errors import NotFound, OutsideTerritory, StaleVersion
from qpvmap.core.geo import LonLat
from qpvmap.core.permissions import Action, Target, require
from qpvmap.storage.imports import bump_data_version
from qpvmap.storage.models import Operation, Territory
from qpvmap.storage.operations import locked_operation
from qpvmap.storage.places import locate
from qpvmap.storage.signalements import point_of


@dataclass(frozen=True, slots=True)
class NewPlace:
    """Where an operation should be, said by somebody who had read its `version`."""

    code: str
    point: LonLat
    version: int


def move_operation(
    session: Session, actor: Actor, territory: Territory, place: NewPlace, now: datetime
) -> Operation:
    """Put the operation at `place`, which is then exact, and return it.

    Raises
    ------
    NotAllowed
        If the actor neither plans nor coordinates on the territory.
    NotFound
        If the territory has no such operation.
    StaleVersion
        If somebody moved it since the actor read it: nothing is written.
    OutsideTerritory
        If the point lies in none of the territory's communes.
    """
    require(actor, Action.EDIT_OPERATION, Target(territory.id))
    operation = locked_operation(session, territory.id, place.code)
    if operation is None:
        raise NotFound("Opération", place.code)
    if operation.version != place.version:
        raise StaleVersion(place.code, place.version, operation.version)
    _require_served(session, territory, place.point)
    operation.location = point_of(place.point)  # type: ignore[assignment]  # read back as WKB
    operation.position_quality = "exact"
    operation.version += 1
    operation.updated_at = now
    operation.updated_by = actor.account_id
    bump_data_version(session, "operations", now)
    session.flush()
    return operation


def _require_served(session: Session, territory: Territory, point: LonLat) -> None:
    commune = locate(session, point).commune
    if commune is None:
        raise OutsideTerritory(point.lon, point.lat)
    if commune.code not in territory.insee_codes:
        raise OutsideTerritory(point.lon, point.lat, commune.name)
