"""The rows behind a signed link: the contact, their report, the one it is followed with."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from qpvmap.core.permissions import Nature
from qpvmap.storage.letters import signalement_row
from qpvmap.storage.models import Contact, Signalement


@dataclass(frozen=True, slots=True)
class Followed:
    """A contact and what they follow; `head` is the original when theirs was merged into it."""

    contact: Contact
    own: Signalement
    head: Signalement

    @property
    def is_author(self) -> bool:
        """Whether it is their own report, not one that they saw too."""
        return self.contact.support_id is None


def followed_by(session: Session, contact_id: int) -> Followed | None:
    """Return what a contact follows, whoever asks: the caller holds the proof.

    The original stands for a duplicate, unless it is now of another nature.
    """
    contact = session.get(Contact, contact_id)
    if contact is None:
        return None
    own = head = signalement_row(session, contact.signalement_id)
    if own.duplicate_of_id is not None:
        original = signalement_row(session, own.duplicate_of_id)
        head = original if original.nature == own.nature else own
    return Followed(contact, own, head)


def filed_among(session: Session, reference: str, filed: Collection[str]) -> Signalement | None:
    """Return a signalement if it is one of `filed`, or the original of one of them.

    Those alone that nobody's account filed, and that all may see: who holds the browser may be
    somebody else by now.
    """
    mine = select(Signalement).where(
        Signalement.reference.in_(sorted(filed)), Signalement.reporter_id.is_(None)
    )
    own = mine.with_only_columns(Signalement.id)
    originals = mine.with_only_columns(Signalement.duplicate_of_id).where(
        Signalement.duplicate_of_id.is_not(None)
    )
    return session.scalar(
        select(Signalement).where(
            Signalement.reference == reference,
            Signalement.nature == Nature.TECHNIQUE,
            or_(Signalement.id.in_(own), Signalement.id.in_(originals)),
        )
    )
