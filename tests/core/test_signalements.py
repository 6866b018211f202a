"""What may be sent."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from qpvmap.core.contacts import ContactDetails
from qpvmap.core.errors import InvalidSubmission
from qpvmap.core.signalements import (
    FIELD_MESSAGES,
    Submission,
    field_message,
    parse_submission,
)

VALID = {"client_id": str(uuid4()), "category": "voirie", "lon": 2.3, "lat": 48.78}


def test_a_short_submission_is_enough() -> None:
    assert parse_submission(VALID).description == ""


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("client_id", "17"),
        ("category", ""),
        ("lon", "à droite"),
        ("lon", 181),
        ("lat", float("nan")),
        ("lat", float("inf")),
        ("accuracy_m", -1),
        ("description", "x" * 2001),
        ("captured_at", "2026-11-20T09:00"),
        ("position_method", "magie"),
    ],
)
def test_a_wrong_field_is_named_in_french(field: str, value: object) -> None:
    with pytest.raises(InvalidSubmission) as refused:
        parse_submission(VALID | {field: value})
    assert dict(refused.value.fields) == {field: FIELD_MESSAGES[field]}


def test_an_unknown_field_is_refused_and_every_fault_is_told() -> None:
    with pytest.raises(InvalidSubmission) as refused:
        parse_submission(VALID | {"lon": "x", "lat": "y", "team": "police"})
    assert set(refused.value.fields) == {"lon", "lat", "team"}


def test_every_field_has_its_message() -> None:
    of_contact = {f"contact.{name}" for name in set(ContactDetails.model_fields) - {"consent"}}
    assert set(FIELD_MESSAGES) == set(Submission.model_fields) | of_contact
    assert field_message(("contact", "consent")) == ("contact", FIELD_MESSAGES["contact"])


def test_a_phone_whose_clock_runs_ahead_does_not_file_in_the_future() -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    ahead = parse_submission(VALID | {"captured_at": (now + timedelta(days=3)).isoformat()})
    assert ahead.captured_by(now) == now


@pytest.mark.parametrize(
    ("captured_at", "kept"),
    [
        ("1900-01-01T00:00:00Z", False),
        ("2025-11-19T00:00:00Z", False),
        ("2025-11-21T00:00:00Z", True),
    ],
)
def test_a_phone_whose_clock_went_back_does_not_file_in_another_age(
    captured_at: str, kept: bool
) -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    sent = parse_submission(VALID | {"captured_at": captured_at})
    assert sent.captured_by(now) == (datetime.fromisoformat(captured_at) if kept else now)


def test_the_nil_identifier_is_nobodys() -> None:
    with pytest.raises(InvalidSubmission) as refused:
        parse_submission(VALID | {"client_id": str(UUID(int=0))})
    assert refused.value.fields == {"client_id": FIELD_MESSAGES["client_id"]}
