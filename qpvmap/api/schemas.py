"""What the API takes and gives, as pydantic models: the OpenAPI document is made of them."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID

from apiflask.fields import UploadFile
from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    WithJsonSchema,
    model_serializer,
)
from werkzeug.datastructures import FileStorage

from qpvmap.core.deadlines import PARIS, Priority
from qpvmap.core.geo import ACCURACY_MAX_M, BBox
from qpvmap.core.permissions import Nature
from qpvmap.core.photos import Moment
from qpvmap.core.routing import Ground
from qpvmap.core.signalements import DESCRIPTION_MAX
from qpvmap.core.workflow import Outcome, Status
from qpvmap.core.workflow import Request as MoveRequest
from qpvmap.storage.listing import Filters

MAX_PAGE = 10_000
MAX_PAGE_SIZE = 100
BBOX_FORM = "Quatre nombres sont attendus, en degrés : ouest,sud,est,nord."
MOMENT_FORM = "Un jour (2026-11-22) ou un instant avec fuseau (2026-11-22T10:00:00Z) est attendu."
FILE_FORM = "Un fichier est attendu, avec son nom."
ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")
LOST_PLUS = re.compile(r"(?<=T).+ (?=\d\d:\d\d$)")


def _bbox(text: object) -> BBox:
    try:
        return BBox.parse(str(text))
    except ValueError:
        raise ValueError(BBOX_FORM) from None


def _codes(text: object) -> object:
    """Return the values of `a,b`; an empty filter is no filter."""
    if not isinstance(text, str):
        return text
    return [part.strip() for part in text.split(",") if part.strip()]


def _moment(text: object) -> object:
    """Return the text of a day or an instant, not of a number of seconds.

    An offset such as `+01:00` that came unescaped in an address is mended: `+` is a space there.
    """
    if not isinstance(text, str) or not ISO_DAY.match(text):
        raise ValueError(MOMENT_FORM)
    return "+".join(text.rsplit(" ", 1)) if LOST_PLUS.search(text) else text


def _file(given: object) -> object:
    if not isinstance(given, FileStorage):
        raise ValueError(FILE_FORM)
    return given


Box = Annotated[
    Any,
    BeforeValidator(_bbox),
    WithJsonSchema(
        {"type": "string", "pattern": r"^-?\d+(\.\d+)?(,-?\d+(\.\d+)?){3}$"}, mode="validation"
    ),
]
Code = Annotated[str, StringConstraints(min_length=1, max_length=60)]
Codes = Annotated[list[Code], BeforeValidator(_codes)]
Instant = Annotated[
    AwareDatetime | date, Field(union_mode="left_to_right"), BeforeValidator(_moment)
]


class Input(BaseModel):
    """What is sent: an unknown name is refused, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LocateQuery(Input):
    """A point and how sure it is."""

    lon: float = Field(ge=-180, le=180, allow_inf_nan=False, description="Longitude, degrés.")
    lat: float = Field(ge=-90, le=90, allow_inf_nan=False, description="Latitude, degrés.")
    accuracy_m: float = Field(
        0,
        ge=0,
        le=ACCURACY_MAX_M,
        allow_inf_nan=False,
        description="Rayon de précision du GPS, mètres.",
    )
    category: str | None = Field(
        None, max_length=60, description="Code d’une catégorie : dit aussi qui s’en occuperait."
    )


class ListQuery(Input):
    """Filters and page of a list of signalements."""

    bbox: Box = Field(None, description="Emprise en degrés : ouest,sud,est,nord.")
    status: Annotated[list[Status], BeforeValidator(_codes)] = Field(
        default_factory=list, description="États voulus."
    )
    category: Codes = Field(default_factory=list, description="Codes de catégories.")
    team: Codes = Field(default_factory=list, description="Codes de services.")
    qpv: Codes = Field(
        default_factory=list,
        description="Codes de quartiers : ce qui est dedans, ou peut l’être (share_inside > 0).",
    )
    since: Instant | None = Field(
        None, description="Déposés depuis cet instant (avec fuseau), ou depuis ce jour."
    )
    until: Instant | None = Field(
        None, description="Déposés avant cet instant (avec fuseau), ou jusqu’à ce jour compris."
    )
    page: int = Field(1, ge=1, le=MAX_PAGE, description="Page, à partir de 1.")
    page_size: int = Field(50, ge=1, le=MAX_PAGE_SIZE, description="Signalements par page.")
    count: bool = Field(False, description="Compter le total (plus lent sur un grand territoire).")

    def filters(self) -> Filters:
        """Return the filters as the queries take them."""
        return Filters(
            bbox=self.bbox,
            status=tuple(self.status),
            category=tuple(self.category),
            team=tuple(self.team),
            qpv=tuple(self.qpv),
            since=_start(self.since),
            until=_end(self.until),
        )


