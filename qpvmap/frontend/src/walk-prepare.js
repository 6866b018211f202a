// Preparing a walk, and its report: the map; a tap says where a stop is, or draws the line.
import L from "./global-leaflet.js";
import { dropIcon } from "./map-pins.js";
import { walkMap } from "./walk-map.js";

const DECIMALS = 6;
const round = (degrees) => Number(degrees.toFixed(DECIMALS));

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

/** The line drawn by taps, one point each. */
class Line {
  constructor(form, map) {
    Object.assign(this, { form, map, points: [], drawing: false });
    this.said = form.querySelector("[data-said]");
    this.buttons = Object.fromEntries(
      [...form.querySelectorAll("[data-do]")].map((button) => [button.dataset.do, button]),
    );
    this.drawn = L.polyline([], { className: "m-route is-new", interactive: false }).addTo(map);
    this.buttons.tracer.addEventListener("click", () => this.turn(!this.drawing));
    this.buttons.defaire.addEventListener("click", () => {
      this.points.pop();
      this.#show();
    });
    form.addEventListener("submit", ({ submitter }) => {
      const points = submitter === this.buttons.effacer ? [] : this.points;
      form.elements.route.value = JSON.stringify(
        points.map(({ lat, lng }) => [round(lng), round(lat)]),
      );
    });
  }

  turn(on) {
    this.drawing = on;
    this.buttons.tracer.setAttribute("aria-pressed", String(on));
    if (!on) this.points = [];
    this.#show();
  }

  at(latlng) {
    this.points.push(latlng);
    this.#show();
  }

  #show() {
    this.drawn.setLatLngs(this.points);
    this.buttons.defaire.hidden = !this.points.length;
    this.buttons.garder.hidden = this.points.length < 2;
    if (!this.drawing) return;
    this.said.textContent = this.points.length
      ? `${this.points.length} point${this.points.length > 1 ? "s" : ""}. Touchez la carte pour continuer.`
      : "Touchez la carte au départ, puis à chaque tournant.";
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
