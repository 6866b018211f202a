"""`/admin/personnes`: who has an account, what they may do, and the link to choose a password."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from qpvmap.core.actors import Actor
from qpvmap.core.errors import CannotChange, InvalidSubmission, NotFound, StaleVersion
from qpvmap.core.labels import ROLE_LABELS
from qpvmap.core.people import (
    EMAIL_MAX,
    NAME_MAX,
    STAFF_ROLES,
    PersonDraft,
    givable_roles,
    opens_confidential,
)
from qpvmap.core.permissions import Action
from qpvmap.invitation_links import invitation_links
from qpvmap.storage.models import Account
from qpvmap.storage.queue import enqueue
from qpvmap.storage.upkeep import PAGE, entrusted, find_person, last_upkeep, people, teams, upkeep
from qpvmap.usecases import people as usecases
from qpvmap.web.admin import tabs
from qpvmap.web.context import served_territory
from qpvmap.web.filters import request_now
from qpvmap.web.runtime import runtime
from qpvmap.web.security import access, current_actor
from qpvmap.web.sessions import request_session, unit_of_work

bp = Blueprint("people", __name__, url_prefix="/admin/personnes")

CHANGED_MEANWHILE = (
    "Quelqu’un d’autre vient de modifier ce compte. Ce que vous avez saisi est gardé\u00a0: "
    "relisez, puis enregistrez de nouveau."
)
MAX_ID = 2**63 - 1
SUBJECT = "Votre compte sur la carte du quartier"


@dataclass(frozen=True, slots=True)
class Editing:
    """A form: what it shows, about whom if they are known, what was last read, what is wrong."""

    draft: PersonDraft
    account: Account | None = None
    seen: int = 0
    errors: Mapping[str, str] = field(default_factory=dict)


@bp.get("")
@access(Action.MANAGE_PEOPLE)
def index() -> str:
    """List the people of the territory: all, those of a service, those that a word finds."""
    session, territory_id = request_session(), served_territory().id
    search = request.args.get("q", "").strip()[:NAME_MAX]
    team_id = known_key(request.args.get("service", ""))
    after = known_key(request.args.get("apres", "")) or 0
    found = people(session, territory_id, search=search, team_id=team_id, after=after)
    kept: dict[str, Any] = {"q": search or None, "service": team_id}
    more = len(found) > PAGE
    return render_template(
        "people/index.html",
        tabs=tabs(),
        people=found[:PAGE],
        teams=teams(session, territory_id),
        search=search,
        team_id=team_id or "",
        is_first=not after,
        first_href=url_for("people.index", **kept),
        next_href=url_for("people.index", **kept, apres=found[PAGE - 1].id) if more else "",
        role_labels=ROLE_LABELS,
    )


def known_key(text: str) -> int | None:
    """Return a key that an address may hold, or None."""
    key = int(text) if text.isdecimal() and len(text) <= 18 else 0
    return key or None


@bp.get("/nouvelle")
@access(Action.MANAGE_PEOPLE)
def new() -> str:
    """Show an empty form."""
    return form(Editing(PersonDraft("")))


@bp.post("")
@access(Action.MANAGE_PEOPLE)
def add() -> ResponseReturnValue:
    """Open an account and send its owner a link."""
    actor, draft, territory_id = current_actor(), read_draft(request.form), served_territory().id
    try:
        with unit_of_work() as session:
            account = usecases.add_person(session, actor, territory_id, draft, request_now())
            send_link(session, actor, account)
            said = f"Compte ouvert. {account.email} reçoit un lien pour choisir un mot de passe."
    except InvalidSubmission as error:
        return form(Editing(draft, errors=error.fields)), 422
    flash(said, "success")
    return redirect(url_for("people.index"), 303)


@bp.get("/<int:account_id>")
@access(Action.MANAGE_PEOPLE)
def show(account_id: int) -> str:
    """Show somebody, what they may do, and what was done to their account."""
    account = found(account_id)
    return form(Editing(draft_of(account), account, last_upkeep(request_session(), account)))


@bp.post("/<int:account_id>")
@access(Action.MANAGE_PEOPLE)
def change(account_id: int) -> ResponseReturnValue:
    """Change somebody as the form says; what is refused keeps what was typed."""
    draft, seen = read_draft(request.form), known_key(request.form.get("lu", "")) or 0
    try:
        with unit_of_work() as session:
            given = (served_territory().id, account_id, draft, seen, request_now())
            name = usecases.change_person(session, current_actor(), *given).name
    except InvalidSubmission as error:
        return form(Editing(draft, found(account_id), seen, error.fields)), 422
    except StaleVersion as error:
        errors = {"name": CHANGED_MEANWHILE}
        return form(Editing(draft, found(account_id), error.current, errors)), 409
    except CannotChange as error:
        flash(str(error), "warning")
    else:
        flash(f"Enregistré\u00a0: {name}.", "success")
    return redirect(url_for("people.show", account_id=account_id), 303)


@bp.post("/<int:account_id>/fermer")
@access(Action.MANAGE_PEOPLE)
def close(account_id: int) -> ResponseReturnValue:
    """Shut the door to somebody who leaves."""
    return done(account_id, usecases.close_person, "Compte fermé. Ce qui fut fait reste.")


@bp.post("/<int:account_id>/rouvrir")
@access(Action.MANAGE_PEOPLE)
def reopen(account_id: int) -> ResponseReturnValue:
    """Open the door again."""
    return done(account_id, usecases.reopen_person, "Compte rouvert, avec ses droits d’avant.")


@bp.post("/<int:account_id>/inviter")
@access(Action.MANAGE_PEOPLE)
def invite(account_id: int) -> ResponseReturnValue:
    """Send the link again; the one before stays good as long as no password was chosen."""

    def act(session: Session, actor: Actor, *given: Any) -> Account:
        account = usecases.invite(session, actor, *given)
        send_link(session, actor, account)
        return account

    return done(account_id, act, "Lien envoyé. Il sert une fois, pendant sept jours.")


def done(account_id: int, act: Callable[..., Account], said: str) -> ResponseReturnValue:
    """Do something to somebody, say so, and show them again."""
    try:
        with unit_of_work() as session:
            act(session, current_actor(), served_territory().id, account_id, request_now())
    except (CannotChange, InvalidSubmission) as error:
        flash(str(error), "warning")
    else:
        flash(said, "success")
    return redirect(url_for("people.show", account_id=account_id), 303)


def send_link(session: Session, actor: Actor, account: Account) -> None:
    """Ask for the mail that holds the link, in the transaction of what it tells of."""
    link = invitation_links(runtime().settings).invitation(account.id, account.fs_uniquifier)
    who = actor.name or actor.email
    text = render_template(
        "emails/invitation.txt",
        link=link,
        inviter=f"{who} ({actor.organisation_name})" if actor.organisation_name else who,
    )
    enqueue(session, "send_mail", to=account.email, subject=SUBJECT, text=text)


def found(account_id: int) -> Account:
    """Return somebody of the served territory.

    Raises
    ------
    NotFound
        If there is nobody of this key.
    """
    account = None
    if account_id <= MAX_ID:
        account = find_person(request_session(), served_territory().id, account_id)
    if account is None:
        raise NotFound("Personne", str(account_id))
    return account


def draft_of(account: Account) -> PersonDraft:
    """Return somebody as their form shows them."""
    return PersonDraft(
        account.name,
        account.email,
        frozenset(role.name for role in account.roles),
        frozenset(team.id for team in account.teams),
    )


def read_draft(fields: MultiDict[str, str]) -> PersonDraft:
    """Return what a form says of somebody."""
    keys = (known_key(text) for text in fields.getlist("teams"))
    return PersonDraft(
        name=" ".join(fields.get("name", "").split()),
        email=fields.get("email", "").strip().lower(),
        roles=frozenset(fields.getlist("roles")),
        team_ids=frozenset(key for key in keys if key),
    )


def form(editing: Editing) -> str:
    """Return the form of a person, and what was done to their account."""
    session, actor, account = request_session(), current_actor(), editing.account
    territory_id = served_territory().id
    givable = givable_roles(actor)
    return render_template(
        "people/edit.html",
        tabs=tabs(),
        editing=editing,
        account=account,
        is_me=account is not None and account.id == actor.account_id,
        roles=[(role, ROLE_LABELS[role], role in givable) for role in STAFF_ROLES],
        teams=teams(session, territory_id),
        opens_confidential=opens_confidential(actor),
        lines=upkeep(session, territory_id, account_id=account.id) if account else [],
        entrusted=entrusted(session, actor, account.id) if account else 0,
        name_max=NAME_MAX,
        email_max=EMAIL_MAX,
    )
