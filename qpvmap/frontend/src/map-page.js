// One map page: keeps the Leaflet map, what is shown on it, and the address that says so.
import L from "./global-leaflet.js";
import { Basemaps } from "./map-basemaps.js";
import { Card } from "./map-card.js";
import { Choropleth } from "./map-choropleth.js";
import { addPanes, scale } from "./map-draw.js";
import { buildLayer, drawBackground } from "./map-layers.js";
import { SideList } from "./map-list.js";
import { Locator } from "./map-locate.js";
import { keepNameClear } from "./map-name.js";
import { Offers } from "./map-offers.js";
import { readAddress, writeAddress } from "./map-permalink.js";
import { useSprite } from "./map-pins.js";
import { Search } from "./map-search.js";

const reducedMotion = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;
/** Under this zoom, what has no sure place is drawn small. */
const FAR_BELOW = 16.5;
/** Messages that say something went wrong. */
const FAULTS = new Set(["motDonnees", "motFiche"]);
const wide = window.matchMedia("(min-width: 64rem)");

const MARGIN = 40;
const PANELS = [288, 110];

export class MapPage {
  constructor(element, options) {
    this.shell = element.closest(".map-shell");
    this.words = this.shell.dataset;
    this.layers = new Map();
    document.documentElement.classList.add("has-js");
    useSprite(this.words.icons);
    const { minZoom, maxZoom, maxBounds } = options;
    this.map = L.map(element, { minZoom, maxZoom, maxBounds, zoomSnap: 0.5, zoomControl: false });
    this.home = this.#opening(options);
    this.map.setView(this.home.center, this.home.zoom, { animate: false });
    new ResizeObserver(() => this.map.invalidateSize({ animate: false })).observe(element);
    this.map.attributionControl.setPrefix(false);
    addPanes(this.map);
    scale(this.map);
    keepNameClear(this.map);
    this.basemaps = new Basemaps(this);
    this.choropleth = new Choropleth(this);
    this.offers = new Offers(this);
    this.card = new Card(this);
    this.list = new SideList(this);
  }

