"""Who acts: roles, kinds of bodies, and the actor that every use case takes."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person is on a territory. `PUBLIC` is everybody, without an account too."""

    PUBLIC = "public"
    RESIDENT = "resident"
    MEDIATOR = "mediator"
    AGENT = "agent"
    LEAD = "lead"
    COORDINATOR = "coordinator"
    PLANNER = "planner"
    ADMIN = "admin"


class OrganisationKind(StrEnum):
    """What kind of body a team belongs to."""

    COMMUNE = "commune"
    EPCI = "epci"
    BAILLEUR = "bailleur"
    POLICE = "police"
    ASSOCIATION = "association"
    PREFECTURE = "prefecture"
    DEPARTEMENT = "departement"
    COPROPRIETE = "copropriete"


@dataclass(frozen=True, slots=True)
class Actor:
    """The person or program on whose behalf something is done.

    `account_id` is None for somebody without an account. `territory_ids` bound every role.
    `confidential_team_ids` are the actor's teams that may be given what is confidential.
    `holds` are the signalements that a signed link proves to be theirs, as `contact_id`.
    """

    account_id: int | None = None
    name: str = ""
    email: str = ""
    roles: frozenset[Role] = frozenset()
    team_ids: frozenset[int] = frozenset()
    confidential_team_ids: frozenset[int] = frozenset()
    territory_ids: frozenset[int] = frozenset()
    organisation_id: int | None = None
    organisation_name: str = ""
    holds: frozenset[int] = frozenset()
    contact_id: int | None = None

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody is signed in."""
        return self.account_id is None

    @property
    def all_roles(self) -> frozenset[Role]:
        """The actor's own roles and the one that everybody has."""
        return self.roles | {Role.PUBLIC}


ANONYMOUS = Actor()
