"""What only a person can say of equipment: where a place is, and whether two are one."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.errors import NotFound, OutsideTerritory
from qpvmap.core.geo import LonLat
from qpvmap.core.permissions import Action, Target, require
from qpvmap.storage.equipment import find_matches, locked_match
from qpvmap.storage.imports import bump_data_version
from qpvmap.storage.models import Equipment, EquipmentMatch, Territory
from qpvmap.storage.places import locate
from qpvmap.storage.signalements import point_of
from qpvmap.storage.unplaced import BY_HAND, locked_waiting

FAMILY = "equipment"


def look_for_matches(session: Session, actor: Actor, territory_id: int) -> int:
    """Propose what may be one place; return how many pairs are new.

    Raises
    ------
    NotAllowed
        If the actor does not keep the equipment of the territory.
    """
    require(actor, Action.EDIT_EQUIPMENT, Target(territory_id))
    return find_matches(session, territory_id)


def decide_match(
    session: Session, actor: Actor, territory_id: int, key: int, *, same: bool, now: datetime
) -> EquipmentMatch:
    """Say whether two equipments are one place; the other is then no longer shown.

    A decision may be changed: the last one counts.

    Raises
    ------
    NotAllowed, NotFound
        If the actor does not keep the equipment, or there is no such pair.
    """
    require(actor, Action.EDIT_EQUIPMENT, Target(territory_id))
    match = locked_match(session, territory_id, key)
    if match is None:
        raise NotFound("Rapprochement", str(key))
    match.state = "same" if same else "different"
    match.decided_at, match.decided_by = now, actor.account_id
    bump_data_version(session, FAMILY, now)
    session.flush()
    return match


def place_equipment(
    session: Session, actor: Actor, territory: Territory, key: int, point: LonLat, now: datetime
) -> Equipment:
    """Put a place that waits on the map, where somebody says that it is.

    Raises
    ------
    NotAllowed, NotFound
        If the actor does not keep the equipment, or nothing waits by this key.
    OutsideTerritory
        If the point lies in none of the territory's communes.
    """
    require(actor, Action.EDIT_EQUIPMENT, Target(territory.id))
    waiting = locked_waiting(session, territory.id, key)
    if waiting is None:
        raise NotFound("Lieu à placer", str(key))
    found = locate(session, point)
    if found.commune is None or found.commune.code not in territory.insee_codes:
        name = found.commune.name if found.commune else None
        raise OutsideTerritory(point.lon, point.lat, name)
    values: dict[str, Any] = {
        column: value for column, value in waiting.values.items() if value is not None
    }
    values["extra"] = {**values.get("extra", {}), BY_HAND: True}
    values["insee_code"] = found.commune.code
    values["iris_code"] = found.iris.code if found.iris else None
    equipment = Equipment(**values | {"position_quality": "exact"})
    equipment.location = point_of(point)  # type: ignore[assignment]  # read back as WKB
    session.add(equipment)
    session.delete(waiting)
    bump_data_version(session, FAMILY, now)
    session.flush()
    return equipment


def drop_waiting(session: Session, actor: Actor, territory_id: int, key: int) -> None:
    """Leave a place out: it is no equipment, or is there already.

    Raises
    ------
    NotAllowed, NotFound
        As `place_equipment` does.
    """
    require(actor, Action.EDIT_EQUIPMENT, Target(territory_id))
    waiting = locked_waiting(session, territory_id, key)
    if waiting is None:
        raise NotFound("Lieu à placer", str(key))
    session.delete(waiting)
    session.flush()
