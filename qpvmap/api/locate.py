"""Where a point is."""

from flask import Response

from qpvmap.api.blueprint import v1
from qpvmap.api.present import emprise_place, place, qpv_place
from qpvmap.api.problems import NOWHERE, answer
from qpvmap.api.schemas import Located, LocateQuery
from qpvmap.core.geo import LonLat
from qpvmap.storage.places import locate
from qpvmap.web.runtime import runtime
from qpvmap.web.security import public
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
    "un point à 3 m du bord, connu à 15 m près, n’est ni dedans ni dehors.",
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
    return Located(
        commune=commune,
        iris=place(location.iris),
        qpv=qpv_place(location.qpv),
        emprise=emprise_place(location.emprise),
    )
