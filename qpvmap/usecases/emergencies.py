"""Emergencies: the team that has one is told at once, whatever the hour."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from qpvmap.core.bulletins import (
    CONFIDENTIAL,
    Bulletin,
    Group,
    Line,
    Link,
    joined,
    page_of,
)
from qpvmap.core.deadlines import Priority
from qpvmap.core.french import NBSP, clock, long_day
from qpvmap.core.notices import NewNotice, PersonKind, Recipient, event_source
from qpvmap.core.permissions import Nature
from qpvmap.core.workflow import RUNNING_STATUSES, UNTAKEN_STATUSES
from qpvmap.storage.accounts import copied_members
from qpvmap.storage.models import Event, Signalement, Team
from qpvmap.usecases.digests import sees_confidential
from qpvmap.usecases.push import with_devices

EMERGENCY = "emergency"
CALL_FIRST = "Quelqu’un est peut-être en danger. Ce courriel ne remplace pas un appel aux secours."
CHANGES = ("team_id", "priority")
"""State fields whose coming to a value makes an emergency news to its team."""


def emergencies(session: Session, event: Event, signalement: Signalement) -> Sequence[NewNotice]:
    """Return what the team is told of a line that brings it an emergency; nothing for others."""
    if not is_emergency(event, signalement):
        return ()
    team = session.get_one(Team, signalement.team_id)
    people = [Recipient(PersonKind.TEAM, team.id, team.email)] if team.email else []
    readers = [
        member
        for member in copied_members(session, team.id)
        if member.id != event.actor_id
        and (signalement.nature == Nature.TECHNIQUE or sees_confidential(member.actor))
    ]
    people += [Recipient(PersonKind.ACCOUNT, one.id, one.email) for one in readers]
    notices = [_notice(event, signalement, recipient) for recipient in people]
    return with_devices(session, notices)


def is_emergency(event: Event, signalement: Signalement) -> bool:
    """Return whether a line brings an emergency to its team, which still has it to see to."""
    set_by_line = (event.changes or {}).get("set", {})
    brings = event.kind == "created" or any(name in set_by_line for name in CHANGES)
    reopens = event.to_status == "reopened" and event.from_status != "reopened"
    return (
        (brings or reopens)
        and signalement.priority == Priority.EMERGENCY
        and signalement.status in RUNNING_STATUSES
    )


def _notice(event: Event, signalement: Signalement, recipient: Recipient) -> NewNotice:
    """Return the notice; a team that the report comes back to by another line is told again."""
    return NewNotice(
        source=event_source(event.id),
        kind=EMERGENCY,
        territory_id=signalement.territory_id,
        recipient=recipient,
        signalement_id=signalement.id,
        event_id=event.id,
        payload={"team_id": signalement.team_id},
    )


def emergency_bulletin(session: Session, signalement_id: int, team_id: int) -> Bulletin | None:
    """Return what a team is told of an emergency; None when it has it no more."""
    row = session.get_one(Signalement, signalement_id)
    if row.team_id != team_id or row.priority != Priority.EMERGENCY:
        return None
    confidential = row.nature != Nature.TECHNIQUE
    what = CONFIDENTIAL if confidential else row.category.name
    place = "" if confidential else row.address
    due = f"réponse attendue avant {clock(row.due_at)}, {long_day(row.due_at, row.due_at.date())}"
    if row.status in UNTAKEN_STATUSES:
        due = f"à prendre en charge avant {clock(row.acknowledge_due_at)}, {due}"
    return Bulletin(
        subject=f"Urgence{NBSP}: {what}, {row.reference}",
        opening=CALL_FIRST,
        groups=[
            Group(
                f"Pour {row.team.name}",
                [Line(f"{what}, {row.reference}", joined(place, due), page_of(row.reference))],
            )
        ],
        action=Link("Ouvrir et prendre en charge", page_of(row.reference)),
        why="Les urgences partent à l’adresse du service dès qu’elles arrivent, à toute heure.",
    )
