// Preparing a walk, and its report: the map; a tap says where a stop is, or draws the line.
import L from "./global-leaflet.js";
import { dropIcon } from "./map-pins.js";
import { Line } from "./walk-line.js";
import { walkMap } from "./walk-map.js";

const DECIMALS = 6;

/** A tap puts a pin and fills the form of a new stop. */
class StopForm {
  constructor(form, map) {
    Object.assign(this, { form, map });
    this.said = form.querySelector("[data-said]");
    form.elements.lieu.addEventListener("input", () => this.forget());
  }

  at({ lat, lng }) {
    const { lon, lat: north, lieu } = this.form.elements;
    lon.value = lng.toFixed(DECIMALS);
    north.value = lat.toFixed(DECIMALS);
    lieu.value = "";
    this.marker ??= L.marker([lat, lng], { icon: dropIcon("Nouvel arrêt"), keyboard: false });
    this.marker.setLatLng([lat, lng]).addTo(this.map);
    this.said.textContent = "Repère posé. Donnez un nom si vous voulez, puis ajoutez l’arrêt.";
  }

  /** Words take over from the pin. */
  forget() {
    this.form.elements.lon.value = "";
    this.form.elements.lat.value = "";
    this.marker?.remove();
    this.said.textContent = "";
  }
}

for (const frame of document.querySelectorAll("[data-walk-map]")) {
  const { map } = walkMap(frame);
  const stopForm = document.querySelector("[data-stop-form]");
  const lineForm = document.querySelector("[data-route-form]");
  const stop = stopForm && new StopForm(stopForm, map);
  const line = lineForm && new Line(lineForm, map);
  map.on("click", ({ latlng }) => (line?.drawing ? line.at(latlng) : stop?.at(latlng)));
}
