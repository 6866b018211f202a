"""The map as folium declares it: our own Leaflet, no outside address, no people's words.

folium writes an inline script that only *declares* the map, its base maps and its layers; the
bundle `map.js`, loaded before it, does the drawing and fetches the data from our own addresses.
Every value goes through JSON that escapes `<`, `>`, `&` and quotes, so that a name cannot end the
script nor start an expression. Names of objects are fixed: the same declaration, the same bytes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol, cast

from branca.element import Figure, MacroElement

from qpvmap.core.geo import BBox, LonLat
from qpvmap.outputs.light_folium import Template, folium

MIN_ZOOM = 11
MAX_ZOOM = 20
MARGIN_DEGREES = 0.15
"""How far from the territory the map may be moved."""


class Basemap(Protocol):
    """A raster background, as the settings describe it."""

    @property
    def key(self) -> str:
        """Its name in the page's address."""

    @property
    def url(self) -> str:
        """Address of its tiles, with {z}, {x} and {y}."""

    @property
    def attribution(self) -> str:
        """The credit its producer asks for."""

    @property
    def max_zoom(self) -> int:
        """The closest zoom it has tiles for."""


@dataclass(frozen=True, slots=True)
class LayerSpec:
    """A layer to declare: what it is called, how it is drawn, where its data is.

    `type` is areas, points or signalements; `card` the kind of card that a click opens, if any.
    """

    key: str
    type: str
    url: str
    show: bool = True
    card: str | None = None


@dataclass(frozen=True, slots=True)
class View:
    """Where the map opens, what it should show whole if it can, and what it stays around.

    EPSG:4326. `zoom` is for a window too small to show `home` with any detail.
    """

    center: LonLat
    zoom: int
    home: BBox
    bounds: BBox


@dataclass(frozen=True, slots=True)
class Declaration:
    """What folium wrote: the map's element, and the script to run under the page's nonce."""

    html: str
    script: str


class LocalMap(folium.Map):
    """A `folium.Map` whose Leaflet is the site's own; its element carries no style."""

    _template = Template("""
        {% macro html(this, kwargs) %}
        <div class="folium-map" id={{ this.get_name()|tojson }} role="group" tabindex="0"
             aria-label="Carte : flèches pour se déplacer, plus et moins pour zoomer"></div>
        {% endmacro %}
        {% macro script(this, kwargs) %}
        const {{ this.get_name() }} = qpvmap.map({{ this.get_name()|tojson }},
                                                 {{ this.declared|tojson }});
        {% endmacro %}
    """)

    def __init__(self, view: View) -> None:
        center = [view.center.lat, view.center.lon]
        super().__init__(location=center, tiles=None, zoom_start=view.zoom, zoom_control=False)
        self._id = "qpvmap"
        self.default_js: list[tuple[str, str]] = []
        self.default_css: list[tuple[str, str]] = []
        home, box, margin = view.home, view.bounds, MARGIN_DEGREES
        self.declared = {
            "center": center,
            "zoom": view.zoom,
            "home": [[home.south, home.west], [home.north, home.east]],
            "minZoom": MIN_ZOOM,
            "maxZoom": MAX_ZOOM,
            "maxBounds": [
                [box.south - margin, box.west - margin],
                [box.north + margin, box.east + margin],
            ],
        }

    def declaration(self) -> Declaration:
        """Return the element and the script; what folium puts in the page's head is dropped."""
        self.add_child(Start(self.get_name()), name="start")
        figure = cast(Figure, self.get_root())
        figure.render()
        return Declaration(html=figure.html.render(), script=figure.script.render())


class Declared(folium.map.Layer):
    """A line `qpvmap.<verb>(map, {...})`. Being shown or not is a field, not a call."""

    _template = Template("""
        {% macro script(this, kwargs) %}
        qpvmap.{{ this.verb }}({{ this._parent.get_name() }}, {{ this.declared|tojson }});
        {% endmacro %}
    """)
    verb = "layer"

    def __init__(self, key: str, declared: dict[str, Any]) -> None:
        super().__init__(name=key, overlay=True, control=False, show=False)
        self._id = key
        self.declared = declared


class DataLayer(Declared):
    """A layer drawn from one of our own addresses."""

    def __init__(self, spec: LayerSpec) -> None:
        fields = ("key", "type", "url", "show", "card")
        super().__init__(spec.key, {name: getattr(spec, name) for name in fields})


class RasterLayer(Declared):
    """A raster background, asked for only when the reader chooses it."""

    verb = "basemap"

    def __init__(self, basemap: Basemap) -> None:
        declared = {
            "key": basemap.key,
            "url": basemap.url,
            "attribution": basemap.attribution,
            "maxZoom": basemap.max_zoom,
        }
        super().__init__(f"fond-{basemap.key}", declared)


class Start(MacroElement):
    """The last line: everything is declared."""

    _template = Template("""
        {% macro script(this, kwargs) %}
        qpvmap.start({{ this.map_name }});
        {% endmacro %}
    """)

    def __init__(self, map_name: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # branca has no types
        self._name = "Start"
        self.map_name = map_name


def declare(view: View, layers: Iterable[LayerSpec], basemaps: Iterable[Basemap]) -> Declaration:
    """Return the declaration of a map with its layers, bottom first, and its backgrounds."""
    drawn = LocalMap(view)
    for basemap in basemaps:
        drawn.add_child(RasterLayer(basemap), name=f"fond-{basemap.key}")
    for spec in layers:
        drawn.add_child(DataLayer(spec), name=spec.key)
    return drawn.declaration()