def _start(moment: datetime | date | None) -> datetime | None:
    """Return an instant; a day begins at midnight, local time."""
    if moment is None or isinstance(moment, datetime):
        return moment
    return datetime.combine(moment, time.min, PARIS)


def _end(moment: datetime | date | None) -> datetime | None:
    """Return an instant; a day ends with the next midnight, local time."""
    if moment is None or isinstance(moment, datetime):
        return moment
    return _start(moment if moment == date.max else moment + timedelta(days=1))


class Transition(Input):
    """A move asked for, from the version that was read."""

    to: Status = Field(description="État voulu.")
    comment: Annotated[
        str, StringConstraints(strip_whitespace=True, max_length=DESCRIPTION_MAX)
    ] = Field("", description="Pourquoi, en une phrase : nécessaire pour certains passages.")
    version: int = Field(ge=1, le=2**53, description="Version lue avant de décider.")
    outcome: Outcome | None = Field(
        None, description="Issue donnée : nécessaire pour clore sans travaux."
    )
    planned_for: date | None = Field(None, description="Date prévue : nécessaire pour planifier.")
    waiting_on: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = Field(
        "", description="Qui l’on attend : nécessaire pour mettre en attente."
    )

    @property
    def request(self) -> MoveRequest:
        """The move as the workflow reads it."""
        return MoveRequest(self.to, self.comment, self.outcome, self.planned_for, self.waiting_on)


class Place(BaseModel):
    """An official place."""

    code: str
    name: str


class QpvPlace(Place):
    """How a point stands to the nearest quarter."""

    vintage: int = Field(description="Génération du périmètre : 2015 ou 2024.")
    inside: bool
    distance_m: float = Field(description="Mètres jusqu’au périmètre ; 0 dedans.")
    share_inside: float = Field(
        ge=0, le=1, description="Part du disque de précision qui est dans le quartier."
    )


class EmprisePlace(Place):
    """The piece of ground under a point, and who owns or manages it."""

    kind: str = Field(description="residence, road, school, condominium, garden, other, decision.")
    body: str = Field(description="Organisme propriétaire ou gestionnaire.")
    share: float = Field(
        ge=0, le=1, description="Part du disque de précision qui est sur ce terrain."
    )


class TeamItem(Place):
    """Who handles."""

    organisation: str


class Routing(BaseModel):
    """Why this team, and who else it might have been."""

    ground: Ground = Field(description="Ce qui a décidé, par son code.")
    reason: str = Field(description="La raison, en une phrase.")
    doubt: str = Field(description="Dit que deux responsables sont possibles ; vide sinon.")
    others: list[str] = Field(description="Codes des autres services plausibles.")


class Handled(BaseModel):
    """Who would take a category at a point, why, and by when."""

    team: TeamItem
    routing: Routing
    acknowledge_due_at: datetime
    due_at: datetime


