"""What subscribers are told: a move of a signalement at once, everything else once a day."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any

from sqlalchemy.orm import Session

from qpvmap.core.actors import ANONYMOUS, Actor
from qpvmap.core.bulletins import (
    CONFIDENTIAL,
    Bulletin,
    Group,
    Line,
    Link,
    joined,
    others,
    page_of,
)
from qpvmap.core.deadlines import PARIS
from qpvmap.core.digests import alert_until
from qpvmap.core.french import NBSP, plural
from qpvmap.core.labels import OUTCOME_LABELS, STATUS_LABELS
from qpvmap.core.notices import NewNotice, PersonKind, Recipient, event_source
from qpvmap.core.permissions import Nature
from qpvmap.core.subscriptions import MAX_AT_ONCE_A_DAY
from qpvmap.core.workflow import Outcome, Status
from qpvmap.storage.accounts import actor_by_id
from qpvmap.storage.alerts import (
    NEWS,
    News,
    listeners_of,
    news_for,
    take_subscribers,
    told_since,
)
from qpvmap.storage.models import Event, Signalement, Subscriber
from qpvmap.storage.signalements import find_visible
from qpvmap.usecases.notices import post
from qpvmap.usecases.push import on_devices

ALERT, FOLLOWED_MOVE = "alert", "followed_move"
MAP = "/"


def send_alerts(session: Session, now: datetime) -> int:
    """Post the daily alerts due at `now` and return how many: for each, one a day at most."""
    until = alert_until(now)
    notices = [
        NewNotice(
            source=f"alert:{until.date().isoformat()}",
            kind=ALERT,
            territory_id=listener.territory_id,
            recipient=Recipient(PersonKind.SUBSCRIBER, listener.id, listener.email),
            payload={"since": since.isoformat(), "until": until.isoformat()},
        )
        for listener, since in take_subscribers(session, until)
    ]
    return sum(post(session, notice, now) is not None for notice in notices)


def moves_followed(
    session: Session, event: Event, signalement: Signalement, now: datetime
) -> Sequence[NewNotice]:
    """Return what the subscribers of a signalement are told of a line at once.

    After so many in a day, the rest waits for the daily alert.
    """
    if event.internal or event.kind not in NEWS or event.kind == "created":
        return ()
    morning = datetime.combine(now.astimezone(PARIS).date(), time(), PARIS)
    mails = {
        listener: NewNotice(
            source=event_source(event.id),
            kind=FOLLOWED_MOVE,
            territory_id=signalement.territory_id,
            recipient=Recipient(PersonKind.SUBSCRIBER, listener.id, listener.email),
            signalement_id=signalement.id,
            event_id=event.id,
        )
        for listener in listeners_of(session, signalement)
        if listener.account_id is None or listener.account_id != event.actor_id
        if told_since(session, listener.id, FOLLOWED_MOVE, morning) < MAX_AT_ONCE_A_DAY
    }
    pushed = [
        push
        for listener, mail in mails.items()
        if listener.account_id is not None
        for push in on_devices(session, mail, listener.account_id)
    ]
    return [*mails.values(), *pushed]


def reader_of(session: Session, subscriber: Subscriber) -> Actor | None:
    """Return who a subscriber is to the rules; None if their account is closed or wants none."""
    if subscriber.account_id is None:
        return ANONYMOUS
    account = subscriber.account
    if account is None or not account.active or not account.told_of_followed:
        return None
    return actor_by_id(session, account.id)


def alert_bulletin(
    session: Session, subscriber: Subscriber, payload: Mapping[str, Any], stop: Link
) -> Bulletin | None:
    """Return a daily alert as far as its reader may see it when it is sent; None for nothing."""
    reader = reader_of(session, subscriber)
    if reader is None:
        return None
    since, until = (datetime.fromisoformat(payload[name]) for name in ("since", "until"))
    news = news_for(session, reader, subscriber.id, since, until)
    if not news:
        return None
    total = news[0].total
    moved = plural(total, "signalement a", "signalements ont")
    return Bulletin(
        subject=f"Ce que vous suivez{NBSP}: {moved} bougé",
        opening="Voici ce qui a changé depuis le dernier courriel.",
        groups=by_follow(news),
        more=others(total - len(news), MAP),
        action=Link("Ouvrir la carte", MAP),
        why="Vous recevez au plus un courriel de ce genre par jour, quand quelque chose a changé.",
        stop=stop,
    )


def by_follow(news: Sequence[News]) -> list[Group]:
    """Return the news under what they are followed by."""
    labels = dict.fromkeys(one.followed_as for one in news)
    return [
        Group(label, [_line(one) for one in news if one.followed_as == label]) for label in labels
    ]


def _line(one: News) -> Line:
    """Return a signalement in a line; of what is confidential, the reference and how it stands."""
    state = state_words(one.status, one.outcome, one.is_new)
    if one.nature != Nature.TECHNIQUE:
        return Line(f"{CONFIDENTIAL}, {one.reference}", state, page_of(one.reference))
    return Line(
        f"{one.category}, {one.reference}",
        joined(one.address or one.commune, state),
        page_of(one.reference),
    )


def state_words(status: str, outcome: str | None, is_new: bool = False) -> str:
    """Return how a signalement stands: `clos, sans suite`."""
    words = STATUS_LABELS[Status(status)].lower()
    if outcome:
        words = joined(words, OUTCOME_LABELS[Outcome(outcome)].lower())
    return joined("signalé", words if status != Status.NEW else "") if is_new else words


def move_bulletin(
    session: Session, subscriber: Subscriber, event_id: int, stop: Link
) -> Bulletin | None:
    """Return what a subscriber is told of a move; None when it is not theirs to see any more."""
    reader, event = reader_of(session, subscriber), session.get_one(Event, event_id)
    reference = session.get_one(Signalement, event.signalement_id).reference
    seen = find_visible(session, reader, reference) if reader else None
    if seen is None:
        return None
    confidential = seen.nature != Nature.TECHNIQUE
    name = CONFIDENTIAL if confidential else seen.category.name
    place = "" if confidential else seen.address
    state = state_words(event.to_status, seen.outcome if event.to_status == seen.status else None)
    return Bulletin(
        subject=f"{reference}{NBSP}: {state}",
        opening="Un signalement que vous suivez a bougé.",
        groups=[
            Group(
                reference,
                [
                    Line(
                        name,
                        joined(place, state),
                        page_of(reference),
                    )
                ],
            )
        ],
        action=Link("Lire la suite", page_of(reference)),
        why="Vous suivez ce signalement.",
        stop=stop,
    )
