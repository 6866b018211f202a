"""The investment plan: what an operation is, what is missing of it, who reads what."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from qpvmap.core.geo import LonLat
from qpvmap.core.money import euros, typed
from qpvmap.core.periods import Period

STATUS_LABELS: Mapping[str, str] = {
    "idea": "Idée",
    "programmed": "Programmée",
    "studies": "Études",
    "works": "Travaux",
    "delivered": "Livrée",
    "abandoned": "Abandonnée",
}
ENDED = frozenset({"delivered", "abandoned"})
NATURE_LABELS: Mapping[str, str] = {
    "renovation": "rénovation",
    "reconstruction": "reconstruction",
    "creation": "création",
    "extension": "extension",
    "redevelopment": "réaménagement",
    "renaturation": "renaturation",
    "endowment": "dotation",
}
THEME_LABELS: Mapping[str, str] = {
    "education": "Éducation",
    "family": "Petite enfance",
    "sport": "Sport",
    "culture": "Culture",
    "social": "Social et santé",
    "shop": "Commerce et emploi",
    "transport": "Transport",
    "public-space": "Espace public",
}
QUALITY_LABELS: Mapping[str, str] = {
    "exact": "exact",
    "address": "à l’adresse",
    "approximate": "approximatif",
    "unknown": "non précisé",
}
EQUIPMENT_LABELS: Mapping[str, str] = {
    "": "non précisé",
    "existing": "existant",
    "future": "à créer",
}
RIOTS = "Lien avec les violences urbaines de l’été 2023"

FIELDS: Mapping[str, str] = {
    "title": "Intitulé",
    "communes": "Communes",
    "theme": "Thème",
    "natures": "Nature",
    "work": "Travaux",
    "status": "État",
    "owner": "Maître d’ouvrage",
    "equipment_state": "Équipement",
    "equipment_name": "Nom de l’équipement",
    "equipment_key": "Identifiant de l’équipement",
    "starts": "Début",
    "ends": "Fin",
    "cost": "Coût",
    "riots_2023": "Violences de l’été 2023",
    "description": "Description",
    "note": "Note interne",
    "address": "Adresse",
    "place": "Lieu",
    "position_quality": "Qualité du lieu",
    "lines": "Financements",
    "steps": "États datés",
}
"""What is known of an operation, in reading order, and how it is called."""

INTERNAL = frozenset({"note"})
GENERATIONS = (2024, 2015)
"""Generations of perimeters that an operation is measured to: the present one first."""
BANDS: Mapping[str, tuple[float, str]] = {
    "dans": (0, "Dans le quartier"),
    "300": (300, "À 300\u00a0m au plus"),
    "500": (500, "De 300 à 500\u00a0m"),
    "loin": (float("inf"), "À plus de 500\u00a0m"),
}
"""How near to the quarter: key, farthest distance in metres on the ground, words."""
PLACE_DECIMALS = 7


@dataclass(frozen=True, slots=True)
class FundingLine:
    """Who pays how much, and in which year: asked, agreed, paid, in euros."""

    funder: str
    year: int | None = None
    asked: Decimal | None = None
    agreed: Decimal | None = None
    paid: Decimal | None = None
    note: str = ""

    def __str__(self) -> str:
        """Return the line in words."""
        sums = (("demandé", self.asked), ("accordé", self.agreed), ("versé", self.paid))
        said = [f"{euros(amount)} {word}" for word, amount in sums if amount is not None]
        year = f" {self.year}" if self.year else ""
        note = f" ({self.note})" if self.note else ""
        return f"{self.funder}{year} : {', '.join(said) or 'montant non précisé'}{note}"


@dataclass(frozen=True, slots=True)
class Step:
    """A state that the operation reached, or should, and when."""

    status: str
    at: Period | None = None
    note: str = ""

    def __str__(self) -> str:
        """Return the step in words."""
        note = f" ({self.note})" if self.note else ""
        when = self.at.words if self.at else "date non précisée"
        return f"{STATUS_LABELS[self.status]}, {when}{note}"


@dataclass(frozen=True, slots=True)
class Draft:
    """What is known of an operation, or what somebody wants it to be. What is unknown is None."""

    title: str = ""
    communes: tuple[str, ...] = ()
    theme: str = ""
    natures: tuple[str, ...] = ()
    work: str = ""
    status: str = "idea"
    owner: str = ""
    equipment_state: str = ""
    equipment_name: str = ""
    equipment_key: str = ""
    starts: Period | None = None
    ends: Period | None = None
    cost: Decimal | None = None
    riots_2023: bool = False
    description: str = ""
    note: str = ""
    address: str = ""
    place: LonLat | None = None
    position_quality: str = "unknown"
    lines: tuple[FundingLine, ...] = ()
    steps: tuple[Step, ...] = ()

    def total(self, kind: str) -> Decimal:
        """Return the sum of what is `asked`, `agreed` or `paid`."""
        return sum((getattr(line, kind) or Decimal(0) for line in self.lines), Decimal(0))


def comparable(draft: Draft, name: str) -> object:
    """Return what tells whether a field changed: places to the centimetre."""
    value = getattr(draft, name)
    if isinstance(value, LonLat):
        return round(value.lon, PLACE_DECIMALS), round(value.lat, PLACE_DECIMALS)
    return value


def changed_fields(before: Draft, after: Draft) -> list[str]:
    """Return the fields that differ, in reading order."""
    return [name for name in FIELDS if comparable(before, name) != comparable(after, name)]


Shown = Callable[[Draft, Mapping[str, str]], str]
SHOWN: Mapping[str, Shown] = {
    "communes": lambda d, names: ", ".join(names.get(code, code) for code in d.communes),
    "theme": lambda d, _: THEME_LABELS.get(d.theme, d.theme),
    "natures": lambda d, _: ", ".join(NATURE_LABELS[nature] for nature in d.natures),
    "status": lambda d, _: STATUS_LABELS[d.status],
    "equipment_state": lambda d, _: (
        EQUIPMENT_LABELS[d.equipment_state] if d.equipment_state else ""
    ),
    "starts": lambda d, _: d.starts.words if d.starts else "",
    "ends": lambda d, _: d.ends.words if d.ends else "",
    "cost": lambda d, _: euros(d.cost) if d.cost is not None else "",
    "riots_2023": lambda d, _: "oui" if d.riots_2023 else "non",
    "place": lambda d, _: f"{d.place.lat:.6f}, {d.place.lon:.6f}" if d.place else "",
    "position_quality": lambda d, _: QUALITY_LABELS[d.position_quality],
    "lines": lambda d, _: " ; ".join(map(str, d.lines)),
    "steps": lambda d, _: " ; ".join(map(str, d.steps)),
}


def shown(draft: Draft, name: str, communes: Mapping[str, str]) -> str:
    """Return a field in French words; empty when it is unknown. `communes`: names by code."""
    show = SHOWN.get(name)
    return show(draft, communes) if show else str(getattr(draft, name))


@dataclass(frozen=True, slots=True)
class Nearness:
    """How an operation stands to a generation of perimeters; metres on the ground, 0 inside."""

    vintage: int
    qpv_code: str
    qpv_name: str
    distance_m: float
    own: bool

    @property
    def band(self) -> str:
        """The key of its band."""
        return band_of(self.distance_m)


def band_of(distance_m: float) -> str:
    """Return the key of the band of a distance to the perimeter."""
    return next(key for key, (most, _) in BANDS.items() if distance_m <= most)


@dataclass(frozen=True, slots=True)
class PlannedOperation:
    """An item of the plan as its readers see it. EPSG:4326."""

    code: str
    version: int
    content: Draft
    names: Mapping[str, str] = field(default_factory=dict)
    nearness: Mapping[int, Nearness] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Its title."""
        return self.content.title

    @property
    def theme(self) -> str:
        """The key of its theme."""
        return self.content.theme

    @property
    def status(self) -> str:
        """The key of its state."""
        return self.content.status

    @property
    def work(self) -> str:
        """What is done, in its author's words, else its natures."""
        return self.content.work or self.shown("natures")

    @property
    def commune(self) -> str:
        """The name of the commune it is listed under."""
        return self.names.get(self.content.communes[0], self.content.communes[0])

    @property
    def communes(self) -> str:
        """The names of all its communes."""
        return self.shown("communes")

    @property
    def lon(self) -> float | None:
        """Its longitude, if it has a place."""
        return self.content.place.lon if self.content.place else None

    @property
    def lat(self) -> float | None:
        """Its latitude, if it has a place."""
        return self.content.place.lat if self.content.place else None

    @property
    def position_quality(self) -> str:
        """How well its place is known."""
        return self.content.position_quality

    @property
    def is_approximate(self) -> bool:
        """Whether it was only placed plausibly, for want of knowing where."""
        return self.position_quality == "approximate"

    @property
    def distance_m(self) -> float | None:
        """How far the present perimeter is, metres; 0 inside, None without a place."""
        now = self.nearness.get(GENERATIONS[0])
        return now.distance_m if now else None

    def band(self, vintage: int = GENERATIONS[0]) -> str:
        """Return the key of its band for a generation; empty without a place or a perimeter."""
        near = self.nearness.get(vintage)
        return near.band if near else ""

    def shown(self, name: str) -> str:
        """Return a field in French words."""
        return shown(self.content, name, self.names)


