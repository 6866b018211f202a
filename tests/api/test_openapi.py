"""The OpenAPI document is valid, true, and French; schemathesis asks the API to keep to it."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from qpvmap.api.openapi import MEANINGS
from tests.api.conftest import Call

OPERATIONS = {
    ("get", "/api/v1/locate"),
    ("get", "/api/v1/qpv/{code}/profile"),
    ("get", "/api/v1/indicators"),
    ("get", "/api/v1/categories"),
    ("get", "/api/v1/equipements"),
    ("get", "/api/v1/me"),
    ("get", "/api/v1/operations"),
    ("get", "/api/v1/operations/{code}"),
    ("get", "/api/v1/problems/{slug}"),
    ("get", "/api/v1/signalements"),
    ("post", "/api/v1/signalements"),
    ("get", "/api/v1/signalements/{reference}"),
    ("post", "/api/v1/signalements/{reference}/transitions"),
    ("post", "/api/v1/signalements/{reference}/photos"),
    ("get", "/api/v1/photos/{photo_id}/{size}.webp"),
}
NOTHING_TO_SPOIL = {
    "/api/v1/categories",
    "/api/v1/me",
    "/api/v1/problems/{slug}",
    "/api/v1/operations/{code}",
    "/api/v1/qpv/{code}/profile",
    "/api/v1/signalements/{reference}",
    "/api/v1/photos/{photo_id}/{size}.webp",
}
"""No input, or a text that may be anything."""
PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


@pytest.fixture(scope="module")
def document(ask: Call) -> dict[str, Any]:
    answer = ask().get("/openapi.json")
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json
    return body


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method, path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_document_when_validated_then_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_document_when_read_then_has_the_api_and_nothing_else(document: dict[str, Any]) -> None:
    assert set(operations(document)) == OPERATIONS
    assert document["servers"] == [{"url": "/"}]


def test_operations_when_they_refuse_then_by_a_problem(document: dict[str, Any]) -> None:
    for operation in operations(document).values():
        assert {"400", "401", "429"} <= set(operation["responses"])
        for status, response in operation["responses"].items():
            if status >= "400":
                assert response["content"] == PROBLEM


def test_operations_when_they_write_or_say_who_then_need_a_token(document: dict[str, Any]) -> None:
    for (method, path), operation in operations(document).items():
        needs = method == "post" or path.endswith("/me")
        assert operation["security"] == [{"bearer": []}] + ([] if needs else [{}])


def test_document_when_read_then_is_french(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert set(schemas) == {*MEANINGS, "Problem"}
    assert all(schema["description"] for schema in schemas.values())
    words = [document["info"]["description"]]
    for operation in operations(document).values():
        words += [operation["summary"], *(p["description"] for p in operation["parameters"])]
        words += [answer["description"] for answer in operation["responses"].values()]
    english = re.compile(r"\b(the|not|error|successful|response|found)\b", re.IGNORECASE)
    assert [word for word in words if not word or english.search(word)] == []


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_api_when_asked_anything_then_keeps_to_its_document(
    app: Flask, call: Call, mode: GenerationMode
) -> None:
    # a schema cannot say that west comes before east, or which categories a territory has:
    # data that fits it may still be refused, by a problem document
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    headers = {
        "Authorization": f"Bearer {call('coordinator').token}",
        "Accept-Encoding": "identity",  # schemathesis unfolds nothing when it calls the application
    }
    reference = call("mediator").file().json["reference"]

    def asked_anything(method: str, path: str) -> Callable[[], None]:
        @given(case=schema[path][method].as_strategy(generation_mode=mode))
        @settings(
            max_examples=12,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        def keeps_to_it(case: Case) -> None:
            if "reference" in case.path_parameters and mode is GenerationMode.POSITIVE:
                case.path_parameters["reference"] = reference
            case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])

        return keeps_to_it

    for method, path in sorted(OPERATIONS):
        if mode is GenerationMode.NEGATIVE and path in NOTHING_TO_SPOIL:
            continue
        asked_anything(method, path)()
