"""France Travail's offers: JSON and CSV, of the territory's communes, with nobody in them."""

import json
from typing import Any

import pytest

from qpvmap.core.insertion import Offer
from qpvmap.importers.offers import parse_offers
from qpvmap.importers.report import FileRefused

CODES = {"92007", "92071"}
OFFER: dict[str, Any] = {
    "id": "187XYZ",
    "intitule": "Aide à domicile (H/F)",
    "description": "Contactez Léa Durand.",
    "dateCreation": "2026-11-20T10:00:00.000Z",
    "lieuTravail": {
        "libelle": "92 - BAGNEUX",
        "latitude": 48.7883,
        "longitude": 2.3029,
        "codePostal": "92220",
        "commune": "92007",
    },
    "romeCode": "K1304",
    "romeLibelle": "Services domestiques",
    "entreprise": {"nom": "M. Durand"},
    "contact": {"nom": "Léa Durand", "courriel": "lea@example.org"},
    "typeContrat": "CDI",
    "typeContratLibelle": "Contrat à durée indéterminée",
    "nombrePostes": 2,
}


def parse(*rows: dict[str, Any]) -> Any:
    return parse_offers("offres.json", json.dumps({"resultats": rows}).encode(), CODES)


def test_json_offer_is_read_without_employer_nor_contact() -> None:
    found = parse(OFFER)
    (offer,) = found.offers
    assert isinstance(offer, Offer)
    assert (offer.source_key, offer.rome_code, offer.positions) == ("187XYZ", "K1304", 2)
    assert (offer.insee_code, offer.lon, offer.lat) == ("92007", 2.3029, 48.7883)
    assert str(offer.published_on) == "2026-11-20"
    assert "Durand" not in str(found)


def test_csv_offer_is_the_same() -> None:
    table = (
        "id;intitule;romeCode;romeLibelle;typeContratLibelle;nombrePostes;lieuTravail.commune;"
        "lieuTravail.latitude;lieuTravail.longitude;dateCreation;contact.nom\r\n"
        "187XYZ;Aide à domicile (H/F);K1304;Services domestiques;"
        "Contrat à durée indéterminée;2;92007;48,7883;2,3029;2026-11-20;Léa Durand\r\n"
    )
    assert parse_offers("o.csv", table.encode(), CODES).offers == parse(OFFER).offers


def test_offers_of_elsewhere_and_repeated_ones_are_left_out() -> None:
    elsewhere = {**OFFER, "id": "2", "lieuTravail": {"commune": "75056"}}
    found = parse(OFFER, OFFER, elsewhere)
    assert len(found.offers) == 1
    assert any("hors du territoire" in note for note in found.notes)


def test_offer_without_a_point_keeps_its_commune() -> None:
    (offer,) = parse({**OFFER, "lieuTravail": {"commune": "92071"}}).offers
    assert (offer.insee_code, offer.lon) == ("92071", None)


@pytest.mark.parametrize(
    "fields",
    [{"intitule": ""}, {"id": None}, {"intitule": "Appelez Mme Durand"}, {"nombrePostes": "trois"}],
)
def test_wrong_offer_is_refused_alone(fields: dict[str, Any]) -> None:
    found = parse(OFFER, {**OFFER, "id": "3", **fields})
    assert len(found.offers) == 1
    assert len(found.refused) == 1


@pytest.mark.parametrize("content", [b"{", b'{"resultats": 3}', b"[1, 2]", b"<html>"])
def test_file_of_something_else_is_refused(content: bytes) -> None:
    with pytest.raises(FileRefused):
        parse_offers("o.json", content, CODES)
