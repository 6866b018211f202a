"""The rows behind a signed link: the contact, their report, the one it is followed with."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

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
