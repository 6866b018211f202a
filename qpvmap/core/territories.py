"""What describes a territory: its bodies, teams, categories, competences and invented people."""

from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from qpvmap.core.actors import OrganisationKind, Role
from qpvmap.core.permissions import Nature
from qpvmap.core.presence_words import WORDS, Word, WordKind
from qpvmap.core.replies import Occasion, ReplyDraft, faults_of

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
InseeCode = Annotated[str, StringConstraints(pattern=r"^[0-9][0-9AB][0-9]{3}$")]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Described(BaseModel):
    """Part of a territory's file: an unknown word in it is an error, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OrganisationPlan(Described):
    """A body: town, grouping of towns, landlord, municipal police, association, prefecture."""

    code: Slug
    name: Words
    kind: OrganisationKind
    insee_code: InseeCode | None = None


class DepotPlan(Described):
    """Where a team's rounds set out from, EPSG:4326."""

    label: Words
    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-90, le=90)


class TeamPlan(Described):
    """A unit of a body; `email` is a shared address.

    Only a `confidential` one may be given what is of nature tranquillite.
    """

    code: Slug
    name: Words
    organisation: Slug
    email: str = ""
    confidential: bool = False
    depot: DepotPlan | None = None


class CategoryPlan(Described):
    """A kind of defect; delays are working days, the radius metres on the ground."""

    code: Slug
    name: Words
    hint: str = ""
    icon: Slug
    nature: Nature
    acknowledge_days: int = Field(ge=0, le=60)
    resolve_days: int = Field(ge=0, le=250)
    kindred: Slug | Literal[""] = ""
    duplicate_radius_m: int = Field(50, ge=5, le=1000)
    photo_after: bool = False


class CompetencePlan(Described):
    """Who takes `categories` (none: whatever is left): one `team`, or one for each commune.

    With `emprise_of`, on the grounds of that body only.
    """

    categories: Sequence[Slug] = ()
    team: Slug | None = None
    teams: Mapping[InseeCode, Slug] = Field(default_factory=dict)
    emprise_of: Slug | None = None

    @property
    def all_teams(self) -> tuple[str, ...]:
        """Every team that the rule names."""
        return (*self.teams.values(), *((self.team,) if self.team else ()))


class DelayPlan(Described):
    """What is promised on `categories`, by one `team` or by all.

    Days are working days, those of the category when none are given; hours, for emergencies, are
    those of the clock on the wall.
    """

    categories: Sequence[Slug] = Field(min_length=1)
    team: Slug | None = None
    acknowledge_days: int | None = Field(None, ge=0, le=60)
    resolve_days: int | None = Field(None, ge=0, le=250)
    emergency_acknowledge_hours: int = Field(4, ge=1, le=240)
    emergency_resolve_hours: int = Field(24, ge=1, le=240)


class ClosingDayPlan(Described):
    """A day on which bodies do not work, besides weekends and public holidays."""

    day: date
    reason: Words
    organisations: Sequence[Slug] = Field(min_length=1)


class ReplyPlan(Described):
    """A ready-made answer, for one `category` and `team` or for any; see `core.replies`."""

    code: Slug
    occasion: Occasion
    title: Words
    text: Annotated[str, StringConstraints(strip_whitespace=True)]
    category: Slug | None = None
    team: Slug | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        """Refuse what its own page would refuse: a variable that does not exist, for one."""
        faults = faults_of(ReplyDraft(self.occasion, self.title, self.text))
        if faults:
            raise ValueError(" ".join(faults.values()))
        return self


class SectorPlan(Described):
    """A part of a quarter where mediators walk: all of it, or what lies in one commune."""

    code: Slug
    name: Words
    qpv_code: str
    insee_code: InseeCode | None = None


class WordPlan(Described):
    """A word that mediators tap; see `core.presence_words`."""

    code: Slug
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
    icon: Slug = "other"


class PresencePlan(Described):
    """Where mediators walk and the words they tap; what is not said is that of any territory.

    The names on their rounds are forgotten after `names_kept_months`.
    """

    names_kept_months: int = Field(12, ge=3, le=36)
    sectors: Sequence[SectorPlan] = ()
    publics: Sequence[WordPlan] = ()
    themes: Sequence[WordPlan] = ()
    bodies: Sequence[WordPlan] = ()
    initiatives: Sequence[WordPlan] = ()

    def words(self, kind: WordKind) -> Sequence[Word]:
        """Return the words of a kind, those of any territory when none are given."""
        own = {
            WordKind.PUBLIC: self.publics,
            WordKind.THEME: self.themes,
            WordKind.BODY: self.bodies,
            WordKind.INITIATIVE: self.initiatives,
        }[kind]
        return [Word(word.code, word.name, word.icon) for word in own] or WORDS[kind]