  /** The whole quarter where the window has room for it, else its middle at a useful scale. */
  #opening({ center, zoom, home }) {
    // On a desk the panels cover the right and the bottom of the map.
    const [right, bottom] = wide.matches ? PANELS : [0, 0];
    const fitting = this.map.getBoundsZoom(home, false, [MARGIN + right, MARGIN + bottom]);
    if (fitting < zoom - (wide.matches ? 1 : 0.5)) return { center, zoom: zoom - 0.5 };
    const scale = Math.min(fitting, zoom);
    const middle = this.map.project(L.latLngBounds(home).getCenter(), scale);
    const aside = [right / 2, bottom / 2];
    return { center: this.map.unproject(middle.add(aside), scale), zoom: scale };
  }

  addLayer(spec) {
    this.layers.set(spec.key, { spec, shown: spec.show, drawn: null });
  }

  /** Everything is declared: read the address, draw, listen. */
  start() {
    this.#openPanels();
    drawBackground(this).catch(() => this.say("motDonnees"));
    this.#bindControls();
    this.locator = new Locator(this);
    this.search = new Search(this);
    this.list.start();
    this.#apply(readAddress());
    window.addEventListener("hashchange", () => this.#apply(readAddress()));
    this.map.on("moveend", () => this.remember());
  }

  /** Panels open by themselves where there is room. */
  #openPanels() {
    const panels = this.shell.querySelectorAll("[data-wide-open]");
    const set = () => {
      for (const panel of panels) panel.open = wide.matches;
      this.map.invalidateSize({ animate: false });
    };
    set();
    wide.addEventListener("change", set);
  }

  #bindControls() {
    for (const box of this.shell.querySelectorAll("input[data-layer]")) {
      box.addEventListener("change", () => this.show(box.dataset.layer, box.checked));
    }
    const actions = {
      zoomer: () => this.map.zoomIn(),
      dezoomer: () => this.map.zoomOut(),
      recentrer: () => this.goTo(this.home.center, this.home.zoom),
      copier: (button) => this.#copy(button),
      taire: () => this.#dismiss(() => this.hush()),
      "taire-fond": () => this.#dismiss(() => this.basemaps.dismiss()),
    };
    for (const [name, run] of Object.entries(actions)) {
      const button = this.shell.querySelector(`[data-action="${name}"]`);
      button?.addEventListener("click", () => run(button));
    }
    this.#limitZoom();
    this.map.on("zoomend", () => this.#limitZoom());
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#escape(event);
    });
  }

  #limitZoom() {
    const zoom = this.map.getZoom();
    this.shell.classList.toggle("is-far", zoom < FAR_BELOW);
    const set = (name, stop) =>
      this.shell
        .querySelector(`[data-action="${name}"]`)
        ?.setAttribute("aria-disabled", String(stop));
    set("zoomer", zoom >= this.map.getMaxZoom());
    set("dezoomer", zoom <= this.map.getMinZoom());
  }

  /** Esc closes the card, else the sheet or a panel on a small screen, else leaves the map. */
  #escape(event) {
    if (event.defaultPrevented) return;
    if (this.card.close() || this.list.lower()) return;
    const panel = event.target.closest?.(".panel[open]");
    if (panel && !wide.matches) {
      panel.open = false;
      panel.querySelector("summary").focus();
    } else if (event.target === this.map.getContainer()) {
      event.target.blur();
    }
  }

  #apply(address) {
    if (!address) {
      this.#draw();
      this.basemaps.choose(this.basemaps.remembered());
      return;
    }
    if (address.center) this.#jump(address);
    if (address.layers) {
      for (const [key, layer] of this.layers) layer.shown = address.layers.includes(key);
    }
    this.offers.choose(address.trade ?? "");
    this.#draw();
    this.basemaps.choose(address.basemap ?? this.basemaps.remembered());
    this.choropleth.choose(address.indicator ?? "");
    if (address.card) this.card.open(address.card.kind, address.card.code);
  }

  /** A link from another page names a thing: on a phone its card must not cover it. */
  #jump({ center, zoom, card, layers }) {
    this.map.setView(center, zoom, { animate: false });
    if (card && !layers) this.goTo(center, zoom, { card: true, still: true });
  }

  #draw() {
    for (const [key, layer] of this.layers) this.#drawOne(key, layer);
  }

  async #drawOne(key, layer) {
    const box = this.shell.querySelector(`input[data-layer="${key}"]`);
    if (box) box.checked = layer.shown;
    for (const item of this.shell.querySelectorAll(`[data-legend="${key}"]`))
      item.hidden = !layer.shown;
    try {
      if (layer.shown && !layer.drawn) layer.drawn = buildLayer(this, layer.spec);
      const drawn = await layer.drawn;
      if (!drawn) return;
      if (layer.shown) this.map.addLayer(drawn);
      else this.map.removeLayer(drawn);
      this.choropleth.repaint();
    } catch {
      layer.drawn = null;
      this.say("motDonnees");
    }
  }

  show(key, shown) {
    const layer = this.layers.get(key);
    if (!layer) return;
    layer.shown = shown;
    this.#drawOne(key, layer);
    this.remember();
  }

  shown(key) {
    return Boolean(this.layers.get(key)?.shown);
  }

  /** Keep place, zoom, layers, base map, indicator, trade and card in the address. */
  remember() {
    writeAddress({
      center: this.map.getCenter(),
      zoom: this.map.getZoom(),
      layers: [...this.layers].filter(([, layer]) => layer.shown).map(([key]) => key),
      basemap: this.basemaps.current,
      indicator: this.choropleth.current,
      trade: this.shown("offres") ? this.offers.trade : "",
      card: this.card.current,
    });
  }

  async #copy(button) {
    this.remember();
    const words = button.querySelector("[data-label]");
    const field = this.shell.querySelector("#lien");
    try {
      await navigator.clipboard.writeText(window.location.href);
      words.textContent = button.dataset.done;
      this.announce(button.dataset.done);
    } catch {
      field.value = window.location.href;
      field.hidden = false;
      field.focus();
      field.select();
    }
  }

  /** Go somewhere; on a phone a card will cover the lower part of the map, so aim above it. */
  goTo(latlng, zoom = this.map.getZoom(), { card = false, still = reducedMotion() } = {}) {
    const down = card && !wide.matches ? this.map.getSize().y * 0.34 : 0;
    const center = this.map.unproject(this.map.project(latlng, zoom).add([0, down]), zoom);
    if (still) this.map.setView(center, zoom, { animate: false });
    else this.map.flyTo(center, zoom, { duration: 0.6 });
  }

  /** Show one of the page's messages over the map; `values` fill its {holes}. */
  say(key, values = {}) {
    const text = (this.words[key] ?? "").replace(
      /\{(\w+)\}/g,
      (hole, name) => values[name] ?? hole,
    );
    const box = this.shell.querySelector(".map-message");
    box.querySelector("span").textContent = text;
    box.classList.toggle("note-warn", FAULTS.has(key));
    box.hidden = false;
    this.announce(text);
  }

  /** A message is closed: the focus, which was on its button, goes to the map. */
  #dismiss(close) {
    close();
    this.map.getContainer().focus();
  }

  hush() {
    this.shell.querySelector(".map-message").hidden = true;
  }

  /** The one polite live region of the page. */
  announce(text) {
    document.querySelector("#annonce").textContent = text;
  }

  isWide() {
    return wide.matches;
  }
}
