"""What teams are told, in French: headings of a digest, subjects of a reminder."""

from collections.abc import Mapping
from datetime import datetime

from qpvmap.core.deadlines import Step
from qpvmap.core.digests import Section
from qpvmap.core.french import NBSP, clock, long_day, plural

SECTION_TITLES: Mapping[Section, str] = {
    Section.CONTESTED: "Contestés",
    Section.REOPENED: "Rouverts",
    Section.ANSWERED: "La personne a répondu",
    Section.LATE: "En retard",
    Section.DUE: "À rendre aujourd’hui ou le prochain jour ouvré",
    Section.NEW: "Nouveaux",
}
SECTION_COUNTS: Mapping[Section, tuple[str, str]] = {
    Section.CONTESTED: ("contesté", "contestés"),
    Section.REOPENED: ("rouvert", "rouverts"),
    Section.ANSWERED: ("réponse", "réponses"),
    Section.LATE: ("en retard", "en retard"),
    Section.DUE: ("à rendre", "à rendre"),
    Section.NEW: ("nouveau", "nouveaux"),
}
SECTION_VIEWS: Mapping[Section, str] = {
    Section.LATE: "?vue=en-retard",
    Section.NEW: "?vue=a-prendre-en-charge",
}
"""The view of the inbox that shows a section; for the others, all that the team has."""
ALL_VIEW = "?vue=tous"

STEP_SUBJECTS: Mapping[Step, tuple[str, str]] = {
    Step.BEFORE: ("échéance proche", "échéances proches"),
    Step.AT: ("échéance passée", "échéances passées"),
    Step.TWICE: ("deux fois en retard", "deux fois en retard"),
}
STEP_OPENINGS: Mapping[Step, str] = {
    Step.BEFORE: "Vous avez promis une réponse pour le prochain jour ouvré, au plus tard.",
    Step.AT: "La date promise est passée. Répondez, planifiez, ou dites ce que vous attendez.",
    Step.TWICE: (
        "Le double du délai promis est passé. Le service, sa référente ou son référent et la "
        "coordination du quartier reçoivent ce rappel."
    ),
}
OTHER_TEAM = "Vous ne pouvez pas vous en charger ? Dites-le sur la page : il ira au bon service."


def digest_subject(team: str, counts: Mapping[Section, int], confidential: int) -> str:
    """Return `Éclairage public : 2 en retard, 3 nouveaux`."""
    parts = [
        f"{count}{NBSP}{SECTION_COUNTS[section][0 if count == 1 else 1]}"
        for section, count in sorted(counts.items(), key=lambda item: list(Section).index(item[0]))
        if count
    ]
    if confidential:
        parts.append(plural(confidential, "confidentiel"))
    return f"{team}{NBSP}: {', '.join(parts)}"


def digest_opening(slot: datetime, now: datetime) -> str:
    """Return what a digest begins with."""
    today = now.date()
    return f"Voici le point de votre service, {long_day(slot, today)} à {clock(slot)}."


def view_of(counts: Mapping[Section, int]) -> str:
    """Return the view of the inbox that shows most of what is counted."""
    if not counts:
        return ALL_VIEW
    return SECTION_VIEWS.get(max(counts, key=lambda section: counts[section]), ALL_VIEW)


def reminder_subject(team: str, step: Step, count: int) -> str:
    """Return `Éclairage public : 2 échéances passées`."""
    one, many = STEP_SUBJECTS[step]
    if step is Step.TWICE:
        return f"{team}{NBSP}: {plural(count, 'signalement')} {one}"
    return f"{team}{NBSP}: {plural(count, one, many)}"
