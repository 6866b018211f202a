"""`/parcours/marches/sur-place`: a walk begun without network, walked before the site knows it.

The page holds no walk: a phone keeps it, and puts into it what was written on the form of a new
walk. All that is noted there waits for the walk itself, which the phone sends first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from json import dumps
from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from qpvmap.core.permissions import Action
from qpvmap.core.walks import LABEL_MAX, WalkState
from qpvmap.storage.desk import teams_by_id
from qpvmap.storage.models import WalkItem
from qpvmap.storage.walk_checklists import checklist, walk_themes
from qpvmap.web.offline import kept_offline
from qpvmap.web.round_view import middle
from qpvmap.web.security import access, current_actor
from qpvmap.web.sessions import request_session
from qpvmap.web.signalements import offered_categories, served
from qpvmap.web.walk_field import words
from qpvmap.web.walk_forms import Typed, new_id
from qpvmap.web.walk_view import Rights

bp = Blueprint("walk_coming", __name__, url_prefix="/parcours/marches")

ANY = "00000000-0000-4000-8000-000000000000"
"""Stands in the addresses of the page for the identifier that the phone drew."""
LONG_AGO = "1970-01-01T00:00:00+00:00"
"""When the page knew the walk: every stop that the phone added is news to it."""


@dataclass(frozen=True, slots=True)
class ComingWalk:
    """A walk that the site does not know yet, as the page of a walk shows it."""

    id: str = ANY
    state: str = WalkState.PREPARED
    route_source: str | None = None


@dataclass(frozen=True, slots=True)
class ComingView:
    """What is known of it: what may be looked at, and that its reader leads it."""

    items: Mapping[str, WalkItem]
    rights: Rights
    stops: Sequence[Any] = ()
    points: Sequence[Any] = ()
    decisions: Sequence[Any] = ()
    defects: Sequence[Any] = ()
    seen: int = 0
    who: str = ""


@bp.get("/sur-place")
@access(Action.LEAD_WALK)
@kept_offline
def show() -> ResponseReturnValue:
    """Show the page of a walk without any, for a phone to keep."""
    session = request_session()
    territory = served(session)
    themes = walk_themes(session, territory.id)
    codes = list(dict.fromkeys(code for theme in themes for code in theme.item_codes))
    page = render_template(
        "walks/field.html",
        coming=dumps({one.code: {"name": one.name, "items": one.item_codes} for one in themes}),
        view=ComingView(checklist(session, territory.id, codes), Rights(record=True, lead=True)),
        walk=ComingWalk(),
        before=None,
        form="",
        typed=Typed({}, {}),
        client_id=new_id(),
        made=LONG_AGO,
        label_max=LABEL_MAX,
        center=middle(),
        categories=offered_categories(session, current_actor(), territory),
        open_stop=None,
        teams=teams_by_id(session, [territory.id]).values(),
        photo_ids={},
        stop_choices=[],
        **words(),
    )
    return page, 200, {"Cache-Control": "private, no-cache"}
