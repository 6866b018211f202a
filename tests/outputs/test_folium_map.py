"""What folium writes for us: nothing from outside, and no value that could become code."""

import json
import re

import pytest

from qpvmap.core.geo import BBox, LonLat
from qpvmap.outputs.folium_map import Declaration, LayerSpec, View, declare
from qpvmap.settings import DEFAULT_BASEMAPS, Basemap

TERRITORY = BBox(2.26, 48.76, 2.33, 48.81)
QUARTER = BBox(2.295, 48.782, 2.316, 48.79)
HERE = View(LonLat(2.3025, 48.7878), 16, QUARTER, TERRITORY)
IRIS = LayerSpec("iris", "areas", "/carte/couches/iris.geojson", card="iris")
QPV = LayerSpec("qpv-2015", "areas", "/carte/couches/qpv-2015.geojson", show=False)
LIVE = ["</script>", "<script>", "${1+1}", "`", "<!--", "'"]


def declared(*layers: LayerSpec) -> Declaration:
    return declare(HERE, layers, ())


def calls(script: str, verb: str) -> list[dict[str, object]]:
    found = re.findall(rf"qpvmap\.{verb}\(map_qpvmap, (.*)\);", script)
    return [json.loads(text) for text in found]


def test_declare_when_rendered_then_names_no_library_of_folium() -> None:
    page = declared(IRIS)
    whole = page.html + page.script
    for word in ("http", "jquery", "bootstrap", "cdn", "<style", "style=", "L.map("):
        assert word not in whole.lower()


def test_declare_when_given_layers_then_only_their_addresses_are_written() -> None:
    script = declared(IRIS, QPV).script
    layers = calls(script, "layer")
    assert [layer["key"] for layer in layers] == ["iris", "qpv-2015"]
    assert [layer["show"] for layer in layers] == [True, False]
    assert layers[0] == {
        "key": "iris",
        "type": "areas",
        "url": "/carte/couches/iris.geojson",
        "show": True,
        "card": "iris",
    }


def test_declare_when_given_basemaps_then_each_keeps_its_credit() -> None:
    script = declare(HERE, [], DEFAULT_BASEMAPS).script
    basemaps = calls(script, "basemap")
    assert [b["attribution"] for b in basemaps] == [b.attribution for b in DEFAULT_BASEMAPS]
    assert [b["url"] for b in basemaps] == [b.url for b in DEFAULT_BASEMAPS]


def test_declare_when_done_twice_then_same_bytes() -> None:
    assert declared(IRIS, QPV) == declared(IRIS, QPV)


def test_declare_when_rendered_then_starts_last() -> None:
    lines = [line.strip() for line in declared(IRIS, QPV).script.splitlines() if line.strip()]
    assert lines[0].startswith("const map_qpvmap = qpvmap.map(")
    assert lines[-1] == "qpvmap.start(map_qpvmap);"


@pytest.mark.parametrize("planted", LIVE)
def test_declare_when_a_name_holds_code_then_it_stays_a_string(planted: str) -> None:
    name = f"École {planted} des Blagis"
    spec = LayerSpec("operations", "points", f"/carte/{name}.geojson", card=name)
    basemap = Basemap(key="fond", title=name, url=f"/{name}", attribution=name)
    page = declare(HERE, [spec], [basemap])
    assert calls(page.script, "layer")[0]["card"] == name
    assert calls(page.script, "basemap")[0]["attribution"] == name
    for sign in ("<", ">", "'"):
        assert sign not in page.script
    # A backtick or ${ lives only inside a template literal: every value is a double-quoted string.
    assert "`" not in re.sub(r'"(?:[^"\\]|\\.)*"', '""', page.script)
    assert "${" not in re.sub(r'"(?:[^"\\]|\\.)*"', '""', page.script)
    assert planted not in page.html
