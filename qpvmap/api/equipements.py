"""Equipment for programs: what is around the quarter, the nearest first."""

from typing import Any
from urllib.parse import urlencode

from flask import Response, json, request
from pydantic import BaseModel, Field

from qpvmap.api.blueprint import territory_code, v1
from qpvmap.api.schemas import MAX_PAGE, MAX_PAGE_SIZE, Box, Input
from qpvmap.core.errors import NotFound
from qpvmap.storage.equipment import Place, Wanted, equipment_of
from qpvmap.storage.signalements import territory_by_code
from qpvmap.web.security import public
from qpvmap.web.sessions import request_session

GEOJSON = "application/geo+json"
JSON = "application/json"


class EquipmentQuery(Input):
    """Filters and page of a list of equipment."""

    bbox: Box = Field(None, description="Emprise en degrés : ouest,sud,est,nord.")
    theme: str = Field(
        "",
        max_length=40,
        description="education, family, sport, culture, social, shop ou transport.",
    )
    commune: str = Field("", max_length=5, description="Code Insee d’une commune.")
    q: str = Field("", max_length=100, description="Mots du nom, sans tenir compte des accents.")
    page: int = Field(1, ge=1, le=MAX_PAGE, description="Page, à partir de 1.")
    page_size: int = Field(50, ge=1, le=MAX_PAGE_SIZE, description="Équipements par page.")


class EquipmentItem(BaseModel):
    """An equipment; empty is not known."""

    id: int
    name: str
    theme: str
    kind: str
    detail: str
    address: str
    insee_code: str | None
    iris_code: str | None
    source: str = Field(description="Producteur.")
    vintage: int = Field(description="Édition.")
    opening_hours: str = Field(description="Horaires, écrits comme dans OpenStreetMap.")
    access: str = Field(description="En fauteuil : yes, limited, no, ou vide si inconnu.")
    position_quality: str = Field(description="exact, address ou approximate.")
    position_score: float | None = Field(description="Sûreté de l’adresse trouvée, 0 à 1.")
    lon: float
    lat: float
    distance_m: float | None = Field(description="Distance au quartier, 0 dedans.")


class EquipmentPage(BaseModel):
    """One page of a list; the `Link` header leads to the others."""

    items: list[EquipmentItem]
    page: int
    page_size: int


@v1.get("/equipements")
@public
@v1.input(EquipmentQuery, location="query", arg_name="query")
@v1.output(EquipmentPage, description="Une page, du plus proche du quartier au plus loin.")
@v1.doc(
    operation_id="listEquipment",
    tags=["Équipements"],
    summary="Lister les équipements",
    description="Ceux des communes du territoire, et à moins de 1 500 m du quartier ; un lieu que "
    "deux producteurs nomment n’y est qu’une fois quand la coordination l’a dit. L’en-tête `Link` "
    "mène aux pages voisines. `Accept: application/geo+json` donne du GeoJSON.",
)
def list_equipment(query: EquipmentQuery) -> Response:
    """Answer a page of the equipment of the territory."""
    session = request_session()
    territory = territory_by_code(session, territory_code())
    if territory is None:
        raise NotFound("Territoire", territory_code())
    found = equipment_of(
        session,
        territory.id,
        Wanted(query.theme, query.commune, query.q, query.bbox),
        offset=(query.page - 1) * query.page_size,
        limit=query.page_size + 1,
    )
    rows, more = found[: query.page_size], len(found) > query.page_size
    wanted = request.accept_mimetypes.best_match([JSON, GEOJSON], default=JSON)
    answer = _geojson(rows) if wanted == GEOJSON else _page(rows, query)
    answer.vary.add("Accept")
    answer.headers["Link"] = ", ".join(_links(query.page, more))
    return answer


def _item(place: Place) -> EquipmentItem:
    return EquipmentItem.model_validate(place, from_attributes=True)


def _page(rows: list[Place], query: EquipmentQuery) -> Response:
    page = EquipmentPage(
        items=[_item(row) for row in rows], page=query.page, page_size=query.page_size
    )
    return Response(page.model_dump_json(), mimetype=JSON)


def _geojson(rows: list[Place]) -> Response:
    features: list[dict[str, Any]] = [
        {
            "type": "Feature",
            "id": row.id,
            "geometry": {"type": "Point", "coordinates": [row.lon, row.lat]},
            "properties": _item(row).model_dump(exclude={"lon", "lat"}),
        }
        for row in rows
    ]
    content = {"type": "FeatureCollection", "features": features}
    return Response(json.dumps(content, ensure_ascii=False), mimetype=GEOJSON)


def _links(page: int, more: bool) -> list[str]:
    """Return the neighbours of a page, under the same filters (RFC 8288)."""
    pages = {"first": 1, "prev": page - 1, "next": page + 1 if more and page < MAX_PAGE else 0}
    args = request.args.to_dict(flat=False)
    return [
        f'<{request.path}?{urlencode({**args, "page": number}, doseq=True)}>; rel="{rel}"'
        for rel, number in pages.items()
        if number
    ]
