"""`/compte`: who I am here, how I sign in, the tokens of my programs."""

from datetime import UTC, datetime

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_security import current_user

from qpvmap.core.actors import Role
from qpvmap.core.labels import ROLE_LABELS
from qpvmap.core.permissions import Action, Reach, reach_of
from qpvmap.storage.accounts import live_tokens, territory_name
from qpvmap.usecases.accounts import issue_token, revoke_token, set_single_keys
from qpvmap.usecases.preferences import Preferences, choose
from qpvmap.usecases.subscriptions import list_of
from qpvmap.web.devices import devices_page
from qpvmap.web.security import current_actor, signed_in
from qpvmap.web.sessions import request_session, unit_of_work
from qpvmap.web.subscriptions import shown

bp = Blueprint("account", __name__, url_prefix="/compte")

HOMES = (
    (Role.COORDINATOR, "/corbeille"),
    (Role.LEAD, "/corbeille"),
    (Role.AGENT, "/corbeille"),
    (Role.PLANNER, "/operations"),
)
"""Where a day begins, by role; on the map for the others."""


@bp.get("")
@signed_in
def show() -> str:
    """Show the account of who asks."""
    return account_page()


@bp.get("/accueil")
@signed_in
def home() -> ResponseReturnValue:
    """Lead who just signed in to the page where their day begins."""
    roles = current_actor().roles
    return redirect(next((page for role, page in HOMES if role in roles), "/"), 303)


@bp.post("/jetons")
@signed_in
def create_token() -> str:
    """Make a token and show it: it is never shown again, nor kept where a browser keeps things."""
    actor = current_actor()
    with unit_of_work() as session:
        name = request.form.get("name", "")
        token = issue_token(session, actor.account_id or 0, name, datetime.now(UTC))
    return account_page(token)


@bp.post("/jetons/<int(max=9223372036854775807):token_id>/retirer")
@signed_in
def remove_token(token_id: int) -> ResponseReturnValue:
    """Close the door to one of the person's own tokens."""
    with unit_of_work() as session:
        revoke_token(session, current_actor(), token_id, datetime.now(UTC))
    flash("Jeton retiré : plus aucun programme ne peut s’en servir.", "info")
    return redirect("/compte", 303)


@bp.post("/raccourcis")
@signed_in
def choose_keys() -> ResponseReturnValue:
    """Turn shortcuts of a single key on or off."""
    on = request.form.get("single_keys") == "1"
    with unit_of_work() as session:
        set_single_keys(session, current_actor(), on, datetime.now(UTC))
    flash("Touches seules activées." if on else "Touches seules désactivées.", "info")
    return redirect("/compte#raccourcis", 303)


@bp.post("/courriels")
@signed_in
def choose_mails() -> ResponseReturnValue:
    """Keep what the person wishes to be told of."""
    wanted = [request.form.get(name) == "oui" for name in ("mails", "suivis", "services")]
    with unit_of_work() as session:
        choose(session, current_actor(), Preferences(*wanted), datetime.now(UTC))
    flash("C’est noté.", "success")
    return redirect("/compte#courriels", 303)


def account_page(new_token: str | None = None) -> str:
    """Return the page, with a token that was just made if any."""
    actor = current_actor()
    session = request_session()
    return render_template(
        "account/show.html",
        account=current_user,
        role_names=[ROLE_LABELS[role] for role in sorted(actor.roles)],
        territory_name=territory_name(session, current_user.territory_id),
        tokens=live_tokens(session, current_user.id),
        new_token=new_token,
        has_inbox=reach_of(actor, Action.VIEW_INBOX, None) is not Reach.NOWHERE,
        subscriptions=[shown(row) for row in list_of(session, actor)],
        **devices_page(actor),
    )
