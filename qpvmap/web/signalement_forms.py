"""What the forms of a signalement's page send, and what is answered when it is refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from werkzeug.datastructures import MultiDict

from qpvmap.core import errors
from qpvmap.core.replies import require_complete
from qpvmap.core.workflow import Outcome, Request, Status
from qpvmap.web.signalement_words import FIELD_WORDS, OUTCOME_CHOICES

COMMENT_MAX = 2000
WAITING_ON_MAX = 200

REFUSALS: Mapping[type[errors.QpvmapError], tuple[int, str]] = {
    errors.StaleVersion: (409, "comment"),
    errors.CommentRequired: (422, "comment"),
    errors.ForbiddenMove: (422, "comment"),
    errors.InvalidSubmission: (422, ""),
    errors.OutcomeRequired: (422, "outcome"),
    errors.PlannedDateRequired: (422, "planned_for"),
    errors.WaitingOnRequired: (422, "waiting_on"),
    errors.PhotoRequired: (422, "comment"),
    errors.ContestTooLate: (422, "comment"),
    errors.CannotChange: (422, "comment"),
    errors.CannotJoin: (422, "comment"),
}
"""What the page itself answers, with all that was typed: status, and the field at fault."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something was not done, in which form, what was typed, what others did meanwhile."""

    form: str
    errors: Mapping[str, str]
    typed: Mapping[str, str] = field(default_factory=dict)
    missed_after: int | None = None
    kept: tuple[tuple[str, str], ...] = ()

    def value(self, form: str, name: str, otherwise: str = "") -> str:
        """Return what a field of a form shows again."""
        return self.typed.get(name, otherwise) if form == self.form else otherwise

    def errors_of(self, form: str) -> Mapping[str, str]:
        """Return the errors of a form."""
        return self.errors if form == self.form else {}

    @property
    def targets(self) -> dict[str, str]:
        """Which control of the page each error is about."""
        return {name: f"{self.form}-{name}" for name in self.errors}

    def in_form(self, forms: list[str]) -> "Refusal":
        """Return it in the form it came from or, that being gone, in the first of `forms`."""
        if self.form in forms or not forms:
            return self
        kept = tuple(
            (words, OUTCOME_CHOICES.get(value, value))
            for name, words in FIELD_WORDS.items()
            if (value := self.typed.get(name, "").strip())
        )
        said = {"comment": " ".join(self.errors.values())}
        return Refusal(forms[0], said, self.typed, self.missed_after, kept)


def read_date(text: str) -> date | None:
    """Return the day written `2026-11-26`, or None when nothing is.

    Raises
    ------
    InvalidSubmission
        If it is anything else.
    """
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        message = "Date illisible\u00a0: donnez le jour, le mois et l’année."
        raise errors.InvalidSubmission({"planned_for": message}) from None


def short_enough(form: MultiDict[str, str], name: str, at_most: int) -> str:
    """Return the text of a field.

    Raises
    ------
    InvalidSubmission
        If it is longer than `at_most` characters.
    """
    text = form.get(name, "").strip()
    if len(text) > at_most:
        raise errors.InvalidSubmission({name: f"Texte trop long : {at_most} caractères au plus."})
    return text


def read_version(form: MultiDict[str, str]) -> int:
    """Return the version that the form was made from.

    Raises
    ------
    InvalidSubmission
        If there is none.
    """
    try:
        return int(form["version"])
    except (KeyError, ValueError):
        raise errors.InvalidSubmission({"comment": "Rechargez la page, puis renvoyez."}) from None


def read_move(form: MultiDict[str, str]) -> Request:
    """Return the move that was sent.

    Raises
    ------
    InvalidSubmission
        If it names no status, a field cannot be read, or a ready-made text is not completed.
    """
    comment = short_enough(form, "comment", COMMENT_MAX)
    require_complete(comment, "comment")
    waiting_on = short_enough(form, "waiting_on", WAITING_ON_MAX)
    planned_for = read_date(form.get("planned_for", ""))
    try:
        outcome = Outcome(form["outcome"]) if form.get("outcome") else None
        return Request(Status(form["to"]), comment, outcome, planned_for, waiting_on)
    except (KeyError, ValueError):
        raise errors.InvalidSubmission({"to": "Choisissez ce que vous faites."}) from None


def refusal_of(error: errors.QpvmapError, form: str, typed: Mapping[str, str]) -> Refusal:
    """Return what the page must say of what was refused in a form."""
    _, at_fault = REFUSALS[type(error)]
    said = error.fields if isinstance(error, errors.InvalidSubmission) else {at_fault: str(error)}
    missed_after = error.sent if isinstance(error, errors.StaleVersion) else None
    return Refusal(form, said, typed, missed_after)
