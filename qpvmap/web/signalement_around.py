"""What surrounds a signalement: its relatives, likely duplicates, photos, ground and people."""

from typing import Any

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.labels import EMPRISE_KIND_LABELS, doubt_words, routing_reason
from qpvmap.core.permissions import Action, Nature, may
from qpvmap.core.workflow import OPEN_STATUSES, Status
from qpvmap.storage.contacts import contacts_of
from qpvmap.storage.desk import emprise_names
from qpvmap.storage.duplicates import likely_duplicates
from qpvmap.storage.models import Signalement
from qpvmap.storage.precedents import precedents_at, refusals_of
from qpvmap.storage.sendings import failed_about
from qpvmap.storage.signalements import correction_of
from qpvmap.storage.subscriptions import subscription_to
from qpvmap.storage.surroundings import ground_under, open_around
from qpvmap.usecases.handling import target_of
from qpvmap.usecases.joining import family
from qpvmap.usecases.moderation import description_for
from qpvmap.web.photos import album_of
from qpvmap.web.tickets import filed_here
from qpvmap.web.unsent import unsent_words

WORTH_TELLING_M = 1.0


def ground_of(session: Session, signalement: Signalement) -> dict[str, Any]:
    """Return who keeps the ground, why this team, and who else it might be."""
    body, place = emprise_names(session, signalement.emprise_id)
    others = (signalement.routing_doubt or {}).get("others", [])
    return {
        "reason": routing_reason(
            signalement.routing_ground,
            body,
            place,
            signalement.category.name,
            signalement.team.name,
        ),
        "doubt": doubt_words(signalement.team.name) if others else "",
        "doubt_others": others,
    }


def arbitration_of(session: Session, actor: Actor, signalement: Signalement) -> dict[str, Any]:
    """Return the reasons of those who refused and the past decisions, for who has to decide."""
    target = target_of(signalement)
    if signalement.status != Status.TO_ARBITRATE or not may(actor, Action.ARBITRATE, target):
        return {"arbitrates": False}
    return {
        "arbitrates": True,
        "refusals": refusals_of(session, [signalement.id]).get(signalement.id, []),
        "precedents": precedents_at(session, signalement),
    }


def is_for_passers_by(actor: Actor, signalement: Signalement) -> bool:
    """Return whether somebody without an account, who did not file it, may say they saw it too."""
    return (
        actor.is_anonymous
        and signalement.nature == Nature.TECHNIQUE
        and may(actor, Action.SUPPORT, target_of(signalement))
        and not filed_here(signalement.reference)
    )


def corrected_by(session: Session, signalement: Signalement) -> float | None:
    """Return how far the author moved the pin from where the phone was, metres; None if not."""
    if signalement.captured_location is None:
        return None
    apart = correction_of(session, signalement.id)
    return apart if apart >= WORTH_TELLING_M else None


def around(session: Session, actor: Actor, signalement: Signalement) -> dict[str, Any]:
    """Return what the page shows beside the signalement itself, as far as `actor` may know."""
    target = target_of(signalement)
    handles = may(actor, Action.HANDLE, target)
    is_open = signalement.status in OPEN_STATUSES
    relatives = family(session, actor, signalement)
    return {
        "description": description_for(actor, signalement),
        "family": relatives,
        "can_split": handles and is_open and not relatives.parent and not relatives.children,
        "likely": likely_duplicates(session, actor, signalement) if handles and is_open else [],
        "contacts": (
            contacts_of(session, actor, signalement.id)
            if may(actor, Action.VIEW_CONTACT, target)
            else []
        ),
        "album": album_of(signalement),
        "may_support": is_open and is_for_passers_by(actor, signalement),
        "near": open_around(session, actor, signalement),
        "corrected_m": corrected_by(session, signalement) if handles else None,
        "ground": ground_under(session, signalement.emprise_id),
        "ground_kinds": EMPRISE_KIND_LABELS,
        "subscription_id": subscription_to(session, actor, signalement.id),
        "unsent": unsent_words(failed_about(session, signalement.id)) if handles else [],
        **ground_of(session, signalement),
        **arbitration_of(session, actor, signalement),
    }
