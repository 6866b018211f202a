"""Look after people and teams from the pages: each change is kept, with who made it."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor, Role
from qpvmap.core.errors import CannotChange, InvalidSubmission, NotFound, StaleVersion
from qpvmap.core.people import (
    PersonDraft,
    TeamDraft,
    check_person,
    check_team,
    givable_roles,
    opens_confidential,
    raise_faults,
    roles_words,
)
from qpvmap.core.permissions import Action, Target, require
from qpvmap.storage import upkeep as rows
from qpvmap.storage.models import Account, ApiToken, Team, Territory, Upkeep
from qpvmap.usecases.accounts import NewAccount, create_account, roles_named

NOT_ONESELF = "Vous ne changez pas vos propres droits : demandez-le à une autre personne."
NOT_YOURS_TO_GIVE = "Ce rôle n’est pas à vous de le donner ni de le retirer : {roles}."
CONFIDENTIAL_TEAM = (
    "Ce service reçoit des signalements confidentiels : seule la coordination y met des "
    "personnes ou en retire."
)
PERSONAL_ADDRESS = (
    "C’est l’adresse d’une personne. Donnez une adresse partagée : elle reste lue quand quelqu’un "
    "s’en va."
)
ALREADY_CLOSED = "Ce compte est déjà fermé."
ALREADY_OPEN = "Ce compte est déjà ouvert."
CLOSED = "Ce compte est fermé : rouvrez-le d’abord."


def add_person(
    session: Session, actor: Actor, territory_id: int, draft: PersonDraft, now: datetime
) -> Account:
    """Open an account without a password, and return it: its owner chooses one by a link.

    Raises
    ------
    NotAllowed
        If the actor does not look after people here.
    InvalidSubmission
        If something is missing, the address has an account, or a right is not theirs to give.
    """
    require(actor, Action.MANAGE_PEOPLE, Target(territory_id))
    check_person(draft, is_new=True)
    teams = _teams(session, territory_id, draft)
    _check_given(actor, frozenset(), draft.roles, (), teams)
    new = NewAccount(
        email=draft.email,
        name=draft.name,
        roles=tuple(Role(role) for role in sorted(draft.roles)),
        team_codes=tuple(team.code for team in teams),
        territory_code=session.get_one(Territory, territory_id).code,
    )
    account = create_account(session, new, now)
    after = {"courriel": account.email, **_told(account)}
    _keep(session, actor, account, "person_added", {"set": after}, now)
    return account


def change_person(
    session: Session,
    actor: Actor,
    territory_id: int,
    account_id: int,
    draft: PersonDraft,
    seen: int,
    now: datetime,
) -> Account:
    """Change how a person is called, their roles, their teams; return them.

    Raises
    ------
    NotFound, NotAllowed
        If there is nobody of this key here, or the actor does not look after people.
    CannotChange
        If it is the actor's own account.
    StaleVersion
        If somebody changed it since it was read (`seen` is the last line read).
    InvalidSubmission
        As `add_person`.
    """
    account = _person(session, actor, territory_id, account_id)
    if account.id == actor.account_id:
        raise CannotChange(NOT_ONESELF)
    _check_seen(session, account, seen)
    check_person(draft, is_new=False)
    teams = _teams(session, territory_id, draft)
    before = frozenset(role.name for role in account.roles)
    kept = before - {role.value for role in Role if role is not Role.RESIDENT}
    _check_given(actor, before - kept, draft.roles, account.teams, teams)
    was = _told(account)
    account.name = draft.name
    account.roles = roles_named(session, (Role(role) for role in sorted(draft.roles | kept)))
    account.teams = teams
    if teams:
        account.organisation_id = teams[0].organisation_id
    account.update_datetime = now
    session.flush()
    _keep(session, actor, account, "person_changed", _difference(was, _told(account)), now)
    return account


def close_person(
    session: Session, actor: Actor, territory_id: int, account_id: int, now: datetime
) -> Account:
    """Shut the door to somebody who leaves: sessions end, tokens too; what they did stays.

    Raises
    ------
    NotFound, NotAllowed
        As `change_person`.
    CannotChange
        If it is the actor's own account, or it is closed.
    """
    account = _person(session, actor, territory_id, account_id)
    if account.id == actor.account_id:
        raise CannotChange(NOT_ONESELF)
    if not account.active:
        raise CannotChange(ALREADY_CLOSED)
    account.active = False
    account.fs_uniquifier = secrets.token_hex(32)
    account.update_datetime = now
    session.execute(
        update(ApiToken)
        .where(ApiToken.account_id == account.id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    session.flush()
    _keep(session, actor, account, "person_closed", {}, now)
    return account


def reopen_person(
    session: Session, actor: Actor, territory_id: int, account_id: int, now: datetime
) -> Account:
    """Open the door again, with the rights that were there.

    Raises
    ------
    NotFound, NotAllowed
        As `change_person`.
    CannotChange
        If it is open.
    InvalidSubmission
        If one of its rights is not the actor's to give.
    """
    account = _person(session, actor, territory_id, account_id)
    if account.active:
        raise CannotChange(ALREADY_OPEN)
    roles = frozenset(role.name for role in account.roles) - {Role.RESIDENT.value}
    _check_given(actor, frozenset(), roles, (), account.teams)
    account.active = True
    account.update_datetime = now
    session.flush()
    _keep(session, actor, account, "person_reopened", {}, now)
    return account


def invite(
    session: Session, actor: Actor, territory_id: int, account_id: int, now: datetime
) -> Account:
    """Note that somebody is sent a link to choose a password, and return them.

    Raises
    ------
    NotFound, NotAllowed
        As `change_person`.
    CannotChange
        If their account is closed.
    """
    account = _person(session, actor, territory_id, account_id)
    if not account.active:
        raise CannotChange(CLOSED)
    _keep(session, actor, account, "person_invited", {}, now)
    return account


def change_team(
    session: Session,
    actor: Actor,
    territory_id: int,
    team_id: int,
    draft: TeamDraft,
    seen: int,
    now: datetime,
) -> Team:
    """Change how a team is called and where it is written to; return it.

    Raises
    ------
    NotFound, NotAllowed, StaleVersion
        As `change_person`.
    InvalidSubmission
        If the name is missing, or the address is none, or somebody's own.
    """
    require(actor, Action.MANAGE_PEOPLE, Target(territory_id))
    team = rows.find_team(session, territory_id, team_id, lock=True)
    if team is None:
        raise NotFound("Service", str(team_id))
    _check_seen(session, team, seen)
    check_team(draft)
    if draft.email and rows.is_a_person_s(session, draft.email):
        raise InvalidSubmission({"email": PERSONAL_ADDRESS})
    was = {"nom": team.name, "courriel": team.email}
    team.name, team.email = draft.name, draft.email
    session.flush()
    changes = _difference(was, {"nom": team.name, "courriel": team.email})
    _keep(session, actor, team, "team_changed", changes, now)
    return team


def _person(session: Session, actor: Actor, territory_id: int, account_id: int) -> Account:
    require(actor, Action.MANAGE_PEOPLE, Target(territory_id))
    account = rows.find_person(session, territory_id, account_id, lock=True)
    if account is None:
        raise NotFound("Personne", str(account_id))
    return account


def _check_seen(session: Session, subject: Account | Team, seen: int) -> None:
    last = rows.last_upkeep(session, subject)
    if seen != last:
        raise StaleVersion(subject.name, seen, last)


def _teams(session: Session, territory_id: int, draft: PersonDraft) -> list[Team]:
    found = list(rows.teams_named(session, territory_id, draft.team_ids))
    if len(found) != len(draft.team_ids):
        raise InvalidSubmission({"teams": "Choisissez des services de cette liste."})
    return found


def _check_given(
    actor: Actor,
    before: frozenset[str],
    after: frozenset[str],
    teams_before: Any,
    teams_after: Any,
) -> None:
    """Refuse what is not the actor's to give, nor to take back."""
    moved = before ^ after
    beyond = frozenset(moved - {role.value for role in givable_roles(actor)})
    faults = {}
    if beyond:
        faults["roles"] = NOT_YOURS_TO_GIVE.format(roles=roles_words(beyond) or "inconnu")
    changed = {team.id: team for team in (*teams_before, *teams_after)}
    both = {team.id for team in teams_before} & {team.id for team in teams_after}
    if not opens_confidential(actor) and any(
        team.confidential for key, team in changed.items() if key not in both
    ):
        faults["teams"] = CONFIDENTIAL_TEAM
    raise_faults(faults)


def _told(account: Account) -> dict[str, str]:
    """Return what may be changed of a person, as the journal tells it."""
    return {
        "nom": account.name,
        "rôles": roles_words(frozenset(role.name for role in account.roles)),
        "services": ", ".join(sorted(team.name for team in account.teams)) or "aucun",
    }


def _difference(was: Mapping[str, str], now: Mapping[str, str]) -> dict[str, dict[str, str]]:
    changed = [name for name in now if now[name] != was[name]]
    return {
        "set": {name: now[name] for name in changed},
        "was": {name: was[name] for name in changed},
    }


def _keep(
    session: Session,
    actor: Actor,
    subject: Account | Team,
    kind: str,
    changes: Mapping[str, Any],
    now: datetime,
) -> None:
    """Write what was done, unless nothing was."""
    if changes and not changes["set"]:
        return
    is_person = isinstance(subject, Account)
    session.add(
        Upkeep(
            territory_id=subject.territory_id,
            account_id=subject.id if is_person else None,
            team_id=None if is_person else subject.id,
            at=now,
            actor_id=actor.account_id,
            kind=kind,
            changes=dict(changes),
        )
    )
    session.flush()
