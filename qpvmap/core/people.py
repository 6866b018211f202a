"""Who may give what to whom: nobody gives a right that they do not hold themselves.

What is confidential is opened by the coordination alone; the administration gives what runs the
site. Nobody changes what they may do themselves.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from qpvmap.core.actors import Actor, Role
from qpvmap.core.contacts import EMAIL
from qpvmap.core.errors import InvalidSubmission
from qpvmap.core.labels import ROLE_LABELS

NAME_MAX = 120
EMAIL_MAX = 254

GIVABLE: Mapping[Role, frozenset[Role]] = {
    Role.ADMIN: frozenset({Role.AGENT, Role.LEAD, Role.PLANNER, Role.ADMIN}),
    Role.COORDINATOR: frozenset(
        {Role.AGENT, Role.LEAD, Role.PLANNER, Role.MEDIATOR, Role.COORDINATOR}
    ),
}
"""The roles that each role may give and take back."""

STAFF_ROLES = tuple(role for role in Role if role not in (Role.PUBLIC, Role.RESIDENT))

NAME_MISSING = "Donnez le nom que les collègues liront."
ROLE_MISSING = "Choisissez au moins un rôle."
NOT_AN_ADDRESS = "Ce n’est pas une adresse électronique. Exemple : voirie@ville.example."
TOO_LONG = "Texte trop long : {most} caractères au plus."


@dataclass(frozen=True, slots=True)
class PersonDraft:
    """What a form says of a person. `email` is that of a new account only."""

    name: str
    email: str = ""
    roles: frozenset[str] = frozenset()
    team_ids: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class TeamDraft:
    """What a form says of a team: its name, and the shared address that it is written to."""

    name: str
    email: str


def givable_roles(actor: Actor) -> frozenset[Role]:
    """Return the roles that `actor` may give and take back."""
    none: frozenset[Role] = frozenset()
    return none.union(*(GIVABLE.get(role, none) for role in actor.roles))


def opens_confidential(actor: Actor) -> bool:
    """Return whether `actor` may put people in a team that is given what is confidential."""
    return Role.COORDINATOR in actor.roles


def check_person(draft: PersonDraft, *, is_new: bool) -> None:
    """Do nothing when a person can be kept so.

    Raises
    ------
    InvalidSubmission
        Otherwise, with a sentence for each field at fault.
    """
    faults = {"name": name_fault(draft.name)}
    if is_new:
        faults["email"] = address_fault(draft.email)
    if not draft.roles:
        faults["roles"] = ROLE_MISSING
    raise_faults(faults)


def check_team(draft: TeamDraft) -> None:
    """Do nothing when a team can be kept so; without an address, it is written to no more.

    Raises
    ------
    InvalidSubmission
        Otherwise.
    """
    fault = address_fault(draft.email) if draft.email else ""
    raise_faults({"name": name_fault(draft.name), "email": fault})


def raise_faults(faults: Mapping[str, str]) -> None:
    """Do nothing when no field has a fault.

    Raises
    ------
    InvalidSubmission
        Otherwise.
    """
    found = {name: fault for name, fault in faults.items() if fault}
    if found:
        raise InvalidSubmission(found)


def name_fault(name: str) -> str:
    """Return what is wrong with a name; empty when nothing is."""
    if not name:
        return NAME_MISSING
    return TOO_LONG.format(most=NAME_MAX) if len(name) > NAME_MAX else ""


def address_fault(email: str) -> str:
    """Return what is wrong with an address; empty when nothing is."""
    if len(email) > EMAIL_MAX:
        return TOO_LONG.format(most=EMAIL_MAX)
    return "" if email and re.search(EMAIL, email) else NOT_AN_ADDRESS


def roles_words(roles: frozenset[str]) -> str:
    """Return the roles as a journal tells them, in their usual order."""
    return ", ".join(ROLE_LABELS[role] for role in STAFF_ROLES if role in roles) or "aucun"
