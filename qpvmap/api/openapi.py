"""The OpenAPI 3.1 document: APIFlask's own, put right where it says what we don't do.

APIFlask announces JSON errors of its own shape and repeats nested schemas under each parent;
here refusals are problem documents, and a schema has one name.
"""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from apiflask import APIFlask
from flask import Flask

from qpvmap import __version__
from qpvmap.api.problems import MEDIA_TYPE, STATUSES
from qpvmap.api.schemas import PROBLEM_SCHEMA
from qpvmap.web.runtime import EXTENSION
from qpvmap.web.security import PUBLIC, public

Json = dict[str, Any]

SCHEMAS = "#/components/schemas/"
GEOJSON = "application/geo+json"
DESCRIPTION = (
    "Situer un point, déposer un signalement, le suivre et le faire avancer. "
    "Coordonnées EPSG:4326 (longitude, latitude), distances en mètres, dates ISO 8601 avec fuseau. "
    "Un jeton s’obtient dans la page « Mon compte » ou par `qpvmap user token ADRESSE` ; "
    "les cookies du site ne valent rien ici. Les refus suivent la RFC 9457."
)
TAGS = [
    {"name": "Lieux", "description": "Commune, IRIS, quartier prioritaire d’un point."},
    {"name": "Signalements", "description": "Déposer, lister, lire, faire avancer."},
    {"name": "Plan d’investissement", "description": "Opérations, dates, argent, distances."},
    {"name": "Chiffres", "description": "Le portrait des quartiers, les chiffres publiés."},
    {"name": "Photos", "description": "Avant, pendant, après."},
    {"name": "Compte", "description": "Le jeton et son compte."},
    {"name": "Refus", "description": "Ce que veulent dire les refus."},
]
BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": "Jeton d’accès : `Authorization: Bearer JETON`.",
}
EVERYWHERE = (400, 401, 429)
"""Refusals that any operation may give: a broken address, a wrong token, too many requests."""
WITH_BODY = (411, 413, 415, 422)
EXAMPLES: Mapping[str, Json] = {
    "Submission": {
        "client_id": "6a3f0a52-0a39-4f0b-9d0e-5a8f4b1f6c11",
        "category": "depot-sauvage",
        "lon": 2.30302,
        "lat": 48.78411,
        "accuracy_m": 12,
        "position_method": "gps",
        "description": "Matelas et cartons au pied du bâtiment C.",
    },
    "Transition": {"to": "in_progress", "comment": "Équipe sur place demain.", "version": 2},
}
PATH_PARTS: Mapping[str, str] = {
    "code": "Code du quartier, comme QN09219N.",
    "photo_id": "Numéro de la photo.",
    "size": "`full` ou `thumb`.",
    "reference": "Référence du signalement, comme BL-2026-0421.",
    "slug": "Nom du refus : la fin de son membre `type`.",
}
MEANINGS: Mapping[str, str] = {
    "Capture": "Où était le téléphone, avant que l’on déplace le point.",
    "Categories": "Les catégories, dans l’ordre où on les présente.",
    "CategoryItem": "Une sorte de désordre que l’on peut signaler.",
    "ContactDetails": "De quoi joindre un habitant, avec son accord.",
    "EmprisePlace": "Le terrain d’un organisme : résidence, route, école, jardin.",
    "FigureEstimate": "Un chiffre estimé, et sur quoi il repose.",
    "Ground": "Ce qui a décidé du service : un terrain, une compétence, une personne.",
    "EquipmentItem": "Un équipement ; ce qui est vide n’est pas connu.",
    "EquipmentPage": "Une page d’équipements ; l’en-tête Link mène aux autres.",
    "Handled": "Qui s’occuperait d’une catégorie en un point, pourquoi et quand.",
    "HistoryItem": "Une ligne de l’histoire ; qui a agi n’est dit qu’à qui peut le savoir.",
    "IndicatorValueItem": "Le chiffre d’un lieu.",
    "IndicatorValues": "Des chiffres de lieux.",
    "Located": "Où se trouve un point.",
    "Me": "À qui est ce jeton.",
    "Nature": "L’état des lieux, ou le comportement de personnes (jamais public).",
    "Moment": "Ce que montre une photo : le désordre, le travail, le résultat.",
    "Outcome": "Comment un signalement s’est terminé.",
    "FundingItem": "Qui paie combien, en quelle année, en euros.",
    "NearnessItem": "Comment une opération se situe face aux périmètres d’une génération.",
    "ChangeItem": "Un changement d’une opération : qui, quand, par quelle porte, quoi.",
    "DocumentItem": "Un fichier gardé avec une opération.",
    "OperationDetail": "Une opération, ses documents et son histoire, selon qui lit.",
    "OperationItem": "Une opération du plan ; ce qui n’est pas connu est nul ou vide.",
    "OperationPage": "Une page du plan ; l’en-tête `Link` mène aux autres.",
    "PeriodItem": "Une date, aussi précise qu’on la connaît.",
    "Precision": "À quel point une date est précise.",
    "StepItem": "Un état atteint ou prévu, et depuis quand.",
    "PhotoForm": "Une photo envoyée, en `multipart/form-data`.",
    "PhotoItem": "Une photo, par ses adresses.",
    "Priority": "À quel point c’est pressant ; une urgence est un danger pour quelqu’un.",
    "Place": "Un lieu officiel : commune, IRIS.",
    "PositionMethod": "Comment le point a été trouvé.",
    "ProfileDoubt": "Une raison de douter de ce qui a été signé.",
    "ProfileIndicator": "Un indicateur, de trois façons.",
    "ProfileIris": "Un IRIS du quartier : ce que chacun a de l’autre.",
    "PublishedFigure": "Un chiffre officiel.",
    "ProblemKind": "Ce que veut dire un refus.",
    "QpvPlace": "Comment un point se situe par rapport au quartier le plus proche.",
    "QuarterProfile": "Un quartier en chiffres.",
    "Routing": "Pourquoi ce service, et quels autres étaient plausibles.",
    "SignalementDetail": "Un signalement, son histoire, et ce que vous pouvez en faire.",
    "SignalementItem": "Un signalement, sans son auteur.",
    "SignalementPage": "Une page de liste ; l’en-tête `Link` mène aux autres.",
    "Status": "Où en est un signalement.",
    "Submission": "Un signalement tel que son auteur l’envoie.",
    "TeamItem": "Le service qui traite.",
    "Transition": "Un passage demandé, depuis la version qui a été lue.",
}
"""What each schema is, in French: the models' own docstrings are for programmers. Tested."""


