"""The figures of a quarter as the API gives them."""

from pydantic import BaseModel, ConfigDict, Field


class FigureEstimate(BaseModel):
    """A figure made out of those of IRIS, and what it rests on."""

    model_config = ConfigDict(from_attributes=True)

    value: float | None = Field(
        description="`null` : inconnue, ou elle reposerait sur moins de la moitié des habitants."
    )
    coverage: float = Field(
        ge=0, le=1, description="Part des habitants dont le chiffre est connu, de 0 à 1."
    )
    known: int = Field(description="Nombre d’IRIS dont le chiffre est connu.")
    total: int = Field(description="Nombre d’IRIS comptés.")


class PublishedFigure(BaseModel):
    """A figure that a producer publishes."""

    vintage: int = Field(description="Édition.")
    value: float | None = Field(description="`null` : couverte par le secret statistique.")


class ProfileIris(BaseModel):
    """An IRIS of a quarter, and how much of each is in the other."""

    code: str
    name: str
    commune: str
    share_of_quarter: float = Field(ge=0, le=1, description="Part de la surface du quartier.")
    share_of_iris: float = Field(ge=0, le=1, description="Part de la surface de l’IRIS.")
    residents: float = Field(ge=0, description="Habitants que cette part porte, estimés.")
    counted: bool = Field(description="Faux si l’IRIS porte moins de 1 % du quartier.")


class ProfileIndicator(BaseModel):
    """An indicator three ways."""

    key: str
    title: str
    unit: str
    definition: str
    signed_vintage: int = Field(description="Édition des chiffres signés.")
    signed: dict[str, float | None] = Field(
        description="Par IRIS, tels que signés ; `null` : secret statistique."
    )
    simple_mean: FigureEstimate = Field(description="Celle du contrat : chaque IRIS compte autant.")
    weighted_mean: FigureEstimate = Field(description="Pondérée par les habitants portés.")
    weighted_vintage: int | None = Field(
        description="Édition officielle qui est pondérée ; `null` : les chiffres du contrat."
    )
    published: list[PublishedFigure] = Field(description="Chiffres officiels du quartier.")
    lowest: float | None
    highest: float | None
    communes: FigureEstimate = Field(description="Les communes entières.")
    national: float | None = Field(description="La France, selon le contrat.")
    trend: dict[int, FigureEstimate] = Field(description="Moyenne pondérée par édition.")
    notes: list[str] = Field(description="Désaccords du texte et du tableau du contrat.")


class ProfileDoubt(BaseModel):
    """A reason to doubt what was signed."""

    iris: list[str]
    note: str


class QuarterProfile(BaseModel):
    """The figures of a quarter."""

    code: str
    name: str
    vintage: int = Field(description="Génération du périmètre.")
    residents: float = Field(description="Habitants du quartier, estimés.")
    iris: list[ProfileIris]
    indicators: list[ProfileIndicator]
    doubts: list[ProfileDoubt] = Field(
        description="Ce que les chiffres officiels ne confirment pas ; rien n’est corrigé."
    )


class IndicatorValueItem(BaseModel):
    """A figure of a place."""

    key: str
    title: str
    unit: str
    series: str = Field(description="`contract` : tel que signé ; sinon le fichier officiel.")
    place_kind: str
    place_code: str
    period: int = Field(description="Édition.")
    value: float | None
    withheld: bool = Field(description="Vrai : secret statistique, jamais zéro.")


class IndicatorValues(BaseModel):
    """Figures of places."""

    items: list[IndicatorValueItem]
