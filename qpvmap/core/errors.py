"""One small class per cause. Doors turn them into a page or a problem document by a table."""

from collections.abc import Mapping
from dataclasses import dataclass, field


class QpvmapError(Exception):
    """Anything the application refuses, with a French sentence in `str()` fit for its user."""


@dataclass
class NotAllowed(QpvmapError):
    """The actor may not do this."""

    action: str

    def __str__(self) -> str:
        """Return the French sentence."""
        return "Vous n’avez pas le droit de faire cela. Demandez à la coordination du quartier."


@dataclass
class NotFound(QpvmapError):
    """Nothing of this kind by this key, or nothing the actor may know of."""

    what: str
    key: str

    def __str__(self) -> str:
        """Return the French sentence."""
        return f"{self.what} « {self.key} » : introuvable. Vérifiez la référence."


@dataclass
class OutsideTerritory(QpvmapError):
    """The point lies in no commune that the territory serves."""

    lon: float
    lat: float
    commune: str | None = None

    def __str__(self) -> str:
        """Return the French sentence."""
        where = f"Ce lieu est à {self.commune}, hors" if self.commune else "Ce lieu est hors"
        return f"{where} des villes de cette carte. Déplacez le repère, ou appelez votre mairie."


@dataclass
class InvalidSubmission(QpvmapError):
    """What was sent breaks a rule of `Submission`: a French message for each field at fault."""

    fields: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the French sentence."""
        return " ".join(self.fields.values())


@dataclass
class StaleVersion(QpvmapError):
    """Somebody else changed the signalement since the actor read it."""

    reference: str
    sent: int
    current: int

    def __str__(self) -> str:
        """Return the French sentence."""
        return (
            "Une autre personne vient de modifier ce signalement. "
            "Relisez-le, puis enregistrez de nouveau : votre texte est gardé."
        )


@dataclass
class ForbiddenMove(QpvmapError):
    """The workflow has no such move from the present status."""

    current: str
    to: str
    allowed: tuple[str, ...]

    def __str__(self) -> str:
        """Return the French sentence."""
        return "Ce signalement ne peut pas passer à cet état depuis son état actuel."


@dataclass
class CommentRequired(QpvmapError):
    """The move needs a reason that the reporter will read."""

    to: str

    def __str__(self) -> str:
        """Return the French sentence."""
        return "Dites pourquoi en une phrase : la personne qui a signalé la lira."


@dataclass
class NoTeam(QpvmapError):
    """No routing rule and no coordinator's team: the territory is wrongly set up."""

    category: str
    insee_code: str

    def __str__(self) -> str:
        """Return the French sentence."""
        return "Aucun service n’est désigné pour ce lieu. Prévenez la coordination du quartier."


@dataclass
class OutcomeRequired(QpvmapError):
    """Closing without work needs to say how it ends."""

    allowed: tuple[str, ...]

    def __str__(self) -> str:
        """Return the French sentence."""
        return "Dites comment cela se termine : sans suite, pas de votre ressort, rien constaté…"


@dataclass
class PlannedDateRequired(QpvmapError):
    """Planning needs a date, today or later."""

    def __str__(self) -> str:
        """Return the French sentence."""
        return "Donnez la date prévue, aujourd’hui ou plus tard."


@dataclass
class WaitingOnRequired(QpvmapError):
    """Waiting needs to say on whom."""

    def __str__(self) -> str:
        """Return the French sentence."""
        return "Dites qui vous attendez : une entreprise, un autre service, une pièce…"


@dataclass
class PhotoRequired(QpvmapError):
    """The category asks for a photo of the work done."""

    def __str__(self) -> str:
        """Return the French sentence."""
        return "Pour cette catégorie, ajoutez d’abord une photo « après »."


@dataclass
class ContestTooLate(QpvmapError):
    """A resolution can be contested for some days only."""

    days: int

    def __str__(self) -> str:
        """Return the French sentence."""
        return f"Plus de {self.days} jours ont passé : faites un nouveau signalement."


@dataclass
class InvalidPhoto(QpvmapError):
    """The file is not a photo that can be kept, or there are too many."""

    reason: str

    def __str__(self) -> str:
        """Return the French sentence."""
        return self.reason


@dataclass
class CannotChange(QpvmapError):
    """The team, the category or the priority cannot be changed so."""

    reason: str

    def __str__(self) -> str:
        """Return the French sentence."""
        return self.reason


@dataclass
class CannotJoin(QpvmapError):
    """Two signalements cannot be merged or split so."""

    reason: str

    def __str__(self) -> str:
        """Return the French sentence."""
        return self.reason
