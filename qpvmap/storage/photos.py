"""Rows of photos. Those that were removed stay as rows: their sending must not be done twice."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.storage.models import InitiativePhoto, Photo, Signalement, Support, WalkPhoto
from qpvmap.storage.visibility import visible_to


def photo_by_client_id(session: Session, client_id: UUID) -> Photo | None:
    """Return what was sent under this `client_id`, whoever asks: the caller checks."""
    return session.scalar(select(Photo).where(Photo.client_id == client_id))


def find_visible_photo(
    session: Session, actor: Actor, photo_id: int
) -> tuple[Photo, Signalement] | None:
    """Return a photo that is still there, if `actor` may see what it is of, and that."""
    found = session.execute(
        select(Photo, Signalement)
        .join(Signalement, Signalement.id == Photo.signalement_id)
        .where(Photo.id == photo_id, Photo.removed_at.is_(None), visible_to(actor))
    ).one_or_none()
    return (found[0], found[1]) if found else None


def photos_of(session: Session, signalement_id: int) -> Sequence[Photo]:
    """Return the photos of a signalement that its reader may see, oldest first."""
    return photos_by_signalement(session, [signalement_id]).get(signalement_id, [])


def photos_by_signalement(
    session: Session, signalement_ids: Collection[int]
) -> Mapping[int, Sequence[Photo]]:
    """Return the photos of several signalements that their reader may see, oldest first."""
    photos = session.scalars(
        select(Photo)
        .where(Photo.signalement_id.in_(signalement_ids), Photo.removed_at.is_(None))
        .order_by(Photo.signalement_id, Photo.id)
    )
    return {key: list(those) for key, those in groupby(photos, lambda p: p.signalement_id)}


def count_photos(session: Session, signalement_id: int, moment: str) -> int:
    """Return how many photos of this moment are there."""
    counted: int = session.execute(
        select(func.count()).where(
            Photo.signalement_id == signalement_id,
            Photo.moment == moment,
            Photo.removed_at.is_(None),
        )
    ).scalar_one()
    return counted


def supports(session: Session, signalement_id: int, account_id: int) -> bool:
    """Return whether this account said that it saw the same thing."""
    return bool(
        session.scalar(
            select(
                exists().where(
                    Support.signalement_id == signalement_id, Support.account_id == account_id
                )
            )
        )
    )


KEEPING = (Photo, InitiativePhoto, WalkPhoto)
"""Every table that names files of photos: what none of them names is removed."""


def kept_keys(session: Session, among: Iterable[str]) -> set[str]:
    """Return which of these names belong to a photo that is still there."""
    names = list(among)
    return {
        key
        for table in KEEPING
        for key in session.scalars(
            select(table.key).where(table.key.in_(names), table.removed_at.is_(None))
        )
    }


def all_kept_keys(session: Session) -> set[str]:
    """Return the names of every photo that is still there."""
    return {
        key
        for table in KEEPING
        for key in session.scalars(select(table.key).where(table.removed_at.is_(None)))
    }