def for_public(operation: PlannedOperation) -> PlannedOperation:
    """Return the operation without what planners keep to themselves.

    That is the internal note, and what was asked for and not agreed.
    """
    lines = tuple(
        replace(line, asked=None, note="")
        for line in operation.content.lines
        if line.agreed is not None or line.paid is not None
    )
    return replace(operation, content=replace(operation.content, lines=lines, note=""))


Doubt = Callable[[PlannedOperation, date], bool]


def _is_overdue(operation: PlannedOperation, today: date) -> bool:
    ends = operation.content.ends
    return ends is not None and ends.last < today and operation.status not in ENDED


def _overfunded(operation: PlannedOperation, _: date) -> bool:
    cost = operation.content.cost
    return cost is not None and operation.content.total("agreed") > cost


def _overpaid(operation: PlannedOperation, _: date) -> bool:
    return any(
        line.paid is not None and line.paid > (line.agreed or Decimal(0))
        for line in operation.content.lines
    )


def _step_disagrees(operation: PlannedOperation, today: date) -> bool:
    past = [step for step in operation.content.steps if step.at and step.at.first <= today]
    return bool(past) and past[-1].status != operation.status


def _undated(operation: PlannedOperation, _: date) -> bool:
    return operation.content.starts is None and operation.content.ends is None


