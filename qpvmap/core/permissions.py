"""Who may do what: one table, read by `may`. Its SQL twin is `storage.visibility`.

What is not in the table is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Flag, StrEnum, auto

from qpvmap.core.actors import Actor, Role
from qpvmap.core.errors import NotAllowed


class Nature(StrEnum):
    """What a signalement is about: the state of the place, or people's behaviour."""

    TECHNIQUE = "technique"
    TRANQUILLITE = "tranquillite"


class Action(StrEnum):
    """What can be asked of the application."""

    VIEW = "view"
    VIEW_REPORTER = "view_reporter"
    SUBMIT = "submit"
    HANDLE = "handle"
    CLOSE = "close"
    CONTEST = "contest"
    ARBITRATE = "arbitrate"
    ANSWER = "answer"
    VIEW_NOTES = "view_notes"
    VIEW_CONTACT = "view_contact"
    VIEW_UNCHECKED = "view_unchecked"
    SUPPORT = "support"
    EDIT_GROUND = "edit_ground"
    EDIT_REPLIES = "edit_replies"
    VIEW_INBOX = "view_inbox"
    LEAD_ROUND = "lead_round"
    RECORD_PRESENCE = "record_presence"
    READ_PRESENCE = "read_presence"
    COUNT_PRESENCE = "count_presence"
    SHARE_VIEW = "share_view"
    EDIT_OPERATION = "edit_operation"
    EDIT_INSERTION = "edit_insertion"
    EDIT_GUIDE = "edit_guide"
    EDIT_EQUIPMENT = "edit_equipment"
    VIEW_SENDINGS = "view_sendings"
    MANAGE_PEOPLE = "manage_people"
    VIEW_WALK = "view_walk"
    RECORD_WALK = "record_walk"
    LEAD_WALK = "lead_walk"
    SETTLE_DECISION = "settle_decision"
    ADMINISTER = "administer"


class Reach(Flag):
    """How far a grant goes: own filings, own teams' work, own territories, or everything."""

    NOWHERE = 0
    OWN = auto()
    TEAM = auto()
    TERRITORY = auto()
    EVERYWHERE = auto()


@dataclass(frozen=True, slots=True)
class Target:
    """What an action bears on. `nature` is None for what is not a signalement.

    `signalement_id` is there for those who hold it by a signed link.
    """

    territory_id: int | None = None
    nature: Nature | None = None
    team_id: int | None = None
    reporter_id: int | None = None
    signalement_id: int | None = None

    def is_own_of(self, actor: Actor) -> bool:
        """Return whether `actor` reported it, by account or by a signed link."""
        by_account = actor.account_id is not None and self.reporter_id == actor.account_id
        return by_account or self.signalement_id in actor.holds


Grants = Mapping[Role, Reach]

OWN_OR_TEAM = Reach.OWN | Reach.TEAM
HANDLERS: Grants = {
    Role.MEDIATOR: Reach.TEAM,
    Role.AGENT: Reach.TEAM,
    Role.LEAD: Reach.TEAM,
    Role.COORDINATOR: Reach.TERRITORY,
}

WALKERS: Grants = dict.fromkeys(HANDLERS, Reach.TERRITORY)

SIGNED_IN: Grants = {role: Reach.OWN for role in Role if role is not Role.PUBLIC}

CONTESTERS: Grants = {
    **SIGNED_IN,
    Role.MEDIATOR: Reach.TERRITORY,
    Role.AGENT: OWN_OR_TEAM,
    Role.LEAD: OWN_OR_TEAM,
    Role.COORDINATOR: Reach.TERRITORY,
}

ANSWERERS: Grants = {
    **SIGNED_IN,
    Role.MEDIATOR: OWN_OR_TEAM,
    Role.AGENT: OWN_OR_TEAM,
    Role.LEAD: OWN_OR_TEAM,
    Role.COORDINATOR: Reach.TERRITORY,
}