class WalkItemPlan(Described):
    """Something that site walks look at."""

    code: Slug
    name: Words
    hint: str = ""


class WalkThemePlan(Described):
    """What a site walk may be about, and the items that it looks at, in order."""

    code: Slug
    name: Words
    items: Sequence[Slug] = Field(min_length=1, max_length=12)


class PersonPlan(Described):
    """An invented person of the demonstration."""

    email: str
    name: Words
    roles: Sequence[Role]
    organisation: Slug
    teams: Sequence[Slug] = ()


class TerritoryPlan(Described):
    """A contract's perimeter, as its file describes it.

    `operations`, `emprises`, `contract_indicators` (as signed), `official_indicators`,
    `demo_signalements`, `demo_presences` and `demo_walks` are files of geodata.
    """

    code: Slug
    name: Words
    tagline: str = ""
    contract_title: str = ""
    reference_prefix: Annotated[str, StringConstraints(pattern=r"^[A-Z]{1,6}$")]
    qpv_codes: Sequence[str]
    insee_codes: Sequence[InseeCode]
    emergency_numbers: str = "17, 18, 112"
    digest_times: Sequence[time] = (time(8, 0), time(13, 30))
    operations: str | None = None
    contract_indicators: str | None = None
    official_indicators: str | None = None
    emprises: str | None = None
    demo_signalements: str | None = None
    demo_presences: str | None = None
    presence: PresencePlan = PresencePlan()
    demo_walks: str | None = None
    organisations: Sequence[OrganisationPlan]
    teams: Sequence[TeamPlan]
    categories: Sequence[CategoryPlan]
    competences: Sequence[CompetencePlan]
    delays: Sequence[DelayPlan] = ()
    closing_days: Sequence[ClosingDayPlan] = ()
    replies: Sequence[ReplyPlan] = ()
    walk_items: Sequence[WalkItemPlan] = ()
    walk_themes: Sequence[WalkThemePlan] = ()
    people: Sequence[PersonPlan] = ()

    @model_validator(mode="after")
    def _names_agree(self) -> Self:
        """Refuse a name that nothing bears, and a territory where something has no team."""
        organisations = {organisation.code for organisation in self.organisations}
        teams = {team.code for team in self.teams}
        categories = {category.code for category in self.categories}
        rules = self.competences
        unknown = (
            {team.organisation for team in self.teams} - organisations
            | {person.organisation for person in self.people} - organisations
            | {code for person in self.people for code in person.teams} - teams
            | {code for rule in rules for code in rule.all_teams} - teams
            | {code for rule in rules for code in rule.categories} - categories
            | {rule.emprise_of for rule in rules if rule.emprise_of} - organisations
            | {code for rule in rules for code in rule.teams} - set(self.insee_codes)
            | {reply.category for reply in self.replies if reply.category} - categories
            | {reply.team for reply in self.replies if reply.team} - teams
            | {delay.team for delay in self.delays if delay.team} - teams
            | {code for delay in self.delays for code in delay.categories} - categories
            | {code for day in self.closing_days for code in day.organisations} - organisations
            | {sector.qpv_code for sector in self.presence.sectors} - set(self.qpv_codes)
            | {s.insee_code for s in self.presence.sectors if s.insee_code} - set(self.insee_codes)
            | {code for theme in self.walk_themes for code in theme.items}
            - {item.code for item in self.walk_items}
        )
        if unknown:
            raise ValueError(f"named but not described: {', '.join(sorted(unknown))}")
        if not any(rule.team and not rule.categories and not rule.emprise_of for rule in rules):
            raise ValueError("a rule without category must name the coordination's team")
        return self

    @model_validator(mode="after")
    def _confidences_are_kept(self) -> Self:
        """Refuse a rule that would give what is confidential to a team that may not have it."""
        hidden = {c.code for c in self.categories if c.nature is Nature.TRANQUILLITE}
        trusted = {team.code for team in self.teams if team.confidential}
        told = {
            team
            for rule in self.competences
            if hidden & set(rule.categories) or not (rule.categories or rule.emprise_of)
            for team in rule.all_teams
        }
        if hidden and told - trusted:
            raise ValueError(
                f"not confidential, yet given such: {', '.join(sorted(told - trusted))}"
            )
        return self
