"""What is promised at the end of a walk: what, who, by when; whether it was done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.errors import InvalidSubmission, NotAllowed, NotFound
from qpvmap.core.permissions import Action, Target, require
from qpvmap.core.walks import OWNER_MAX, TEXT_MAX, DecisionStatus
from qpvmap.storage import walk_records as rows
from qpvmap.storage.models import Team, WalkDecision, walk_decision_signalement
from qpvmap.storage.signalements import find_visible, lock_client_id, team_by_code
from qpvmap.storage.walks import find_walk
from qpvmap.usecases.walks import changed, led_walk

NO_WHAT = f"Dites ce qui est décidé, en {TEXT_MAX} caractères au plus."
NO_OWNER = "Dites qui s’en charge\u00a0: un service de la liste, ou un organisme."
UNKNOWN_TEAM = "Ce service n’est pas de ce territoire. Choisissez-le dans la liste."
LONG_NOTE = f"Texte trop long\u00a0: {TEXT_MAX} caractères au plus."
LINKS_MAX = 20
TOO_MANY = f"{LINKS_MAX} signalements au plus par décision."


@dataclass(frozen=True, slots=True)
class NewDecision:
    """A promise: `team` is the code of one, `owner` a body in words where no team is."""

    client_id: UUID
    what: str
    team: str = ""
    owner: str = ""
    due_on: date | None = None
    references: Sequence[str] = ()


def add_decision(
    session: Session, actor: Actor, walk_id: int, asked: NewDecision, now: datetime
) -> tuple[WalkDecision, bool]:
    """Keep a promise once; return it, and whether this call did.

    Raises
    ------
    NotFound, NotAllowed
        If there is no such walk, or the actor may not lead it.
    InvalidSubmission
        With one message for each field at fault.
    """
    lock_client_id(session, asked.client_id)
    walk = led_walk(session, actor, walk_id)
    earlier = rows.decision_by_client_id(session, asked.client_id)
    if earlier is not None:
        if (earlier.walk_id, earlier.author_id) != (walk_id, actor.account_id):
            raise NotAllowed(Action.LEAD_WALK)
        return earlier, False
    team = team_by_code(session, walk.territory_id, asked.team) if asked.team else None
    linked, missing = _linked(session, actor, walk.territory_id, asked.references)
    faults = _faults_of(asked, team)
    if missing:
        faults["references"] = f"Introuvable\u00a0: {', '.join(missing)}."
    if faults:
        raise InvalidSubmission(faults)
    decision = WalkDecision(
        client_id=asked.client_id,
        walk_id=walk_id,
        what=asked.what.strip(),
        team_id=team.id if team else None,
        owner="" if team else asked.owner.strip(),
        due_on=asked.due_on,
        status=DecisionStatus.PROMISED,
        settled_note="",
        author_id=actor.account_id,
        created_at=now,
    )
    session.add(decision)
    session.flush()
    if linked:
        session.execute(
            insert(walk_decision_signalement),
            [{"decision_id": decision.id, "signalement_id": key} for key in linked],
        )
    changed(session, walk, now)
    return decision, True


def settle_decision(
    session: Session,
    actor: Actor,
    walk_id: int,
    decision_id: int,
    status: DecisionStatus,
    note: str,
    now: datetime,
) -> WalkDecision:
    """Say what became of a promise; saying it again changes nothing but the words.

    Raises
    ------
    NotFound
        If there is no such walk or decision.
    NotAllowed
        If the actor neither accompanies walks here nor is of the team that promised.
    InvalidSubmission
        If the words are too long.
    """
    walk = find_walk(session, actor, walk_id)
    decision = rows.find_decision(session, walk_id, decision_id, lock=True) if walk else None
    if walk is None or decision is None:
        raise NotFound("Décision", str(decision_id))
    require(actor, Action.SETTLE_DECISION, Target(walk.territory_id, None, decision.team_id))
    if len(note) > TEXT_MAX:
        raise InvalidSubmission({"note": LONG_NOTE})
    decision.status, decision.settled_note = status, note.strip()
    if status is DecisionStatus.PROMISED:
        decision.settled_at = decision.settled_by = None
    else:
        decision.settled_at, decision.settled_by = now, actor.account_id
    session.flush()
    return decision


def remove_decision(
    session: Session, actor: Actor, walk_id: int, decision_id: int, now: datetime
) -> None:
    """Take back a promise that was noted by mistake.

    Raises
    ------
    NotFound, NotAllowed
        If there is no such walk or decision, or the actor may not lead it.
    """
    walk = led_walk(session, actor, walk_id)
    decision = rows.find_decision(session, walk_id, decision_id, lock=True)
    if decision is None:
        raise NotFound("Décision", str(decision_id))
    session.delete(decision)
    changed(session, walk, now)


def _faults_of(asked: NewDecision, team: Team | None) -> dict[str, str]:
    has_owner = team is not None or 0 < len(asked.owner.strip()) <= OWNER_MAX
    checks = {
        "what": (NO_WHAT, 0 < len(asked.what.strip()) <= TEXT_MAX),
        "team": (UNKNOWN_TEAM if asked.team else NO_OWNER, has_owner),
        "references": (TOO_MANY, len(asked.references) <= LINKS_MAX),
    }
    return {name: message for name, (message, is_right) in checks.items() if not is_right}


def _linked(
    session: Session, actor: Actor, territory_id: int, references: Sequence[str]
) -> tuple[list[int], list[str]]:
    """Return the keys of the signalements named, and those that the actor cannot find."""
    named = (word.strip().upper() for word in references[:LINKS_MAX] if word.strip())
    words = list(dict.fromkeys(named))
    found = {word: find_visible(session, actor, word) for word in words}
    keys = [row.id for row in found.values() if row and row.territory_id == territory_id]
    missing = [
        word for word, row in found.items() if row is None or row.territory_id != territory_id
    ]
    return keys, missing
