// The line of a walk drawn by taps on the map: one point each.
import L from "./global-leaflet.js";

const DECIMALS = 6;
const round = (degrees) => Number(degrees.toFixed(DECIMALS));

/** The line drawn by taps, one point each. */
export class Line {
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

  /** It is kept: what is drawn stays, and the next one begins anew. */
  done(words) {
    this.drawing = false;
    this.buttons.tracer.setAttribute("aria-pressed", "false");
    this.buttons.defaire.hidden = true;
    this.buttons.garder.hidden = true;
    this.points = [];
    this.said.textContent = words;
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
