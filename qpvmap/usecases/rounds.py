"""Prepare a round: its stops, who walks, where it sets out from, in which order."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy.orm import Session

from qpvmap.core.actors import Actor
from qpvmap.core.errors import InvalidSubmission, NotFound, OutsideTerritory, StaleVersion
from qpvmap.core.french import local_date, long_day, plural
from qpvmap.core.geo import LonLat
from qpvmap.core.permissions import Action, Target, require
from qpvmap.core.rounds import (
    DEPOT_LABEL_MAX,
    MAX_STOPS,
    TITLE_MAX,
    RoundStatus,
    StopState,
    is_workable,
)
from qpvmap.core.workflow import Status
from qpvmap.storage import rounds as rows
from qpvmap.storage.models import Round, RoundStop
from qpvmap.storage.places import locate
from qpvmap.storage.signalements import point_of, team_by_id
from qpvmap.usecases.round_order import put_in_order

TOO_MANY = f"{MAX_STOPS} arrêts au plus dans une tournée. Faites-en deux."
NO_TEAM = "Vous n’êtes dans aucun service : la coordination peut vous y ajouter."
NO_TITLE = f"Donnez un titre, {TITLE_MAX} caractères au plus."
UNKNOWN_WALKER = "Choisissez une personne de ce service."
FINISHED = "Cette tournée est terminée : elle ne change plus. Faites-en une autre."
STARTED = "Cette tournée a commencé : terminez-la plutôt."
LONG_LABEL = f"Lieu trop long : {DEPOT_LABEL_MAX} caractères au plus."

NOT_YOURS = "introuvable, ou confié à un autre service"
ENDED = "déjà terminé"
TO_ARBITRATE = "la coordination doit d’abord décider qui s’en occupe"
TWICE = "déjà dans la tournée"


@dataclass(frozen=True, slots=True)
class NewRound:
    """A round that somebody asks for; the day and the title may be left to us."""

    references: Sequence[str]
    day: date | None = None
    title: str = ""


@dataclass(frozen=True, slots=True)
class Details:
    """What is said of a round besides its stops, by who had read its `version`."""

    title: str
    day: date
    walker_id: int | None
    version: int


@dataclass(frozen=True, slots=True)
class Depot:
    """Where a round sets out from and comes back to; None: from the first stop to the last."""

    point: LonLat | None
    label: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A report that could not be put on the round, and why."""

    reference: str
    reason: str


@dataclass(frozen=True, slots=True)
class Added:
    """What was put on a round, and what was not."""

    round: Round
    added: int
    left_out: Sequence[LeftOut] = field(default_factory=tuple)


def create_round(session: Session, actor: Actor, asked: NewRound, now: datetime) -> Added:
    """Prepare a round through the reports asked for, in a short walking order.

    What cannot be on it is told, one by one, and the others are.

    Raises
    ------
    NotAllowed
        If the actor leads no round.
    InvalidSubmission
        If the actor has no team, or there are too many reports.
    """
    references = _distinct(asked.references)
    found = rows.candidates(session, actor, references)
    team = team_by_id(session, _team_for(actor, found))
    require(actor, Action.LEAD_ROUND, Target(team.territory_id, None, team.id))
    if actor.account_id is None:
        raise InvalidSubmission({"team": NO_TEAM})
    day = asked.day or local_date(now)
    title = _title(asked.title or f"Tournée du {long_day(day, local_date(now))}")
    depot = rows.team_depot(session, team.id)
    round_ = Round(
        territory_id=team.territory_id,
        team_id=team.id,
        team=team,
        title=title,
        day=day,
        author_id=actor.account_id,
        walker_id=actor.account_id,
        depot=point_of(depot) if depot else None,
        depot_label=team.depot_label if depot else "",
        emergencies_first=False,
        status=RoundStatus.DRAFT,
        version=1,
        created_at=now,
        updated_at=now,
    )
    session.add(round_)
    session.flush()
    added = _put_on(session, actor, round_, references)
    put_in_order(session, actor, round_)
    return added


def add_stops(
    session: Session, actor: Actor, round_id: int, references: Sequence[str], now: datetime
) -> Added:
    """Put more reports at the end of a round.

    Raises
    ------
    NotFound
        If there is no such round, or the actor may not lead it.
    InvalidSubmission
        If the round is finished, or there are too many stops.
    """
    round_ = open_round(session, actor, round_id)
    added = _put_on(session, actor, round_, _distinct(references))
    _changed(session, round_, now)
    return added


