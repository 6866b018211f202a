"""From a notice to the message that is sent: who writes it, and how each is framed.

`WRITERS` finds the words by the kind of the notice; a writer returns None when there is nothing
left to tell.
"""

from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage

from sqlalchemy.orm import Session

from qpvmap.core.notices import PersonKind
from qpvmap.core.telling import Letter
from qpvmap.jobs.bulletins import BULLETINS
from qpvmap.jobs.mail import addressed, message_id
from qpvmap.jobs.writing import Mail, Writer, Writing
from qpvmap.links import links_of
from qpvmap.outputs.letters import Frame, Words, render
from qpvmap.settings import Settings
from qpvmap.storage.letters import Matter, matter_of
from qpvmap.storage.models import Contact, Notice
from qpvmap.storage.notices import first_of_thread
from qpvmap.storage.signalements import has_photo_after
from qpvmap.usecases.letters import CONFIDENTIAL, day_of, is_confidential, said_in, values_of

BY_ACCOUNT = "Vous recevez ce courriel parce que vous avez signalé ceci, ou vu la même chose."
BY_CONTACT = "Vous recevez ce courriel parce que vous avez laissé cette adresse en signalant."
BY_SUPPORT = "Vous recevez ce courriel parce que vous avez dit l’avoir vu aussi."
ON_BEHALF = (
    "Vous recevez ce courriel parce que la personne qui a signalé pour vous a laissé cette "
    "adresse, avec votre accord."
)


def write_to_reporter(writing: Writing) -> Mail | None:
    """Return the letter to somebody who reported, or saw the same."""
    matter = matter_of(writing.session, writing.notice)
    if matter is None:
        return None
    letter = Letter(writing.notice.kind)
    frame = _frame(writing, matter)
    return Mail(render(_words(writing, matter, letter), frame), frame.unsubscribe)


def _words(writing: Writing, matter: Matter, letter: Letter) -> Words:
    """Return the words; of what is confidential, that there is news and no more."""
    if is_confidential(matter):
        return Words(CONFIDENTIAL)
    values = values_of(writing.session, matter, letter, writing.now)
    return Words(letter, values, said_in(matter, letter))


def _frame(writing: Writing, matter: Matter) -> Frame:
    notice, links, own = writing.notice, writing.links, matter.own
    if notice.contact_id is not None:
        url = links.follow(notice.contact_id)
        unsubscribe = links.unsubscribe(PersonKind.CONTACT, notice.contact_id)
        why = _why(writing.session.get_one(Contact, notice.contact_id))
    else:
        url = links.page(own.reference)
        unsubscribe = links.unsubscribe(PersonKind.ACCOUNT, notice.account_id or 0)
        why = BY_ACCOUNT
    if notice.kind == Letter.DONE and has_photo_after(writing.session, matter.signalement.id):
        url = f"{url}#photos"
    territory = matter.territory
    return Frame(
        subject=f"Signalement {own.reference}, {territory.name}",
        url=url,
        unsubscribe=unsubscribe,
        why=why,
        signature=f"{territory.name}, {territory.tagline or 'la carte commune'}",
        about=_about(matter, writing.now),
    )


def _why(contact: Contact) -> str:
    if contact.support_id is not None:
        return BY_SUPPORT
    return ON_BEHALF if contact.recorded_by is not None else BY_CONTACT


def _about(matter: Matter, now: datetime) -> str:
    """Return what it is about, and which other report when it is news of another than theirs."""
    told, own = matter.signalement, matter.own
    if is_confidential(matter):
        return ""
    place = told.address or matter.commune
    what = f"{told.category.name}, {place}, signalé le {day_of(own.created_at, now)}."
    if own.id == told.id:
        return what
    if own.duplicate_of_id == told.id:
        return f"{what} Nouvelles de {told.reference}, qui est suivi avec le vôtre."
    return f"{what} Nouvelles de {told.reference}, une partie du vôtre."


WRITERS: Mapping[str, Writer] = {**dict.fromkeys(Letter, write_to_reporter), **BULLETINS}
"""By kind of notice."""


def message_of(
    session: Session, settings: Settings, notice: Notice, now: datetime
) -> EmailMessage | None:
    """Return the message of a notice; None when there is nothing left to tell."""
    mail = WRITERS[notice.kind](Writing(session, notice, links_of(settings), settings, now))
    if mail is None:
        return None
    name, subject = f"notice-{notice.id}", mail.rendered.subject
    message = addressed(settings, to=notice.address, subject=subject, name=name)
    if notice.signalement_id is not None:
        first = first_of_thread(session, notice)
        if first != notice.id:
            message["In-Reply-To"] = message_id(settings, f"notice-{first}")
            message["References"] = message_id(settings, f"notice-{first}")
    if mail.unsubscribe:
        message["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(mail.rendered.text)
    message.add_alternative(mail.rendered.html, subtype="html")
    return message
