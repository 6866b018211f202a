"""Write, change and remove the ready-made answers; fill those that fit a signalement."""

from collections.abc import Mapping
from datetime import datetime
from uuid import uuid4

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.errors import InvalidSubmission, NotFound, StaleVersion
from qpvmap.core.permissions import Action, Reach, Target, reach_of, require
from qpvmap.core.replies import ReplyDraft, faults_of
from qpvmap.storage.models import ReplyTemplate
from qpvmap.storage.replies import replies_of, reply_by_id
from qpvmap.storage.territory import category_ids, team_ids

UNKNOWN_CATEGORY = "Choisissez une catégorie de la liste."
UNKNOWN_TEAM = "Choisissez un de vos services."


def edits_all(actor: Actor) -> bool:
    """Return whether the actor keeps the answers of every team, and those of all."""
    return Reach.TERRITORY in reach_of(actor, Action.EDIT_REPLIES, None)


def readable_replies(session: Session, actor: Actor, territory_id: int) -> list[ReplyTemplate]:
    """Return the answers that the actor's page lists: those of all, and of the teams they lead.

    Raises
    ------
    NotAllowed
        If they keep none.
    """
    mine = None if edits_all(actor) else actor.team_ids
    _require_some(actor, territory_id)
    return replies_of(session, territory_id, mine)


def may_edit(actor: Actor, reply: ReplyTemplate) -> bool:
    """Return whether the actor may change this answer."""
    return edits_all(actor) or reply.team_id in actor.team_ids


def find_reply(session: Session, actor: Actor, territory_id: int, reply_id: int) -> ReplyTemplate:
    """Return an answer that the actor may read on their page.

    Raises
    ------
    NotAllowed, NotFound
        If they keep none, or this one is another team's, or gone.
    """
    _require_some(actor, territory_id)
    return _known(reply_by_id(session, territory_id, reply_id), actor, reply_id)


def save_reply(
    session: Session,
    actor: Actor,
    territory_id: int,
    draft: ReplyDraft,
    now: datetime,
    *,
    reply_id: int | None = None,
    version: int = 0,
) -> ReplyTemplate:
    """Add an answer, or write the one of this key anew, and return it.

    Raises
    ------
    NotAllowed
        If the actor does not keep the answers of the team that has it, or is to have it.
    NotFound
        If there is none of this key, or it was removed.
    StaleVersion
        If somebody changed it since the actor read `version`: nothing is written.
    InvalidSubmission
        With a French message for each field at fault.
    """
    _require_some(actor, territory_id)
    reply = _locked(session, actor, territory_id, reply_id, version) if reply_id else None
    category_id, team_id = _checked(session, actor, territory_id, draft)
    require(actor, Action.EDIT_REPLIES, Target(territory_id, team_id=team_id))
    if reply is None:
        code = f"reponse-{uuid4().hex[:10]}"
        reply = ReplyTemplate(territory_id=territory_id, code=code, version=1)
        session.add(reply)
    reply.occasion = draft.occasion
    reply.category_id, reply.team_id = category_id, team_id
    reply.title, reply.text = draft.title.strip(), draft.text.strip()
    _touch(session, actor, reply, now)
    session.refresh(reply)
    return reply


def remove_reply(
    session: Session, actor: Actor, territory_id: int, reply_id: int, version: int, now: datetime
) -> ReplyTemplate:
    """Take an answer off the lists; its row stays, so that no loading brings it back.

    Raises
    ------
    NotAllowed, NotFound, StaleVersion
        As `save_reply` would.
    """
    _require_some(actor, territory_id)
    reply = _locked(session, actor, territory_id, reply_id, version)
    reply.removed_at = now
    _touch(session, actor, reply, now)
    return reply


def _require_some(actor: Actor, territory_id: int) -> None:
    """Do nothing when the actor keeps answers of the territory, all or those of a team."""
    team_id = next(iter(sorted(actor.team_ids)), None)
    require(actor, Action.EDIT_REPLIES, Target(territory_id, team_id=team_id))


def _known(reply: ReplyTemplate | None, actor: Actor, reply_id: int) -> ReplyTemplate:
    """Return the answer, if there is one that the actor may know of."""
    if reply is None or not (reply.team_id is None or may_edit(actor, reply)):
        raise NotFound("Réponse type", str(reply_id))
    return reply


def _locked(
    session: Session, actor: Actor, territory_id: int, reply_id: int, version: int
) -> ReplyTemplate:
    reply = _known(reply_by_id(session, territory_id, reply_id, lock=True), actor, reply_id)
    require(actor, Action.EDIT_REPLIES, Target(territory_id, team_id=reply.team_id))
    if reply.version != version:
        raise StaleVersion(reply.code, version, reply.version)
    return reply


def _checked(
    session: Session, actor: Actor, territory_id: int, draft: ReplyDraft
) -> tuple[int | None, int | None]:
    """Return the keys of the category and of the team, once everything makes sense."""
    faults = faults_of(draft)
    categories, teams = category_ids(session, territory_id), team_ids(session, territory_id)
    mine: Mapping[str, int] = (
        teams
        if edits_all(actor)
        else {code: key for code, key in teams.items() if key in actor.team_ids}
    )
    if draft.category and draft.category not in categories:
        faults["category"] = UNKNOWN_CATEGORY
    if draft.team not in mine and (draft.team or not edits_all(actor)):
        faults["team"] = UNKNOWN_TEAM
    if faults:
        raise InvalidSubmission(faults)
    return categories.get(draft.category), mine.get(draft.team)


def _touch(session: Session, actor: Actor, reply: ReplyTemplate, now: datetime) -> None:
    reply.version += 1
    reply.updated_at = now
    reply.updated_by = actor.account_id
    session.flush()
