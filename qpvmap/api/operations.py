"""The investment plan for programs: the same operations as the pages, for the same readers."""

from urllib.parse import urlencode

from flask import Response, json, request

from qpvmap.api.blueprint import territory_code, v1
from qpvmap.api.operation_schemas import (
    OperationDetail,
    OperationPage,
    OperationQuery,
    operation_detail,
    operation_item,
)
from qpvmap.core.errors import NotFound
from qpvmap.core.french import local_date
from qpvmap.core.operation_filters import chosen_operations
from qpvmap.core.operations import PlannedOperation
from qpvmap.storage.operation_files import documents_of, journal_of
from qpvmap.storage.operations import visible_plan
from qpvmap.storage.signalements import territory_by_code
from qpvmap.web.filters import request_now
from qpvmap.web.security import current_actor, public
from qpvmap.web.sessions import request_session

GEOJSON = "application/geo+json"
JSON = "application/json"


@v1.get("/operations")
@public
@v1.input(OperationQuery, location="query", arg_name="query")
@v1.output(OperationPage, description="Une page du plan, par commune.")
@v1.doc(
    operation_id="listOperations",
    tags=["Plan d’investissement"],
    summary="Lister les opérations d’investissement",
    description="Avec leur distance aux périmètres de 2024 et de 2015, en mètres au sol. Les "
    "montants demandés ne sont donnés qu’à la planification, à la coordination et à "
    "l’administration. `Accept: application/geo+json` donne du GeoJSON ; une opération sans lieu y "
    "a une géométrie nulle.",
)
def list_operations(query: OperationQuery) -> Response | OperationPage:
    """Answer a page of the plan as the actor may read it."""
    session = request_session()
    territory = territory_by_code(session, territory_code())
    plan = visible_plan(session, current_actor(), territory.id) if territory else []
    found = chosen_operations(plan, query.wanted(), local_date(request_now()))
    start = (query.page - 1) * query.page_size
    rows = found[start : start + query.page_size]
    wanted = request.accept_mimetypes.best_match([JSON, GEOJSON], default=JSON)
    if wanted == GEOJSON:
        response = _geojson(rows, len(found))
    else:
        page = OperationPage(
            items=[operation_item(row) for row in rows],
            page=query.page,
            page_size=query.page_size,
            total=len(found),
        )
        response = Response(page.model_dump_json(), mimetype=JSON)
    response.vary.add("Accept")
    response.headers["Link"] = _links(query, len(found))
    return response


@v1.get("/operations/<code>")
@public
@v1.output(OperationDetail, description="L’opération, ses documents, son histoire.")
@v1.doc(
    operation_id="getOperation",
    tags=["Plan d’investissement"],
    summary="Lire une opération d’investissement",
    description="Les champs de la liste, financements et états datés compris, et les documents "
    "publics. La note interne n’est jamais donnée. Les montants demandés, les documents réservés "
    "et l’histoire des changements ne sont donnés qu’à la planification et à la coordination.",
    responses={404: "Aucune opération du plan n’a ce code."},
)
def get_operation(code: str) -> OperationDetail:
    """Answer an operation as the actor may read it, with its documents and journal."""
    session, actor = request_session(), current_actor()
    territory = territory_by_code(session, territory_code())
    found = visible_plan(session, actor, territory.id, code) if territory else []
    if territory is None or not found:
        raise NotFound("Opération", code)
    return operation_detail(
        found[0],
        documents_of(session, actor, territory.id, code),
        journal_of(session, actor, territory.id, code),
    )


def _geojson(rows: list[PlannedOperation], total: int) -> Response:
    collection = {
        "type": "FeatureCollection",
        "features": [_feature(row) for row in rows],
        "numberMatched": total,
    }
    return Response(json.dumps(collection, ensure_ascii=False), mimetype=GEOJSON)


def _feature(row: PlannedOperation) -> dict[str, object]:
    place = row.content.place
    return {
        "type": "Feature",
        "id": row.code,
        "geometry": {"type": "Point", "coordinates": [place.lon, place.lat]} if place else None,
        "properties": operation_item(row).model_dump(mode="json", exclude={"lon", "lat"}),
    }


def _links(query: OperationQuery, total: int) -> str:
    """Return the neighbours of a page, under the same filters (RFC 8288)."""
    following = query.page + 1 if query.page * query.page_size < total else 0
    pages = {"first": 1, "prev": query.page - 1, "next": following}
    args = request.args.to_dict(flat=False)
    return ", ".join(
        f'<{request.path}?{urlencode({**args, "page": number}, doseq=True)}>; rel="{rel}"'
        for rel, number in pages.items()
        if number
    )
