"""The figures of a quarter, and those of its places."""

from pydantic import Field

from qpvmap.api.blueprint import territory_code, v1
from qpvmap.api.profile_schemas import (
    FigureEstimate,
    IndicatorValueItem,
    IndicatorValues,
    ProfileDoubt,
    ProfileIndicator,
    ProfileIris,
    PublishedFigure,
    QuarterProfile,
)
from qpvmap.api.schemas import Input
from qpvmap.core.doubts import text_gap_words
from qpvmap.core.errors import NotFound
from qpvmap.core.estimates import Part
from qpvmap.core.profiles import Reading
from qpvmap.storage.map_cards import place_card
from qpvmap.storage.profiles import Quarter, dossier_of, territory_figures
from qpvmap.storage.signalements import territory_by_code
from qpvmap.web.security import public
from qpvmap.web.sessions import request_session


class IndicatorQuery(Input):
    """Which figures."""

    period: int | None = Field(None, ge=1900, le=2100, description="Édition, une année.")
    perimeter: str | None = Field(
        None,
        max_length=20,
        description="Code d’un lieu : IRIS, commune ou quartier ; tous ceux du territoire sinon.",
    )


@v1.get("/qpv/<code>/profile")
@public
@v1.output(QuarterProfile, description="Le quartier en chiffres, de trois façons.")
@v1.doc(
    operation_id="getQpvProfile",
    tags=["Chiffres"],
    summary="Lire le portrait chiffré d’un quartier",
    description="Moyenne simple des IRIS (celle du contrat), pondérée par la population portée, "
    "et chiffre officiel s’il est importé. Un chiffre couvert par le secret statistique est "
    "`null`, jamais zéro ; une estimation dit sur quelle part des habitants elle repose.",
    responses={404: "Aucun quartier du territoire n’a ce code."},
)
def get_profile(code: str) -> QuarterProfile:
    """Answer the profile of a quarter of the territory."""
    session = request_session()
    territory = territory_by_code(session, territory_code())
    card = place_card(session, "qpv", territory.id, code) if territory else None
    if territory is None or card is None or not card["is_main"]:
        raise NotFound("Quartier", code)
    found = dossier_of(session, Quarter(territory.id, territory.code, code, card["vintage"]))
    profile = found.profile
    return QuarterProfile(
        code=code,
        name=card["name"],
        vintage=card["vintage"],
        residents=round(profile.residents, 1),
        iris=[iris_item(part) for part in (*profile.parts, *profile.slivers)],
        indicators=[indicator_item(reading) for reading in profile.readings],
        doubts=[
            ProfileDoubt(iris=sorted(doubt.place_codes), note=doubt.note) for doubt in found.doubts
        ],
    )


def iris_item(part: Part) -> ProfileIris:
    """Return an IRIS of the quarter."""
    return ProfileIris(
        code=part.code,
        name=part.name,
        commune=part.commune,
        share_of_quarter=part.share_of_quarter,
        share_of_iris=min(part.share_of_iris, 1.0),
        residents=round(part.carried, 1),
        counted=not part.is_sliver,
    )


def indicator_item(reading: Reading) -> ProfileIndicator:
    """Return an indicator three ways."""
    simple = reading.simple
    return ProfileIndicator(
        key=reading.key,
        title=reading.line.title,
        unit=reading.line.unit,
        definition=reading.definition.definition,
        signed_vintage=reading.line.vintage,
        signed=dict(reading.line.figures),
        simple_mean=FigureEstimate.model_validate(simple),
        weighted_mean=FigureEstimate.model_validate(reading.weighted),
        weighted_vintage=reading.weighted_vintage,
        published=[
            PublishedFigure(vintage=year, value=value) for year, value in reading.official.items()
        ],
        lowest=simple.low.value if simple.low else None,
        highest=simple.high.value if simple.high else None,
        communes=FigureEstimate.model_validate(reading.towns),
        national=reading.national,
        trend={year: FigureEstimate.model_validate(e) for year, e in reading.trend.items()},
        notes=[text_gap_words(reading.line, gap) for gap in reading.text_gaps],
    )


@v1.get("/indicators")
@public
@v1.input(IndicatorQuery, location="query", arg_name="query")
@v1.output(IndicatorValues, description="Les chiffres du territoire, tels que publiés.")
@v1.doc(
    operation_id="listIndicators",
    tags=["Chiffres"],
    summary="Lister les chiffres publiés",
    description="Ceux des IRIS, des communes et des quartiers du territoire, édition par édition.",
)
def list_indicators(query: IndicatorQuery) -> IndicatorValues:
    """Answer the figures of a territory's places."""
    session = request_session()
    territory = territory_by_code(session, territory_code())
    if territory is None:
        return IndicatorValues(items=[])
    rows = territory_figures(session, territory.id, query.period, query.perimeter)
    return IndicatorValues(items=[IndicatorValueItem.model_validate(dict(row)) for row in rows])
