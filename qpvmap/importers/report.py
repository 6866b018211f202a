"""What an import did, and the French text that tells it."""

from dataclasses import dataclass, field
from typing import NamedTuple

from qpvmap.core.errors import QpvmapError
from qpvmap.storage.imports import Counts

SHOWN = 20
"""Lines shown of each list, unless all are asked for; the rest is counted."""


class FileRefused(QpvmapError):
    """The whole file cannot be imported; the French message says why and what to do."""


class ChoiceNeeded(FileRefused):
    """The operator has to say something that the file leaves open: an edition, a layer."""


class LayerChoiceNeeded(ChoiceNeeded):
    """Several layers could be meant."""

    def __init__(self, layers: list[str]) -> None:
        self.layers = layers
        super().__init__(
            "Ce fichier a plusieurs couches : "
            + ", ".join(layers)
            + ". Choisissez-en une avec --layer NOM."
        )


class RowRefused(ValueError):
    """A row cannot be imported; the French message says why."""


class Refusal(NamedTuple):
    """A row of the file (1 is the first after the header) that cannot go in."""

    row: int
    label: str
    why: str


class Overlap(NamedTuple):
    """Two perimeters of the same edition that share ground, in square metres."""

    first: str
    second: str
    area_m2: float


@dataclass
class ImportReport:
    """What was read and what became of it."""

    kind: str
    file: str
    layer: str = ""
    vintages: tuple[int, ...] = ()
    read: int = 0
    counts: Counts = field(default_factory=lambda: Counts(0, 0, 0, 0))
    things: str = "lignes"
    repaired: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    overlaps: list[Overlap] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    withheld: int = 0
    dry_run: bool = False

    @property
    def accepted(self) -> bool:
        """Return whether the database was (or could be) written."""
        return not self.refused

    def text(self, shown: int | None = SHOWN) -> str:
        """Return the report in French, one fact a line; lists up to `shown` lines, None for all."""
        lines = [self._title(), *self._figures()]
        lines += _listing("Contours réparés", self.repaired, shown)
        lines += _listing("Doublons", self.duplicates, shown)
        lines += _listing(
            "Chevauchements",
            [f"{o.first} et {o.second} : {_area(o.area_m2)}" for o in self.overlaps],
            shown,
        )
        lines += _listing(
            "Lignes refusées",
            [f"ligne {r.row}{_tag(r.label)} : {r.why}" for r in self.refused],
            shown,
        )
        lines += [f"À noter : {note}" for note in self.notes]
        return "\n".join([*lines, self._conclusion()])

    def _title(self) -> str:
        layer = f", couche {self.layer}" if self.layer else ""
        years = ", ".join(map(str, self.vintages))
        edition = f", édition {years}" if years else ""
        return f"Import {self.kind} : {self.file}{layer}{edition}"

    def _figures(self) -> list[str]:
        figures = [("lignes lues", self.read)]
        if self.accepted:
            figures += [
                (f"{self.things} nouvelles", self.counts.new),
                (f"{self.things} modifiées", self.counts.changed),
                (f"{self.things} inchangées", self.counts.unchanged),
                (f"{self.things} disparues du fichier (gardées en base)", self.counts.gone),
            ]
        if self.withheld:
            figures.append(("valeurs sous secret statistique", self.withheld))
        figures += [
            ("contours réparés", len(self.repaired)),
            ("doublons", len(self.duplicates)),
            ("chevauchements", len(self.overlaps)),
            ("lignes refusées", len(self.refused)),
        ]
        return [f"  {count:>9}  {label}" for label, count in figures]

    def _conclusion(self) -> str:
        if not self.accepted:
            return "Rien n’a été importé : corrigez les lignes refusées, puis recommencez."
        if self.dry_run:
            return "Essai à blanc : rien n’a été écrit."
        return "Import terminé." if self.counts.wrote else "Import terminé : rien n’a changé."


def _listing(title: str, items: list[str], shown: int | None) -> list[str]:
    if not items:
        return []
    rest = len(items[shown:]) if shown is not None else 0
    more = [f"  … et {rest} de plus : --all les montre toutes"] if rest else []
    return [f"{title} :", *(f"  - {item}" for item in items[:shown]), *more]


def _tag(label: str) -> str:
    return f" ({label})" if label else ""


def _area(area_m2: float) -> str:
    if area_m2 < 1:
        return "moins de 1 m²"
    return f"{area_m2:,.0f} m²".replace(",", "\u202f")
