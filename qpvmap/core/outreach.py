"""What mediators note besides their rounds: solicitations, and actions with others.

Neither says who somebody is: a kind of public, a theme, a number. What looks like a phone number,
an e-mail or a plate in a text is masked before it is kept.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from qpvmap.core.errors import InvalidSubmission
from qpvmap.core.french import local_date
from qpvmap.core.privacy import masked

MAX_TIMES = 200
MAX_PEOPLE = 20_000
MAX_MINUTES = 24 * 60
NOTE_MAX = 200
STORY_MAX = 1000
TITLE_MAX = 120
PLACE_MAX = 200
NOTED_WITHIN = timedelta(days=62)

BAD_TIMES = f"Combien de personnes : un nombre entre 1 et {MAX_TIMES}."
BAD_PEOPLE = "Nombre de personnes : un nombre entier, ou rien si vous ne savez pas."
BAD_MINUTES = "Durée : un nombre de minutes, 24 heures au plus, ou rien si vous ne savez pas."
LONG_NOTE = f"Mot trop long : {NOTE_MAX} caractères au plus."
LONG_STORY = f"Texte trop long : {STORY_MAX} caractères au plus."
NO_TITLE = f"Donnez un titre, {TITLE_MAX} caractères au plus."
LONG_PLACE = f"Lieu trop long : {PLACE_MAX} caractères au plus."
BAD_DAY = "Donnez le jour : aujourd’hui ou avant, deux mois en arrière au plus."
NO_PUBLIC = "Choisissez d’abord qui vous a sollicité."
NO_THEME = "Choisissez de quoi il s’agit."
NO_KIND = "Choisissez le genre d’action."


@dataclass(frozen=True, slots=True)
class Solicitation:
    """A request made to a mediator: words by their codes; `body` empty when it was answered.

    `at` is by the phone's clock, and `clock_off_s` by how much that one is late, if not right.
    """

    client_id: UUID
    public: str
    theme: str
    body: str = ""
    sector: str = ""
    times: int = 1
    note: str = ""
    at: datetime | None = None
    clock_off_s: int | None = None

    def checked(self) -> None:
        """Do nothing when it can be kept.

        Raises
        ------
        InvalidSubmission
            Otherwise, with what is at fault.
        """
        faults = {}
        if not self.public:
            faults["public"] = NO_PUBLIC
        if not self.theme:
            faults["theme"] = NO_THEME
        if not 1 <= self.times <= MAX_TIMES:
            faults["times"] = BAD_TIMES
        if len(self.note) > NOTE_MAX:
            faults["note"] = LONG_NOTE
        if faults:
            raise InvalidSubmission(faults)

    @property
    def kept_note(self) -> str:
        """The note as it is kept: nothing in it leads to somebody."""
        return masked(self.note.strip())


@dataclass(frozen=True, slots=True)
class Initiative:
    """An action of the team, with others or not; words by their codes. None: nobody counted."""

    client_id: UUID
    kind: str
    title: str
    day: date | None
    sector: str = ""
    place: str = ""
    partners: tuple[str, ...] = field(default_factory=tuple)
    people: int | None = None
    minutes: int | None = None
    organised: bool = False
    story: str = ""

    def checked(self, now: datetime) -> date:
        """Return the day of an action that can be kept.

        Raises
        ------
        InvalidSubmission
            If it cannot, with what is at fault.
        """
        today = local_date(now)
        day = self.day or today
        faults = {
            name: words
            for name, words, fine in (
                ("kind", NO_KIND, bool(self.kind)),
                ("title", NO_TITLE, 0 < len(self.title.strip()) <= TITLE_MAX),
                ("day", BAD_DAY, today - NOTED_WITHIN <= day <= today),
                ("place", LONG_PLACE, len(self.place) <= PLACE_MAX),
                ("people", BAD_PEOPLE, self.people is None or 0 <= self.people <= MAX_PEOPLE),
                (
                    "minutes",
                    BAD_MINUTES,
                    self.minutes is None or 0 < self.minutes <= MAX_MINUTES,
                ),
                ("story", LONG_STORY, len(self.story) <= STORY_MAX),
            )
            if not fine
        }
        if faults:
            raise InvalidSubmission(faults)
        return day
