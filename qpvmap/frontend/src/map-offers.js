// Job offers: communes shaded by how many they have, and a number on each IRIS that has some.
// Counts, classes and words come from the server; a table on /insertion says the same.
import L from "./global-leaflet.js";
import { legendItem } from "./map-choropleth.js";
import { geojson, layerUrl } from "./map-draw.js";

function badge(text, className, title) {
  const box = document.createElement("span");
  box.textContent = text;
  if (title) box.title = title;
  return L.divIcon({ html: box, className: `m-label ${className}`, iconSize: [0, 0] });
}

export class Offers {
  constructor(page) {
    this.page = page;
    this.group = L.layerGroup();
    this.url = "";
    this.trade = "";
    this.select = page.shell.querySelector("#metier");
    this.legend = page.shell.querySelector("#legende-offres");
    this.select?.addEventListener("change", async () => {
      await this.choose(this.select.value);
      page.remember();
    });
  }

  async load(spec) {
    this.url = spec.url;
    await this.#fill(this.trade);
    return this.group;
  }

  /** Count the offers of one trade alone; all of them when it is empty. */
  async choose(trade) {
    this.trade = trade;
    if (this.select) {
      this.select.value = trade;
      if (this.select.selectedIndex < 0) this.select.value = this.trade = "";
    }
    if (!this.url) return;
    try {
      await this.#fill(this.trade);
    } catch {
      this.page.say("motDonnees");
    }
  }

  async #fill(trade) {
    const query = trade ? `?metier=${encodeURIComponent(trade)}` : "";
    const [shapes, told] = await Promise.all([
      geojson(layerUrl("communes")),
      geojson(`${this.url}${query}`),
    ]);
    if (this.trade !== trade) return;
    this.group.clearLayers();
    this.group.addLayer(this.#shaded(shapes, told));
    for (const marker of [...this.#counts(shapes, told), ...this.#blocks(told)])
      this.group.addLayer(marker);
    this.#explain(told);
  }

  #shaded(shapes, { communes }) {
    return L.geoJSON(shapes, {
      pane: "offers",
      interactive: false,
      style: ({ properties }) => ({
        className: `m-ch m-ch-${communes[properties.code]?.class ?? "none"}`,
        fill: true,
        fillOpacity: 0.85,
      }),
    });
  }

  #counts(shapes, { communes }) {
    return shapes.features
      .filter(({ properties }) => communes[properties.code])
      .map(({ properties }) => {
        const [lon, lat] = properties.label;
        const icon = badge(communes[properties.code].short, "m-lab-offers");
        return L.marker([lat, lon], { icon, pane: "labels", interactive: false, keyboard: false });
      });
  }

  #blocks({ blocks }) {
    return blocks.map(({ code, name, lat, lon, offers, text }) => {
      const icon = badge(String(offers), "m-offers", `${name} : ${text}`);
      const marker = L.marker([lat, lon], { icon, keyboard: false });
      return marker.on("click", () => this.page.card.open("iris", code));
    });
  }

  #explain({ title, legend }) {
    if (!this.legend) return;
    this.legend.querySelector("h3").textContent = title;
    this.legend.querySelector("ul").replaceChildren(...legend.map(legendItem));
    const table = this.legend.querySelector("a");
    table.search = this.trade ? `?metier=${encodeURIComponent(this.trade)}` : "";
    this.page.announce(title);
  }
}
