"""What can be done to a signalement besides moving it along: one table, one form each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from qpvmap.core.actors import Actor
from qpvmap.core.deadlines import Priority
from qpvmap.core.errors import InvalidSubmission, NotFound
from qpvmap.core.replies import require_complete
from qpvmap.usecases.arbitration import decide
from qpvmap.usecases.assigning import NOT_IN_TEAM, assign
from qpvmap.usecases.joining import MOST_PARTS, Part, merge, split, unmerge
from qpvmap.usecases.messages import answer, message, note
from qpvmap.usecases.moderation import hide_description, release_description
from qpvmap.usecases.not_ours import refuse
from qpvmap.usecases.reassign import reassign, recategorise, set_priority
from qpvmap.web.signalement_forms import read_version

KEY_DIGITS = 18
"""Digits that a key of a row has at most."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent, by whom, about which signalement."""

    session: Session
    actor: Actor
    reference: str
    form: MultiDict[str, str]
    now: datetime

    @property
    def version(self) -> int:
        """The version that the form was made from."""
        return read_version(self.form)

    def text(self, name: str) -> str:
        """Return a field, without the blanks around it."""
        return self.form.get(name, "").strip()

    def said(self, name: str) -> str:
        """Return a text that people will read, once nothing in it is left to complete.

        Raises
        ------
        InvalidSubmission
            If a ready-made text was sent with what was to be completed.
        """
        text = self.text(name)
        require_complete(text, name)
        return text


@dataclass(frozen=True, slots=True)
class Deed:
    """Something to do: what does it, what is said once it is done, and whose form it shares.

    One that `leaves` is the end of the reader's work on it: back to their list, and the next one.
    """

    act: Callable[[Sent], object]
    done: str
    form: str = ""
    leaves: bool = False


def _answer(sent: Sent) -> object:
    return answer(sent.session, sent.actor, sent.reference, sent.said("text"), sent.now)


def _note(sent: Sent) -> object:
    return note(sent.session, sent.actor, sent.reference, sent.text("text"), sent.now)


def _message(sent: Sent) -> object:
    return message(sent.session, sent.actor, sent.reference, sent.text("text"), sent.now)


def _change(verb: Callable[..., object], field: str) -> Callable[[Sent], object]:
    """Return what gives `verb` a field, the reason, and the version read."""

    def act(sent: Sent) -> object:
        given = (sent.text(field), sent.said("comment"), sent.version, sent.now)
        return verb(sent.session, sent.actor, sent.reference, *given)

    return act


def _refuse(sent: Sent) -> object:
    given = (sent.said("comment"), sent.text("team") or None, sent.version, sent.now)
    return refuse(sent.session, sent.actor, sent.reference, *given)


def _merge(sent: Sent) -> object:
    original = sent.text("original").upper()
    given = (original, sent.version, sent.now, sent.said("comment"))
    try:
        return merge(sent.session, sent.actor, sent.reference, *given)
    except NotFound as missing:
        if missing.key != original:
            raise
        raise InvalidSubmission({"original": str(missing)}) from None


def _unmerge(sent: Sent) -> object:
    given = (sent.version, sent.now, sent.text("comment"))
    return unmerge(sent.session, sent.actor, sent.reference, *given)


def _split(sent: Sent) -> object:
    parts = [
        Part(category, sent.text(f"part-{n}"), sent.text(f"team-{n}") or None)
        for n in range(1, MOST_PARTS + 1)
        if (category := sent.text(f"category-{n}"))
    ]
    return split(sent.session, sent.actor, sent.reference, parts, sent.version, sent.now)


def _check_text(verb: Callable[..., object]) -> Callable[[Sent], object]:
    return lambda sent: verb(sent.session, sent.actor, sent.reference, sent.version, sent.now)


def _set_priority(sent: Sent) -> object:
    try:
        priority = Priority(sent.text("priority"))
    except ValueError:
        raise InvalidSubmission({"priority": "Choisissez une priorité."}) from None
    given = (priority, sent.text("comment"), sent.version, sent.now)
    return set_priority(sent.session, sent.actor, sent.reference, *given)


def _assign(sent: Sent) -> object:
    """Give it to the person chosen; an empty choice is nobody."""
    chosen = sent.text("assignee")
    if chosen and not (chosen.isdecimal() and len(chosen) <= KEY_DIGITS):
        raise InvalidSubmission({"assignee": NOT_IN_TEAM})
    given = (int(chosen) if chosen else None, sent.version, sent.now)
    return assign(sent.session, sent.actor, sent.reference, *given)


DEEDS: Mapping[str, Deed] = {
    "repondre": Deed(_answer, "Réponse envoyée."),
    "noter": Deed(_note, "Note gardée. Seuls les services la lisent.", form="repondre"),
    "ecrire": Deed(_message, "Message envoyé au service."),
    "reaffecter": Deed(
        _change(reassign, "team"),
        "Confié à un autre service, qui doit le prendre en charge.",
        leaves=True,
    ),
    "confier": Deed(_assign, "C’est noté. Les autres services ne voient pas de nom."),
    "recategoriser": Deed(
        _change(recategorise, "category"), "Catégorie changée. Le service compétent l’a reçu."
    ),
    "prioriser": Deed(_set_priority, "Priorité changée. Les dates promises aussi."),
    "pas-a-nous": Deed(
        _refuse, "Refus noté, avec votre raison. Un autre service l’a reçu.", leaves=True
    ),
    "arbitrer": Deed(
        _change(decide, "team"),
        "Décidé. La décision sera proposée la prochaine fois au même lieu.",
        leaves=True,
    ),
    "reunir": Deed(_merge, "Réunis. Chaque personne qui a signalé lira la suite.", leaves=True),
    "separer": Deed(_unmerge, "Séparé\u00a0: il reprend où il en était."),
    "scinder": Deed(_split, "Scindé. Chaque partie a son service et sa date."),
    "montrer-texte": Deed(_check_text(release_description), "Texte visible de tous."),
    "cacher-texte": Deed(_check_text(hide_description), "Texte caché au public."),
}
"""By the last word of their address."""
