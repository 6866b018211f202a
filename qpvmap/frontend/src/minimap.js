// A small map without folium, for the filing page and the detail pages: our own ground, the quarter,
// pins, and a pin that can be moved by hand or by arrow keys.
//
//   import { miniMap } from "./minimap.js";
//   const small = miniMap(element, { lon, lat, zoom: 17, accuracy: 12,
//                                    draggable: true, onMove: ({ lon, lat, by }) => …,
//                                    pins: [{ lon, lat, name, status, late, confidential, href }] });
//   small.setPosition({ lon, lat, accuracy }); small.position(); small.setPins([...]); small.remove();
//
// `element` may carry data-icons (address of the icon sprite) and data-basemaps (what the Jinja
// global `basemaps_json()` gives): the background chosen on the map page then shows here as well.
// The page loads map.css beside app.css.
import L from "./global-leaflet.js";
import { keptBasemap, rasterLayer } from "./map-basemaps.js";
import { addPanes, drawGround, scale } from "./map-draw.js";
import {
  dropIcon,
  equipmentIcon,
  operationIcon,
  signalementIcon,
  stopIcon,
  useSprite,
} from "./map-pins.js";

const METRES_PER_DEGREE = 111320;
const STEPS = { ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
const PIN_ICONS = {
  signalement: signalementIcon,
  operation: operationIcon,
  equipement: equipmentIcon,
  stop: stopIcon,
};

/** Move a point by metres east and north. */
export function shifted({ lon, lat }, east, north) {
  const perLon = METRES_PER_DEGREE * Math.cos((lat * Math.PI) / 180);
  return { lon: lon + east / perLon, lat: lat + north / METRES_PER_DEGREE };
}

const round = (degrees) => Math.round(degrees * 1e6) / 1e6;

class MiniMap {
  constructor(element, options) {
    this.options = {
      zoom: 17,
      accuracy: null,
      draggable: false,
      onMove: null,
      pins: [],
      ...options,
    };
    useSprite(element.dataset.icons);
    this.map = L.map(element, {
      center: [this.options.lat, this.options.lon],
      zoom: this.options.zoom,
      minZoom: 12,
      maxZoom: 20,
      zoomControl: false,
      attributionControl: false,
      scrollWheelZoom: false,
      keyboard: false,
    });
    // The pin takes the arrow keys; the map itself is not a tab stop.
    element.removeAttribute("tabindex");
    L.control
      .zoom({ position: "bottomright", zoomInTitle: "Zoomer", zoomOutTitle: "Dézoomer" })
      .addTo(this.map);
    addPanes(this.map);
    scale(this.map, "bottomleft");
    this.#addTiles(element);
    drawGround(this.map, element.dataset.former).catch(() => element.classList.add("is-bare"));
    this.pins = L.layerGroup().addTo(this.map);
    this.setPins(this.options.pins);
    if (this.options.marker !== false) this.#addMarker();
    this.setPosition(this.options);
  }

  /** The reader's own background, over the ground: it shows by itself if tiles cannot be had. */
  #addTiles(element) {
    const kept = keptBasemap();
    const specs = JSON.parse(element.dataset.basemaps ?? "[]");
    const spec = specs.find(({ key, first }) => (kept ? key === kept : first));
    if (!spec) return;
    L.control.attribution({ prefix: false, position: "topright" }).addTo(this.map);
    rasterLayer(spec, this.map.getMaxZoom())
      .once("tileload", () => element.classList.add("on-tiles"))
      .addTo(this.map);
  }

  #addMarker() {
    const { draggable, label = "Repère du signalement" } = this.options;
    this.disc = L.circle([0, 0], { radius: 1, className: "m-acc", interactive: false });
    this.marker = L.marker([this.options.lat, this.options.lon], {
      icon: this.options.icon ?? dropIcon(label),
      draggable,
      autoPan: draggable,
      interactive: draggable,
      keyboard: draggable,
      zIndexOffset: 500,
    }).addTo(this.map);
    if (!draggable) return;
    const handle = this.marker.getElement();
    handle.setAttribute(
      "aria-label",
      `${label} : flèches pour le déplacer de 1 m, avec Maj de 10 m`,
    );
    this.marker.on("dragend", () => this.#moved("drag"));
    handle.addEventListener("keydown", (event) => this.#key(event));
    this.map.on("click", (event) => {
      this.marker.setLatLng(event.latlng);
      this.#moved("tap");
    });
  }

  #key(event) {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const metres = event.shiftKey ? 10 : 1;
    const { lon, lat } = shifted(this.position(), step[0] * metres, step[1] * metres);
    this.marker.setLatLng([lat, lon]);
    this.map.panInside([lat, lon], { padding: [48, 48], animate: false });
    this.#moved("keys");
  }

  #moved(by) {
    this.disc.remove();
    this.options.onMove?.({ ...this.position(), by });
  }

  /** Where the pin is, 6 decimals. */
  position() {
    const { lng, lat } = this.marker ? this.marker.getLatLng() : this.map.getCenter();
    return { lon: round(lng), lat: round(lat) };
  }

  /** Put the pin somewhere, with the true accuracy disc when `accuracy` (metres) is given. */
  setPosition({ lon, lat, accuracy = null, zoom = null }) {
    if (this.marker) {
      this.marker.setLatLng([lat, lon]);
      this.disc.remove();
      if (accuracy) this.disc.setLatLng([lat, lon]).setRadius(accuracy).addTo(this.map);
    }
    this.map.setView([lat, lon], zoom ?? this.map.getZoom(), { animate: false });
  }

  /** Draw pins: `kind` is "signalement" (default), "operation", "equipement" or "stop". */
  setPins(pins) {
    this.pins.clearLayers();
    for (const pin of pins) {
      const icon = PIN_ICONS[pin.kind ?? "signalement"](pin);
      const marker = L.marker([pin.lat, pin.lon], {
        icon,
        keyboard: false,
        interactive: Boolean(pin.href),
      });
      if (pin.href) marker.on("click", () => window.location.assign(pin.href));
      marker.pin = pin;
      this.pins.addLayer(marker);
    }
  }

  /** The marker of a pin, by any of its fields: `small.pin("reference", "BL-2026-0421")`. */
  pin(field, value) {
    return this.pins.getLayers().find((marker) => marker.pin[field] === value);
  }

  /** To call when the element was hidden and is now shown. */
  refresh() {
    this.map.invalidateSize();
  }

  remove() {
    this.map.remove();
  }
}

/** Draw a small map in `element`; see the head of this file. */
export function miniMap(element, options) {
  return new MiniMap(element, options);
}