class Located(BaseModel):
    """Where a point is."""

    commune: Place
    iris: Place | None
    qpv: QpvPlace | None = Field(description="Quartier le plus proche, ou null s’il est loin.")
    emprise: EmprisePlace | None = Field(
        description="Terrain sous le point et son gestionnaire, ou null s’il n’est pas dessiné."
    )
    handling: Handled | None = Field(
        None,
        description="Qui s’occuperait de `category` ici, et pourquoi ; null hors des villes du "
        "territoire, absent quand aucune catégorie n’est demandée.",
    )

    @model_serializer(mode="wrap")
    def _without_what_was_not_asked(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave `handling` out when no category was asked for."""
        fields: dict[str, Any] = dump(self)
        if "handling" not in self.model_fields_set:
            fields.pop("handling", None)
        return fields


class CategoryItem(BaseModel):
    """A kind of defect that may be reported."""

    code: str
    name: str
    hint: str
    icon: str
    nature: Nature
    acknowledge_days: int = Field(description="Jours ouvrés promis pour prendre en charge.")
    resolve_days: int = Field(description="Jours ouvrés promis pour résoudre.")


class Categories(BaseModel):
    """The categories in the order in which people are shown them."""

    items: list[CategoryItem]


class SignalementItem(BaseModel):
    """A signalement, without its author."""

    id: str = Field(description="Identifiant stable : la référence.")
    reference: str
    status: Status
    status_label: str
    category: str
    category_name: str
    nature: Nature
    team: TeamItem
    description: str
    address: str
    lon: float
    lat: float
    accuracy_m: float | None
    commune: Place
    iris: Place | None
    qpv: QpvPlace | None
    captured_at: datetime
    created_at: datetime
    updated_at: datetime
    acknowledge_due_at: datetime
    due_at: datetime
    outcome: Outcome | None = Field(description="Issue, une fois terminé.")
    priority: Priority
    planned_for: date | None
    waiting_on: str = Field(description="Qui l’on attend ; vide sinon.")
    reopenings: int = Field(description="Nombre de réouvertures.")
    supports: int = Field(description="Autres personnes qui ont vu la même chose.")
    version: int
    is_demo: bool = Field(description="Vrai pour un signalement inventé.")
    description_hidden: bool = Field(
        description="Vrai tant que le texte, qui semble désigner quelqu’un, n’a pas été relu : "
        "le public ne le voit pas."
    )
    routing: Routing


class HistoryItem(BaseModel):
    """One line of the history; who acted is there for those who may know it."""

    sequence: int = Field(description="Rang de la ligne, à partir de 1.")
    version: int = Field(description="Version du signalement après cette ligne.")
    kind: str
    at: datetime
    from_status: Status | None
    to_status: Status
    comment: str
    organisation: str | None
    name: str | None


class PhotoForm(Input):
    """A photo that is sent."""

    client_id: UUID = Field(description="Tiré au hasard, un par photo, gardé pour les renvois.")
    moment: Moment = Field(Moment.BEFORE, description="Ce que la photo montre.")
    photo: Annotated[UploadFile, BeforeValidator(_file)] = Field(
        description="Le fichier : JPEG, PNG, WebP ou HEIC."
    )


class PhotoItem(BaseModel):
    """A photo, by its addresses."""

    id: int
    moment: Moment
    width: int
    height: int
    url: str = Field(description="WebP, 2048 pixels au plus de côté.")
    thumbnail: str = Field(description="WebP, 480 pixels au plus de côté.")
    uploaded_at: datetime
    redacted: bool = Field(description="Vrai si une partie en a été noircie.")


class SignalementDetail(SignalementItem):
    """A signalement with its history and what the reader may do next."""

    reporter: str | None = Field(description="Qui a signalé, pour qui a le droit de le savoir.")
    allowed: list[Status] = Field(description="États vers lesquels vous pouvez le faire passer.")
    history: list[HistoryItem]
    photos: list[PhotoItem]


class SignalementPage(BaseModel):
    """One page of a list; the `Link` header leads to the others."""

    items: list[SignalementItem]
    page: int
    page_size: int
    total: int | None = Field(description="Nombre total, si « count » est demandé.")


class Me(BaseModel):
    """Whose token this is."""

    name: str
    email: str
    roles: list[str]
    organisation: str | None


class ProblemKind(BaseModel):
    """What a kind of refusal means."""

    type: str
    title: str
    status: int
    detail: str


PROBLEM_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "description": "Refus, au format RFC 9457.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "Champ du corps (RFC 6901)."},
                    "parameter": {"type": "string", "description": "Paramètre de l’adresse."},
                    "detail": {"type": "string"},
                },
            },
        },
        "current_version": {"type": "integer"},
        "current_status": {"type": "string"},
        "allowed": {"type": "array", "items": {"type": "string"}},
    },
    "example": {
        "type": "/api/v1/problems/champs-invalides",
        "title": "Des champs sont à corriger",
        "status": 422,
        "detail": "Corrigez les champs cités dans « errors », puis renvoyez.",
        "errors": [{"pointer": "#/lon", "detail": "Champ obligatoire."}],
    },
}