MISSING: Mapping[str, tuple[str, Doubt]] = {
    "cout": ("Sans coût", lambda o, _: o.content.cost is None),
    "date": ("Sans date", _undated),
    "lieu": ("Sans lieu", lambda o, _: o.content.place is None),
    "lieu-approximatif": ("Lieu approximatif", lambda o, _: o.is_approximate),
    "maitre-ouvrage": ("Sans maître d’ouvrage", lambda o, _: not o.content.owner),
    "nature": ("Sans nature", lambda o, _: not o.content.natures),
    "financement": ("Sans financement accordé", lambda o, _: not o.content.total("agreed")),
    "depassee": ("Fin dépassée", _is_overdue),
    "surfinancee": ("Accordé au-delà du coût", _overfunded),
    "survers": ("Versé au-delà de l’accordé", _overpaid),
    "etat-date": ("État et date en désaccord", _step_disagrees),
}
"""What a planner should complete or look at: key, words, test."""
DOUBTS = frozenset({"depassee", "surfinancee", "survers", "etat-date"})
"""Those that say something is odd, not only unknown."""


def missing(operation: PlannedOperation, today: date) -> list[str]:
    """Return the keys of what should be completed or looked at."""
    return [key for key, (_, test) in MISSING.items() if test(operation, today)]


def sorted_steps(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Return dated states in their order; what has no date comes first, as it was given."""
    return tuple(sorted(steps, key=lambda step: step.at.first if step.at else date.min))


def typed_place(degrees: float | None) -> str:
    """Return a coordinate as it is typed in a form."""
    return "" if degrees is None else f"{degrees:.7f}".rstrip("0").rstrip(".")


def typed_values(draft: Draft) -> dict[str, str]:
    """Return each simple field as one would type it in a form."""
    return {
        **{name: str(getattr(draft, name)) for name in TEXTS},
        "communes": ";".join(draft.communes),
        "natures": ";".join(draft.natures),
        "starts": str(draft.starts or ""),
        "ends": str(draft.ends or ""),
        "cost": typed(draft.cost),
        "riots_2023": "oui" if draft.riots_2023 else "",
        "lon": typed_place(draft.place.lon if draft.place else None),
        "lat": typed_place(draft.place.lat if draft.place else None),
    }


TEXTS = (
    "title",
    "theme",
    "work",
    "status",
    "owner",
    "equipment_state",
    "equipment_name",
    "equipment_key",
    "description",
    "note",
    "address",
    "position_quality",
)
