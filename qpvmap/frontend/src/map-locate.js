// "Me situer": a dot, the true accuracy disc in metres, and plain words when it is poor or refused.
import L from "./global-leaflet.js";
import { meIcon } from "./map-pins.js";

const POOR_M = 30;
const WAIT_MS = 15000;
const DENIED = 1;

/** "à 140 m", "à 1,2 km". */
export function distanceWords(metres) {
  if (metres >= 1000) return `à ${(metres / 1000).toFixed(1).replace(".", ",")}\u00a0km`;
  return `à ${Math.max(10, Math.round(metres / 10) * 10)}\u00a0m`;
}

export class Locator {
  constructor(page) {
    this.page = page;
    this.drawn = L.layerGroup().addTo(page.map);
    this.button = page.shell.querySelector("[data-action=situer]");
    this.button.addEventListener("click", () => this.locate());
    page.map.on("locationfound", (event) => this.#found(event));
    page.map.on("locationerror", (event) => this.#failed(event));
  }

  locate() {
    this.page.hush();
    this.button.setAttribute("aria-busy", "true");
    this.page.map.locate({ enableHighAccuracy: true, timeout: WAIT_MS, maximumAge: 10000 });
  }

  #found({ latlng, accuracy }) {
    this.button.removeAttribute("aria-busy");
    const metres = Math.max(1, Math.round(accuracy));
    this.drawn.clearLayers();
    L.circle(latlng, { radius: accuracy, className: "m-acc", interactive: false }).addTo(
      this.drawn,
    );
    const icon = meIcon(this.page.words.motMoi.replace("{m}", metres));
    L.marker(latlng, { icon, keyboard: false, interactive: false }).addTo(this.drawn);
    const zoom = metres > 150 ? 15 : 17;
    this.page.goTo(latlng, Math.max(this.page.map.getZoom(), zoom));
    this.page.list.distances(latlng, distanceWords);
    this.page.say(metres > POOR_M ? "motImprecis" : "motSitue", { m: metres });
  }

  #failed({ code }) {
    this.button.removeAttribute("aria-busy");
    this.page.say(code === DENIED ? "motRefuse" : "motIntrouvable");
  }
}
