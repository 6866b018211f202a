"""Rows as the API shows them: names beside codes, and nobody's name to who may not know it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for

from qpvmap.api.schemas import (
    EmprisePlace,
    Handled,
    HistoryItem,
    PhotoItem,
    Place,
    QpvPlace,
    Routing,
    SignalementDetail,
    SignalementItem,
    TeamItem,
)
from qpvmap.core.actors import Actor
from qpvmap.core.labels import STATUS_LABELS, doubt_words, routing_reason
from qpvmap.core.permissions import Action, Nature, Target, may
from qpvmap.core.photos import Moment, Size
from qpvmap.core.places import Candidate, PlaceRef, QpvPosition
from qpvmap.core.routing import Ground
from qpvmap.core.workflow import Outcome, Situation, Status, moves_from
from qpvmap.storage.listing import Summary
from qpvmap.storage.models import Photo
from qpvmap.storage.signalements import Entry
from qpvmap.usecases.routing import Handling
from qpvmap.web.photos import version_of

SAME_NAME = (
    "reference",
    "category",
    "category_name",
    "description",
    "address",
    "lon",
    "lat",
    "accuracy_m",
    "captured_at",
    "created_at",
    "updated_at",
    "acknowledge_due_at",
    "due_at",
    "outcome",
    "priority",
    "planned_for",
    "waiting_on",
    "reopenings",
    "supports",
    "version",
    "is_demo",
    "description_hidden",
)
"""Members that are called alike in the row and in the answer."""


def place(ref: PlaceRef | None) -> Place | None:
    """Return an official place."""
    return Place(code=ref.code, name=ref.name) if ref else None


def qpv_place(position: QpvPosition | None) -> QpvPlace | None:
    """Return how a point stands to a quarter: decimetres, and thousandths of the disc."""
    if position is None:
        return None
    return QpvPlace(
        code=position.code,
        name=position.name,
        vintage=position.vintage,
        inside=position.inside,
        distance_m=round(position.distance_m, 1),
        share_inside=round(position.share_inside, 3),
    )


def emprise_place(candidate: Candidate | None) -> EmprisePlace | None:
    """Return the piece of ground under a point: thousandths of the disc."""
    if candidate is None or candidate.emprise is None:
        return None
    emprise = candidate.emprise
    return EmprisePlace(
        code=emprise.code,
        name=emprise.name,
        kind=emprise.kind,
        body=emprise.body,
        share=round(candidate.share, 3),
    )


def signalement_item(row: Summary) -> SignalementItem:
    """Return a signalement without its author."""
    return SignalementItem.model_validate(_members(row))


def photo_item(photo: Photo) -> PhotoItem:
    """Return a photo by its addresses, which change when it is blackened."""

    def address(size: Size) -> str:
        return url_for("v1.read_photo", photo_id=photo.id, size=size, v=version_of(photo))

    return PhotoItem(
        id=photo.id,
        moment=Moment(photo.moment),
        width=photo.width,
        height=photo.height,
        url=address(Size.FULL),
        thumbnail=address(Size.THUMBNAIL),
        uploaded_at=photo.uploaded_at,
        redacted=photo.redacted_at is not None,
    )


@dataclass(frozen=True, slots=True)
class Reading:
    """One signalement as it was read: its row, and what hangs on it."""

    row: Summary
    history: Sequence[Entry]
    photos: Sequence[Photo]
    has_open_parts: bool


def signalement_detail(read: Reading, actor: Actor) -> SignalementDetail:
    """Return a signalement with its history, and names only for those who may see them."""
    row = read.row
    target = Target(row.territory_id, Nature(row.nature), row.team_id, row.reporter_id)
    named = may(actor, Action.VIEW_REPORTER, target)
    handles = may(actor, Action.HANDLE, target)
    situation = Situation(
        Status(row.status),
        row.updated_at,
        outcome=Outcome(row.outcome) if row.outcome else None,
        has_open_parts=read.has_open_parts,
    )
    moves = moves_from(situation).items()
    return SignalementDetail(
        **_members(row),
        reporter=row.reporter_name if named else None,
        allowed=[to for to, move in moves if may(actor, move.action, target)],
        history=[_history_item(entry, row, named, handles) for entry in read.history],
        photos=[photo_item(photo) for photo in read.photos],
    )


def feature(row: Summary) -> dict[str, Any]:
    """Return a signalement as a GeoJSON feature, EPSG:4326."""
    properties = signalement_item(row).model_dump(mode="json")
    point = [properties.pop("lon"), properties.pop("lat")]
    return {
        "type": "Feature",
        "id": properties.pop("id"),
        "geometry": {"type": "Point", "coordinates": point},
        "properties": properties,
    }


def _members(row: Summary) -> dict[str, Any]:
    status = Status(row.status)
    return {
        **{name: getattr(row, name) for name in SAME_NAME},
        "id": row.reference,
        "status": status,
        "status_label": STATUS_LABELS[status],
        "nature": Nature(row.nature),
        "team": {
            "code": row.team,
            "name": row.team_name,
            "organisation": row.organisation_name,
        },
        "commune": Place(code=row.insee_code, name=row.commune_name),
        "iris": Place(code=row.iris_code, name=row.iris_name or "") if row.iris_code else None,
        "qpv": qpv_place(_position(row)),
        "routing": _routing(row),
    }


def _routing(row: Summary) -> Routing:
    others = (row.routing_doubt or {}).get("others", [])
    return Routing(
        ground=Ground(row.routing_ground),
        reason=routing_reason(
            row.routing_ground,
            row.emprise_body,
            row.emprise_name,
            row.category_name,
            row.team_name,
        ),
        doubt=doubt_words(row.team_name) if others else "",
        others=[other["team"] for other in others],
    )


def handled(handling: Handling | None) -> Handled | None:
    """Return who would take something, why, and by when."""
    if handling is None:
        return None
    team, others = handling.team, (handling.doubt or {}).get("others", [])
    return Handled(
        team=TeamItem(code=team.code, name=team.name, organisation=team.organisation.name),
        routing=Routing(
            ground=handling.ground,
            reason=handling.reason,
            doubt=handling.doubt_words,
            others=[other["team"] for other in others],
        ),
        acknowledge_due_at=handling.acknowledge_due_at,
        due_at=handling.due_at,
    )


def history_since(
    row: Summary, entries: Sequence[Entry], actor: Actor, version: int
) -> list[dict[str, Any]]:
    """Return the lines of a history that are newer than a version, as JSON holds them."""
    target = Target(row.territory_id, Nature(row.nature), row.team_id, row.reporter_id)
    named, handles = may(actor, Action.VIEW_REPORTER, target), may(actor, Action.HANDLE, target)
    return [
        _history_item(entry, row, named, handles).model_dump(mode="json")
        for entry in entries
        if entry.version > version
    ]


def _position(row: Summary) -> QpvPosition | None:
    if row.qpv_code is None:
        return None
    return QpvPosition(
        code=row.qpv_code,
        name=row.qpv_name or "",
        vintage=row.qpv_vintage or 0,
        inside=row.inside_qpv,
        distance_m=row.qpv_distance_m or 0.0,
        share_inside=row.share_inside,
    )


def _history_item(entry: Entry, row: Summary, named: bool, handles: bool) -> HistoryItem:
    """Return a line of the history; the author's own lines say nothing of them to strangers.

    Who handled it is for those who handle it: the others, its author included, read the body.
    """
    by_author = entry.actor_id is not None and entry.actor_id == row.reporter_id
    shown = named if by_author else handles
    return HistoryItem(
        sequence=entry.sequence,
        version=entry.version,
        kind=entry.kind,
        at=entry.at,
        from_status=Status(entry.from_status) if entry.from_status else None,
        to_status=Status(entry.to_status),
        comment=entry.comment,
        organisation=(entry.organisation_name or None) if named or not by_author else None,
        name=(entry.actor_name or None) if shown else None,
    )
