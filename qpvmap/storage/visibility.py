"""The SQL side of `core.permissions`: which rows an action reaches, said as a where clause.

Both read the same table of grants; a test runs every role, action and target through the two.
"""

from collections.abc import Callable, Mapping

from sqlalchemy import ColumnElement, and_, case, false, literal, or_, true

from qpvmap.core.actors import Actor
from qpvmap.core.permissions import Action, Nature, Reach, reach_of, teams_of
from qpvmap.core.privacy import BEING_CHECKED
from qpvmap.storage.models import (
    Initiative,
    Presence,
    Round,
    Signalement,
    SiteWalk,
    Solicitation,
)

REACHES: Mapping[Reach, Callable[[Actor, Nature], ColumnElement[bool]]] = {
    Reach.TERRITORY: lambda _actor, _nature: true(),
    Reach.TEAM: lambda actor, nature: Signalement.team_id.in_(sorted(teams_of(actor, nature))),
    Reach.OWN: lambda actor, _nature: _own(actor),
}


def _own(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on what `actor` reported: by account, or held by a signed link."""
    held = Signalement.id.in_(sorted(actor.holds)) if actor.holds else false()
    if actor.account_id is None:
        return held
    return or_(Signalement.reporter_id == actor.account_id, held)


def reached_by(actor: Actor, action: Action) -> ColumnElement[bool]:
    """Return the condition on `signalement` rows that `actor` may do `action` to."""
    return or_(
        false(),
        *(and_(Signalement.nature == nature, _within(actor, action, nature)) for nature in Nature),
    )


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on `signalement` rows that `actor` may see."""
    return reached_by(actor, Action.VIEW)


def rounds_of(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on `round` rows that `actor` may read, prepare and walk."""
    reach = reach_of(actor, Action.LEAD_ROUND, None)
    granted = [
        condition
        for part, condition in (
            (Reach.TERRITORY, true()),
            (Reach.TEAM, Round.team_id.in_(sorted(actor.team_ids))),
        )
        if part in reach
    ]
    return and_(Round.territory_id.in_(sorted(actor.territory_ids)), or_(false(), *granted))


def presences_of(actor: Actor, action: Action = Action.READ_PRESENCE) -> ColumnElement[bool]:
    """Return the condition on `presence` rows: a round is its walker's and their companion's."""
    key = actor.account_id
    own = false() if key is None else or_(Presence.walker_id == key, Presence.companion_id == key)
    return _noted(actor, action, Presence, own)


def solicitations_of(actor: Actor, action: Action = Action.READ_PRESENCE) -> ColumnElement[bool]:
    """Return the condition on `solicitation` rows that `actor` may do `action` to."""
    key = actor.account_id
    own = false() if key is None else Solicitation.author_id == key
    return _noted(actor, action, Solicitation, own)


def initiatives_of(actor: Actor, action: Action = Action.READ_PRESENCE) -> ColumnElement[bool]:
    """Return the condition on `initiative` rows that `actor` may do `action` to."""
    key = actor.account_id
    own = false() if key is None else Initiative.author_id == key
    return _noted(actor, action, Initiative, own)


def _noted(
    actor: Actor,
    action: Action,
    table: type[Presence | Solicitation | Initiative],
    own: ColumnElement[bool],
) -> ColumnElement[bool]:
    """Return the condition on what mediators note, `own` being what is the actor's."""
    reach = reach_of(actor, action, None)
    granted = [
        condition
        for part, condition in (
            (Reach.TERRITORY, true()),
            (Reach.TEAM, table.team_id.in_(sorted(actor.team_ids))),
            (Reach.OWN, own),
        )
        if part in reach
    ]
    return and_(table.territory_id.in_(sorted(actor.territory_ids)), or_(false(), *granted))


def walks_of(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on `site_walk` rows that `actor` may read."""
    if Reach.TERRITORY not in reach_of(actor, Action.VIEW_WALK, None):
        return false()
    return SiteWalk.territory_id.in_(sorted(actor.territory_ids))


def shown_description(actor: Actor) -> ColumnElement[str]:
    """Return the text of a `signalement` row as `actor` reads it: not before it was checked.

    Whoever lists signalements selects this, never the column: `core.privacy.shown` is its twin.
    """
    return case(
        (~Signalement.description_hidden, Signalement.description),
        (Signalement.description == "", ""),
        (reached_by(actor, Action.VIEW_UNCHECKED), Signalement.description),
        else_=literal(BEING_CHECKED),
    ).label("description")


def _within(actor: Actor, action: Action, nature: Nature) -> ColumnElement[bool]:
    reach = reach_of(actor, action, nature)
    if Reach.EVERYWHERE in reach:
        return true()
    granted = [condition(actor, nature) for part, condition in REACHES.items() if part in reach]
    return and_(Signalement.territory_id.in_(sorted(actor.territory_ids)), or_(false(), *granted))
