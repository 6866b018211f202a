"""What happened to what people follow: read for each of them, as far as they may see it."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, and_, func, literal, or_, select, update
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.digests import LOOK_BACK, MAX_LINES
from qpvmap.core.subscriptions import SubscriptionKind
from qpvmap.storage.models import (
    Account,
    Category,
    Commune,
    Contact,
    Event,
    Notice,
    Signalement,
    Subscriber,
    Subscription,
)
from qpvmap.storage.subscriptions import matches
from qpvmap.storage.undoing import still_stands
from qpvmap.storage.visibility import visible_to

NEWS = ("created", "moved", "answer", "not_ours", "reassigned", "arbitrated", "merged", "split")
"""Lines of a journal that subscribers hear of; internal ones never are."""


@dataclass(frozen=True, slots=True)
class News:
    """A signalement to which something happened, without a word of what people wrote."""

    reference: str
    nature: str
    category: str
    address: str
    commune: str
    status: str
    outcome: str | None
    is_new: bool
    followed_as: str
    total: int


@dataclass(frozen=True, slots=True)
class Listener:
    """A subscriber who is to be told: by which address, under which account if any, and where."""

    id: int
    email: str
    account_id: int | None
    territory_id: int


def _listens() -> ColumnElement[bool]:
    """Return the condition on `subscriber` (and its account) rows that they want to be told."""
    return or_(Subscriber.email.is_not(None), and_(Account.active, Account.told_of_followed))


def _is_news(since: ColumnElement[datetime], until: datetime) -> ColumnElement[bool]:
    """Return the condition on `event` rows that a subscriber has not heard of them."""
    told_at_once = (
        select(Notice.id)
        .where(Notice.subscriber_id == Subscriber.id, Notice.event_id == Event.id)
        .correlate(Subscriber, Event)
        .exists()
    )
    return and_(
        Event.at >= until - LOOK_BACK,
        Event.at >= since,
        Event.at >= Subscription.created_at,
        Event.at < until,
        Event.kind.in_(NEWS),
        ~Event.internal,
        still_stands(),
        Event.actor_id.is_distinct_from(func.coalesce(Subscriber.account_id, 0)),
        ~told_at_once,
    )


def take_subscribers(session: Session, until: datetime) -> list[tuple[Listener, datetime]]:
    """Return the subscribers to whom something new may be told, and since when; each once.

    In one statement, which no other worker can repeat: `told_until` moves with it.
    """
    told = cast("ColumnElement[datetime]", Subscriber.told_until)
    concerned = (
        select(
            Subscriber.id,
            Subscriber.told_until,
            Subscriber.account_id,
            Account.email,
            func.min(Subscription.territory_id).label("territory_id"),
        )
        .outerjoin(Account, Account.id == Subscriber.account_id)
        .join(Subscription, Subscription.subscriber_id == Subscriber.id)
        .join(Signalement, matches())
        .join(Event, Event.signalement_id == Signalement.id)
        .where(Subscriber.told_until < until, _listens(), _is_news(told, until))
        .group_by(Subscriber.id, Account.id)
        .subquery()
    )
    taken = session.execute(
        update(Subscriber)
        .where(Subscriber.id == concerned.c.id, Subscriber.told_until == concerned.c.told_until)
        .values(told_until=until)
        .returning(
            Subscriber.id,
            func.coalesce(concerned.c.email, Subscriber.email),
            Subscriber.account_id,
            concerned.c.territory_id,
            concerned.c.told_until,
        )
        .execution_options(synchronize_session=False)
    )
    return [(Listener(*listener), since) for *listener, since in taken]


def news_for(
    session: Session, actor: Actor, subscriber_id: int, since: datetime, until: datetime
) -> list[News]:
    """Return what happened to what somebody follows, that `actor` (them) may see, last first.

    At most `MAX_LINES`; each says how many there are in all.
    """
    is_new = func.bool_or(Event.kind == "created")
    label = func.min(Subscription.label)
    commune = (
        select(Commune.name)
        .where(Commune.insee_code == Signalement.insee_code)
        .order_by(Commune.vintage.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            Signalement.reference,
            Signalement.nature,
            Category.name,
            Signalement.address,
            func.coalesce(commune, ""),
            Signalement.status,
            Signalement.outcome,
            is_new,
            label,
            func.count().over(),
        )
        .select_from(Subscription)
        .join(Subscriber, Subscriber.id == Subscription.subscriber_id)
        .join(Signalement, matches())
        .join(Category, Category.id == Signalement.category_id)
        .join(Event, Event.signalement_id == Signalement.id)
        .where(
            Subscriber.id == subscriber_id,
            _is_news(literal(since), until),
            visible_to(actor),
        )
        .group_by(Signalement.id, Category.id)
        .order_by(func.max(Event.at).desc(), Signalement.id.desc())
        .limit(MAX_LINES)
    )
    return [News(*row) for row in rows]


def listeners_of(session: Session, signalement: Signalement) -> list[Listener]:
    """Return who follows a signalement or a duplicate of it, and is not told of it otherwise.

    Its reporter, and those who left an address with it, have letters of their own.
    """
    same = select(Signalement.id).where(
        or_(Signalement.id == signalement.id, Signalement.duplicate_of_id == signalement.id)
    )
    written_to = (
        select(Contact.id)
        .where(
            Contact.signalement_id.in_(same),
            func.lower(Contact.email) == func.coalesce(func.lower(Account.email), Subscriber.email),
        )
        .correlate(Subscriber, Account)
        .exists()
    )
    rows = session.execute(
        select(
            Subscriber.id,
            func.coalesce(Account.email, Subscriber.email),
            Subscriber.account_id,
            literal(signalement.territory_id),
        )
        .join(Subscription, Subscription.subscriber_id == Subscriber.id)
        .outerjoin(Account, Account.id == Subscriber.account_id)
        .where(
            Subscription.kind == SubscriptionKind.SIGNALEMENT,
            Subscription.signalement_id.in_(same),
            Subscriber.account_id.is_distinct_from(func.coalesce(signalement.reporter_id, 0)),
            _listens(),
            ~written_to,
        )
        .distinct()
        .order_by(Subscriber.id)
    )
    return [Listener(*row) for row in rows]


def told_since(session: Session, subscriber_id: int, kind: str, since: datetime) -> int:
    """Return how many notices of a kind a subscriber was sent since an instant."""
    return session.scalars(
        select(func.count())
        .select_from(Notice)
        .where(
            Notice.subscriber_id == subscriber_id, Notice.kind == kind, Notice.created_at >= since
        )
    ).one()
