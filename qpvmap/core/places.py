"""Where a point is: the answer of `locate`, with how surely it lies in the quarter."""

from dataclasses import dataclass, field

from qpvmap.core.french import distance


@dataclass(frozen=True, slots=True)
class PlaceRef:
    """An official place by its code and name."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class QpvPosition:
    """How a point stands to the nearest priority neighbourhood.

    `distance_m` is 0 inside, else metres on the ellipsoid to the perimeter; `share_inside`
    is the part, 0 to 1, of the GPS accuracy disc that lies inside.
    """

    code: str
    name: str
    vintage: int
    inside: bool
    distance_m: float
    share_inside: float


@dataclass(frozen=True, slots=True)
class EmpriseRef:
    """A piece of ground and the body that owns or manages it; `confidence` is 0 to 1."""

    id: int
    code: str
    name: str
    kind: str
    body_id: int
    body: str
    confidence: float = 1.0
    area_m2: float = 0.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """Ground that a point may stand on: an emprise or none, in a commune.

    `share` is the part, 0 to 1, of the accuracy disc on that ground, `commune_share` on the whole
    commune. Where emprises overlap, shares add up to more than 1.
    """

    emprise: EmpriseRef | None
    insee_code: str
    share: float
    commune_share: float = 1.0
    is_under: bool = True


@dataclass(frozen=True, slots=True)
class Location:
    """The commune, IRIS and nearest quarter of a point; None where nothing is known.

    `candidates` are the grounds that it may stand on, the likeliest first: a reading of today's
    emprises, which a signalement does not keep.
    """

    commune: PlaceRef | None
    iris: PlaceRef | None
    qpv: QpvPosition | None
    candidates: tuple[Candidate, ...] = field(default=(), compare=False)

    @property
    def emprise(self) -> Candidate | None:
        """The emprise under the point itself: the surest, then the smallest."""
        under = [c for c in self.candidates if c.emprise is not None and c.is_under]
        return max(under, key=_surest, default=None)


BY_POSITION = "d’après la position"
"""Said after a place that nobody typed: it was found from the point, and may be wrong."""
NAME_MAX = 150


def typed_address(address: str) -> str:
    """Return an address that somebody typed; empty when it was found from the point."""
    return "" if address.endswith(f"({BY_POSITION})") else address


def words_near(name: str, distance_m: float) -> str:
    """Return where a point is by what is nearest, said to be found and not typed."""
    known = f"«\u00a0{name[:NAME_MAX]}\u00a0»"
    where = known if distance_m < 1 else f"Près de {known}, à {distance(distance_m)}"
    return f"{where} ({BY_POSITION})"


def _surest(candidate: Candidate) -> tuple[float, float, str]:
    emprise = candidate.emprise
    return (emprise.confidence, -emprise.area_m2, emprise.code) if emprise else (0.0, 0.0, "")
