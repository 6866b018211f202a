"""A town's own list of places, from the file that is sent to the report: states, choices, fates."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any

SURE = 0.6
"""A position that is less sure than that is not taken: somebody decides."""
NAME_MAX = 80
FIRST_YEAR, LAST_YEAR = 1990, 2100


class ListState(StrEnum):
    """How far a list is."""

    READ = "read"
    """Read and shown: somebody says which column is what."""
    WAITING = "waiting"
    SEARCHING = "searching"
    PAUSED = "paused"
    """The address search does not answer: it is asked again later, or somebody goes on."""
    DONE = "done"


UNDER_WAY = frozenset({ListState.WAITING, ListState.SEARCHING})


class ListFate(StrEnum):
    """What became of a row of the list."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REVIEW = "review"
    REFUSED = "refused"
    DUPLICATE = "duplicate"


ROLES: Mapping[str, str] = {
    "name": "Nom",
    "address": "Adresse",
    "postcode": "Code postal",
    "commune": "Commune",
    "category": "Catégorie",
    "hours": "Horaires",
    "access": "Accessibilité",
    "capacity": "Capacité",
    "lat": "Latitude",
    "lon": "Longitude",
    "key": "Identifiant",
}
"""What a column may be, in the words of the page."""

CATEGORIES: Mapping[str, tuple[str, str, str]] = {
    "ecole": ("École, collège, lycée", "ecole", "education"),
    "creche": ("Crèche, petite enfance", "creche", "family"),
    "sport": ("Sport", "sport", "sport"),
    "culture": ("Culture, loisirs", "culture", "culture"),
    "social": ("Social, solidarité, vie associative", "social", "social"),
    "sante": ("Santé", "sante", "social"),
    "mairie": ("Mairie, service public", "mairie", "social"),
    "commerce": ("Commerce, marché", "commerce", "shop"),
    "emploi": ("Emploi", "emploi", "shop"),
    "gare": ("Transport", "gare", "transport"),
}
"""What a word of a list may mean: words of the page, kind and theme of the place."""
LEFT_OUT = "rien"
"""What a category means whose rows are left."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What somebody says of a list.

    Attributes
    ----------
    name
        Of the list: sent again under the same name, it updates its places.
    sheet, header
        Which sheet, from 0, and which of its rows bears the titles, by its number in the file.
    columns
        Column of each role, from 0.
    commune
        INSEE code of the commune of rows that name none.
    category
        Key of CATEGORIES of rows that have no category.
    meanings
        Key of CATEGORIES, or LEFT_OUT, of each unknown word, by its bare form.
    """

    name: str = ""
    vintage: int = 0
    sheet: int = 0
    header: int = 1
    columns: Mapping[str, int] = field(default_factory=dict)
    commune: str = ""
    category: str = "social"
    meanings: Mapping[str, str] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        """Return the choices as JSON keeps them."""
        return asdict(self)


def choices_of(told: Mapping[str, Any]) -> Choices:
    """Return the choices that were kept."""
    known = {one.name for one in fields(Choices)}
    return Choices(**{name: value for name, value in told.items() if name in known})


