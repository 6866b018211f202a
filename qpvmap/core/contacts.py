"""How to reach a resident, as they gave it: kept only with their consent."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from qpvmap.core.actors import Actor, Role

STAFF = frozenset(Role) - {Role.PUBLIC, Role.RESIDENT}
"""Who files on behalf of somebody else."""

EMAIL = r"^$|^[^@\s]+@[^@\s]+\.[^@\s.]{2,}$"
PHONE = r"^$|^\+?[0-9](?:[ .\-\u00a0\u202f()]*[0-9]){7,14}$"


class ContactDetails(BaseModel):
    """A name, an e-mail, a phone number; refused without consent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=120)] = ""
    email: Annotated[
        str, StringConstraints(strip_whitespace=True, max_length=254, pattern=EMAIL)
    ] = ""
    phone: Annotated[
        str, StringConstraints(strip_whitespace=True, max_length=30, pattern=PHONE)
    ] = ""
    consent: bool = Field(False, description="La personne accepte que l’on garde ceci.")

    @model_validator(mode="after")
    def _kept_only_with_consent(self) -> Self:
        if not (self.consent and (self.email or self.phone)):
            raise ValueError("neither reachable nor agreed")
        return self


def on_behalf_of(actor: Actor) -> int | None:
    """Return the account that files for somebody else; None for residents, who give their own."""
    return actor.account_id if actor.roles & STAFF else None