def remove_stop(session: Session, actor: Actor, round_id: int, stop_id: int, now: datetime) -> None:
    """Take a stop off a round; its report stays as it is.

    Raises
    ------
    NotFound, InvalidSubmission
        As `add_stops` would; a stop that was settled stays, it tells what was done.
    """
    round_ = open_round(session, actor, round_id)
    stop = found_stop(session, round_id, stop_id)
    if stop.state in (StopState.DONE, StopState.BLOCKED):
        raise InvalidSubmission({"stop": "Cet arrêt est passé : il reste dans la tournée."})
    session.delete(stop)
    session.flush()
    rows.number_stops(session, rows.stop_keys(session, round_id))
    _changed(session, round_, now)


def move_stop(
    session: Session, actor: Actor, round_id: int, stop_id: int, by: int, now: datetime
) -> None:
    """Move a stop by `by` places, later when positive; at an end it stays there.

    Raises
    ------
    NotFound, InvalidSubmission
        As `add_stops` would.
    """
    round_ = open_round(session, actor, round_id)
    found_stop(session, round_id, stop_id)
    keys = rows.stop_keys(session, round_id)
    here = keys.index(stop_id)
    keys.insert(max(0, min(len(keys) - 1, here + by)), keys.pop(here))
    rows.number_stops(session, keys)
    _changed(session, round_, now)


def order_stops(
    session: Session,
    actor: Actor,
    round_id: int,
    now: datetime,
    *,
    emergencies_first: bool = False,
) -> None:
    """Put the stops in a short walking order, those already seen to first.

    Raises
    ------
    NotFound, InvalidSubmission
        As `add_stops` would.
    """
    round_ = open_round(session, actor, round_id)
    round_.emergencies_first = emergencies_first
    put_in_order(session, actor, round_)
    _changed(session, round_, now)


def edit_round(
    session: Session, actor: Actor, round_id: int, details: Details, now: datetime
) -> Round:
    """Change the title, the day and who walks.

    Raises
    ------
    StaleVersion
        If somebody changed the round since the actor read it.
    NotFound, InvalidSubmission
        As `add_stops` would; or if the title is empty, or the walker not of the team.
    """
    round_ = open_round(session, actor, round_id)
    if details.version != round_.version:
        raise StaleVersion(str(round_id), details.version, round_.version)
    round_.title = _title(details.title)
    if details.walker_id != round_.walker_id:
        allowed = {*rows.walkers_of(session, round_.team_id), actor.account_id, None}
        if details.walker_id not in allowed:
            raise InvalidSubmission({"walker": UNKNOWN_WALKER})
    round_.day, round_.walker_id = details.day, details.walker_id
    _changed(session, round_, now)
    session.refresh(round_, ["walker"])
    return round_


def set_depot(session: Session, actor: Actor, round_id: int, depot: Depot, now: datetime) -> None:
    """Say where the round sets out from and comes back to; the order stays as it is.

    Raises
    ------
    OutsideTerritory
        If no commune that is loaded contains the place.
    NotFound, InvalidSubmission
        As `add_stops` would.
    """
    round_ = open_round(session, actor, round_id)
    if len(depot.label) > DEPOT_LABEL_MAX:
        raise InvalidSubmission({"depot": LONG_LABEL})
    if depot.point is not None:
        _require_known(session, depot.point)
    round_.depot = point_of(depot.point) if depot.point else None  # type: ignore[assignment]  # read back as WKB
    round_.depot_label = depot.label if depot.point else ""
    _changed(session, round_, now)


def start_round(session: Session, actor: Actor, round_id: int, now: datetime) -> Round:
    """Say that the walk begins.

    Raises
    ------
    NotFound, InvalidSubmission
        As `add_stops` would.
    """
    round_ = open_round(session, actor, round_id)
    begin(round_, now)
    return round_


def finish_round(session: Session, actor: Actor, round_id: int, now: datetime) -> Round:
    """Say that the walk is over: what is left stays as it was.

    Raises
    ------
    NotFound, InvalidSubmission
        As `add_stops` would.
    """
    round_ = open_round(session, actor, round_id)
    begin(round_, now)
    round_.status, round_.finished_at = RoundStatus.DONE, now
    _changed(session, round_, now)
    return round_


def discard_round(session: Session, actor: Actor, round_id: int) -> None:
    """Forget a round that has not begun.

    Raises
    ------
    NotFound
        If there is no such round, or the actor may not lead it.
    InvalidSubmission
        If it has begun.
    """
    round_ = _locked(session, actor, round_id)
    if round_.status != RoundStatus.DRAFT:
        raise InvalidSubmission({"round": STARTED})
    rows.delete_round(session, round_id)