GRANTS: Mapping[Action, Mapping[Nature | None, Grants]] = {
    Action.VIEW: {
        Nature.TECHNIQUE: {Role.PUBLIC: Reach.EVERYWHERE},
        Nature.TRANQUILLITE: {
            Role.RESIDENT: Reach.OWN,
            Role.MEDIATOR: Reach.TERRITORY,
            Role.AGENT: OWN_OR_TEAM,
            Role.LEAD: OWN_OR_TEAM,
            Role.COORDINATOR: Reach.TERRITORY,
        },
    },
    Action.VIEW_REPORTER: {
        nature: {
            Role.RESIDENT: Reach.OWN,
            Role.MEDIATOR: OWN_OR_TEAM,
            Role.AGENT: OWN_OR_TEAM,
            Role.LEAD: OWN_OR_TEAM,
            Role.COORDINATOR: Reach.TERRITORY,
        }
        for nature in Nature
    },
    Action.SUBMIT: {
        Nature.TECHNIQUE: {Role.PUBLIC: Reach.EVERYWHERE},
        Nature.TRANQUILLITE: {
            Role.MEDIATOR: Reach.TERRITORY,
            Role.AGENT: Reach.TERRITORY,
            Role.LEAD: Reach.TERRITORY,
            Role.COORDINATOR: Reach.TERRITORY,
        },
    },
    Action.HANDLE: dict.fromkeys(Nature, HANDLERS),
    Action.CLOSE: dict.fromkeys(Nature, HANDLERS),
    Action.CONTEST: dict.fromkeys(Nature, CONTESTERS),
    Action.ARBITRATE: {nature: {Role.COORDINATOR: Reach.TERRITORY} for nature in Nature},
    Action.ANSWER: dict.fromkeys(Nature, ANSWERERS),
    Action.VIEW_NOTES: dict.fromkeys(Nature, HANDLERS),
    Action.VIEW_CONTACT: dict.fromkeys(Nature, HANDLERS),
    Action.VIEW_UNCHECKED: dict.fromkeys(Nature, ANSWERERS),
    Action.SUPPORT: {
        Nature.TECHNIQUE: {Role.PUBLIC: Reach.EVERYWHERE},
        Nature.TRANQUILLITE: {
            Role.MEDIATOR: Reach.TERRITORY,
            Role.AGENT: Reach.TEAM,
            Role.LEAD: Reach.TEAM,
            Role.COORDINATOR: Reach.TERRITORY,
        },
    },
    Action.EDIT_GROUND: {None: {Role.COORDINATOR: Reach.TERRITORY}},
    Action.EDIT_REPLIES: {None: {Role.LEAD: Reach.TEAM, Role.COORDINATOR: Reach.TERRITORY}},
    Action.VIEW_INBOX: {None: dict.fromkeys(HANDLERS, Reach.TERRITORY)},
    Action.LEAD_ROUND: {None: HANDLERS},
    Action.RECORD_PRESENCE: {None: {Role.MEDIATOR: Reach.TEAM}},
    Action.READ_PRESENCE: {
        None: {
            Role.MEDIATOR: Reach.OWN,
            Role.LEAD: Reach.TEAM,
            Role.COORDINATOR: Reach.TERRITORY,
        }
    },
    Action.COUNT_PRESENCE: {None: {Role.LEAD: Reach.TEAM, Role.COORDINATOR: Reach.TERRITORY}},
    Action.SHARE_VIEW: {None: {Role.LEAD: Reach.TEAM, Role.COORDINATOR: Reach.TERRITORY}},
    Action.EDIT_OPERATION: {
        None: {Role.PLANNER: Reach.TERRITORY, Role.COORDINATOR: Reach.TERRITORY}
    },
    Action.EDIT_INSERTION: {
        None: {Role.PLANNER: Reach.TERRITORY, Role.COORDINATOR: Reach.TERRITORY}
    },
    Action.EDIT_GUIDE: {None: {Role.PLANNER: Reach.TERRITORY, Role.COORDINATOR: Reach.TERRITORY}},
    Action.EDIT_EQUIPMENT: {
        None: {Role.PLANNER: Reach.TERRITORY, Role.COORDINATOR: Reach.TERRITORY}
    },
    Action.VIEW_SENDINGS: {None: {Role.ADMIN: Reach.TERRITORY, Role.COORDINATOR: Reach.TERRITORY}},
    Action.MANAGE_PEOPLE: {None: {Role.ADMIN: Reach.TERRITORY, Role.COORDINATOR: Reach.TERRITORY}},
    Action.VIEW_WALK: {None: {**WALKERS, Role.PLANNER: Reach.TERRITORY}},
    Action.RECORD_WALK: {None: WALKERS},
    Action.LEAD_WALK: {
        None: dict.fromkeys((Role.MEDIATOR, Role.LEAD, Role.COORDINATOR), Reach.TERRITORY)
    },
    Action.SETTLE_DECISION: {
        None: {**HANDLERS, Role.MEDIATOR: Reach.TERRITORY},
    },
    Action.ADMINISTER: {None: {Role.ADMIN: Reach.TERRITORY}},
}


def reach_of(actor: Actor, action: Action, nature: Nature | None) -> Reach:
    """Return how far `action` goes for `actor` on things of `nature`: the sum of their roles."""
    grants = GRANTS.get(action, {}).get(nature, {})
    reach = Reach.NOWHERE
    for role in actor.all_roles:
        reach |= grants.get(role, Reach.NOWHERE)
    return reach


def teams_of(actor: Actor, nature: Nature | None) -> frozenset[int]:
    """Return the actor's teams that may be given things of `nature`."""
    return actor.confidential_team_ids if nature is Nature.TRANQUILLITE else actor.team_ids


def may(actor: Actor, action: Action, target: Target) -> bool:
    """Return whether `actor` may do `action` to `target`."""
    reach = reach_of(actor, action, target.nature)
    if Reach.EVERYWHERE in reach:
        return True
    if target.territory_id not in actor.territory_ids:
        return False
    return (
        Reach.TERRITORY in reach
        or (Reach.TEAM in reach and target.team_id in teams_of(actor, target.nature))
        or (Reach.OWN in reach and target.is_own_of(actor))
    )


def require(actor: Actor, action: Action, target: Target) -> None:
    """Do nothing when `actor` may do `action` to `target`.

    Raises
    ------
    NotAllowed
        Otherwise.
    """
    if not may(actor, action, target):
        raise NotAllowed(action)
