"""Where a point is."""

from datetime import UTC, datetime

from flask import Response

from qpvmap.api.blueprint import territory_code, v1
from qpvmap.api.present import emprise_place, handled, place, qpv_place
from qpvmap.api.problems import NOWHERE, answer
from qpvmap.api.schemas import Located, LocateQuery
from qpvmap.core.errors import NotFound, OutsideTerritory
from qpvmap.core.geo import LonLat
from qpvmap.storage.places import locate
from qpvmap.storage.signalements import territory_by_code
from qpvmap.usecases.routing import Handling
from qpvmap.usecases.signalements import preview
from qpvmap.web.runtime import runtime
from qpvmap.web.security import current_actor, public
from qpvmap.web.sessions import request_session


@v1.get("/locate")
@public
@v1.input(LocateQuery, location="query", arg_name="query")
@v1.output(Located, description="La commune, l’IRIS et le quartier le plus proche.")
@v1.doc(
    operation_id="locate",
    tags=["Lieux"],
    summary="Situer un point",
    description="`share_inside` dit combien du disque de précision est dans le quartier : "
    "un point à 3 m du bord, connu à 15 m près, n’est ni dedans ni dehors. Avec `category`, "
    "`handling` dit qui s’en occuperait, pour quelle raison et quand.",
    responses={404: "Ce point n’est dans aucune commune connue."},
)
def locate_point(query: LocateQuery) -> Located | Response:
    """Answer where a point is."""
    location = locate(
        request_session(),
        LonLat(query.lon, query.lat),
        query.accuracy_m,
        runtime().settings.locate_max_distance_m,
    )
    commune = place(location.commune)
    if commune is None:
        return answer(NOWHERE)
    asked = {"handling": handled(_handling(query, query.category))} if query.category else {}
    return Located(
        commune=commune,
        iris=place(location.iris),
        qpv=qpv_place(location.qpv),
        emprise=emprise_place(location.emprise),
        **asked,
    )


def _handling(query: LocateQuery, category: str) -> Handling | None:
    """Return who would take a category at a point; None outside the towns served."""
    session, code = request_session(), territory_code()
    territory = territory_by_code(session, code)
    if territory is None:
        raise NotFound("Territoire", code)
    point, now = LonLat(query.lon, query.lat), datetime.now(UTC)
    try:
        seen = preview(session, current_actor(), territory, point, query.accuracy_m, category, now)
    except OutsideTerritory:
        return None
    return seen.handling
