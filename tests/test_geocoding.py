"""The address search in front of a service that works, is slow, fails, or answers nonsense."""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from qpvmap import geocoding
from qpvmap.core.geo import LonLat
from qpvmap.geocoding import GeocoderUnavailable, reverse, search
from qpvmap.settings import Settings

BLAGIS = LonLat(2.3025, 48.7878)
PATIENCE_S = 30

Answer = tuple[int, bytes]
Service = Callable[..., Settings]


def feature(label: str, lon: object, lat: object) -> dict[str, object]:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [lon, lat]},
        "properties": {"label": label, "context": "92, Hauts-de-Seine"},
    }


def answer(*features: dict[str, object]) -> Answer:
    return 200, json.dumps({"type": "FeatureCollection", "features": features}).encode()


@pytest.fixture
def asked() -> list[dict[str, list[str]]]:
    return []


@pytest.fixture
def service(asked: list[dict[str, list[str]]]) -> Iterator[Service]:
    """Return a function that starts a local address search: one answer, or `silent` to the end."""
    ended = threading.Event()
    servers: list[ThreadingHTTPServer] = []

    def start(given: Answer, silent: bool = False) -> Settings:
        class Door(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(parse_qs(urlsplit(self.path).query))
                if silent:
                    ended.wait(PATIENCE_S)
                self.send_response(given[0])
                self.send_header("Content-Length", str(len(given[1])))
                self.end_headers()
                with contextlib.suppress(BrokenPipeError):  # who asked did not wait
                    self.wfile.write(given[1])

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/search"
        return Settings(geocoder_url=url, geocoder_timeout_s=0.25)

    yield start
    ended.set()
    for server in servers:
        server.shutdown()
        server.server_close()
    geocoding._client.cache_clear()
    geocoding._resting.clear()


def test_search_when_service_answers_then_addresses(
    service: Service, asked: list[dict[str, list[str]]]
) -> None:
    label = "3 Rue des Blagis 92220 Bagneux"
    settings = service(answer(feature(label, 2.3031, 48.7881)))
    (found,) = search(settings, " 3 rue des blagis ", BLAGIS)
    assert (found.label, found.lon, found.lat) == (
        "3 Rue des Blagis 92220 Bagneux",
        2.3031,
        48.7881,
    )
    assert found.detail == "92, Hauts-de-Seine"
    assert asked[0]["q"] == ["3 rue des blagis"]
    assert asked[0]["lon"] == ["2.3025"]


def test_search_when_address_is_far_then_left_out(service: Service) -> None:
    settings = service(answer(feature("Rue des Blagis, Marseille", 5.4, 43.3)))
    assert search(settings, "rue des blagis", BLAGIS) == []
    assert len(search(settings, "rue des blagis")) == 1


@pytest.mark.parametrize(
    "given",
    [
        (500, b"oups"),
        (200, b"<html>maintenance</html>"),
        (200, b"[]"),
        (200, b'{"features": 3}'),
        (200, b'{"features": [{"geometry": null}]}'),
        answer(feature("Nulle part", "x", "y")),
        answer(feature("Nulle part", 500, 48)),
        answer({"geometry": {"coordinates": [2.3, 48.7]}, "properties": {}}),
    ],
)
def test_search_when_answer_is_unusable_then_unavailable(service: Service, given: Answer) -> None:
    with pytest.raises(GeocoderUnavailable):
        search(service(given), "rue des blagis", BLAGIS)


def test_search_when_service_is_slow_then_unavailable_before_it_answers(service: Service) -> None:
    settings = service(answer(), silent=True)
    with pytest.raises(GeocoderUnavailable):
        search(settings, "rue des blagis", BLAGIS)


def test_search_when_service_just_failed_then_it_is_left_alone(
    service: Service, asked: list[dict[str, list[str]]]
) -> None:
    settings = service((500, b""))
    for _ in range(3):
        with pytest.raises(GeocoderUnavailable):
            search(settings, "rue des blagis", BLAGIS)
    assert len(asked) == 1


def test_search_when_nobody_listens_then_unavailable() -> None:
    settings = Settings(geocoder_url="http://127.0.0.1:9/search", geocoder_timeout_s=0.25)
    with pytest.raises(GeocoderUnavailable, match="ne répond pas"):
        search(settings, "rue des blagis", BLAGIS)
    geocoding._resting.clear()


@pytest.mark.parametrize("words", ["", "  ", "ab"])
def test_search_when_words_are_too_short_then_nothing_is_asked(
    service: Service, asked: list[dict[str, list[str]]], words: str
) -> None:
    assert search(service((500, b"")), words, BLAGIS) == []
    assert asked == []


def test_search_when_no_service_is_set_then_nothing() -> None:
    assert search(Settings(geocoder_url=""), "rue des blagis", BLAGIS) == []


def test_search_when_the_answer_is_a_whole_town_then_is_no_place_to_go(service: Service) -> None:
    town, street = feature("Bagneux", 2.3025, 48.7878), feature("Rue des Blagis", 2.302, 48.788)
    town["properties"] = {**town["properties"], "type": "municipality"}
    street["properties"] = {**street["properties"], "type": "street"}
    found = search(service(answer(town, street)), "Bagneux", BLAGIS)
    assert [place.label for place in found] == ["Rue des Blagis"]


def test_reverse_when_an_address_is_close_then_it_and_its_distance(service: Service) -> None:
    settings = service(answer(feature("2 Rue des Aulnes 92220 Bagneux", 2.3026, 48.7878)))
    found = reverse(settings, BLAGIS)
    assert found is not None
    address, distance_m = found
    assert address.label == "2 Rue des Aulnes 92220 Bagneux"
    assert 5 < distance_m < 10


def test_reverse_when_the_nearest_is_far_then_none(service: Service) -> None:
    assert reverse(service(answer(feature("Loin", 2.31, 48.79))), BLAGIS) is None


def test_reverse_when_slow_then_unavailable_and_left_alone(
    service: Service, asked: list[dict[str, list[str]]]
) -> None:
    settings = service(answer(), silent=True)
    for _ in range(2):
        with pytest.raises(GeocoderUnavailable):
            reverse(settings, BLAGIS)
    assert len(asked) == 1


def test_reverse_when_the_service_has_no_such_door_then_none() -> None:
    assert reverse(Settings(geocoder_url="http://127.0.0.1:9/autre"), BLAGIS) is None
