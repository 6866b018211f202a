"""Refusals as problem documents (RFC 9457): what is wrong, in French, and how to put it right.

Two tables decide: one from the causes of `core.errors`, one from HTTP statuses. Pages have
their own table; nothing of a trace or of a library's English gets through either.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from flask import Response, json
from werkzeug.exceptions import HTTPException

from qpvmap.core.errors import (
    CannotChange,
    CannotJoin,
    CommentRequired,
    ContestTooLate,
    ForbiddenMove,
    InvalidPhoto,
    InvalidSubmission,
    NotAllowed,
    NoTeam,
    NotFound,
    OutcomeRequired,
    OutsideTerritory,
    PhotoRequired,
    PlannedDateRequired,
    QpvmapError,
    StaleVersion,
    WaitingOnRequired,
)

MEDIA_TYPE = "application/problem+json"
BASE = "/api/v1/problems/"
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="qpvmap"'}


@dataclass(frozen=True, slots=True)
class Problem:
    """A kind of refusal: its status, the last part of its `type`, its title, its usual detail."""

    status: int
    slug: str
    title: str
    detail: str = ""

    @property
    def type(self) -> str:
        """The address that names this kind, and answers with its explanation."""
        return BASE + self.slug


INVALID_FIELDS = Problem(
    422,
    "champs-invalides",
    "Des champs sont à corriger",
    "Corrigez les champs cités dans « errors », puis renvoyez.",
)
OUTSIDE_TERRITORY = Problem(422, "hors-territoire", "Lieu hors du territoire")
NOWHERE = Problem(
    404,
    "hors-territoire",
    "Lieu hors du territoire",
    "Ce point n’est dans aucune commune connue. Vérifiez la longitude et la latitude.",
)

CAUSES: Mapping[type[QpvmapError], Problem] = {
    NotAllowed: Problem(403, "interdit", "Action non permise"),
    NotFound: Problem(404, "introuvable", "Introuvable"),
    OutsideTerritory: OUTSIDE_TERRITORY,
    InvalidSubmission: INVALID_FIELDS,
    StaleVersion: Problem(409, "version-perimee", "Signalement modifié entre-temps"),
    ForbiddenMove: Problem(422, "passage-interdit", "Changement d’état impossible"),
    CommentRequired: Problem(422, "commentaire-requis", "Commentaire nécessaire"),
    OutcomeRequired: Problem(422, "issue-requise", "Issue nécessaire"),
    PlannedDateRequired: Problem(422, "date-requise", "Date prévue nécessaire"),
    WaitingOnRequired: Problem(422, "attente-de-qui", "Qui l’on attend est nécessaire"),
    PhotoRequired: Problem(422, "photo-requise", "Photo « après » nécessaire"),
    ContestTooLate: Problem(422, "trop-tard", "Contestation trop tardive"),
    InvalidPhoto: Problem(422, "photo-refusee", "Photo refusée"),
    CannotChange: Problem(422, "changement-impossible", "Changement impossible"),
    CannotJoin: Problem(422, "reunion-impossible", "Réunion ou division impossible"),
    NoTeam: Problem(503, "aucun-service", "Aucun service désigné"),
}
"""Every class of `core.errors`: a test wants an entry for each."""

STATUSES: Mapping[int, Problem] = {
    problem.status: problem
    for problem in (
        Problem(
            400,
            "requete-illisible",
            "Requête illisible",
            "Le corps n’est pas du JSON valable en UTF-8. Vérifiez les guillemets et les virgules.",
        ),
        Problem(
            401,
            "jeton-requis",
            "Jeton absent ou refusé",
            "Envoyez l’en-tête « Authorization: Bearer JETON ». "
            "Un jeton s’obtient dans la page « Mon compte ».",
        ),
        Problem(403, "interdit", "Action non permise", "Votre compte n’a pas ce droit."),
        Problem(
            404,
            "introuvable",
            "Introuvable",
            "Rien à cette adresse. Les adresses sont dans /api/v1/openapi.json.",
        ),
        Problem(
            405,
            "methode-interdite",
            "Méthode non prévue ici",
            "L’en-tête « Allow » dit lesquelles le sont.",
        ),
        Problem(
            411,
            "longueur-requise",
            "Longueur du corps inconnue",
            "Envoyez l’en-tête « Content-Length » au lieu d’un envoi par morceaux.",
        ),
        Problem(
            413,
            "trop-volumineux",
            "Envoi trop volumineux",
            "Réduisez le contenu envoyé, puis recommencez.",
        ),
        Problem(
            415,
            "type-de-contenu",
            "Type de contenu non prévu",
            "Envoyez du JSON (« Content-Type: application/json ») ; "
            "pour une photo, un formulaire « multipart/form-data ».",
        ),
        INVALID_FIELDS,
        Problem(
            429,
            "trop-de-requetes",
            "Trop de requêtes",
            "Attendez une minute, puis recommencez plus lentement.",
        ),
        Problem(
            500,
            "panne",
            "Panne de notre côté",
            "Rien n’a été enregistré. Réessayez dans quelques minutes.",
        ),
        Problem(
            503,
            "indisponible",
            "Service momentanément indisponible",
            "Réessayez dans quelques minutes.",
        ),
    )
}

CATALOGUE: Mapping[str, Problem] = {
    problem.slug: problem for problem in (*CAUSES.values(), *STATUSES.values())
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a request: where (a JSON pointer or a parameter's name) and what."""

    detail: str
    pointer: str | None = None
    parameter: str | None = None

    def as_json(self) -> dict[str, str]:
        """Return the members that are known."""
        return {name: value for name, value in asdict(self).items() if value is not None}


