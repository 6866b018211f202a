"""Operations of the investment plan, as the API takes and gives them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints

from qpvmap.api.schemas import MAX_PAGE, MAX_PAGE_SIZE, Input, Place
from qpvmap.core.documents import KINDS
from qpvmap.core.operation_filters import PlanFilter
from qpvmap.core.operations import (
    Draft,
    FundingLine,
    Nearness,
    PlannedOperation,
    Step,
)
from qpvmap.core.periods import Period, Precision
from qpvmap.storage.models import OperationDocument
from qpvmap.storage.operation_files import Change

FILTERS = {
    "commune": "commune",
    "theme": "theme",
    "status": "etat",
    "nature": "nature",
    "band": "zone",
    "year": "annee",
}
"""Parameters of the API, and the filters of the pages that they are."""
Theme = Literal[
    "education", "family", "sport", "culture", "social", "shop", "transport", "public-space"
]
OperationStatus = Literal["idea", "programmed", "studies", "works", "delivered", "abandoned"]
OperationNature = Literal[
    "renovation",
    "reconstruction",
    "creation",
    "extension",
    "redevelopment",
    "renaturation",
    "endowment",
    "inconnu",
]
Band = Literal["dans", "300", "500", "loin", "inconnu"]
InseeCode = Annotated[str, StringConstraints(pattern=r"^[0-9][0-9AB][0-9]{3}$")]
Year = Annotated[str, StringConstraints(pattern=r"^(19|20)\d\d$")]


def _each(text: object) -> object:
    """Return the values of `a,b`, each of which must be one that is known."""
    return [part.strip() for part in text.split(",")] if isinstance(text, str) else text


class OperationQuery(Input):
    """Filters and page of the investment plan."""

    commune: Annotated[list[InseeCode], BeforeValidator(_each)] = Field(
        default_factory=list, description="Codes Insee de communes."
    )
    theme: Annotated[list[Theme], BeforeValidator(_each)] = Field(
        default_factory=list, description="Thèmes."
    )
    status: Annotated[list[OperationStatus], BeforeValidator(_each)] = Field(
        default_factory=list, description="États."
    )
    nature: Annotated[list[OperationNature], BeforeValidator(_each)] = Field(
        default_factory=list, description="Natures."
    )
    band: Annotated[list[Band], BeforeValidator(_each)] = Field(
        default_factory=list, description="Situation par rapport au périmètre."
    )
    year: Annotated[list[Year], BeforeValidator(_each)] = Field(
        default_factory=list, description="Années des dates ou des financements."
    )
    perimeter: Literal["2024", "2015"] = Field(
        "2024", description="Génération de périmètres mesurée par `band`."
    )
    q: str = Field("", max_length=200, description="Mots cherchés.")
    page: int = Field(1, ge=1, le=MAX_PAGE, description="Page, à partir de 1.")
    page_size: int = Field(100, ge=1, le=MAX_PAGE_SIZE, description="Opérations par page.")

    def wanted(self) -> PlanFilter:
        """Return the filters as the plan takes them."""
        chosen = {theirs: tuple(getattr(self, name)) for name, theirs in FILTERS.items()}
        return PlanFilter({k: v for k, v in chosen.items() if v}, self.q, int(self.perimeter))


class PeriodItem(BaseModel):
    """A date known to a precision."""

    first: date = Field(description="Premier jour.")
    last: date = Field(description="Dernier jour.")
    precision: Precision = Field(description="day, month, quarter ou year.")
    words: str = Field(description="La date en mots.")


class FundingItem(BaseModel):
    """Who pays how much in a year, in euros."""

    funder: str
    year: int | None
    asked: str | None = Field(description="Demandé, euros, décimal exact ; planification seule.")
    agreed: str | None = Field(description="Accordé, euros, décimal exact.")
    paid: str | None = Field(description="Versé, euros, décimal exact.")


class StepItem(BaseModel):
    """A state that was reached, or is planned."""

    status: str
    at: PeriodItem | None
    note: str


class NearnessItem(BaseModel):
    """How an operation stands to a generation of perimeters."""

    vintage: int = Field(description="Génération : 2015 ou 2024.")
    qpv: Place
    own: bool = Field(description="Vrai pour un quartier du territoire.")
    inside: bool
    distance_m: float = Field(description="Mètres au sol jusqu’au périmètre ; 0 dedans.")
    band: str = Field(description="dans, 300, 500 ou loin.")


class OperationItem(BaseModel):
    """An operation of the plan; what is unknown is null or empty."""

    code: str
    version: int
    title: str
    communes: list[Place]
    theme: str
    natures: list[str]
    work: str
    status: str
    status_label: str
    owner: str
    equipment: str
    equipment_state: str
    starts: PeriodItem | None
    ends: PeriodItem | None
    cost: str | None = Field(description="Euros, décimal exact.")
    riots_2023: bool = Field(description="Reconstruction après les violences de l’été 2023.")
    description: str
    address: str
    lon: float | None
    lat: float | None
    position_quality: str = Field(description="exact, address, approximate ou unknown.")
    nearness: list[NearnessItem]
    funding: list[FundingItem]
    steps: list[StepItem]


class DocumentItem(BaseModel):
    """A file kept with an operation."""

    title: str
    media_type: str
    size_bytes: int
    is_public: bool
    url: str = Field(description="Adresse du fichier.")


class ChangeItem(BaseModel):
    """A line of the journal of an operation."""

    at: datetime
    name: str = Field(description="Qui ; vide pour un compte effacé.")
    origin: str = Field(description="form, move, bulk, import ou document.")
    version: int
    changes: dict[str, tuple[str, str]] = Field(description="Par champ : avant, après, en mots.")


class OperationDetail(OperationItem):
    """An operation with what is kept beside it, for who may read it."""

    documents: list[DocumentItem] = Field(description="Publics ; tous pour la planification.")
    history: list[ChangeItem] = Field(
        description="Les 50 derniers changements, du plus récent ; planification seule."
    )


class OperationPage(BaseModel):
    """A page of the plan."""

    items: list[OperationItem]
    page: int
    page_size: int
    total: int


def _period(period: Period | None) -> PeriodItem | None:
    if period is None:
        return None
    return PeriodItem(
        first=period.first, last=period.last, precision=period.precision, words=period.words
    )


def _funding(line: FundingLine) -> FundingItem:
    amounts = {
        name: None if amount is None else str(amount)
        for name, amount in (("asked", line.asked), ("agreed", line.agreed), ("paid", line.paid))
    }
    return FundingItem(funder=line.funder, year=line.year, **amounts)


def _step(step: Step) -> StepItem:
    return StepItem(status=step.status, at=_period(step.at), note=step.note)


def _near(near: Nearness) -> NearnessItem:
    return NearnessItem(
        vintage=near.vintage,
        qpv=Place(code=near.qpv_code, name=near.qpv_name),
        own=near.own,
        inside=near.distance_m == 0,
        distance_m=round(near.distance_m, 2),
        band=near.band,
    )


def operation_item(operation: PlannedOperation) -> OperationItem:
    """Return an operation as the API gives it; who reads was seen to before."""
    content: Draft = operation.content
    return OperationItem(
        code=operation.code,
        version=operation.version,
        title=content.title,
        communes=[
            Place(code=code, name=operation.names.get(code, code)) for code in content.communes
        ],
        theme=content.theme,
        natures=list(content.natures),
        work=content.work,
        status=content.status,
        status_label=operation.shown("status"),
        owner=content.owner,
        equipment=content.equipment_name,
        equipment_state=content.equipment_state,
        starts=_period(content.starts),
        ends=_period(content.ends),
        cost=None if content.cost is None else str(content.cost),
        riots_2023=content.riots_2023,
        description=content.description,
        address=content.address,
        lon=operation.lon,
        lat=operation.lat,
        position_quality=content.position_quality,
        nearness=[_near(near) for _, near in sorted(operation.nearness.items(), reverse=True)],
        funding=[_funding(line) for line in content.lines],
        steps=[_step(step) for step in content.steps],
    )


def document_item(code: str, row: OperationDocument) -> DocumentItem:
    """Return a document of an operation as the API gives it."""
    return DocumentItem(
        title=row.title,
        media_type=KINDS[row.kind].media_type,
        size_bytes=row.size_bytes,
        is_public=row.is_public,
        url=f"/operations/{code}/documents/{row.id}",
    )


def operation_detail(
    operation: PlannedOperation,
    documents: Sequence[OperationDocument],
    journal: Sequence[Change],
) -> OperationDetail:
    """Return an operation with what is kept beside it; who reads was seen to before."""
    return OperationDetail(
        **operation_item(operation).model_dump(),
        documents=[document_item(operation.code, row) for row in documents],
        history=[
            ChangeItem(
                at=line.at,
                name=line.name,
                origin=line.origin,
                version=line.version,
                changes={name: (pair[0], pair[1]) for name, pair in line.changes.items()},
            )
            for line in journal
        ],
    )
