"""The teams' digests: at their hours, on the working days of their body, if there is news."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime, time
from typing import Any

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.bulletins import (
    INBOX,
    Bulletin,
    Group,
    Line,
    Link,
    confidential_note,
    joined,
    others,
    page_of,
)
from qpvmap.core.deadlines import PARIS
from qpvmap.core.digests import LOOK_BACK, MAX_LINES, Section, Slot, digest_slot
from qpvmap.core.french import clock, due_words, plural
from qpvmap.core.labels import STATUS_LABELS
from qpvmap.core.notices import NewNotice, PersonKind, Recipient
from qpvmap.core.permissions import Action, Nature, Reach, reach_of
from qpvmap.core.team_words import (
    SECTION_TITLES,
    digest_opening,
    digest_subject,
    view_of,
)
from qpvmap.core.workflow import RUNNING_STATUSES, Status
from qpvmap.storage.accounts import copied_members
from qpvmap.storage.digests import Digest, DigestLine, TeamDesk, digests, take_slot, team_desks
from qpvmap.storage.models import Team, Territory
from qpvmap.usecases.calendars import days_off
from qpvmap.usecases.notices import post
from qpvmap.usecases.push import with_devices

DIGEST = "team_digest"


def send_digests(session: Session, now: datetime) -> int:
    """Post the digests due at `now` and return how many; twice, or two at once, posts none more."""
    slots = {}
    desks = {desk.id: desk for desk in team_desks(session)}
    for desk in desks.values():
        slot = slot_of(desk, now)
        if slot and take_slot(session, desk.id, slot.at):
            slots[desk.id] = slot
    if not slots:
        return 0
    told = digests(session, slots)
    return sum(
        _post(session, desks[team_id], slots[team_id], digest, now)
        for team_id, digest in told.items()
        if not digest.is_empty
    )


def slot_of(desk: TeamDesk, now: datetime) -> Slot | None:
    """Return the hour of digest of a team at `now`, from where its last one ended."""
    slot = digest_slot(now, desk.times, days_off(now.year - 1) | desk.closed)
    if slot is None or desk.last_slot is None:
        return slot
    return Slot(slot.at, max(desk.last_slot, slot.at - LOOK_BACK), slot.soon)


def _post(session: Session, desk: TeamDesk, slot: Slot, digest: Digest, now: datetime) -> int:
    """Post a team's digest to its address, and a copy to those of its people who want one."""
    people = [Recipient(PersonKind.TEAM, desk.id, desk.email)]
    people += [
        Recipient(PersonKind.ACCOUNT, account.id, account.email)
        for account in copied_members(session, desk.id)
        if digest.total or sees_confidential(account.actor)
    ]
    notices = [
        NewNotice(
            source=f"digest:{desk.id}:{slot.at.isoformat()}",
            kind=DIGEST,
            territory_id=desk.territory_id,
            recipient=recipient,
            payload={"team_id": desk.id}
            | {name: instant.isoformat() for name, instant in asdict(slot).items()},
        )
        for recipient in people
    ]
    told = with_devices(session, notices)
    return sum(post(session, notice, now) is not None for notice in told)


def sees_confidential(actor: Actor) -> bool:
    """Return whether a reader may know that a team has confidential signalements."""
    reach = reach_of(actor, Action.VIEW, Nature.TRANQUILLITE)
    return bool(reach & (Reach.TEAM | Reach.TERRITORY))


def digest_bulletin(
    session: Session, payload: Mapping[str, Any], reader: Actor | None, now: datetime
) -> Bulletin | None:
    """Return a digest as it stands when it is sent; None when nothing is left to say.

    Parameters
    ----------
    reader : Actor, optional
        Who reads a copy; None for the team itself, at its shared address.
    """
    team = session.get_one(Team, payload["team_id"])
    slot = Slot(*(datetime.fromisoformat(payload[name]) for name in ("at", "since", "soon")))
    digest = digests(session, {team.id: slot})[team.id]
    if reader is not None and not sees_confidential(reader):
        digest.confidential = 0
    if digest.is_empty:
        return None
    href = INBOX + view_of(digest.counts)
    return Bulletin(
        subject=digest_subject(team.name, digest.counts, digest.confidential),
        opening=digest_opening(slot.at, now),
        groups=groups_of(digest, now, days_off(now.year - 1)),
        more=others(digest.others, href),
        notes=confidential_note(digest.confidential),
        action=Link("Ouvrir la corbeille", href),
        why=_why(session, team),
        stop=None if reader is None else Link("Ne plus recevoir cette copie", "/compte#courriels"),
    )


def groups_of(digest: Digest, now: datetime, off: frozenset[date]) -> list[Group]:
    """Return the lines of a digest under their headings."""
    groups = []
    for section in Section:
        lines = [line for line in digest.lines if line.section is section]
        if lines:
            title = f"{SECTION_TITLES[section]} ({digest.counts[section]})"
            groups.append(Group(title, [_line(line, now, off) for line in lines]))
    return groups


def _line(line: DigestLine, now: datetime, off: frozenset[date]) -> Line:
    status = Status(line.status)
    due = due_words(line.counted_from, line.due_at, now, off) if status in RUNNING_STATUSES else ""
    urgent = "urgence" if line.priority == "emergency" else ""
    return Line(
        f"{line.category}, {line.reference}",
        joined(urgent, line.address or line.commune, STATUS_LABELS[status].lower(), due),
        page_of(line.reference),
    )


def _why(session: Session, team: Team) -> str:
    times = session.get_one(Territory, team.territory_id).digest_times
    hours = " et ".join(clock_of(hour) for hour in times)
    return (
        f"Ce point part à l’adresse du service à {hours}, les jours ouvrés, quand il y a quelque "
        f"chose à dire. Il nomme {plural(MAX_LINES, 'signalement')} au plus."
    )


def clock_of(hour: time) -> str:
    """Return a local hour, `13 h 30`."""
    return clock(datetime.combine(date(2000, 1, 1), hour, PARIS))
