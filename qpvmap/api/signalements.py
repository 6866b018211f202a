"""Signalements for programs: file, list, read, move along. The pages' own use cases do it."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from flask import Response, json, request, url_for
from sqlalchemy.orm import Session

from qpvmap.api.blueprint import territory_code, v1
from qpvmap.api.present import Reading, feature, history_since, signalement_detail, signalement_item
from qpvmap.api.problems import problem_of
from qpvmap.api.schemas import (
    MAX_PAGE,
    ListQuery,
    SignalementDetail,
    SignalementItem,
    SignalementPage,
    Transition,
)
from qpvmap.core.actors import Actor
from qpvmap.core.errors import NotFound, StaleVersion
from qpvmap.core.permissions import Action, Nature, Target, may
from qpvmap.core.signalements import Submission
from qpvmap.storage.listing import (
    Summary,
    count_visible,
    find_summary,
    list_visible,
    summary_by_id,
)
from qpvmap.storage.photos import photos_of
from qpvmap.storage.relatives import has_open_parts
from qpvmap.storage.signalements import Entry, history, territory_by_code
from qpvmap.usecases.handling import change_status
from qpvmap.usecases.signalements import submit
from qpvmap.web.security import current_actor, public, signed_in
from qpvmap.web.sessions import request_session, unit_of_work

GEOJSON = "application/geo+json"
JSON = "application/json"
TAGS = ["Signalements"]


@v1.post("/signalements")
@signed_in
@v1.input(Submission, location="json", arg_name="submission")
@v1.output(SignalementItem, status_code=201, description="Déposé.")
@v1.doc(
    operation_id="fileSignalement",
    tags=TAGS,
    summary="Déposer un signalement",
    description="Tirez `client_id` au hasard une fois par signalement et gardez-le pour les "
    "renvois : le même ne dépose jamais deux fois et rend le premier, même si le reste diffère.",
    responses={200: "Déjà déposé sous ce `client_id` : le premier, inchangé."},
)
def file_signalement(
    submission: Submission,
) -> tuple[SignalementItem, int, dict[str, str]]:
    """File a signalement, once for each `client_id`."""
    with unit_of_work() as session:
        territory = territory_by_code(session, territory_code())
        if territory is None:
            raise NotFound("Territoire", territory_code())
        receipt = submit(session, current_actor(), territory, submission, datetime.now(UTC))
        row = summary_by_id(session, current_actor(), receipt.signalement.id)
    where = url_for("v1.read_signalement", reference=row.reference)
    return signalement_item(row), 201 if receipt.created else 200, {"Location": where}


@v1.get("/signalements")
@public
@v1.input(ListQuery, location="query", arg_name="query")
@v1.output(SignalementPage, description="Une page, du plus récent au plus ancien.")
@v1.doc(
    operation_id="listSignalements",
    tags=TAGS,
    summary="Lister les signalements",
    description="Ceux que vous pouvez voir, sans leur auteur. Plusieurs valeurs d’un filtre se "
    "séparent par des virgules. L’en-tête `Link` mène aux pages voisines. "
    "`Accept: application/geo+json` donne du GeoJSON.",
)
def list_signalements(query: ListQuery) -> Response | SignalementPage:
    """Answer a page of what the actor may see."""
    session, actor, filters = request_session(), current_actor(), query.filters()
    offset = (query.page - 1) * query.page_size
    found = list_visible(
        session, actor, territory_code(), filters, offset=offset, limit=query.page_size + 1
    )
    rows, more = found[: query.page_size], len(found) > query.page_size
    total = count_visible(session, actor, territory_code(), filters) if query.count else None
    wanted = request.accept_mimetypes.best_match([JSON, GEOJSON], default=JSON)
    response = _geojson(rows, total) if wanted == GEOJSON else _page(rows, query, total)
    response.vary.add("Accept")
    response.headers["Link"] = ", ".join(_links(query.page, more))
    return response


@v1.get("/signalements/<reference>")
@public
@v1.output(SignalementDetail, description="Le signalement et son histoire.")
@v1.doc(
    operation_id="readSignalement",
    tags=TAGS,
    summary="Lire un signalement",
    description="`reporter` et les noms de l’histoire sont donnés à qui a le droit de les savoir.",
)
def read_signalement(reference: str) -> SignalementDetail:
    """Answer one signalement that the actor may see."""
    return _detail(reference)


@v1.post("/signalements/<reference>/transitions")
@signed_in
@v1.input(Transition, location="json", arg_name="transition")
@v1.output(SignalementDetail, description="Fait : le signalement tel qu’il est maintenant.")
@v1.doc(
    operation_id="moveSignalement",
    tags=TAGS,
    summary="Faire avancer un signalement",
    description="`version` est celle que vous avez lue : si une autre personne est passée "
    "entre-temps, rien n’est écrit et la réponse 409 dit où en est le signalement.",
    responses={
        403: "Vous pouvez voir ce signalement, pas le traiter.",
        409: "Modifié entre-temps : `current_version` et `current_status` disent où il en est, "
        "`since` ce qui s’est passé depuis votre version.",
    },
)
def move_signalement(reference: str, transition: Transition) -> SignalementDetail | Response:
    """Move a signalement along."""
    try:
        with unit_of_work() as session:
            change_status(
                session,
                current_actor(),
                reference,
                transition.request,
                version=transition.version,
                now=datetime.now(UTC),
            )
    except StaleVersion as stale:
        return _stale(stale)
    return _detail(reference)


def _stale(error: StaleVersion) -> Response:
    """Answer where the signalement is, and what happened since the version that was sent."""
    session, actor = request_session(), current_actor()
    row = find_summary(session, actor, error.reference)
    if row is None:
        return problem_of(error)
    since = history_since(row, _history(session, actor, row), actor, error.sent)
    return problem_of(error, current_status=row.status, since=since)


def _history(session: Session, actor: Actor, row: Summary) -> list[Entry]:
    target = Target(row.territory_id, Nature(row.nature), row.team_id, row.reporter_id)
    return history(session, row.id, unchecked=may(actor, Action.VIEW_UNCHECKED, target))


def _detail(reference: str) -> SignalementDetail:
    session, actor = request_session(), current_actor()
    row = find_summary(session, actor, reference)
    if row is None:
        raise NotFound("Signalement", reference)
    read = Reading(
        row,
        _history(session, actor, row),
        photos_of(session, row.id),
        has_open_parts(session, row.id),
    )
    return signalement_detail(read, actor)


def _page(rows: list[Summary], query: ListQuery, total: int | None) -> Response:
    page = SignalementPage(
        items=[signalement_item(row) for row in rows],
        page=query.page,
        page_size=query.page_size,
        total=total,
    )
    return Response(page.model_dump_json(), mimetype=JSON)


def _geojson(rows: list[Summary], total: int | None) -> Response:
    collection: dict[str, Any] = {
        "type": "FeatureCollection",
        "features": [feature(row) for row in rows],
    }
    if total is not None:
        collection["numberMatched"] = total
    return Response(json.dumps(collection, ensure_ascii=False), mimetype=GEOJSON)


def _links(page: int, more: bool) -> list[str]:
    """Return the neighbours of a page, under the same filters (RFC 8288)."""
    pages = {"first": 1, "prev": page - 1, "next": page + 1 if more and page < MAX_PAGE else 0}
    args = request.args.to_dict(flat=False)
    return [
        f'<{request.path}?{urlencode({**args, "page": number}, doseq=True)}>; rel="{rel}"'
        for rel, number in pages.items()
        if number
    ]