@dataclass(frozen=True, slots=True)
class ListRow:
    """A row that can be read: its number, the columns of the place to be, its point if it says."""

    number: int
    values: Mapping[str, Any]
    lon_lat: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the address search found: its words, how sure it is (0 to 1), where, EPSG:4326."""

    label: str
    score: float
    lon: float
    lat: float


Answers = Mapping[str, Answer | None]
"""By key of place; None when it is nowhere. A key that is absent was not looked for."""


@dataclass(frozen=True, slots=True)
class KnownPlace:
    """A place of the list that is on the map already."""

    name: str
    address: str
    by_hand: bool
    lon: float
    lat: float
    quality: str
    score: float | None


@dataclass(frozen=True, slots=True)
class Settled:
    """Where a row goes: on the map at `lon_lat`, to the review list, or nowhere with a reason."""

    row: ListRow
    fate: ListFate
    why: str = ""
    lon_lat: tuple[float, float] | None = None
    quality: str | None = None
    score: float | None = None
    label: str = ""


OUTSIDE = "coordonnées hors des villes du territoire (latitude et longitude interverties ?)"
NOT_SEARCHED = "adresse non cherchée"
NOWHERE = "adresse introuvable"
FOUND_OUTSIDE = "adresse trouvée hors des villes du territoire"
UNSURE = "adresse trouvée, mais pas assez sûrement"
LEFT_THERE = "{why} : le lieu reste où il était"


def needs_search(row: ListRow, known: KnownPlace | None) -> bool:
    """Return whether the address of a row has to be looked for."""
    if row.lon_lat is not None or not row.values["address"]:
        return False
    return known is None or not (known.by_hand or known.address == row.values["address"])


def settle(
    row: ListRow,
    known: KnownPlace | None,
    answers: Answers,
    is_served: Callable[[tuple[float, float]], bool],
) -> Settled:
    """Return where a row goes. What a person placed stays where it is."""
    if known and known.by_hand:
        return Settled(row, ListFate.CHANGED, "", (known.lon, known.lat), "exact")
    if row.lon_lat is not None:
        if not is_served(row.lon_lat):
            return Settled(row, ListFate.REFUSED, OUTSIDE)
        return Settled(row, ListFate.CHANGED, "", row.lon_lat, "exact")
    if known and known.address == row.values["address"]:
        there = (known.lon, known.lat)
        return Settled(row, ListFate.CHANGED, "", there, known.quality, known.score)
    return _settle_by_address(row, known, answers, is_served)


def _settle_by_address(
    row: ListRow,
    known: KnownPlace | None,
    answers: Answers,
    is_served: Callable[[tuple[float, float]], bool],
) -> Settled:
    key = row.values["source_key"]
    answer = answers.get(key)
    if answer is None:
        return _in_doubt(row, known, NOWHERE if key in answers else NOT_SEARCHED, None)
    where = (answer.lon, answer.lat)
    if not is_served(where):
        return _in_doubt(row, known, FOUND_OUTSIDE, answer)
    if answer.score < SURE:
        return _in_doubt(row, known, UNSURE, answer)
    score = round(answer.score, 3)
    return Settled(row, ListFate.CHANGED, "", where, "address", score, answer.label)


def _in_doubt(row: ListRow, known: KnownPlace | None, why: str, answer: Answer | None) -> Settled:
    """Return a row that somebody has to look at; one that is on the map stays there meanwhile."""
    label, score = (answer.label, round(answer.score, 3)) if answer else ("", None)
    if known:
        there = (known.lon, known.lat)
        said = LEFT_THERE.format(why=why)
        return Settled(row, ListFate.REVIEW, said, there, "approximate", known.score, label)
    where = (answer.lon, answer.lat) if answer else None
    return Settled(row, ListFate.REVIEW, why, where, None, score, label)


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What became of a row: its number in the file, what was found of its address, how sure."""

    number: int
    name: str
    fate: ListFate
    why: str = ""
    address: str = ""
    label: str = ""
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import of a list did; `gone` are places of the list that the file has no more."""

    rows: Sequence[RowOutcome] = ()
    gone: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()

    def of(self, fate: ListFate) -> list[RowOutcome]:
        """Return the rows of a fate."""
        return [row for row in self.rows if row.fate is fate]

    def told(self) -> dict[str, Any]:
        """Return the outcome as JSON keeps it."""
        return asdict(self)


def outcome_of(told: Mapping[str, Any]) -> Outcome:
    """Return the outcome that was kept."""
    rows = [RowOutcome(**{**row, "fate": ListFate(row["fate"])}) for row in told["rows"]]
    return Outcome(rows, told["gone"], told["notes"])
