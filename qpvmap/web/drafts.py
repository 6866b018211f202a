"""What somebody has typed in the filing form so far, as text: what a refused form gives back."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from uuid import uuid4

from qpvmap.core.signalements import PositionMethod
from qpvmap.web.positions import Choice, Found


@dataclass(frozen=True)
class Draft:
    """One field of the form each; a box that is not ticked is empty."""

    client_id: str = ""
    category: str = ""
    description: str = ""
    lieu: str = ""
    lon: str = ""
    lat: str = ""
    accuracy_m: str = ""
    position_method: str = ""
    captured_at: str = ""
    captured_lon: str = ""
    captured_lat: str = ""
    captured_accuracy_m: str = ""
    danger: str = ""
    confirmed: str = ""
    near_seen: str = ""
    contact_name: str = ""
    contact_email: str = ""
    contact_phone: str = ""
    contact_consent: str = ""

    @classmethod
    def read(cls, values: Mapping[str, str]) -> "Draft":
        """Return the draft in a form or an address; a `choix` among places stands for the place."""
        draft = replace(cls(), **{name: values.get(name, "").strip() for name in DRAFT_FIELDS})
        draft = replace(draft, client_id=draft.client_id or str(uuid4()))
        choice = Choice.parse(values.get("choix", ""))
        if choice is None:
            return draft
        return replace(
            draft,
            lieu=choice.label,
            lon=str(choice.lon),
            lat=str(choice.lat),
            accuracy_m="" if choice.accuracy_m is None else str(choice.accuracy_m),
            position_method=PositionMethod.ADDRESS,
        )

    def fields(self, found: Found | None) -> dict[str, object]:
        """Return what `Submission` is made of; `found` is where typed words lead."""
        values: dict[str, object] = {
            "client_id": self.client_id,
            "category": self.category,
            "description": self.description,
            "address": self.lieu,
            "captured_at": self.captured_at or None,
            "captured": self._capture(),
            "danger": bool(self.danger),
            "contact": self.contact,
        }
        return values | (self._position() if found is None else _found_position(found))

    @property
    def has_contact(self) -> bool:
        """Whether any part of the contact was given."""
        return bool(
            self.contact_name or self.contact_email or self.contact_phone or self.contact_consent
        )

    @property
    def contact(self) -> dict[str, object] | None:
        """What `ContactDetails` is made of; None when nothing was given."""
        if not self.has_contact:
            return None
        return {
            "name": self.contact_name,
            "email": self.contact_email,
            "phone": self.contact_phone,
            "consent": bool(self.contact_consent),
        }

    def _capture(self) -> dict[str, object] | None:
        if not (self.captured_lon and self.captured_lat):
            return None
        return {
            "lon": self.captured_lon,
            "lat": self.captured_lat,
            "accuracy_m": self.captured_accuracy_m or None,
        }

    def _position(self) -> dict[str, object]:
        return {
            "lon": self.lon.replace(",", "."),
            "lat": self.lat.replace(",", "."),
            "accuracy_m": self.accuracy_m.replace(",", ".") or None,
            "position_method": self.position_method or ("address" if self.lieu else "pin"),
        }


DRAFT_FIELDS = tuple(field.name for field in fields(Draft))


def _found_position(found: Found) -> dict[str, object]:
    point = found.point
    place = {"lon": point.lon, "lat": point.lat} if point else {}
    return place | {"position_method": found.method, "address": found.address}
