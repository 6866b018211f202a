"""Every status to every status, by everybody, with something missing: as the model says."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from qpvmap.core.actors import ANONYMOUS, Actor
from qpvmap.core.errors import QpvmapError
from qpvmap.core.workflow import Outcome, Request, Status
from qpvmap.storage.models import Signalement
from qpvmap.usecases.handling import change_status
from tests.factories import NOW, Toy, make_actor, make_signalement, make_territory
from tests.usecases.life_model import ENDED, ROLES, SPOILT, STOPPED, TEAMS, Report, move_after

People = dict[str, Actor]


@pytest.fixture
def toy(session: Session) -> Toy:
    return make_territory(session)


@pytest.fixture
def people(session: Session, toy: Toy) -> People:
    known = {
        who: make_actor(session, toy, role, *sorted(TEAMS[who])) for who, role in ROLES.items()
    }
    return known | {"nobody": ANONYMOUS}


def standing(session: Session, toy: Toy, people: People, here: Status) -> tuple[Signalement, Any]:
    """Return a signalement in some status, and what the model knows of it."""
    ended, stopped = here in ENDED, here in STOPPED
    settled_at = NOW - timedelta(days=3) if ended else None
    row = make_signalement(
        session,
        toy,
        status=here,
        settled_at=settled_at,
        clock_stopped_at=NOW if stopped else None,
        waiting_on="un tiers" if here is Status.WAITING else "",
        reporter_id=people["resident"].account_id,
    )
    known = Report(row.reference, "resident", "voirie", "technique-ouest", str(here))
    return row, replace(known, outcome="done" if ended else None, settled_at=settled_at)


def moved(session: Session, actor: Actor, row: Signalement, request: Request) -> bool:
    """Return whether a move is made; it is undone at once."""
    done = False
    with suppress(QpvmapError):
        attempt = session.begin_nested()
        try:
            change_status(session, actor, row.reference, request, version=1, now=NOW)
            done = True
        finally:
            attempt.rollback()
    return done


@pytest.mark.parametrize("here", Status)
def test_every_move_when_tried_with_all_or_less_then_as_the_table_says(
    session: Session, toy: Toy, people: People, here: Status
) -> None:
    row, known = standing(session, toy, people, here)
    whole = Request(Status.NEW, "Oui.", Outcome.NO_ACTION, NOW.date(), "un tiers")
    for there in Status:
        for spoilt in SPOILT.values():
            request = replace(whole, to=there, **spoilt)
            foreseen = move_after(known, "coordinator", request, NOW) is not None
            done = moved(session, people["coordinator"], row, request)
            assert done == foreseen, (here, there, spoilt)


@pytest.mark.parametrize("here", Status)
def test_every_move_when_tried_by_everybody_then_as_the_table_says(
    session: Session, toy: Toy, people: People, here: Status
) -> None:
    row, known = standing(session, toy, people, here)
    whole = Request(Status.NEW, "Oui.", Outcome.NO_ACTION, NOW.date(), "un tiers")
    for there in Status:
        for who, actor in people.items():
            request = replace(whole, to=there)
            foreseen = move_after(known, who, request, NOW) is not None
            assert moved(session, actor, row, request) == foreseen, (here, there, who)
