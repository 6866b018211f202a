"""What a valid signalement is, whichever door it came by."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from qpvmap.core.contacts import ContactDetails
from qpvmap.core.deadlines import Priority
from qpvmap.core.errors import InvalidSubmission
from qpvmap.core.geo import ACCURACY_MAX_M, LonLat, metres_apart

DESCRIPTION_MAX = 2000
KEPT_ON_A_PHONE = timedelta(days=365)
"""Nothing waits longer than this to be sent: an older instant is that of a clock gone wrong."""

CORRECTED_WITHIN_M = 200.0
"""A pin farther from the phone is another place: where the phone was is then its author's own."""


class PositionMethod(StrEnum):
    """How the point was found."""

    GPS = "gps"
    PIN = "pin"
    ADDRESS = "address"
    COORDINATES = "coordinates"


def not_nil(client_id: UUID) -> UUID:
    """Return an identifier that can tell one sending from another; the nil one cannot.

    Raises
    ------
    ValueError
        If it is nil: everybody who left it so would get the first one's signalement.
    """
    if client_id.int == 0:
        raise ValueError("nil")
    return client_id


class Capture(BaseModel):
    """Where the phone said it was, before anybody moved the pin. EPSG:4326, metres."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lon: float = Field(ge=-180, le=180, allow_inf_nan=False)
    lat: float = Field(ge=-90, le=90, allow_inf_nan=False)
    accuracy_m: float | None = Field(None, ge=0, le=ACCURACY_MAX_M, allow_inf_nan=False)

    @property
    def point(self) -> LonLat:
        """The place, EPSG:4326."""
        return LonLat(self.lon, self.lat)


class Submission(BaseModel):
    """A signalement as its author sends it. The point is EPSG:4326; the accuracy, metres."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    client_id: Annotated[UUID, AfterValidator(not_nil)]
    category: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    lon: float = Field(ge=-180, le=180, allow_inf_nan=False)
    lat: float = Field(ge=-90, le=90, allow_inf_nan=False)
    accuracy_m: float | None = Field(None, ge=0, le=ACCURACY_MAX_M, allow_inf_nan=False)
    position_method: PositionMethod = PositionMethod.PIN
    description: Annotated[
        str, StringConstraints(strip_whitespace=True, max_length=DESCRIPTION_MAX)
    ] = ""
    address: Annotated[str, StringConstraints(strip_whitespace=True, max_length=250)] = ""
    captured_at: AwareDatetime | None = None
    captured: Capture | None = None
    danger: bool = False
    contact: ContactDetails | None = None

    @property
    def priority(self) -> Priority:
        """A danger to people is an emergency."""
        return Priority.EMERGENCY if self.danger else Priority.NORMAL

    @property
    def point(self) -> LonLat:
        """The place, EPSG:4326."""
        return LonLat(self.lon, self.lat)

    @property
    def capture_kept(self) -> Capture | None:
        """Where the phone was, when the pin only corrects it; a home is nobody's business."""
        if self.captured is None:
            return None
        apart = metres_apart(self.captured.point, self.point)
        return self.captured if apart <= CORRECTED_WITHIN_M else None

    def captured_by(self, now: datetime) -> datetime:
        """Return when it was seen; `now` when the phone's clock is ahead, or over a year behind."""
        captured = self.captured_at or now
        return captured if now - KEPT_ON_A_PHONE <= captured <= now else now


CLOCKS_AGREE = timedelta(minutes=5)
"""A phone's clock this near to ours is right."""


def clock_off(phone: datetime, now: datetime) -> int | None:
    """Return by how many seconds a phone's clock is late, negative when ahead; None when right."""
    off = now - phone
    return round(off.total_seconds()) if abs(off) > CLOCKS_AGREE else None


FIELD_MESSAGES: Mapping[str, str] = {
    "client_id": "L’identifiant d’envoi n’est pas valable. Rechargez la page et renvoyez.",
    "category": "Choisissez une catégorie : elle décide du service prévenu.",
    "lon": "Longitude illisible : un nombre entre -180 et 180, par exemple 2,3030.",
    "lat": "Latitude illisible : un nombre entre -90 et 90, par exemple 48,7841.",
    "accuracy_m": "Précision illisible : des mètres, entre 0 et 50 000.",
    "position_method": "Manière de se situer inconnue.",
    "description": f"Texte trop long : {DESCRIPTION_MAX} caractères au plus.",
    "address": "Adresse trop longue : 250 caractères au plus.",
    "danger": "Dites par oui ou non si quelqu’un est en danger.",
    "captured_at": "Date illisible : une date et une heure avec leur fuseau.",
    "captured": "Position du téléphone illisible : longitude, latitude et précision en mètres.",
    "contact": "Pour être joint : un e-mail ou un téléphone, et l’accord de la personne.",
    "contact.name": "Nom trop long : 120 caractères au plus.",
    "contact.email": "E-mail illisible : par exemple prenom@exemple.fr.",
    "contact.phone": "Téléphone illisible : par exemple 06 12 34 56 78.",
}


def field_message(path: Sequence[str | int]) -> tuple[str, str]:
    """Return the name of a field at fault and its sentence, empty when it has none of its own."""
    names = [str(part) for part in path] or ["form"]
    for name in (".".join(names), names[0]):
        if name in FIELD_MESSAGES:
            return name, FIELD_MESSAGES[name]
    return names[0], ""


def french_messages(error: ValidationError, *within: str) -> dict[str, str]:
    """Return one French message per field at fault; `within` names what it is a part of."""
    messages: dict[str, str] = {}
    for detail in error.errors(include_url=False, include_context=False, include_input=False):
        name, message = field_message((*within, *detail["loc"]))
        messages[name] = message or f"Champ inconnu : {name}. Retirez-le."
    return messages


def parse_submission(fields: Mapping[str, object]) -> Submission:
    """Return the submission made of `fields`.

    Raises
    ------
    InvalidSubmission
        With one French message per field at fault.
    """
    try:
        return Submission.model_validate(fields)
    except ValidationError as error:
        raise InvalidSubmission(french_messages(error)) from None


def parse_contact(fields: Mapping[str, object]) -> ContactDetails:
    """Return the contact made of `fields`.

    Raises
    ------
    InvalidSubmission
        With one French message per field at fault, under `contact` or `contact.<field>`.
    """
    try:
        return ContactDetails.model_validate(fields)
    except ValidationError as error:
        raise InvalidSubmission(french_messages(error, "contact")) from None