def collection_of(*geometry: str) -> Json:
    """Return the schema of a GeoJSON collection whose geometries are of these JSON types."""
    return {
        "type": "object",
        "required": ["type", "features"],
        "properties": {
            "type": {"const": "FeatureCollection"},
            "features": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["type", "id", "geometry", "properties"],
                    "properties": {
                        "type": {"const": "Feature"},
                        "id": {"type": "string"},
                        "geometry": {"type": list(geometry)},
                        "properties": {"type": "object"},
                    },
                },
            },
            "numberMatched": {"type": "integer"},
        },
    }


def init_app(app: Flask) -> None:
    """Give `app` the document at the address that APIFlask was told, open to everybody."""
    api = cast(APIFlask, app)
    app.config.update(
        AUTO_SERVERS=False,
        SERVERS=[{"url": "/"}],
        DESCRIPTION=DESCRIPTION,
        CONTACT={"name": "qpvmap", "url": app.extensions[EXTENSION].settings.base_url},
        LICENSE={"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"},
        TAGS=[dict(tag) for tag in TAGS],
        SECURITY_SCHEMES={"bearer": BEARER},
        NOT_FOUND_DESCRIPTION=STATUSES[404].title,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        AUTO_AUTH_ERROR_RESPONSE=False,
    )
    api.title, api.version = "API qpvmap", __version__
    public(app.view_functions["openapi.spec"])

    @api.spec_processor
    def correct(document: Json | str) -> Json | str:
        """Put right what APIFlask says of its own."""
        return corrected(cast(Json, document), set(public_operations(app)))


def public_operations(app: Flask) -> Iterator[str]:
    """Yield the ids of the operations that need no token."""
    for view in app.view_functions.values():
        spec = getattr(view, "_spec", None)
        if spec and getattr(view, "access", None) == PUBLIC:
            yield spec.get("operation_id", "")


def corrected(document: Json, open_to_all: set[str]) -> Json:
    """Return the document with our own refusals, names, security and examples."""
    document = one_name_each(document)
    document["paths"] = {
        path: operations
        for path, operations in document["paths"].items()
        if path.startswith("/api/v1/")
    }
    schemas: Json = document["components"]["schemas"]
    for name in ("HTTPError", "ValidationError"):
        schemas.pop(name, None)
    for name, schema in schemas.items():
        schemas[name] = {**_untitled(schema), "description": MEANINGS.get(name, "")}
    schemas["Problem"] = dict(PROBLEM_SCHEMA)
    for name, example in EXAMPLES.items():
        schemas[name]["examples"] = [example]
    for operations in document["paths"].values():
        for operation in operations.values():
            complete(operation, open_to_all)
    return document


