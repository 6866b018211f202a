"""What the page of a signalement shows to one reader, and what it lets them do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request

from qpvmap.core.actors import Actor
from qpvmap.core.french import local_date
from qpvmap.core.labels import PRIORITY_LABELS
from qpvmap.core.permissions import Action, Nature, Reach, Target, may, reach_of
from qpvmap.core.workflow import CONTEST_FOR, OPEN_STATUSES, Need, Outcome, Status
from qpvmap.storage.desk import CategoryChoice, TeamChoice, categories_by_id, teams_by_id
from qpvmap.storage.models import Signalement
from qpvmap.storage.people import members_of, names_of
from qpvmap.storage.signalements import Entry, history, point_at, stored_location
from qpvmap.usecases.handling import possible_moves, target_of
from qpvmap.web.filters import request_now
from qpvmap.web.inbox_address import inbox_url, read_filters
from qpvmap.web.sessions import request_session
from qpvmap.web.signalement_around import around
from qpvmap.web.signalement_forms import COMMENT_MAX, WAITING_ON_MAX
from qpvmap.web.signalement_history import Reader, steps_of
from qpvmap.web.signalement_list import list_position, view_params
from qpvmap.web.signalement_replies import NO_REPLIES, replies_on_page
from qpvmap.web.signalement_undo import offer_of
from qpvmap.web.signalement_words import NEXT_STEPS, OUTCOME_CHOICES, MoveWords, move_words
from qpvmap.web.tickets import filed_here


@dataclass(frozen=True, slots=True)
class Choice:
    """A move that the reader may make, and what is asked with it."""

    to: Status
    words: MoveWords
    needs: frozenset[Need]
    outcomes: tuple[Outcome, ...]

    @property
    def asks(self) -> bool:
        """Whether something must be filled in."""
        return bool(self.needs - {Need.IN_TIME, Need.PHOTO_IF_ASKED})

    @property
    def comment_required(self) -> bool:
        """Whether a reason must be written."""
        return Need.COMMENT in self.needs

    @property
    def asks_date(self) -> bool:
        """Whether a date must be given."""
        return Need.PLANNED_DATE in self.needs

    @property
    def asks_waiting_on(self) -> bool:
        """Whether somebody must be named."""
        return Need.WAITING_ON in self.needs

    @property
    def asks_outcome(self) -> bool:
        """Whether it must be said how it ends."""
        return Need.OUTCOME in self.needs


def choices(actor: Actor, signalement: Signalement) -> list[Choice]:
    """Return the moves that `actor` may still make, the next step first.

    What is to be arbitrated goes to a team by a decision of its own, not by a mere move.
    """
    current, now = Status(signalement.status), request_now()
    settled_at = signalement.settled_at
    return [
        Choice(to, move_words(current, to, Need.OUTCOME in move.needs), move.needs, move.outcomes)
        for to, move in possible_moves(request_session(), actor, signalement, now).items()
        if to is not Status.NEW
        and (Need.IN_TIME not in move.needs or (settled_at and now <= settled_at + CONTEST_FOR))
    ]


@dataclass(frozen=True, slots=True)
class Names:
    """The teams and categories of a territory, and people, by their keys."""

    teams: Mapping[int, TeamChoice]
    categories: Mapping[int, CategoryChoice]
    people: Mapping[int, str]


def reader_of(actor: Actor, target: Target, names: Names, *, filed: bool) -> Reader:
    """Return what `actor` may know of the people behind a signalement."""
    return Reader(
        names_shown=may(actor, Action.HANDLE, target),
        reporter_shown=may(actor, Action.VIEW_REPORTER, target),
        teams={key: team.name for key, team in names.teams.items()},
        categories={key: category.name for key, category in names.categories.items()},
        people=names.people,
        account_id=actor.account_id,
        organisation=actor.organisation_name if may(actor, Action.HANDLE, target) else "",
        filed=filed,
    )


def kept_filters() -> dict[str, Any]:
    """Return the filters of the inbox that the reader came from, as parameters."""
    return view_params(read_filters(request.args))


def back_href(actor: Actor) -> str:
    """Return where the reader came from: the tab of the inbox, or the map."""
    if reach_of(actor, Action.VIEW_INBOX, None) is Reach.NOWHERE:
        return "/"
    return inbox_url(read_filters(request.args))


def other_choices(signalement: Signalement, names: Names) -> dict[str, list[tuple[str, str]]]:
    """Return what the forms offer: other teams, other categories, other priorities.

    What is confidential stays so: its other categories and teams are confidential too.
    """
    confidential = signalement.nature == Nature.TRANQUILLITE
    return {
        "team_choices": [
            (team.code, f"{team.organisation}\u00a0: {team.name}")
            for key, team in names.teams.items()
            if (team.confidential or not confidential)
            and (key != signalement.team_id or signalement.status == Status.TO_ARBITRATE)
        ],
        "category_choices": [
            (category.code, category.name)
            for key, category in names.categories.items()
            if key != signalement.category_id
            and (category.nature == Nature.TRANQUILLITE or not confidential)
        ],
        "part_choices": [
            (category.code, category.name)
            for category in names.categories.values()
            if category.nature == signalement.nature
        ],
        "priority_choices": [
            (str(priority), label)
            for priority, label in PRIORITY_LABELS.items()
            if priority != signalement.priority
        ],
    }


def is_filer(actor: Actor, signalement: Signalement) -> bool:
    """Return whether the reader filed it: by account, or from this browser without one."""
    if signalement.reporter_id is None:
        return filed_here(signalement.reference)
    return signalement.reporter_id == actor.account_id


def rights_of(actor: Actor, target: Target) -> dict[str, bool]:
    """Return what the reader may do here besides moving it."""
    handles = may(actor, Action.HANDLE, target)
    return {"handles": handles, "writes": target.is_own_of(actor) and not handles}


def assigning(actor: Actor, signalement: Signalement) -> dict[str, Any]:
    """Return who has it and who might, for those who may give it to a person."""
    if not may(actor, Action.HANDLE, target_of(signalement)):
        return {"assignee": None}
    members = members_of(request_session(), [signalement.team_id])
    return {
        "assignee": signalement.assignee,
        "is_mine": signalement.assignee_id is not None
        and signalement.assignee_id == actor.account_id,
        "can_be_mine": actor.account_id in members,
        "person_choices": [
            (str(key), name) for key, name in members.items() if key != signalement.assignee_id
        ],
    }


def people_of(entries: Sequence[Entry]) -> dict[int, str]:
    """Return what the people named in some lines of a journal are called."""
    told = (part.get("assignee_id") for entry in entries for part in entry.changes.values())
    keys = {key for key in told if key is not None}
    return names_of(request_session(), keys) if keys else {}


def page_of(actor: Actor, signalement: Signalement) -> dict[str, Any]:
    """Return what the template needs to know of a signalement."""
    session, target, now = request_session(), target_of(signalement), request_now()
    territories = [signalement.territory_id]
    unchecked = may(actor, Action.VIEW_UNCHECKED, target)
    internal = may(actor, Action.VIEW_NOTES, target)
    entries = history(session, signalement.id, internal=internal, unchecked=unchecked)
    names = Names(
        teams_by_id(session, territories),
        categories_by_id(session, territories),
        people_of(entries),
    )
    reader = reader_of(actor, target, names, filed=is_filer(actor, signalement))
    moves, location = choices(actor, signalement), stored_location(session, signalement)
    return {
        "signalement": signalement,
        "location": location,
        "unchecked": unchecked,
        "point": point_at(session, signalement.id),
        "is_open": signalement.status in OPEN_STATUSES,
        "steps": steps_of(entries, reader),
        "undo": offer_of(actor, signalement, entries, now),
        "choices": moves,
        "next_step": NEXT_STEPS.get(Status(signalement.status)),
        "outcome_choices": list(OUTCOME_CHOICES.items()),
        "contest_until": signalement.settled_at and signalement.settled_at + CONTEST_FOR,
        "back_href": back_href(actor),
        "kept": kept_filters(),
        "today": local_date(now).isoformat(),
        "comment_max": COMMENT_MAX,
        "waiting_on_max": WAITING_ON_MAX,
        **rights_of(actor, target),
        **other_choices(signalement, names),
        **assigning(actor, signalement),
        **around(session, actor, signalement),
        **list_position(actor, signalement),
        **(
            replies_on_page(session, signalement, location, [(m.to, m.needs) for m in moves])
            if may(actor, Action.HANDLE, target)
            else NO_REPLIES
        ),
    }
