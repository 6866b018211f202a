"""What the page of a round shows: where the walker is, what is left, how far it is."""

from collections.abc import Sequence
from typing import Any

from flask import request

from qpvmap.core.geo import LonLat
from qpvmap.core.permissions import Action, may
from qpvmap.core.rounds import (
    DEPOT_LABEL_MAX,
    DONE_TEXT,
    REASONS,
    ROUND_LABELS,
    STOP_LABELS,
    TITLE_MAX,
    RoundStatus,
)
from qpvmap.core.walking import walk_words, walked
from qpvmap.storage.desk import categories_by_id, commune_names, teams_by_id
from qpvmap.storage.models import Round
from qpvmap.storage.rounds import StopRow, depot_of, near_by, stops_of, walkers_of
from qpvmap.storage.signalements import find_visible, history
from qpvmap.usecases.handling import target_of
from qpvmap.usecases.round_order import straight_length
from qpvmap.web.context import served_territory
from qpvmap.web.photos import album_of
from qpvmap.web.security import current_actor
from qpvmap.web.sessions import request_session
from qpvmap.web.signalement_forms import COMMENT_MAX
from qpvmap.web.signalement_history import Step, step_of
from qpvmap.web.signalement_view import Names, is_filer, people_of, reader_of

FRANCE = LonLat(2.5, 46.6)


def round_page(round_: Round, wanted: int | None) -> dict[str, Any]:
    """Return what the template needs; `wanted` is the stop to open, else the next one."""
    session, actor = request_session(), current_actor()
    stops = stops_of(session, actor, round_.id)
    depot = depot_of(session, round_)
    finished = round_.status == RoundStatus.DONE
    current = current_stop(stops, wanted, finished=finished)
    around = start_of(stops, depot, current)
    return {
        "round": round_,
        "stops": stops,
        "current": current,
        "depot": depot,
        "finished": finished,
        "passed": sum(not stop.is_left for stop in stops),
        "walk": walk_words(walked(straight_length(session, depot, stops))),
        "near": near_by(session, actor, round_, around) if around and not finished else [],
        "walkers": walker_choices(round_),
        "communes": commune_names(session, [round_.territory_id]),
        "center": middle(),
        "moved": request.args.get("bouge", ""),
        "round_label": ROUND_LABELS[RoundStatus(round_.status)],
        "stop_labels": STOP_LABELS,
        "reasons": REASONS,
        "done_text": DONE_TEXT,
        "comment_max": COMMENT_MAX,
        "title_max": TITLE_MAX,
        "label_max": DEPOT_LABEL_MAX,
        **stop_page(current),
    }


def middle() -> LonLat:
    """Return the middle of the territory served, where a map without a place begins."""
    return served_territory().center or FRANCE


def current_stop(stops: Sequence[StopRow], wanted: int | None, *, finished: bool) -> StopRow | None:
    """Return the stop that is open: the one asked for, else the first that is left."""
    asked = next((stop for stop in stops if stop.id == wanted and stop.is_ours), None)
    if asked or finished:
        return asked
    return next((stop for stop in stops if stop.is_left), None)


def start_of(
    stops: Sequence[StopRow], depot: LonLat | None, current: StopRow | None
) -> LonLat | None:
    """Return the place around which other reports are looked for."""
    first = next((stop.point for stop in stops if stop.point), None)
    return (current.point if current else None) or depot or first


def walker_choices(round_: Round) -> list[tuple[str, str]]:
    """Return who may walk: the team, the reader, and whoever it is now."""
    actor = current_actor()
    names = walkers_of(request_session(), round_.team_id)
    if actor.account_id is not None:
        names.setdefault(actor.account_id, actor.name or actor.email)
    if round_.walker is not None:
        names.setdefault(round_.walker.id, round_.walker.name)
    return [("", "Personne pour l’instant"), *((str(key), name) for key, name in names.items())]


def stop_page(current: StopRow | None) -> dict[str, Any]:
    """Return the photos of the open stop, and whether one is still asked for."""
    row = None
    if current and current.reference:
        row = find_visible(request_session(), current_actor(), current.reference)
    if row is None or current is None:
        return {"album": None, "photo_missing": False}
    album = album_of(row)
    return {
        "album": album,
        "photo_missing": bool(current.photo_after) and not album.after,
    }


def missed_steps(reference: str, after: int) -> list[Step]:
    """Return what others did to a report since the reader read its version `after`."""
    session, actor = request_session(), current_actor()
    row = find_visible(session, actor, reference)
    if row is None:
        return []
    target = target_of(row)
    internal = may(actor, Action.VIEW_NOTES, target)
    unchecked = may(actor, Action.VIEW_UNCHECKED, target)
    lines = history(session, row.id, internal=internal, unchecked=unchecked)
    names = Names(
        teams_by_id(session, [row.territory_id]),
        categories_by_id(session, [row.territory_id]),
        people_of(lines),
    )
    reader = reader_of(actor, target, names, filed=is_filer(actor, row))
    return [step_of(line, reader) for line in lines if line.version > after]
