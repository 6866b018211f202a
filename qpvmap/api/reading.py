"""How the API reads what it is sent: strictly, with a French sentence for each fault.

APIFlask's own reading of pydantic models takes any content type, keeps one of several repeated
parameters and answers in English; this adapter takes its place in APIFlask's registry.
"""

import re
from collections.abc import Mapping
from typing import Any, get_origin

from apiflask.schema_adapters import registry
from apiflask.schema_adapters.pydantic import PydanticAdapter
from flask import Request
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from qpvmap.api.problems import Fault, InvalidRequest
from qpvmap.core.signalements import Submission, field_message

ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")

BY_TYPE: Mapping[str, str] = {
    "missing": "Champ obligatoire.",
    "extra_forbidden": "Champ inconnu : retirez-le.",
    "model_type": "Un objet JSON est attendu.",
    "string_type": "Un texte est attendu.",
    "string_unicode": "Texte illisible : de l’UTF-8 est attendu.",
    "string_too_short": "Texte trop court : {min_length} caractère au moins.",
    "string_too_long": "Texte trop long : {max_length} caractères au plus.",
    "int_parsing": "Un nombre entier est attendu.",
    "int_type": "Un nombre entier est attendu.",
    "int_from_float": "Un nombre entier est attendu.",
    "float_parsing": "Un nombre est attendu, avec un point décimal.",
    "float_type": "Un nombre est attendu.",
    "finite_number": "Un nombre fini est attendu.",
    "greater_than_equal": "Au moins {ge}.",
    "less_than_equal": "Au plus {le}.",
    "enum": "Valeur inconnue. Valeurs possibles : {expected}.",
    "uuid_parsing": "Un UUID est attendu.",
    "timezone_aware": "Ajoutez le fuseau : « Z » ou « +01:00 ».",
    "datetime_from_date_parsing": "Une date ISO 8601 est attendue, avec son fuseau.",
    "datetime_parsing": "Une date ISO 8601 est attendue, avec son fuseau.",
    "value_error": "{error}",
    "repeated": "Ce paramètre ne se donne qu’une fois.",
    "nul": "Caractère nul interdit.",
}
"""By pydantic's name of the fault; the braces take what pydantic says of it."""


class StrictAdapter(PydanticAdapter):
    """Reads a JSON body or a query into a pydantic model, or says in French why it can't."""

    def validate_input(self, request: Request, location: str, **kwargs: Any) -> BaseModel:
        """Return the model made of the body (`json`, `form_and_files`) or of the query.

        Raises
        ------
        InvalidRequest
            With one fault for each place.
        UnsupportedMediaType, BadRequest
            If the body isn't announced as what is read here, or isn't that.
        """
        try:
            if location == "json":
                return self.model_class.model_validate_json(_body(request), strict=True)
            if location == "form_and_files":
                return self.model_class.model_validate(_form(request))
            return self.model_class.model_validate(_query(request, self.model_class))
        except ValidationError as error:
            raise self._refusal(error, location) from None

    def _refusal(self, error: ValidationError, location: str) -> InvalidRequest | BadRequest:
        details = error.errors(include_url=False, include_input=False)
        if any(detail["type"] == "json_invalid" for detail in details):
            return BadRequest()
        faults = {
            place: fault
            for detail in reversed(details)
            for place, fault in [_placed(detail, self._sentence(detail), location)]
        }
        return InvalidRequest(reversed(faults.values()))

    def _sentence(self, detail: ErrorDetails) -> str:
        """Return the field's own sentence when it has one, else that of the kind of fault."""
        name = str(detail["loc"][0]) if detail["loc"] else ""
        if issubclass(self.model_class, Submission) and name in self.model_class.model_fields:
            return field_message(detail["loc"])[1]
        template = BY_TYPE.get(detail["type"], "Valeur non valable.")
        return template.format(**{k: said(v) for k, v in detail.get("ctx", {}).items()})


def said(value: object) -> object:
    """Return a part of pydantic's own words as French people write it."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return re.sub(r"(?<=') or (?=')", " ou ", value) if isinstance(value, str) else value


def _body(request: Request) -> bytes:
    """Return the bytes of a JSON body; PostgreSQL could not hold a NUL, so none goes further."""
    if not request.is_json:
        raise UnsupportedMediaType
    body = request.get_data()
    if ESCAPED_NUL.search(body):
        raise InvalidRequest([Fault(BY_TYPE["nul"], pointer="#")])
    return body


def _form(request: Request) -> dict[str, object]:
    """Return the fields and files of a multipart body."""
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMediaType
    values: dict[str, object] = {}
    sent: list[tuple[str, list[Any]]] = [*request.form.lists(), *request.files.lists()]
    for name, given in sent:
        if len(given) > 1 or name in values:
            raise InvalidRequest([Fault(BY_TYPE["repeated"], pointer=f"#/{_escaped(name)}")])
        values[name] = given[0]
    return values


def _query(request: Request, model: type[BaseModel]) -> dict[str, str]:
    """Return the parameters; a repeated one is a list when the model has a list there."""
    values = {}
    for name, given in request.args.lists():
        if "\x00" in "".join(given):
            raise InvalidRequest([Fault(BY_TYPE["nul"], parameter=name)])
        field = model.model_fields.get(name)
        if len(given) > 1 and not (field and get_origin(field.annotation) is list):
            raise InvalidRequest([Fault(BY_TYPE["repeated"], parameter=name)])
        values[name] = ",".join(given)
    return values


def _placed(detail: ErrorDetails, sentence: str, location: str) -> tuple[str, Fault]:
    """Return where a fault is, and the fault that says so."""
    if location != "query":
        pointer = "#" + "".join(f"/{_escaped(part)}" for part in detail["loc"])
        return pointer, Fault(sentence, pointer=pointer)
    name = str(detail["loc"][0]) if detail["loc"] else ""
    return name, Fault(sentence, parameter=name)


def _escaped(part: str | int) -> str:
    """Return a part of a JSON pointer (RFC 6901)."""
    return str(part).replace("~", "~0").replace("/", "~1")


registry.register("pydantic", StrictAdapter)
