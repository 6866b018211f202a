"""Photos by programs: added once, read by whoever may, refused by a problem document."""

from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from tests.api.conftest import Call, Caller
from tests.api.test_refusals import is_problem
from tests.pictures import opened, photo

PHOTO = photo(800, 600)


def send(caller: Caller, reference: str, content: bytes = PHOTO, **fields: Any) -> TestResponse:
    """Send a photo as a multipart form."""
    file = FileStorage(BytesIO(content), "a.jpg", "photo")
    data = {"client_id": str(uuid4()), "photo": file, **fields}
    boundary, body = encode_multipart(data)
    form = f"multipart/form-data; boundary={boundary}"
    return caller.post(f"/signalements/{reference}/photos", data=body, content_type=form)


@pytest.fixture
def reference(call: Call) -> str:
    filed: str = call("mediator").file().json["reference"]
    return filed


def test_photo_when_added_then_is_read_in_both_sizes(call: Call, reference: str) -> None:
    answer = send(call("mediator"), reference)
    assert answer.status_code == 201, answer.text
    item = answer.json
    assert (item["moment"], item["width"], item["height"]) == ("before", 800, 600)
    assert answer.headers["Location"] == item["url"]
    for address, side in ((item["url"], 800), (item["thumbnail"], 480)):
        kept = call().get(address.removeprefix("/api/v1"))
        assert kept.content_type == "image/webp"
        assert kept.headers["X-Content-Type-Options"] == "nosniff"
        assert max(opened(kept.data).size) == side
    assert call().get(f"/signalements/{reference}").json["photos"] == [item]


def test_photo_when_sent_again_then_200_and_the_first(call: Call, reference: str) -> None:
    client_id = str(uuid4())
    first, again = (send(call("mediator"), reference, client_id=client_id) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json


def test_photo_when_of_the_work_then_is_for_the_team(call: Call, reference: str) -> None:
    assert is_problem(send(call("mediator"), reference, moment="after"), 403)
    team = call("sceaux")
    assert send(team, reference, moment="after").status_code == 201
    assert is_problem(send(call("roads"), reference), 403)
    assert is_problem(send(call(), reference), 401)
    assert is_problem(send(team, "BL-2020-0001"), 404)


def test_photo_of_what_is_confidential_when_asked_by_others_then_404(call: Call) -> None:
    filed = call("mediator").file(category="rixe").json
    item = send(call("mediator"), filed["reference"]).json
    path = item["url"].removeprefix("/api/v1")
    seen = call("mediator").get(path)
    assert seen.status_code == 200
    assert seen.headers["Cache-Control"] == "private, no-store"
    for person in (None, "roads", "planner"):
        assert is_problem(call(person).get(path), 404)
        if person:
            assert is_problem(send(call(person), filed["reference"]), 404)


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"client_id": "x"}, "#/client_id"),
        ({"moment": "later"}, "#/moment"),
        ({"photo": "text"}, "#/photo"),
        ({"more": "1"}, "#/more"),
    ],
)
def test_form_when_wrong_then_says_where(
    call: Call, reference: str, fields: dict[str, str], pointer: str
) -> None:
    answer = send(call("mediator"), reference, **fields)
    assert is_problem(answer, 422)
    assert [fault["pointer"] for fault in answer.json["errors"]] == [pointer]


def test_file_when_no_photo_then_says_so(call: Call, reference: str) -> None:
    answer = send(call("mediator"), reference, b"<html><script>alert(1)</script>")
    assert is_problem(answer, 422)
    assert "JPEG, PNG, WebP ou HEIC" in answer.json["detail"]


def test_body_when_no_form_then_415(call: Call, reference: str) -> None:
    answer = call("mediator").post(f"/signalements/{reference}/photos", {"photo": "x"})
    assert is_problem(answer, 415)


def test_body_when_over_25_mb_then_413_and_over_2_mb_elsewhere(call: Call, reference: str) -> None:
    mediator = call("mediator")
    assert is_problem(send(mediator, reference, bytes(26 * 1024 * 1024)), 413)
    heavy = send(mediator, reference, bytes(21 * 1024 * 1024))
    assert is_problem(heavy, 422)
    assert "20 Mo" in heavy.json["detail"]
    large = {"description": "x" * (3 * 1024 * 1024)}
    assert is_problem(mediator.post("/signalements", large), 413)


@pytest.mark.parametrize("path", ["/photos/1/full.webp", f"/photos/{10**30}/full.webp"])
def test_photo_when_there_is_none_then_404(app: Flask, call: Call, path: str) -> None:
    assert is_problem(call().get(path), 404)
