"""Rows of what people follow, and what is found for a wish."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload

from qpvmap.core.actors import Actor
from qpvmap.core.permissions import Action, Nature, Target, may
from qpvmap.core.subscriptions import STREET_NEAR_M, SubscriptionKind, Wish, folded, street_name
from qpvmap.storage.models import Category, Qpv, Road, Signalement, Subscriber, Subscription
from qpvmap.storage.visibility import visible_to

STREET_NEAR_DEGREES = 0.0005
"""Wider than `STREET_NEAR_M` anywhere in France: lets the index choose the roads."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a wish means on a territory: the columns of its row, and how it is called."""

    kind: SubscriptionKind
    key: str
    label: str
    signalement_id: int | None = None
    category_id: int | None = None
    place: str = ""

    @property
    def wish(self) -> Wish:
        """The wish that leads here."""
        return Wish(self.kind, self.key)


def find_wanted(session: Session, actor: Actor, territory_id: int, wish: Wish) -> Wanted | None:
    """Return what `actor` may follow by this wish, or None when there is no such thing for them.

    Raises
    ------
    InvalidSubmission
        If a street's name is none.
    """
    finders = {
        SubscriptionKind.SIGNALEMENT: _signalement,
        SubscriptionKind.STREET: _street,
        SubscriptionKind.QPV: _quarter,
        SubscriptionKind.CATEGORY: _category,
    }
    return finders[wish.kind](session, actor, territory_id, wish.key)


def _signalement(session: Session, actor: Actor, territory_id: int, key: str) -> Wanted | None:
    found = session.execute(
        select(Signalement.id, Category.name)
        .join(Category, Category.id == Signalement.category_id)
        .where(
            Signalement.reference == key,
            Signalement.territory_id == territory_id,
            visible_to(actor),
        )
    ).one_or_none()
    if found is None:
        return None
    label = f"Signalement {key}, {found.name}"
    return Wanted(SubscriptionKind.SIGNALEMENT, key, label, signalement_id=found.id)


def _street(_: Session, __: Actor, ___: int, key: str) -> Wanted | None:
    name = street_name(key)
    label = name[:1].upper() + name[1:]
    return Wanted(SubscriptionKind.STREET, name, label, place=folded(name))


def _quarter(session: Session, _: Actor, __: int, key: str) -> Wanted | None:
    name = session.scalar(
        select(Qpv.name).where(Qpv.code == key).order_by(Qpv.vintage.desc()).limit(1)
    )
    if name is None:
        return None
    return Wanted(SubscriptionKind.QPV, key, f"Quartier {name}", place=key)


def _category(session: Session, actor: Actor, territory_id: int, key: str) -> Wanted | None:
    found = session.scalar(
        select(Category).where(Category.territory_id == territory_id, Category.code == key)
    )
    if found is None or not may_hear_of(actor, found):
        return None
    return Wanted(SubscriptionKind.CATEGORY, key, f"Catégorie {found.name}", category_id=found.id)


def may_hear_of(actor: Actor, category: Category) -> bool:
    """Return whether some signalement of a category can be seen by `actor`."""
    target = Target(category.territory_id, Nature(category.nature))
    teams = [Target(target.territory_id, target.nature, team) for team in actor.team_ids]
    return any(may(actor, Action.VIEW, some) for some in (target, *teams))


def followable_categories(session: Session, actor: Actor, territory_id: int) -> list[Category]:
    """Return the categories of a territory that `actor` may follow, in their order."""
    rows = session.scalars(
        select(Category).where(Category.territory_id == territory_id).order_by(Category.position)
    )
    return [category for category in rows if may_hear_of(actor, category)]


def subscriber_of(session: Session, actor: Actor) -> Subscriber | None:
    """Return an account as a subscriber; None when it never followed anything."""
    if actor.account_id is None:
        return None
    return session.scalar(select(Subscriber).where(Subscriber.account_id == actor.account_id))


def keep_subscriber(
    session: Session, now: datetime, *, account_id: int | None = None, email: str | None = None
) -> int:
    """Return the key of an account or of a proven address as a subscriber, made when it is new."""
    key = Subscriber.account_id == account_id if account_id else Subscriber.email == email
    added = insert(Subscriber).values(
        account_id=account_id, email=email, told_until=now, created_at=now
    )
    found = session.scalar(added.on_conflict_do_nothing().returning(Subscriber.id))
    return found or session.scalars(select(Subscriber.id).where(key)).one()