def complete(operation: Json, open_to_all: set[str]) -> None:
    """Write an operation's refusals, security, parameters and other media types."""
    is_open = operation["operationId"] in open_to_all
    operation["security"] = [{"bearer": []}, *([{}] if is_open else [])]
    operation["parameters"] = [tidy_parameter(each) for each in operation.get("parameters", [])]
    if "requestBody" in operation:
        operation["requestBody"]["required"] = True
    responses: Json = operation["responses"]
    extra = WITH_BODY if "requestBody" in operation else (422,) * bool(operation["parameters"])
    for status in (*EVERYWHERE, *extra):
        responses.setdefault(str(status), {"description": STATUSES[status].title})
    for code, response in responses.items():
        if int(code) >= 400:
            response["content"] = {MEDIA_TYPE: {"schema": {"$ref": f"{SCHEMAS}Problem"}}}
    SPECIAL.get(operation["operationId"], lambda _: None)(responses)
    operation["responses"] = dict(sorted(responses.items()))


def _filing(responses: Json) -> None:
    """Say that both answers to a filing are the signalement, with its address."""
    location = {"description": "Adresse du signalement.", "schema": {"type": "string"}}
    for status in ("200", "201"):
        responses[status]["content"] = responses["201"]["content"]
        responses[status]["headers"] = {"Location": location}


def _listing(responses: Json) -> None:
    """Say that a list is JSON or GeoJSON, and leads to its neighbours."""
    responses["200"]["content"][GEOJSON] = {"schema": collection_of("object")}
    link = {"description": "Pages voisines (RFC 8288).", "schema": {"type": "string"}}
    responses["200"]["headers"] = {"Link": link}


def _adding(responses: Json) -> None:
    """Say that both answers to a photo are the photo, with its address."""
    location = {"description": "Adresse de la photo.", "schema": {"type": "string"}}
    for status in ("200", "201"):
        responses[status]["content"] = responses["201"]["content"]
        responses[status]["headers"] = {"Location": location}


def _image(responses: Json) -> None:
    """Say that a photo is an image."""
    responses["200"] = {"description": "La photo.", "content": {"image/webp": {"schema": {}}}}


def _planning(responses: Json) -> None:
    """Say that the plan is JSON or GeoJSON, where what has no place yet has no geometry."""
    _listing(responses)
    responses["200"]["content"][GEOJSON] = {"schema": collection_of("object", "null")}


SPECIAL = {
    "listOperations": _planning,
    "fileSignalement": _filing,
    "listSignalements": _listing,
    "addPhoto": _adding,
    "readPhoto": _image,
}


def tidy_parameter(parameter: Json) -> Json:
    """Return a parameter with its description outside, lists by commas, no null."""
    schema = dict(parameter["schema"])
    if {"type": "null"} in schema.get("anyOf", ()):
        kinds = [kind for kind in schema.pop("anyOf") if kind != {"type": "null"}]
        schema = {**schema, **(kinds[0] if len(kinds) == 1 else {"anyOf": kinds})}
    schema.pop("title", None)
    if "default" in schema and schema["default"] is None:
        del schema["default"]
    meaning = schema.pop("description", PATH_PARTS.get(parameter["name"], ""))
    listed = {"style": "form", "explode": False} if schema.get("type") == "array" else {}
    return {**parameter, "description": meaning, **listed, "schema": schema}


def one_name_each(document: Json) -> Json:
    """Return the document in which `Parent.Child` schemas are called `Child`."""
    named = cast(Json, _renamed(document))
    schemas = named["components"]["schemas"]
    named["components"]["schemas"] = {_last(name): schemas[name] for name in sorted(schemas)}
    return named


def _renamed(node: Any) -> Any:
    if isinstance(node, dict):
        return {
            key: SCHEMAS + _last(value) if key == "$ref" else _renamed(value)
            for key, value in node.items()
        }
    return [_renamed(item) for item in node] if isinstance(node, list) else node


def _untitled(node: Any) -> Any:
    """Return a schema without the English titles that pydantic makes of names."""
    if isinstance(node, dict):
        return {
            key: _untitled(value)
            for key, value in node.items()
            if key != "title" or isinstance(value, dict)
        }
    return [_untitled(item) for item in node] if isinstance(node, list) else node


def _last(name: str) -> str:
    return name.rsplit("/", 1)[-1].rsplit(".", 1)[-1]
