"""The bodies of a territory as a walk counts them."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from qpvmap.core.actors import OrganisationKind, Role
from qpvmap.core.walks import BodyKind
from qpvmap.storage.models import Account, Organisation, RoleRow, account_role

KINDS: Mapping[str, BodyKind] = {
    OrganisationKind.COMMUNE: BodyKind.COMMUNE,
    OrganisationKind.EPCI: BodyKind.EPCI,
    OrganisationKind.BAILLEUR: BodyKind.BAILLEUR,
    OrganisationKind.COPROPRIETE: BodyKind.BAILLEUR,
    OrganisationKind.POLICE: BodyKind.POLICE,
    OrganisationKind.ASSOCIATION: BodyKind.ASSOCIATION,
    OrganisationKind.PREFECTURE: BodyKind.STATE,
    OrganisationKind.DEPARTEMENT: BodyKind.OTHER,
}


@dataclass(frozen=True, slots=True)
class OfferedBody:
    """A body that a form asks about: how many of its people came."""

    code: str
    name: str
    kind: BodyKind


def bodies_offered(session: Session, territory_id: int) -> list[OfferedBody]:
    """Return the bodies of a territory; one that has mediators is the mediation."""
    mediates = exists().where(
        Account.organisation_id == Organisation.id,
        account_role.c.account_id == Account.id,
        account_role.c.role_id == RoleRow.id,
        RoleRow.name == Role.MEDIATOR,
    )
    rows = session.execute(
        select(Organisation.code, Organisation.name, Organisation.kind, mediates)
        .where(Organisation.territory_id == territory_id)
        .order_by(Organisation.id)
    )
    return [
        OfferedBody(code, name, BodyKind.MEDIATORS if has_mediators else KINDS[kind])
        for code, name, kind, has_mediators in rows
    ]