def begin(round_: Round, now: datetime) -> None:
    """Note that a round has begun, the first time."""
    if round_.status == RoundStatus.DRAFT:
        round_.status, round_.started_at = RoundStatus.UNDER_WAY, now
        round_.version += 1
        round_.updated_at = now


def found_stop(session: Session, round_id: int, stop_id: int) -> RoundStop:
    """Return a stop, held until the transaction ends.

    Raises
    ------
    NotFound
        If the round has no such stop.
    """
    stop = rows.find_stop(session, round_id, stop_id, lock=True)
    if stop is None:
        raise NotFound("Arrêt", str(stop_id))
    return stop


def open_round(session: Session, actor: Actor, round_id: int) -> Round:
    """Return a round that can still change, held until the transaction ends.

    Raises
    ------
    NotFound
        If there is no such round, or the actor may not lead it.
    InvalidSubmission
        If it is finished.
    """
    round_ = _locked(session, actor, round_id)
    if round_.status == RoundStatus.DONE:
        raise InvalidSubmission({"round": FINISHED})
    return round_


def _locked(session: Session, actor: Actor, round_id: int) -> Round:
    round_ = rows.find_round(session, actor, round_id, lock=True)
    if round_ is None:
        raise NotFound("Tournée", str(round_id))
    require(actor, Action.LEAD_ROUND, Target(round_.territory_id, None, round_.team_id))
    return round_


def _changed(session: Session, round_: Round, now: datetime) -> None:
    round_.version += 1
    round_.updated_at = now
    session.flush()


def _title(text: str) -> str:
    title = text.strip()
    if not title or len(title) > TITLE_MAX:
        raise InvalidSubmission({"title": NO_TITLE})
    return title


def _distinct(references: Sequence[str]) -> list[str]:
    """Return each reference once, as it is written in the database."""
    return list(dict.fromkeys(word.strip().upper() for word in references if word.strip()))


def _team_for(actor: Actor, found: Sequence[rows.Candidate]) -> int:
    """Return whose round it is: the actor's team that has most of the reports, else that team."""
    teams = [one.team_id for one in found]
    own = [team for team in teams if team in actor.team_ids] or sorted(actor.team_ids) or teams
    if not own:
        raise InvalidSubmission({"team": NO_TEAM})
    return max(own, key=lambda team: (teams.count(team), -own.index(team)))


def _put_on(session: Session, actor: Actor, round_: Round, references: Sequence[str]) -> Added:
    """Put at the end what may be on the round; tell the rest."""
    there = rows.signalements_on(session, round_.id)
    known = {one.reference: one for one in rows.candidates(session, actor, references)}
    reasons = {word: _refused(known.get(word), round_, there) for word in references}
    taken = [known[word].id for word, reason in reasons.items() if not reason]
    if len(there) + len(taken) > MAX_STOPS:
        raise InvalidSubmission({"references": TOO_MANY})
    first = len(there) + 1
    session.add_all(
        RoundStop(
            round_id=round_.id, signalement_id=key, position=place, state=StopState.TODO, reason=""
        )
        for place, key in enumerate(taken, start=first)
    )
    session.flush()
    left_out = tuple(LeftOut(word, reason) for word, reason in reasons.items() if reason)
    return Added(round_, len(taken), left_out)


def _refused(one: rows.Candidate | None, round_: Round, there: set[int]) -> str:
    """Return why a report cannot be put on a round; empty when it can."""
    if one is None or one.territory_id != round_.territory_id:
        return NOT_YOURS
    if one.id in there:
        return TWICE
    if is_workable(Status(one.status)):
        return ""
    return TO_ARBITRATE if one.status == Status.TO_ARBITRATE else ENDED


def _require_known(session: Session, point: LonLat) -> None:
    """Refuse a depot in no commune that is loaded: a slip of the keyboard, not a place."""
    if locate(session, point).commune is None:
        raise OutsideTerritory(point.lon, point.lat)


def left_out_words(left_out: Sequence[LeftOut]) -> str:
    """Return what was not put on a round, each with its reason; empty when all was."""
    if not left_out:
        return ""
    told = ", ".join(f"{one.reference} ({one.reason})" for one in left_out)
    return (
        f"{plural(len(left_out), 'signalement laissé', 'signalements laissés')} de côté : {told}."
    )
