"""Give a signalement to another team, another category, another priority: who, why, by when."""

from datetime import datetime

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.deadlines import Priority
from qpvmap.core.errors import CannotChange, InvalidSubmission
from qpvmap.core.messages import reason_text
from qpvmap.core.permissions import Action, Nature, require
from qpvmap.core.routing import Ground
from qpvmap.core.signalements import FIELD_MESSAGES
from qpvmap.core.workflow import OPEN_STATUSES, UNTAKEN_STATUSES, Status
from qpvmap.storage import signalements as rows
from qpvmap.storage.models import Category, Signalement
from qpvmap.storage.places import locate
from qpvmap.usecases.handling import lock_visible, target_of
from qpvmap.usecases.journal import Line, write
from qpvmap.usecases.promises import Terms, dates_of, promise_kept
from qpvmap.usecases.recipients import named_team
from qpvmap.usecases.routing import Handling, plan_handling

ENDED = "Ce signalement est terminé. Rouvrez-le d’abord."
ARBITRATED = "La coordination doit d’abord dire qui s’en charge."
SAME_TEAM = "Ce service s’en charge déjà."
SAME_CATEGORY = "C’est déjà sa catégorie."
SAME_PRIORITY = "C’est déjà sa priorité."
STAYS_CONFIDENTIAL = (
    "Ce signalement reste confidentiel : ce qui y fut écrit ne peut pas devenir public. "
    "Déposez un autre signalement, sans rien dire des personnes."
)


def reassign(
    session: Session,
    actor: Actor,
    reference: str,
    team_code: str,
    reason: str,
    version: int,
    now: datetime,
) -> Signalement:
    """Give the signalement to another team, which has then to take it.

    Raises
    ------
    NotFound, NotAllowed, StaleVersion
        As `change_status` would.
    CannotChange
        If it has ended, is to be arbitrated, or that team has it already.
    InvalidSubmission, CommentRequired
        If there is no such team, it may not have what is confidential, or there is no reason.
    """
    signalement = lock_handled(session, actor, reference, version)
    team = named_team(session, signalement.territory_id, signalement.nature, team_code)
    if team.id == signalement.team_id:
        raise CannotChange(SAME_TEAM)
    terms = Terms(signalement.category, team, Priority(signalement.priority))
    changes = {
        "routing_ground": Ground.BY_HAND,
        "routing_doubt": None,
        **_changes(session, signalement, terms, now),
    }
    comment = reason_text(reason, "team")
    return _write(session, signalement, actor, Line("reassigned", changes, comment), now)


def recategorise(
    session: Session,
    actor: Actor,
    reference: str,
    category_code: str,
    reason: str,
    version: int,
    now: datetime,
) -> Signalement:
    """Change the category, hence the nature, and follow the rules of competence again.

    What becomes confidential is so at once. What is confidential never becomes public.

    Raises
    ------
    NotFound, NotAllowed, StaleVersion, CommentRequired
        As `reassign` would.
    CannotChange
        If it has ended, is to be arbitrated, or the category is its own or would make it public.
    InvalidSubmission
        If there is no such category.
    """
    signalement = lock_handled(session, actor, reference, version)
    category = rows.category_by_code(session, signalement.territory_id, category_code)
    if category is None:
        raise InvalidSubmission({"category": FIELD_MESSAGES["category"]})
    _check_category(signalement, category)
    handling = _route(session, signalement, category, now)
    terms = Terms(category, handling.team, Priority(signalement.priority))
    changes = {
        "routing_ground": handling.ground,
        "routing_doubt": handling.doubt,
        "emprise_id": handling.emprise.id if handling.emprise else None,
        **_changes(session, signalement, terms, now),
    }
    comment = reason_text(reason, "category")
    return _write(session, signalement, actor, Line("recategorised", changes, comment), now)


def set_priority(
    session: Session,
    actor: Actor,
    reference: str,
    priority: Priority,
    reason: str,
    version: int,
    now: datetime,
) -> Signalement:
    """Say how pressing it is; what was promised changes with it.

    Raises
    ------
    NotFound, NotAllowed, StaleVersion, CommentRequired
        As `reassign` would.
    CannotChange
        If it has ended, is to be arbitrated, or the priority is its own.
    """
    signalement = lock_handled(session, actor, reference, version)
    if priority == signalement.priority:
        raise CannotChange(SAME_PRIORITY)
    terms = Terms(signalement.category, signalement.team, priority)
    changes = _changes(session, signalement, terms, now)
    comment = reason_text(reason, "priority")
    return _write(session, signalement, actor, Line("reprioritised", changes, comment), now)


def lock_handled(session: Session, actor: Actor, reference: str, version: int) -> Signalement:
    """Return the open signalement, locked, once `actor` may handle it and read `version` of it.

    Raises
    ------
    NotFound, NotAllowed, StaleVersion
        As `change_status` would.
    CannotChange
        If it has ended, or is to be arbitrated.
    """
    signalement = lock_visible(session, actor, reference, version)
    require(actor, Action.HANDLE, target_of(signalement))
    if signalement.status == Status.TO_ARBITRATE:
        raise CannotChange(ARBITRATED)
    if signalement.status not in OPEN_STATUSES:
        raise CannotChange(ENDED)
    return signalement


def _check_category(signalement: Signalement, category: Category) -> None:
    if category.id == signalement.category_id:
        raise CannotChange(SAME_CATEGORY)
    if signalement.nature == Nature.TRANQUILLITE != category.nature:
        raise CannotChange(STAYS_CONFIDENTIAL)


def _route(
    session: Session, signalement: Signalement, category: Category, now: datetime
) -> Handling:
    """Return what the rules of competence say of `category` at the signalement's place."""
    point = rows.point_at(session, signalement.id)
    location = locate(session, point, signalement.accuracy_m)
    return plan_handling(session, category, location, Priority(signalement.priority), now)


def _changes(
    session: Session, signalement: Signalement, terms: Terms, now: datetime
) -> dict[str, object]:
    """Return the state under new terms; another team has to take it anew, and the clock runs."""
    handed_over = terms.team.id != signalement.team_id
    promise = promise_kept(session, signalement, terms, now, resumes=handed_over)
    changes: dict[str, object] = {
        "category_id": terms.category.id,
        "nature": terms.category.nature,
        "team_id": terms.team.id,
        "priority": terms.priority,
        **dates_of(promise),
    }
    return changes | (_handed_over(signalement) if handed_over else {})


def _handed_over(signalement: Signalement) -> dict[str, object]:
    untaken = signalement.status in UNTAKEN_STATUSES
    return {
        "status": signalement.status if untaken else Status.NEW,
        "clock_stopped_at": None,
        "planned_for": None,
        "waiting_on": "",
    }


def _write(
    session: Session, signalement: Signalement, actor: Actor, line: Line, now: datetime
) -> Signalement:
    write(session, signalement, actor, line, now)
    session.refresh(signalement, ["category", "team"])
    return signalement
