"""The journal of a signalement as a conversation: each line in words, for one reader."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from qpvmap.core.deadlines import PARIS, Priority
from qpvmap.core.labels import OUTCOME_LABELS, PRIORITY_LABELS, STATUS_LABELS
from qpvmap.core.undoing import UNDONE
from qpvmap.core.workflow import Outcome, Status
from qpvmap.storage.signalements import Entry
from qpvmap.web.filters import long_day

ARROW = "\u00a0→ "


@dataclass(frozen=True, slots=True)
class Reader:
    """What the reader may know, who they are, and the names by which lines are told.

    `organisation` is that of somebody who handles; `filed` says that it is their own report.
    """

    names_shown: bool
    reporter_shown: bool
    teams: Mapping[int, str]
    categories: Mapping[int, str]
    people: Mapping[int, str]
    account_id: int | None = None
    organisation: str = ""
    filed: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A line of the history as the page shows it. `icon` is None for a change of status.

    `mine` tells the reader's own side of the conversation; `anchor` is what a link leads to.
    """

    entry: Entry
    title: str
    icon: str | None
    who: str
    details: tuple[str, ...]
    mine: bool = False
    anchor: str = ""

    @property
    def said(self) -> str:
        """What somebody wrote; the comment of a photo is its moment, told as a detail."""
        return "" if self.entry.kind in PHOTO_KINDS else self.entry.comment


KINDS: Mapping[str, tuple[str, str]] = {
    "created": ("Signalé", "st-new"),
    "not_ours": ("Ce n’est pas à nous", "out-notours"),
    "arbitrated": ("Arbitré", "st-arbitrate"),
    "reassigned": ("Changé de service", "users"),
    "recategorised": ("Changé de catégorie", "edit"),
    "assigned": ("Confié à une personne", "user"),
    "reprioritised": ("Priorité changée", "warn"),
    "answer": ("Réponse", "message"),
    "note": ("Note interne", "note"),
    "message": ("Message de la personne qui a signalé", "message"),
    "supported": ("Vu aussi par une autre personne", "users"),
    "photo": ("Photo ajoutée", "camera"),
    "photo_redacted": ("Photo masquée en partie", "eye-off"),
    "photo_removed": ("Photo retirée", "camera"),
    "merged": ("Réuni avec un autre", "out-duplicate"),
    "duplicate_added": ("Un doublon réuni avec celui-ci", "out-duplicate"),
    "unmerged": ("Séparé de l’autre", "out-duplicate"),
    "duplicate_removed": ("Un doublon séparé", "out-duplicate"),
    "merge_followed": ("Réuni avec un autre", "out-duplicate"),
    "original_moved": ("Nouvelles de l’autre signalement", "out-duplicate"),
    "split": ("Scindé en plusieurs parties", "copy"),
    "children_ended": ("Toutes les parties sont terminées", "copy"),
    "child_reopened": ("Une partie est rouverte", "copy"),
    "text_released": ("Texte vérifié, visible de tous", "check"),
    "text_hidden": ("Texte caché au public", "eye-off"),
    UNDONE: ("Annulé avant tout envoi", "undo"),
}
"""Title and icon of a line that is not a change of status."""


PHOTO_KINDS = frozenset({"photo", "photo_redacted", "photo_removed"})


def _named(names: Mapping[int, str]) -> Callable[[Any], str]:
    return lambda value: names.get(value, "un autre") if value is not None else "personne"


def _day(value: str | None) -> str:
    return long_day(datetime.fromisoformat(value)) if value else "sans date"


def _label(labels: Mapping[Any, str], kind: type) -> Callable[[Any], str]:
    return lambda value: labels[kind(value)] if value else ""


def _changed(words: str, said: Callable[[Any], str]) -> Callable[[Any, Any], str]:
    """Return how a change is told, old value first."""

    def tell(was: Any, now: Any) -> str:
        before, after = said(was), said(now)
        return f"{words}\u00a0: {before}{ARROW}{after}" if before != after else ""

    return tell


def _planned(_: Any, now: str | None) -> str:
    return f"Prévu {_on(date.fromisoformat(now))}" if now else ""


def _on(day: date) -> str:
    return f"le {long_day(day)}"


def _waiting(_: Any, now: str) -> str:
    return f"Qui est attendu\u00a0: {now}" if now else ""


