"""Names of streets, wishes, and push services."""

import pytest

from qpvmap.core.errors import InvalidSubmission
from qpvmap.core.push import device_label, is_push_service, parse_device
from qpvmap.core.subscriptions import (
    SubscriptionKind,
    Wish,
    email_address,
    folded,
    parse_wish,
    street_name,
    street_of,
)


@pytest.mark.parametrize(
    ("address", "street"),
    [
        ("12 rue Léo-Delibes", "rue Léo-Delibes"),
        ("12 bis, rue Léo-Delibes, 92220 Bagneux", "rue Léo-Delibes"),
        ("3-5 avenue du Général Leclerc 92340 Bourg-la-Reine", "avenue du Général Leclerc"),
        ("Square des Blagis", "Square des Blagis"),
        ("Résidence des Bas-Coquarts, 4 allée du Parc", "allée du Parc"),
        ("Grande Rue", "Grande Rue"),
        ("devant l’école", ""),
        ("", ""),
    ],
)
def test_street_when_in_an_address_then_stands_without_number_and_town(
    address: str, street: str
) -> None:
    assert street_of(address) == street


def test_names_when_folded_then_accents_hyphens_and_capitals_do_not_count() -> None:
    assert folded("Rue Léo‑Delibes") == folded("rue LEO DELIBES") == "rue leo delibes"
    assert folded("Allée du Sacré-Cœur") == "allee du sacre coeur"


@pytest.mark.parametrize(
    "text", ["", "12, 92220", "rue " + "x" * 200, "rue http://exemple.fr", "rue X\nBcc: a", "ici"]
)
def test_street_when_it_names_nothing_then_is_refused(text: str) -> None:
    with pytest.raises(InvalidSubmission):
        street_name(text)


def test_wish_when_written_then_is_read_again() -> None:
    wish = Wish(SubscriptionKind.STREET, "rue du Bac : côté pair")
    assert parse_wish(str(wish)) == wish
    assert parse_wish("personne:12") is None
    assert parse_wish("quartier:") is None


@pytest.mark.parametrize(
    "text", ["", "nadia", "a@b", "a b@exemple.fr", "a@exemple.fr\nBcc: x@y.fr"]
)
def test_address_when_it_is_none_then_is_refused(text: str) -> None:
    with pytest.raises(InvalidSubmission):
        email_address(text)


@pytest.mark.parametrize(
    ("endpoint", "known"),
    [
        ("https://fcm.googleapis.com/fcm/send/abc", True),
        ("https://updates.push.services.mozilla.com/wpush/v2/abc", True),
        ("https://wns2-par02p.notify.windows.com/w/?token=abc", True),
        ("https://web.push.apple.com/abc", True),
        ("http://fcm.googleapis.com/abc", False),
        ("https://fcm.googleapis.com:8443/abc", False),
        ("https://fcm.googleapis.com.evil.example/abc", False),
        ("https://evilfcm.googleapis.com.example/abc", False),
        ("https://user@fcm.googleapis.com/abc", False),
        ("https://127.0.0.1/abc", False),
        ("https://[::1/abc", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_endpoint_when_not_of_a_known_push_service_then_is_refused(
    endpoint: str, known: bool
) -> None:
    assert is_push_service(endpoint) is known


def test_device_when_its_keys_are_none_then_is_refused() -> None:
    good = {
        "endpoint": "https://fcm.googleapis.com/fcm/send/abc",
        "p256dh": "B" * 87,
        "auth": "A" * 22,
    }
    agent = "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"
    assert parse_device(good, agent).label == "Firefox sur Android"
    for name in good:
        with pytest.raises(InvalidSubmission):
            parse_device({**good, name: "é"}, agent)


def test_browser_when_unknown_then_has_a_plain_name() -> None:
    assert device_label("curl/8") == "Navigateur"