class InvalidRequest(Exception):
    """What was sent does not fit the schema; `faults` says where."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        super().__init__("invalid request")
        self.faults = tuple(faults)


def answer(problem: Problem, detail: str = "", **members: object) -> Response:
    """Return the problem document, with `members` beside the standard ones."""
    body = {
        "type": problem.type,
        "title": problem.title,
        "status": problem.status,
        "detail": detail or problem.detail,
        **members,
    }
    response = Response(
        json.dumps(body, ensure_ascii=False), problem.status, content_type=MEDIA_TYPE
    )
    response.headers.extend(CHALLENGE if problem.status == 401 else {})
    return response


def problem_of(error: QpvmapError, **members: object) -> Response:
    """Return the answer to a refusal of the rules, with `members` beside what it carries."""
    return answer(CAUSES[type(error)], str(error), **{**_members(error), **members})


def problem_of_invalid(error: InvalidRequest) -> Response:
    """Return the answer to a request that does not fit its schema."""
    return answer(INVALID_FIELDS, errors=[fault.as_json() for fault in error.faults])


def problem_of_http(error: HTTPException) -> Response:
    """Return the answer to an HTTP error of the framework, its own headers kept (Allow...)."""
    code = error.code or 500
    known = STATUSES.get(code) or Problem(code, f"http-{code}", error.name, "Requête refusée.")
    response = answer(known)
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length", "www-authenticate"):
            response.headers[name] = value
    return response


def _members(error: QpvmapError) -> dict[str, Any]:
    """Return what a program needs to put right what a sentence says."""
    match error:
        case InvalidSubmission(fields=fields):
            places = {"#/" + name.replace(".", "/"): text for name, text in fields.items()}
            faults = [Fault(text, pointer=place) for place, text in places.items()]
            return {"errors": [fault.as_json() for fault in faults]}
        case StaleVersion(reference=reference, sent=sent, current=current):
            return {"reference": reference, "sent_version": sent, "current_version": current}
        case ForbiddenMove(current=current, to=to, allowed=allowed):
            return {"current_status": current, "to": to, "allowed": list(allowed)}
        case CommentRequired(to=to):
            return {"to": to, **_at_fault(error, "comment")}
        case OutcomeRequired(allowed=allowed):
            return {"allowed": list(allowed), **_at_fault(error, "outcome")}
        case PlannedDateRequired():
            return _at_fault(error, "planned_for")
        case WaitingOnRequired():
            return _at_fault(error, "waiting_on")
        case _:
            return {}


def _at_fault(error: QpvmapError, name: str) -> dict[str, Any]:
    return {"errors": [Fault(str(error), pointer=f"#/{name}").as_json()]}
