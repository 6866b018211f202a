"""The journal of a signalement as a conversation: each line in words, for one reader."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from qpvmap.core.deadlines import Priority
from qpvmap.core.labels import OUTCOME_LABELS, PRIORITY_LABELS, STATUS_LABELS
from qpvmap.core.workflow import Outcome, Status
from qpvmap.storage.signalements import Entry
from qpvmap.web.filters import long_day

ARROW = "\u00a0→ "


@dataclass(frozen=True, slots=True)
class Reader:
    """What the reader may know, and the names by which lines are told."""

    names_shown: bool
    reporter_shown: bool
    teams: Mapping[int, str]
    categories: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Step:
    """A line of the history as the page shows it. `icon` is None for a change of status."""

    entry: Entry
    title: str
    icon: str | None
    who: str
    details: tuple[str, ...]


KINDS: Mapping[str, tuple[str, str]] = {
    "created": ("Signalé", "st-new"),
    "not_ours": ("Ce n’est pas à nous", "out-notours"),
    "arbitrated": ("Arbitré", "st-arbitrate"),
    "reassigned": ("Changé de service", "users"),
    "recategorised": ("Changé de catégorie", "edit"),
    "reprioritised": ("Priorité changée", "warn"),
    "answer": ("Réponse", "message"),
    "note": ("Note interne", "note"),
    "message": ("Message", "message"),
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
}
"""Title and icon of a line that is not a change of status."""


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


def _tellers(reader: Reader) -> Mapping[str, Callable[[Any, Any], str]]:
    return {
        "outcome": _outcome,
        "planned_for": _planned,
        "waiting_on": _waiting,
        "team_id": _changed("Service", _named(reader.teams)),
        "category_id": _changed("Catégorie", _named(reader.categories)),
        "priority": _changed("Priorité", _label(PRIORITY_LABELS, Priority)),
    }


def _due_teller(entry: Entry) -> Callable[[Any, Any], str]:
    """Return how a new date is told: while it is arbitrated, it is that of the decision."""
    if entry.to_status == Status.TO_ARBITRATE:
        return lambda _, now: f"Décision avant le {_day(now)}"
    if entry.from_status == Status.TO_ARBITRATE:
        return lambda _, now: f"Promis pour le {_day(now)}"
    return _changed("Promis pour le", _day)


def details_of(entry: Entry, reader: Reader) -> tuple[str, ...]:
    """Return what a line changed, in words; the first line's state is the page itself."""
    was, now = entry.changes.get("was"), entry.changes.get("set", {})
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
    )