def _outcome(_: Any, now: str | None) -> str:
    return f"Issue\u00a0: {OUTCOME_LABELS[Outcome(now)]}" if now else ""


def _assigned(reader: Reader) -> Callable[[Any, Any], str]:
    """Return how a person is named: to those who may know who does what, and to nobody else."""
    if not reader.names_shown:
        return lambda _, __: ""
    return _changed("Confié à", _named(reader.people))


def _tellers(reader: Reader) -> Mapping[str, Callable[[Any, Any], str]]:
    return {
        "outcome": _outcome,
        "planned_for": _planned,
        "waiting_on": _waiting,
        "team_id": _changed("Service", _named(reader.teams)),
        "assignee_id": _assigned(reader),
        "category_id": _changed("Catégorie", _named(reader.categories)),
        "priority": _changed("Priorité", _label(PRIORITY_LABELS, Priority)),
    }


def _due_teller(entry: Entry) -> Callable[[Any, Any], str]:
    """Return how a new date is told: while it is arbitrated, it is that of the decision."""
    if entry.to_status == Status.TO_ARBITRATE:
        return lambda _, now: f"Décision avant le {_day(now)}"
    if entry.from_status == Status.TO_ARBITRATE:
        return lambda _, now: f"Date promise\u00a0: {_day(now)}"
    return _changed("Date promise", _day)


def details_of(entry: Entry, reader: Reader) -> tuple[str, ...]:
    """Return what a line changed, in words; the first line's state is the page itself."""
    was, now = entry.changes.get("was"), entry.changes.get("set", {})
    if entry.kind in PHOTO_KINDS:
        return (entry.comment,) if entry.comment else ()
    if was is None:
        return ()
    tellers = {**_tellers(reader), "due_at": _due_teller(entry)}
    told = (tell(was.get(name), now[name]) for name, tell in tellers.items() if name in now)
    return tuple(words for words in told if words)


BY_LINK = "une personne qui suit ce signalement"
"""Who writes or contests by a signed link: no account, no body."""


def who_did(entry: Entry, reader: Reader) -> str:
    """Return who wrote a line, as far as the reader may know."""
    if entry.sequence == 1:
        if reader.reporter_shown and entry.actor_id is None:
            return "une personne sans compte"
        known = (entry.actor_name, entry.organisation_name) if reader.reporter_shown else ()
    else:
        if entry.actor_id is None and entry.organisation_name == "":
            return BY_LINK if entry.kind in {"message", "moved"} else ""
        known = (entry.actor_name if reader.names_shown else "", entry.organisation_name)
    return ", ".join(part for part in known if part)


def _joined(title: str, status: str) -> str:
    return f"{title}\u00a0: {status[:1].lower()}{status[1:]}" if title else status


def step_of(entry: Entry, reader: Reader) -> Step:
    """Return a line of the journal as the page shows it."""
    title, icon = KINDS.get(entry.kind, ("", None))
    if entry.from_status and entry.from_status != entry.to_status:
        status = STATUS_LABELS[Status(entry.to_status)]
        title = title if title and entry.to_status == Status.NEW else _joined(title, status)
    return Step(
        entry=entry,
        title=title or STATUS_LABELS[Status(entry.to_status)],
        icon=icon,
        who=who_did(entry, reader),
        details=details_of(entry, reader),
        mine=is_mine(entry, reader),
    )


def steps_of(entries: Sequence[Entry], reader: Reader) -> list[Step]:
    """Return the lines that the reader may read, each with an anchor of its own.

    Anchors come from the instant: a number would count the lines that are not shown.
    """
    seen: Counter[str] = Counter()
    steps = []
    for entry in entries:
        anchor = f"ligne-{entry.at.astimezone(PARIS):%Y%m%d-%H%M%S}"
        seen[anchor] += 1
        rank = f"-{seen[anchor]}" if seen[anchor] > 1 else ""
        steps.append(replace(step_of(entry, reader), anchor=anchor + rank))
    return steps


def is_mine(entry: Entry, reader: Reader) -> bool:
    """Return whether a line was said on the reader's side: theirs, or their body's."""
    if entry.sequence == 1:
        return reader.filed
    if reader.account_id is not None and entry.actor_id == reader.account_id:
        return True
    return bool(reader.organisation) and entry.organisation_name == reader.organisation