def count_subscriptions(session: Session, subscriber_id: int) -> int:
    """Return how many things somebody follows; others wait until the transaction ends."""
    session.execute(select(Subscriber.id).where(Subscriber.id == subscriber_id).with_for_update())
    return session.scalars(
        select(func.count())
        .select_from(Subscription)
        .where(Subscription.subscriber_id == subscriber_id)
    ).one()


def add_subscription(
    session: Session, subscriber_id: int, territory_id: int, wanted: Wanted, now: datetime
) -> bool:
    """Add a thing that somebody follows; return False when it was followed already."""
    added = session.scalar(
        insert(Subscription)
        .values(
            subscriber_id=subscriber_id,
            territory_id=territory_id,
            kind=wanted.kind,
            signalement_id=wanted.signalement_id,
            category_id=wanted.category_id,
            place=wanted.place,
            label=wanted.label,
            created_at=now,
        )
        .on_conflict_do_nothing()
        .returning(Subscription.id)
    )
    return added is not None


def subscriptions_of(session: Session, actor: Actor, subscriber_id: int) -> list[Subscription]:
    """Return what somebody follows, the last first; a signalement only while they may see it."""
    seen = exists().where(Signalement.id == Subscription.signalement_id, visible_to(actor))
    query = (
        select(Subscription)
        .options(joinedload(Subscription.signalement), joinedload(Subscription.category))
        .where(
            Subscription.subscriber_id == subscriber_id,
            or_(Subscription.signalement_id.is_(None), seen),
        )
        .order_by(Subscription.created_at.desc(), Subscription.id.desc())
    )
    return list(session.scalars(query))


def subscription_to(session: Session, actor: Actor, signalement_id: int) -> int | None:
    """Return the key by which an account follows a signalement; None when it does not."""
    if actor.account_id is None:
        return None
    return session.scalar(
        select(Subscription.id)
        .join(Subscriber, Subscriber.id == Subscription.subscriber_id)
        .where(
            Subscriber.account_id == actor.account_id,
            Subscription.signalement_id == signalement_id,
        )
    )


def remove_subscription(session: Session, subscriber_id: int, subscription_id: int) -> bool:
    """Remove one thing that somebody follows; return whether it was there."""
    gone = session.scalar(
        delete(Subscription)
        .where(Subscription.id == subscription_id, Subscription.subscriber_id == subscriber_id)
        .returning(Subscription.id)
    )
    return gone is not None


def remove_subscriber(session: Session, subscriber_id: int) -> None:
    """Forget somebody and all they follow."""
    session.execute(delete(Subscriber).where(Subscriber.id == subscriber_id))


def forget_idle_addresses(session: Session) -> None:
    """Remove the addresses, of people without an account, that follow nothing any more."""
    follows = exists().where(Subscription.subscriber_id == Subscriber.id)
    session.execute(delete(Subscriber).where(Subscriber.email.is_not(None), ~follows))


def folded_sql(text: InstrumentedAttribute[str]) -> ColumnElement[str]:
    """Return a text as `core.subscriptions.folded` has it, a blank on each side."""
    plain = func.regexp_replace(func.lower(func.unaccent(text)), "[^a-z0-9]+", " ", "g")
    return func.concat(" ", plain, " ")


def matches() -> ColumnElement[bool]:
    """Return the condition on `subscription` and `signalement` rows that one names the other.

    A street is found in the address, or else on the ground within 20 m of a road of its name.
    """
    in_address = folded_sql(Signalement.address).contains(func.concat(" ", Subscription.place, " "))
    near = _near_road()
    return or_(
        Subscription.signalement_id == Signalement.id,
        Subscription.category_id == Signalement.category_id,
        (Subscription.kind == SubscriptionKind.QPV)
        & (Signalement.qpv_code == Subscription.place)
        & (Signalement.share_inside > 0),
        (Subscription.kind == SubscriptionKind.STREET) & or_(in_address, near),
    ) & (Subscription.territory_id == Signalement.territory_id)


def _near_road() -> ColumnElement[bool]:
    close = func.st_dwithin(
        func.geography(Road.line), func.geography(Signalement.location), STREET_NEAR_M
    )
    around = Road.line.bool_op("&&")(func.st_expand(Signalement.location, STREET_NEAR_DEGREES))
    named = func.btrim(folded_sql(Road.name)) == Subscription.place
    return select(Road.id).where(around, named, close).correlate(Subscription, Signalement).exists()
